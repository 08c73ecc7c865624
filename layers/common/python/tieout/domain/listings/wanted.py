"""What offers should be, against what they are: which to create, to price anew, to take off, and to delete.

Stock has a file and rules of its own: a new offer starts with nothing, and shows what it may with the next push.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct

from tieout.domain.listings.audit import AuditRules, Fault, Finding
from tieout.domain.listings.listing import ItemPrice, Listing, PriceRow
from tieout.domain.money import exponent_of
from tieout.domain.orders.matching import SkuRules, folded
from tieout.domain.stock.offer import Offer
from tieout.domain.stock.shelf import StockItem


class ListingRules(Struct, frozen=True, kw_only=True):
    """A marketplace's settings for its listings."""

    audit: AuditRules
    state_code: str
    delete_after_days: int | None
    """None: a discontinued offer is never deleted."""
    price_decimals: int | None = None
    """None: as many as the currency has."""

    @property
    def marketplace(self) -> str:
        """Whose offers these are."""
        return self.audit.marketplace

    def as_sold(self, price: Decimal) -> Decimal:
        """A price as the marketplace can hold it, half up: a finer one is refused there, or never the same again."""
        decimals = exponent_of(self.audit.currency) if self.price_decimals is None else self.price_decimals
        return price.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


class Wanted(Struct, frozen=True):
    """What is to be sent, and what a person has to see to first."""

    create: tuple[Listing, ...]
    prices: tuple[PriceRow, ...]
    discontinued: tuple[str, ...]
    """SKUs that show nothing: the push of stock sees to it, since their items may not be listed."""
    delete: tuple[str, ...]
    """Of them, those that have shown nothing long enough."""
    findings: tuple[Finding, ...]


def wanted(
    offers: Iterable[Offer],
    items: Iterable[StockItem],
    prices: Iterable[ItemPrice],
    rules: ListingRules,
    *,
    today: date,
    discontinued: Mapping[str, date],
    accepted_prices: Mapping[str, Decimal] | None = None,
    doubtful_prices: Collection[str] = (),
) -> Wanted:
    """Work out one marketplace's changes.

    `discontinued` says since when SKUs show nothing because of us; `accepted_prices` are those that a person let pass,
    by SKU; `doubtful_prices` are SKUs whose price may be another than their offer says: what is wanted is sent anyway.
    Only offers of exactly one item are touched; all others are for the audit.
    """
    # A file that was written while offers moved may have one twice; a file of ours may not.
    offers = list({offer.sku: offer for offer in offers if not offer.is_deleted}.values())
    of_item = _offers_by_item(offers, items := list(items), rules.audit.sku)
    taken = _Taken(offers, items, rules.audit.sku)
    in_currency = {one.item_id: rules.as_sold(one.price) for one in prices if one.currency == rules.audit.currency}
    price_of = {item_id: price for item_id, price in in_currency.items() if price > 0}
    create: list[Listing] = []
    to_price: list[PriceRow] = []
    off: list[str] = []
    delete: list[str] = []
    findings: list[Finding] = []
    for item in sorted(items, key=lambda one: one.itemid):
        mine = of_item.get(item.id, [])
        if not item.is_inactive and item.is_approved:
            price = price_of.get(item.id)
            if not mine:
                listing = _new(item, price, taken, rules)
                create += [listing] if isinstance(listing, Listing) else []
                findings += [listing] if isinstance(listing, Finding) else []
            for offer in mine:
                is_doubtful = offer.sku in doubtful_prices
                row = _priced(offer, item, price, rules, accepted_prices or {}, is_doubtful=is_doubtful)
                to_price += [row] if isinstance(row, PriceRow) else []
                findings += [row] if isinstance(row, Finding) else []
            continue
        for offer in mine:
            off.append(offer.sku)
            since = discontinued.get(offer.sku, today)
            is_long_ago = rules.delete_after_days is not None and today - since >= timedelta(rules.delete_after_days)
            if is_long_ago and offer.quantity <= 0:
                delete.append(offer.sku)
    return Wanted(tuple(create), tuple(to_price), tuple(off), tuple(delete), tuple(findings))


