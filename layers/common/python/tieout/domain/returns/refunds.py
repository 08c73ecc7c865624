"""What Mirakl is asked to give back, or to cancel, because of what happened in NetSuite.

Amounts are in the order's tax mode. The gross that Mirakl gives back is NetSuite's, to the cent; what does not fit into
what is left of the order line is a person's to decide.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.money import ZERO, rounded
from tieout.domain.orders.order import Cancelation, Line, Order, Refund, TaxAmount, tax_total
from tieout.domain.returns.closures import CHARGE
from tieout.domain.returns.refund import ClosedLine, Credit, CreditLine, RefundLine
from tieout.domain.returns.shares import (
    NO_RULE,
    Left,
    fitted,
    is_given_back,
    left_of,
    of_last_units,
    share_of,
    taxes_of_last_units,
    units_worth,
)

RECEIPT = "ItemRcpt"
NO_TAXES: tuple[TaxAmount, ...] = ()


def refunds_of(credit: Credit, order: Order, reason_code: str) -> tuple[RefundLine, ...]:
    """What a credit memo, or a received return, gives back at the marketplace.

    Raises NeedsAttention(REFUND_TOO_LARGE) with what is wanted and what is left.
    """
    if credit.kind == RECEIPT:
        wanted = [_received(each, order) for each in _ours(credit, order)]
    else:
        wanted = _credited(credit, order)
    return tuple(
        [_refund(each, order, reason_code) for each in wanted if each.goods + each.goods_tax + each.shipping_gross]
    )


class _Wanted(Struct, frozen=True):
    """What one line is to give back: net and tax as NetSuite has them."""

    line: Line
    quantity: int
    goods: Decimal
    goods_tax: Decimal
    shipping: Decimal = ZERO
    shipping_tax: Decimal | None = ZERO
    """None: NetSuite does not say, so that it follows by proportion."""

    @property
    def shipping_gross(self) -> Decimal:
        return self.shipping + (self.shipping_tax or ZERO)


def _ours(credit: Credit, order: Order) -> list[CreditLine]:
    known = {line.line_id for line in order.lines}
    return [each for each in credit.lines if each.line_id in known]


def _line(order: Order, line_id: str) -> Line:
    return next(line for line in order.lines if line.line_id == line_id)


def _received(each: CreditLine, order: Order) -> _Wanted:
    """Goods that came back are worth their share of the price; shipping is not given back with them."""
    line = _line(order, each.line_id)
    worth = min(units_worth(line, each.quantity, order.currency), left_of(line).amount)
    taxes = share_of(line.taxes, left_of(line).taxes, worth, line.price, order.currency)
    tax = tax_total(taxes)
    return _Wanted(line, each.quantity, worth - tax if order.tax_included else worth, tax)


def _credited(credit: Credit, order: Order) -> list[_Wanted]:
    """The memo's lines, with charges and shipping of the whole memo given to the lines they belong to."""
    ours = _ours(credit, order)
    charges = sum((each.net + each.tax for each in credit.lines if each.line_id.startswith(CHARGE)), ZERO)
    wanted = [
        _Wanted(_line(order, each.line_id), each.quantity, each.net, each.tax, each.shipping_net, each.shipping_tax)
        for each in ours
    ]
    if charges:
        wanted = _with_charges(wanted, charges, order)
    if not all(_has_room_for_shipping(each, order) for each in wanted):
        # NetSuite has one shipping cost: which lines it belongs to is Mirakl's word.
        wanted = [replace(each, shipping=ZERO, shipping_tax=ZERO) for each in wanted]
    rest = credit.total.amount - sum((each.goods + each.goods_tax + each.shipping_gross for each in wanted), ZERO)
    if rest > 0:
        wanted, rest = _with_shipping(wanted, rest, order)
    if rest:
        raise _too_large(credit, {"not_of_an_order_line": str(rest)})
    return wanted


def _has_room_for_shipping(each: _Wanted, order: Order) -> bool:
    left = left_of(each.line)
    return (each.shipping_gross if order.tax_included else each.shipping) <= left.shipping_amount


