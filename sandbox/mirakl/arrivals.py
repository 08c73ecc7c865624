"""Orders that come in, or change, while the twin runs: the part that buyers and the operator play."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.clock import text_of
from sandbox.mirakl.lifecycle import (
    BEFORE_ACCEPTANCE,
    BEFORE_DEBIT,
    DEAD,
    DEBITED_BEFORE_SHIPPING,
    Waits,
    add_up,
    cancel_lines,
    enter,
    schedule,
)
from sandbox.mirakl.operations import STATES
from sandbox.mirakl.state import Json, Marketplace, MiraklState, Order, held

_DATES = (
    *("created_date", "last_updated_date", "acceptance_decision_date", "customer_debited_date"),
    *("transaction_date", "shipping_deadline"),
)
_LINE_DATES = ("created_date", "last_updated_date", "debited_date")


def place_orders(
    state: MiraklState,
    marketplace: Marketplace,
    bodies: Iterable[Json],
    now: datetime,
    waits: Waits,
    *,
    as_of_now: bool,
) -> list[str]:
    """Take orders in, dated by the clock where they have no dates (all of them with `as_of_now`); gives their ids.

    Raises ValueError, before any is placed, for an order that is there already or that has no lines.
    """
    placed = [_arriving(marketplace, body, now, as_of_now=as_of_now) for body in bodies]
    ids = [order.id for order in placed]
    if twice := sorted({one for one in ids if one in marketplace.orders or ids.count(one) > 1}):
        raise ValueError(f"order {', '.join(twice)} is there already: to change one, POST /_twin/orders/changes")
    for order in placed:
        schedule(order, now, waits)
        marketplace.orders[order.id] = order
        state.changed(marketplace, order, order.updated)
    return ids


def change_order(state: MiraklState, marketplace: Marketplace, change: Json, now: datetime, waits: Waits) -> Order:
    """Cancel lines, move the order to a state, or set fields, and date the change now.

    {"order_id", "cancel_lines": [ids], "reason": code, "state": "CANCELED", "set": {"has_incident": true}}.
    Raises KeyError for an order or a line that is not there.
    """
    order = marketplace.orders[change["order_id"]]
    cancel_lines(order, change.get("cancel_lines", []), change.get("reason", "CUSTOMER_CHANGED_MIND"), now)
    if (wanted := change.get("state")) is not None:
        if wanted not in STATES:
            raise ValueError(f"there is no order state {wanted!r}; there are {', '.join(STATES)}")
        enter(order, wanted, now)
        schedule(order, now, waits)
    order.body |= change.get("set", {})
    state.changed(marketplace, order, now)
    return order


def _arriving(marketplace: Marketplace, given: Json, now: datetime, *, as_of_now: bool) -> Order:
    body = {**_order_defaults(marketplace, str(given["order_id"])), **given}
    if not body.get("order_lines"):
        raise ValueError(f"order {body['order_id']} has no lines")
    if as_of_now:
        body = {name: value for name, value in body.items() if name not in _DATES}
    at, state = text_of(now), body["order_state"]
    body.setdefault("created_date", at)
    body.setdefault("last_updated_date", body["created_date"])
    paid = state not in BEFORE_DEBIT | DEAD and body["payment_workflow"] == DEBITED_BEFORE_SHIPPING
    body.setdefault("acceptance_decision_date", None if state in BEFORE_ACCEPTANCE else at)
    body.setdefault("customer_debited_date", at if paid else None)
    body.setdefault("transaction_date", at if paid else None)
    deadline = text_of(now + timedelta(days=int(body["leadtime_to_ship"]))) if state == "SHIPPING" else None
    body.setdefault("shipping_deadline", deadline)
    if as_of_now:
        body["order_lines"] = [{k: v for k, v in line.items() if k not in _LINE_DATES} for line in body["order_lines"]]
    body["order_lines"] = [_line(body, place, line) for place, line in enumerate(body["order_lines"], start=1)]
    order = held(body)
    if "price" not in given:
        add_up(order)
    return order


def _order_defaults(marketplace: Marketplace, order_id: str) -> Json:
    return {
        "commercial_id": order_id.rsplit("-", 1)[0],
        "order_state": "WAITING_ACCEPTANCE",
        "order_state_reason_code": None,
        "order_tax_mode": marketplace.tax_mode(),
        "currency_iso_code": marketplace.currency(),
        "payment_workflow": DEBITED_BEFORE_SHIPPING,
        "payment_type": "CARD",
        "channel": None,
        "customer": None,
        "customer_directly_pays_seller": False,
        "fulfillment": {"center": {"code": "DEFAULT"}},
        "fully_refunded": False,
        "has_customer_message": False,
        "has_incident": False,
        "has_invoice": False,
        "leadtime_to_ship": 2,
        "order_additional_fields": [],
        "promotions": {"applied_promotions": [], "total_deduced_amount": 0},
        "references": {"order_reference_for_customer": None, "order_reference_for_seller": None},
        "transaction_number": None,
    }


def _line(body: Json, place: int, given: Json) -> Json:
    sku = given["offer_sku"]
    quantity = given.get("quantity", 1)
    price = given.get("price", Decimal(given.get("price_unit", 0)) * quantity)
    shipping = given.get("shipping_price", 0)
    defaults: dict[str, Any] = {
        "order_line_id": f"{body['order_id']}-{place}",
        "order_line_index": place,
        "order_line_state": body["order_state"],
        "order_line_state_reason_code": None,
        "product_sku": f"P{sku}",
        "product_shop_sku": sku,
        "product_title": sku,
        "quantity": quantity,
        "price": price,
        "price_unit": Decimal(price) / quantity if quantity else price,
        "shipping_price": shipping,
        "total_price": price + shipping,
        "taxes": [],
        "shipping_taxes": [],
        "commission_fee": 0,
        "commission_taxes": [],
        "total_commission": 0,
        "created_date": body["created_date"],
        "last_updated_date": body["last_updated_date"],
        "debited_date": body["customer_debited_date"],
        "shipped_date": None,
        "received_date": None,
        "refunds": [],
        "cancelations": [],
        "promotions": [],
        "order_line_additional_fields": [],
        "can_refund": body["customer_debited_date"] is not None,
    }
    return {**defaults, **given}
