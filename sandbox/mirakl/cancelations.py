"""OR29 and OR30: an order, or some of its lines, cancelled before there is anything to refund."""

from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.asked_back import answered, fitting, mode_of
from sandbox.mirakl.bodies import read_body
from sandbox.mirakl.desk import Desk
from sandbox.mirakl.dispatch_bodies import Cancelation, Cancelations
from sandbox.mirakl.flags import can_cancel, can_cancel_line
from sandbox.mirakl.left import goods_in, goods_of_line
from sandbox.mirakl.lifecycle import cancel_lines, count_cancelations, live_lines
from sandbox.mirakl.progress import advance
from sandbox.mirakl.refund_states import count_refunds
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.state import Json, Order

_REASON_OF_OR29 = "CUSTOMER_CHANGED_MIND"


def cancel_order(call: Admitted, desk: Desk) -> None:
    """OR29. Raises MiraklRefusal where the payment workflow does not let it."""
    order = call.order()
    if not can_cancel(order):
        raise MiraklRefusal(400, _refused(order))
    for shipment in order.shipments.values():
        shipment["status"] = "CANCELED"
    cancel_lines(order, [line["order_line_id"] for line in live_lines(order)], _REASON_OF_OR29, call.at)
    desk.changed(call, order)


def cancel_in_part(call: Admitted, desk: Desk) -> Json:
    """OR30: all entries or, if one does not fit, none. A partial cancelation leaves the line's price as it was."""
    asked = read_body("OR30", call.persona, call.sent)
    assert isinstance(asked, Cancelations)
    if call.persona == "seller" and not desk.behaviours.is_on("shop_partial_cancelation"):
        raise MiraklRefusal(403, "Partial cancelation is not enabled for this shop")
    if not asked.cancelations:
        raise MiraklRefusal(400, "cancelations must not be empty")
    mode = asked.order_tax_mode
    fits = fitting(call, desk, asked.cancelations, mode=mode, reasons="CANCELATION", check=_check)
    for one in fits:
        (one.order.line(one.line["order_line_id"]) or {})["cancelations"] = one.line["cancelations"]
    for one in fits:
        count_cancelations(one.order, str(one.entry.reason_code), call.at)
        count_refunds(one.order)
        advance(one.order, call.at)
        desk.changed(call, one.order)
    rows = [answered(one, mode, {"cancelation_id": one.row["id"]}) for one in fits]
    return {"order_tax_mode": mode_of(fits, mode), "cancelations": rows}


def _check(order: Order, line: Json, entry: Cancelation) -> None:
    if not can_cancel_line(order, line):
        raise MiraklRefusal(400, _refused(order))
    free = goods_of_line(order, line) - goods_in(order, line)
    if (entry.quantity or 0) > free:
        raise MiraklRefusal(400, f"{free} of order line {line['order_line_id']} can be cancelled, not {entry.quantity}")
    if not (entry.amount or entry.shipping_amount or entry.quantity):
        raise MiraklRefusal(400, f"Nothing of order line {line['order_line_id']} is to be cancelled")


def _refused(order: Order) -> str:
    workflow = order.body.get("payment_workflow")
    debited = ", debited" if order.body.get("customer_debited_date") else ""
    return f"Order {order.id} ({workflow}, {order.state}{debited}) cannot be cancelled"
