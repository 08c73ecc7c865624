"""Parts of an order where NetSuite computes the tax (`tax_code`): amounts from which it comes to our total.

A line is sent with its tax in it, and NetSuite takes the tax out: any amount can be told so. Delivery is sent without
its tax, and not every amount can come of that (at 20 %, nothing becomes 1.65): the cent that is left stands on a line.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from tieout.domain.money import ZERO, exponent_of, rounded
from tieout.domain.orders.sales_order import SalesOrderLine, TaxDetail

Lines = tuple[SalesOrderLine, ...]


def as_computed(
    lines: Lines, shipping_net: Decimal, shipping_taxes: tuple[TaxDetail, ...], currency: str
) -> tuple[Lines, Decimal]:
    """The lines and the delivery, as they have to be sent for NetSuite's total to be ours."""
    grossed = tuple(
        replace(line, gross=line.net + sum((tax.amount for tax in line.taxes), ZERO)) if line.taxes else line
        for line in lines
    )
    if len(shipping_taxes) != 1 or shipping_taxes[0].rate is None:
        return grossed, shipping_net
    wanted = shipping_net + shipping_taxes[0].amount
    most = max((line.gross for line in grossed if line.gross is not None), default=ZERO)
    net, left = _nearest(wanted, shipping_taxes[0].rate, shipping_net, currency, most)
    return (_with(left, grossed), net) if left else (grossed, net)


def _nearest(wanted: Decimal, rate: Decimal, net: Decimal, currency: str, most: Decimal) -> tuple[Decimal, Decimal]:
    """The amount without tax whose gross comes nearest, and how much it is short of what is wanted.

    It is not above that by more than a line can give back (`most`): a line of nothing gives nothing.
    """
    unit = Decimal(1).scaleb(-exponent_of(currency))
    middle = rounded(wanted / (1 + rate / 100), currency)

    def short(candidate: Decimal) -> Decimal:
        return wanted - candidate - rounded(candidate * rate / 100, currency)

    fitting = [each for each in (net, middle, middle - unit, middle + unit) if short(each) >= -most]
    best = min(fitting, key=lambda each: abs(short(each)))
    return best, short(best)


def _with(left: Decimal, lines: Lines) -> Lines:
    for index, line in enumerate(lines):
        if line.gross is not None and line.gross + left >= 0:
            return (*lines[:index], replace(line, gross=line.gross + left), *lines[index + 1 :])
    return lines
