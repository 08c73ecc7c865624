"""OR21: a shop accepts or refuses the lines of an order, all of them in one call."""

from sandbox.mirakl.bodies import Acceptance
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.state import Order


def decisions_on(order: Order, asked: Acceptance, *, partial_allowed: bool) -> dict[str, bool]:
    """Accepted or not by order line. Raises MiraklRefusal with OR21's own code for each way it can be wrong."""
    if not asked.order_lines:
        raise MiraklRefusal(400, "order_lines must not be empty", code="VALIDATION_ERROR", field="order_lines")
    decided: dict[str, bool] = {}
    known = {line["order_line_id"] for line in order.lines()}
    for place, one in enumerate(asked.order_lines):
        field = f"order_lines[{place}]"
        if one is None:
            raise _refused("ORDER_LINE_NULL_ELEMENT", "The order lines list contains a null element", field)
        if one.id is None or one.accepted is None:
            raise _refused("VALIDATION_ERROR", "id and accepted are required", field)
        if one.id in decided:
            raise _refused("ORDER_LINE_DUPLICATE_ID", f"Order line {one.id} is decided twice", field)
        if one.id not in known:
            raise _refused("ORDER_LINE_NOT_FOUND", f"Order line {one.id} is not one of order {order.id}", field)
        decided[one.id] = one.accepted
    _check_order(order)
    if missing := sorted(known - decided.keys()):
        said = f"Some order lines are missing from the acceptance decision: {', '.join(missing)}"
        raise _refused("ORDER_LINE_ACCEPTANCE_DECISION_MISSING", said, "order_lines")
    if not partial_allowed and len(set(decided.values())) > 1:
        said = "Partial acceptance is disabled for this shop"
        raise _refused("ORDER_PARTIAL_ACCEPTANCE_DISABLED", said, "order_lines")
    return decided


def _check_order(order: Order) -> None:
    if order.is_someone_elses_to_ship():
        said = f"Order {order.id} is fulfilled by {order.body['fulfillment']['center']['code']}"
        raise _refused("ORDER_FULFILLED_UNAUTHORIZED", said, "order_id")
    if order.state != "WAITING_ACCEPTANCE":
        said = f"Order {order.id} is {order.state}, not WAITING_ACCEPTANCE"
        raise _refused("ORDER_INVALID_STATE", said, "order_id")


def _refused(code: str, message: str, field: str) -> MiraklRefusal:
    return MiraklRefusal(400, message, code=code, field=field)
