"""The operator's payment queue in the words of the ledger: what buyers are to be charged or given back."""

from __future__ import annotations

from tieout.domain.exchange import CustomerMoney
from tieout.mirakl.values import amount, needed, text
from tieout.mirakl.wire_documents import DebitEntity, PaidOrder


def debits_of(order: PaidOrder) -> list[CustomerMoney]:
    """PA11: one amount, of an order or of one of its shipments. Raises Unreadable naming the field."""
    order_id = needed(order.order_id, "order_id")
    entity = order.debit_entity or DebitEntity()
    return [
        CustomerMoney(
            order_id=order_id,
            shop=text(order.shop_id),
            currency=needed(order.currency_iso_code, "currency_iso_code"),
            amount=amount(order.amount, "amount"),
            of=text(entity.id) or order_id,
            kind=entity.type or "ORDER",
        )
    ]


def refunds_of(order: PaidOrder) -> list[CustomerMoney]:
    """PA12: one amount a refund of a line. Raises Unreadable naming the field."""
    lines = order.order_lines.order_line if order.order_lines else None
    return [
        CustomerMoney(
            order_id=needed(order.order_id, "order_id"),
            shop=text(order.shop_id),
            currency=needed(order.currency_iso_code, "currency_iso_code"),
            amount=amount(refund.amount, "refunds[].amount"),
            of=needed(text(refund.id), "refunds[].id"),
            kind="REFUND",
            order_line_id=line.order_line_id,
        )
        for line in lines or ()
        for refund in (line.refunds.refund if line.refunds else None) or ()
    ]