def _offers_by_item(offers: Iterable[Offer], items: list[StockItem], sku: SkuRules) -> dict[str, list[Offer]]:
    """Offers of exactly one item, by that item. An active item goes before inactive ones of the same name."""
    by_itemid: dict[str, list[StockItem]] = {}
    by_upc: dict[str, list[StockItem]] = {}
    for item in items:
        by_itemid.setdefault(item.itemid, []).append(item)
        if item.upc and sku.match_upc:
            by_upc.setdefault(item.upc, []).append(item)
    found: dict[str, list[Offer]] = {}
    for offer in offers:
        named = by_itemid.get(sku.aliases.get(offer.sku, offer.sku), [])
        active = [item for item in named if not item.is_inactive]
        if not active and offer.sku not in sku.aliases:
            active = [item for item in by_upc.get(offer.sku, []) if not item.is_inactive]
        candidates = active or named
        if len(candidates) == 1:
            found.setdefault(candidates[0].id, []).append(offer)
    return found


class _Taken:
    """SKUs that a new offer may not have: somebody has them, or they may be had by two."""

    def __init__(self, offers: Iterable[Offer], items: Iterable[StockItem], sku: SkuRules) -> None:
        self._near = {folded(offer.sku): offer.sku for offer in offers}
        self._named = Counter(item.itemid for item in items if not item.is_inactive)
        self._aliases = sku.aliases

    def why_not(self, itemid: str) -> str:
        """What is in the way of an offer with this SKU; empty: nothing."""
        if (other := self._near.get(folded(itemid))) is not None:
            return f"offer {other!r} is there, and is not surely this item's"
        if self._named[itemid] > 1:
            return f"{self._named[itemid]} active items are called {itemid!r}"
        if self._aliases.get(itemid, itemid) != itemid:
            return f"orders.sku.aliases says that {itemid!r} is {self._aliases[itemid]!r}"
        return ""


def _new(item: StockItem, price: Decimal | None, taken: _Taken, rules: ListingRules) -> Listing | Finding:
    if why_not := taken.why_not(item.itemid):
        return Finding(
            marketplace=rules.marketplace,
            fault=Fault.NOT_LISTED,
            sku=item.itemid,
            item_id=item.id,
            evidence=f"item {item.id}: {why_not}",
        )
    missing = [what for what, there in (("UPC", item.upc), ("price", price)) if not there]
    if missing or price is None:
        return Finding(
            marketplace=rules.marketplace,
            fault=Fault.NOT_LISTED,
            sku=item.itemid,
            item_id=item.id,
            evidence=f"item {item.id} has no {' and no '.join(missing)}",
        )
    return Listing(
        sku=item.itemid,
        product_id=item.upc,
        product_id_type=rules.audit.reference_type,
        price=price,
        quantity=0,
        state_code=rules.state_code,
        description=item.title,
    )


def _priced(
    offer: Offer,
    item: StockItem,
    price: Decimal | None,
    rules: ListingRules,
    accepted: Mapping[str, Decimal],
    *,
    is_doubtful: bool,
) -> PriceRow | Finding | None:
    if offer.currency != rules.audit.currency:
        return None
    if price is None:
        return _doubt(offer, item, Fault.PRICE_TO_REVIEW, None, rules)
    if offer.has_more_prices:
        return None if price == offer.price else _doubt(offer, item, Fault.OTHER_PRICES, price, rules)
    if offer.price is None or (price == offer.price and not is_doubtful):
        return None
    is_far = abs(price - offer.price) * 100 > rules.audit.price_band_percent * offer.price
    if is_far and accepted.get(offer.sku) != price:
        return _doubt(offer, item, Fault.PRICE_TO_REVIEW, price, rules)
    return PriceRow(offer.sku, price)


def _doubt(offer: Offer, item: StockItem, fault: Fault, price: Decimal | None, rules: ListingRules) -> Finding:
    wants = "has no price" if price is None else price
    shown = "has no price for everybody" if offer.price is None else f"{offer.price} {offer.currency}"
    return Finding(
        marketplace=rules.marketplace,
        fault=fault,
        sku=offer.sku,
        offer_id=offer.offer_id,
        item_id=item.id,
        suggestion="" if price is None else f"{price}",
        evidence=f"NetSuite {wants}, the offer {shown}",
    )
