"""What buyers do once their parcel has come: they ask to send goods back, and open incidents."""

from datetime import datetime

from sandbox.clock import text_of
from sandbox.mirakl.left import is_shipped
from sandbox.mirakl.lifecycle import close_incident
from sandbox.mirakl.settings import reason_problem
from sandbox.mirakl.state import Json, Marketplace, MiraklState, Order

_METHODS = tuple(
    f"RETURN_METHOD_{one}" for one in ("BY_MAIL", "DROP_OFF_POINT", "HOME_PICKUP", "IN_STORE", "RETURNLESS")
)
_SHOP: Json = {
    "street1": "1 Warehouse Road",
    "street2": None,
    "zip_code": "LS9 8AG",
    "city": "Leeds",
    "state": None,
    "country_iso_code": "GBR",
}


def ask_for_return(state: MiraklState, marketplace: Marketplace, asked: Json, now: datetime, *, accepted: bool) -> Json:
    """A buyer wants to send lines back; gives the return, as RT11 shows it.

    {"order_id", "lines": [{"order_line_id", "quantity", "reason_code"}], "reason_code", "method_code", "tracking"}.
    Raises KeyError for what is not there, ValueError for goods that were not shipped or are coming back already.
    """
    order = marketplace.orders[asked["order_id"]]
    reason = asked.get("reason_code", "RETURN_CHANGED_MIND")
    method = asked.get("method_code", _METHODS[0])
    if method not in _METHODS:
        raise ValueError(f"there is no return method {method!r}; there are {', '.join(_METHODS)}")
    lines = [_returned(order, line, reason) for line in asked["lines"]]
    if not lines:
        raise ValueError("a return has at least one line")
    made: Json = {
        "id": state.uuid(),
        "rma": f"RMA{state.number()}",
        "order_id": order.id,
        "order_commercial_id": order.body.get("commercial_id") or order.id,
        "state": "IN_PROGRESS" if accepted else "WAITING_ACCEPTANCE",
        "reason_code": reason,
        "rejection_reason_code": None,
        "method_code": method,
        "description": asked.get("description"),
        "return_lines": lines,
        "return_address": _SHOP,
        "tracking": asked.get("tracking"),
        "label_url": None,
        "documents": [],
        "date_created": text_of(now),
        "last_updated": text_of(now),
    }
    order.returns[made["id"]] = made
    state.changed(marketplace, order, now)
    return made


def change_return(state: MiraklState, marketplace: Marketplace, change: Json, now: datetime) -> Json:
    """A buyer gives a return up or posts it, the operator closes it: {"return_id", "state": "CANCELED", "tracking"}."""
    for order in marketplace.orders.values():
        if (one := order.returns.get(change["return_id"])) is not None:
            one |= {name: change[name] for name in ("state", "tracking") if name in change}
            one["last_updated"] = text_of(now)
            state.changed(marketplace, order, now)
            return one
    raise KeyError(f"return {change['return_id']!r}")


def change_incident(state: MiraklState, marketplace: Marketplace, asked: Json, now: datetime) -> Json:
    """Open an incident on a line, or close it: {"order_id", "order_line_id", "reason_code", "open": true}."""
    order = marketplace.orders[asked["order_id"]]
    line = order.line(asked["order_line_id"])
    if line is None:
        raise KeyError(f"order line {asked['order_line_id']!r}")
    opening = bool(asked.get("open", True))
    kind, usual = ("INCIDENT_OPEN", "NOT_RECEIVED") if opening else ("INCIDENT_CLOSE", "SOLVED")
    reason = asked.get("reason_code", usual)
    if problem := reason_problem(kind, reason, "operator"):
        raise ValueError(problem)
    line_id, stands = line["order_line_id"], line["order_line_state"]
    if not opening:
        if line_id not in order.incidents:
            raise ValueError(f"order line {line_id} has no open incident")
        close_incident(order, line, now)
    elif line_id in order.incidents or stands not in ("SHIPPED", "TO_COLLECT", "RECEIVED"):
        raise ValueError(f"order line {line_id} is {stands}: an incident needs it SHIPPED or RECEIVED")
    else:
        order.incidents[line_id] = stands
        order.body["has_incident"] = True
        line["order_line_state"] = "INCIDENT_OPEN"
        line["last_updated_date"] = text_of(now)
    line["order_line_state_reason_code"] = reason
    state.changed(marketplace, order, now)
    return {"order_id": order.id, "order_line_id": line_id, "order_line_state": line["order_line_state"]}


def _returned(order: Order, asked: Json, reason: str) -> Json:
    line = order.line(asked["order_line_id"])
    if line is None:
        raise KeyError(f"order line {asked['order_line_id']!r}")
    coming = sum(
        int(one["quantity"])
        for made in order.returns.values()
        if made["state"] not in ("REFUSED", "CANCELED")
        for one in made["return_lines"]
        if one["order_line_id"] == line["order_line_id"]
    )
    quantity = int(asked.get("quantity", 1))
    if not is_shipped(line):
        raise ValueError(f"order line {line['order_line_id']} is {line['order_line_state']}: it was not shipped")
    if not 1 <= quantity <= int(line["quantity"]) - coming:
        raise ValueError(f"{int(line['quantity']) - coming} of {line['order_line_id']} can come back, not {quantity}")
    return {
        "order_line_id": line["order_line_id"],
        "quantity": quantity,
        "reason_code": asked.get("reason_code", reason),
        "compliance": None,
    }
