"""Shipments on their way, and what their progress means for the lines and for the order (multi-shipment platforms)."""

from datetime import datetime

from sandbox.clock import text_of
from sandbox.mirakl.left import goods_in, goods_of_line
from sandbox.mirakl.lifecycle import ON_THE_WAY, Waits, enter, enter_line, live_lines, to_the_end
from sandbox.mirakl.state import Json, Move, Order

_STEPS = tuple((state, frozenset(ON_THE_WAY[place:])) for place, state in enumerate(ON_THE_WAY) if place)


def ship(order: Order, shipment: Json, at: datetime, waits: Waits) -> None:
    """SHIPPED at once; where the buyer pays on shipment, SHIPMENT_PREPARED until the debit."""
    shipment_id = shipment["id"]
    if order.body.get("payment_workflow") != "PAY_ON_SHIPMENT":
        order.plan(to_the_end(at, waits, shipment_id))
        enter_shipment(order, shipment, "SHIPPED", at)
        return
    shipment["status"] = "SHIPMENT_PREPARED"
    shipment["status_customer_debit"] = "WAITING_OPERATOR_SYSTEM_CONTACT"
    shipment["last_updated_date"] = text_of(at)
    asked, paid = at + waits.debit_request, at + waits.debit_request + waits.debit
    order.plan([Move(asked, "WAITING_DEBIT_CONFIRMATION", shipment_id), Move(paid, "SHIPPED", shipment_id)])
    order.plan(to_the_end(paid, waits, shipment_id))


def enter_shipment(order: Order, shipment: Json, state: str, at: datetime) -> None:
    """Move a shipment into a state, and its order as far as that takes it."""
    shipment["last_updated_date"] = text_of(at)
    if state == "WAITING_DEBIT_CONFIRMATION":
        shipment["status_customer_debit"] = state
        return
    shipment["status"] = state
    if state == "SHIPPED":
        shipment["shipped_date"] = text_of(at)
        if shipment["status_customer_debit"] != "NO_DEBIT":
            _debit(order, shipment, at)
    advance(order, at)


def advance(order: Order, at: datetime) -> None:
    """A line is where all of its goods are, an order where all of its lines are."""
    if order.state not in ON_THE_WAY:
        return
    lines = [line for line in live_lines(order) if line["order_line_state"] != "REFUNDED"]
    if not lines and order.state == "SHIPPING":
        enter(order, "CLOSED", at)
    reached = []
    for line in lines:
        goods = goods_of_line(order, line)
        if goods <= 0:
            continue
        steps = [state for state, states in _STEPS if goods_in(order, line, states) >= goods]
        reached.append(len(steps))
        stands = order.incidents.get(line["order_line_id"], line["order_line_state"])
        if steps and stands in ON_THE_WAY and ON_THE_WAY.index(stands) < ON_THE_WAY.index(steps[-1]):
            enter_line(order, line, steps[-1], at)
    furthest = ON_THE_WAY[min(reached, default=0)]
    if ON_THE_WAY.index(furthest) > ON_THE_WAY.index(order.state):
        enter(order, furthest, at)


def _debit(order: Order, shipment: Json, at: datetime) -> None:
    shipment["status_customer_debit"] = "DEBIT_OK"
    shipment["payment_details"] = {
        "customer_debited_date": text_of(at),
        "transaction_date": text_of(at),
        "transaction_number": f"TX{shipment['id'][:8]}",
    }
    for one in shipment["shipment_lines"]:
        line = order.line(one["order_line_id"])
        if line is not None:
            line["debited_date"] = line.get("debited_date") or text_of(at)
