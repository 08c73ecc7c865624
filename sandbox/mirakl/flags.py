"""What may be done with an order now: the flags OR11 shows are the rules the twin goes by.

Mirakl's workflows: a paid-on-acceptance order is cancelled until its debit and refunded after it; the ones paid later
are cancelled as long as nothing is debited; one without payment confirmation as long as it is not shipped.
"""

from sandbox.mirakl.left import amount_left, goods_in, goods_left, is_shipped
from sandbox.mirakl.lifecycle import BEFORE_DEBIT, DEAD, live_lines
from sandbox.mirakl.operations import SHIPMENT_STATES
from sandbox.mirakl.state import Json, Order

_TO_CANCEL = BEFORE_DEBIT - {"STAGING"} | {"SHIPPING"}
_BEYOND_PACKING = frozenset(SHIPMENT_STATES) - {"SHIPPING", "READY_FOR_PICK_UP", "CANCELED"}
_TO_REFUND = frozenset({"SHIPPING", "SHIPPED", "TO_COLLECT", "RECEIVED"})


def can_ship(order: Order) -> bool:
    """Whether the shop may ship (can_shop_ship)."""
    return (
        order.state == "SHIPPING"
        and not order.is_someone_elses_to_ship()
        and any(goods_left(order, line) > 0 for line in live_lines(order))
    )


def can_cancel(order: Order) -> bool:
    """Whether the whole order may be cancelled (OR29)."""
    return bool(live_lines(order)) and all(can_cancel_line(order, line) for line in live_lines(order))


def can_cancel_line(order: Order, line: Json) -> bool:
    """Whether one of its lines may, in whole or in part (OR30)."""
    if order.state not in _TO_CANCEL or line["order_line_state"] in DEAD | {"REFUNDED"}:
        return False
    shipped = is_shipped(line) or goods_in(order, line, _BEYOND_PACKING) > 0
    return not (shipped or line.get("debited_date") or order.body.get("customer_debited_date"))


def can_refund(order: Order, line: Json) -> bool:
    """Whether money of a line may be given back (OR28): it was paid, something is left, the order is not closed."""
    if order.state not in _TO_REFUND or line["order_line_state"] in DEAD | {"REFUNDED"}:
        return False
    never_debited = order.body.get("payment_workflow") == "NO_CUSTOMER_PAYMENT_CONFIRMATION" or order.body.get(
        "customer_directly_pays_seller"
    )
    paid = line.get("debited_date") or order.body.get("customer_debited_date") or (never_debited and is_shipped(line))
    return bool(paid) and amount_left(line, "price") + amount_left(line, "shipping_price") > 0


def with_flags(order: Order, view: Json) -> Json:
    """The view with the flags of the order and of each of its lines."""
    lines = [
        {**shown, "can_refund": can_refund(order, line)}
        for shown, line in zip(view["order_lines"], order.lines(), strict=True)
    ]
    return {**view, "can_cancel": can_cancel(order), "can_shop_ship": can_ship(order), "order_lines": lines}
