"""A run may be cut off anywhere, and run again: in the end every offer shows what it should, and never more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.fakes.stockroom import ONE, TWO, StockHouse, a_stock_house
from tieout.domain.errors import OutcomeUnknown, SystemDown, Throttled
from tieout.domain.stock.offer import Import
from tieout.flows.stock.push import push_stock
from tieout.flows.stock.store import Stockroom

ITEMS = ("MUG", "BOWL", "JUG")


class CutOff(BaseException):
    """The function was stopped."""


class Fragile:
    """Passes calls on to a port, and stops everything after so many of them, over all ports that share the count."""

    def __init__(self, port: Any, called: Callable[[], None]) -> None:
        self._port = port
        self._called = called

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def call(*args: Any, **named: Any) -> Any:
            answer = found(*args, **named)
            self._called()
            return answer

        return call


def watched(house: StockHouse, called: Callable[[], None]) -> Stockroom:
    """What a run is given, every call of which is told."""
    at = house.room.at
    fragile = structs.replace(
        at,
        marketplace=lambda name: Fragile(at.marketplace(name), called),
        ledger=Fragile(at.ledger, called),
        postings=Fragile(at.postings, called),
        watermarks=Fragile(at.watermarks, called),
    )
    return structs.replace(house.room, at=fragile, book=Fragile(house.book, called))


def cut_after(house: StockHouse, calls: int) -> Stockroom:
    """The same house, where the next run is stopped right after so many calls to the world."""
    left = count(calls, -1)

    def called() -> None:
        if next(left) == 1:
            raise CutOff

    return watched(house, called)


def shown(house: StockHouse, itemid: str) -> int:
    return house.shows()[itemid] + house.shows(TWO)[itemid]


def a_busy_house() -> StockHouse:
    """Stock came and went, something was sold at both places, and a row will be refused."""
    house = a_stock_house(shops=2)
    house.settle()
    house.restock("MUG", 9)
    house.restock("BOWL", 0)
    house.buy("JUG", 7)
    house.buy("JUG", 3, TWO)
    house.house.market.rejects["BOWL"] = "locked"
    return house


def calls_of_a_run(task: str) -> int:
    house, calls = a_busy_house(), Counter[str]()
    house.house.clock.advance(minutes=5)

    def called() -> None:
        calls["all"] += 1

    push_stock(task, watched(house, called))
    return calls["all"]


@pytest.mark.parametrize("task", ["push", "full"])
def test_cut_off_after_any_call_and_run_again_it_ends_the_same(task: str) -> None:
    total = calls_of_a_run(task)
    assert total >= 30
    for calls in range(1, total + 1):
        house = a_busy_house()
        house.house.clock.advance(minutes=5)
        with pytest.raises(CutOff):
            push_stock(task, cut_after(house, calls))
        house.house.clock.advance(minutes=6)  # leases of the one that was stopped are over
        for _ in range(12):
            house.push()
            assert shown(house, "JUG") <= 90, f"cut off after {calls} of {total} calls"
            assert shown(house, "MUG") <= 100
        assert shown(house, "MUG") == 9, f"cut off after {calls} of {total} calls"
        assert shown(house, "JUG") == 90, f"cut off after {calls} of {total} calls"
        assert house.shows(TWO)["BOWL"] == 0
        assert {posting.key.thread for posting in house.parked()} == {"BOWL"}


# --- a market day ----------------------------------------------------------------------------------------------------

EVENTS = st.one_of(
    st.tuples(st.just("buy"), st.sampled_from(ITEMS), st.sampled_from([ONE, TWO]), st.integers(1, 6)),
    st.tuples(st.just("book"), st.just(""), st.just(""), st.just(0)),
    st.tuples(st.just("cancel"), st.just(""), st.just(""), st.just(0)),
    st.tuples(st.just("restock"), st.sampled_from(ITEMS), st.just(""), st.integers(1, 12)),
    st.tuples(st.just("push"), st.just("push"), st.just(""), st.just(0)),
    st.tuples(st.just("push"), st.just("full"), st.just(""), st.just(0)),
    st.tuples(st.just("crash"), st.sampled_from(["push", "full"]), st.just(""), st.integers(1, 60)),
    st.tuples(
        st.just("fault"), st.sampled_from(["mirakl", "netsuite", "file", "unknown", "slow"]), st.just(""), st.just(0)
    ),
)


class Day:
    """Buyers, a warehouse, and a weather of faults around one pool of three items, two units of each to begin with."""

    def __init__(self, *, lands_at_once: bool) -> None:
        self.house = a_stock_house(shops=2)
        self.open: list[tuple[str, str, str, int]] = []
        """Orders that NetSuite does not hold: marketplace, order id, item, units."""
        for itemid in ITEMS:
            self.house.restock(itemid, 2)
        if lands_at_once:
            for market in self.house.house.markets.values():
                land_at_once(market)
        self.house.settle()

    def pool(self, itemid: str) -> int:
        """What may be shown: NetSuite's figure, less what it does not know of."""
        sold = sum(units for _, _, item, units in self.open if item == itemid)
        return int(self.house.house.ledger.stock[f"id-{itemid}", "1"]) - sold

    def happens(self, event: tuple[str, str, str, int]) -> None:
        kind, what, place, units = event
        house = self.house
        house.house.clock.advance(seconds=20)
        if kind == "buy" and house.shows(place)[what] >= units:
            order = house.buy(what, units, place)
            self.open.append((place, order, what, units))
        elif kind == "book" and self.open:
            self.book()
        elif kind == "restock":
            house.restock(what, int(house.house.ledger.stock[f"id-{what}", "1"]) + units)
        elif kind == "cancel" and self.open:
            place, order, _, _ = self.open.pop()
            house.house.markets[place].change(order, "CANCELED")
        elif kind == "push":
            house.push(what, after_minutes=2)
        elif kind == "crash":
            self.crash(what, units)
        elif kind == "fault":
            self.fault(what)

    def book(self) -> None:
        place, order, itemid, units = self.open[0]
        self.house.push(after_minutes=2)  # its posting is recorded by a reading
        self.house.booked(order, itemid, units, place)
        self.open.pop(0)

    def crash(self, task: str, calls: int) -> None:
        self.house.house.clock.advance(minutes=2)
        try:
            push_stock(task, cut_after(self.house, calls))
        except CutOff:
            self.house.house.clock.advance(minutes=6)

    def fault(self, what: str) -> None:
        """One run in bad weather."""
        house = self.house.house
        with pytest.MonkeyPatch.context() as patch:
            if what == "netsuite":
                patch.setattr(house.ledger, "shelves_changed", raises(SystemDown("maintenance")))
            elif what == "mirakl":
                patch.setattr(house.markets[TWO], "send_stock", raises(Throttled("429")))
                patch.setattr(house.markets[ONE], "stock_import", raises(SystemDown("503")))
            elif what == "file":
                patch.setattr(house.markets[ONE], "imports_fail", "internal error")
            elif what == "slow":
                patch.setattr(house.markets[ONE], "imports_take", 10_000)
            else:
                for market in house.markets.values():
                    patch.setattr(market, "send_stock", taken_without_an_answer(market.send_stock))
            self.house.push(after_minutes=2)

    def rests(self) -> None:
        """The weather is fine again, and everything comes to its end."""
        self.house.house.clock.advance(hours=2)
        self.house.settle()
        self.house.house.clock.advance(minutes=30)
        self.house.settle()


