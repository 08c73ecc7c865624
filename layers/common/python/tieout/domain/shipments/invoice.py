"""What is billed for a shipment: the marketplace's gross of the lines that left, to the cent.

An order line that leaves in parts is billed in parts that add up: each is what its share comes to so far, less what was
billed before, so that the last one takes what rounding left. Source: `docs/finance/shipments.md`; record `invoice`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from msgspec import Struct, json
from msgspec.structs import replace

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.ids import external_id
from tieout.domain.money import ZERO, Money, rounded
from tieout.domain.orders.booked import Booked
from tieout.domain.orders.order import Line, Order, TaxAmount
from tieout.domain.orders.sales_order import SalesOrderLine, TaxDetail, TaxRules, TaxStrategy, figures_of
from tieout.domain.postings import Kind
from tieout.domain.shipments.computed_tax import as_computed

CHARGE = "TAX-"
"""Start of `custcol_tieout_line` on lines that carry tax (`other_charge`)."""
BILLED = "billed"
"""Name of the fact that says what an invoice bills."""


class BilledLine(Struct, frozen=True):
    """A line of the invoice. `order_line` is NetSuite's line number on the sales order; `line` carries our figures."""

    order_line: int | None
    """None: a line of the invoice's own, because the sales order's has been billed already (a tax charge)."""
    line: SalesOrderLine


class InvoiceDraft(Struct, frozen=True, kw_only=True):
    """An invoice to be made out of a sales order: only these lines. `gross` is what its total must be."""

    external_id: str
    key: str
    sales_order_id: str
    order_id: str
    marketplace: str
    day: date
    original_day: date
    """The day that the revenue belongs to; another than `day` where its period was closed."""
    lines: tuple[BilledLine, ...]
    all_lines: tuple[int, ...]
    """Every line number of the sales order: what is not billed now is sent with quantity 0."""
    shipping_taxes: tuple[TaxDetail, ...]
    shipping_net: Money
    tax_strategy: TaxStrategy
    gross: Money


class Share(Struct, frozen=True, kw_only=True):
    """How much of an order line is billed: units, and their part of each of the line's figures."""

    units: int
    price: Decimal = ZERO
    shipping: Decimal = ZERO
    taxes: dict[str, Decimal] = {}
    shipping_taxes: dict[str, Decimal] = {}
    """Amounts by Mirakl's tax code."""


Shares = dict[str, Share]
"""By order line id."""


def billed_fact(shares: Shares) -> dict[str, str]:
    """Shares as a posting remembers them."""
    return {BILLED: json.encode(shares).decode()}


def billed_from(facts: Mapping[str, str]) -> Shares:
    """What an invoice's posting says that it bills; nothing where it was not drafted yet."""
    return json.decode(facts[BILLED], type=Shares) if BILLED in facts else {}


def together(earlier: list[Shares]) -> Shares:
    """The sum of several invoices."""
    total: Shares = {}
    for shares in earlier:
        for line_id, share in shares.items():
            total[line_id] = _plus(total[line_id], share) if line_id in total else share
    return total


def at_least(shares: Shares, order: Order, booked: Booked) -> Shares:
    """Shares grown by units that NetSuite says are billed too: somebody else's invoice, worth their plain part."""
    grown = dict(shares)
    for line in order.live_lines:
        there = booked.line_of(line.line_id)
        known = shares[line.line_id].units if line.line_id in shares else 0
        if there and known < there.billed <= line.quantity:
            grown[line.line_id] = _up_to(line, there.billed, order.currency)
    return grown


def shares_of(order: Order, quantities: Mapping[str, int], earlier: Shares) -> Shares:
    """What these units are worth, on top of what was billed earlier: all parts add up to the line's own figures.

    Raises NeedsAttention(SHIPPED_TWICE, ALREADY_SHIPPED, FIGURES_DISAGREE).
    """
    lines = {line.line_id: line for line in order.lines}
    shares: Shares = {}
    for line_id, units in quantities.items():
        line = lines.get(line_id)
        if line is not None and not line.is_live:
            raise NeedsAttention(Reason.ALREADY_SHIPPED, {"line": line_id, "state": line.state, "shipped": str(units)})
        before = earlier.get(line_id, Share(units=0))
        if line is None or before.units + units > line.quantity:
            ordered = "(no such line)" if line is None else str(line.quantity)
            raise NeedsAttention(
                Reason.SHIPPED_TWICE,
                {"line": line_id, "ordered": ordered, "billed": str(before.units), "shipped": str(units)},
            )
        shares[line_id] = _minus(_up_to(line, before.units + units, order.currency), before)
        if shares[line_id].price < 0 or shares[line_id].shipping < 0:
            raise NeedsAttention(
                Reason.FIGURES_DISAGREE, {"line": line_id, "price": str(line.price), "billed": str(before.price)}
            )
    return shares


