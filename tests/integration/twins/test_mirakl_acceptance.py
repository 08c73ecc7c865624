"""OR21: a shop accepts or refuses an order, the buyer is debited, and the order is to ship."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.clock import moment_of
from tests.integration.twins.mirakl import Mirakl, line, order


def accept(mirakl: Mirakl, order_id: str = "1001-A", **decisions: bool) -> tuple[int, str | None]:
    """Decide lines by their number (_1=True); gives the status and the code of the refusal."""
    lines = [{"id": f"{order_id}-{name.strip('_')}", "accepted": accepted} for name, accepted in decisions.items()]
    return answered(mirakl, {"order_lines": lines}, order_id)


def answered(mirakl: Mirakl, body: object, order_id: str = "1001-A") -> tuple[int, str | None]:
    answer = mirakl.seller("PUT", f"/api/orders/{order_id}/accept", json=body, params={"shop_id": 2001})
    return answer.status_code, answer.json()["errors"][0]["code"] if answer.content else None


def state(mirakl: Mirakl, order_id: str = "1001-A") -> str:
    return str(mirakl.order(order_id)["order_state"])


def test_all_lines_must_be_decided_at_once(mirakl: Mirakl) -> None:
    mirakl.place(order("1001-A", line(), line()))
    assert accept(mirakl, _1=True) == (400, "ORDER_LINE_ACCEPTANCE_DECISION_MISSING")
    assert state(mirakl) == "WAITING_ACCEPTANCE"
    assert accept(mirakl, _1=True, _2=True) == (204, None)


def test_an_accepted_order_waits_for_its_debit_and_then_is_to_ship(mirakl: Mirakl) -> None:
    """Picked up after five minutes, paid after five more; two days to ship it from then on."""
    mirakl.place(order(leadtime_to_ship=2))
    accepted_at = mirakl.now()
    accept(mirakl, _1=True)
    assert state(mirakl) == "WAITING_DEBIT"
    mirakl.wait(minutes=5)
    assert state(mirakl) == "WAITING_DEBIT_PAYMENT"
    assert mirakl.order("1001-A")["customer_debited_date"] is None
    mirakl.wait(minutes=5)
    shipping = mirakl.order("1001-A")
    assert shipping["order_state"] == shipping["order_lines"][0]["order_line_state"] == "SHIPPING"
    debited = moment_of(shipping["customer_debited_date"])
    assert timedelta(minutes=10) <= debited - accepted_at < timedelta(minutes=11)
    assert moment_of(shipping["shipping_deadline"]) == debited + timedelta(days=2)
    assert shipping["transaction_date"] == shipping["order_lines"][0]["debited_date"] == shipping["last_updated_date"]


def test_every_step_of_the_debit_moves_the_update_date(mirakl: Mirakl) -> None:
    mirakl.place(order())
    seen = [mirakl.order("1001-A")["last_updated_date"]]
    mirakl.wait(seconds=1)
    accept(mirakl, _1=True)
    for minutes in (0, 5, 5):
        mirakl.wait(minutes=minutes)
        seen.append(mirakl.order("1001-A")["last_updated_date"])
    assert sorted(set(seen), key=moment_of) == seen


def test_without_waits_an_accepted_order_is_to_ship_at_once(mirakl: Mirakl) -> None:
    mirakl.behave(debit_request_minutes=0, debit_minutes=0)
    mirakl.place(order())
    accept(mirakl, _1=True)
    assert state(mirakl) == "SHIPPING"


@pytest.mark.parametrize(
    "workflow", ["NO_CUSTOMER_PAYMENT_CONFIRMATION", "PAY_ON_DUE_DATE", "PAY_ON_DELIVERY", "PAY_ON_SHIPMENT"]
)
def test_an_order_not_paid_on_acceptance_ships_without_a_debit(mirakl: Mirakl, workflow: str) -> None:
    mirakl.place(order(payment_workflow=workflow))
    accept(mirakl, _1=True)
    found = mirakl.order("1001-A")
    assert (found["order_state"], found["customer_debited_date"]) == ("SHIPPING", None)
    assert found["shipping_deadline"] is not None


def test_a_refused_line_leaves_the_order_with_the_others(mirakl: Mirakl) -> None:
    mirakl.place(order("1001-A", line(price_unit=10), line(price_unit=5, shipping_price=2)))
    assert accept(mirakl, _1=True, _2=False) == (204, None)
    mirakl.wait(minutes=10)
    found = mirakl.order("1001-A")
    assert [one["order_line_state"] for one in found["order_lines"]] == ["SHIPPING", "REFUSED"]
    assert (found["price"], found["shipping_price"], found["total_price"]) == (10, 0, 10)
    assert found["order_lines"][1]["debited_date"] is None


def test_an_order_with_every_line_refused_is_refused(mirakl: Mirakl) -> None:
    mirakl.place(order("1001-A", line(), line()))
    accept(mirakl, _1=False, _2=False)
    mirakl.wait(hours=1)
    assert state(mirakl) == "REFUSED"
    assert mirakl.order("1001-A")["customer"]["shipping_address"] is None


def test_a_shop_may_be_forbidden_to_refuse_only_some_lines(mirakl: Mirakl) -> None:
    mirakl.behave(partial_acceptance=False)
    mirakl.place(order("1001-A", line(), line()))
    assert accept(mirakl, _1=True, _2=False) == (400, "ORDER_PARTIAL_ACCEPTANCE_DISABLED")
    assert accept(mirakl, _1=True, _2=True) == (204, None)


def test_an_order_is_decided_once(mirakl: Mirakl) -> None:
    mirakl.place(order())
    accept(mirakl, _1=True)
    assert accept(mirakl, _1=True) == (400, "ORDER_INVALID_STATE")


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([{"id": "1001-A-1", "accepted": True}] * 2, "ORDER_LINE_DUPLICATE_ID"),
        ([{"id": "9999-A-1", "accepted": True}], "ORDER_LINE_NOT_FOUND"),
        ([None], "ORDER_LINE_NULL_ELEMENT"),
        ([{"id": "1001-A-1"}], "VALIDATION_ERROR"),
        ([], "VALIDATION_ERROR"),
    ],
)
def test_a_decision_that_does_not_fit_is_refused_by_its_code(mirakl: Mirakl, lines: list[Any], code: str) -> None:
    mirakl.place(order())
    assert answered(mirakl, {"order_lines": lines}) == (400, code)
    assert state(mirakl) == "WAITING_ACCEPTANCE"


def test_an_order_that_is_not_there_or_not_ours_cannot_be_accepted(mirakl: Mirakl) -> None:
    mirakl.place(order("THEIRS-A", shop_id=2002))
    assert accept(mirakl, "NONE-A", _1=True) == (404, "ORDER_NOT_FOUND")
    assert accept(mirakl, "THEIRS-A", _1=True) == (404, "ORDER_NOT_FOUND")


def test_an_order_that_a_logistics_partner_ships_is_not_ours_to_accept(mirakl: Mirakl) -> None:
    mirakl.place(order(fulfillment={"center": {"code": "HUB"}}))
    assert accept(mirakl, _1=True) == (400, "ORDER_FULFILLED_UNAUTHORIZED")


def test_an_operator_can_accept_for_the_shop(mirakl: Mirakl) -> None:
    mirakl.place(order())
    body = {"order_lines": [{"id": "1001-A-1", "accepted": True}]}
    assert mirakl.operator("PUT", "/api/orders/1001-A/accept", json=body).status_code == 204
    assert state(mirakl) == "WAITING_DEBIT"


def test_an_order_cancelled_while_it_waits_for_its_debit_never_ships(mirakl: Mirakl) -> None:
    mirakl.place(order())
    accept(mirakl, _1=True)
    change = {"marketplace": "brightside-uk", "order_id": "1001-A", "cancel_lines": ["1001-A-1"]}
    mirakl.control("POST", "orders/changes", json=change)
    mirakl.wait(hours=1)
    assert state(mirakl) == "CANCELED"
