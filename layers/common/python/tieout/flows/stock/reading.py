"""What NetSuite has: the little that changed since the last reading, or everything."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

from msgspec import Struct, field

from tieout.domain.orders.matching import Item, catalogue_of
from tieout.domain.stock.book import order_of
from tieout.domain.stock.changes import Change, Listed
from tieout.domain.stock.kits import KIT, STOCKED, recipe_of
from tieout.domain.stock.rules import Selling
from tieout.domain.stock.shelf import StockItem
from tieout.domain.stock.stale import newest_of
from tieout.domain.stock.storefront import marketplace_of
from tieout.flows.orders.rules import sku_rules
from tieout.flows.stock.items import OVERLAP, ItemsTold, clock_of, items_of, pages_of
from tieout.flows.stock.listed import kept_offers
from tieout.flows.stock.night import items_kept, places_of, shelves_kept
from tieout.flows.stock.orders import item_id_of
from tieout.flows.stock.rules import approval_fields, fronts_by_shop
from tieout.flows.stock.standing import Night, Standing
from tieout.flows.stock.store import Stockroom

ASKED_AT_ONCE = 300
"""Items whose shelves are asked for in one turn of NetSuite's readers."""


class Reading(Struct, kw_only=True):
    """What a reading of NetSuite brought."""

    read_at: int
    """NetSuite's clock when it began, in seconds since 1970."""
    changes: list[Change] = field(default_factory=list)
    """Of items, sorted as the book is."""
    kits: list[Change] = field(default_factory=list)
    is_full: bool = False
    unmapped: int = 0
    """Offers that are of no item; nothing of ours touches them."""


# --- what changed ----------------------------------------------------------------------------------------------------


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
    for start in range(0, len(asked), ASKED_AT_ONCE):
        some = asked[start : start + ASKED_AT_ONCE]
        shelves += room.in_turn(partial(ledger.shelves_of, some, places))
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
                _switch(item, standing.off.setdefault(marketplace, set()))
    return list(found.values())


def _switch(item: StockItem, off: set[str]) -> None:
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


# --- everything ------------------------------------------------------------------------------------------------------


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
    offers = {each.marketplace: _own_offers(each.marketplace, room) for each in sellings}
    everything = _Everything(night, since, set(room.in_turn(lambda: room.at.ledger.items_deleted(since))), room)
    all_items = _all_items(offers, everything, standing)
    by_item, unmapped = _mapped(offers, all_items, room)
    kits = {each: item for each, item in all_items.kits.items() if each in by_item}
    standing.recipes = {each: recipe_of(item, all_items.by_id) for each, item in kits.items()}
    standing.kit_offers = {each: [offer.marketplace for offer in by_item[each]] for each in kits}
    standing.unstocked &= {member.item_id for kit in all_items.kits.values() for member in kit.members}
    of_kits = {member.item_id for members in standing.recipes.values() for member in members}
    units = _all_units(set(by_item) | of_kits, everything, places_of(sellings))
    standing.off = {name: items & (set(by_item) | of_kits) for name, items in standing.off.items()}
    return Reading(
        read_at=read_at,
        is_full=True,
        unmapped=unmapped,
        changes=_sorted(
            Change(
                item_id=item_id,
                shelves=units.get(item_id, {}),
                category=all_items.categories.get(item_id, ""),
                offers=tuple(by_item.get(item_id, ())),
            )
            for item_id in (set(by_item) | of_kits) - set(kits)
        ),
        kits=[
            Change(
                item_id=each,
                category=item.category,
                offers=tuple(by_item[each]),
                members=tuple(standing.recipes[each]),
            )
            for each, item in kits.items()
        ],
    )


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


def _all_units(
    wanted: Collection[str], everything: _Everything, places: Sequence[str]
) -> dict[str, dict[str, Decimal]]:
    """Units by item and location, as they are now."""
    room = everything.room
    units: dict[str, dict[str, Decimal]] = {}
    for shelves in shelves_kept(everything.night, room):
        units |= newest_of(each for each in shelves if each.item_id in wanted)
    # Of an item that came, or is active again, since the shelves were read, not all that it has need have changed.
    missing = sorted((everything.saved & set(wanted)) - set(units), key=lambda item_id: order_of(item_id, is_kit=False))
    for start in range(0, len(missing), ASKED_AT_ONCE):
        some = missing[start : start + ASKED_AT_ONCE]
        units |= newest_of(room.in_turn(partial(room.at.ledger.shelves_of, some, places)))
    for page in pages_of(lambda: room.at.ledger.shelves_changed(places, everything.since), room):
        for item_id, changed in newest_of(each for each in page if each.item_id in wanted).items():
            units[item_id] = {**units.get(item_id, {}), **changed}
    return units


