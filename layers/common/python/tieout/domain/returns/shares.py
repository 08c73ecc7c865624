"""What is left of an order line, and what a part of it is worth: parts of a line always add up to the whole.

A part is the difference of two cumulative shares, so that the last one takes what rounding left. Amounts are in the
order's tax mode. Source: OR11 `refunds`; the tax rules are those of OR28 (`tax_calculation_rule`).
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.money import ZERO, rounded
from tieout.domain.orders.order import Line, Refund, TaxAmount, tax_total

NO_RULE = "NONE"
"""A tax with this rule stays where it is when a part of its amount is given back."""


class Left(Struct, frozen=True):
    """What of a line has been given back to nobody yet."""

    amount: Decimal
    shipping_amount: Decimal
    taxes: tuple[TaxAmount, ...]
    shipping_taxes: tuple[TaxAmount, ...]

    @property
    def is_nothing(self) -> bool:
        """Whether all the money went back."""
        return not self.amount and not self.shipping_amount


def left_of(line: Line) -> Left:
    """A line less its refunds, in whatever state they are: what is announced is as good as given."""
    amount, shipping = line.price, line.shipping_price
    for refund in line.refunds:
        amount -= refund.amount
        shipping -= refund.shipping_amount
    return Left(
        amount,
        shipping,
        _less(line.taxes, [refund.taxes for refund in line.refunds]),
        _less(line.shipping_taxes, [refund.shipping_taxes for refund in line.refunds]),
    )


def is_given_back(line: Line) -> bool:
    """Whether every cent of a line that is still part of the sale was, or is being, refunded."""
    return bool(line.refunds) and left_of(line).is_nothing


def of_last_units(amount: Decimal, line: Line, units: int, currency: str) -> Decimal:
    """What so many of a line's last units have of an amount: what billing the others leaves of it, to the cent."""
    if units >= line.quantity:
        return amount
    return amount - rounded(amount * (line.quantity - units) / line.quantity, currency)


def units_worth(line: Line, units: int, currency: str) -> Decimal:
    """Price of so many of a line's last units."""
    return of_last_units(line.price, line, units, currency)


def taxes_of_last_units(
    taxes: tuple[TaxAmount, ...], left: tuple[TaxAmount, ...], line: Line, units: int, currency: str
) -> tuple[TaxAmount, ...]:
    """Their part of each tax, never more than is left of it."""
    remaining = {tax.code: tax.amount for tax in left}
    return tuple(
        replace(tax, amount=min(of_last_units(tax.amount, line, units, currency), remaining.get(tax.code, ZERO)))
        for tax in taxes
    )


def share_of(
    taxes: tuple[TaxAmount, ...], left: tuple[TaxAmount, ...], part: Decimal, whole: Decimal, currency: str
) -> tuple[TaxAmount, ...]:
    """Each tax in the proportion that `part` has to `whole`, never more than is left of it."""
    remaining = {tax.code: tax.amount for tax in left}
    shares = []
    for tax in taxes:
        share = rounded(tax.amount * part / whole, currency) if whole else ZERO
        shares.append(replace(tax, amount=min(share, remaining.get(tax.code, ZERO))))
    return tuple(shares)


def fitted(taxes: tuple[TaxAmount, ...], left: tuple[TaxAmount, ...], total: Decimal) -> tuple[TaxAmount, ...] | None:
    """The same taxes with this total, moved where there is room; None where there is not enough of them left."""
    remaining = {tax.code: tax.amount for tax in left}
    missing = total - tax_total(taxes)
    moved = []
    for tax in sorted(taxes, key=lambda each: each.amount, reverse=True):
        amount = min(max(tax.amount + missing, ZERO), remaining.get(tax.code, ZERO))
        missing -= amount - tax.amount
        moved.append(replace(tax, amount=amount))
    return tuple(moved) if missing == 0 else None


def taxes_of_refund(line: Line, refund: Refund, currency: str) -> tuple[tuple[TaxAmount, ...], tuple[TaxAmount, ...]]:
    """A refund's taxes on goods and on shipping: Mirakl's own, or by proportion where it names none of a taxed line."""
    taxes, shipping_taxes = refund.taxes, refund.shipping_taxes
    if not taxes and line.taxes and line.tax_calculation_rule != NO_RULE:
        taxes = share_of(line.taxes, line.taxes, refund.amount, line.price, currency)
    if not shipping_taxes and line.shipping_taxes and line.tax_calculation_rule != NO_RULE:
        shipping_taxes = share_of(
            line.shipping_taxes, line.shipping_taxes, refund.shipping_amount, line.shipping_price, currency
        )
    return taxes, shipping_taxes


def _less(taxes: tuple[TaxAmount, ...], gone: list[tuple[TaxAmount, ...]]) -> tuple[TaxAmount, ...]:
    given: dict[str, Decimal] = {}
    for tax in (tax for several in gone for tax in several):
        given[tax.code] = given.get(tax.code, ZERO) + tax.amount
    return tuple(replace(tax, amount=tax.amount - given.get(tax.code, ZERO)) for tax in taxes)
