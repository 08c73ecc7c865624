"""What was sold lately: how fast offers sell, and what a marketplace has taken off them by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec import Struct


class Sale(Struct, frozen=True, kw_only=True):
    """Units of one order line, as the marketplace told it (OR11)."""

    line_id: str
    """With the marketplace it is the sale's identity: told twice, it counts once."""
    marketplace: str
    sku: str
    item_id: str
    units: int
    """Negative: units of a line that was refused or canceled, which the marketplace may show again."""
    at: int
    """When the order was created (or came to nothing), in seconds since 1970, by Mirakl's clock."""


class Sales(Struct, frozen=True):
    """All sales within a window, by offer; each run is told all of them anew."""

    since: int
    """Where the window begins, in seconds since 1970."""
    until: int
    """Up to when orders were read."""
    by_offer: dict[tuple[str, str], tuple[Sale, ...]]
    """(marketplace, SKU) to its sales, oldest first."""

    @property
    def item_ids(self) -> set[str]:
        """Items that were sold."""
        return {sales[0].item_id for sales in self.by_offer.values()}

    def of(self, marketplace: str, sku: str) -> Sequence[Sale]:
        """An offer's sales."""
        return self.by_offer.get((marketplace, sku), ())


def sales_within(since: int, until: int, sales: Iterable[Sale]) -> Sales:
    """Index what was sold within a window: each line once, in whatever order and however often it is told."""
    once = {(sale.marketplace, sale.line_id, sale.units < 0): sale for sale in sales if since < sale.at <= until}
    by_offer: dict[tuple[str, str], list[Sale]] = {}
    for sale in sorted(once.values(), key=lambda sale: (sale.at, sale.line_id, sale.units)):
        by_offer.setdefault((sale.marketplace, sale.sku), []).append(sale)
    return Sales(since, until, {offer: tuple(told) for offer, told in by_offer.items()})


def velocity(sales: Iterable[Sale], window_seconds: int) -> Decimal:
    """Units a second, over the whole window; what came back does not slow it down."""
    sold = sum(sale.units for sale in sales if sale.units > 0)
    return Decimal(sold) / window_seconds