class _Items(Struct):
    """What of all items is of use: those that offers may be of, kits, and what stands on no shelf."""

    matched: list[Item] = field(default_factory=list)
    by_id: dict[str, StockItem] = field(default_factory=dict)
    kits: dict[str, StockItem] = field(default_factory=dict)
    categories: dict[str, str] = field(default_factory=dict)


def _own_offers(front: str, room: Stockroom) -> dict[str, Listed]:
    """By SKU. An operator reads every shop's; an offer without a SKU, or with one that another has too, is nobody's."""
    marketplace = marketplace_of(front)
    kept = kept_offers(room.book, marketplace)
    assert kept is not None, "all_listed() said so"
    asked_at, offers = kept
    fronts = fronts_by_shop(room.at.config, marketplace)
    found: dict[str, Listed] = {}
    twice: set[str] = set()
    for offer in offers:
        if not offer.sku or offer.is_deleted or fronts.get(offer.shop_id) != front:
            continue
        if offer.sku in found:
            twice.add(offer.sku)
        found[offer.sku] = Listed(front, offer.sku, offer.quantity, asked_at)
    for made in room.made(front) if approval_fields(room.at.config)[front] else ():
        if made.at > asked_at:  # the export cannot show it yet
            found.setdefault(made.sku, Listed(front, made.sku, 0, made.at))
    return {sku: listed for sku, listed in found.items() if sku not in twice}


def _all_items(offers: dict[str, dict[str, Listed]], everything: _Everything, standing: Standing) -> _Items:
    config = everything.room.at.config
    wanted: set[str] = set()
    for front, listed in offers.items():
        aliases = sku_rules(config, marketplace_of(front)).aliases
        wanted |= {aliases.get(sku, sku) for sku in listed}
    found, fields = _Items(), approval_fields(config)
    standing.off, standing.unstocked = {name: set() for name in fields}, set()
    for number, name in enumerate(sorted(set(fields.values()), key=str)):
        asking = [marketplace for marketplace, asked in fields.items() if asked == name]
        for item in everything.items(name):
            for marketplace in asking:
                _switch(item, standing.off[marketplace])
            if number == 0:
                _sort_in(item, wanted, found, standing)
    standing.off = {name: off | everything.deleted for name, off in standing.off.items()}
    return found


def _sort_in(item: StockItem, wanted: Collection[str], found: _Items, standing: Standing) -> None:
    if item.itemid in wanted or item.upc in wanted:
        found.matched.append(Item(item.id, item.itemid, item.upc, item.kind, item.is_inactive))
        if item.category:
            found.categories[item.id] = item.category
    if item.kind == KIT:
        found.by_id[item.id] = item
        found.kits[item.id] = item
    elif item.kind not in STOCKED:
        found.by_id[item.id] = item
        standing.unstocked.add(item.id)


def _mapped(
    offers: dict[str, dict[str, Listed]], items: _Items, room: Stockroom
) -> tuple[dict[str, list[Listed]], int]:
    """Offers by item id, and how many are of none. What stands on no shelf has no stock to show: it is left alone."""
    catalogue = catalogue_of(items.matched)
    shelved = {item.id for item in items.matched if item.kind in STOCKED or item.kind == KIT}
    by_item: dict[str, list[Listed]] = {}
    unmapped = 0
    for front, listed in offers.items():
        for sku, offer in sorted(listed.items()):
            item_id = item_id_of(sku, catalogue, marketplace_of(front), room.at)
            if item_id is None:
                unmapped += 1
            elif item_id in shelved:
                by_item.setdefault(item_id, []).append(offer)
    return by_item, unmapped


# ---------------------------------------------------------------------------------------------------------------------


def _sorted(changes: Iterable[Change]) -> list[Change]:
    return sorted(changes, key=lambda each: order_of(each.item_id, is_kit=False))
