"""Two hundred gift-shop articles with prices and stock; a few of them NetSuite knows differently, or not at all."""

import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_MOTIFS = (
    "POLKADOT",
    "REGENCY",
    "BOTANICAL",
    "WOODLAND",
    "NAUTICAL",
    "RETROSPOT",
    "FRENCH BLUE",
    "SCANDI",
    "PAISLEY",
    "ZINC",
)
_THINGS = (
    *("TEA TOWEL", "CAKE TIN", "LUNCH BAG", "CANDLE HOLDER", "PHOTO FRAME", "MUG", "APRON", "DOORMAT", "BUNTING"),
    *("WALL CLOCK", "JAM JAR", "COASTER SET", "TRINKET BOX", "HOT WATER BOTTLE", "GIFT BAG", "NOTEBOOK", "VASE"),
    *("NIGHT LIGHT", "COOKIE CUTTERS", "PICNIC RUG"),
)
_PRICES = (
    "0.85",
    "1.25",
    "1.65",
    "2.10",
    "2.95",
    "3.75",
    "4.25",
    "4.95",
    "6.75",
    "7.95",
    "9.95",
    "12.75",
    "16.95",
    "24.95",
)
_STOCKS = (0, 2, 6, 12, 24, 48, 96, 200, 600)
UNKNOWN, INACTIVE, OTHER_CASE = 3, 1, 1


@dataclass(frozen=True)
class Article:
    """What the shop sells: `item_id` is NetSuite's name of it (None: NetSuite has no such item), price in GBP."""

    sku: str
    title: str
    price: Decimal
    stock: int
    item_id: str | None
    active: bool = True

    def maps(self) -> bool:
        """Whether the SKU names exactly one active item."""
        return self.item_id == self.sku and self.active


def catalogue(dice: random.Random) -> list[Article]:
    """The articles in a fixed order of motif and thing; the odd ones (see `Article.maps`) are the last few."""
    titles = [f"{motif} {thing}" for motif in _MOTIFS for thing in _THINGS]
    dice.shuffle(titles)
    numbers = sorted(dice.sample(range(20_000, 90_000), len(titles)))
    articles = [
        _article(dice, number, title, suffix="ABCL"[place % 4] if place % 7 == 0 else "")
        for place, (number, title) in enumerate(zip(numbers, titles, strict=True))
    ]
    plain = len(articles) - UNKNOWN - INACTIVE - OTHER_CASE
    unknown = [Article(a.sku, a.title, a.price, 0, None) for a in articles[plain : plain + UNKNOWN]]
    inactive = [Article(a.sku, a.title, a.price, 48, a.sku, active=False) for a in articles[-2:-1]]
    written_small = [Article(f"{a.sku[:5]}b", a.title, a.price, 48, f"{a.sku[:5]}B") for a in articles[-1:]]
    return [*articles[:plain], *unknown, *inactive, *written_small]


def items(articles: list[Article]) -> list[dict[str, Any]]:
    """NetSuite's item rows, as SuiteQL gives them."""
    return [
        {
            "id": str(1000 + place),
            "itemid": article.item_id,
            "displayname": article.title,
            "itemtype": "InvtPart",
            "isinactive": "F" if article.active else "T",
            "upccode": None,
            "locations": [{"location": "1", "quantityavailable": article.stock}],
        }
        for place, article in enumerate(article for article in articles if article.item_id)
    ]


def _article(dice: random.Random, number: int, title: str, *, suffix: str) -> Article:
    sku = f"{number}{suffix}"
    return Article(sku, title, Decimal(dice.choice(_PRICES)), dice.choice(_STOCKS), sku)
