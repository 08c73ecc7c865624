"""OR28: money given back for an order that was paid. The same call again refunds again, as far as money is left."""

from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.asked_back import answered, fitting, mode_of
from sandbox.mirakl.bodies import read_body
from sandbox.mirakl.desk import Desk
from sandbox.mirakl.dispatch_bodies import Cancelation, OperatorRefunds, Refund, Refunds
from sandbox.mirakl.flags import can_refund
from sandbox.mirakl.left import goods_left
from sandbox.mirakl.refund_states import count_refunds, schedule_refund
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.state import Json, Order


def refund(call: Admitted, desk: Desk) -> Json:
    """All entries or, if one does not fit, none. Those of one order get one order_refund_id."""
    asked = read_body("OR28", call.persona, call.sent)
    assert isinstance(asked, Refunds | OperatorRefunds)
    if not asked.refunds:
        raise MiraklRefusal(400, "refunds must not be empty")
    mode = asked.order_tax_mode
    fits = fitting(call, desk, asked.refunds, mode=mode, reasons="REFUND", check=_check)
    groups: dict[str, str] = {}
    rows = []
    for one in fits:
        group = groups.setdefault(one.order.id, "") or desk.state.uuid()
        groups[one.order.id] = group
        one.row.update(order_refund_id=group, state="WAITING_REFUND", refund_state="WAITING_REFUND")
        one.row.update(transaction_date=None, transaction_number=None)
        excluded = _is_excluded(one.entry)
        line_id = one.line["order_line_id"]
        if excluded:
            one.order.not_to_ship[line_id] = one.order.not_to_ship.get(line_id, 0) + (one.entry.quantity or 0)
        (one.order.line(line_id) or {})["refunds"] = one.line["refunds"]
        schedule_refund(one.order, one.row["id"], call.at, desk.waits)
        ids = {"refund_id": one.row["id"], "order_refund_id": group, "excluded_from_shipment": excluded}
        rows.append(answered(one, mode, ids))
    for order in {one.order.id: one.order for one in fits}.values():
        count_refunds(order)
        desk.changed(call, order)
    return {"order_tax_mode": mode_of(fits, mode), "refunds": rows}


def _check(order: Order, line: Json, entry: Cancelation) -> None:
    if not can_refund(order, line):
        said = f"Order line {line['order_line_id']} ({order.state}, {line['order_line_state']}) cannot be refunded"
        raise MiraklRefusal(400, said)
    if not (entry.amount or entry.shipping_amount):
        raise MiraklRefusal(400, f"Nothing of order line {line['order_line_id']} is to be refunded")
    quantity = entry.quantity or 0
    if _is_excluded(entry) and not 1 <= quantity <= goods_left(order, line):
        said = f"{goods_left(order, line)} of order line {line['order_line_id']} are left to ship, not {quantity}"
        raise MiraklRefusal(400, said)


def _is_excluded(entry: Cancelation) -> bool:
    return isinstance(entry, Refund) and bool(entry.excluded_from_shipment)
