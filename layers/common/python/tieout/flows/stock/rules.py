"""The settings of stock as the pure rules want them, with NetSuite's ids in place of names."""

from __future__ import annotations

from collections.abc import Mapping

from tieout.config import Config
from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.stock.rules import Brakes, BufferRule, OutageRule, RiskRule, Selling
from tieout.settings.stock import Stock


def stocked(config: Config) -> dict[str, Stock]:
    """Marketplaces whose quantities are kept, in the order of the settings: so they share what stands at a location."""
    return {name: one.stock for name, one in config.marketplaces.items() if one.stock and one.stock.enabled}


def sellings(config: Config, locations: Mapping[str, str]) -> tuple[Selling, ...]:
    """How each marketplace sells from the pool; `locations` are NetSuite's ids by name.

    Raises NeedsAttention when NetSuite lacks a location.

    That stops all of them: one that is left out would go on showing what the others then share.
    """
    return tuple(_selling(name, stock, config, locations) for name, stock in stocked(config).items())


def _selling(marketplace: str, stock: Stock, config: Config, locations: Mapping[str, str]) -> Selling:
    return Selling(
        marketplace=marketplace,
        location_ids=_location_ids(marketplace, stock, config, locations),
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
    """The checkbox without which an item shows nothing at a marketplace; None where listings are not kept."""
    fields: dict[str, str | None] = {}
    for name in stocked(config):
        listings = config.marketplaces[name].listings
        fields[name] = listings.approval_field if listings and listings.sync else None
    return fields
