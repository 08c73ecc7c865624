"""All of NetSuite is read over as many runs as it takes; meanwhile pushes go on, and nothing that changed is undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes import an_item
from tests.fakes.stockroom import ONE, StockHouse, a_stock_house
from tieout.domain.errors import SystemDown
from tieout.domain.money import ZERO
from tieout.domain.orders.matching import Item
from tieout.domain.postings import Key, Kind
from tieout.flows.orders.collect import collect_updates
from tieout.flows.stock import night
from tieout.flows.stock.standing import load

NO_BRAKES = {"from_offers": 1_000_000}
ITEMS = 250
"""Three pages of items, and three of shelves."""


def a_large_shop(*, items: int = ITEMS, **stock: Any) -> StockHouse:
    """Each item has ten units, and its offer shows them."""
    house = a_stock_house(brakes=NO_BRAKES, **stock)
    ledger, market = house.house.ledger, house.house.market
    ledger.items_table.clear()
    market.offers.clear()
    for number in range(1, items + 1):
        ledger.save_item(an_item(f"P{number}", str(number)))
        ledger.set_stock(str(number), "1", 10)
        market.put_offer(f"P{number}", 0, price=None)
    house.settle()
    assert set(house.shows().values()) == {10}
    house.house.clock.advance(minutes=60 * 24)
    return house


def slow(house: StockHouse, monkeypatch: pytest.MonkeyPatch, *, seconds: float = 70) -> None:
    """From now on a page of everything takes so long, and no page is a short one, which is read with the one before."""
    ledger = house.house.ledger
    monkeypatch.setattr("tieout.flows.stock.items.SHORT", 0)

    def slowly(listing: Any) -> Any:
        def pages(*asked: Any) -> Iterator[Any]:
            for page in listing(*asked):
                if asked[0] is None or isinstance(asked[0], list):  # all items, all shelves
                    house.house.clock.advance(seconds=seconds)
                yield page

        return pages

    for name in ("stock_items", "shelves"):
        monkeypatch.setattr(ledger, name, slowly(getattr(ledger, name)))


def read_whole_night(house: StockHouse) -> int:
    """Answers over how many runs."""
    house.push("full")
    runs = 1
    while load(house.book).wants_full:
        assert runs < 30, "it never ends"
        house.push()
        runs += 1
    return runs


def test_what_takes_longer_than_a_run_is_read_on_by_the_next_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    house = a_large_shop()
    slow(house, monkeypatch)
    asked = house.house.ledger.calls.copy()
    assert read_whole_night(house) == 4
    standing = load(house.book)
    assert (standing.night, standing.wants_full, standing.offers) == (None, False, {ONE: ITEMS})
    # Once where a run begins it, and once where another goes on with it.
    assert house.house.ledger.calls["shelves"] - asked["shelves"] <= 3
    assert set(house.shows().values()) == {10}


def test_meanwhile_what_changed_is_pushed(monkeypatch: pytest.MonkeyPatch) -> None:
    house = a_large_shop()
    slow(house, monkeypatch)
    house.push("full")
    house.house.ledger.set_stock("7", "1", 3)
    house.push()
    house.push()
    assert load(house.book).wants_full
    assert house.shows()["P7"] == 3


def test_what_was_read_before_it_changed_undoes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shelves of the first page were kept; then one is sold empty, and its item is older than what the push knows."""
    house = a_large_shop()
    slow(house, monkeypatch)
    ledger = house.house.ledger
    house.push("full")
    while not (standing := load(house.book)).night or len(standing.night.kept) < 1:
        house.push()
    while not (standing := load(house.book)).night or not standing.night.blocks:
        house.push()
    ledger.set_stock("1", "1", 0)  # its shelf was kept with ten
    ledger.inactivate("2")
    ledger.delete_item("3")
    ledger.save_item(an_item("P-NEW", "9001"))
    ledger.set_stock("9001", "1", 4)
    files = len(house.house.market.stock_files)
    read_whole_night(house)
    house.settle()
    assert [row for file in house.house.market.stock_files[files:] for row in file if row[1] > 0] == []
    shown = house.shows()
    assert (shown["P1"], shown["P2"], shown["P3"], shown["P4"]) == (0, 0, 0, 10)


def test_an_item_that_is_active_again_after_its_page_was_read_shows_its_shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    house = a_large_shop()
    ledger = house.house.ledger
    ledger.inactivate("5")
    house.settle()
    assert house.shows()["P5"] == 0
    house.house.clock.advance(minutes=60 * 24)
    slow(house, monkeypatch)
    house.push("full")
    while not (standing := load(house.book)).night or len(standing.night.kept) < 1 or not standing.night.blocks:
        house.push()
    ledger.save_item(an_item("P5", "5"))
    read_whole_night(house)
    house.settle()
    assert house.shows()["P5"] == 10


def test_of_an_item_that_is_active_again_the_shelf_that_did_not_change_counts_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = a_large_shop(locations=("Main warehouse", "Shop"))
    ledger = house.house.ledger
    ledger.set_stock("5", "2", 7)
    ledger.inactivate("5")
    house.settle()
    house.house.clock.advance(minutes=60 * 24)
    slow(house, monkeypatch)
    house.push("full")
    while not (standing := load(house.book)).night or len(standing.night.kept) < 1 or not standing.night.blocks:
        house.push()
    ledger.save_item(an_item("P5", "5"))
    ledger.set_stock("5", "1", 4)
    read_whole_night(house)
    house.settle()
    assert house.shows()["P5"] == 4 + 7