def invoice_for(
    order: Order,
    booked: Booked,
    shares: Shares,
    tax: TaxRules,
    *,
    source_id: str,
    day: date,
    original_day: date,
) -> InvoiceDraft:
    """The invoice of one shipment. Lines, shipping and taxes are written as the sales order's are.

    Raises NeedsAttention(SHIPPED_TWICE) for a line that the sales order does not have, or a tax code that is not set.
    """
    part = _part(order, shares)
    for line_id in shares:
        if booked.line_of(line_id) is None:
            raise NeedsAttention(Reason.SHIPPED_TWICE, {"line": line_id, "ordered": "(not on the sales order)"})
    items = {line.sku: _item_of(line, booked) for line in part.lines}
    charge_item = next((line.item_id for line in booked.lines if line.line_id.startswith(CHARGE)), tax.charge_item)
    figures = figures_of(part, items, TaxRules(tax.strategy, tax.codes, tax.default_code, charge_item))
    lines, shipping_net = figures.lines, figures.shipping_net
    if tax.strategy is TaxStrategy.TAX_CODE:
        lines, shipping_net = as_computed(lines, shipping_net, figures.shipping_taxes, order.currency)
    return InvoiceDraft(
        external_id=external_id(order.marketplace, Kind.INVOICE, source_id),
        key=f"T-{order.marketplace}-{Kind.INVOICE}-{source_id}",
        sales_order_id=booked.id,
        order_id=order.order_id,
        marketplace=order.marketplace,
        day=day,
        original_day=original_day,
        lines=tuple(_billed(line, booked) for line in lines),
        all_lines=booked.line_numbers,
        shipping_taxes=figures.shipping_taxes,
        shipping_net=Money(shipping_net, order.currency),
        tax_strategy=tax.strategy,
        gross=part.gross,
    )


def _part(order: Order, shares: Shares) -> Order:
    """The lines that left, as an order of their own."""
    return replace(
        order,
        lines=tuple(
            replace(
                line,
                quantity=share.units,
                price=share.price,
                shipping_price=share.shipping,
                taxes=_amounts(line.taxes, share.taxes),
                shipping_taxes=_amounts(line.shipping_taxes, share.shipping_taxes),
            )
            for line in order.lines
            if (share := shares.get(line.line_id))
        ),
    )


def _amounts(taxes: tuple[TaxAmount, ...], amounts: Mapping[str, Decimal]) -> tuple[TaxAmount, ...]:
    """A code's amount stands on its first tax; a second one of the same code is in it."""
    rates = {tax.code: tax.rate for tax in reversed(taxes)}
    return tuple(TaxAmount(code, amount, rates.get(code)) for code, amount in amounts.items())


def _item_of(line: Line, booked: Booked) -> str:
    there = booked.line_of(line.line_id)
    return there.item_id if there else ""


def _billed(line: SalesOrderLine, booked: Booked) -> BilledLine:
    """A tax charge is one unit, billed by the first invoice: the later ones add theirs as lines of their own."""
    there = booked.line_of(line.line_id)
    used_up = there is not None and line.line_id.startswith(CHARGE) and there.billed >= there.quantity
    item = replace(line, item_id=there.item_id) if there else line
    return BilledLine(None if there is None or used_up else there.number, item)


# --- shares ----------------------------------------------------------------------------------------------------------


def _up_to(line: Line, units: int, currency: str) -> Share:
    """What the first `units` of a line are worth together; all of them are worth exactly what Mirakl says."""

    def part(amount: Decimal) -> Decimal:
        return amount if units == line.quantity else rounded(amount * units / line.quantity, currency)

    def by_code(taxes: tuple[TaxAmount, ...]) -> dict[str, Decimal]:
        amounts: dict[str, Decimal] = {}
        for tax in taxes:
            amounts[tax.code] = amounts.get(tax.code, ZERO) + tax.amount
        return {code: part(amount) for code, amount in amounts.items()}

    return Share(
        units=units,
        price=part(line.price),
        shipping=part(line.shipping_price),
        taxes=by_code(line.taxes),
        shipping_taxes=by_code(line.shipping_taxes),
    )


def _plus(one: Share, other: Share, sign: int = 1) -> Share:
    def both(mine: Mapping[str, Decimal], theirs: Mapping[str, Decimal]) -> dict[str, Decimal]:
        return {code: mine.get(code, ZERO) + sign * theirs.get(code, ZERO) for code in {**mine, **theirs}}

    return Share(
        units=one.units + sign * other.units,
        price=one.price + sign * other.price,
        shipping=one.shipping + sign * other.shipping,
        taxes=both(one.taxes, other.taxes),
        shipping_taxes=both(one.shipping_taxes, other.shipping_taxes),
    )


def _minus(one: Share, other: Share) -> Share:
    return _plus(one, other, -1)