def _with_charges(wanted: list[_Wanted], charges: Decimal, order: Order) -> list[_Wanted]:
    """A tax that is written as lines of its own goes to the order lines by their own tax."""
    given = []
    for each in wanted:
        taxes = share_of(each.line.taxes, each.line.taxes, each.goods, _net(each.line, order), order.currency)
        tax = min(tax_total(taxes), charges)
        charges -= tax
        given.append(replace(each, goods_tax=each.goods_tax + tax))
    if charges and given:
        last = given[-1]
        room = tax_total(left_of(last.line).taxes) - last.goods_tax
        more = max(ZERO, min(charges, room)) if not last.shipping else charges
        if last.shipping:
            given[-1] = replace(last, shipping_tax=(last.shipping_tax or ZERO) + more)
        else:
            given[-1] = replace(last, goods_tax=last.goods_tax + more)
    return given


def _net(line: Line, order: Order) -> Decimal:
    return line.price - tax_total(line.taxes) if order.tax_included else line.price


def _with_shipping(wanted: list[_Wanted], rest: Decimal, order: Order) -> tuple[list[_Wanted], Decimal]:
    """What a memo gives back beyond its lines is shipping: of its own lines first, then of the others."""
    by_line = {each.line.line_id: each for each in wanted}
    for line in (*(each.line for each in wanted), *(line for line in order.lines if line.line_id not in by_line)):
        left = left_of(line)
        each = by_line.get(line.line_id, _Wanted(line, 0, ZERO, ZERO))
        whole = left.shipping_amount + (ZERO if order.tax_included else tax_total(left.shipping_taxes))
        part = min(rest, whole - each.shipping_gross)
        if part <= 0:
            continue
        rest -= part
        net = rounded(part * left.shipping_amount / whole, order.currency)
        tax = None if order.tax_included else (each.shipping_tax or ZERO) + part - net
        by_line[line.line_id] = replace(each, shipping=each.shipping + net, shipping_tax=tax)
    return list(by_line.values()), rest


def _refund(wanted: _Wanted, order: Order, reason_code: str) -> RefundLine:
    line, left = wanted.line, left_of(wanted.line)
    included = order.tax_included
    amount = wanted.goods + wanted.goods_tax if included else wanted.goods
    shipping = wanted.shipping_gross if included else wanted.shipping
    _check(line, amount, shipping, left)
    goods = _Taxed(line, line.taxes, left.taxes, line.price)
    delivery = _Taxed(line, line.shipping_taxes, left.shipping_taxes, line.shipping_price)
    return RefundLine(
        line_id=line.line_id,
        amount=amount,
        shipping_amount=shipping,
        quantity=min(wanted.quantity, line.quantity) if amount else 0,
        reason_code=reason_code,
        currency=order.currency,
        taxes=_taxes(goods, amount, wanted.goods_tax, order),
        shipping_taxes=_taxes(delivery, shipping, wanted.shipping_tax, order),
    )


class _Taxed(Struct, frozen=True):
    """An amount of a line that is taxed: its goods, or its shipping."""

    line: Line
    taxes: tuple[TaxAmount, ...]
    left: tuple[TaxAmount, ...]
    whole: Decimal


def _taxes(of: _Taxed, amount: Decimal, total: Decimal | None, order: Order) -> tuple[TaxAmount, ...]:
    """By the line's rule, and in sum what NetSuite says; where prices include it, its split alone may differ."""
    if (not amount and not total) or (of.line.tax_calculation_rule == NO_RULE and not total):
        return ()
    shares = share_of(of.taxes, of.left, amount, of.whole, order.currency)
    moved = shares if total is None else fitted(shares, of.left, total)
    if moved is None and not order.tax_included:
        facts = {"line": of.line.line_id, "tax": str(total), "tax_left": str(tax_total(of.left))}
        raise NeedsAttention(Reason.REFUND_TOO_LARGE, facts)
    # One of nothing is named too: a tax that is not named, Mirakl works out for itself.
    return shares if moved is None else moved


