"""OR29 and OR30: what is cancelled before the buyer has paid, or before it is shipped."""

from typing import Any

import pytest

from tests.integration.twins.mirakl import Json, Mirakl, line, order

VAT = {"code": "VAT", "amount": 2, "tax_calculation_rule": "PROPORTIONAL_TO_AMOUNT"}


def unpaid(order_id: str = "A", *lines: Json, **fields: Any) -> Json:
    """An order to ship that is paid later: its buyer has not been debited."""
    return order(order_id, *lines, **{"order_state": "SHIPPING", "payment_workflow": "PAY_ON_DUE_DATE", **fields})


def entry(line_id: str = "A-1", amount: float = 10, quantity: int = 1, **fields: Any) -> Json:
    whole = {"order_line_id": line_id, "amount": amount, "shipping_amount": 0, "quantity": quantity}
    return {**whole, "reason_code": "OUT_OF_STOCK", **fields}


def cancel(mirakl: Mirakl, *entries: Json, **fields: Any) -> int:
    return mirakl.seller("PUT", "/api/orders/cancel", json={"cancelations": list(entries), **fields}).status_code


def cancel_whole(mirakl: Mirakl, order_id: str = "A") -> int:
    return mirakl.seller("PUT", f"/api/orders/{order_id}/cancel").status_code


@pytest.mark.parametrize(
    ("workflow", "state", "debited", "status"),
    [
        ("PAY_ON_ACCEPTANCE", "WAITING_ACCEPTANCE", False, 204),
        ("PAY_ON_ACCEPTANCE", "WAITING_DEBIT_PAYMENT", False, 204),
        ("PAY_ON_ACCEPTANCE", "SHIPPING", True, 400),
        ("PAY_ON_DUE_DATE", "SHIPPING", False, 204),
        ("PAY_ON_DUE_DATE", "SHIPPING", True, 400),
        ("PAY_ON_DELIVERY", "SHIPPING", False, 204),
        ("PAY_ON_SHIPMENT", "SHIPPING", True, 400),
        ("PAY_ON_DELIVERY", "SHIPPED", False, 400),
        ("NO_CUSTOMER_PAYMENT_CONFIRMATION", "SHIPPING", False, 204),
        ("NO_CUSTOMER_PAYMENT_CONFIRMATION", "SHIPPED", False, 400),
        ("PAY_ON_ACCEPTANCE", "CANCELED", False, 400),
    ],
)
def test_an_order_is_cancelled_until_it_is_paid_or_until_it_is_shipped(
    mirakl: Mirakl, workflow: str, state: str, debited: bool, status: int
) -> None:
    date = "2026-10-01T12:00:00Z" if debited else None
    mirakl.place(order("A", order_state=state, payment_workflow=workflow, customer_debited_date=date))
    assert mirakl.order("A")["can_cancel"] is (status == 204)
    assert cancel_whole(mirakl) == status
    assert mirakl.order("A")["order_state"] == ("CANCELED" if status == 204 else state)


def test_a_cancelled_order_says_so_on_every_line_and_never_ships(mirakl: Mirakl) -> None:
    mirakl.place(order("A", line(), line(price_unit=5, shipping_price=1)))
    cancel_whole(mirakl)
    mirakl.wait(days=1)
    found = mirakl.order("A")
    assert [one["order_line_state"] for one in found["order_lines"]] == ["CANCELED", "CANCELED"]
    assert [one["cancelations"][0]["amount"] for one in found["order_lines"]] == [10, 5]
    assert found["order_lines"][1]["cancelations"][0]["shipping_amount"] == 1
    assert found["order_state"] == "CANCELED"


def test_a_cancelled_line_leaves_the_total_and_the_others_ship(mirakl: Mirakl) -> None:
    mirakl.place(unpaid("A", line(), line(price_unit=5)))
    assert cancel(mirakl, entry("A-2", 5)) == 200
    found = mirakl.order("A")
    assert [one["order_line_state"] for one in found["order_lines"]] == ["SHIPPING", "CANCELED"]
    assert (found["order_state"], found["total_price"]) == ("SHIPPING", 10)
    assert found["order_lines"][1]["order_line_state_reason_code"] == "OUT_OF_STOCK"


def test_part_of_a_line_cancelled_is_written_on_it_and_its_price_stays(mirakl: Mirakl) -> None:
    """Mirakl's own example shows a line's price whole beside its cancelation: one takes the quantities off oneself."""
    mirakl.behave(multi_shipment=True)
    mirakl.place(unpaid("A", line(quantity=3)))
    assert cancel(mirakl, entry(amount=20, quantity=2)) == 200
    found = mirakl.order("A")
    (one,) = found["order_lines"]
    assert (one["order_line_state"], one["price"], found["total_price"]) == ("SHIPPING", 30, 30)
    assert [(c["amount"], c["quantity"], c["reason_code"]) for c in one["cancelations"]] == [(20, 2, "OUT_OF_STOCK")]
    (row,) = mirakl.seller("GET", "/api/shipments/items_to_ship").json()["data"]
    assert row["shipment_lines"][0]["quantity"] == 1


