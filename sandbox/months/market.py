"""Marketplaces of the made-up months: two that the shop's settings know, and two of other currencies."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Market:
    """One marketplace as the shop sees it; rates in basis points."""

    name: str
    currency: str
    exponent: int
    tax_included: bool
    embedded: bool
    """Its log shows tax inside the price. Only where prices include tax."""
    vat: dict[str, tuple[int, ...]]
    """Rates by country; the first is the usual one."""
    commission: int
    shop: int
    first_number: int
    unit: int
    """Minor units of a price of 1.00 in the catalogue."""
    clearing: str
    fee_vat: int = 2_000


BRIGHTSIDE = Market(
    name="brightside-uk",
    currency="GBP",
    exponent=2,
    tax_included=True,
    embedded=True,
    vat={"GBR": (2_000, 2_000, 2_000, 2_000, 500, 0)},
    commission=1_500,
    shop=2101,
    first_number=600_001,
    unit=100,
    clearing="1115",
)
MAISON = Market(
    name="maison-eu",
    currency="EUR",
    exponent=2,
    tax_included=False,
    embedded=False,
    vat={
        "FRA": (2_000, 2_000, 1_000, 550),
        "DEU": (1_900, 1_900, 700),
        "IRL": (2_300,),
        "ESP": (2_100,),
        "ITA": (2_200,),
        "NLD": (2_100, 900),
        "SWE": (2_500,),
    },
    commission=1_250,
    shop=3307,
    first_number=700_001,
    unit=115,
    clearing="1116",
)
NIHON = Market(
    name="nihon-jp",
    currency="JPY",
    exponent=0,
    tax_included=True,
    embedded=False,
    vat={"JPN": (1_000, 1_000, 800)},
    commission=1_000,
    shop=4411,
    first_number=800_001,
    unit=190,
    clearing="1117",
    fee_vat=1_000,
)
SOUK = Market(
    name="souk-kw",
    currency="KWD",
    exponent=3,
    tax_included=False,
    embedded=False,
    vat={"KWT": (500,)},
    commission=1_100,
    shop=5533,
    first_number=900_001,
    unit=390,
    clearing="1118",
    fee_vat=500,
)
MARKETS = {market.name: market for market in (BRIGHTSIDE, MAISON, NIHON, SOUK)}
DEFAULT = (BRIGHTSIDE.name, MAISON.name)


def market_of(name: str, *, embedded: bool) -> Market:
    """Raises KeyError for a marketplace that nobody has made up."""
    market = MARKETS[name]
    return replace(market, embedded=embedded and market.tax_included)