def raises(error: Exception) -> Callable[..., Any]:
    def call(*_: object, **__: object) -> Any:
        raise error

    return call


def taken_without_an_answer(send: Callable[[Any, str], str]) -> Callable[[Any, str], str]:
    def call(quantities: Any, shop: str) -> str:
        send(quantities, shop)
        raise OutcomeUnknown("no answer")

    return call


def land_at_once(market: Any) -> None:
    """A file counts as soon as it is taken, so that no sale comes in between."""
    send, look = market.send_stock, market.stock_import

    def taken(quantities: Any, shop: str) -> str:
        import_id: str = send(quantities, shop)
        look(import_id)
        return import_id

    def followed(import_id: str) -> Import:
        told: Import = look(import_id)
        return told

    market.send_stock, market.stock_import = taken, followed


QUIET = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUIET
@given(st.lists(EVENTS, max_size=25))
def test_never_more_is_shown_than_there_is(events: list[tuple[str, str, str, int]]) -> None:
    """As long as no sale falls between a reading and its file's landing, which is what buffers are for."""
    day = Day(lands_at_once=True)
    for event in events:
        day.happens(event)
        for itemid in ITEMS:
            assert shown(day.house, itemid) <= day.pool(itemid), f"{event} of {events}"


@QUIET
@given(st.lists(EVENTS, max_size=25))
def test_at_rest_every_offer_shows_what_it_should(events: list[tuple[str, str, str, int]]) -> None:
    day = Day(lands_at_once=False)
    for event in events:
        day.happens(event)
    day.rests()
    for itemid in ITEMS:
        assert shown(day.house, itemid) == max(0, day.pool(itemid)), itemid


@QUIET
@given(st.lists(EVENTS, max_size=15))
def test_reading_everything_anew_changes_nothing_at_rest(events: list[tuple[str, str, str, int]]) -> None:
    day = Day(lands_at_once=False)
    for event in events:
        day.happens(event)
    day.rests()
    before = [len(market.stock_files) for market in day.house.house.markets.values()]
    day.house.push("full")
    day.house.settle()
    assert [len(market.stock_files) for market in day.house.house.markets.values()] == before
