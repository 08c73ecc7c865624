"""Which items all offers of all storefronts are of: offers and items meet name by name, and come out by item.

Each SKU needs no more than the items that have its name (or UPC), so that memory holds lines of text, not a catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.json import Decoder, encode

from tieout.domain.orders.matching import Item, SkuRules, catalogue_of, item_id_of
from tieout.domain.stock.book import order_of
from tieout.domain.stock.changes import Change, Listed
from tieout.domain.stock.kits import KIT, STOCKED
from tieout.domain.stock.shelf import StockItem
from tieout.domain.stock.sorting import Sorter


class Candidate(Struct, frozen=True, array_like=True, tag="item"):
    """What of an item says whether an offer is of it, and its class."""

    id: str
    itemid: str
    upc: str
    kind: str
    is_inactive: bool
    category: str


class _Offered(Struct, frozen=True, array_like=True, tag="offer"):
    turn: int
    """Number of its storefront."""
    sku: str
    quantity: int
    read_at: int
    is_made: bool


class Matching:
    """Takes all offers and all items, and gives each offer with its item."""

    def __init__(self, rules: Mapping[str, SkuRules]) -> None:
        """`rules` are the storefronts'."""
        self._fronts = list(rules)
        self._turns = {front: turn for turn, front in enumerate(rules)}
        self._rules = list(rules.values())
        self._matches_upc = any(each.match_upc for each in self._rules)
        self._by_name = Sorter()
        self.unmapped = 0
        """Offers that came out as nobody's."""

    def take_offer(self, listed: Listed, *, is_made: bool = False) -> None:
        """`is_made`: it was made since all were read; where it was read as well, what was read counts.

        A SKU that several offers of a storefront were read with is nobody's; one is made once.
        """
        turn = self._turns[listed.marketplace]
        offered = _Offered(turn, listed.sku, listed.quantity, listed.read_at, is_made)
        self._by_name.add(encode(self._rules[turn].aliases.get(listed.sku, listed.sku)), encode(offered))

    def take_item(self, item: StockItem) -> None:
        """Each once."""
        record = encode(Candidate(item.id, item.itemid, item.upc, item.kind, item.is_inactive, item.category))
        self._by_name.add(encode(item.itemid), record)
        if self._matches_upc and item.upc and item.upc != item.itemid:
            self._by_name.add(encode(item.upc), record)

    def matched(self) -> Iterator[tuple[Candidate, Listed]]:
        """Offers of stocked items and of kits. What else stands on no shelf has no stock to show: it is left alone."""
        decoder = Decoder(Candidate | _Offered)
        for records in self._by_name.groups():
            told = [decoder.decode(record) for record in records]
            offers = [each for each in told if isinstance(each, _Offered)]
            if not offers:
                continue
            items = {each.id: each for each in told if isinstance(each, Candidate)}
            first = sorted(items.values(), key=lambda item: order_of(item.id, is_kit=False)) if items else ()
            catalogue = catalogue_of(
                Item(each.id, each.itemid, each.upc, each.kind, each.is_inactive) for each in first
            )
            for offer in _each_once(offers):
                item_id = item_id_of(offer.sku, catalogue, self._rules[offer.turn])
                if item_id is None:
                    self.unmapped += 1
                elif items[item_id].kind in STOCKED or items[item_id].kind == KIT:
                    front = self._fronts[offer.turn]
                    yield items[item_id], Listed(front, offer.sku, offer.quantity, offer.read_at)


def _each_once(offers: Sequence[_Offered]) -> Iterable[_Offered]:
    """Without those whose SKU another one of the storefront has too."""
    if len(offers) == 1:
        return offers
    by_sku: dict[tuple[int, str], list[_Offered]] = {}
    for offer in offers:
        by_sku.setdefault((offer.turn, offer.sku), []).append(offer)
    read = ([each for each in same if not each.is_made] or same for same in by_sku.values())
    return (same[0] for same in read if len(same) == 1)


class OffersByItem:
    """Takes matched offers, and gives them by item, in the book's order."""

    def __init__(self, fronts: Iterable[str]) -> None:
        self._fronts = list(fronts)
        self._turns = {front: turn for turn, front in enumerate(self._fronts)}
        self._by_item = Sorter()

    def add(self, item: Candidate, listed: Listed) -> None:
        """An offer is of this item."""
        turn = self._turns[listed.marketplace]
        record = encode((item.id, item.category, turn, listed.sku, listed.quantity, listed.read_at))
        _, length, text = order_of(item.id, is_kit=False)
        self._by_item.add(b"%04d%b" % (length, text), record)

    def changes(self) -> Iterator[Change]:
        """All offers of each item; an item's by storefront, and by SKU."""
        decoder = Decoder(tuple[str, str, int, str, int, int])
        for records in self._by_item.groups():
            told = sorted(decoder.decode(record) for record in records)
            item_id, category, *_ = told[0]
            offers = tuple([Listed(self._fronts[turn], sku, quantity, at) for _, _, turn, sku, quantity, at in told])
            yield Change(item_id=item_id, category=category, offers=offers)
