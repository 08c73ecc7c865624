"""Every offer against every item, both ways: what does not fit, why we think so, and what would mend it.

Nothing is guessed into use: a suggestion comes with its evidence, and a person takes it (`orders.sku.aliases`, or the
record itself).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from tieout.domain.listings.listing import ItemPrice
from tieout.domain.orders.matching import SkuRules, folded
from tieout.domain.stock.offer import Offer
from tieout.domain.stock.shelf import StockItem


class Fault(StrEnum):
    """What is wrong between an offer and the items; the value is stored."""

    OFFER_WITHOUT_SKU = "offer_without_sku"
    NO_ITEM = "no_item"
    ITEM_INACTIVE = "item_inactive"
    SEVERAL_ITEMS = "several_items"
    CASE_OR_BLANKS = "case_or_blanks"
    OFFERED_TWICE = "offered_twice"
    OFFER_RE_CREATED = "offer_re_created"
    OTHER_PRODUCT = "other_product"
    PRICE_OUT_OF_BAND = "price_out_of_band"
    OTHER_CURRENCY = "other_currency"
    NOT_APPROVED = "not_approved"
    NOT_LISTED = "not_listed"
    PRICE_TO_REVIEW = "price_to_review"
    OTHER_PRICES = "other_prices"
    REFUSED_BY_MIRAKL = "refused_by_mirakl"

    @property
    def sentence(self) -> str:
        """What is wrong and who acts, in one sentence."""
        return _SENTENCES[self]

    @property
    def mismatches(self) -> bool:
        """Whether an order of such an offer may be booked on the wrong item: strict mode stops it."""
        return self in _MISMATCHES


_SENTENCES: Mapping[Fault, str] = {
    Fault.OFFER_WITHOUT_SKU: "The offer has no SKU of ours: give it one in the marketplace, or delete it.",
    Fault.NO_ITEM: "No NetSuite item has this SKU: create it, or name the right one in orders.sku.aliases.",
    Fault.ITEM_INACTIVE: "The item is inactive in NetSuite, and the offer can still be bought.",
    Fault.SEVERAL_ITEMS: "More than one active item fits this SKU: name the right one in orders.sku.aliases.",
    Fault.CASE_OR_BLANKS: "An item differs from this SKU by case or blanks only: correct one of the two.",
    Fault.OFFERED_TWICE: "The shop offers the same item under more than one SKU: their stock is one and the same.",
    Fault.OFFER_RE_CREATED: "The offer was deleted and made anew: see whether it is the same product still.",
    Fault.OTHER_PRODUCT: "The marketplace's product has another bar code than the item: buyers may get wrong goods.",
    Fault.PRICE_OUT_OF_BAND: "The offer's price is far from NetSuite's: see which of the two is right.",
    Fault.OTHER_CURRENCY: "The offer is in another currency than this marketplace's settings say.",
    Fault.NOT_APPROVED: "The item may not be listed (its approval field is not set), and the offer can be bought.",
    Fault.NOT_LISTED: "The item is approved, and no offer of this marketplace is of it.",
    Fault.PRICE_TO_REVIEW: "NetSuite's price is too far from the offer's to go unseen, or gone: accept, or correct it.",
    Fault.OTHER_PRICES: "The offer has a discount or special prices that a new price would delete: change it by hand.",
    Fault.REFUSED_BY_MIRAKL: "The marketplace did not take a row of ours; its words are the evidence.",
}
_MISMATCHES = frozenset(
    {Fault.NO_ITEM, Fault.ITEM_INACTIVE, Fault.SEVERAL_ITEMS, Fault.CASE_OR_BLANKS, Fault.OTHER_PRODUCT}
)


class Finding(Struct, frozen=True, kw_only=True, order=True):
    """One line of the worklist. `marketplace`, `fault` and `sku` name it from one audit to the next."""

    marketplace: str
    fault: Fault
    sku: str
    """Of the offer, blanks and all, as orders name it; of the item where there is no offer; the offer's id where it has
    none."""
    offer_id: str = ""
    item_id: str = ""
    suggestion: str = ""
    """What would mend it."""
    evidence: str = ""
    """Why: figures and codes, never a guess."""


class AuditRules(Struct, frozen=True, kw_only=True):
    """A marketplace's settings for the audit."""

    marketplace: str
    sku: SkuRules
    currency: str
    price_band_percent: Decimal
    reference_type: str = "EAN"
    """Type of product reference that an item's UPC code is."""
    approves: bool = False
    """Whether items have an approval field."""


