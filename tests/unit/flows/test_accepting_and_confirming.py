"""Waiting orders are answered within the stock, Mirakl learns our numbers, and lost doorbells are rung again."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any, cast

import pytest
from msgspec.structs import replace

from tests.fakes import House, a_house, a_line, an_order, fetched
from tests.fakes.orders import waiting
from tests.simulation.faults import Crash, Fault, StrikeAt
from tests.simulation.fibers import Fibers
from tests.simulation.unreliable import Unreliable, Weather
from tieout.domain.errors import Reason
from tieout.domain.orders.order import Order
from tieout.domain.postings import Key, Kind, Lane, Posting, State
from tieout.flows.exceptions import FULL, report_health, ring_due
from tieout.flows.orders import accept, collect, confirm, post


def key(order_id: str, kind: Kind = Kind.ACCEPTANCE) -> Key:
    return Key("brightside", order_id, kind, order_id)


def posting_of(house: House, order_id: str, kind: Kind = Kind.ACCEPTANCE) -> Posting:
    posting = house.postings.posting(key(order_id, kind))
    assert posting is not None
    return posting


def see(house: House) -> None:
    """A poll."""
    collect.record("brightside", [fetched(order) for order in house.market.orders.values()], house.at)


def a_waiting_house(*quantities: int, mugs: int = 100, **changes: Any) -> House:
    """Orders A-1, A-2 and so on, each for this many mugs, in a shop with so many."""
    house = a_house(**changes)
    house.ledger.stock["id-MUG", "1"] = house.ledger.stock["id-MUG", "1"] * 0 + mugs
    for number, quantity in enumerate(quantities, start=1):
        house.clock.advance(seconds=1)
        house.market.put(waiting(an_order(f"A-{number}", [a_line("MUG", quantity=quantity)])))
    see(house)
    return house


def troubled(house: House, plan: dict[tuple[str, int], Fault]) -> House:
    """The same house, with Mirakl failing as planned."""
    weather = Weather(StrikeAt(plan), Random(0), Fibers(house.clock))
    market = cast("Any", Unreliable("market", house.market, weather))
    return replace(house, at=replace(house.at, marketplace=lambda _: market))


def next_run(house: House, minutes: float = 6) -> int:
    house.clock.advance(minutes=minutes)
    return accept.accept_due(house.at)


def accepted(house: House) -> list[str]:
    return [order_id for order_id, yes in house.market.decisions if yes]


# --- acceptance ------------------------------------------------------------------------------------------------------


def test_an_order_is_accepted_with_all_its_lines_and_its_units_are_promised() -> None:
    house = a_waiting_house(2)
    assert accept.accept_due(house.at) == 1
    assert house.market.orders["A-1"].state == "WAITING_DEBIT"
    posting = posting_of(house, "A-1")
    assert (posting.state, posting.facts) == (State.POSTED, {"decision": "accepted", "takes": "id-MUG:2"})


def test_the_first_to_come_is_the_first_to_be_served() -> None:
    house = a_waiting_house(3, 3, 2, mugs=5)
    accept.accept_due(house.at)
    assert accepted(house) == ["A-1", "A-3"]
    assert (posting_of(house, "A-2").state, posting_of(house, "A-2").reason) == (State.PARKED, Reason.SHORT_STOCK)


def test_a_later_run_does_not_sell_what_an_earlier_one_promised() -> None:
    house = a_waiting_house(3, mugs=5)
    accept.accept_due(house.at)
    house.market.put(waiting(an_order("B-1", [a_line("MUG", quantity=3)])))
    see(house)
    next_run(house)
    assert accepted(house) == ["A-1"]


def test_a_promise_ends_when_netsuite_holds_the_sale() -> None:
    house = a_waiting_house(3, mugs=5)
    accept.accept_due(house.at)
    house.market.change("A-1", "SHIPPING")
    see(house)
    post.post_sales_orders([key("A-1", Kind.SALES_ORDER)], house.at, house.clock.now + timedelta(minutes=5))
    next_run(house, minutes=16)
    assert (posting_of(house, "A-1").state, posting_of(house, "A-1").facts["promise"]) == (State.CONFIRMED, "kept")


def test_a_promise_that_waits_for_the_debit_for_a_day_is_in_no_doubt() -> None:
    """Mirakl has its acceptance: nothing is sent again, whatever a bank transfer takes."""
    house = a_waiting_house(3)
    for _ in range(96):
        next_run(house, minutes=16)
    assert posting_of(house, "A-1").state is State.POSTED
    assert "DoubtHours" not in {name for name, *_ in house.meter.gauges}


def test_a_promise_ends_when_the_sale_falls_through() -> None:
    house = a_waiting_house(5, mugs=5)
    accept.accept_due(house.at)
    house.market.change("A-1", "CANCELED")
    house.market.put(waiting(an_order("B-1", [a_line("MUG", quantity=5)])))
    see(house)
    next_run(house, minutes=16)
    assert posting_of(house, "A-1").facts["promise"] == "ended: CANCELED"
    assert accepted(house) == ["A-1", "B-1"]


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_AFTER, Fault.CRASH])
def test_units_are_promised_even_when_nobody_heard_that_the_order_was_accepted(fault: Fault) -> None:
    """Mirakl accepted A-1, the answer was lost; until that is known, its mugs are not sold to B-1."""
    house = troubled(a_waiting_house(5, mugs=5), {("accept", 1): fault})
    try:
        accept.accept_due(house.at)
    except Crash:
        assert fault is Fault.CRASH
    house.market.put(waiting(an_order("B-1", [a_line("MUG", quantity=5)])))
    see(house)
    for _ in range(4):
        next_run(house)
    assert accepted(house) == ["A-1"]
    assert posting_of(house, "A-1").facts["takes"] == "id-MUG:5"
    assert posting_of(house, "B-1").reason == Reason.SHORT_STOCK


def test_an_order_that_a_person_accepted_meanwhile_is_not_asked_about_again() -> None:
    house = a_waiting_house(2)
    house.market.change("A-1", "WAITING_DEBIT")
    assert accept.accept_due(house.at) == 0
    assert posting_of(house, "A-1").facts["found"] == "decided already: WAITING_DEBIT"
    assert house.market.decisions == []


def test_an_order_that_was_canceled_meanwhile_takes_nothing() -> None:
    house = a_waiting_house(2)
    house.market.change("A-1", "CANCELED")
    accept.accept_due(house.at)
    assert posting_of(house, "A-1").state is State.CONFIRMED


def test_by_policy_an_order_that_cannot_be_served_is_refused() -> None:
    house = a_waiting_house(
        5, mugs=1, marketplaces__brightside__orders__acceptance={"mode": "auto", "short_stock": "refuse"}
    )
    accept.accept_due(house.at)
    assert house.market.orders["A-1"].state == "REFUSED"
    assert posting_of(house, "A-1").facts["short"] == "MUG: 5 wanted, 1 available"


def test_while_netsuite_is_down_nothing_is_decided_and_everything_waits() -> None:
    house = a_waiting_house(2)
    house.switches.failed("netsuite", house.clock(), at_once=True)
    assert accept.accept_due(house.at) == 0
    assert posting_of(house, "A-1").state is State.DUE


# --- confirmation ----------------------------------------------------------------------------------------------------


def a_posted_house(orders: int = 1) -> House:
    house = a_house()
    for number in range(orders):
        house.market.put(an_order(f"A-{number}"))
    see(house)
    for start in range(0, orders, 10):
        keys = [key(f"A-{number}", Kind.SALES_ORDER) for number in range(start, min(start + 10, orders))]
        post.post_sales_orders(keys, house.at, house.clock.now + timedelta(minutes=5))
    return house


def test_mirakl_learns_the_number_of_the_sales_order() -> None:
    house = a_posted_house()
    assert confirm.confirm_orders(house.at) == 1
    assert house.market.references == {"A-0": "SO1000"}
    assert posting_of(house, "A-0", Kind.SELLER_REFERENCE).state is State.CONFIRMED


def test_a_hundred_orders_are_one_call_and_the_rest_waits_for_the_next_run() -> None:
    """Mirakl takes a hundred a call, once a minute."""
    house = a_posted_house(120)
    assert confirm.confirm_orders(house.at) == 100
    assert confirm.confirm_orders(house.at) == 20
    assert house.market.calls["OR04"] == 2


def test_a_reference_that_mirakl_refuses_parks_with_its_words_and_the_others_are_written() -> None:
    house = a_posted_house(3)
    house.market.refuses["A-1"] = "order is archived"
    assert confirm.confirm_orders(house.at) == 2
    refused = posting_of(house, "A-1", Kind.SELLER_REFERENCE)
    assert (refused.state, refused.reason) == (State.PARKED, Reason.REFUSED_BY_MIRAKL)
    assert refused.facts["mirakl"] == "order is archived"


def test_a_lost_answer_is_written_again_and_changes_nothing() -> None:
    house = troubled(a_posted_house(), {("set_seller_references", 1): Fault.TIMEOUT_AFTER})
    assert confirm.confirm_orders(house.at) == 0
    house.clock.advance(minutes=6)
    assert confirm.confirm_orders(house.at) == 1
    assert house.market.references == {"A-0": "SO1000"}


# --- the sweeper, and health -----------------------------------------------------------------------------------------


def recorded(house: House, *orders: Order) -> House:
    collect.record("brightside", [fetched(order) for order in orders], house.at)
    return house


def test_a_lost_doorbell_is_rung_again_within_a_minute() -> None:
    house = recorded(a_house(), an_order("A-1"))
    house.doorbells.messages[Lane.ORDERS_TO_POST].clear()
    house.clock.advance(minutes=1)
    assert ring_due(house.at) == 1
    assert [each.key for each in house.doorbells.receive(Lane.ORDERS_TO_POST)] == [key("A-1", Kind.SALES_ORDER)]
    assert house.meter.gauges["OldestDueSeconds", "orders-to-post"] == 60


def test_what_waits_for_a_person_or_for_its_schedule_is_not_rung() -> None:
    house = recorded(a_house(), waiting(an_order("A-1")), an_order("A-2", ship_to=None))
    post.post_sales_orders([key("A-2", Kind.SALES_ORDER)], house.at, house.clock.now + timedelta(minutes=5))
    house.clock.advance(minutes=1)
    assert ring_due(house.at) == 0


def test_a_paused_flow_is_not_rung() -> None:
    house = recorded(a_house(), an_order("A-1"))
    house.switches.paused_flows.add("all")
    house.clock.advance(minutes=1)
    assert ring_due(house.at) == 0


def test_a_queue_that_is_full_of_doorbells_gets_no_more() -> None:
    house = recorded(a_house(), an_order("A-1"))
    house.doorbells.ring([key("A-1", Kind.SALES_ORDER)] * FULL)
    house.clock.advance(minutes=1)
    assert ring_due(house.at) == 0


def test_an_alarm_knows_how_long_people_have_left_something_parked() -> None:
    house = recorded(a_house(), an_order("A-1", ship_to=None))
    post.post_sales_orders([key("A-1", Kind.SALES_ORDER)], house.at, house.clock.now + timedelta(minutes=5))
    house.clock.advance(hours=30)
    report_health(house.at, 12)
    assert house.meter.gauges["OldestParkedHours",] == 30
    assert house.meter.gauges["CertificateDaysLeft",] == 12


def without_the_marketplace(house: House) -> House:
    """The same house after its one marketplace was taken out of the settings, and another put in."""
    (settings,) = house.at.config.marketplaces.values()
    left = house.at.config.model_copy(update={"marketplaces": {"newcomer": settings}})

    def connect(name: str) -> Any:
        return {"newcomer": house.market}[name]

    return replace(house, at=replace(house.at, config=left, marketplace=connect))


def test_what_is_left_of_a_marketplace_that_left_the_settings_waits_for_a_person() -> None:
    """It must not stop the runs that all marketplaces share."""
    house = without_the_marketplace(a_waiting_house(1))
    assert accept.accept_due(house.at) == 0
    assert "brightside" in posting_of(house, "A-1").facts["marketplace"]
    house = without_the_marketplace(a_posted_house())
    assert confirm.confirm_orders(house.at) == 0
    told = [posting for posting in house.postings.all.values() if posting.key.kind is Kind.SELLER_REFERENCE]
    assert {posting.state for posting in told} == {State.PARKED}


def test_an_order_perhaps_accepted_before_its_marketplace_left_waits_for_a_person_too() -> None:
    house = troubled(a_waiting_house(1), {("accept", 1): Fault.TIMEOUT_BEFORE})
    accept.accept_due(house.at)
    house = without_the_marketplace(house)
    assert next_run(house) == 0
    assert posting_of(house, "A-1").state is State.PARKED
