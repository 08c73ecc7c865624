"""Invoices out: one a fulfilment, when its revenue is due, on an open day, and all of an order's to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes import House, a_house, a_line, an_order, fetched
from tests.simulation.faults import Fault, StrikeAt
from tests.simulation.fibers import Fibers
from tests.simulation.unreliable import Unreliable, Weather
from tieout.domain.errors import Reason
from tieout.domain.money import Money
from tieout.domain.orders.order import Order
from tieout.domain.postings import Key, Kind, Posting, State
from tieout.flows.archived import left_the_settings
from tieout.flows.orders import collect
from tieout.flows.orders.work import post_due
from tieout.flows.shipments.collect import collect_fulfilments_by_id

THREE = a_line(price="10.00", tax="1.67", quantity=3, shipping="5.00", shipping_tax="0.83")
TWO = (a_line("MUG", shipping="3.00", shipping_tax="0.50"), a_line("BOWL", "20.00", "3.33"))


def a_shop(*orders: Order, plan: dict[tuple[str, int], Fault] | None = None, **changes: Any) -> House:
    """A house whose orders are sales orders already; then NetSuite may fail as planned."""
    house = a_house(**changes)
    collect.record("brightside", [fetched(order) for order in orders], house.at)
    work(house, *(Key("brightside", order.order_id, Kind.SALES_ORDER, order.order_id) for order in orders))
    if plan:
        weather = Weather(StrikeAt(plan), Random(0), Fibers(house.clock))
        ledger = cast("Any", Unreliable("ledger", house.ledger, weather))
        return replace(house, at=replace(house.at, ledger=ledger))
    return house


def work(house: House, *keys: Key) -> list[Key]:
    return post_due(keys, house.at, house.clock.now + timedelta(minutes=5))


def ship(house: House, order_id: str = "A-1", units: dict[str, int] | None = None, **details: Any) -> Key:
    """The warehouse ships, and Tieout sees it; answers the invoice's posting."""
    fulfilment = house.ledger.ship(order_id, units or {"line-MUG": 1}, **details)
    collect_fulfilments_by_id([fulfilment.id], house.at)
    return Key("brightside", order_id, Kind.INVOICE, fulfilment.id)


def posting_of(house: House, key: Key) -> Posting:
    posting = house.postings.posting(key)
    assert posting is not None
    return posting


def totals(house: House) -> list[Decimal]:
    return [record.transaction.total.amount for record in house.ledger.invoices]


def until_rest(house: House, keys: Sequence[Key], rounds: int = 12, minutes: float = 10) -> None:
    for _ in range(rounds):
        work(house, *keys)
        house.clock.advance(minutes=minutes)


def a_newer(order: Order, **changes: Any) -> Order:
    later = order.updated_at + timedelta(days=2)
    return replace(order, updated_at=later, version="2026-03-04T09:30:00.000Z", **changes)


def test_a_shipped_fulfilment_is_billed_with_its_number_and_total() -> None:
    house = a_shop(an_order())
    key = ship(house)
    assert work(house, key) == []
    posting = posting_of(house, key)
    assert (posting.state, posting.facts["total"]) == (State.CONFIRMED, "12.00 GBP")
    assert (
        posting.external_id == house.ledger.invoices[0].transaction.external_id == f"T-brightside-INV-{key.source_id}"
    )


def test_only_the_shipped_lines_are_billed_and_the_rest_with_the_next_shipment() -> None:
    house = a_shop(an_order(lines=TWO))
    work(house, ship(house, units={"line-BOWL": 1}))
    assert totals(house) == [Decimal("20.00")]
    work(house, ship(house, units={"line-MUG": 1}))
    assert totals(house) == [Decimal("20.00"), Decimal("15.00")]


def test_a_batch_of_invoices_costs_one_look_up_one_create_an_invoice_and_one_reading_back() -> None:
    house = a_shop(*(an_order(f"A-{number}") for number in range(5)))
    keys = [ship(house, f"A-{number}") for number in range(5)]
    house.ledger.calls.clear()
    work(house, *keys)
    assert house.ledger.calls == {"booked": 1, "create_invoice": 5, "find_transactions": 1}