def test_the_last_of_a_lines_money_cancels_it_and_the_last_line_the_order(mirakl: Mirakl) -> None:
    mirakl.place(unpaid("A", line(quantity=2)))
    cancel(mirakl, entry())
    assert mirakl.order("A")["order_state"] == "SHIPPING"
    cancel(mirakl, entry())
    found = mirakl.order("A")
    assert (found["order_state"], found["order_lines"][0]["order_line_state"]) == ("CANCELED", "CANCELED")


@pytest.mark.parametrize(
    "wrong",
    [
        entry(amount=10.01),
        entry(amount=-1),
        entry(quantity=2),
        entry(shipping_amount=1),
        entry(amount=0, quantity=0),
        entry(reason_code="DAMAGED"),
        entry(reason_code="NONE"),
        entry(currency_iso_code="EUR"),
        entry(taxes=[{"code": "OTHER", "amount": 1}]),
        entry(taxes=[{"code": "VAT", "amount": 2.01}]),
        entry(fees=[{"code": "CARD", "amount": 1}]),
        {"order_line_id": "A-1", "amount": 10},
    ],
)
def test_a_cancelation_that_does_not_fit_leaves_everything_as_it_was(mirakl: Mirakl, wrong: Json) -> None:
    mirakl.place(unpaid("A", line(taxes=[VAT]), line()))
    assert cancel(mirakl, entry("A-2"), wrong) == 400
    assert [one["cancelations"] for one in mirakl.order("A")["order_lines"]] == [[], []]


def test_the_same_money_is_not_cancelled_twice_in_one_call(mirakl: Mirakl) -> None:
    mirakl.place(unpaid("A", line(), line()))
    assert cancel(mirakl, entry(), entry()) == 400
    assert mirakl.order("A")["order_lines"][0]["cancelations"] == []


def test_a_line_that_is_not_there_or_not_ours_cannot_be_cancelled(mirakl: Mirakl) -> None:
    mirakl.place(unpaid("THEIRS", shop_id=2002))
    assert (cancel(mirakl, entry("NONE-1")), cancel(mirakl, entry("THEIRS-1")), cancel(mirakl)) == (404, 404, 400)
    assert (cancel_whole(mirakl, "NONE"), cancel_whole(mirakl, "THEIRS")) == (404, 404)


def test_an_operator_may_keep_partial_cancelation_to_itself(mirakl: Mirakl) -> None:
    mirakl.behave(shop_partial_cancelation=False)
    mirakl.place(unpaid("A", line(), line()))
    assert cancel(mirakl, entry()) == 403
    body = {"cancelations": [entry()]}
    assert mirakl.operator("PUT", "/api/orders/cancel", json=body).status_code == 200


def test_what_is_shipped_is_not_cancelled_and_the_rest_is(mirakl: Mirakl) -> None:
    """With the rest cancelled the order is shipped: nothing is left to send."""
    mirakl.behave(multi_shipment=True)
    mirakl.place(unpaid("A", line(), line()))
    sent = {"order_id": "A", "shipment_lines": [{"order_line_id": "A-1", "quantity": 1}], "shipped": True}
    mirakl.seller("POST", "/api/shipments", json={"shipments": [sent]})
    assert (cancel_whole(mirakl), cancel(mirakl, entry())) == (400, 400)
    assert cancel(mirakl, entry("A-2")) == 200
    found = mirakl.order("A")
    assert found["order_state"] == "SHIPPED"
    assert [one["order_line_state"] for one in found["order_lines"]] == ["SHIPPED", "CANCELED"]


def test_a_packed_shipment_is_cancelled_with_its_order(mirakl: Mirakl) -> None:
    mirakl.behave(multi_shipment=True)
    mirakl.place(unpaid("A"))
    packed = {"order_id": "A", "shipment_lines": [{"order_line_id": "A-1", "quantity": 1}]}
    mirakl.seller("POST", "/api/shipments", json={"shipments": [packed]})
    assert cancel(mirakl, entry()) == 400
    assert cancel_whole(mirakl) == 204
    (shipment,) = mirakl.seller("GET", "/api/shipments").json()["data"]
    assert shipment["status"] == "CANCELED"


def test_the_tax_of_what_is_cancelled_goes_with_it(mirakl: Mirakl) -> None:
    mirakl.place(unpaid("A", line(quantity=2, taxes=[{**VAT, "amount": 4}])))
    cancel(mirakl, entry())
    (found,) = mirakl.order("A")["order_lines"][0]["cancelations"]
    assert found["taxes"] == [{"code": "VAT", "amount": 2}]
