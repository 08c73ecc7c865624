"""Runs that are about a minute apart, which is as often as Mirakl takes a file and lists orders."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from msgspec import structs

from tests.fakes.stockroom import ONE, TWO, StockHouse, a_stock_house
from tieout.domain.errors import Retryable, Throttled
from tieout.flows.orders.collect import collect_updates
from tieout.flows.stock.push import push_stock
from tieout.flows.stock.send import Pushed
from tieout.flows.stock.standing import load

MINUTE = 1.0


def a_house(follow_seconds: int = 45) -> StockHouse:
    """Nothing is on its way, and the last file is long gone."""
    house = a_stock_house(shops=2, follow_seconds=follow_seconds, push_minutes=1)
    house.settle()
    house.house.clock.advance(minutes=10)
    return house


def instants_of_files(house: StockHouse, marketplace: str = ONE) -> list[float]:
    """When each file of a marketplace came, in seconds."""
    market, came = house.house.markets[marketplace], []
    send = market.send_stock

    def taken(quantities: Any, shop: str = "") -> str:
        came.append(house.house.clock().timestamp())
        return send(quantities, shop)

    market.send_stock = taken  # type: ignore[method-assign]
    return came


def slowly(house: StockHouse, seconds: float) -> StockHouse:
    """Each question to NetSuite waits so long for its turn."""

    def in_turn(ask: Callable[[], Any]) -> Any:
        house.house.clock.advance(seconds=seconds)
        return ask()

    return structs.replace(house, room=structs.replace(house.room, in_turn=in_turn))


def test_a_run_waits_until_the_marketplace_takes_another_file() -> None:
    """The first run waited long for NetSuite, the second did not: their files would be less than a minute apart."""
    house = a_house()
    came = instants_of_files(house)
    house.restock("MUG", 70)
    began = house.house.clock()
    assert slowly(house, 2).push(after_minutes=MINUTE).sent == 2
    house.restock("MUG", 60)
    house.house.clock.to(began + timedelta(minutes=2))
    assert house.push(after_minutes=0).sent == 2
    first, second = came
    assert 60 <= second - first < 61


def test_shelves_are_read_just_before_the_file_may_go() -> None:
    """What NetSuite saves while a run waits for its turn at the marketplace goes with the same file."""
    house = a_house()
    house.restock("MUG", 70)
    slowly(house, 3).push(after_minutes=MINUTE)
    came, read = instants_of_files(house), []
    changed = house.house.ledger.shelves_changed

    def told(*asked: Any) -> Any:
        read.append(house.house.clock().timestamp())
        return changed(*asked)

    house.house.ledger.shelves_changed = told  # type: ignore[method-assign,assignment]
    house.restock("MUG", 60)
    house.push(after_minutes=0.4)
    assert len(came) == 1
    assert came[0] - read[0] <= 6


def test_where_runs_wait_for_nothing_the_rows_go_with_the_next_run() -> None:
    house = a_house(follow_seconds=0)
    came = instants_of_files(house)
    house.restock("MUG", 70)
    assert house.push(after_minutes=MINUTE).sent == 2
    house.restock("MUG", 60)
    assert house.push(after_minutes=0.5) == Pushed(waiting=2)
    assert house.push(after_minutes=0.6).sent == 2
    assert len(came) == 2
    house.push(after_minutes=MINUTE)
    assert house.shows() == {"MUG": 30, "BOWL": 50, "JUG": 50}


def test_a_run_is_over_before_the_next_one_is_due() -> None:
    house = a_house()
    for market in house.house.markets.values():
        market.imports_take = 10
    house.restock("MUG", 70)
    house.house.clock.advance(minutes=1)
    began = house.house.clock()
    push_stock("push", house.room)
    assert (house.house.clock() - began).total_seconds() <= 45
    assert set(load(house.book).flights) == {ONE, TWO}


def test_the_poll_does_not_ask_for_orders_that_the_push_has_just_read() -> None:
    house = a_house()
    house.push(after_minutes=MINUTE)
    market = house.house.markets[ONE]
    listed = market.calls["OR11"]
    house.house.clock.advance(seconds=1)
    assert collect_updates(ONE, house.room.at).seen == 0
    assert market.calls["OR11"] == listed
    house.house.clock.advance(minutes=1)
    collect_updates(ONE, house.room.at)
    assert market.calls["OR11"] == listed + 1


def test_the_poll_does_not_ask_for_orders_while_the_push_reads_them() -> None:
    """Both at once, Mirakl would refuse the second one (429)."""
    house = a_house()
    house.house.clock.advance(minutes=5)
    market, seen = house.house.markets[ONE], list[int]()
    listing = market.orders_updated

    def meanwhile(start: Any, end: Any) -> Any:
        if not seen:
            seen.append(market.calls["OR11"])
            collect_updates(ONE, house.room.at)
            seen.append(market.calls["OR11"])
        return listing(start, end)

    market.orders_updated = meanwhile  # type: ignore[method-assign]
    push_stock("push", house.room)
    before, after = seen
    assert before == after


@pytest.mark.parametrize("push_minutes", [1, 5])
def test_where_each_push_dies_while_it_reads_orders_the_poll_reads_them_all_the_same(push_minutes: int) -> None:
    """Both schedules fire at the same minute: the poll would leave orders to a reading that never ends, for ever."""
    house = a_stock_house(follow_seconds=0, push_minutes=push_minutes)
    house.settle()
    market = house.house.market
    order = house.buy("MUG", 1)
    listing = market.orders_updated
    for _ in range(3):
        market.orders_updated = dies  # type: ignore[assignment]
        with suppress(MemoryError):
            house.push(after_minutes=push_minutes)
        market.orders_updated = listing  # type: ignore[method-assign]
        house.house.clock.advance(seconds=10)
        collect_updates(ONE, house.room.at)
    assert house.house.postings.seen_versions(ONE, [order])


def test_push_and_poll_do_not_keep_each_other_from_orders_where_refused_calls_count() -> None:
    """Another reading had the minute twice; from then on each call is refused that is not a minute after any other."""
    house = a_stock_house(follow_seconds=0, push_minutes=1)
    house.settle()
    market, clock = house.house.market, house.house.clock
    listing, called, listed = market.orders_updated, [clock()], list[bool]()

    def counted(start: Any, end: Any) -> Any:
        listed.append(clock() - called[-1] >= timedelta(minutes=1))
        called.append(clock())
        if not listed[-1]:
            raise Throttled("429")
        return listing(start, end)

    market.orders_updated = counted  # type: ignore[method-assign]
    for minute in range(12):
        clock.advance(seconds=30)
        if minute < 4:
            called.append(clock())
        house.push(after_minutes=0.1)
        clock.advance(seconds=24)
        with suppress(Throttled):
            collect_updates(ONE, house.room.at)
    assert not any(listed[:3])
    assert any(listed)


def dies(*_: object) -> Any:
    raise MemoryError


def test_a_sale_between_two_runs_a_minute_apart_is_heard_of_by_the_second() -> None:
    house = a_house()
    house.push(after_minutes=MINUTE)
    house.buy("MUG", 10)
    house.push(after_minutes=59 / 60 - 1 / 60)
    house.push(after_minutes=MINUTE)
    house.push(after_minutes=MINUTE)
    assert house.shows()["MUG"] + house.shows(TWO)["MUG"] == 90


def test_locations_are_asked_for_once_a_night() -> None:
    house = a_house()
    asked = []
    references = house.house.ledger.references
    house.house.ledger.references = lambda: asked.append(1) or references()  # type: ignore[method-assign,func-returns-value]
    house.push()
    assert not asked
    house.push("full", after_minutes=24 * 60)
    assert asked


def a_shift(push_minutes: int, follow_seconds: int = 45) -> StockHouse:
    """One marketplace sold six of a hundred mugs: it should show 47 again as soon as the other shows 47."""
    house = a_stock_house(shops=2, follow_seconds=follow_seconds, push_minutes=push_minutes)
    house.settle()
    house.house.clock.advance(minutes=10)
    house.buy("MUG", 6)
    house.push(after_minutes=push_minutes)
    return house


def test_a_raise_that_waits_for_a_lowering_of_the_same_run_follows_within_it() -> None:
    house = a_shift(push_minutes=5)
    assert (house.shows()["MUG"], house.shows(TWO)["MUG"]) == (47, 47)


def test_where_the_next_run_is_soon_the_raise_is_left_to_it() -> None:
    house = a_shift(push_minutes=1)
    assert (house.shows()["MUG"], house.shows(TWO)["MUG"]) == (44, 47)
    house.push(after_minutes=MINUTE)
    house.push(after_minutes=MINUTE)
    assert (house.shows()["MUG"], house.shows(TWO)["MUG"]) == (47, 47)


def test_a_run_that_waits_for_no_file_sends_no_second_one() -> None:
    house = a_shift(push_minutes=5, follow_seconds=0)
    assert load(house.book).raise_waits
    assert house.house.markets[ONE].stock_files[-1] != [("MUG", 47)]


def test_a_run_with_nothing_to_raise_ends_when_its_files_have_landed() -> None:
    house = a_stock_house(shops=2, follow_seconds=45, push_minutes=5)
    house.settle()
    house.restock("MUG", 70)
    house.house.clock.advance(minutes=5)
    began = house.house.clock()
    push_stock("push", house.room)
    assert (house.house.clock() - began).total_seconds() < 60
    assert not load(house.book).raise_waits


def counted(house: StockHouse, *methods: str) -> dict[str, list[float]]:
    """When NetSuite was asked what, in seconds."""
    ledger, asked = house.house.ledger, {method: list[float]() for method in methods}

    def counting(method: str) -> Callable[..., Any]:
        ask = getattr(ledger, method)

        def told(*arguments: Any) -> Any:
            asked[method].append(house.house.clock().timestamp())
            return ask(*arguments)

        return told

    for method in methods:
        setattr(ledger, method, counting(method))
    return asked


def test_shelves_are_asked_for_every_minute_and_items_every_five() -> None:
    """What an item is changes seldom, and each question may have to wait for its turn."""
    house = a_house()
    house.push(after_minutes=MINUTE)
    asked = counted(house, "shelves_changed", "stock_items", "items_deleted", "now")
    began = house.house.clock()
    for minute in range(1, 11):
        house.house.clock.to(began + timedelta(minutes=minute))
        push_stock("push", house.room)
    assert {method: len(times) for method, times in asked.items()} == {
        "shelves_changed": 10,
        "stock_items": 2,
        "items_deleted": 2,
        "now": 2,
    }


def test_an_item_that_becomes_inactive_shows_nothing_five_minutes_later() -> None:
    house = a_house()
    house.push(after_minutes=MINUTE)
    house.house.ledger.inactivate("id-MUG")
    for _ in range(6):
        house.push(after_minutes=MINUTE)
    assert house.shows()["MUG"] == house.shows(TWO)["MUG"] == 0


def test_the_five_minutes_go_by_mirakls_clock() -> None:
    """Between twins, time passes there that does not pass here; a clock of theirs that goes back stops nothing."""
    house = a_house()
    house.push(after_minutes=MINUTE)
    asked = counted(house, "stock_items")
    for seconds, so_far in ((240, 0), (240, 1), (240, 1), (-3600, 2), (240, 2), (240, 3)):
        for market in house.house.markets.values():
            market._skew += timedelta(seconds=seconds)
        house.push(after_minutes=0.05)
        assert len(asked["stock_items"]) == so_far


def test_a_change_of_an_item_is_not_lost_where_the_shelves_could_not_be_read() -> None:
    house = a_house()
    house.house.ledger.inactivate("id-MUG")
    read = house.house.ledger.shelves_changed

    def away(*asked: Any) -> Any:
        raise Retryable("no turn")

    house.house.ledger.shelves_changed = away  # type: ignore[method-assign,assignment]
    house.push(after_minutes=5)
    house.house.ledger.shelves_changed = read  # type: ignore[method-assign]
    for _ in range(3):
        house.push(after_minutes=MINUTE)
    assert house.shows()["MUG"] == house.shows(TWO)["MUG"] == 0


def test_the_files_of_both_marketplaces_are_of_what_was_read_just_before() -> None:
    """Only one was told something in the last minute: the other might go at once, but then the first one's were old."""
    house = a_house()
    house.buy("BOWL", 2)  # off the first one's offer by itself; a file lowers the other
    house.push(after_minutes=MINUTE)
    for _ in range(2):
        house.house.clock.advance(minutes=0.25)
    asked = counted(house, "shelves_changed")
    came = {name: instants_of_files(house, name) for name in (ONE, TWO)}
    house.restock("MUG", 60)
    push_stock("push", house.room)
    ((one,), (two,)) = came.values()
    assert max(one, two) - asked["shelves_changed"][0] <= 6