def audit(
    offers: Sequence[Offer],
    items: Iterable[StockItem],
    prices: Iterable[ItemPrice],
    rules: AuditRules,
    *,
    known: Mapping[str, str] | None = None,
    products: Mapping[str, str] | None = None,
) -> list[Finding]:
    """What does not fit, in order.

    `known` are the offer ids by SKU as the last audit saw them; `products` says of which product of the marketplace a
    bar code is (P31), where it was asked.
    """
    shelf = _Catalogue(items, rules)
    price_of = {price.item_id: price for price in prices if price.currency == rules.currency}
    found: list[Finding] = []
    of_item: dict[str, list[Offer]] = defaultdict(list)
    # A file that was written while offers moved may have one twice: it is not offered twice for that.
    for offer in {(one.offer_id, one.sku): one for one in offers if not one.is_deleted}.values():
        item, faults = _item_of(offer, shelf, rules)
        found += faults
        found += _made_anew(offer, known or {}, rules)
        if offer.currency and offer.currency != rules.currency:
            found.append(_found(offer, Fault.OTHER_CURRENCY, rules, evidence=f"{offer.currency}, not {rules.currency}"))
        if item is None:
            continue
        of_item[item.id].append(offer)
        found += _product(offer, item, shelf, rules, (products or {}).get(item.upc, ""))
        found += _price(offer, price_of.get(item.id), item, rules)
        if rules.approves and not item.is_approved and _can_be_bought(offer):
            found.append(_found(offer, Fault.NOT_APPROVED, rules, item=item))
    found += _twice(of_item, rules)
    if rules.approves:
        found += _not_listed(shelf.active(), of_item, rules)
    return sorted(found)


class _Catalogue:
    """Items by what offers may name."""

    def __init__(self, items: Iterable[StockItem], rules: AuditRules) -> None:
        self.by_itemid: dict[str, list[StockItem]] = defaultdict(list)
        self.by_upc: dict[str, list[StockItem]] = defaultdict(list)
        self.near: dict[str, list[StockItem]] = defaultdict(list)
        self._rules = rules
        for item in items:
            self.by_itemid[item.itemid].append(item)
            self.near[folded(item.itemid)].append(item)
            if item.upc:
                self.by_upc[item.upc].append(item)

    def active(self) -> Iterator[StockItem]:
        return (item for items in self.by_itemid.values() for item in items if not item.is_inactive)

    def candidates(self, sku: str) -> tuple[str, list[StockItem]]:
        """What a SKU stands for, and the items that have exactly that; by UPC where the settings say so."""
        wanted = self._rules.sku.aliases.get(sku, sku)
        found = self.by_itemid.get(wanted, [])
        if not [item for item in found if not item.is_inactive] and self._rules.sku.match_upc and wanted == sku:
            return wanted, self.by_upc.get(sku, []) or found
        return wanted, found


def _item_of(offer: Offer, shelf: _Catalogue, rules: AuditRules) -> tuple[StockItem | None, list[Finding]]:
    if not offer.sku.strip():
        return None, [_found(offer, Fault.OFFER_WITHOUT_SKU, rules, *_by_reference(offer, shelf, rules))]
    wanted, candidates = shelf.candidates(offer.sku)
    active = [item for item in candidates if not item.is_inactive]
    if len(active) == 1:
        return active[0], []
    if active:
        ids = ", ".join(sorted(item.id for item in active))
        return None, [_found(offer, Fault.SEVERAL_ITEMS, rules, evidence=f"items {ids}")]
    if candidates:
        fault = [_found(offer, Fault.ITEM_INACTIVE, rules, *_by_reference(offer, shelf, rules), item=candidates[0])]
        return None, fault if _can_be_bought(offer) else []
    near = [item for item in shelf.near.get(folded(wanted), []) if not item.is_inactive]
    if len(near) == 1:
        words = f"item {near[0].id} is {near[0].itemid!r}, the offer says {offer.sku!r}"
        return None, [_found(offer, Fault.CASE_OR_BLANKS, rules, near[0].itemid, words, item=near[0])]
    return None, [_found(offer, Fault.NO_ITEM, rules, *_by_reference(offer, shelf, rules))]


