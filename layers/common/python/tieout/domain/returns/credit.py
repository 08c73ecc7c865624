"""The credit memo of a refund: the amounts that Mirakl gave back, out of the invoice that billed the line.

A refund goes by its amounts; its quantity is informative only. The tax is written as it was on the sales order.
Source: OR11 `refunds`; record `creditMemo`; `docs/finance/returns.md` tells it in words.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.ids import external_id
from tieout.domain.money import ZERO, Money
from tieout.domain.orders.booked import Booked, BookedLine
from tieout.domain.orders.order import Line, Order, Refund, TaxAmount, tax_total
from tieout.domain.orders.sales_order import TaxRules, TaxStrategy, figures_of
from tieout.domain.postings import Kind
from tieout.domain.returns.closures import CHARGE
from tieout.domain.returns.refund import CreditedLine, CreditMemoDraft
from tieout.domain.returns.shares import taxes_of_refund
from tieout.domain.shipments.computed_tax import as_computed
from tieout.domain.shipments.invoice import Share


class Found(Struct, frozen=True):
    """A refund with its line."""

    line: Line
    refund: Refund


def refund_in(order: Order, refund_id: str) -> Found | None:
    """The refund of this id, wherever it stands in the order."""
    return next(
        (Found(line, refund) for line in order.lines for refund in line.refunds if refund.id == refund_id), None
    )


def invoice_for(line_id: str, net: Decimal, invoices: Sequence[Booked]) -> Booked | None:
    """The first invoice that bills enough of this line, else the one that bills most of it; None: nothing does."""
    billed = [
        (there.net, invoice) for invoice in invoices if (there := invoice.line_of(line_id)) and there.quantity > 0
    ]
    enough = [invoice for amount, invoice in billed if amount >= net]
    if enough:
        return enough[0]
    return max(billed, key=lambda each: each[0])[1] if billed else None


def refund_as_order(order: Order, found: Found) -> Order:
    """The refund written as an order of its one line, so that its figures are made by the sales order's rules."""
    line, refund = found.line, found.refund
    taxes, shipping_taxes = taxes_of_refund(line, refund, order.currency)
    part = replace(
        line,
        state="REFUNDED",
        quantity=max(1, line.quantity),
        price=refund.amount,
        shipping_price=refund.shipping_amount,
        taxes=taxes,
        shipping_taxes=shipping_taxes if refund.shipping_amount else (),
    )
    return replace(order, lines=(part,))


def net_of(order: Order, found: Found) -> Decimal:
    """What the refund takes off the goods, without tax."""
    (part,) = refund_as_order(order, found).lines
    return part.price - tax_total(part.taxes) if order.tax_included else part.price


def gross_of(order: Order, found: Found) -> Money:
    """What the buyer got back."""
    return refund_as_order(order, found).gross


class Days(Struct, frozen=True):
    """The day of a document, and the day that it belongs to; they differ where a period was closed."""

    day: date
    original_day: date


def credit_memo_for(
    order: Order, found: Found, invoice: Booked, tax: TaxRules, days: Days, *, refund_item_id: str | None = None
) -> CreditMemoDraft:
    """The credit memo; on the item of `refund_item_id`, where one is given, so that no stock comes of it.

    Raises NeedsAttention: nothing to credit, tax code not configured.
    """
    line_id, refund_id = found.line.line_id, found.refund.id
    there = invoice.line_of(line_id)
    if there is None:
        raise NeedsAttention(
            Reason.NOTHING_TO_CREDIT, {"refund": refund_id, "line": line_id, "amount": str(gross_of(order, found))}
        )
    part = refund_as_order(order, found)
    figures = figures_of(part, {found.line.sku: there.item_id}, tax)
    sent, shipping_net = figures.lines, figures.shipping_net
    if tax.strategy is TaxStrategy.TAX_CODE:
        sent, shipping_net = as_computed(sent, shipping_net, figures.shipping_taxes, order.currency)
    lines = []
    for line in sent:
        if line.line_id == line_id and refund_item_id is not None:
            lines.append(CreditedLine(None, replace(line, item_id=refund_item_id, quantity=1, rate=None)))
        elif line.line_id == line_id:
            # Without units: how many is not what is given back.
            lines.append(CreditedLine(there.number, replace(line, quantity=0, rate=None)))
        else:
            charge = _charge_line(line.line_id, invoice)
            lines.append(CreditedLine(charge.number, replace(line, item_id=charge.item_id)))
    return CreditMemoDraft(
        external_id=external_id(order.marketplace, Kind.CREDIT_MEMO, refund_id),
        key=f"T-{order.marketplace}-{Kind.CREDIT_MEMO}-{refund_id}",
        invoice_id=invoice.id,
        order_id=order.order_id,
        marketplace=order.marketplace,
        refund_id=refund_id,
        day=days.day,
        original_day=days.original_day,
        lines=tuple(lines),
        all_lines=invoice.line_numbers,
        shipping_net=shipping_net,
        shipping_taxes=figures.shipping_taxes,
        tax_strategy=tax.strategy,
        gross=part.gross,
    )


def _charge_line(line_id: str, invoice: Booked) -> BookedLine:
    """The tax charge of this code on the invoice."""
    there = invoice.line_of(line_id)
    if there is None:
        raise NeedsAttention(Reason.NOTHING_TO_CREDIT, {"invoice": invoice.number, "tax": line_id.removeprefix(CHARGE)})
    return there


def within(found: Found, billed: Share, never_left: Collection[str] = ()) -> Found:
    """A refund of a line that was refunded whole, less what was never billed; earlier refunds are credited first.

    `never_left` are refunds of units that NetSuite closed: those take nothing of what was billed.
    """
    line, refund = found.line, found.refund
    before = [each for each in line.refunds if _age(each) < _age(refund) and each.id not in never_left]
    amount = _room(refund.amount, billed.price, [each.amount for each in before])
    shipping = _room(refund.shipping_amount, billed.shipping, [each.shipping_amount for each in before])
    taxes, shipping_taxes = refund.taxes, refund.shipping_taxes
    return Found(
        line,
        replace(
            refund,
            amount=amount,
            shipping_amount=shipping,
            taxes=_capped(taxes, billed.taxes, [each.taxes for each in before]),
            shipping_taxes=_capped(shipping_taxes, billed.shipping_taxes, [each.shipping_taxes for each in before]),
        ),
    )


def _age(refund: Refund) -> tuple[str, str]:
    return str(refund.created_at or ""), refund.id


def _room(wanted: Decimal, billed: Decimal, before: Sequence[Decimal]) -> Decimal:
    return max(ZERO, min(wanted, billed - sum(before, ZERO)))


def _capped(
    taxes: tuple[TaxAmount, ...], billed: Mapping[str, Decimal], before: Sequence[tuple[TaxAmount, ...]]
) -> tuple[TaxAmount, ...]:
    given = [tax for several in before for tax in several]
    return tuple(
        replace(
            tax, amount=_room(tax.amount, billed.get(tax.code, ZERO), [t.amount for t in given if t.code == tax.code])
        )
        for tax in taxes
    )
