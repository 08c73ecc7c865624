"""A refund on its way to the buyer: asked for, picked up by the payment system, paid."""

from datetime import datetime

from sandbox.clock import text_of
from sandbox.mirakl.left import is_all_given_back
from sandbox.mirakl.lifecycle import Waits, close_incident, live_lines
from sandbox.mirakl.progress import advance
from sandbox.mirakl.state import Json, Move, Order


def schedule_refund(order: Order, refund_id: str, at: datetime, waits: Waits) -> None:
    picked_up = at + waits.refund_request
    paid = picked_up + waits.refund
    order.plan([Move(picked_up, "WAITING_REFUND_PAYMENT", refund_id), Move(paid, "REFUNDED", refund_id)])


def enter_refund(order: Order, refund_id: str, state: str, at: datetime) -> None:
    """Move a refund into a state; the line is REFUNDED once the last of its money is back with the buyer."""
    for line in order.lines():
        for refund in line.get("refunds") or []:
            if refund["id"] == refund_id:
                _enter(order, line, refund, state, at)


def count_refunds(order: Order) -> None:
    """fully_refunded: as soon as refunds for all that is live are asked for, paid or not."""
    lines = live_lines(order)
    refunded = any(line.get("refunds") for line in lines)
    order.body["fully_refunded"] = refunded and all(is_all_given_back(line) for line in lines)


def state_of(refund: Json) -> str | None:
    """Older payloads have the deprecated field only."""
    return refund.get("refund_state") or refund.get("state")


def _enter(order: Order, line: Json, refund: Json, state: str, at: datetime) -> None:
    refund["refund_state"] = refund["state"] = state
    if state != "REFUNDED":
        return
    refund["transaction_date"] = text_of(at)
    refund["transaction_number"] = f"RF{refund['id']}"
    if is_all_given_back(line) and all(state_of(one) == "REFUNDED" for one in line["refunds"]):
        close_incident(order, line, at)
        line["order_line_state"] = "REFUNDED"
        line["last_updated_date"] = text_of(at)
        advance(order, at)