def test_two_shipments_of_an_order_in_one_batch_are_billed_one_after_the_other() -> None:
    house = a_shop(an_order(lines=[THREE]))
    keys = [ship(house, units={"line-MUG": 1}) for _ in range(3)]
    work(house, *reversed(keys))
    assert [posting_of(house, key).state for key in keys] == [State.CONFIRMED, State.DUE, State.DUE]
    until_rest(house, keys)
    assert [posting_of(house, key).state for key in keys] == [State.CONFIRMED] * 3
    assert totals(house) == [Decimal("5.00")] * 3


def test_an_invoice_waits_while_another_one_of_its_order_has_no_answer() -> None:
    house = a_shop(an_order(lines=[THREE]), plan={("create_invoice", 1): Fault.TIMEOUT_BEFORE})
    first, second = ship(house), ship(house)
    work(house, first)
    assert posting_of(house, first).state is State.ATTEMPTED
    work(house, second)
    assert posting_of(house, second).state is State.DUE
    assert house.ledger.invoices == []
    until_rest(house, [first, second])
    assert totals(house) == [Decimal("5.00")] * 2


@pytest.mark.parametrize(
    "fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.ZOMBIE, Fault.THROTTLED, Fault.DOWN, Fault.CREDENTIALS]
)
def test_whatever_happens_to_a_create_each_shipment_is_billed_once_and_all_add_up(fault: Fault) -> None:
    order = an_order(lines=[THREE])
    house = a_shop(order, plan={("create_invoice", 2): fault})
    keys = [ship(house) for _ in range(3)]
    until_rest(house, keys)
    assert [posting_of(house, key).state for key in keys] == [State.CONFIRMED] * 3
    assert sum(totals(house)) == order.gross.amount


@pytest.mark.parametrize(
    "plan",
    [
        {
            ("create_invoice", 1): Fault.TIMEOUT_AFTER,
            ("find_transactions", 1): Fault.DOWN,
            ("find_transactions", 2): Fault.DOWN,
        },
        {("create_invoice", 1): Fault.ZOMBIE},
    ],
    ids=["nobody could look it up", "it came late"],
)
def test_an_invoice_that_used_up_its_goods_without_an_answer_is_found_and_not_called_refused(
    plan: dict[tuple[str, int], Fault],
) -> None:
    house = a_shop(an_order(lines=[THREE]), plan=plan)
    key = ship(house, units={"line-MUG": 3})
    until_rest(house, [key])
    assert posting_of(house, key).state is State.CONFIRMED
    assert totals(house) == [Decimal("15.00")]


def test_an_invoice_that_searches_do_not_show_yet_is_read_before_its_refusal_is_believed() -> None:
    plan = {("create_invoice", 1): Fault.TIMEOUT_AFTER, ("read_transaction", 1): Fault.DOWN}
    house = a_shop(an_order(lines=[THREE]), plan=plan)
    key = ship(house, units={"line-MUG": 3})
    house.clock.advance(minutes=120)
    house.ledger.lag = timedelta(hours=1)
    until_rest(house, [key], rounds=3)
    assert posting_of(house, key).state is State.CONFIRMED
    assert totals(house) == [Decimal("15.00")]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=4),
    st.dictionaries(
        st.tuples(st.sampled_from(["create_invoice", "find_transactions", "booked"]), st.integers(1, 6)),
        st.sampled_from([Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.THROTTLED, Fault.DOWN]),
        max_size=5,
    ),
    st.randoms(use_true_random=False),
)
def test_in_any_weather_the_invoices_of_an_order_add_up_to_its_gross(
    parts: list[int], plan: dict[tuple[str, int], Fault], chance: Random
) -> None:
    line = a_line(price="9.99", tax="1.67", quantity=sum(parts), shipping="4.99", shipping_tax="0.83")
    order = an_order(lines=[line])
    house = a_shop(order, plan=plan)
    keys = [ship(house, units={"line-MUG": units}) for units in parts]
    for _ in range(30):
        work(house, *chance.sample(keys, chance.randint(1, len(keys))))
        house.clock.advance(minutes=7)
    until_rest(house, keys)
    assert [posting_of(house, key).state for key in keys] == [State.CONFIRMED] * len(keys)
    assert len(house.ledger.invoices) == len(parts)
    assert sum(totals(house)) == order.gross.amount


