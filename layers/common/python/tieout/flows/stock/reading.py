"""What NetSuite has: the little that changed since the last reading (everything: `everything`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from msgspec import Struct, field

from tieout.domain.stock.book import order_of
from tieout.domain.stock.changes import Change, Listed
from tieout.domain.stock.kits import KIT, STOCKED, recipe_of
from tieout.domain.stock.rules import Selling
from tieout.domain.stock.shelf import Shelf, StockItem
from tieout.domain.stock.stale import newest_of
from tieout.flows.stock.items import OVERLAP, ItemsTold, pages_of
from tieout.flows.stock.night import places_of
from tieout.flows.stock.rules import approval_fields
from tieout.flows.stock.standing import Standing
from tieout.flows.stock.store import Stockroom

ASKED_AT_ONCE = 300
"""Items whose shelves are asked for in one turn of NetSuite's readers."""


class Reading(Struct, kw_only=True):
    """What a reading of NetSuite brought."""

    read_at: int
    """NetSuite's clock when it began, in seconds since 1970."""
    changes: Iterable[Change] = ()
    """Of items, sorted as the book is; they are gone through several times."""
    kits: list[Change] = field(default_factory=list)
    is_full: bool = False
    unmapped: int = 0
    """Offers that are of no item; nothing of ours touches them."""


def read_changes(
    standing: Standing, told_of_items: ItemsTold | None, sellings: Collection[Selling], room: Stockroom
) -> Reading:
    """Shelves that changed since the last reading; `standing` learns of items what is off, and recipes."""
    ledger = room.at.ledger
    places = places_of(sellings)
    since = datetime.fromtimestamp(standing.stock_read_at, UTC) - OVERLAP
    was_off = set().union(*standing.off.values())
    items = _changed_items(standing, told_of_items, approval_fields(room.at.config))
    deleted = told_of_items.deleted if told_of_items else set()
    reading = Reading(read_at=room.now + standing.netsuite_ahead)
    shelves = [each for page in pages_of(lambda: ledger.shelves_changed(places, since), room) for each in page]
    # An item that is active again says nothing of its shelves.
    back = {each.id for each in items if each.id in was_off and each.kind in STOCKED and not each.is_inactive}
    made = _made(standing, room)
    asked = sorted(back | set(made), key=lambda item_id: order_of(item_id, is_kit=False))
    shelves += shelves_of(asked, places, room)
    units = newest_of(shelves)
    categories = {item_id: offers[0][1] for item_id, offers in made.items()} | {
        each.id: each.category for each in items
    }
    gone = {each.id for each in items if each.is_inactive or not each.is_approved}
    for marketplace in approval_fields(room.at.config):
        off = standing.off.setdefault(marketplace, set())
        off |= deleted
    reading.kits = _changed_kits([each for each in items if each.kind == KIT], standing)
    for kit in (deleted | gone) & set(standing.recipes):
        reading.kits.append(Change(item_id=kit))
    kits = {each.item_id for each in reading.kits} | set(standing.recipes)
    told = (set(units) | set(categories) | deleted) - kits
    reading.changes = _sorted(
        Change(
            item_id=item_id,
            shelves=units.get(item_id),
            category=categories.get(item_id),
            new=tuple(offer for offer, _ in made.get(item_id, ())),
        )
        for item_id in told
    )
    return reading


def shelves_of(item_ids: Sequence[str], places: Sequence[str], room: Stockroom) -> list[Shelf]:
    """All shelves of these items, as they are now."""
    shelves: list[Shelf] = []
    for start in range(0, len(item_ids), ASKED_AT_ONCE):
        some = item_ids[start : start + ASKED_AT_ONCE]
        shelves += room.in_turn(partial(room.at.ledger.shelves_of, some, places))
    return shelves


def _made(standing: Standing, room: Stockroom) -> dict[str, list[tuple[Listed, str]]]:
    """Offers that were made since the last run, with their category, by item; `standing` learns that they are known."""
    found: dict[str, list[tuple[Listed, str]]] = {}
    for front, field_of_approval in approval_fields(room.at.config).items():
        known = standing.made_until.get(front, 0)
        for each in room.made(front) if field_of_approval else ():
            if each.at > known:
                found.setdefault(each.item_id, []).append((Listed(front, each.sku, 0, each.at), each.category))
                standing.made_until[front] = max(each.at, standing.made_until.get(front, 0))
    return found


def _changed_items(standing: Standing, told: ItemsTold | None, fields: Mapping[str, str | None]) -> list[StockItem]:
    """Items that changed; what is off at a marketplace follows from them."""
    found: dict[str, StockItem] = {}
    if told is None:
        return []
    standing.items_read_at, standing.items_read_there = told.asked_at, told.asked_there
    standing.netsuite_ahead = told.netsuite_ahead
    for name, items in told.changed.items():
        for item in items:
            found[item.id] = item
            for marketplace in (each for each, asked in fields.items() if asked == name):
                switch(item, standing.off.setdefault(marketplace, set()))
    return list(found.values())


def switch(item: StockItem, off: set[str]) -> None:
    """An item shows nothing at a storefront, or does again."""
    if item.is_inactive or not item.is_approved:
        off.add(item.id)
    else:
        off.discard(item.id)


def _changed_kits(kits: Iterable[StockItem], standing: Standing) -> list[Change]:
    """Kits with their recipes as they are now; kits within kits, and what stands on no shelf, as they were last."""
    known = {
        **{
            each: StockItem(id=each, itemid="", kind=KIT, members=members) for each, members in standing.recipes.items()
        },
        **{each: StockItem(id=each, itemid="", kind="NonInvtPart") for each in standing.unstocked},
    }
    changes = []
    for kit in kits:
        if kit.id in standing.recipes:
            standing.recipes[kit.id] = recipe_of(kit, known)
            changes.append(Change(item_id=kit.id, category=kit.category, members=standing.recipes[kit.id]))
    return changes


def _sorted(changes: Iterable[Change]) -> list[Change]:
    return sorted(changes, key=lambda each: order_of(each.item_id, is_kit=False))
