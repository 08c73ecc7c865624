"""An order's states: acceptance, debit by the twin's clock, shipping, and what cancelling takes out.

Mirakl, order workflow by payment workflow; OR21 decides on WAITING_ACCEPTANCE.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.clock import text_of
from sandbox.mirakl.state import Json, Marketplace, MiraklState, Order

BEFORE_ACCEPTANCE = frozenset({"STAGING", "WAITING_ACCEPTANCE"})
BEFORE_DEBIT = BEFORE_ACCEPTANCE | {"WAITING_DEBIT", "WAITING_DEBIT_PAYMENT"}
DEAD = frozenset({"REFUSED", "CANCELED"})
DEBITED_BEFORE_SHIPPING = "PAY_ON_ACCEPTANCE"


def live_lines(order: Order) -> list[Json]:
    """The lines that still count: neither refused nor cancelled."""
    return [line for line in order.lines() if line["order_line_state"] not in DEAD]


def schedule_debit(order: Order, at: datetime, waits: tuple[timedelta, timedelta]) -> None:
    """An order waiting for its debit is picked up, then paid, each after its wait."""
    picked_up, paid = waits
    if order.state == "WAITING_DEBIT":
        order.moves = [(at + picked_up, "WAITING_DEBIT_PAYMENT"), (at + picked_up + paid, "SHIPPING")]
    elif order.state == "WAITING_DEBIT_PAYMENT":
        order.moves = [(at + paid, "SHIPPING")]


def decide(order: Order, accepted: dict[str, bool], at: datetime, waits: tuple[timedelta, timedelta]) -> None:
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
        schedule_debit(order, at, waits)
    else:
        enter(order, "SHIPPING", at)


def enter(order: Order, state: str, at: datetime) -> None:
    """Move the order and its live lines into a state, with the dates that go with it."""
    body, was = order.body, order.state
    body["order_state"] = state
    for line in live_lines(order):
        line["order_line_state"] = state
        line["last_updated_date"] = text_of(at)
    if state == "SHIPPING":
        if was == "WAITING_DEBIT_PAYMENT":
            _debit(order, at)
        body["shipping_deadline"] = text_of(at + timedelta(days=int(body.get("leadtime_to_ship") or 0)))
    body["can_shop_ship"] = state == "SHIPPING"
    body["can_cancel"] = state in BEFORE_DEBIT


def cancel_lines(order: Order, line_ids: Iterable[str], reason: str, at: datetime) -> None:
    """Cancel whole lines; an order without live lines is cancelled itself. Raises KeyError for an unknown line."""
    lines = {line["order_line_id"]: line for line in order.lines()}
    for line_id in line_ids:
        line = lines[line_id]
        line["order_line_state"] = "CANCELED"
        line["order_line_state_reason_code"] = reason
        line["last_updated_date"] = text_of(at)
        line.setdefault("cancelations", []).append(_cancelation(line, reason, at))
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


def settle(state: MiraklState, marketplace: Marketplace, now: datetime) -> None:
    """Make the moves that are due, each dated when it was due."""
    for order in marketplace.orders.values():
        while order.moves and order.moves[0][0] <= now:
            due, entered = order.moves.pop(0)
            enter(order, entered, due)
            state.changed(marketplace, order, due)


def _debit(order: Order, at: datetime) -> None:
    order.body["customer_debited_date"] = text_of(at)
    order.body["transaction_date"] = text_of(at)
    order.body["transaction_number"] = order.body.get("transaction_number") or f"TX{order.id}"
    for line in live_lines(order):
        line["debited_date"] = text_of(at)


def _cancelation(line: Json, reason: str, at: datetime) -> Json:
    return {
        "id": f"{line['order_line_id']}-C",
        "amount": line["price"],
        "shipping_amount": line.get("shipping_price", 0),
        "quantity": line["quantity"],
        "reason_code": reason,
        "created_date": text_of(at),
        "taxes": [{"code": tax["code"], "amount": tax["amount"]} for tax in line.get("taxes", [])],
        "shipping_taxes": [{"code": tax["code"], "amount": tax["amount"]} for tax in line.get("shipping_taxes", [])],
    }


def _amount(line: Json, name: str) -> Decimal:
    return Decimal(line.get(name) or 0)