def test_a_sales_order_that_netsuite_does_not_show_yet_is_waited_for() -> None:
    house = a_shop(an_order())
    key = ship(house)
    house.ledger.lag = timedelta(hours=1)
    work(house, key)
    assert (posting_of(house, key).state, posting_of(house, key).attempt) == (State.DUE, 0)
    house.ledger.lag = timedelta()
    until_rest(house, [key])
    assert posting_of(house, key).state is State.CONFIRMED


def test_an_invoice_of_another_total_parks_with_both_and_holds_back_the_next_one() -> None:
    house = a_shop(an_order(lines=[THREE]))
    first, second = ship(house), ship(house)
    house.ledger.adds[f"T-brightside-INV-{first.source_id}"] = Decimal("0.01")
    until_rest(house, [first, second])
    posting = posting_of(house, first)
    assert (posting.state, posting.reason) == (State.PARKED, Reason.TOTAL_MISMATCH)
    assert (posting.facts["netsuite"], posting.facts["mirakl"]) == ("5.01 GBP", "5.00 GBP")
    assert posting_of(house, second).state is State.DUE
    mended = house.ledger.invoices[0]
    total = Money(Decimal("5.00"), "GBP")
    house.ledger._by_external_id[mended.transaction.external_id.casefold()] = replace(
        mended, transaction=replace(mended.transaction, total=total)
    )
    house.postings.resubmit(first, house.clock(), "ada")
    until_rest(house, [first, second])
    assert [posting_of(house, key).state for key in (first, second)] == [State.CONFIRMED] * 2


def test_a_refused_invoice_holds_nobody_back() -> None:
    order = an_order(lines=[THREE])
    house = a_shop(order)
    first, second = ship(house), ship(house)
    house.ledger.refuses[f"T-brightside-INV-{first.source_id}"] = left_the_settings("x")
    until_rest(house, [first, second])
    assert posting_of(house, first).state is State.PARKED
    assert posting_of(house, second).state is State.CONFIRMED
    house.ledger.refuses.clear()
    house.postings.resubmit(first, house.clock(), "ada")
    until_rest(house, [first, ship(house)])
    assert sum(totals(house)) == order.gross.amount


def test_a_shipment_of_more_than_the_marketplace_order_has_parks() -> None:
    house = a_shop(an_order(lines=[THREE]))
    key = ship(house, units={"line-MUG": 3})
    left = replace(THREE, quantity=1, price=Decimal("3.33"), taxes=())
    collect.record("brightside", [fetched(a_newer(an_order(lines=[left])))], house.at)
    work(house, key)
    assert posting_of(house, key).reason == Reason.SHIPPED_TWICE


def test_the_archived_fulfilment_or_order_that_is_gone_is_told() -> None:
    house = a_shop(an_order())
    key = ship(house)
    documents = dict(house.archive.documents)
    for start, reason in (("fulfilments/", Reason.UNREADABLE_DOCUMENT), ("orders/", Reason.UNREADABLE_ORDER)):
        house.archive.documents.clear()
        house.archive.documents.update(
            {name: document for name, document in documents.items() if not name.startswith(start)}
        )
        work(house, key)
        assert posting_of(house, key).reason == reason
        house.postings.resubmit(key, house.clock(), "ada")


# --- when it is revenue ----------------------------------------------------------------------------------------------


def test_delivered_goods_are_billed_when_mirakl_says_received_on_that_day() -> None:
    order = an_order()
    house = a_shop(order, marketplaces__brightside__invoices={"trigger": "delivered"})
    key = ship(house, day=date(2026, 3, 2))
    work(house, key)
    posting = posting_of(house, key)
    assert (posting.state, posting.attempt, house.ledger.invoices) == (State.DUE, 0, [])
    received = a_newer(order, state="RECEIVED", lines=(replace(order.lines[0], state="RECEIVED"),))
    collect.record("brightside", [fetched(received)], house.at)
    house.clock.advance(minutes=15)
    work(house, key)
    assert posting_of(house, key).state is State.CONFIRMED
    assert house.ledger.invoices[0].draft.day == date(2026, 3, 4)


