"""People who do by hand, in the twin's back office, what an operation does; and who may ship in parts."""

from typing import Any

import requests

from tests.integration.twins.mirakl import MARKETPLACE, Mirakl, line, order

TO_SHIP = {"order_state": "SHIPPING"}


def by_hand(mirakl: Mirakl, operation: str, **fields: Any) -> requests.Response:
    asked = {"marketplace": MARKETPLACE, "operation": operation, **fields}
    return requests.post(f"{mirakl.url}/_twin/back_office", json=asked, timeout=5)


def refund(line_id: str, amount: float) -> dict[str, Any]:
    entry = {"order_line_id": line_id, "amount": amount, "shipping_amount": 0, "reason_code": "GOODWILL", "quantity": 0}
    return {"body": {"refunds": [entry]}}


def test_a_refund_by_hand_is_one_like_any_other_and_no_call(mirakl: Mirakl) -> None:
    mirakl.place(order("A", line(price_unit=10), **TO_SHIP))
    mirakl.fault({"operation": "OR28", "kind": "500", "probability": 1})
    before = mirakl.control("GET", "calls")["total"]
    (done,) = by_hand(mirakl, "OR28", **refund("A-1", 4)).json()["refunds"]
    assert mirakl.control("GET", "calls")["total"] == before
    (held,) = mirakl.order("A")["order_lines"][0]["refunds"]
    assert (held["id"], held["amount"], held["refund_state"]) == (done["refund_id"], 4, "WAITING_REFUND")


def test_what_mirakl_would_refuse_is_refused_by_hand_too(mirakl: Mirakl) -> None:
    mirakl.place(order("A", line(price_unit=10), **TO_SHIP))
    answer = by_hand(mirakl, "OR28", **refund("A-1", 10.01))
    assert answer.status_code == 400
    assert "10" in answer.json()["error"]
    assert "OR11" in by_hand(mirakl, "OR11").json()["error"]


def test_a_shop_ships_by_hand(mirakl: Mirakl) -> None:
    mirakl.place(order("A", **TO_SHIP))
    tracking = {"carrier_code": "DHL", "tracking_number": "1"}
    assert by_hand(mirakl, "OR23", persona="seller", order_id="A", body=tracking).status_code == 200
    assert by_hand(mirakl, "OR24", persona="seller", order_id="A").status_code == 200
    assert mirakl.order("A")["order_state"] == "SHIPPED"


def test_another_shop_ships_its_own_order_and_nobody_else_s(mirakl: Mirakl) -> None:
    mirakl.place(order("A", shop_id=2002, **TO_SHIP))
    tracking = {"carrier_code": "DHL", "tracking_number": "1"}
    assert by_hand(mirakl, "OR23", persona="seller", order_id="A", body=tracking).status_code == 400
    assert by_hand(mirakl, "OR23", persona="seller", shop=2002, order_id="A", body=tracking).status_code == 200
    assert by_hand(mirakl, "OR24", persona="seller", shop=2002, order_id="A").status_code == 200
    assert mirakl.held("A").state == "SHIPPED"


def test_each_marketplace_chooses_for_itself_whether_orders_ship_in_parts(mirakl: Mirakl) -> None:
    """MARKETPLACE is not the one that is named."""
    mirakl.behave(multi_shipment=True, multi_shipment_at="maison-eu")
    platform = mirakl.seller("GET", "/api/platform/configuration").json()
    assert platform["features"]["shipment"]["multi_shipment"] is False
    assert mirakl.seller("GET", "/api/shipments").status_code == 400
    mirakl.behave(multi_shipment_at=f"maison-eu, {MARKETPLACE}")
    assert mirakl.seller("GET", "/api/shipments").status_code == 200
