"""The demo must see what one side knows and the other does not: made-up evenings with one mistake each."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.demo.books import Life
from sandbox.demo.dispatch import Promptness, operators_dispatch, sellers_dispatch
from sandbox.demo.given_back import billed, closed, refunded, returned

Row = dict[str, Any]
LEFT, TOLD, DEADLINE = "2026-10-22T09:00:00Z", "2026-10-22T09:01:00Z", "2026-10-22T12:00:00Z"
PROMPT = Promptness(datetime(2026, 10, 22, 8, tzinfo=UTC), timedelta(minutes=20))


def line(place: int = 1, quantity: int = 2, **fields: Any) -> Row:
    """10.00 goods and 3.00 delivery, tax included."""
    return {
        "order_line_id": f"A-{place}",
        "order_line_state": "SHIPPED",
        "quantity": quantity,
        "price": Decimal("10.00"),
        "shipping_price": Decimal("3.00"),
        "shipped_date": TOLD,
        "refunds": [],
        "cancelations": [],
        **fields,
    }


def order(*lines: Row, **fields: Any) -> Row:
    return {
        "order_id": "A",
        "order_state": "SHIPPED",
        "order_tax_mode": "TAX_INCLUDED",
        "shipping_deadline": DEADLINE,
        "shipping_tracking": "TW1",
        "shipping_carrier_code": "RMAIL",
        "order_lines": list(lines) or [line()],
        **fields,
    }


def units(line_id: str = "A-1", quantity: int = 2, **fields: Any) -> Row:
    return {"custcol_tieout_line": line_id, "quantity": quantity, **fields}


def fulfilment(*lines: Row, **fields: Any) -> Row:
    return {
        "id": "50",
        "shipStatus": {"id": "C"},
        "lastModifiedDate": LEFT,
        "item": {"items": list(lines) or [units()]},
        "package": {"items": [{"packageTrackingNumber": "TW1"}]},
        **fields,
    }


def shipment(quantity: int = 2, **fields: Any) -> Row:
    return {
        "id": "S",
        "order_id": "A",
        "status": "SHIPPED",
        "shipped_date": TOLD,
        "shipment_lines": [{"order_line_id": "A-1", "quantity": quantity}],
        "tracking": {"carrier_code": "RMAIL", "tracking_number": "TW1"},
        **fields,
    }


def money(total: str, *lines: Row, **fields: Any) -> Row:
    return {"id": "60", "total": Decimal(total), "item": {"items": list(lines)}, **fields}


def life(
    the_order: Row | None = None,
    shipments: list[Row] | None = None,
    returns: list[Row] | None = None,
    **records: list[Row],
) -> Life:
    kept = {"salesOrder": [booked()], "itemFulfillment": [fulfilment()], **records}
    return Life("here", the_order or order(), shipments or [], returns or [], deepcopy(kept))


def told(one: Life, *, in_parts: bool = True) -> list[str]:
    return list(sellers_dispatch(one, PROMPT, in_parts=in_parts))


# -- dispatch ----------------------------------------------------------------------------------------------------


def test_what_left_and_was_told_once_is_well() -> None:
    assert told(life(shipments=[shipment()])) == []
    assert told(life(), in_parts=False) == []


@pytest.mark.parametrize(
    ("shipments", "words"),
    [
        ([], "told nothing"),
        ([shipment(), shipment(id="S2")], "told 4 of A-1"),
        ([shipment(quantity=1)], "told 1 of A-1"),
        ([shipment(tracking={"carrier_code": "RMAIL", "tracking_number": "X"})], "not confirmed under any"),
        ([shipment(tracking={"tracking_number": "TW1"})], "no carrier"),
        ([shipment(shipped_date="2026-10-22T08:59:00Z")], "was confirmed 22 08:59"),
        ([shipment(shipped_date="2026-10-22T12:01:00Z")], "by our fault"),
    ],
)
def test_a_confirmation_that_is_missing_doubled_wrong_early_or_late_is_told(shipments: list[Row], words: str) -> None:
    assert any(words in problem for problem in told(life(shipments=shipments)))


def test_a_shipment_that_left_late_is_not_our_fault() -> None:
    late = fulfilment(lastModifiedDate="2026-10-22T11:50:00Z")
    told_late = shipment(shipped_date="2026-10-22T12:05:00Z")
    assert told(life(shipments=[told_late], itemFulfillment=[late])) == []


def test_what_is_only_picked_may_not_be_told() -> None:
    picked = fulfilment(shipStatus={"id": "A"})
    assert told(life(shipments=[shipment()], itemFulfillment=[picked]))
    assert told(life(itemFulfillment=[picked]), in_parts=False)


def test_a_whole_order_waits_for_its_last_line() -> None:
    part = fulfilment(units(quantity=1))
    waiting = order(line(order_line_state="SHIPPING", shipped_date=None), order_state="SHIPPING")
    assert told(life(waiting, itemFulfillment=[part]), in_parts=False) == []
    assert "SHIPPED" in told(life(itemFulfillment=[part]), in_parts=False)[0]
    assert "SHIPPING" in told(life(waiting), in_parts=False)[0]


@pytest.mark.parametrize("changed", [{"shipping_tracking": "X"}, {"shipping_carrier_code": None}])
def test_a_whole_order_needs_its_number_and_its_carrier(changed: Row) -> None:
    assert told(life(order(**changed)), in_parts=False)


def test_what_left_before_the_day_is_no_matter_of_the_day() -> None:
    before = order(line(shipped_date="2026-10-01T09:00:00Z"))
    assert told(life(before, itemFulfillment=[]), in_parts=False) == []


@pytest.mark.parametrize(
    ("fulfilments", "is_well"),
    [
        ([fulfilment(externalId="T-here-IF-S")], True),
        ([], False),
        ([fulfilment(externalId="T-here-IF-S"), fulfilment(externalId="T-here-IF-S2")], False),
        ([fulfilment(units(quantity=1), externalId="T-here-IF-S")], False),
        ([fulfilment(externalId="T-here-IF-S", package={"items": []})], False),
        ([fulfilment(externalId="T-here-IF-S", shipStatus={"id": "A"})], False),
    ],
)
def test_another_sellers_shipment_is_one_fulfilment(fulfilments: list[Row], is_well: bool) -> None:
    assert (list(operators_dispatch(life(shipments=[shipment()], itemFulfillment=fulfilments))) == []) is is_well


def test_another_sellers_whole_order_is_one_fulfilment() -> None:
    made = fulfilment(externalId="T-here-IF-A")
    assert list(operators_dispatch(life(itemFulfillment=[made]))) == []
    assert list(operators_dispatch(life(order(order_state="SHIPPING"), itemFulfillment=[made])))


# -- money -------------------------------------------------------------------------------------------------------

INVOICE = money("13.00", externalId="T-here-INV-50")


@pytest.mark.parametrize(
    ("invoices", "is_well"),
    [
        ([INVOICE], True),
        ([], False),
        ([money("12.99", externalId="T-here-INV-50")], False),
        ([INVOICE, money("13.00", externalId="T-here-INV-50")], False),
    ],
)
def test_what_left_is_billed_once_at_the_marketplaces_gross(invoices: list[Row], is_well: bool) -> None:
    assert (list(billed(life(invoice=invoices))) == []) is is_well


def test_half_of_a_line_is_billed_for_half() -> None:
    half = [fulfilment(units(quantity=1))]
    assert list(billed(life(itemFulfillment=half, invoice=[money("8.00", externalId="T-here-INV-50")]))) == []
    assert list(billed(life(itemFulfillment=half, invoice=[INVOICE])))


def test_tax_on_top_is_billed_as_well() -> None:
    taxed = line(taxes=[{"code": "V", "amount": Decimal("2.00")}], shipping_taxes=[])
    abroad = order(taxed, order_tax_mode="TAX_EXCLUDED")
    assert list(billed(life(abroad, invoice=[money("15.00", externalId="T-here-INV-50")]))) == []
    assert list(billed(life(abroad, invoice=[INVOICE])))


def refund(amount: str, shipping: str = "0", **fields: Any) -> Row:
    return {
        "amount": Decimal(amount),
        "shipping_amount": Decimal(shipping),
        "refund_state": "REFUNDED",
        "quantity": 0,
        "created_date": "2026-10-22T10:00:00Z",
        **fields,
    }


def credit(goods: str, delivery: str = "0") -> Row:
    return money(str(Decimal(goods) + Decimal(delivery)), units(grossAmt=Decimal(goods)))


@pytest.mark.parametrize(
    ("refunds", "memos", "is_well"),
    [
        ([refund("4", "1")], [credit("4", "1")], True),
        ([refund("4")], [], False),
        ([refund("4")], [credit("4"), credit("4")], False),
        ([], [credit("4")], False),
        ([refund("4", "1")], [credit("5")], False),
        ([refund("4", refund_state="WAITING_REFUND")], [], True),
        ([refund("4", created_date="2026-10-01T10:00:00Z")], [], True),
    ],
)
def test_money_goes_back_once_on_both_sides(refunds: list[Row], memos: list[Row], is_well: bool) -> None:
    assert (list(refunded(life(order(line(refunds=refunds)), creditMemo=memos), PROMPT.opened)) == []) is is_well


def test_two_lines_do_not_make_up_for_each_other() -> None:
    lines = [line(1, refunds=[refund("4")]), line(2, refunds=[])]
    both = [fulfilment(units("A-1"), units("A-2"))]
    wrong = money("4.00", units("A-2", grossAmt=Decimal(4)))
    assert len(list(refunded(life(order(*lines), itemFulfillment=both, creditMemo=[wrong]), PROMPT.opened))) == 2


# -- what is called off, and what comes back ---------------------------------------------------------------------


def booked(**fields: Any) -> Row:
    return {"status": {"id": "B"}, "item": {"items": [units(**fields)]}}


@pytest.mark.parametrize(
    ("at_the_marketplace", "in_netsuite", "is_well"),
    [
        (line(order_line_state="CANCELED"), booked(isClosed=True), True),
        (line(order_line_state="CANCELED"), booked(), False),
        (line(order_line_state="SHIPPING"), booked(isClosed=True), False),
        (line(order_line_state="SHIPPING"), booked(), True),
        (line(order_line_state="SHIPPING", refunds=[refund("10", "3", quantity=2)]), booked(isClosed=True), True),
        (line(order_line_state="SHIPPING", refunds=[refund("10", "3", quantity=2)]), booked(), False),
    ],
)
def test_what_one_side_calls_off_the_other_closes(at_the_marketplace: Row, in_netsuite: Row, is_well: bool) -> None:
    one = life(order(at_the_marketplace), itemFulfillment=[], salesOrder=[in_netsuite])
    assert (list(closed(one)) == []) is is_well


BACK: Row = {"id": "R", "order_id": "A", "state": "RECEIVED", "return_lines": [{"order_line_id": "A-1", "quantity": 1}]}


@pytest.mark.parametrize(
    ("authorised", "received", "is_well"),
    [(1, 1, True), (2, 1, False), (1, 2, False), (0, 0, False), (1, 0, False)],
)
def test_goods_that_come_back_are_authorised_and_received(authorised: int, received: int, is_well: bool) -> None:
    ra: Row = {"id": "70", "externalId": "T-here-RA-R", "item": {"items": [units(quantity=authorised)]}}
    receipt: Row = {"id": "71", "createdFrom": {"id": "70"}, "item": {"items": [units(quantity=received)]}}
    one = life(
        returns=[BACK],
        returnAuthorization=[ra] if authorised else [],
        itemReceipt=[receipt] if received else [],
    )
    assert (list(returned(one)) == []) is is_well