def test_a_line_that_was_delivered_is_billed_before_the_others_are() -> None:
    order = an_order(lines=TWO)
    house = a_shop(order, marketplaces__brightside__invoices={"trigger": "delivered"})
    keys = [ship(house, units={"line-MUG": 1}), ship(house, units={"line-BOWL": 1})]
    lines = (replace(TWO[0], state="SHIPPED"), replace(TWO[1], state="RECEIVED"))
    collect.record("brightside", [fetched(a_newer(order, state="SHIPPED", lines=lines))], house.at)
    work(house, *keys)
    assert [posting_of(house, key).state for key in keys] == [State.DUE, State.CONFIRMED]


@pytest.mark.parametrize(
    ("debited", "day"),
    [
        (datetime(2026, 3, 1, 12, tzinfo=UTC), date(2026, 3, 3)),
        (datetime(2026, 3, 4, 12, tzinfo=UTC), date(2026, 3, 4)),
        (datetime(2026, 7, 4, 23, 30, tzinfo=UTC), date(2026, 7, 5)),
    ],
)
def test_a_debit_makes_revenue_on_its_day_but_not_before_the_goods_left(debited: datetime, day: date) -> None:
    """Half past eleven at night in UTC is the next day in London's summer."""
    order = an_order()
    house = a_shop(order, marketplaces__brightside__invoices={"trigger": "debited"})
    key = ship(house, day=date(2026, 3, 3))
    work(house, key)
    assert posting_of(house, key).state is State.DUE
    collect.record("brightside", [fetched(a_newer(order, debited_at=debited))], house.at)
    house.clock.advance(minutes=15)
    work(house, key)
    assert house.ledger.invoices[0].draft.day == day


def test_what_waits_long_is_looked_at_ever_more_seldom_and_never_counts_as_overdue() -> None:
    house = a_shop(an_order(), marketplaces__brightside__invoices={"trigger": "delivered"})
    key = ship(house)
    looks = 0
    for _ in range(24 * 14):
        before = house.postings.posting(key)
        work(house, key)
        looks += house.postings.posting(key) != before
        house.clock.advance(minutes=60)
    assert looks < 100
    assert posting_of(house, key).attempt == 0


def test_a_closed_period_parks_the_invoice_until_it_is_open() -> None:
    house = a_shop(an_order())
    house.ledger.close_month(2026, 3)
    key = ship(house, day=date(2026, 3, 31))
    work(house, key)
    posting = posting_of(house, key)
    assert (posting.state, posting.reason) == (State.PARKED, Reason.PERIOD_CLOSED)
    house.ledger.closed_months.clear()
    house.postings.resubmit(key, house.clock(), "ada")
    work(house, key)
    assert house.ledger.invoices[0].draft.day == date(2026, 3, 31)


def test_or_it_is_dated_into_the_next_open_one_and_keeps_the_day_it_belongs_to() -> None:
    house = a_shop(an_order(), marketplaces__brightside__invoices={"closed_period": "next_open_period"})
    house.ledger.close_month(2026, 3)
    work(house, ship(house, day=date(2026, 3, 31)))
    draft = house.ledger.invoices[0].draft
    assert (draft.day, draft.original_day) == (date(2026, 4, 1), date(2026, 3, 31))


def test_a_marketplace_that_somebody_else_bills_for_has_no_invoices() -> None:
    house = a_shop(an_order(), marketplaces__brightside__invoices={"trigger": "never"})
    assert house.postings.posting(ship(house)) is None


# --- the queue -------------------------------------------------------------------------------------------------------


def test_a_key_of_another_queue_goes_back_to_it_and_stops_nobody() -> None:
    house = a_shop(an_order())
    key, stranger = ship(house), Key("brightside", "A-1", Kind.SHIPMENT, "5001")
    assert work(house, stranger, key) == [stranger]
    assert posting_of(house, key).state is State.CONFIRMED
