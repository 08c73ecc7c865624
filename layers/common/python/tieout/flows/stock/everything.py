"""The night's reading put together: every offer that was listed, with its item, and what stands on that one's shelves.

It is joined out of sorted streams, and kept beside the night, from where each pass over the book reads it: a million
items are never in memory at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from msgspec import Struct, field

from tieout.domain.stock.book import order_of
from tieout.domain.stock.changes import Change, Listed, together
from tieout.domain.stock.kits import KIT, STOCKED, recipe_of
from tieout.domain.stock.matched import Matching, OffersByItem
from tieout.domain.stock.rules import Selling
from tieout.domain.stock.shelf import StockItem
from tieout.domain.stock.stale import newest_of
from tieout.domain.stock.storefront import marketplace_of
from tieout.flows.orders.rules import sku_rules
from tieout.flows.stock.items import OVERLAP, clock_of, items_of, pages_of
from tieout.flows.stock.listed import kept_offers
from tieout.flows.stock.night import items_kept, keep_changes, places_of, shelves_kept
from tieout.flows.stock.reading import Reading, shelves_of, switch
from tieout.flows.stock.rules import approval_fields, fronts_by_shop
from tieout.flows.stock.standing import Night, Standing
from tieout.flows.stock.store import Stockroom


def read_everything(standing: Standing, sellings: Collection[Selling], room: Stockroom) -> Reading:
    """All shelves, items and kits, for all offers that were listed; `standing` learns what is off, and recipes.

    Out of what the night has kept (`night.read_on`), and over it what changed since it began: that is as of now, and
    nothing here is older than the orders that were read before.
    """
    night = standing.night
    assert night is not None, "read_on() said that all is there"
    since = datetime.fromtimestamp(night.began, UTC) - OVERLAP
    read_at, standing.netsuite_ahead = clock_of(room)
    standing.items_read_at, standing.items_read_there = read_at, standing.furthest(room.now)
    standing.named = {}
    everything = _Everything(night, since, set(room.in_turn(lambda: room.at.ledger.items_deleted(since))), room)
    matched = _matched(everything, standing, sellings)
    kits = {each: matched.kits[each] for each in matched.of_kits}
    known = {**matched.kits, **{each: StockItem(id=each, itemid="", kind="NonInvtPart") for each in standing.unstocked}}
    standing.recipes = {each: recipe_of(item, known) for each, item in kits.items()}
    standing.kit_offers = {each: [offer.marketplace for offer in matched.of_kits[each]] for each in kits}
    members = {member.item_id for recipe in standing.recipes.values() for member in recipe}
    changes = together(
        matched.of_items.changes(),
        (Change(item_id=each, offers=()) for each in _sorted(members)),
        *_all_units(everything, matched.saved | members & everything.saved, places_of(sellings)),
    )
    off = {name: items & kits.keys() for name, items in standing.off.items()}
    kept = keep_changes(_noting(changes, standing.off, off), room)
    standing.off = off
    return Reading(
        read_at=read_at,
        is_full=True,
        unmapped=matched.unmapped,
        changes=kept,
        kits=[
            Change(
                item_id=each,
                category=item.category,
                offers=tuple(matched.of_kits[each]),
                members=standing.recipes[each],
            )
            for each, item in kits.items()
        ],
    )


# ---------------------------------------------------------------------------------------------------------------------


class _Everything(Struct):
    """What was kept, and what changed since."""

    night: Night
    since: datetime
    deleted: set[str]
    room: Stockroom
    saved: set[str] = field(default_factory=set)
    """Active items that came or were saved since: their shelves may not have been kept, and need not have changed."""

    def items(self, approval_field: str | None) -> Iterator[StockItem]:
        """All, each as it is now; a deleted one as well, whose offers show nothing, unless another has its name."""
        newer = {item.id: item for item in items_of(approval_field, self.since, self.room)}
        self.saved |= {item.id for item in newer.values() if not item.is_inactive}
        renamed = {item.itemid for item in newer.values()}
        for item in items_kept(self.night, approval_field, self.room):
            if item.id not in self.deleted or item.itemid not in renamed:
                yield newer.pop(item.id, item)
        yield from newer.values()


class _Matched(Struct):
    """Offers with their items."""

    of_items: OffersByItem
    kits: dict[str, StockItem]
    """All there are, of offers or not."""
    of_kits: dict[str, list[Listed]] = field(default_factory=dict)
    """Those of kits, by kit."""
    saved: set[str] = field(default_factory=set)
    """Items of offers, but for kits, that came or were saved since the night began."""
    unmapped: int = 0


def _matched(everything: _Everything, standing: Standing, sellings: Iterable[Selling]) -> _Matched:
    room = everything.room
    fronts = [each.marketplace for each in sellings]
    matching = Matching({front: sku_rules(room.at.config, marketplace_of(front)) for front in fronts})
    for marketplace in dict.fromkeys(map(marketplace_of, fronts)):
        _take_offers(marketplace, matching, room)
    found = _Matched(OffersByItem(fronts), _take_items(everything, matching, standing))
    for item, listed in matching.matched():
        if item.kind == KIT:
            found.of_kits.setdefault(item.id, []).append(listed)
        else:
            found.of_items.add(item, listed)
            if item.id in everything.saved:
                found.saved.add(item.id)
    for offers in found.of_kits.values():
        offers.sort(key=lambda listed: (fronts.index(listed.marketplace), listed.sku))
    found.unmapped = matching.unmapped
    return found


def _take_offers(marketplace: str, matching: Matching, room: Stockroom) -> None:
    """Those of our own shops: an operator reads every shop's. An offer without a SKU is nobody's."""
    kept = kept_offers(room.book, marketplace)
    assert kept is not None, "all_listed() said so"
    asked_at, offers = kept
    fronts = fronts_by_shop(room.at.config, marketplace)
    for offer in offers:
        front = fronts.get(offer.shop_id)
        if front is not None and offer.sku and not offer.is_deleted:
            matching.take_offer(Listed(front, offer.sku, offer.quantity, asked_at))
    fields = approval_fields(room.at.config)
    for front in dict.fromkeys(fronts.values()):
        since = {made.sku: made for made in reversed(room.made(front) if fields[front] else ()) if made.at > asked_at}
        for made in since.values():  # the export cannot show it yet
            matching.take_offer(Listed(front, made.sku, 0, made.at), is_made=True)


def _take_items(everything: _Everything, matching: Matching, standing: Standing) -> dict[str, StockItem]:
    """Answers the kits; `standing` learns which items are off, and which of kits' members stand on no shelf."""
    kits: dict[str, StockItem] = {}
    unstocked: set[str] = set()
    fields = approval_fields(everything.room.at.config)
    standing.off = {name: set() for name in fields}
    for number, name in enumerate(sorted(set(fields.values()), key=str)):
        asking = [marketplace for marketplace, asked in fields.items() if asked == name]
        for item in everything.items(name):
            for marketplace in asking:
                switch(item, standing.off[marketplace])
            if number == 0:
                matching.take_item(item)
                if item.kind == KIT:
                    kits[item.id] = item
                elif item.kind not in STOCKED:
                    unstocked.add(item.id)
    standing.off = {name: off | everything.deleted for name, off in standing.off.items()}
    standing.unstocked = unstocked & {member.item_id for kit in kits.values() for member in kit.members}
    return kits


