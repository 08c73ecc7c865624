"""What the settings say about stock, in the domain's words."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from tieout.domain.money import ZERO


class BufferRule(Struct, frozen=True, kw_only=True):
    """What is held back of the offers it fits; a key of None fits every offer."""

    sku: str | None = None
    category: str | None = None
    """Name of the item's class in NetSuite."""
    units: int = 0
    percent: Decimal = ZERO
    """Of what the offer could show, rounded up; held back besides the units."""


class RiskRule(Struct, frozen=True, kw_only=True):
    """What is held back because sales go on while a figure travels."""

    enabled: bool = True
    deviations: Decimal = Decimal(3)
    """Standard deviations above the sales expected within the lag."""


class Brakes(Struct, frozen=True, kw_only=True):
    """When a push looks like a mistake."""

    zeroed_percent: Decimal = Decimal(20)
    """Of a marketplace's offers, brought to zero by one push."""
    changed_percent: Decimal = Decimal(60)
    """Of a marketplace's offers, changed by one push."""
    from_offers: int = 50
    """Smaller pushes are never held."""


class OutageRule(Struct, frozen=True, kw_only=True):
    """What becomes of figures that NetSuite does not renew."""

    after_seconds: int = 1800
    percent: Decimal = Decimal(20)
    """Held back besides the buffers, once the figures are older than that."""


class Selling(Struct, frozen=True, kw_only=True):
    """How one storefront sells from the pool."""

    marketplace: str
    """The storefront (`storefront.named`): a seller's marketplace, or one own shop of an operator's.

    So it is wherever stock says `marketplace`.
    """
    location_ids: tuple[str, ...]
    """Internal ids of the NetSuite locations that it sells from; a promise is taken off them in this order."""
    share: Decimal = Decimal(1)
    """Its marketplace's part against the others' of what stands at a location; an operator's shops share it."""
    cap: int | None = None
    """Most units that an offer shows."""
    buffers: tuple[BufferRule, ...] = ()
    """The first that fits an offer counts."""
    risk: RiskRule = RiskRule()
    brakes: Brakes = Brakes()
    outage: OutageRule = OutageRule()
    low_stock_units: int = 10
    """Offers that show no more than this are pushed with the fast movers."""
    rows_an_import: int = 50_000
    counts_orders: bool = True
    """Whether the marketplace takes an order's units off the offer by itself."""
