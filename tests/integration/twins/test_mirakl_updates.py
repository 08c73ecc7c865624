"""OR04 and OR31: what a shop writes back on its orders."""

from typing import Any

import pytest

from sandbox.clock import moment_of
from tests.integration.twins.mirakl import Mirakl, line, order


def refer(mirakl: Mirakl, **references: str | None) -> dict[str, Any]:
    """OR04 with a seller's reference by order; gives the entries by order."""
    orders = [{"order_id": one, "references": {"order_reference_for_seller": text}} for one, text in references.items()]
    answer = mirakl.seller("PUT", "/api/orders", json={"orders": orders})
    assert answer.status_code == 200, answer.text
    return {entry["order_id"]: entry for entry in answer.json()["updated_orders"]}


def test_the_sales_order_number_is_kept_as_the_sellers_reference(mirakl: Mirakl) -> None:
    mirakl.place(order("A", references={"order_reference_for_customer": "WEB-1"}))
    before = moment_of(mirakl.order("A")["last_updated_date"])
    mirakl.wait(seconds=1)
    refer(mirakl, A="SO1001")
    found = mirakl.order("A")
    assert found["references"] == {"order_reference_for_customer": "WEB-1", "order_reference_for_seller": "SO1001"}
    assert moment_of(found["last_updated_date"]) > before


def test_one_wrong_order_does_not_keep_the_others_from_being_written(mirakl: Mirakl) -> None:
    """The answer is 200 all the same: who looks only at the status loses the error."""
    mirakl.place(order("A"), order("THEIRS", shop_id=2002))
    entries = refer(mirakl, A="SO1", NONE="SO2", THEIRS="SO3")
    assert entries["A"]["errors"] == []
    assert [entries[one]["errors"][0]["code"] for one in ("NONE", "THEIRS")] == ["ORDER_NOT_FOUND"] * 2
    assert mirakl.held("A").body["references"]["order_reference_for_seller"] == "SO1"
    assert mirakl.held("THEIRS").body["references"]["order_reference_for_seller"] is None


@pytest.mark.parametrize("reference", ["", "  ", "x" * 2001])
def test_a_reference_is_neither_blank_nor_longer_than_two_thousand(mirakl: Mirakl, reference: str) -> None:
    mirakl.place(order("A"))
    error = refer(mirakl, A=reference)["A"]["errors"][0]
    assert error["field"] == "references.order_reference_for_seller"
    assert mirakl.held("A").body["references"]["order_reference_for_seller"] is None


def test_null_takes_a_reference_away(mirakl: Mirakl) -> None:
    mirakl.place(order("A", references={"order_reference_for_seller": "SO1"}))
    refer(mirakl, A=None)
    assert mirakl.order("A")["references"]["order_reference_for_seller"] is None


def test_at_most_a_hundred_orders_are_written_in_one_call(mirakl: Mirakl) -> None:
    many = {"orders": [{"order_id": str(number)} for number in range(101)]}
    assert mirakl.seller("PUT", "/api/orders", json=many).status_code == 400


def test_an_operator_may_move_the_deadline_and_the_address(mirakl: Mirakl) -> None:
    mirakl.place(order("A", order_state="SHIPPING"))
    change = {
        "order_id": "A",
        "shipping_deadline": "2026-12-01T12:00:00+01:00",
        "customer": {"shipping_address": {"city": "York"}},
    }
    assert mirakl.operator("PUT", "/api/orders", json={"orders": [change]}).json()["updated_orders"][0]["errors"] == []
    found = mirakl.order("A")
    assert found["shipping_deadline"] == "2026-12-01T11:00:00Z"
    assert (found["customer"]["shipping_address"]["city"], found["customer"]["shipping_address"]["zip_code"]) == (
        "York",
        "LS1 4AP",
    )


def test_a_payment_workflow_changes_only_from_due_date_to_acceptance(mirakl: Mirakl) -> None:
    mirakl.place(
        order("DUE", payment_workflow="PAY_ON_DUE_DATE"), order("SHIPMENT", payment_workflow="PAY_ON_SHIPMENT")
    )
    asked = {"orders": [{"order_id": one, "payment_workflow": "PAY_ON_ACCEPTANCE"} for one in ("DUE", "SHIPMENT")]}
    due, shipment = mirakl.operator("PUT", "/api/orders", json=asked).json()["updated_orders"]
    assert due["errors"] == []
    assert shipment["errors"][0]["field"] == "payment_workflow"


def test_custom_fields_change_one_by_one_and_an_empty_one_goes(mirakl: Mirakl) -> None:
    mirakl.place(order("A", line(), order_additional_fields=[{"code": "old", "type": "STRING", "value": "1"}]))
    body = {
        "order_additional_fields": [{"code": "new", "value": "2"}, {"code": "old", "value": ""}],
        "order_lines": [
            {"order_line_id": "A-1", "order_line_additional_fields": [{"code": "to", "value": ["GBR", "IRL"]}]}
        ],
    }
    result = mirakl.seller("PUT", "/api/orders/A/additional_fields", json=body).json()["order_update_result"]
    assert result["order_additional_fields"] == [{"code": "new", "type": "STRING", "value": "2"}]
    found = mirakl.order("A")
    assert found["order_additional_fields"] == result["order_additional_fields"]
    assert found["order_lines"][0]["order_line_additional_fields"][0]["value"] == ["GBR", "IRL"]


def test_a_custom_field_or_line_that_is_not_there_changes_nothing_and_comes_back_as_it_was_sent(mirakl: Mirakl) -> None:
    mirakl.behave(custom_fields="netsuite-id, deadline")
    mirakl.place(order("A"))
    body = {
        "order_additional_fields": [{"code": "netsuite-id", "value": "1"}, {"code": "nothing", "value": "1"}],
        "order_lines": [{"order_line_id": "A-9", "order_line_additional_fields": []}],
    }
    answer = mirakl.seller("PUT", "/api/orders/A/additional_fields", json=body)
    errors = answer.json()["order_update_errors"]
    assert answer.status_code == 200
    assert [one["field"] for one in errors["errors"]] == [
        "order_additional_fields[1].code",
        "order_lines[0].order_line_id",
    ]
    assert errors["input"]["order_additional_fields"][0]["code"] == "netsuite-id"
    assert mirakl.order("A")["order_additional_fields"] == []
