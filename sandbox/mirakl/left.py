"""What is left of an order line once refunds and cancelations have taken their part: money, tax and goods."""

from decimal import Decimal
from typing import Literal

from sandbox.mirakl.state import Json, Order

Part = Literal["price", "shipping_price"]
GIVEN_BACK_AS = {"price": "amount", "shipping_price": "shipping_amount"}
_AFTER_SHIPPING = {"SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"}


def amount_left(line: Json, part: Part) -> Decimal:
    """In the order's own tax mode."""
    return Decimal(line.get(part) or 0) - sum(
        (Decimal(one.get(GIVEN_BACK_AS[part]) or 0) for one in given_back(line)), Decimal(0)
    )


def taxes_left(line: Json, name: str) -> dict[str, Decimal]:
    """By tax code; `name` is taxes or shipping_taxes."""
    left: dict[str, Decimal] = {}
    for tax in line.get(name) or []:
        left[tax["code"]] = left.get(tax["code"], Decimal(0)) + Decimal(tax["amount"])
    for one in given_back(line):
        for tax in one.get(name) or []:
            if tax["code"] in left:
                left[tax["code"]] -= Decimal(tax["amount"])
    return left


def given_back(line: Json) -> list[Json]:
    return [*(line.get("refunds") or []), *(line.get("cancelations") or [])]


def is_all_given_back(line: Json) -> bool:
    """No money is left; of a line that never cost anything, no goods are."""
    if not given_back(line) or amount_left(line, "price") or amount_left(line, "shipping_price"):
        return False
    was_free = not line.get("price") and not line.get("shipping_price")
    return not was_free or sum(int(one.get("quantity") or 0) for one in given_back(line)) >= int(line["quantity"])


def goods_of_line(order: Order, line: Json) -> int:
    """How many there are to ship in all: those neither cancelled nor taken out by a refund."""
    cancelled = sum(int(one.get("quantity") or 0) for one in line.get("cancelations") or [])
    return int(line["quantity"]) - cancelled - order.not_to_ship.get(line["order_line_id"], 0)


def goods_left(order: Order, line: Json) -> int:
    """How many of a line are in no shipment yet; none of a line that does not ship (any more)."""
    if line["order_line_state"] != "SHIPPING":
        return 0
    return goods_of_line(order, line) - goods_in(order, line)


def goods_in(order: Order, line: Json, states: frozenset[str] | None = None) -> int:
    """How many of a line are in shipments: in those in one of the states, or in all that are not cancelled."""
    return sum(
        int(one["quantity"])
        for shipment in order.shipments.values()
        if (shipment["status"] in states if states else shipment["status"] != "CANCELED")
        for one in shipment["shipment_lines"]
        if one["order_line_id"] == line["order_line_id"]
    )


def is_shipped(line: Json) -> bool:
    """Out of the house, with or without trouble afterwards."""
    return line["order_line_state"] in _AFTER_SHIPPING or bool(line.get("shipped_date"))
