"""ST11 and ST12: the shipments there are, and what there is to ship."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.clock import moment_of, text_of
from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.left import goods_left
from sandbox.mirakl.lifecycle import live_lines
from sandbox.mirakl.operations import SHIPMENT_FILTERS, TO_SHIP_FILTERS
from sandbox.mirakl.parameters import read_parameters
from sandbox.mirakl.seek import page, place_of
from sandbox.mirakl.state import Json, Order

_HIDDEN_ADDRESS = ("internal_additional_info",)


def list_shipments(call: Admitted) -> Json:
    """ST11, by creation."""
    place = place_of(call.asked.query)
    asked = read_parameters(SHIPMENT_FILTERS, place.query, "ST11")
    tests = {"order_id": "order_id", "shipment_state_code": "status"}
    tests["shipment_customer_debit_state_code"] = "status_customer_debit"
    rows = [
        shipment
        for order in call.orders()
        for shipment in order.shipments.values()
        if all(name not in asked or shipment[field] in asked[name] for name, field in tests.items())
        and is_between(moment_of(shipment["last_updated_date"]), asked, "last_updated")
    ]
    return page(rows, lambda row: [sortable(row["created_date"]), row["id"]], asked, place)


def list_items_to_ship(call: Admitted) -> Json:
    """ST12: per order what is in no shipment yet, by the time it was first to be shipped."""
    place = place_of(call.asked.query)
    asked = read_parameters(TO_SHIP_FILTERS, place.query, "ST12")
    rows = []
    for order in call.orders():
        wanted = "order_id" not in asked or order.id in asked["order_id"]
        center = ((order.body.get("fulfillment") or {}).get("center") or {}).get("code") or "DEFAULT"
        wanted = wanted and center in asked.get("fulfillment_center_code", [center])
        if wanted and order.state == "SHIPPING" and is_between(_to_ship_since(order), asked, "shipping_date"):
            lines = _lines_to_ship(order)
            rows += [_to_ship(order, center, lines)] if lines else []
    return page(rows, lambda row: [sortable(row["shipping_date"]), row["order_id"]], asked, place)


def sortable(moment: str) -> str:
    """Moments as texts that sort as they follow one another: with and without milliseconds."""
    return moment_of(moment).isoformat(timespec="milliseconds")


def is_between(moment: datetime, asked: Mapping[str, Any], name: str) -> bool:
    """Within `name`_from and `name`_to, as far as they were asked for."""
    start, end = asked.get(f"{name}_from"), asked.get(f"{name}_to")
    return (start is None or moment >= start) and (end is None or moment <= end)


def _lines_to_ship(order: Order) -> list[Json]:
    return [
        {
            "order_line_id": line["order_line_id"],
            "offer_sku": line.get("offer_sku"),
            "product_title": line.get("product_title"),
            "package_reference": None,
            "quantity": left,
        }
        for line in live_lines(order)
        if (left := goods_left(order, line)) > 0
    ]


def _to_ship(order: Order, center: str, lines: list[Json]) -> Json:
    body = order.body
    address = (body.get("customer") or {}).get("shipping_address") or {}
    return {
        "order_id": order.id,
        "fulfillment": {"center": {"code": center}},
        "references": body.get("references"),
        "shipment_lines": lines,
        "shipping_address": {name: value for name, value in address.items() if name not in _HIDDEN_ADDRESS},
        "shipping_date": text_of(_to_ship_since(order)),
        "shipping_deadline": body.get("shipping_deadline"),
        "shipping_type_code": body.get("shipping_type_code") or "STD",
        "shipping_type_standard_code": body.get("shipping_type_standard_code"),
    }


def _to_ship_since(order: Order) -> datetime:
    """An order that came with the world in SHIPPING was to be shipped since its debit, or its acceptance."""
    dated = order.body.get("customer_debited_date") or order.body.get("acceptance_decision_date")
    return order.to_ship_since or (moment_of(dated) if dated else order.created)
