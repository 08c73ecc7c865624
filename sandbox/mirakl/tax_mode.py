"""OR11 order_tax_mode: the same order with its amounts with tax, or without."""

from decimal import Decimal
from typing import Any

from sandbox.mirakl.lifecycle import DEAD
from sandbox.mirakl.state import Json

_UNIT_PRICE_PLACES = Decimal("0.0001")


def in_tax_mode(order: Json, mode: str) -> Json:
    """The order in the mode asked for; its own if it is that already. What taxes there are stays listed either way."""
    if order["order_tax_mode"] == mode:
        return order
    sign = 1 if mode == "TAX_INCLUDED" else -1
    lines = [_line_in(line, sign) for line in order["order_lines"]]
    live = [line for line in lines if line["order_line_state"] not in DEAD] or lines
    price, shipping = (sum(line[name] for line in live) for name in ("price", "shipping_price"))
    totals = {"price": price, "shipping_price": shipping, "total_price": price + shipping}
    return {**order, "order_tax_mode": mode, "order_lines": lines, **totals}


def _line_in(line: Json, sign: int) -> Json:
    price = line["price"] + sign * _sum(line.get("taxes"))
    shipping = (line.get("shipping_price") or 0) + sign * _sum(line.get("shipping_taxes"))
    changed: dict[str, Any] = {"price": price, "shipping_price": shipping, "total_price": price + shipping}
    if line["quantity"]:
        changed["price_unit"] = (Decimal(price) / line["quantity"]).quantize(_UNIT_PRICE_PLACES).normalize() + 0
    for name in ("refunds", "cancelations"):
        changed[name] = [_return_in(one, sign) for one in line.get(name) or []]
    return {**line, **changed}


def _return_in(one: Json, sign: int) -> Json:
    return {
        **one,
        "amount": (one.get("amount") or 0) + sign * _sum(one.get("taxes")),
        "shipping_amount": (one.get("shipping_amount") or 0) + sign * _sum(one.get("shipping_taxes")),
    }


def _sum(taxes: list[Json] | None) -> Decimal:
    return sum((Decimal(tax["amount"]) for tax in taxes or []), Decimal(0))