def test_orders_are_read_just_before_the_file_may_go() -> None:
    """What is sold while a run waits for its turn at the marketplace is taken off in the same file."""
    house = a_house()
    house.restock("MUG", 70)
    house.push(after_minutes=MINUTE)
    house.house.clock.advance(seconds=10)
    sold: list[str] = []
    pause = house.room.pause

    def waiting(seconds: float) -> None:
        if not sold:
            sold.append(house.buy("MUG", 10))
        pause(seconds)

    room = structs.replace(house.room, pause=waiting)
    house.restock("MUG", 60)
    push_stock("push", room)
    assert sold
    assert house.house.markets[TWO].stock_files[-1] == [("MUG", 25)]


@pytest.mark.parametrize(("seconds", "shortest", "longest"), [(0, 0, 2), (9, 9, 11)])
def test_a_run_learns_how_long_reading_takes(seconds: float, shortest: float, longest: float) -> None:
    """Where NetSuite answers at once, shelves are read shortly before the file goes; where it does not, in time."""
    house = a_house()
    came, slow = instants_of_files(house), slowly(house, seconds)
    asked = counted(house, "shelves_changed")
    began = house.house.clock()
    house.restock("MUG", 90)
    slowly(house, 4).push(after_minutes=0)  # since then files go so long after the minute
    for minute in range(1, 60):
        house.house.clock.to(began + timedelta(minutes=minute))
        house.restock("MUG", 100 + 2 * minute)
        slow.push(after_minutes=0)
    assert all(file - before < 62 for before, file in pairwise(came[-20:]))
    assert shortest <= load(house.book).lead_ms / 1000 <= longest
    assert came[-1] - asked["shelves_changed"][-1] <= longest


def test_the_item_of_a_sku_is_asked_for_once() -> None:
    house = a_house()
    house.buy("MUG", 1)
    house.push(after_minutes=MINUTE)
    asked = counted(house, "items")
    for number in range(3):
        house.house.clock.advance(hours=1)  # the first order is long forgotten
        house.buy("MUG", 1, order_id=f"later-{number}")
        house.push(after_minutes=MINUTE)
    assert not asked["items"]
    house.push("full", after_minutes=24 * 60)
    house.buy("MUG", 1, order_id="the next day")
    house.push(after_minutes=MINUTE)
    assert len(asked["items"]) == 1