def _all_units(
    everything: _Everything, saved: Collection[str], places: Sequence[str]
) -> tuple[Iterable[Change], Iterable[Change], Iterable[Change]]:
    """Units by item, as they were kept, and as they are now where that may be other.

    `saved` are items of ours that came, or are active again, or were saved, since the night began.
    """
    room = everything.room
    kept: set[str] = set()
    if saved:
        kept = {shelf.item_id for shelves in shelves_kept(everything.night, room) for shelf in shelves}.intersection(
            saved
        )
    # Of an item that came, or is active again, since the shelves were read, not all that it has need have changed.
    missing = newest_of(shelves_of(_sorted(set(saved) - kept), places, room))
    changed: dict[str, dict[str, Decimal]] = {}
    for page in pages_of(lambda: room.at.ledger.shelves_changed(places, everything.since), room):
        for item_id, units in newest_of(page).items():
            changed[item_id] = {**changed.get(item_id, {}), **units}
    blocks = shelves_kept(everything.night, room)
    return (each for shelves in blocks for each in _on(newest_of(shelves))), _on(missing), _on(changed)


def _on(units: Mapping[str, Mapping[str, Decimal]]) -> Iterator[Change]:
    return (Change(item_id=item_id, shelves=units[item_id]) for item_id in _sorted(units))


def _noting(
    changes: Iterable[Change], switched_off: Mapping[str, Collection[str]], off: Mapping[str, set[str]]
) -> Iterator[Change]:
    """The same; `off` learns which of them are switched off."""
    for change in changes:
        for name, items in switched_off.items():
            if change.item_id in items:
                off[name].add(change.item_id)
        yield change


def _sorted(item_ids: Iterable[str]) -> list[str]:
    return sorted(item_ids, key=lambda item_id: order_of(item_id, is_kit=False))
