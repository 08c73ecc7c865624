"""PA11 and PA12: what the operator's payment system is to take from buyers, and to give back to them."""

from decimal import Decimal

from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.lifecycle import live_lines
from sandbox.mirakl.listing import page_bounds
from sandbox.mirakl.money.log import NOT_SPECIFIED
from sandbox.mirakl.refund_states import state_of
from sandbox.mirakl.state import Json, Marketplace, Order

_TO_DEBIT = ("WAITING_DEBIT", "WAITING_DEBIT_PAYMENT")
_TO_REFUND = ("WAITING_REFUND", "WAITING_REFUND_PAYMENT")
_ZERO = Decimal(0)


def list_debits(call: Admitted) -> Json:
    """PA11: orders whose buyers are to be charged, and shipments where they pay on shipment."""
    rows = []
    for order in call.orders():
        if order.state in _TO_DEBIT:
            amount = sum((_with_tax(order, line) for line in live_lines(order)), _ZERO)
            rows.append(_head(call.marketplace, order) | _debit(order, "ORDER", order.id, amount))
        for shipment in order.shipments.values():
            if shipment["status_customer_debit"] in ("WAITING_OPERATOR_SYSTEM_CONTACT", "WAITING_DEBIT_CONFIRMATION"):
                wanted = {one["order_line_id"] for one in shipment["shipment_lines"]}
                amount = sum(
                    (_with_tax(order, line) for line in order.lines() if line["order_line_id"] in wanted), _ZERO
                )
                rows.append(_head(call.marketplace, order) | _debit(order, "SHIPMENT", shipment["id"], amount))
    return _page(call, rows)


def list_refunds(call: Admitted) -> Json:
    """PA12: refunds that buyers wait for; a refund's amount is price and shipping together, with tax."""
    rows = []
    for order in call.orders():
        lines = [
            {
                "order_line_id": line["order_line_id"],
                "offer_id": str(line.get("offer_id") or line["offer_sku"]),
                "order_line_amount": _with_tax(order, line),
                "order_line_quantity": line["quantity"],
                "refunds": {"refund": waiting},
            }
            for line in order.lines()
            if (waiting := _waiting(order, line))
        ]
        if lines:
            amount = sum((one["amount"] for line in lines for one in line["refunds"]["refund"]), _ZERO)
            workflow = order.body.get("payment_workflow") or "PAY_ON_ACCEPTANCE"
            more = {"amount": amount, "order_lines": {"order_line": lines}, "payment_workflow": workflow}
            rows.append(_head(call.marketplace, order) | more)
    return _page(call, rows)


def _waiting(order: Order, line: Json) -> list[Json]:
    return [
        {"id": str(one["id"]), "amount": _taxed(order, one, "amount", "shipping_amount")}
        for one in line.get("refunds") or []
        if state_of(one) in _TO_REFUND
    ]


def _head(marketplace: Marketplace, order: Order) -> Json:
    return {
        "order_id": order.id,
        "order_commercial_id": order.body.get("commercial_id"),
        "customer_id": (order.body.get("customer") or {}).get("customer_id"),
        "currency_iso_code": order.body["currency_iso_code"],
        "imprint_number": None,
        "payment_type": order.body.get("payment_type"),
        "pay_out_psp_code": NOT_SPECIFIED,
        "payment_destination": None,
        "shop_id": str(marketplace.shop_of(order)),
    }


def _debit(order: Order, kind: str, of: str, amount: Decimal) -> Json:
    lines = [
        {
            "order_line_id": line["order_line_id"],
            "offer_id": str(line.get("offer_id") or line["offer_sku"]),
            "order_line_amount": _with_tax(order, line),
            "order_line_quantity": line["quantity"],
        }
        for line in live_lines(order)
    ]
    return {"amount": amount, "debit_entity": {"type": kind, "id": of}, "order_lines": {"order_line": lines}}


def _with_tax(order: Order, line: Json) -> Decimal:
    return _taxed(order, line, "price", "shipping_price")


def _taxed(order: Order, holder: Json, *parts: str) -> Decimal:
    amount = sum((Decimal(holder.get(part) or 0) for part in parts), _ZERO)
    if order.body["order_tax_mode"] == "TAX_INCLUDED":
        return amount
    taxes = [*(holder.get("taxes") or []), *(holder.get("shipping_taxes") or [])]
    return amount + sum((Decimal(tax["amount"]) for tax in taxes), _ZERO)


def _page(call: Admitted, rows: list[Json]) -> Json:
    """A list within a list's name, as Mirakl has it here."""
    offset, most = page_bounds(call.parameters)
    return {"orders": {"order": rows[offset : offset + most]}, "total_count": len(rows)}
