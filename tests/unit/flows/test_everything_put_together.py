"""The night's reading is joined out of sorted streams, and tells what plain tables in memory tell.

Two shops of an operator's and a seller's marketplace, with aliases, bar codes, kits within kits, SKUs and names that
stand twice, and whatever happens to items and shelves between the night's reading and its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from decimal import Decimal
from functools import cache
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.json import encode
from msgspec.structs import replace

from tests.fakes.house import a_house
from tests.fakes.house import settings as settings_of
from tests.fakes.listings import APPROVED
from tests.fakes.stockroom import ONE, TWO, StockHouse, stock_of
from tieout.config import Config, config_from
from tieout.domain.orders.matching import Item
from tieout.domain.stock.changes import Change, Listed
from tieout.domain.stock.kits import KIT, STOCKED, recipe_of
from tieout.domain.stock.offer import Offer
from tieout.domain.stock.shelf import Member, StockItem
from tieout.flows.stock.everything import read_everything
from tieout.flows.stock.listed import offers_name
from tieout.flows.stock.night import read_on
from tieout.flows.stock.reading import Reading
from tieout.flows.stock.rules import sellings
from tieout.flows.stock.standing import Standing
from tieout.flows.stock.store import NewOffer

FRONTS = {"2001": f"{ONE}/2001", "2002": f"{ONE}/2002", "": TWO}
"""By the shop that Mirakl names."""
ALIAS = {"OLD": "CUP", "50123": "PAN"}
NAMES = ("CUP", "PAN", "Tasse é\t", "50123")
PLACES = ["1", "2"]


@cache
def the_settings() -> Config:
    stock = {"follow_seconds": 0, "locations": ["Main warehouse", "Shop"]}
    data = settings_of(marketplaces__brightside__stock=stock)
    data["marketplaces"][TWO] = deepcopy(data["marketplaces"][ONE]) | {
        "url": "https://maison.mirakl.net",
        "listings": {"sync": True, "approval_field": APPROVED},
    }
    data["marketplaces"][ONE] |= {"role": "operator", "operator": {"own_shops": [2001, 2002]}}
    del data["marketplaces"][ONE]["shop_id"]
    data["marketplaces"][ONE]["orders"]["sku"] = {"aliases": ALIAS, "match_upc": True}
    return config_from(data)


class World(Struct, frozen=True):
    """What there is when the night begins, and what happens until its end."""

    items: list[Item]
    categories: dict[str, str]
    members: dict[str, tuple[Member, ...]]
    approved: set[str]
    shelves: dict[tuple[str, str], int]
    offers: list[tuple[str, str, int]]
    """Shop, SKU, quantity."""
    made: list[tuple[str, int]]
    """SKU, and how many seconds after the export was asked for; at the seller's marketplace."""
    events: list[tuple[str, str, str]]


IDS = [str(number) for number in (2, 3, 9, 10, 100)]
NEW_IDS = ["11", "1000"]
SKUS = (*NAMES, "OLD", "?")


@st.composite
def worlds(draw: st.DrawFn) -> World:
    ids = draw(st.lists(st.sampled_from(IDS), unique=True, min_size=2, max_size=5))
    items = [
        Item(
            id=item_id,
            itemid=draw(st.sampled_from(NAMES)),
            upc=draw(st.sampled_from(("", *NAMES))),
            kind=draw(st.sampled_from(("InvtPart", "InvtPart", "Assembly", "NonInvtPart", KIT))),
            is_inactive=draw(st.sampled_from((False, False, True))),
        )
        for item_id in ids
    ]
    # A kit is made of what comes before it: none contains itself.
    members = {
        item_id: tuple(
            Member(each, Decimal(draw(st.integers(1, 2)))) for each in draw(_some(IDS[: IDS.index(item_id)]))
        )
        for item_id in ids
    }
    places = st.tuples(st.sampled_from(ids), st.sampled_from(PLACES))
    shops = st.sampled_from((*FRONTS, "2009"))
    once = draw(st.sets(st.tuples(shops, st.sampled_from(SKUS)), min_size=4, max_size=12))
    twice = draw(st.lists(st.tuples(shops, st.sampled_from((*SKUS, ""))), max_size=2))
    return World(
        items=items,
        categories=dict.fromkeys(draw(_some(IDS)), "Mugs"),
        members=members,
        approved=set(draw(_some(IDS))),
        shelves=draw(st.dictionaries(places, st.integers(-1, 9), max_size=6)),
        offers=[(shop, sku, number % 3) for number, (shop, sku) in enumerate((*sorted(once), *twice))],
        made=draw(st.lists(st.tuples(st.sampled_from((*NAMES, "?")), st.integers(-1, 2)), max_size=3)),
        events=draw(
            st.lists(
                st.tuples(
                    st.sampled_from(("off", "on", "rename", "gone", "new", "units")),
                    st.sampled_from([*ids, *NEW_IDS]),
                    st.sampled_from(NAMES),
                ),
                max_size=6,
            )
        ),
    )


