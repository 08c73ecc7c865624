"""The settings of stock as the pure rules want them, with NetSuite's ids in place of names."""

from __future__ import annotations

from collections.abc import Mapping

from tieout.config import Config
from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.orders.order import Order
from tieout.domain.postings import Key
from tieout.domain.stock.rules import Brakes, BufferRule, OutageRule, RiskRule, Selling
from tieout.domain.stock.storefront import marketplace_of, named, shop_of, within
from tieout.settings.stock import Stock


def stocked(config: Config) -> dict[str, Stock]:
    """Marketplaces whose quantities are kept, in the order of the settings: so they share what stands at a location."""
    return {name: one.stock for name, one in config.marketplaces.items() if one.stock and one.stock.enabled}


def storefronts(config: Config) -> dict[str, Stock]:
    """The same by shop: quantities are pushed, followed and told of by storefront (`domain.stock.storefront`)."""
    return {front: stock for name, stock in stocked(config).items() for front in fronts_of(config, name)}


def fronts_of(config: Config, marketplace: str) -> tuple[str, ...]:
    """A marketplace's storefronts: a seller's one shop, each own shop of an operator's."""
    return tuple(named(marketplace, shop) for shop in config.marketplaces[marketplace].shop_names)


def fronts_by_shop(config: Config, marketplace: str) -> dict[str, str]:
    """Our storefronts by what Mirakl tells of an offer's shop (`Offer.shop_id`): of a seller's it need not tell any."""
    settings = config.marketplaces[marketplace]
    shops = ("", str(settings.shop_id)) if settings.role == "seller" else settings.shop_names
    return {shop: named(marketplace, "" if settings.role == "seller" else shop) for shop in shops}


def front_of_order(config: Config, order: Order) -> str:
    """The storefront whose offers an order of our own shop was for."""
    is_sellers = config.marketplaces[order.marketplace].role == "seller"
    return named(order.marketplace, "" if is_sellers else str(order.seller_id))


def whose(front: str) -> dict[str, str]:
    """A fact for people: which of an operator's shops something is about."""
    shop = shop_of(front)
    return {"shop": shop} if shop else {}


def told_by(key: Key, config: Config) -> tuple[str, str]:
    """The storefront of a posting of stock, and what of it: a SKU, or its files as a whole.

    One from before an operator's shops had names is its only shop's: there was no more than one. One with a slash may
    be of a shop that is kept no more.
    """
    fronts = fronts_of(config, key.marketplace) if key.marketplace in config.marketplaces else ()
    for front in fronts:
        rest = within(front, key.thread)
        if rest is not None:
            return front, rest
    is_only_shops = len(fronts) == 1 and "/" not in key.thread
    return fronts[0] if is_only_shops else key.marketplace, key.thread


def sellings(config: Config, locations: Mapping[str, str]) -> tuple[Selling, ...]:
    """How each storefront sells from the pool; `locations` are NetSuite's ids by name.

    Raises NeedsAttention when NetSuite lacks a location.

    That stops all of them: one that is left out would go on showing what the others then share.
    """
    return tuple(_selling(name, stock, config, locations) for name, stock in storefronts(config).items())


def _selling(front: str, stock: Stock, config: Config, locations: Mapping[str, str]) -> Selling:
    return Selling(
        marketplace=front,
        location_ids=_location_ids(marketplace_of(front), stock, config, locations),
        share=stock.share,
        cap=stock.cap,
        buffers=tuple(
            BufferRule(sku=each.sku, category=each.category, units=each.units, percent=each.percent)
            for each in stock.buffers
        ),
        risk=RiskRule(enabled=stock.risk.enabled, deviations=stock.risk.deviations),
        brakes=Brakes(
            zeroed_percent=stock.brakes.zeroed_percent,
            changed_percent=stock.brakes.changed_percent,
            from_offers=stock.brakes.from_offers,
        ),
        outage=OutageRule(after_seconds=stock.outage.after_minutes * 60, percent=stock.outage.percent),
        low_stock_units=stock.low_stock_units,
        rows_an_import=stock.rows_an_import,
        counts_orders=stock.counts_orders,
    )


def _location_ids(marketplace: str, stock: Stock, config: Config, locations: Mapping[str, str]) -> tuple[str, ...]:
    of_orders = config.marketplaces[marketplace].orders.sales_orders.locations
    names = stock.locations or tuple(rule.location for rule in of_orders)
    for name in names:
        if name not in locations:
            raise NeedsAttention(Reason.LOCATION_NOT_CONFIGURED, {"marketplace": marketplace, "location": name})
    return tuple(dict.fromkeys(locations[name] for name in names))


def window_seconds(config: Config) -> int:
    """How far back sales count: the longest window of all marketplaces, for they sell the same items."""
    return max(stock.risk.window_minutes for stock in stocked(config).values()) * 60


def approval_fields(config: Config) -> dict[str, str | None]:
    """The checkbox without which an item shows nothing at a storefront; None where listings are not kept."""
    fields: dict[str, str | None] = {}
    for name in storefronts(config):
        listings = config.marketplaces[marketplace_of(name)].listings
        fields[name] = listings.approval_field if listings and listings.sync else None
    return fields
