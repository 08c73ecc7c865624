"""What was given back and canceled of a line, as OR11 tells it: leniently, but a missing amount is never zero."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.or11 import a_tax, a_wire_line, a_wire_order, in_bytes
from tests.shared import shared
from tieout.domain.errors import NeedsAttention
from tieout.domain.orders.order import Cancelation, Line, Order, Refund, TaxAmount
from tieout.mirakl.translate import read_order

D = Decimal


def a_wire_refund(**details: Any) -> dict[str, Any]:
    return {
        "id": "1106",
        "order_refund_id": "G-1",
        "refund_state": "REFUNDED",
        "state": "REFUNDED",
        "amount": 40,
        "shipping_amount": 2,
        "quantity": 1,
        "reason_code": "19",
        "created_date": "2026-10-05T09:40:41Z",
        "taxes": [a_tax("6.67")],
        "shipping_taxes": [a_tax("0.33")],
        **details,
    }


def read(order: dict[str, Any]) -> Order:
    return read_order(in_bytes(order), "brightside-uk", 2001)


def line_with(**details: Any) -> Line:
    return read(a_wire_order(lines=[a_wire_line(**details)])).lines[0]


def problem_of(**details: Any) -> str:
    with pytest.raises(NeedsAttention) as refused:
        line_with(**details)
    return refused.value.facts["problem"]


def test_a_refund_says_what_of_which_line_went_back_when_and_why():
    line = line_with(refunds=[a_wire_refund()])
    assert line.refunds == (
        Refund(
            id="1106",
            line_id="A-1-1",
            state="REFUNDED",
            amount=D(40),
            shipping_amount=D(2),
            quantity=1,
            reason_code="19",
            taxes=(TaxAmount("VAT-GBR-20", D("6.67"), D(20)),),
            shipping_taxes=(TaxAmount("VAT-GBR-20", D("0.33"), D(20)),),
            group="G-1",
            created_at=datetime(2026, 10, 5, 9, 40, 41, tzinfo=UTC),
        ),
    )


def test_a_refund_takes_nothing_off_the_sale():
    assert line_with(refunds=[a_wire_refund()]).price == 120
    order = read(a_wire_order(lines=[a_wire_line(refunds=[a_wire_refund()])]))
    assert order.gross.amount == 126
    assert order.figures_agree


def test_the_state_of_an_older_payload_is_its_deprecated_field():
    older = a_wire_refund(state="WAITING_REFUND")
    del older["refund_state"]
    newer = a_wire_refund(state="WAITING_REFUND", refund_state="WAITING_REFUND_TAX_CONFIRMATION")
    states = [refund.state for refund in line_with(refunds=[older, newer]).refunds]
    assert states == ["WAITING_REFUND", "WAITING_REFUND_TAX_CONFIRMATION"]


@pytest.mark.parametrize("field", ["id", "amount", "shipping_amount"])
@pytest.mark.parametrize("how", ["missing", "null"])
def test_what_a_refund_needs_and_lacks_is_named(field: str, how: str):
    lacking = a_wire_refund(**{field: None})
    if how == "missing":
        del lacking[field]
    said = problem_of(refunds=[a_wire_refund(), lacking])
    assert said == f"order_lines[0].refunds[1].{field} is missing"


def test_a_refund_without_any_state_is_not_guessed():
    assert "refund_state" in problem_of(refunds=[a_wire_refund(refund_state=None, state=None)])


def test_a_tax_of_a_refund_without_its_amount_is_named():
    assert "refunds[0].taxes[].amount" in problem_of(refunds=[a_wire_refund(taxes=[{"code": "VAT"}])])


@pytest.mark.parametrize(("told", "quantity"), [(None, 0), (0, 0), (2, 2), ("2", 2), (0.5, 0), (-1, 0)])
def test_the_quantity_of_a_refund_is_informative_and_stops_nothing(told: Any, quantity: int):
    (refund,) = line_with(refunds=[a_wire_refund(quantity=told)]).refunds
    assert refund.quantity == quantity


def test_what_mirakl_may_leave_out_of_a_refund_may_be_missing():
    bare = {"id": 1106, "refund_state": "REFUNDED", "amount": "6.82", "shipping_amount": "0", "reason_code": 19}
    (refund,) = line_with(refunds=[bare]).refunds
    assert (refund.id, refund.amount, refund.reason_code) == ("1106", D("6.82"), "19")
    assert (refund.taxes, refund.shipping_taxes, refund.group, refund.created_at) == ((), (), "", None)


@pytest.mark.parametrize("none", [None, []])
def test_a_line_without_refunds_has_none(none: list[Any] | None):
    assert line_with(refunds=none).refunds == ()


def test_a_cancelation_stays_visible_beside_what_is_left():
    taken = {"id": 1122, "amount": 40, "shipping_amount": 2, "quantity": 1, "reason_code": "34"}
    line = line_with(cancelations=[taken, {"id": "1123", "amount": "0.10"}], refunds=[a_wire_refund()])
    assert line.cancelations == (
        Cancelation(id="1122", amount=D(40), shipping_amount=D(2), quantity=1, reason_code="34"),
        Cancelation(id="1123", amount=D("0.10")),
    )
    assert (line.quantity, line.price, len(line.refunds)) == (2, D("79.90"), 1)


def test_a_cancelation_without_an_id_cannot_be_told_from_another():
    assert "cancelations[0].id" in problem_of(cancelations=[{"amount": 40, "quantity": 1}])


@pytest.mark.parametrize(
    ("rules", "shipping_rules", "rule"),
    [
        ([], [], ""),
        ([None], [], ""),
        (["PROPORTIONAL_TO_AMOUNT"], ["PROPORTIONAL_TO_AMOUNT"], "PROPORTIONAL_TO_AMOUNT"),
        (["NONE"], ["PROPORTIONAL_TO_AMOUNT"], "NONE"),
        (["PROPORTIONAL_TO_AMOUNT", "NONE"], [], "NONE"),
        ([], ["NONE"], "NONE"),
        ([None], ["PROPORTIONAL_TO_AMOUNT"], "PROPORTIONAL_TO_AMOUNT"),
    ],
)
def test_one_tax_that_mirakl_does_not_work_out_is_enough_to_have_to_say_it(
    rules: list[str | None], shipping_rules: list[str | None], rule: str
):
    listed = [[{**a_tax(1), "tax_calculation_rule": each} for each in some] for some in (rules, shipping_rules)]
    assert line_with(taxes=listed[0], shipping_taxes=listed[1]).tax_calculation_rule == rule


def test_an_order_says_when_it_was_paid_and_how():
    at = "2026-10-02T08:00:00+02:00"
    paid = read(a_wire_order(customer_debited_date=at, payment_workflow="PAY_ON_ACCEPTANCE"))
    assert (paid.debited_at, paid.payment_workflow) == (datetime(2026, 10, 2, 6, tzinfo=UTC), "PAY_ON_ACCEPTANCE")
    later = read(a_wire_order(customer_debited_date=None))
    assert (later.debited_at, later.payment_workflow) == (None, "")


@pytest.mark.parametrize(
    ("order_taxes", "whole"), [(None, False), ([], False), ([{"code": "VAT", "total_amount": 21}], True)]
)
def test_an_order_says_whether_its_tax_is_worked_out_on_the_whole_of_it(order_taxes: Any, whole: bool):
    assert read(a_wire_order(order_taxes=order_taxes)).taxed_as_a_whole is whole


@pytest.mark.parametrize("persona", ["seller", "operator"])
def test_the_official_example_of_a_refund_reads(persona: str):
    """It is an older payload: `state` only."""
    example = json.loads(shared(f"fixtures/mirakl/openapi-{persona}/OR11-resp200-0.json").read_bytes())
    (line,) = read(example["orders"][0]).lines
    (refund,) = line.refunds
    assert (refund.id, refund.state, refund.amount, refund.shipping_amount) == (
        "1106",
        "WAITING_REFUND_PAYMENT",
        D("6.82"),
        D("1.79"),
    )
    assert [(tax.code, tax.amount) for tax in refund.taxes] == [("tax1", D("0.41")), ("tax2", D("0.41"))]
    assert [each.id for each in line.cancelations] == ["1122"]
