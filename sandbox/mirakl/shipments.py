"""ST01, ST06, ST23, ST24: an order shipped in parts. What is wrong is said per shipment, inside HTTP 200 and 201."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.clock import text_of
from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.bodies import read_body
from sandbox.mirakl.carriers import Named, UnfitTracking, tracking_of
from sandbox.mirakl.desk import Desk, counted
from sandbox.mirakl.dispatch_bodies import (
    NamedShipments,
    NewShipment,
    NewShipments,
    ShipmentLine,
    TrackedShipments,
    Tracking,
)
from sandbox.mirakl.left import goods_left
from sandbox.mirakl.lifecycle import live_lines
from sandbox.mirakl.progress import advance, ship
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.state import Json, Order

MOST_SHIPMENTS, LONGEST_REFERENCE = 1000, 255
_TRACKED = frozenset({"SHIPPING", "READY_FOR_PICK_UP", "SHIPMENT_PREPARED", "SHIPPED", "TO_COLLECT"})


class UnfitShipment(ValueError):
    """One shipment of a call that cannot be had; the text is its error's message."""


def check_multi_shipment(call: Admitted, desk: Desk) -> None:
    if not desk.ships_in_parts(call.marketplace):
        raise MiraklRefusal(400, "Multi-shipment is not enabled on this platform: use OR23 and OR24")


def create_shipments(call: Admitted, desk: Desk) -> Json:
    """ST01. The same call again ships again, as long as there are goods left: it is not idempotent."""
    asked = read_body("ST01", call.persona, call.sent)
    assert isinstance(asked, NewShipments)
    created, errors = [], []
    for one in counted(asked.shipments, MOST_SHIPMENTS, "shipments"):
        try:
            created.append(_created(call, desk, one))
        except (UnfitShipment, UnfitTracking) as unfit:
            errors.append({"order_id": one.order_id, "message": str(unfit)})
    return {"shipment_success": created, "shipment_errors": errors}


def delete_shipments(call: Admitted, desk: Desk) -> Json:
    """ST06: a shipment that has not left gives its goods back to the order."""
    asked = read_body("ST06", call.persona, call.sent)
    assert isinstance(asked, NamedShipments)

    def delete(order: Order, shipment: Json, _: Any) -> None:
        _check_status(shipment)
        del order.shipments[shipment["id"]]

    return _each(call, desk, asked.shipments, delete)


def track_shipments(call: Admitted, desk: Desk) -> Json:
    """ST23."""
    asked = read_body("ST23", call.persona, call.sent)
    assert isinstance(asked, TrackedShipments)

    def track(_order: Order, shipment: Json, sent: Any) -> None:
        if shipment["status"] not in _TRACKED:
            raise UnfitShipment(f"Tracking cannot be updated: the shipment is {shipment['status']}.")
        shipment["tracking"] = _tracking(desk, sent.tracking or Tracking())
        shipment["last_updated_date"] = text_of(call.at)

    return _each(call, desk, asked.shipments, track)


def ship_shipments(call: Admitted, desk: Desk) -> Json:
    """ST24."""
    asked = read_body("ST24", call.persona, call.sent)
    assert isinstance(asked, NamedShipments)

    def validate(order: Order, shipment: Json, _: Any) -> None:
        _check_status(shipment)
        ship(order, shipment, call.at, desk.waits)

    return _each(call, desk, asked.shipments, validate)


def new_shipment(order: Order, shipment_id: str, lines: list[Json], at: datetime, fields: Json) -> Json:
    """Put a shipment into the order, as ST11 shows it; it has not left yet."""
    pays_on_shipment = order.body.get("payment_workflow") == "PAY_ON_SHIPMENT"
    shipment = order.shipments[shipment_id] = {
        "id": shipment_id,
        "order_id": order.id,
        "status": "SHIPPING",
        "status_customer_debit": "NOT_STARTED" if pays_on_shipment else "NO_DEBIT",
        "created_date": text_of(at),
        "last_updated_date": text_of(at),
        "shipped_date": None,
        "payment_details": None,
        "invoice_reference": None,
        "shipping_from": None,
        "shipment_additional_information": [],
        "tracking": None,
        "shipment_lines": lines,
        **fields,
    }
    return shipment


