"""Orders of OR11 as far as money goes: what each line was charged with, net of what was canceled before the debit.

Taxes and commission of a line as the order states them: the contract that the transaction log is held against.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.json import Decoder

from tieout.domain.ledger.line import Sold, SoldLine, SoldRefund
from tieout.domain.money import ZERO
from tieout.domain.orders.order import DEAD_LINES
from tieout.mirakl.translate import TAX_MODES
from tieout.mirakl.values import Unreadable, amount, instant, needed, text, told_amount


class Tax(Struct, frozen=True):
    """A tax of a price, a shipping price or a commission."""

    code: str | None = None
    amount: Decimal | None = None


class Part(Struct, frozen=True):
    """A cancelation: what of the line was never charged."""

    amount: Decimal | None = None
    shipping_amount: Decimal | None = None
    taxes: list[Tax] | None = None
    shipping_taxes: list[Tax] | None = None
    commission_amount: Decimal | None = None
    commission_total_amount: Decimal | None = None


class Refund(Struct, frozen=True):
    """A refund; that there is one says that the line was charged."""

    id: str | int | None = None
    state: str | None = None
    amount: Decimal | None = None
    shipping_amount: Decimal | None = None
    taxes: list[Tax] | None = None
    shipping_taxes: list[Tax] | None = None
    commission_amount: Decimal | None = None
    commission_total_amount: Decimal | None = None


class OrderLine(Struct, frozen=True):
    """A line of an order."""

    order_line_id: str | None = None
    order_line_state: str | None = None
    category_code: str | None = None
    price: Decimal | None = None
    shipping_price: Decimal | None = None
    taxes: list[Tax] | None = None
    shipping_taxes: list[Tax] | None = None
    commission_fee: Decimal | None = None
    commission_vat: Decimal | None = None
    commission_taxes: list[Tax] | None = None
    shipped_date: datetime | None = None
    received_date: datetime | None = None
    cancelations: list[Part] | None = None
    refunds: list[Refund] | None = None


class References(Struct, frozen=True):
    """The order's names at the other sides."""

    order_reference_for_customer: str | None = None
    order_reference_for_seller: str | None = None


class Order(Struct, frozen=True):
    """An order."""

    order_id: str | None = None
    commercial_id: str | None = None
    order_state: str | None = None
    order_tax_mode: str | None = None
    currency_iso_code: str | None = None
    created_date: datetime | None = None
    last_updated_date: datetime | None = None
    customer_directly_pays_seller: bool | None = None
    references: References | None = None
    order_lines: list[OrderLine] | None = None


SOLD_ORDER = Decoder(Order)


def sold_of(order: Order) -> Sold:
    """The order. Raises Unreadable naming the field."""
    tax_included = TAX_MODES.get(needed(order.order_tax_mode, "order_tax_mode"))
    if tax_included is None:
        raise Unreadable(f"order_tax_mode is none of {', '.join(TAX_MODES)}")
    lines = []
    for place, line in enumerate(order.order_lines or ()):
        try:
            lines.append(_line(line, tax_included=tax_included))
        except Unreadable as why:
            raise Unreadable(f"order_lines[{place}].{why}") from why
    named = order.references or References()
    return Sold(
        id=needed(order.order_id, "order_id"),
        currency=needed(order.currency_iso_code, "currency_iso_code"),
        state=needed(order.order_state, "order_state"),
        created_at=instant(order.created_date, "created_date") if order.created_date else None,
        lines=tuple(lines),
        tax_included=tax_included,
        direct_pay=bool(order.customer_directly_pays_seller),
        references=tuple(
            name
            for name in (order.commercial_id, named.order_reference_for_seller, named.order_reference_for_customer)
            if name
        ),
    )


def _line(line: OrderLine, *, tax_included: bool) -> SoldLine:
    """A line that was refused or canceled as a whole charges nothing."""
    state = line.order_line_state or ""
    known = SoldLine(
        id=needed(line.order_line_id, "order_line_id"),
        gross=ZERO,
        category=line.category_code or "",
        state=state,
        shipped_at=instant(line.shipped_date, "shipped_date") if line.shipped_date else None,
        received_at=instant(line.received_date, "received_date") if line.received_date else None,
        net_price=ZERO,
    )
    if state in DEAD_LINES and not line.refunds:
        return known
    price = amount(line.price, "price") + amount(line.shipping_price, "shipping_price")
    taxes: dict[str, Decimal] = {}
    _add(taxes, line.taxes, "taxes", 1)
    _add(taxes, line.shipping_taxes, "shipping_taxes", 1)
    commission, commission_tax = _commission(line)
    for place, part in enumerate(line.cancelations or ()):
        name = f"cancelations[{place}]"
        price -= amount(part.amount, f"{name}.amount") + (
            told_amount(part.shipping_amount, f"{name}.shipping_amount") or ZERO
        )
        _add(taxes, part.taxes, f"{name}.taxes", -1)
        _add(taxes, part.shipping_taxes, f"{name}.shipping_taxes", -1)
        fee = told_amount(part.commission_amount, f"{name}.commission_amount") or ZERO
        whole = told_amount(part.commission_total_amount, f"{name}.commission_total_amount")
        commission = None if commission is None else commission - fee
        commission_tax = None if commission_tax is None else commission_tax - (ZERO if whole is None else whole - fee)
    tax = sum(taxes.values(), ZERO)
    return SoldLine(
        id=known.id,
        gross=price if tax_included else price + tax,
        taxes=taxes,
        commission=commission,
        commission_tax=commission_tax,
        category=known.category,
        state=state,
        shipped_at=known.shipped_at,
        received_at=known.received_at,
        net_price=price - tax if tax_included else price,
        refunds=tuple(
            _refund(refund, f"refunds[{place}]", tax_included=tax_included)
            for place, refund in enumerate(line.refunds or ())
            if refund.id is not None
        ),
    )


def _refund(refund: Refund, name: str, *, tax_included: bool) -> SoldRefund:
    given = (told_amount(refund.amount, f"{name}.amount") or ZERO) + (
        told_amount(refund.shipping_amount, f"{name}.shipping_amount") or ZERO
    )
    taxes: dict[str, Decimal] = {}
    _add(taxes, refund.taxes, f"{name}.taxes", 1)
    _add(taxes, refund.shipping_taxes, f"{name}.shipping_taxes", 1)
    fee = told_amount(refund.commission_amount, f"{name}.commission_amount")
    whole = told_amount(refund.commission_total_amount, f"{name}.commission_total_amount")
    return SoldRefund(
        id=text(refund.id),
        gross=given if tax_included else given + sum(taxes.values(), ZERO),
        commission=fee,
        commission_tax=None if fee is None or whole is None else whole - fee,
        state=refund.state or "",
    )


def _commission(line: OrderLine) -> tuple[Decimal | None, Decimal | None]:
    """Without and of tax; `commission_vat` is deprecated, and knows the first tax only."""
    fee = told_amount(line.commission_fee, "commission_fee")
    if line.commission_taxes is None:
        return fee, told_amount(line.commission_vat, "commission_vat")
    return fee, sum((amount(tax.amount, "commission_taxes[].amount") for tax in line.commission_taxes), ZERO)


def _add(taxes: dict[str, Decimal], listed: Iterable[Tax] | None, name: str, sign: int) -> None:
    for tax in listed or ():
        code = text(tax.code)
        taxes[code] = taxes.get(code, ZERO) + sign * amount(tax.amount, f"{name}[].amount")
