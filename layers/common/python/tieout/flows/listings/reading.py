"""What an audit and a sync look at: a marketplace's own offers, NetSuite's items and prices, and bar codes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tieout.config import Config
from tieout.domain.errors import Retryable
from tieout.domain.listings.listing import ItemPrice
from tieout.domain.stock.offer import Offer
from tieout.domain.stock.shelf import StockItem
from tieout.flows.listings.items import ItemsAndPrices
from tieout.flows.listings.rules import audit_rules
from tieout.flows.listings.store import ListingsRoom
from tieout.flows.stock.listed import kept_offers
from tieout.flows.stock.rules import fronts_by_shop

logger = logging.getLogger(__name__)

MOST_ASKED = 50_000
"""Bar codes that one audit asks a marketplace for, a hundred a call; those of items that are offered come first."""


class Sides(Struct, frozen=True):
    """The two sides."""

    asked_at: int
    """When the offers were asked for, seconds since 1970 by Mirakl's clock."""
    offers: list[Offer]
    items: list[StockItem]
    prices: list[ItemPrice]


def read_sides(
    marketplace: str, room: ListingsRoom, items_and_prices: Callable[[str, int, ListingsRoom], ItemsAndPrices]
) -> Sides:
    """Offers as the last full reading has them; items and prices as they are now.

    Raises Retryable while no offers were read yet, or where NetSuite lists no item beside them, and NeedsAttention
    where NetSuite knows no such field or price level.
    """
    kept = kept_offers(room.stock, marketplace)
    if kept is None:
        raise Retryable(f"the offers of {marketplace} were not read yet: the nightly push of stock does")
    asked_at, listed = kept
    offers = list(own_offers(listed, marketplace, room.at.config))
    items, prices = items_and_prices(marketplace, asked_at, room)
    if offers and not items:
        raise Retryable("NetSuite lists no item at all, and offers are there: see what the role may see of items")
    return Sides(asked_at=asked_at, offers=offers, items=items, prices=prices)


def own_offers(offers: Iterable[Offer], marketplace: str, config: Config) -> Iterator[Offer]:
    """Those of our own shops: an operator reads every shop's."""
    ours = fronts_by_shop(config, marketplace)
    return (offer for offer in offers if offer.shop_id in ours)


def by_front(offers: Iterable[Offer], marketplace: str, config: Config) -> dict[str, list[Offer]]:
    """Our own by storefront, each of which is there."""
    fronts = fronts_by_shop(config, marketplace)
    found: dict[str, list[Offer]] = {front: [] for front in fronts.values()}
    for offer in offers:
        if offer.shop_id in fronts:
            found[fronts[offer.shop_id]].append(offer)
    return found


def products_by_code(marketplace: str, sides: Sides, room: ListingsRoom) -> dict[str, str]:
    """Which product of the marketplace each item's bar code is of (P31)."""
    rules = audit_rules(room.at.config, marketplace)
    offered = {rules.sku.aliases.get(offer.sku, offer.sku) for offer in sides.offers}
    codes = dict.fromkeys(item.upc for item in sides.items if item.upc and item.itemid in offered)
    codes |= dict.fromkeys(item.upc for item in sides.items if item.upc and not item.is_inactive)
    asked = list(codes)[:MOST_ASKED]
    if len(asked) < len(codes):
        logger.warning("not every bar code was asked for", extra={"marketplace": marketplace, "left": len(codes)})
    found = room.at.marketplace(marketplace).products_of([(rules.reference_type, code) for code in asked])
    return {code: product for (_, code), product in found.items()}


def with_codes(offers: Sequence[Offer], products: dict[str, str], reference_type: str) -> list[Offer]:
    """Offers with the bar codes of their products, as far as they are codes of items of ours."""
    codes: dict[str, list[tuple[str, str]]] = {}
    for code, product in products.items():
        codes.setdefault(product, []).append((reference_type, code))
    return [
        replace(offer, references=(*offer.references, *codes[offer.product])) if offer.product in codes else offer
        for offer in offers
    ]
