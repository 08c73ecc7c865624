"""An order's states: acceptance, debit, shipping, reception and closing by the twin's clock; what cancelling takes out.

Mirakl, order workflow by payment workflow; OR21 decides on WAITING_ACCEPTANCE.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.clock import text_of
from sandbox.mirakl.left import amount_left, goods_of_line, is_all_given_back, taxes_left
from sandbox.mirakl.state import Json, Move, Order

BEFORE_ACCEPTANCE = frozenset({"STAGING", "WAITING_ACCEPTANCE"})
BEFORE_DEBIT = BEFORE_ACCEPTANCE | {"WAITING_DEBIT", "WAITING_DEBIT_PAYMENT"}
DEAD = frozenset({"REFUSED", "CANCELED"})
DEBITED_BEFORE_SHIPPING = "PAY_ON_ACCEPTANCE"
DEBITED_AFTER_RECEPTION = frozenset({"PAY_ON_DELIVERY", "PAY_ON_DUE_DATE"})
ON_THE_WAY = ("SHIPPING", "SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED")


@dataclass(frozen=True)
class Waits:
    """How long each step takes that somebody else does: the payment system, the buyer, the operator."""

    debit_request: timedelta = timedelta(0)
    debit: timedelta = timedelta(0)
    received: timedelta = timedelta(0)
    closed: timedelta = timedelta(0)
    refund_request: timedelta = timedelta(0)
    refund: timedelta = timedelta(0)


def live_lines(order: Order) -> list[Json]:
    """The lines that still count: neither refused nor cancelled."""
    return [line for line in order.lines() if line["order_line_state"] not in DEAD]


def schedule(order: Order, at: datetime, waits: Waits) -> None:
    """What an order goes through by itself from its state on, in place of what was to come for it so far."""
    order.moves = [move for move in order.moves if move.of]
    debit_asked, debited = at + waits.debit_request, at + waits.debit_request + waits.debit
    match order.state:
        case "WAITING_DEBIT":
            order.plan([Move(debit_asked, "WAITING_DEBIT_PAYMENT"), Move(debited, "SHIPPING")])
        case "WAITING_DEBIT_PAYMENT":
            order.plan([Move(at + waits.debit, "SHIPPING")])
        case "SHIPPED" | "TO_COLLECT":
            order.plan(to_the_end(at, waits))
        case "RECEIVED":
            order.plan([Move(at + waits.closed, "CLOSED")])


def to_the_end(shipped: datetime, waits: Waits, of: str = "") -> list[Move]:
    """What follows on shipping."""
    received = shipped + waits.received
    return [Move(received, "RECEIVED", of), Move(received + waits.closed, "CLOSED", of)]


def decide(order: Order, accepted: dict[str, bool], at: datetime, waits: Waits) -> None:
    """Apply one decision on every line: refused lines leave the totals; if none is left the order is refused."""
    order.body["acceptance_decision_date"] = text_of(at)
    for line in order.lines():
        if not accepted[line["order_line_id"]]:
            line["order_line_state"] = "REFUSED"
            line["last_updated_date"] = text_of(at)
    add_up(order)
    if not any(accepted.values()):
        enter(order, "REFUSED", at)
    elif order.body.get("payment_workflow", DEBITED_BEFORE_SHIPPING) == DEBITED_BEFORE_SHIPPING and not order.body.get(
        "customer_directly_pays_seller"
    ):
        enter(order, "WAITING_DEBIT", at)
        schedule(order, at, waits)
    else:
        enter(order, "SHIPPING", at)


def enter(order: Order, state: str, at: datetime) -> None:
    """Move the order and its lines into a state, with the dates that go with it. An open incident keeps it open."""
    body, was = order.body, order.state
    if state == "CLOSED" and order.incidents:
        order.closes_when_solved = True
        return
    body["order_state"] = state
    for line in live_lines(order):
        if not _is_further(order, line, state):
            enter_line(order, line, state, at)
    if state == "SHIPPING":
        if was == "WAITING_DEBIT_PAYMENT":
            debit(order, at)
        order.to_ship_since = at
        body["shipping_deadline"] = text_of(at + timedelta(days=int(body.get("leadtime_to_ship") or 0)))
    workflow = body.get("payment_workflow")
    if (state == "RECEIVED" and workflow in DEBITED_AFTER_RECEPTION) or (
        state == "SHIPPED" and workflow == "PAY_ON_SHIPMENT"
    ):
        debit(order, at)


def enter_line(order: Order, line: Json, state: str, at: datetime) -> None:
    """Move one line; one with an open incident stays in it and goes there once the incident is closed."""
    line["last_updated_date"] = text_of(at)
    dated = {"SHIPPED": "shipped_date", "RECEIVED": "received_date"}.get(state)
    if dated and not line.get(dated):
        line[dated] = text_of(at)
    if line["order_line_id"] in order.incidents:
        order.incidents[line["order_line_id"]] = state
    else:
        line["order_line_state"] = state


def close_incident(order: Order, line: Json, at: datetime) -> None:
    """The line is where it would be without the incident; with the last one closed, so is the order."""
    if (state := order.incidents.pop(line["order_line_id"], None)) is None:
        return
    line["order_line_state"] = state
    line["last_updated_date"] = text_of(at)
    if not order.incidents:
        order.body["has_incident"] = False
        if order.closes_when_solved:
            order.closes_when_solved = False
            enter(order, "CLOSED", at)


def debit(order: Order, at: datetime) -> None:
    """The buyer has paid, unless they pay the seller directly: then Mirakl never debits."""
    if order.body.get("customer_directly_pays_seller") or order.body.get("customer_debited_date"):
        return
    order.body["customer_debited_date"] = text_of(at)
    order.body["transaction_date"] = text_of(at)
    order.body["transaction_number"] = order.body.get("transaction_number") or f"TX{order.id}"
    for line in live_lines(order):
        line["debited_date"] = line.get("debited_date") or text_of(at)


def _is_further(order: Order, line: Json, state: str) -> bool:
    """A line refunded whole stays so, one that is received is not shipped again, and no goods are never shipped."""
    stands = order.incidents.get(line["order_line_id"], line["order_line_state"])
    if stands == "REFUNDED" or (state in ON_THE_WAY[1:-1] and goods_of_line(order, line) <= 0):
        return True
    both_on_the_way = stands in ON_THE_WAY and state in ON_THE_WAY[1:]
    return both_on_the_way and ON_THE_WAY.index(stands) > ON_THE_WAY.index(state)


def cancel_lines(order: Order, line_ids: Iterable[str], reason: str, at: datetime) -> None:
    """Cancel what is left of lines; an order without live lines is cancelled itself. Raises KeyError for an unknown
    line."""
    lines = {line["order_line_id"]: line for line in order.lines()}
    for line_id in line_ids:
        line = lines[line_id]
        line.setdefault("cancelations", []).append(_cancelation(order, line, reason, at))
    count_cancelations(order, reason, at)


def count_cancelations(order: Order, reason: str, at: datetime) -> None:
    """A line of which all is cancelled is dead, and so is an order of which all lines are."""
    for line in live_lines(order):
        if line.get("cancelations") and not line.get("refunds") and is_all_given_back(line):
            line["order_line_state"] = "CANCELED"
            line["order_line_state_reason_code"] = reason
            line["last_updated_date"] = text_of(at)
    add_up(order)
    if not live_lines(order) and order.state not in DEAD:
        order.moves = []
        enter(order, "CANCELED", at)


def add_up(order: Order) -> None:
    """Order totals are those of the live lines. An order refused or cancelled whole keeps what it was about."""
    lines = live_lines(order)
    if lines:
        total: dict[str, Any] = {
            name: sum(_amount(line, name) for line in lines) for name in ("price", "shipping_price")
        }
        order.body |= total | {
            "total_price": sum(total.values()),
            "total_commission": sum(_amount(line, "total_commission") for line in lines),
        }


def _cancelation(order: Order, line: Json, reason: str, at: datetime) -> Json:
    before = len(line["cancelations"])
    return {
        "id": f"{line['order_line_id']}-C{before + 1 if before else ''}",
        "amount": amount_left(line, "price"),
        "shipping_amount": amount_left(line, "shipping_price"),
        "quantity": goods_of_line(order, line),
        "reason_code": reason,
        "created_date": text_of(at),
        "taxes": [{"code": code, "amount": left} for code, left in taxes_left(line, "taxes").items()],
        "shipping_taxes": [{"code": code, "amount": left} for code, left in taxes_left(line, "shipping_taxes").items()],
    }


def _amount(line: Json, name: str) -> Decimal:
    return Decimal(line.get(name) or 0)
