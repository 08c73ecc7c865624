"""Our Mirakl client against the Mirakl twin, over real HTTP: what is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.or11 import a_wire_order
from tests.integration.running_twins import MARKETPLACE, Running, running
from tieout.domain.errors import NeedsAttention, OutcomeUnknown, Throttled
from tieout.domain.orders.order import Order, TaxAmount
from tieout.domain.returns.refund import RefundLine

D = Decimal
PAID: dict[str, Any] = {"customer_debited_date": "2026-10-01T09:20:00Z"}
UNPAID: dict[str, Any] = {"payment_workflow": "PAY_ON_DUE_DATE"}


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[Running]:
    """One order that is paid and received, one that is paid and to be shipped, two that are paid later."""
    line = a_wire_order()["order_lines"][0]
    received = a_wire_order(
        "PAID-1",
        [{**line, "order_line_id": "PAID-1-1", "order_line_state": "RECEIVED"}],
        order_state="RECEIVED",
        **PAID,
    )
    late = [a_wire_order(order_id, **UNPAID) for order_id in ("LATE-1", "LATE-2")]
    with running(tmp_path, [received, a_wire_order("OPEN-1", **PAID), *late]) as both:
        yield both


def a_refund(line_id: str = "PAID-1-1", **details: Any) -> RefundLine:
    """A mug: 40.00 with 6.67 of tax, and 2.00 of shipping with 0.33."""
    given: dict[str, Any] = {
        "amount": D("40.00"),
        "shipping_amount": D("2.00"),
        "quantity": 1,
        "reason_code": "RETURNED",
        "currency": "GBP",
        "taxes": (TaxAmount("VAT-GBR-20", D("6.67"), D(20)),),
        "shipping_taxes": (TaxAmount("VAT-GBR-20", D("0.33"), D(20)),),
    }
    return RefundLine(line_id=line_id, **(given | details))


def order_of(twins: Running, order_id: str) -> Order:
    (found,) = twins.mirakl().orders_by_id([order_id])
    assert found.order is not None, found.problem
    return found.order


def ask_back(twins: Running, quantity: int = 1, order_id: str = "PAID-1") -> str:
    """The buyer asks to send mugs back."""
    lines = [{"order_line_id": f"{order_id}-1", "quantity": quantity, "reason_code": "RETURN_DEFECTIVE_ITEM"}]
    asked = {"marketplace": MARKETPLACE, "order_id": order_id, "lines": lines}
    return str(twins._control("mirakl", "POST", "returns", asked)["id"])


def test_a_refund_is_sent_with_its_taxes_and_read_back_to_the_cent(twins: Running):
    (refund_id,) = twins.mirakl().refund_lines([a_refund()], tax_included=True)
    (line,) = order_of(twins, "PAID-1").lines
    (refund,) = line.refunds
    assert (refund.id, refund.line_id, refund.state) == (refund_id, "PAID-1-1", "WAITING_REFUND")
    assert (refund.amount, refund.shipping_amount, refund.quantity) == (D("40.00"), D("2.00"), 1)
    assert [tax.amount for tax in (*refund.taxes, *refund.shipping_taxes)] == [D("6.67"), D("0.33")]
    assert (refund.reason_code, refund.created_at is not None) == ("RETURNED", True)
    assert (line.quantity, line.price) == (3, D(120)), "a refund takes nothing off the line"
    assert line.tax_calculation_rule == "PROPORTIONAL_TO_AMOUNT"
    twins.wait(3600)
    assert order_of(twins, "PAID-1").lines[0].refunds[0].state == "REFUNDED"


def test_refunds_of_one_call_are_one_group(twins: Running):
    ids = twins.mirakl("operator").refund_lines(
        [a_refund(quantity=0, shipping_amount=D(0), shipping_taxes=())] * 2, tax_included=True
    )
    refunds = order_of(twins, "PAID-1").lines[0].refunds
    assert [refund.id for refund in refunds] == ids
    assert len({refund.group for refund in refunds}) == 1
    assert refunds[0].group


def test_a_refund_means_the_same_money_in_the_other_tax_mode(twins: Running):
    net = a_refund(amount=D("33.33"), shipping_amount=D("1.67"))
    twins.mirakl().refund_lines([net], tax_included=False)
    (refund,) = order_of(twins, "PAID-1").lines[0].refunds
    assert (refund.amount, refund.shipping_amount) == (D("40.00"), D("2.00"))


def test_a_refund_that_mirakl_does_not_take_says_why_and_makes_none(twins: Running):
    with pytest.raises(NeedsAttention, match="left"):
        twins.mirakl().refund_lines([a_refund(), a_refund(amount=D(121))], tax_included=True)
    assert order_of(twins, "PAID-1").lines[0].refunds == ()


def test_a_refund_whose_answer_is_lost_is_not_repeated(twins: Running):
    twins.fault("mirakl", {"operation": "OR28", "kind": "timeout_after", "seconds": 0.1})
    with pytest.raises(OutcomeUnknown):
        twins.mirakl().refund_lines([a_refund()], tax_included=True)
    twins.fault("mirakl")
    assert len(order_of(twins, "PAID-1").lines[0].refunds) == 1


def test_units_that_never_leave_are_refunded_and_no_longer_waited_for(twins: Running):
    twins.behave("mirakl", multi_shipment=True)
    gone = a_refund("OPEN-1-1", reason_code="OUT_OF_STOCK", excluded_from_shipment=True)
    assert len(twins.mirakl().refund_lines([gone], tax_included=True)) == 1
    rest = a_refund("OPEN-1-1", quantity=3, excluded_from_shipment=True)
    with pytest.raises(NeedsAttention, match="2 of order line"):
        twins.mirakl().refund_lines([rest], tax_included=True)


def test_part_of_a_line_is_cancelled_before_it_is_paid(twins: Running):
    taken = a_refund("LATE-1-1", reason_code="OUT_OF_STOCK")
    (cancelation_id,) = twins.mirakl().cancel_lines([taken], tax_included=True)
    (line,) = order_of(twins, "LATE-1").lines
    (cancelation,) = line.cancelations
    assert (cancelation.id, cancelation.reason_code) == (cancelation_id, "OUT_OF_STOCK")
    assert (cancelation.amount, cancelation.shipping_amount, cancelation.quantity) == (D("40.00"), D("2.00"), 1)
    assert (line.quantity, line.price, line.shipping_price) == (2, D("80.00"), D("4.00"))


def test_taxes_are_left_out_where_mirakl_works_them_out_on_the_order(twins: Running):
    twins.behave("mirakl", order_level_tax_calculation=True)
    told = a_refund("LATE-1-1", reason_code="OUT_OF_STOCK", amount=D("33.33"), shipping_amount=D("1.67"))
    with pytest.raises(NeedsAttention, match="Taxes must not be provided"):
        twins.mirakl().cancel_lines([told], tax_included=False)
    assert len(twins.mirakl().cancel_lines([told], tax_included=False, taxed_as_a_whole=True)) == 1
    refund = a_refund(amount=D("33.33"), shipping_amount=D("1.67"))
    assert len(twins.mirakl().refund_lines([refund], tax_included=False, taxed_as_a_whole=True)) == 1
    assert len(twins.mirakl().refund_lines([a_refund()], tax_included=True, taxed_as_a_whole=True)) == 1


def test_a_shop_that_may_not_cancel_in_part_is_told_so_and_goes_on(twins: Running):
    """A 403 for a feature says nothing about the key: the marketplace is not held up."""
    twins.behave("mirakl", shop_partial_cancelation=False)
    with pytest.raises(NeedsAttention, match="Partial cancelation") as refused:
        twins.mirakl().cancel_lines([a_refund("LATE-1-1", reason_code="OUT_OF_STOCK")], tax_included=True)
    assert refused.value.facts["status"] == "403"


def test_a_whole_order_is_cancelled_until_it_is_paid(twins: Running):
    twins.mirakl().cancel_order("LATE-2")
    order = order_of(twins, "LATE-2")
    assert (order.state, order.lines[0].is_live) == ("CANCELED", False)
    with pytest.raises(NeedsAttention, match="cannot be cancelled"):
        twins.mirakl().cancel_order("OPEN-1")


def test_a_cancelation_without_an_answer_may_have_happened_and_is_not_repeated(twins: Running):
    twins.fault("mirakl", *({"operation": each, "kind": "500"} for each in ("OR29", "OR30")))
    with pytest.raises(OutcomeUnknown):
        twins.mirakl().cancel_order("LATE-2")
    with pytest.raises(OutcomeUnknown):
        twins.mirakl().cancel_lines([a_refund("LATE-1-1", reason_code="OUT_OF_STOCK")], tax_included=True)
    assert [call["operation"] for call in twins.calls("mirakl")] == ["OR29", "OR30"]


def test_an_order_says_when_it_was_paid_and_how(twins: Running):
    paid, late = order_of(twins, "OPEN-1"), order_of(twins, "LATE-1")
    assert paid.debited_at is not None
    assert (late.debited_at, late.payment_workflow) == (None, "PAY_ON_DUE_DATE")


def test_orders_are_listed_by_what_is_to_be_done_with_them(twins: Running):
    client = twins.mirakl()
    found = [each.order_id for page in client.orders_in_states({"SHIPPING", "WAITING_ACCEPTANCE"}) for each in page]
    assert sorted(found) == ["LATE-1", "LATE-2", "OPEN-1"]
    assert list(client.orders_in_states(())) == []


@pytest.mark.parametrize("role", ["seller", "operator"])
def test_a_return_is_read_and_received(twins: Running, role: str):
    twins.behave("mirakl", returns_accepted_automatically=True)
    client = twins.mirakl(role)
    return_id = ask_back(twins, 2)
    start, end = client.now() - timedelta(minutes=1), client.now() + timedelta(minutes=1)
    ((fetched,),) = client.returns_updated(start, end)
    assert fetched.back is not None
    assert (fetched.return_id, fetched.order_id, fetched.back.state) == (return_id, "PAID-1", "IN_PROGRESS")
    (line,) = fetched.back.lines
    assert (line.line_id, line.quantity, line.reason_code) == ("PAID-1-1", 2, "RETURN_DEFECTIVE_ITEM")
    assert fetched.back.reference
    assert client.read_return(fetched.raw) == fetched.back
    refused = client.receive_returns([return_id, "none"])
    assert refused == {"none": "The return does not exist."}
    assert "RECEIVED" in client.receive_returns([return_id])[return_id]
    twins.wait(301)
    ((again,),) = client.returns_updated(start, client.now() + timedelta(minutes=1))
    assert again.back is not None
    assert again.back.state == "RECEIVED"


def test_returns_may_be_listed_every_five_minutes(twins: Running):
    client = twins.mirakl()
    now = client.now()
    assert list(client.returns_updated(now, now)) == []
    with pytest.raises(Throttled):
        list(client.returns_updated(now, now))


def test_reasons_say_what_they_are_for_and_a_shop_hears_of_its_own_only(twins: Running):
    shop, operator = twins.mirakl(), twins.mirakl("operator")
    assert set(shop.reasons()["OUT_OF_STOCK"]) == {"REFUND", "CANCELATION"}
    assert "REFUND" in shop.reasons()["RETURNED"]
    assert "FRAUD" not in shop.reasons()
    assert "FRAUD" in operator.reasons()
    assert sum(call["operation"] == "RE01" for call in twins.calls("mirakl")) == 2


def test_nothing_to_receive_is_no_call(twins: Running):
    assert twins.mirakl().receive_returns([]) == {}
    assert twins.calls("mirakl") == []
