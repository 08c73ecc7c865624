"""A marketplace's settings as the pure rules want them, with NetSuite's ids in place of names."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from tieout.config import Config
from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.orders.acceptance import AcceptanceRules, Otherwise
from tieout.domain.orders.matching import Catalogue, Item, SkuRules, catalogue_of, item_for, items_for
from tieout.domain.orders.order import Order
from tieout.domain.orders.sales_order import LocationRule, SalesOrderRules, TaxRules, TaxStrategy
from tieout.flows.ports import Ledger, References


def sku_rules(config: Config, marketplace: str) -> SkuRules:
    """How this marketplace's SKUs find their items."""
    sku = config.marketplaces[marketplace].orders.sku
    return SkuRules(sku.aliases, sku.match_upc)


def acceptance_rules(config: Config, marketplace: str) -> AcceptanceRules:
    """What becomes of orders that cannot be served."""
    acceptance = config.marketplaces[marketplace].orders.acceptance
    return AcceptanceRules(Otherwise(acceptance.unknown_sku), Otherwise(acceptance.short_stock))


def location_ids(config: Config, marketplace: str, references: References) -> tuple[str, ...]:
    """NetSuite locations that serve this marketplace. Raises NeedsAttention when one is not found."""
    return tuple(
        dict.fromkeys(
            _location_id(rule.location, references)
            for rule in config.marketplaces[marketplace].orders.sales_orders.locations
        )
    )


def _location_id(name: str, references: References) -> str:
    if name not in references.locations:
        raise NeedsAttention(Reason.LOCATION_NOT_CONFIGURED, {"location": name})
    return references.locations[name]


def sales_order_rules(
    config: Config, marketplace: str, references: References, charge_item: str | None
) -> SalesOrderRules:
    """Everything that turns this marketplace's orders into sales orders.

    Raises NeedsAttention when NetSuite does not have a subsidiary, location or currency that the settings name.
    """
    settings = config.marketplaces[marketplace].orders.sales_orders
    subsidiary = config.netsuite.subsidiaries[settings.subsidiary]
    if subsidiary.name is not None and subsidiary.name not in references.subsidiaries:
        raise NeedsAttention(Reason.SUBSIDIARY_NOT_CONFIGURED, {"subsidiary": subsidiary.name})
    return SalesOrderRules(
        marketplace=marketplace,
        subsidiary_id=references.subsidiaries[subsidiary.name] if subsidiary.name else None,
        time_zone=ZoneInfo(subsidiary.time_zone),
        currency_ids={
            symbol: references.currencies[symbol] for symbol in settings.currencies if symbol in references.currencies
        },
        customer_per_buyer=settings.customer.per == "buyer",
        customer_name=settings.customer.name or marketplace,
        locations=tuple(
            LocationRule(_location_id(rule.location, references), rule.fulfilment_center, rule.countries)
            for rule in settings.locations
        ),
        tax=TaxRules(TaxStrategy(settings.tax.strategy), settings.tax.codes, settings.tax.default_code, charge_item),
        names_the_seller=config.marketplaces[marketplace].role == "operator",
        custom_form=settings.custom_form,
    )


def is_own_shop(config: Config, order: Order) -> bool:
    """Whether we ship this order ourselves: a seller's always, an operator's for its own shops."""
    marketplace = config.marketplaces[order.marketplace]
    return marketplace.role == "seller" or order.seller_id in marketplace.operator.own_shops


def marketplace_item(config: Config, order: Order) -> str | None:
    """The non-inventory item that stands for another seller's goods, where the operator's settings name one."""
    return None if is_own_shop(config, order) else config.marketplaces[order.marketplace].operator.marketplace_item


def wanted_skus(config: Config, order: Order) -> list[str]:
    """`itemid`s to look up for an order."""
    if stand_in := marketplace_item(config, order):
        return [stand_in]
    aliases = config.marketplaces[order.marketplace].orders.sku.aliases
    return [aliases.get(line.sku, line.sku) for line in order.live_lines]


def item_ids(config: Config, order: Order, catalogue: Catalogue) -> dict[str, str]:
    """NetSuite item id of each SKU of an order. Raises NeedsAttention naming every SKU that has none."""
    rules = sku_rules(config, order.marketplace)
    if stand_in := marketplace_item(config, order):
        item = item_for(stand_in, catalogue, rules)
        return {line.sku: item.id for line in order.live_lines}
    matched = items_for([line.sku for line in order.live_lines], catalogue, rules)
    return {sku: item.id for sku, item in matched.items()}


def catalogue_for(config: Config, orders: list[Order], ledger: Ledger) -> Catalogue:
    """Candidate items of all orders, in one look-up, and one more for near misses where something is missing."""
    itemids: set[str] = set()
    upcs: set[str] = set()
    for order in orders:
        settings = config.marketplaces[order.marketplace].orders
        itemids.update(wanted_skus(config, order))
        if settings.sku.match_upc:
            upcs.update(line.sku for line in order.live_lines)
        if settings.sales_orders.tax.charge_item:
            itemids.add(settings.sales_orders.tax.charge_item)
    exact = ledger.items(itemids, upcs)
    missing = itemids - _active(exact)
    return catalogue_of(exact, ledger.similar_items(missing) if missing else ())


def _active(items: list[Item]) -> set[str]:
    return {item.itemid for item in items if not item.is_inactive}


def charge_item_id(config: Config, marketplace: str, catalogue: Catalogue) -> str | None:
    """Item id of the tax charge line, where the strategy has one. Raises NeedsAttention when NetSuite lacks it."""
    charge_item = config.marketplaces[marketplace].orders.sales_orders.tax.charge_item
    return item_for(charge_item, catalogue, SkuRules(aliases=dict[str, str]())).id if charge_item else None


Rules = Mapping[str, SalesOrderRules]
