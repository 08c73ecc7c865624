"""What NetSuite gives back or closes is refunded or cancelled at the marketplace, once, whatever an answer says."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes import House, a_house, a_line, an_order
from tests.simulation.faults import Fault, StrikeAt
from tests.simulation.fibers import Fibers
from tests.simulation.unreliable import Unreliable, Weather
from tests.unit.flows.test_crediting_refunds import work
from tieout.domain.errors import Reason
from tieout.domain.orders.order import Line, TaxAmount
from tieout.domain.postings import Key, Kind, Posting, State
from tieout.domain.returns.refund import CreditLine
from tieout.flows.returns.collect import collect_credits
from tieout.flows.returns.send import send_refunds

BOWLS = a_line("BOWL", "30.00", "5.00", quantity=3, shipping="6.00", shipping_tax="1.00")
REASONS = {"refund": "GOODWILL", "cancelation": "OUT_OF_STOCK"}
TAX = "VAT-GBR-20"


def a_house_that_sold(*lines: Line, paid: bool = True, returns: dict[str, Any] | None = None, **details: Any) -> House:
    house = a_house(marketplaces__brightside__returns=returns or {"reasons": REASONS})
    order = an_order("A-1", lines or [a_line("MUG"), BOWLS], **details)
    house.market.put(replace(order, debited_at=order.created_at if paid else None))
    work(house)
    return house


def with_trouble(house: House, plan: dict[tuple[str, int], Fault]) -> House:
    """The same house, with Mirakl failing as planned."""
    weather = Weather(StrikeAt(plan), Random(0), Fibers(house.clock))
    market = cast("Any", Unreliable("market", house.market, weather))
    return replace(house, at=replace(house.at, marketplace=lambda name: market))  # noqa: ARG005


def send(house: House, minutes: float = 1, runs: int = 4) -> int:
    """NetSuite is read, and what is due is sent, until nothing is."""
    sent = 0
    for _ in range(runs):
        house.clock.advance(minutes=minutes)
        collect_credits(house.at)
        sent += send_refunds(house.at)
    return sent


def goods(net: str, tax: str, quantity: int = 1, line_id: str = "line-MUG", **details: Any) -> CreditLine:
    line = CreditLine(line_id=line_id, quantity=quantity, net=Decimal(net), tax=Decimal(tax))
    return replace(line, **{name: Decimal(value) for name, value in details.items()})


def posting_of(house: House, kind: Kind = Kind.REFUND, source: str = "7001") -> Posting:
    posting = house.postings.posting(Key("brightside", "A-1", kind, source))
    assert posting is not None
    return posting


def refunded(house: House) -> list[tuple[str, str, str]]:
    return [(each.line_id, str(each.amount), str(each.shipping_amount)) for each in house.market.refunds_sent]


# --- credit memos ----------------------------------------------------------------------------------------------------


def test_a_credit_memo_is_refunded_once_with_its_tax() -> None:
    house = a_house_that_sold()
    house.ledger.credit("A-1", goods("10.00", "2.00"))
    assert send(house) == 1
    assert refunded(house) == [("line-MUG", "12.00", "0")]
    (line,) = house.market.refunds_sent
    assert (line.taxes, line.reason_code, line.excluded_from_shipment) == (
        (TaxAmount(TAX, Decimal("2.00"), Decimal(20)),),
        "GOODWILL",
        False,
    )
    posting = posting_of(house)
    assert (posting.state, posting.facts["refunds"]) == (State.CONFIRMED, "R1")
    assert house.market.orders["A-1"].lines[0].state == "REFUNDED"


def test_a_part_and_its_shipping_are_refunded_as_they_were_credited() -> None:
    house = a_house_that_sold()
    house.ledger.credit("A-1", goods("5.83", "1.17", 1, "line-BOWL", shipping_net="2.50", shipping_tax="0.50"))
    send(house)
    assert refunded(house) == [("line-BOWL", "7.00", "3.00")]


def test_prices_without_tax_are_refunded_without_it_and_the_tax_beside() -> None:
    house = a_house_that_sold(a_line("MUG", "10.00", "2.00"), tax_included=False)
    house.ledger.credit("A-1", goods("3.33", "0.66"))
    send(house)
    (line,) = house.market.refunds_sent
    assert (line.amount, line.taxes[0].amount) == (Decimal("3.33"), Decimal("0.66"))


def test_shipping_of_the_whole_memo_goes_to_the_line_that_mirakl_charges_it_on() -> None:
    house = a_house_that_sold()
    house.ledger.credit("A-1", goods("10.00", "2.00", shipping_net="5.00", shipping_tax="1.00"))
    send(house)
    assert sorted(refunded(house)) == [("line-BOWL", "0", "6.00"), ("line-MUG", "12.00", "0")]


def test_a_charge_line_is_refunded_as_the_tax_that_it_is() -> None:
    house = a_house_that_sold()
    house.ledger.credit("A-1", goods("10.00", "0"), goods("2.00", "0", 1, "TAX-VAT"))
    send(house)
    assert refunded(house) == [("line-MUG", "12.00", "0")]


def test_what_tieout_made_itself_is_never_sent_back() -> None:
    house = a_house_that_sold()
    house.ledger.credit("A-1", goods("10.00", "2.00"), external_id="T-brightside-CM-R9")
    assert send(house) == 0
    assert house.postings.posting(Key("brightside", "A-1", Kind.REFUND, "7001")) is None


def test_a_refund_of_ours_comes_back_as_nothing_to_credit() -> None:
    house = a_house_that_sold()
    house.ledger.credit("A-1", goods("10.00", "2.00"))
    send(house)
    work(house)
    assert house.ledger.credit_memos == []


def test_more_than_is_left_is_for_a_person_and_nothing_is_sent() -> None:
    house = a_house_that_sold()
    house.market.give_back("A-1", "line-MUG", "5.00")
    house.ledger.credit("A-1", goods("10.00", "2.00"))
    send(house)
    posting = posting_of(house)
    assert (posting.reason, posting.facts["amount"], posting.facts["left"]) == (
        Reason.REFUND_TOO_LARGE,
        "12.00",
        "7.00",
    )
    assert refunded(house) == []


def test_without_a_reason_code_a_refund_waits_for_the_settings() -> None:
    house = a_house_that_sold(returns={"reasons": {}})
    house.ledger.credit("A-1", goods("10.00", "2.00"))
    send(house)
    assert (posting_of(house).reason, posting_of(house).facts["setting"]) == (
        Reason.REASON_NOT_CONFIGURED,
        "returns.reasons.refund",
    )


def test_a_received_return_refunds_where_the_settings_say_so() -> None:
    house = a_house_that_sold(returns={"reasons": REASONS, "refund_on": "receipt"})
    house.ledger.credit("A-1", goods("10.00", "2.00"))
    house.ledger.credit("A-1", goods("0", "0", 2, "line-BOWL"), kind="ItemRcpt")
    send(house)
    assert refunded(house) == [("line-BOWL", "20.00", "0")]


def test_a_pause_holds_refunds_and_sends_them_afterwards() -> None:
    house = a_house_that_sold()
    house.ledger.credit("A-1", goods("10.00", "2.00"))
    house.switches.paused_flows.add("returns")
    assert send(house) == 0
    house.switches.paused_flows.clear()
    assert send(house) == 1


def test_two_credit_memos_of_an_order_are_sent_one_after_the_other() -> None:
    house = a_house_that_sold()
    house.ledger.credit("A-1", goods("4.00", "0.80"))
    house.ledger.credit("A-1", goods("4.00", "0.80"))
    collect_credits(house.at)
    house.clock.advance(minutes=1)
    assert send_refunds(house.at) == 1
    assert send(house) == 1
    assert refunded(house) == [("line-MUG", "4.80", "0")] * 2
    assert {posting_of(house, source=each).facts["refunds"] for each in ("7001", "7002")} == {"R1", "R2"}


# --- answers that do not come ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_AFTER, Fault.TIMEOUT_BEFORE, Fault.THROTTLED, Fault.DOWN])
def test_a_call_without_an_answer_is_looked_up_and_never_repeated_blindly(fault: Fault) -> None:
    house = with_trouble(a_house_that_sold(), {("refund_lines", 1): fault})
    house.ledger.credit("A-1", goods("4.00", "0.80"))
    send(house, minutes=5, runs=10)
    assert refunded(house) == [("line-MUG", "4.80", "0")]
    assert posting_of(house).state is State.CONFIRMED


def test_what_a_call_did_after_all_is_told_from_a_refund_that_was_there_before() -> None:
    house = with_trouble(a_house_that_sold(), {("refund_lines", 1): Fault.TIMEOUT_BEFORE})
    house.market.give_back("A-1", "line-MUG", "4.80")
    house.ledger.credit("A-1", goods("4.00", "0.80"))
    send(house, minutes=5, runs=10)
    assert refunded(house) == [("line-MUG", "4.80", "0")]  # the one from before was somebody else's


def test_no_second_call_is_made_while_the_first_may_still_be_done() -> None:
    house = with_trouble(a_house_that_sold(), {("refund_lines", 1): Fault.TIMEOUT_BEFORE})
    house.ledger.credit("A-1", goods("4.00", "0.80"))
    send(house, minutes=1, runs=10)
    assert house.market.calls["OR28"] == 0
    send(house, minutes=5, runs=6)
    assert house.market.calls["OR28"] == 1


@settings(max_examples=60, deadline=None)
@given(
    parts=st.lists(st.integers(1, 900), min_size=1, max_size=4),
    faults=st.lists(
        st.tuples(
            st.integers(1, 5), st.sampled_from([Fault.TIMEOUT_AFTER, Fault.TIMEOUT_BEFORE, Fault.THROTTLED, Fault.DOWN])
        ),
        max_size=4,
    ),
    tax_included=st.booleans(),
)
def test_what_netsuite_credits_is_what_mirakl_refunds_to_the_cent_and_nothing_twice(
    parts: list[int], faults: list[tuple[int, Fault]], tax_included: bool
) -> None:
    sold = a_house_that_sold(BOWLS, tax_included=tax_included)
    house = with_trouble(sold, {("refund_lines", number): fault for number, fault in faults})
    credited, left_tax = Decimal(0), 500
    for net in parts:
        gross = min(net, 600)
        tax = min(round(gross / 6), left_tax)
        left_tax -= tax
        net_part = Decimal(gross - tax) / 100 if tax_included else Decimal(gross) / 100
        house.ledger.credit("A-1", goods(str(net_part), str(Decimal(tax) / 100), 1, "line-BOWL"))
        credited += net_part + Decimal(tax) / 100
    send(house, minutes=7, runs=40)
    line = house.market.orders["A-1"].lines[0]
    given_back = sum((refund.amount for refund in line.refunds), Decimal(0))
    if not tax_included:
        given_back += sum((tax.amount for refund in line.refunds for tax in refund.taxes), Decimal(0))
    assert given_back == credited
    assert len(line.refunds) == len(parts)
    assert all(posting_of(house, source=str(7001 + n)).state is State.CONFIRMED for n in range(len(parts)))


# --- closed lines ----------------------------------------------------------------------------------------------------


def test_a_closed_line_that_nobody_paid_for_is_cancelled() -> None:
    house = a_house_that_sold(paid=False, payment_workflow="PAY_ON_DELIVERY")
    house.ledger.close_line("A-1", "line-MUG")
    assert send(house) == 1
    (line,) = house.market.cancelations_sent
    assert (line.line_id, line.amount, line.quantity, line.reason_code) == (
        "line-MUG",
        Decimal("12.00"),
        1,
        "OUT_OF_STOCK",
    )
    assert posting_of(house, Kind.CANCELATION, "line-MUG").state is State.CONFIRMED
    work(house)
    assert house.ledger.calls["change_lines"] == 0  # it was closed already: nothing goes in circles


def test_a_whole_order_is_cancelled_as_one() -> None:
    house = a_house_that_sold(paid=False)
    house.ledger.close_line("A-1", "line-MUG")
    house.ledger.close_line("A-1", "line-BOWL")
    assert send(house) == 2
    assert (house.market.calls["OR29"], house.market.calls["OR30"]) == (1, 0)
    assert house.market.orders["A-1"].state == "CANCELED"
    assert posting_of(house, Kind.CANCELATION, "line-BOWL").state is State.CONFIRMED


def test_a_closed_line_that_was_paid_is_refunded_and_never_waited_for() -> None:
    house = a_house_that_sold()
    house.ledger.close_line("A-1", "line-BOWL")
    send(house)
    assert refunded(house) == [("line-BOWL", "30.00", "6.00")]
    (line,) = house.market.refunds_sent
    assert (line.quantity, line.excluded_from_shipment) == (3, True)
    work(house)
    assert house.ledger.credit_memos == []  # nothing was billed, and it was ours


def test_of_a_line_that_left_in_part_only_the_rest_goes_back() -> None:
    house = a_house_that_sold()
    house.ledger.ship("A-1", {"line-BOWL": 2})
    house.ledger.close_line("A-1", "line-BOWL")
    send(house)
    assert refunded(house) == [("line-BOWL", "10.00", "2.00")]
    assert house.market.refunds_sent[0].quantity == 1


def test_a_line_that_mirakl_cancelled_itself_is_not_cancelled_again() -> None:
    house = a_house_that_sold(paid=False)
    house.market.cancel("A-1", "line-MUG", 1)
    work(house)
    assert send(house) == 0
    posting = posting_of(house, Kind.CANCELATION, "line-MUG")
    assert (posting.state, posting.facts["found"]) == (State.CONFIRMED, "cancelled or refunded already")


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_AFTER, Fault.TIMEOUT_BEFORE])
def test_a_cancelation_without_an_answer_is_done_once(fault: Fault) -> None:
    house = with_trouble(a_house_that_sold(paid=False), {("cancel_lines", 1): fault})
    house.ledger.close_line("A-1", "line-MUG")
    send(house, minutes=5, runs=10)
    assert [line.line_id for line in house.market.cancelations_sent] == ["line-MUG"]
    assert posting_of(house, Kind.CANCELATION, "line-MUG").state is State.CONFIRMED