def _check(line: Line, amount: Decimal, shipping: Decimal, left: Left) -> None:
    if not 0 <= amount <= left.amount or not 0 <= shipping <= left.shipping_amount:
        raise NeedsAttention(
            Reason.REFUND_TOO_LARGE,
            {
                "line": line.line_id,
                "amount": str(amount),
                "left": str(left.amount),
                "shipping": str(shipping),
                "shipping_left": str(left.shipping_amount),
            },
        )


def _too_large(credit: Credit, facts: dict[str, str]) -> NeedsAttention:
    return NeedsAttention(Reason.REFUND_TOO_LARGE, {"number": credit.number, "total": str(credit.total), **facts})


# --- closed lines --------------------------------------------------------------------------------------------------


def units_to_cancel(closed: ClosedLine, order: Order) -> int:
    """Units of a closed line that Mirakl still means to have; none where it cancelled or refunded them already."""
    line = next((line for line in order.lines if line.line_id == closed.line_id), None)
    if line is None or not line.is_live or line.state == "REFUNDED" or is_given_back(line):
        return 0
    return max(0, min(closed.quantity, line.quantity - closed.shipped))


def cancelation_of(
    closed: ClosedLine, order: Order, reason_code: str, *, excluded_from_shipment: bool = False
) -> RefundLine:
    """The units that will not leave, as a part of their line: with the last of them goes all that is left.

    A cancelation leaves the delivery to the units that stay, which are billed with all of it. A refund
    (`excluded_from_shipment`) leaves the line as it is, and NetSuite bills the delivery by units: theirs goes back.
    """
    line, units = _line(order, closed.line_id), units_to_cancel(closed, order)
    left, currency = left_of(line), order.currency
    if units == line.quantity:
        amount, shipping = left.amount, left.shipping_amount
        taxes, shipping_taxes = left.taxes, left.shipping_taxes
    else:
        amount, shipping = min(units_worth(line, units, currency), left.amount), ZERO
        taxes, shipping_taxes = taxes_of_last_units(line.taxes, left.taxes, line, units, currency), NO_TAXES
        if excluded_from_shipment:
            shipping = min(of_last_units(line.shipping_price, line, units, currency), left.shipping_amount)
            shipping_taxes = taxes_of_last_units(line.shipping_taxes, left.shipping_taxes, line, units, currency)
    return RefundLine(
        line_id=line.line_id,
        amount=amount,
        shipping_amount=shipping,
        quantity=units,
        reason_code=reason_code,
        currency=currency,
        taxes=taxes,
        shipping_taxes=shipping_taxes,
        excluded_from_shipment=excluded_from_shipment,
    )


def is_whole_order(lines: Sequence[RefundLine], order: Order) -> bool:
    """Whether these cancelations take every unit that is left of an order."""
    units = {line.line_id: line.quantity for line in lines}
    return all(units.get(line.line_id) == line.quantity for line in order.live_lines)


# --- what is there already -----------------------------------------------------------------------------------------


def given_back_ids(order: Order) -> set[str]:
    """Every refund and cancelation that an order shows."""
    refunds = {each.id for line in order.lines for each in line.refunds}
    return refunds | {each.id for line in order.lines for each in line.cancelations}


def made_after_all(lines: Sequence[RefundLine], order: Order, known: Collection[str]) -> dict[str, str]:
    """Refund (or cancelation) id by order line of what an earlier call made although its answer never came.

    `known` are ids that were there before, or that are somebody else's.
    """
    found: dict[str, str] = {}
    for wanted in lines:
        line = _line(order, wanted.line_id)
        there: tuple[Refund | Cancelation, ...] = (*line.refunds, *line.cancelations)
        for each in there:
            if each.id not in known and (each.amount, each.shipping_amount) == (wanted.amount, wanted.shipping_amount):
                found[wanted.line_id] = each.id
                break
    return found
