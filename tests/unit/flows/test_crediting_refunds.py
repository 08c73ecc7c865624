"""The marketplace's refunds become credit memos: each once, for its amount, out of the invoice that billed the line."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes import House, a_house, a_line, an_item, an_order
from tests.simulation.faults import Fault, StrikeAt
from tests.simulation.fibers import Fibers
from tests.simulation.unreliable import Unreliable, Weather
from tieout.domain.errors import Reason
from tieout.domain.money import Money
from tieout.domain.orders.order import Line
from tieout.domain.postings import Key, Kind, Lane, Posting, State
from tieout.domain.returns.refund import CreditMemoDraft
from tieout.flows.orders import collect
from tieout.flows.orders.work import post_due
from tieout.flows.shipments.collect import collect_fulfilments_by_id

BOWLS = a_line("BOWL", "30.00", "5.00", quantity=3, shipping="6.00", shipping_tax="1.00")


def work(house: House, minutes: float = 15) -> None:
    """The marketplace is read, and whatever is due is posted until nothing is."""
    house.clock.advance(minutes=minutes)
    collect.collect_updates("brightside", house.at)
    for _ in range(6):
        due = house.postings.due(Lane.ORDERS_TO_POST, house.clock(), 100)
        assert post_due(due, house.at, house.clock() + timedelta(minutes=5)) == []


def a_sold_house(*lines: Line, tax_included: bool = True, **changes: Any) -> House:
    house = a_house(**changes)
    house.market.put(an_order("A-1", lines or [a_line("MUG"), BOWLS], tax_included=tax_included, state="SHIPPING"))
    work(house)
    return house


def ship(house: House, **units: int) -> None:
    fulfilment = house.ledger.ship("A-1", {f"line-{sku}": count for sku, count in units.items()})
    collect_fulfilments_by_id([fulfilment.id], house.at)
    work(house, 1)


def a_billed_house(*lines: Line, **details: Any) -> House:
    house = a_sold_house(*lines, **details)
    ship(house, **{line.sku: line.quantity for line in house.market.orders["A-1"].lines})
    house.market.change("A-1", "SHIPPED")
    return house


def memos(house: House) -> list[CreditMemoDraft]:
    return [record.draft for record in house.ledger.credit_memos]


def grosses(house: House) -> list[str]:
    return [str(record.transaction.total) for record in house.ledger.credit_memos]


def credit_of(house: House, refund_id: str) -> Posting:
    posting = house.postings.posting(Key("brightside", "A-1", Kind.CREDIT_MEMO, refund_id))
    assert posting is not None
    return posting


def test_a_refund_becomes_one_credit_memo_however_often_it_is_seen() -> None:
    house = a_billed_house()
    refund = house.market.give_back("A-1", "line-MUG", "12.00")
    work(house)
    for _ in range(3):
        house.market.put(house.market.orders["A-1"])
        work(house)
    assert grosses(house) == ["12.00 GBP"]
    assert credit_of(house, refund.id).facts["total"] == "12.00 GBP"
    (draft,) = memos(house)
    assert (draft.external_id, draft.refund_id) == (f"T-brightside-CM-{refund.id}", refund.id)
    assert [(line.order_line, line.line.net) for line in draft.lines] == [(1, Decimal("10.00"))]


def test_a_refund_that_is_only_announced_waits_for_its_money() -> None:
    house = a_billed_house()
    house.market.give_back("A-1", "line-MUG", "12.00", state="WAITING_REFUND_PAYMENT")
    work(house)
    assert grosses(house) == []


def test_a_part_of_a_line_is_credited_by_its_amount_with_its_share_of_the_tax() -> None:
    house = a_billed_house()
    house.market.give_back("A-1", "line-BOWL", "7.00", quantity=3)
    work(house)
    (draft,) = memos(house)
    line = draft.lines[0].line
    # 5.00 of 30.00 are tax: 7.00 hold 1.17
    assert (line.net, [tax.amount for tax in line.taxes], draft.gross) == (
        Decimal("5.83"),
        [Decimal("1.17")],
        Money(Decimal("7.00"), "GBP"),
    )


def test_shipping_alone_is_credited_as_shipping() -> None:
    house = a_billed_house()
    house.market.give_back("A-1", "line-BOWL", "0", "3.00")
    work(house)
    (draft,) = memos(house)
    assert grosses(house) == ["3.00 GBP"]
    assert (draft.shipping_net, draft.lines[0].line.net) == (Decimal("2.50"), Decimal(0))


def test_prices_without_tax_are_credited_with_the_tax_on_top() -> None:
    house = a_billed_house(a_line("MUG", "10.00", "2.00"), tax_included=False)
    house.market.give_back("A-1", "line-MUG", "5.00")
    work(house)
    assert grosses(house) == ["6.00 GBP"]


def test_a_refund_is_credited_on_its_own_item_where_one_is_named_so_that_no_stock_comes_of_it() -> None:
    house = a_billed_house(marketplaces__brightside__returns__refund_item="REFUND")
    house.ledger.items_table.append(an_item("REFUND"))
    house.market.give_back("A-1", "line-BOWL", "3.00", "1.00")
    work(house)
    (memo,) = memos(house)
    refund_item = next(item.id for item in house.ledger.items_table if item.itemid == "REFUND")
    assert [(each.order_line, each.line.item_id, each.line.quantity) for each in memo.lines] == [(None, refund_item, 1)]
    assert grosses(house) == ["4.00 GBP"]


def test_a_refund_item_that_netsuite_does_not_have_is_for_a_person() -> None:
    house = a_billed_house(marketplaces__brightside__returns__refund_item="REFUND")
    refund = house.market.give_back("A-1", "line-BOWL", "3.00")
    work(house)
    assert memos(house) == []
    assert credit_of(house, refund.id).reason == Reason.UNKNOWN_SKU


def test_a_tax_that_is_a_line_of_its_own_is_credited_on_that_line() -> None:
    tax = {"strategy": "other_charge", "charge_item": "TAX"}
    house = a_house(marketplaces__brightside__orders__sales_orders__tax=tax)
    house.ledger.items_table.append(an_item("TAX"))
    house.market.put(an_order("A-1", [a_line("MUG")]))
    work(house)
    ship(house, MUG=1)
    house.market.give_back("A-1", "line-MUG", "6.00")
    work(house)
    (draft,) = memos(house)
    assert [(line.line.line_id, line.line.net) for line in draft.lines] == [
        ("line-MUG", Decimal("5.00")),
        ("TAX-VAT-GBR-20", Decimal("1.00")),
    ]
    assert grosses(house) == ["6.00 GBP"]


def test_where_netsuite_computes_the_tax_each_line_is_sent_with_it() -> None:
    tax = {"strategy": "tax_code", "default_code": "VAT"}
    house = a_billed_house(BOWLS, marketplaces__brightside__orders__sales_orders__tax=tax)
    house.market.give_back("A-1", "line-BOWL", "7.00")
    work(house)
    (draft,) = memos(house)
    assert (draft.lines[0].line.gross, draft.gross.amount) == (Decimal("7.00"), Decimal("7.00"))


def test_a_refund_of_goods_that_left_waits_for_their_invoice() -> None:
    house = a_sold_house()
    fulfilment = house.ledger.ship("A-1", {"line-MUG": 1})
    refund = house.market.give_back("A-1", "line-MUG", "3.00")
    work(house)
    assert (credit_of(house, refund.id).state, grosses(house)) == (State.DUE, [])
    collect_fulfilments_by_id([fulfilment.id], house.at)
    work(house)
    work(house, 60)
    assert grosses(house) == ["3.00 GBP"]


def test_what_was_refunded_before_it_left_is_closed_and_there_is_nothing_to_credit() -> None:
    house = a_sold_house()
    refund = house.market.give_back("A-1", "line-MUG", "12.00")
    work(house)
    (booked,) = house.ledger.booked(["T-brightside-SO-A-1"]).values()
    assert [line.is_closed for line in booked.lines] == [True, False]
    posting = credit_of(house, refund.id)
    assert (posting.state, posting.facts["found"]) == (
        State.CONFIRMED,
        "refunded before it left: nothing was billed",
    )
    assert grosses(house) == []


def test_of_a_line_that_left_in_part_and_was_refunded_whole_only_what_was_billed_is_credited() -> None:
    house = a_sold_house(BOWLS)
    ship(house, BOWL=2)
    refund = house.market.give_back("A-1", "line-BOWL", "30.00", "6.00")
    work(house)
    work(house, 60)
    billed = house.ledger.invoices[0].transaction.total
    assert grosses(house) == [str(billed)]
    assert credit_of(house, refund.id).state is State.CONFIRMED


def test_a_refund_that_nothing_bills_is_for_a_person_in_the_end() -> None:
    house = a_sold_house(marketplaces__brightside__invoices={"trigger": "never"})
    house.ledger.ship("A-1", {"line-MUG": 1})
    refund = house.market.give_back("A-1", "line-MUG", "3.00")
    work(house)
    posting = credit_of(house, refund.id)
    assert (posting.state, posting.reason) == (State.PARKED, Reason.NOTHING_TO_CREDIT)
    assert (posting.facts["refund"], posting.facts["amount"]) == (refund.id, "3.00 GBP")


def test_a_refund_that_netsuite_began_is_not_credited_again() -> None:
    house = a_billed_house()
    refund = house.market.give_back("A-1", "line-MUG", "12.00")
    collect_refund_of_ours(house, refund.id)
    work(house)
    assert house.postings.posting(Key("brightside", "A-1", Kind.CREDIT_MEMO, refund.id)) is None
    assert grosses(house) == []


def test_a_refund_waits_while_one_of_ours_has_no_answer() -> None:
    house = a_billed_house()
    refund = house.market.give_back("A-1", "line-MUG", "12.00")
    key = Key("brightside", "A-1", Kind.REFUND, "7001")
    house.postings.all[key] = Posting(
        key=key, state=State.ATTEMPTED, source_version="1", payload="", ambiguous_since=house.clock()
    )
    work(house)
    assert (credit_of(house, refund.id).state, grosses(house)) == (State.DUE, [])
    collect_refund_of_ours(house, refund.id)
    work(house, 60)
    posting = credit_of(house, refund.id)
    assert (posting.state, posting.facts["found"]) == (State.CONFIRMED, "NetSuite began it: REFUND 7001")


def collect_refund_of_ours(house: House, refund_id: str) -> None:
    key = Key("brightside", "A-1", Kind.REFUND, "7001")
    house.postings.all[key] = Posting(
        key=key, state=State.CONFIRMED, source_version="1", payload="", target_id="x", facts={"refunds": refund_id}
    )


def test_a_refund_after_the_close_is_dated_into_the_open_period_or_waits_for_a_person() -> None:
    house = a_billed_house()
    house.ledger.close_month(2026, 3)
    refund = house.market.give_back("A-1", "line-MUG", "12.00")
    work(house)
    assert credit_of(house, refund.id).reason == Reason.PERIOD_CLOSED
    house = a_billed_house(marketplaces__brightside__invoices={"closed_period": "next_open_period"})
    house.ledger.close_month(2026, 3)
    house.market.give_back("A-1", "line-MUG", "12.00")
    work(house)
    (draft,) = memos(house)
    assert (str(draft.day), str(draft.original_day)) == ("2026-04-01", "2026-03-02")


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_AFTER, Fault.TIMEOUT_BEFORE, Fault.ZOMBIE])
def test_a_credit_memo_without_an_answer_is_looked_up_before_it_is_tried_again(fault: Fault) -> None:
    house = a_billed_house()
    house.market.give_back("A-1", "line-MUG", "12.00")
    weather = Weather(StrikeAt({("create_credit_memo", 1): fault}), Random(0), Fibers(house.clock))
    ledger = cast("Any", Unreliable("ledger", house.ledger, weather))
    house = replace(house, at=replace(house.at, ledger=ledger))
    work(house)
    work(house, 60)
    assert grosses(house) == ["12.00 GBP"]


cents = st.integers(0, 3000)


@settings(max_examples=40, deadline=None)
@given(
    parts=st.lists(st.tuples(cents, st.integers(0, 600)), min_size=1, max_size=5),
    tax_included=st.booleans(),
    replays=st.integers(1, 3),
)
def test_what_mirakl_gives_back_is_what_netsuite_credits_to_the_cent(
    parts: list[tuple[int, int]], tax_included: bool, replays: int
) -> None:
    house = a_billed_house(BOWLS, tax_included=tax_included)
    left, shipping_left = 3000, 600
    for most, most_shipping in parts:
        goods, shipping = min(most, left), min(most_shipping, shipping_left)
        left, shipping_left = left - goods, shipping_left - shipping
        if goods or shipping:
            house.market.give_back("A-1", "line-BOWL", str(Decimal(goods) / 100), str(Decimal(shipping) / 100))
    for _ in range(replays):
        house.market.put(house.market.orders["A-1"])
        work(house)
    order = house.market.orders["A-1"]
    given_back = sum((each.amount + each.shipping_amount for each in order.lines[0].refunds), Decimal(0))
    credited = sum((record.transaction.total.amount for record in house.ledger.credit_memos), Decimal(0))
    if tax_included:
        assert credited == given_back
    else:
        lines = [line.line for draft in memos(house) for line in draft.lines]
        taxes = [tax.amount for line in lines for tax in line.taxes]
        taxes += [tax.amount for draft in memos(house) for tax in draft.shipping_taxes]
        assert credited == given_back + sum(taxes, Decimal(0))
    assert len(house.ledger.credit_memos) == len(order.lines[0].refunds)
