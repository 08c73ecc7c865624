"""The flow of stock."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from tieout.settings.base import Settings, Text

Percent = Annotated[Decimal, Field(ge=0, le=100)]


class BufferRule(Settings):
    """First rule that fits an offer says what is held back of it; a key that is left out fits every offer."""

    sku: Text | None = None
    """The offer's SKU."""
    category: Text | None = None
    """Name of the NetSuite item's class."""
    units: int = Field(default=0, ge=0)
    """Units that are never shown."""
    percent: Percent = Decimal(0)
    """Share of what the marketplace could show that is held back besides, rounded up."""


class Risk(Settings):
    """What is held back because sales go on while a figure travels: sales velocity times lag."""

    enabled: bool = True
    """`false`: only `buffers` hold back."""
    window_minutes: int = Field(default=15, ge=5, le=24 * 60)
    """How far back sales are counted; a short window soon forgets a rush."""
    deviations: Decimal = Field(default=Decimal(3), ge=0, le=6)
    """Standard deviations that are added to the sales expected within the lag; 3 covers 99.9 % of the intervals."""
    lag_seconds: int = Field(default=120, ge=10, le=3600)
    """From reading the stock to the offer that shows it, where no import was measured yet."""


class Brakes(Settings):
    """A push that looks like a mistake is held, and pages."""

    zeroed_percent: Percent = Decimal(20)
    """Share of a marketplace's offers that one push may bring to zero."""
    changed_percent: Percent = Decimal(60)
    """Share of a marketplace's offers that one push may change."""
    from_offers: int = Field(default=50, ge=1)
    """Brakes look at pushes that touch at least so many offers."""


class Outage(Settings):
    """While NetSuite gives no figures, Mirakl's stay, and are lowered after a while."""

    after_minutes: int = Field(default=30, ge=5, le=24 * 60)
    """Age of the last figures from which they are not trusted whole."""
    percent: Percent = Decimal(20)
    """Share that is then held back besides the buffers; sales velocity counts the whole age as lag."""


class Stock(Settings):
    """The flow from NetSuite's shelves to the quantities of a marketplace's offers."""

    enabled: bool = True
    """`false`: no quantity of this marketplace is touched."""
    push_minutes: int = Field(default=5, ge=1, le=60)
    """How often changes are pushed; the shortest of all marketplaces counts. Mirakl recommends 5 and allows 1."""
    follow_seconds: int = Field(default=45, ge=0, le=120)
    """How long a run waits for its own file to land, to send what waited for that; 0: it leaves both to the next."""
    counts_orders: bool = True
    """Whether the marketplace takes an order's units off the offer by itself, as Mirakl does; `false`: it does not."""
    locations: tuple[Text, ...] = ()
    """NetSuite locations that this marketplace sells from; left out: those of `orders.sales_orders.locations`."""
    share: Decimal = Field(default=Decimal(1), gt=0, le=1000)
    """Its part, against the other marketplaces' shares, of what stands at a location that several sell from."""
    cap: int | None = Field(default=None, ge=0)
    """Most units that any offer shows."""
    buffers: tuple[BufferRule, ...] = ()
    """What is held back, by rule; the first that fits counts."""
    risk: Risk = Risk()
    """What is held back of offers that sell fast."""
    low_stock_units: int = Field(default=10, ge=0)
    """Offers that show no more than this are pushed first, with the fast movers."""
    rows_an_import: int = Field(default=50_000, ge=100, le=500_000)
    """Rows of one file; the rest follows with the next run, fast movers and low stock always first."""
    brakes: Brakes = Brakes()
    """When a push is held."""
    outage: Outage = Outage()
    """What becomes of the figures while NetSuite is away."""
    sellers: Literal["off", "report", "netsuite"] = "off"
    """Operator: whether a nightly report adds up what every shop has in stock, by shop and product; `netsuite`:
    besides, a custom record a product holds what the other shops offer of it."""
    seller_records_a_run: int = Field(default=500, ge=1, le=5000)
    """Operator: records of other shops' stock that a run writes at most; the next one, an hour later, goes on."""
