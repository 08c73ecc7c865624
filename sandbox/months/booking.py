"""What NetSuite holds of a month: invoices on the day of shipping, credit memos on the day of the refund."""

from __future__ import annotations

from sandbox.months.model import Booked, Entry, Order, Refund, Shop, Tax


def book(shop: Shop) -> None:
    """One invoice an order (two where it went in two shipments), one credit memo a refund."""
    for order in shop.orders:
        if not order.invoiced or order.id in shop.unknown:
            continue
        paid = order.settled and shop.cycles[_cycle_of(shop, order)].state == "PAID"
        total, tax = gross_of(shop, order), tax_of(order) + order.rounded_by
        if order.kind == "remitted":
            total, tax = total - tax_of(order), 0
        pieces = [("", total, tax)]
        if order.kind == "parts":
            first = sum(e.amount for e in shop.by_order[order.id] if _is_sale(e) and (e.debit or "").endswith("D1"))
            pieces = [("", first, tax // 2), ("-S2", total - first, tax - tax // 2)]
        for suffix, gross, vat in pieces:
            shop.add_booked(
                Booked(
                    external_id=f"tieout-{shop.market.name}-inv-{order.id}{suffix}",
                    type="CustInvc",
                    number=f"INV{order.number}{suffix}",
                    day=order.shipped.date(),
                    currency=shop.market.currency,
                    order_id=order.id,
                    total=gross,
                    tax=vat,
                    status="paidInFull" if paid else "open",
                )
            )
        for line in order.lines:
            for refund in line.refunds:
                if not refund.cancelation:
                    shop.add_booked(memo_of(shop, order, refund))


def memo_of(shop: Shop, order: Order, refund: Refund) -> Booked:
    taxes = _sum(refund.taxes) + _sum(refund.shipping_taxes)
    total = refund.price + refund.shipping + (0 if shop.market.tax_included else taxes)
    if order.kind == "remitted":
        total, taxes = total - taxes, 0
    return Booked(
        external_id=f"tieout-{shop.market.name}-cm-{refund.id}",
        type="CustCred",
        number=f"CM{refund.id}",
        day=refund.at.date(),
        currency=shop.market.currency,
        order_id=order.id,
        total=-total,
        tax=-taxes,
        status="fullyApplied",
        refund_id=refund.id,
    )


def gross_of(shop: Shop, order: Order) -> int:
    """What the buyer pays for the goods and their delivery."""
    paid = sum(line.price + line.shipping for line in order.lines)
    return paid if shop.market.tax_included else paid + tax_of(order)


def tax_of(order: Order) -> int:
    return sum(line.tax for line in order.lines)


def _sum(taxes: list[Tax]) -> int:
    return sum(tax.amount for tax in taxes)


def _is_sale(entry: Entry) -> bool:
    return entry.type.startswith(("ORDER_AMOUNT", "ORDER_SHIPPING_AMOUNT"))


def _cycle_of(shop: Shop, order: Order) -> int:
    cycles = [entry.cycle for entry in shop.by_order[order.id] if _is_sale(entry)]
    return cycles[0] or 0