def _some(ids: Sequence[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(ids), unique=True, max_size=3) if ids else st.just([])


class Told(NamedTuple):
    """What the reading brought, and what is kept of it."""

    changes: list[Change]
    kits: dict[str, Change]
    unmapped: int
    off: dict[str, set[str]]
    recipes: dict[str, tuple[Member, ...]]
    kit_offers: dict[str, list[str]]
    unstocked: set[str]


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_joined_out_of_streams_the_night_tells_what_tables_in_memory_tell(world: World) -> None:
    house, standing, asked_at = the_night_begins(world)
    then = {item.id: item for page in house.house.ledger.stock_items(None, APPROVED) for item in page}
    then_units = _units(house, [each.id for each in then.values() if not each.is_inactive])
    house.house.clock.advance(minutes=30)
    saved, moved = it_happens(world, house)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tieout.domain.stock.sorting.A_RUN", 4)
        reading = read_everything(standing, sellings(house.room.at.config, standing.locations), house.room)
    now = {item.id: item for page in house.house.ledger.stock_items(None, APPROVED) for item in page}
    units = _units_now(then_units, now, saved, moved, house)
    assert told_by(reading, standing) == in_memory(
        world, asked_at, _items_now(then, now, saved), then.keys() - now, units
    )
    assert list(reading.changes) == list(reading.changes)  # they are gone through several times


def the_night_begins(world: World) -> tuple[StockHouse, Standing, int]:
    """All offers, items and shelves have been read and kept."""
    house = stock_of(a_house(the_settings()))
    ledger, clock = house.house.ledger, house.house.clock
    ledger.items_table[:] = world.items
    ledger.stock.clear()
    ledger.categories, ledger.kits, ledger.approved_items = world.categories, world.members, {APPROVED: world.approved}
    for place, count in world.shelves.items():
        ledger.set_stock(*place, count)
    ledger.shelves_of([], PLACES)  # a shelf that was never looked at counts as moved
    asked_at = int(clock.now.timestamp())
    for marketplace in (ONE, TWO):
        lines = (
            encode(Offer(sku=sku, offer_id="1", quantity=quantity, shop_id=shop)) + b"\n"
            for shop, sku, quantity in world.offers
            if (shop == "") == (marketplace == TWO)
        )
        house.book.replace(offers_name(marketplace), [encode(asked_at) + b"\n", *lines])
    made = [NewOffer(sku=sku, item_id="", category="", at=asked_at + seconds) for sku, seconds in world.made]
    house = replace(house, room=replace(house.room, made=lambda front: made if front == TWO else ()))
    clock.advance(minutes=30)
    standing = Standing(locations=dict(ledger.references().locations))
    assert read_on(standing, sellings(house.room.at.config, standing.locations), house.room)
    return house, standing, asked_at


def it_happens(world: World, house: StockHouse) -> tuple[set[str], set[tuple[str, str]]]:
    """Answers items that were saved, and shelves that moved."""
    ledger = house.house.ledger
    saved, moved = set[str](), set[tuple[str, str]]()
    for what, item_id, name in world.events:
        item = next((each for each in ledger.items_table if each.id == item_id), None)
        if what == "new" and item is None and item_id in NEW_IDS and item_id not in saved:
            item = Item(id=item_id, itemid=name, upc="", kind="InvtPart", is_inactive=False)
            ledger.set_stock(item_id, "1", 5)
            moved.add((item_id, "1"))
        elif item is None:
            continue
        elif what == "gone":
            ledger.delete_item(item_id)
            continue
        elif what == "units":
            ledger.set_stock(item_id, "2", len(name))
            moved.add((item_id, "2"))
            continue
        elif what == "rename":
            item = replace(item, itemid=name)
        else:
            item = replace(item, is_inactive=what == "off")
        ledger.save_item(item)
        saved.add(item_id)
    return saved, moved


def told_by(reading: Reading, standing: Standing) -> Told:
    return Told(
        changes=list(reading.changes),
        kits={each.item_id: each for each in reading.kits},
        unmapped=reading.unmapped,
        off=standing.off,
        recipes=standing.recipes,
        kit_offers=standing.kit_offers,
        unstocked=standing.unstocked,
    )


# --- the same with plain tables --------------------------------------------------------------------------------------


def in_memory(
    world: World,
    asked_at: int,
    items: dict[str, StockItem],
    deleted: set[str],
    units: dict[str, dict[str, Decimal]],
) -> Told:
    offers: dict[str, list[Listed]] = {}
    unmapped = 0
    for listed in _listed(world, asked_at):
        item = _item_of(listed, items)
        if item is None:
            unmapped += 1
        elif item.kind in STOCKED or item.kind == KIT:
            offers.setdefault(item.id, []).append(listed)
    kits = {each: items[each] for each in offers if items[each].kind == KIT}
    recipes = {each: recipe_of(kit, items) for each, kit in kits.items()}
    ours = offers.keys() | {member.item_id for recipe in recipes.values() for member in recipe}
    off = {each.id for each in items.values() if each.is_inactive} | deleted
    not_approved = {each.id for each in items.values() if not each.is_approved}
    return Told(
        changes=[
            Change(
                item_id=each,
                shelves=units.get(each, {}),
                category=items[each].category if each in offers else "",
                offers=tuple(offers.get(each, ())),
            )
            for each in sorted(ours - kits.keys(), key=int)
        ],
        kits={
            each: Change(item_id=each, category=kit.category, offers=tuple(offers[each]), members=recipes[each])
            for each, kit in kits.items()
        },
        unmapped=unmapped,
        off={front: (off | (not_approved if front == TWO else set())) & ours for front in FRONTS.values()},
        recipes=recipes,
        kit_offers={each: [listed.marketplace for listed in offers[each]] for each in kits},
        unstocked={
            member.item_id
            for kit in items.values()
            if kit.kind == KIT
            for member in kit.members
            if member.item_id in items and items[member.item_id].kind == "NonInvtPart"
        },
    )


def _listed(world: World, asked_at: int) -> Iterable[Listed]:
    """Storefront by storefront, by SKU: those that one offer has, as it was read; else as it was made first."""
    for shop, front in FRONTS.items():
        read = [(sku, quantity) for of, sku, quantity in world.offers if of == shop]
        made = [(sku, asked_at + seconds) for sku, seconds in world.made if front == TWO and seconds > 0]
        for sku in sorted({sku for sku, _ in (*read, *made)} - {""}):
            quantities = [quantity for each, quantity in read if each == sku]
            if len(quantities) == 1:
                yield Listed(front, sku, quantities[0], asked_at)
            elif not quantities:
                yield Listed(front, sku, 0, next(at for each, at in made if each == sku))


def _item_of(listed: Listed, items: dict[str, StockItem]) -> StockItem | None:
    is_operators = listed.marketplace != TWO
    wanted = ALIAS.get(listed.sku, listed.sku) if is_operators else listed.sku
    named = [each for each in items.values() if each.itemid == wanted]
    active = [each for each in named if not each.is_inactive]
    if not active and is_operators and wanted == listed.sku:
        active = [each for each in items.values() if each.upc == listed.sku and not each.is_inactive]
    if len(active) == 1:
        return active[0]
    return min(named, key=lambda each: int(each.id)) if named and not active else None


def _items_now(then: dict[str, StockItem], now: dict[str, StockItem], saved: set[str]) -> dict[str, StockItem]:
    """What was deleted is still there, unless another item took its name since."""
    renamed = {each.itemid for each in now.values() if each.id in saved}
    return {**{each.id: each for each in then.values() if each.id in now or each.itemid not in renamed}, **now}


def _units_now(
    then: dict[str, dict[str, Decimal]],
    now: dict[str, StockItem],
    saved: set[str],
    moved: set[tuple[str, str]],
    house: StockHouse,
) -> dict[str, dict[str, Decimal]]:
    units = {item_id: dict(places) for item_id, places in then.items()}
    for item_id, places in _units(house, list(now)).items():
        is_asked_for = item_id in saved and item_id not in then and not now[item_id].is_inactive
        seen = {place: count for place, count in places.items() if is_asked_for or (item_id, place) in moved}
        units.setdefault(item_id, {}).update(seen)
    return {item_id: places for item_id, places in units.items() if places}


def _units(house: StockHouse, item_ids: Sequence[str]) -> dict[str, dict[str, Decimal]]:
    units: dict[str, dict[str, Decimal]] = {}
    for shelf in house.house.ledger.shelves_of(item_ids, PLACES):
        units.setdefault(shelf.item_id, {})[shelf.location_id] = shelf.units
    return units
