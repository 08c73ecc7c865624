"""OR23 and OR24: an order's carrier and number, and its shipping as a whole."""

from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.bodies import read_body
from sandbox.mirakl.carriers import Named, UnfitTracking, tracking_of
from sandbox.mirakl.desk import Desk
from sandbox.mirakl.dispatch_bodies import OrderTracking
from sandbox.mirakl.left import goods_left
from sandbox.mirakl.lifecycle import enter, live_lines, schedule
from sandbox.mirakl.progress import advance, ship
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.shipments import new_shipment
from sandbox.mirakl.state import Json, Order

_TRACKED = frozenset({"SHIPPING", "SHIPPED", "TO_COLLECT"})
_FIELDS = {
    "shipping_carrier_code": "carrier_code",
    "shipping_carrier_standard_code": "carrier_standard_code",
    "shipping_company": "carrier_name",
    "shipping_tracking": "tracking_number",
    "shipping_tracking_url": "tracking_url",
}


def track_order(call: Admitted, desk: Desk) -> None:
    """OR23. Raises MiraklRefusal for a carrier or number that does not fit, and before or after shipping."""
    sent = read_body("OR23", call.persona, call.sent)
    assert isinstance(sent, OrderTracking)
    order = call.order()
    _check_ours(order)
    if order.state not in _TRACKED:
        raise MiraklRefusal(400, f"Tracking cannot be updated: order {order.id} is {order.state}")
    named = Named(
        sent.carrier_code, sent.carrier_name, sent.carrier_standard_code, sent.tracking_number, sent.carrier_url
    )
    try:
        tracking = tracking_of(named, alternatives_allowed=not desk.behaviours.is_on("alternative_carriers_disabled"))
    except UnfitTracking as unfit:
        raise MiraklRefusal(400, str(unfit)) from unfit
    order.body |= {name: tracking[kept] for name, kept in _FIELDS.items()}
    desk.changed(call, order, tell=False)


def ship_order(call: Admitted, desk: Desk) -> None:
    """OR24: all of it, whatever is in shipments already. Raises MiraklRefusal unless it is to be shipped."""
    order = call.order()
    _check_ours(order)
    if order.state != "SHIPPING":
        raise MiraklRefusal(400, f"The order status must be 'SHIPPING' but it is '{order.state}'.")
    if desk.behaviours.is_on("ship_needs_tracking") and not _is_tracked(order):
        raise MiraklRefusal(400, f"Order {order.id} has no tracking information yet")
    if desk.ships_in_parts(call.marketplace):
        _ship_in_one_more_shipment(call, desk, order)
    else:
        enter(order, "SHIPPED", call.at)
        schedule(order, call.at, desk.waits)
    desk.changed(call, order)


def _ship_in_one_more_shipment(call: Admitted, desk: Desk, order: Order) -> None:
    rest: list[Json] = [
        {
            "order_line_id": line["order_line_id"],
            "offer_sku": line.get("offer_sku"),
            "package_reference": None,
            "quantity": left,
        }
        for line in live_lines(order)
        if (left := goods_left(order, line)) > 0
    ]
    if rest:
        tracking = {kept: order.body.get(name) for name, kept in _FIELDS.items()}
        new_shipment(order, desk.state.uuid(), rest, call.at, {"tracking": tracking})
    for shipment in [one for one in order.shipments.values() if one["status"] == "SHIPPING"]:
        ship(order, shipment, call.at, desk.waits)
    advance(order, call.at)


def _check_ours(order: Order) -> None:
    if order.is_someone_elses_to_ship():
        said = f"Order {order.id} is fulfilled by {order.body['fulfillment']['center']['code']}"
        raise MiraklRefusal(400, said, code="ORDER_FULFILLED_UNAUTHORIZED", field="order_id")


def _is_tracked(order: Order) -> bool:
    return any(order.body.get(name) for name in ("shipping_carrier_code", "shipping_company", "shipping_tracking"))
