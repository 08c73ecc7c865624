"""Order lines: net of cancelations, with what was canceled and refunded beside them.

Whether Mirakl's `price` already has a partial cancelation off is not documented, and its official example says it has
not: quantities and amounts are netted here, and `Order.figures_agree` checks the outcome against Mirakl's own total.
"""

from __future__ import annotations

from msgspec.structs import replace

from tieout.domain.money import ZERO
from tieout.domain.orders.order import Cancelation, Line, Refund, TaxAmount
from tieout.mirakl import wire
from tieout.mirakl.values import NO_TAXES, Unreadable, amount, fees, needed, taxes, text, told_units, units, utc

NO_CALCULATION = "NONE"
"""The tax of a part is not worked out by Mirakl: whoever gives a part back says how much of the tax goes with it."""


def lines_of(theirs: list[wire.OrderLine]) -> tuple[Line, ...]:
    """The lines in Mirakl's order. Raises Unreadable."""
    lines = []
    for index, line in enumerate(theirs):
        try:
            lines.append(_line(line))
        except Unreadable as why:
            raise Unreadable(f"order_lines[{index}].{why}") from why
    return tuple(lines)


def _line(line: wire.OrderLine) -> Line:
    if line.cancelations is None:
        raise Unreadable("cancelations is missing")
    plain = Line(
        line_id=needed(line.order_line_id, "order_line_id"),
        state=needed(line.order_line_state, "order_line_state"),
        sku=needed(line.offer_sku, "offer_sku"),
        title=line.product_title or "",
        quantity=units(line.quantity, "quantity"),
        unit_price=amount(line.price_unit, "price_unit"),
        price=amount(line.price, "price"),
        shipping_price=amount(line.shipping_price, "shipping_price"),
        taxes=taxes(line.taxes, "taxes") if line.taxes else NO_TAXES,
        shipping_taxes=taxes(line.shipping_taxes, "shipping_taxes") if line.shipping_taxes else NO_TAXES,
        commission=amount(line.total_commission, "total_commission"),
        fees=fees(line.fees, "fees") if line.fees else ZERO,
        tax_calculation_rule=_rule(line),
    )
    if line.cancelations:
        plain = _net(plain, line.cancelations)
    return replace(plain, refunds=_refunds(plain.line_id, line.refunds)) if line.refunds else plain


def _rule(line: wire.OrderLine) -> str:
    """The rule of the line's taxes; one of them that is not calculated decides, as its amount must be told."""
    rule = ""
    for listed in (line.taxes, line.shipping_taxes):
        for tax in listed or ():
            if tax.tax_calculation_rule == NO_CALCULATION:
                return NO_CALCULATION
            rule = rule or tax.tax_calculation_rule or ""
    return rule


def _net(line: Line, theirs: list[wire.Cancelation]) -> Line:
    """The line less what was canceled. A cancelation may be of money only: its quantity is informative."""
    commission, fee = ZERO, ZERO
    cancelations: list[Cancelation] = []
    canceled_taxes: list[TaxAmount] = []
    canceled_shipping_taxes: list[TaxAmount] = []
    for index, each in enumerate(theirs):
        try:
            cancelations.append(_cancelation(each))
            fee += fees(each.fees, "fees")
            if each.commission_total_amount is not None:
                commission += amount(each.commission_total_amount, "commission_total_amount")
            canceled_taxes += taxes(each.taxes, "taxes")
            canceled_shipping_taxes += taxes(each.shipping_taxes, "shipping_taxes")
        except Unreadable as why:
            raise Unreadable(f"cancelations[{index}].{why}") from why
    price = sum([each.amount for each in cancelations], ZERO)
    shipping = sum([each.shipping_amount for each in cancelations], ZERO)
    return replace(
        line,
        quantity=line.quantity - sum(each.quantity for each in cancelations),
        price=line.price - price,
        shipping_price=line.shipping_price - shipping,
        taxes=_less(line.taxes, canceled_taxes),
        shipping_taxes=_less(line.shipping_taxes, canceled_shipping_taxes),
        commission=line.commission - commission,
        fees=line.fees - fee,
        canceled=price + shipping,
        cancelations=tuple(cancelations),
    )


def _cancelation(each: wire.Cancelation) -> Cancelation:
    return Cancelation(
        id=needed(text(each.id), "id"),
        amount=amount(each.amount, "amount"),
        shipping_amount=amount(each.shipping_amount, "shipping_amount") if each.shipping_amount else ZERO,
        quantity=units(each.quantity, "quantity") if each.quantity is not None else 0,
        reason_code=text(each.reason_code),
    )


def _less(kept: tuple[TaxAmount, ...], canceled: list[TaxAmount]) -> tuple[TaxAmount, ...]:
    """Taxes by code, less the canceled ones; a code that only a cancelation has stands as a negative amount."""
    if not canceled:
        return kept
    left: dict[str, TaxAmount] = {}
    for sign, tax in (*((1, tax) for tax in kept), *((-1, tax) for tax in canceled)):
        before = left.get(tax.code)
        total = (before.amount if before else ZERO) + sign * tax.amount
        left[tax.code] = TaxAmount(tax.code, total, before.rate if before else tax.rate)
    return tuple(left.values())


def _refunds(line_id: str, theirs: list[wire.Refund]) -> tuple[Refund, ...]:
    refunds = []
    for index, each in enumerate(theirs):
        try:
            refunds.append(_refund(line_id, each))
        except Unreadable as why:
            raise Unreadable(f"refunds[{index}].{why}") from why
    return tuple(refunds)


def _refund(line_id: str, each: wire.Refund) -> Refund:
    """`state` is deprecated and does not know every state; older payloads have nothing else."""
    return Refund(
        id=needed(text(each.id), "id"),
        line_id=line_id,
        state=needed(each.refund_state or each.state, "refund_state"),
        amount=amount(each.amount, "amount"),
        shipping_amount=amount(each.shipping_amount, "shipping_amount"),
        quantity=told_units(each.quantity),
        reason_code=text(each.reason_code),
        taxes=taxes(each.taxes, "taxes"),
        shipping_taxes=taxes(each.shipping_taxes, "shipping_taxes"),
        group=text(each.order_refund_id),
        created_at=utc(each.created_date) if each.created_date else None,
    )