def test_a_run_that_is_cut_off_loses_a_block_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    house = a_large_shop()
    monkeypatch.setattr(night, "A_BLOCK", 100)
    monkeypatch.setattr("tieout.flows.stock.items.SHORT", 0)
    ledger, after = house.house.ledger, list[str]()
    stock_items = ledger.stock_items

    def fails_behind_the_second_page(*asked: Any) -> Iterator[Any]:
        if asked[0] is not None:
            yield from stock_items(*asked)
            return
        after.append(asked[2])
        for page in stock_items(*asked):
            if asked[2] == "100" and after.count("100") == 1:
                raise SystemDown("maintenance")
            yield page

    monkeypatch.setattr(ledger, "stock_items", fails_behind_the_second_page)
    house.push("full")
    assert load(house.book).wants_full
    house.house.clock.advance(minutes=10)
    read_whole_night(house)
    assert after == ["0", "100", "100", "200"]
    house.settle()
    assert set(house.shows().values()) == {10}


def test_a_night_that_is_half_a_day_old_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    house = a_large_shop()
    slow(house, monkeypatch)
    house.push("full")
    first = load(house.book).night
    house.push(after_minutes=60 * 13)
    second = load(house.book).night
    assert first is not None
    assert second is not None
    assert second.began > first.began


Event = tuple[str, int, int]
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(("units", "off", "on", "gone", "bought", "booked", "run")),
        st.integers(1, 12),
        st.integers(0, 9),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_whatever_happens_in_the_night_the_morning_shows_what_there_is(events: list[Event]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.fakes.shelves.A_PAGE", 3)
        house = a_large_shop(items=12)
        slow(house, patch)
        house.push("full")
        sold: list[Sale] = []
        for event in events:
            _happens(event, sold, house)
        files = len(house.house.market.stock_files)
        read_whole_night(house)
        house.push()  # items are asked for every few minutes
        house.settle()
    there = {sku: _there_is(sku, sold, house) for sku in house.shows()}
    assert house.shows() == there
    too_many = [row for file in house.house.market.stock_files[files:] for row in file if row[1] > there[row[0]]]
    assert [(sku, shown) for sku, shown in too_many if sku not in _off(house)] == []


def _off(house: StockHouse) -> set[str]:
    """Items are asked for every few minutes: one that was taken off just now may be shown until then."""
    on = {item.itemid for item in house.house.ledger.items_table if not item.is_inactive}
    return set(house.shows()) - on


def _there_is(sku: str, sold: Sequence[Sale], house: StockHouse) -> int:
    units = house.house.ledger.stock.get((sku.removeprefix("P"), "1"), ZERO)
    left = int(units) - sum(sale.units for sale in sold if sale.sku == sku)
    return 0 if sku in _off(house) else max(0, left)


class Sale(NamedTuple):
    """An order that NetSuite does not hold yet."""

    order_id: str
    sku: str
    units: int


def _happens(event: Event, sold: list[Sale], house: StockHouse) -> None:
    what, number, units = event
    sku, ledger = f"P{number}", house.house.ledger
    is_there = any(item.itemid == sku for item in ledger.items_table)
    if what == "run":
        house.push()
    elif what == "bought" and house.shows()[sku] > units > 0:
        sold.append(Sale(house.buy(sku, units), sku, units))
    elif what == "booked" and sold:
        _book(sold.pop(), house)
    elif is_there:
        _changes(what, an_item(sku, str(number)), units, house)


def _changes(what: str, item: Item, units: int, house: StockHouse) -> None:
    ledger = house.house.ledger
    if what == "units":
        ledger.set_stock(item.id, "1", units)
    elif what == "off":
        ledger.inactivate(item.id)
    elif what == "on":
        ledger.save_item(item)
    elif what == "gone":
        ledger.delete_item(item.id)


def _book(sale: Sale, house: StockHouse) -> None:
    """NetSuite holds the sale, and has its units off what is available."""
    house.house.clock.advance(minutes=2)  # a poll leaves the orders to a push that reads them
    collect_updates(ONE, house.room.at)
    key = Key(ONE, sale.order_id, Kind.SALES_ORDER, sale.order_id)
    (posting,) = house.house.postings.claim([key], house.house.clock())
    house.house.postings.confirm(posting, {}, [], house.house.clock())
    place = (sale.sku.removeprefix("P"), "1")
    if place in house.house.ledger.stock:
        house.house.ledger.set_stock(*place, str(house.house.ledger.stock[place] - sale.units))


def test_where_the_nights_questions_fail_what_changed_is_pushed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that never comes keeps the night waiting, and no offer with it: what was sold out would go on selling."""
    house = a_large_shop(items=3)

    def never(*_: Any) -> Any:
        raise SystemDown("the question takes too long")

    with monkeypatch.context() as patch:
        patch.setattr(house.house.ledger, "shelves", never)
        house.push("full")
        house.house.ledger.set_stock("2", "1", 1)
        for _ in range(3):
            house.push()
        assert house.shows()["P2"] == 1
        assert load(house.book).wants_full
    read_whole_night(house)


def test_what_an_earlier_version_kept_of_a_night_is_not_taken_for_this_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """A version was installed in the middle of a night, and its records of shelves have other fields."""
    house = a_large_shop(items=3)
    slow(house, monkeypatch, seconds=130)
    house.push("full")
    standing = load(house.book)
    assert standing.night is not None
    assert sum(standing.night.kept) + standing.night.blocks > 0
    monkeypatch.setattr(night, "SHAPES", (*night.SHAPES, "a field of another version"))
    for name in [each for each in house.book.kept if each.startswith("night/")]:
        house.book.replace(name, [b'{"what": "an earlier version called an item"}\n'])
    read_whole_night(house)
    assert set(house.shows().values()) == {10}
