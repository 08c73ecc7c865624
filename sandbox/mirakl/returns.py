"""RT11, RT21, RT25, RT26: goods on their way back. A return moves no money: that is OR28's."""

from collections.abc import Callable, Sequence
from typing import Any

from sandbox.clock import moment_of, text_of
from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.bodies import read_body
from sandbox.mirakl.desk import Desk, counted
from sandbox.mirakl.dispatch_bodies import JudgedReturns, NamedReturns, ReturnDecisions
from sandbox.mirakl.operations import RETURN_FILTERS
from sandbox.mirakl.parameters import read_parameters
from sandbox.mirakl.seek import page, place_of
from sandbox.mirakl.shipment_listing import is_between, sortable
from sandbox.mirakl.state import Json, Order

MOST_RETURNS = 100
_FIELDS = {
    "return_id": "id",
    "return_state": "state",
    "order_commercial_id": "order_commercial_id",
    "return_rma": "rma",
}


class UnfitReturn(ValueError):
    """What cannot be done with a return; the text is its error's message."""


def list_returns(call: Admitted) -> Json:
    """RT11, by creation."""
    place = place_of(call.asked.query)
    asked = read_parameters(RETURN_FILTERS, place.query, "RT11")
    rows = [one for order in call.orders() for one in order.returns.values() if _is_wanted(asked, order, one)]
    return page(rows, lambda row: [sortable(row["date_created"]), row["id"]], asked, place)


def decide_returns(call: Admitted, desk: Desk) -> Json:
    """RT21: accepted, the goods may come; refused, they may not."""
    asked = read_body("RT21", call.persona, call.sent)
    assert isinstance(asked, ReturnDecisions)

    def decide(_order: Order, one: Json, sent: Any) -> None:
        _check_state(one, "WAITING_ACCEPTANCE")
        if sent.accepted is None:
            raise UnfitReturn("accepted is mandatory.")
        one["state"] = "IN_PROGRESS" if sent.accepted else "REFUSED"
        one["rejection_reason_code"] = None if sent.accepted else sent.rejection_reason_code

    return _each(call, desk, asked.returns, decide)


def receive_returns(call: Admitted, desk: Desk) -> Json:
    """RT25: the goods are back."""
    asked = read_body("RT25", call.persona, call.sent)
    assert isinstance(asked, NamedReturns)

    def receive(_order: Order, one: Json, _: Any) -> None:
        _check_state(one, "IN_PROGRESS")
        one["state"] = "RECEIVED"

    return _each(call, desk, asked.returns, receive)


def judge_returns(call: Admitted, desk: Desk) -> Json:
    """RT26: what came back is as it should be, or not and why not."""
    asked = read_body("RT26", call.persona, call.sent)
    assert isinstance(asked, JudgedReturns)

    def judge(_order: Order, one: Json, sent: Any) -> None:
        _check_state(one, "RECEIVED")
        lines = {line["order_line_id"]: line for line in one["return_lines"]}
        judged = sent.return_lines or []
        if not judged:
            raise UnfitReturn("return_lines must not be empty.")
        for line in judged:
            if line.order_line_id not in lines:
                raise UnfitReturn(f"Order line {line.order_line_id} is not part of the return.")
            if line.compliant is None or (not line.compliant and not line.non_compliance_reason_code):
                raise UnfitReturn("A line is compliant, or has a non compliance reason code.")
        for line in judged:
            lines[line.order_line_id]["compliance"] = [
                {
                    "compliant": line.compliant,
                    "non_compliance_reason_code": line.non_compliance_reason_code,
                    "non_compliance_additional_info": line.non_compliance_additional_info,
                }
            ]

    return _each(call, desk, asked.returns, judge)


def _is_wanted(asked: Json, order: Order, one: Json) -> bool:
    customer = (order.body.get("customer") or {}).get("customer_id")
    lines = {line["order_line_id"] for line in one["return_lines"]}
    return (
        all(name not in asked or one[field] in asked[name] for name, field in _FIELDS.items())
        and ("order_line_id" not in asked or bool(lines & {*asked["order_line_id"]}))
        and ("customer_id" not in asked or customer in asked["customer_id"])
        and is_between(moment_of(one["date_created"]), asked, "return_creation_date")
        and is_between(moment_of(one["last_updated"]), asked, "return_last_updated")
    )


def _check_state(one: Json, wanted: str) -> None:
    if one["state"] != wanted:
        raise UnfitReturn(f"Return is in invalid state: {one['state']}, not {wanted}.")


def _each(call: Admitted, desk: Desk, asked: Sequence[Any] | None, do: Callable[[Order, Json, Any], None]) -> Json:
    """Do it to each return named; one that cannot be had does not keep the others from it."""
    holder = {return_id: order for order in call.orders() for return_id in order.returns}
    done, errors = [], []
    for sent in counted(asked, MOST_RETURNS, "returns"):
        try:
            order = _holder_of(sent.id, holder)
            do(order, order.returns[sent.id], sent)
        except UnfitReturn as unfit:
            errors.append({"id": sent.id, "message": str(unfit)})
        else:
            order.returns[sent.id]["last_updated"] = text_of(call.at)
            desk.changed(call, order, tell=False)
            done.append({"id": sent.id})
    return {"return_success": done, "return_errors": errors}


def _holder_of(return_id: str | None, holder: dict[str, Order]) -> Order:
    if return_id not in holder:
        raise UnfitReturn("The return does not exist.")
    return holder[return_id]