def _by_reference(offer: Offer, shelf: _Catalogue, rules: AuditRules) -> tuple[str, str]:
    """The one active item that has the product's bar code, and where that was read."""
    for kind, value in offer.references:
        if kind != rules.reference_type or not value:
            continue
        same = [item for item in shelf.by_upc.get(value, []) if not item.is_inactive]
        if len(same) == 1:
            return same[0].itemid, f"item {same[0].id} has UPC {value}, the product's {kind}"
    return "", ""


def _product(
    offer: Offer, item: StockItem, shelf: _Catalogue, rules: AuditRules, product_of_item: str
) -> Iterator[Finding]:
    """A bar code on both sides that is not the same, or an item's bar code that is another product's there."""
    codes = {value for kind, value in offer.references if kind == rules.reference_type and value}
    is_another = bool(product_of_item and offer.product) and product_of_item != offer.product
    if not item.upc or item.upc in codes or not (codes or is_another):
        return
    suggestion, why = _by_reference(offer, shelf, rules)
    evidence = f"product {', '.join(sorted(codes)) or offer.product}, item {item.upc}"
    if is_another:
        evidence += f", which is product {product_of_item}"
    evidence += f"; {why}" if why else ""
    yield _found(offer, Fault.OTHER_PRODUCT, rules, suggestion, evidence, item=item)


def _price(offer: Offer, price: ItemPrice | None, item: StockItem, rules: AuditRules) -> Iterator[Finding]:
    if price is None or offer.price is None or offer.currency not in {"", rules.currency} or price.price <= 0:
        return
    apart = abs(offer.price - price.price) * 100
    if apart > rules.price_band_percent * price.price:
        percent = (offer.price - price.price) * 100 / price.price
        evidence = f"{offer.price} against {price.price} {price.currency} ({percent:+.1f} %)"
        yield _found(offer, Fault.PRICE_OUT_OF_BAND, rules, f"{price.price}", evidence, item=item)


def _made_anew(offer: Offer, known: Mapping[str, str], rules: AuditRules) -> Iterator[Finding]:
    former = known.get(offer.sku)
    if offer.sku and former and former != offer.offer_id:
        yield _found(offer, Fault.OFFER_RE_CREATED, rules, evidence=f"was {former}, is {offer.offer_id}")


def _twice(of_item: Mapping[str, Collection[Offer]], rules: AuditRules) -> Iterator[Finding]:
    for item_id, offers in of_item.items():
        skus = sorted({offer.sku for offer in offers})
        for offer in offers if len(offers) > 1 else ():
            evidence = f"item {item_id} is offered as {', '.join(skus)} ({len(offers)} offers)"
            yield Finding(
                marketplace=rules.marketplace,
                fault=Fault.OFFERED_TWICE,
                sku=offer.sku,
                offer_id=offer.offer_id,
                item_id=item_id,
                evidence=evidence,
            )


def _not_listed(items: Iterable[StockItem], of_item: Collection[str], rules: AuditRules) -> Iterator[Finding]:
    for item in items:
        if item.is_approved and item.id not in of_item:
            evidence = f"item {item.id}" + (f", UPC {item.upc}" if item.upc else ", without a UPC")
            yield Finding(
                marketplace=rules.marketplace,
                fault=Fault.NOT_LISTED,
                sku=item.itemid,
                item_id=item.id,
                evidence=evidence,
            )


def _can_be_bought(offer: Offer) -> bool:
    return offer.is_active and offer.quantity > 0


def _found(
    offer: Offer,
    fault: Fault,
    rules: AuditRules,
    suggestion: str = "",
    evidence: str = "",
    *,
    item: StockItem | None = None,
) -> Finding:
    return Finding(
        marketplace=rules.marketplace,
        fault=fault,
        sku=offer.sku if offer.sku.strip() else offer.offer_id,
        offer_id=offer.offer_id,
        item_id=item.id if item else "",
        suggestion=suggestion,
        evidence=evidence,
    )