def _created(call: Admitted, desk: Desk, one: NewShipment) -> Json:
    order = call.visible(one.order_id)
    if order is None:
        raise UnfitShipment(f"Order {one.order_id} does not exist.")
    if order.is_someone_elses_to_ship():
        raise UnfitShipment(f"Order {order.id} is fulfilled by another fulfillment center.")
    if order.state != "SHIPPING":
        raise UnfitShipment(f"The order status must be 'SHIPPING' but it is '{order.state}'.")
    if len(one.invoice_reference or "") > LONGEST_REFERENCE:
        raise UnfitShipment(f"Invoice reference is longer than {LONGEST_REFERENCE} characters.")
    lines = _lines(order, one.shipment_lines or [])
    fields = {
        "tracking": _tracking(desk, one.tracking) if one.tracking else None,
        "invoice_reference": one.invoice_reference,
        "shipping_from": one.shipping_from,
        "shipment_additional_information": one.shipment_additional_information or [],
    }
    shipment = new_shipment(order, desk.state.uuid(), lines, call.at, fields)
    if one.shipped:
        ship(order, shipment, call.at, desk.waits)
    desk.changed(call, order)
    return shipment


def _lines(order: Order, asked: list[ShipmentLine]) -> list[Json]:
    if not asked:
        raise UnfitShipment("A shipment has at least one line.")
    lines, taken = [], dict[str, int]()
    for one in asked:
        line = _line_of(order, one)
        line_id = line["order_line_id"]
        quantity = one.quantity or 0
        taken[line_id] = taken.get(line_id, 0) + quantity
        if quantity < 1 or taken[line_id] > goods_left(order, line):
            raise UnfitShipment("Shipment quantity is invalid.")
        named = {"order_line_id": line_id, "offer_sku": line.get("offer_sku")}
        lines.append({**named, "package_reference": one.package_reference, "quantity": quantity})
    return lines


def _line_of(order: Order, asked: ShipmentLine) -> Json:
    if asked.order_line_id:
        found = [line for line in live_lines(order) if line["order_line_id"] == asked.order_line_id]
    else:
        found = [line for line in live_lines(order) if asked.offer_sku and line.get("offer_sku") == asked.offer_sku]
    if len(found) != 1:
        named = asked.order_line_id or asked.offer_sku
        raise UnfitShipment(f"Order line {named} {'is not unique in' if found else 'does not exist in'} the order.")
    return found[0]


def _tracking(desk: Desk, sent: Tracking) -> Json:
    named = Named(
        sent.carrier_code, sent.carrier_name, sent.carrier_standard_code, sent.tracking_number, sent.tracking_url
    )
    kept = tracking_of(named, alternatives_allowed=not desk.behaviours.is_on("alternative_carriers_disabled"))
    return {**kept, "validity_status": "UNVERIFIED" if sent.tracking_number else "MISSING_TRACKING", "milestones": []}


def _check_status(shipment: Json) -> None:
    if shipment["status"] != "SHIPPING":
        raise UnfitShipment(f"The shipment status must be 'SHIPPING' but it is '{shipment['status']}'.")


def _each(call: Admitted, desk: Desk, asked: list[Any] | None, do: Callable[[Order, Json, Any], None]) -> Json:
    """Do it to each shipment named; one that cannot be had does not keep the others from it."""
    holder = {shipment_id: order for order in call.orders() for shipment_id in order.shipments}
    done, errors = [], []
    for one in counted(asked, MOST_SHIPMENTS, "shipments"):
        try:
            order = _holder_of(one.id, holder)
            do(order, order.shipments[one.id], one)
        except (UnfitShipment, UnfitTracking) as unfit:
            errors.append({"id": one.id, "message": str(unfit)})
        else:
            advance(order, call.at)
            desk.changed(call, order)
            done.append({"id": one.id})
    return {"shipment_success": done, "shipment_errors": errors}


def _holder_of(shipment_id: str | None, holder: dict[str, Order]) -> Order:
    order = holder.get(shipment_id or "")
    if order is None or shipment_id not in order.shipments:
        raise UnfitShipment(f"Shipment {shipment_id} does not exist.")
    return order
