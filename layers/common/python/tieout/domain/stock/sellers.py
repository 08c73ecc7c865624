"""What the other shops of an operator's marketplace offer, product by product: their stock added up."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from tieout.domain.ids import external_id
from tieout.domain.stock.offer import Offer

KIND = "SST"
"""Of the external ids of these records."""


class Figures(Struct, frozen=True, array_like=True):
    """What a product's offers come to, over all shops; as it is where nobody offers it any more."""

    units: int = 0
    offers: int = 0
    """Inactive ones too, which have no units."""
    price: Decimal | None = None
    """The lowest of the offers that can be bought; None: none can, or they are in several currencies."""
    currency: str = ""


NOTHING = Figures()


class SellerStock(Struct, frozen=True, kw_only=True):
    """A record of it in NetSuite, one a product."""

    marketplace: str
    product: str
    """The marketplace's own product; of an offer without one, the shop's SKU."""
    figures: Figures
    as_of: datetime
    """When the offers were asked for that gave these figures."""

    @property
    def external_id(self) -> str:
        """`T-<marketplace>-SST-<product>`."""
        return external_id(self.marketplace, KIND, self.product)


def product_of(offer: Offer) -> str:
    """What an offer counts towards: the marketplace's product; where it has none, the shop's SKU."""
    return offer.product or offer.sku


def units_of(offer: Offer) -> int:
    """What buyers can have of it."""
    return max(0, offer.quantity) if offer.is_active else 0


def added_up(offers: Iterable[Offer], own_shops: Collection[str]) -> dict[str, Figures]:
    """Figures by product, of every shop but these; deleted offers, and those that name no product, are left out."""
    found: dict[str, _Sum] = {}
    for offer in offers:
        product = product_of(offer)
        if product and not offer.is_deleted and offer.shop_id not in own_shops:
            found.setdefault(product, _Sum()).add(offer)
    return {product: each.figures() for product, each in found.items()}


class _Sum(Struct):
    units: int = 0
    offers: int = 0
    price: Decimal | None = None
    currency: str = ""
    is_mixed: bool = False

    def add(self, offer: Offer) -> None:
        units = units_of(offer)
        self.units += units
        self.offers += 1
        if not units or offer.price is None:
            return
        if self.price is None:
            self.price, self.currency = offer.price, offer.currency
        self.is_mixed = self.is_mixed or offer.currency != self.currency
        self.price = min(self.price, offer.price)

    def figures(self) -> Figures:
        if self.is_mixed:
            return Figures(self.units, self.offers)
        return Figures(self.units, self.offers, self.price, self.currency)
