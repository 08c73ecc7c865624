"""What a shipment is billed: only what left, and all parts together exactly what Mirakl says of the order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes import a_line, an_order
from tests.fakes.billing import invoice_total
from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.money import Money, rounded
from tieout.domain.orders.booked import Booked, BookedLine
from tieout.domain.orders.order import Line, Order
from tieout.domain.orders.sales_order import TaxRules, TaxStrategy, figures_of
from tieout.domain.shipments.invoice import (
    InvoiceDraft,
    Shares,
    at_least,
    billed_fact,
    billed_from,
    invoice_for,
    shares_of,
    together,
)

DAY = date(2026, 3, 4)
OVERRIDE = TaxRules(TaxStrategy.SUITETAX_OVERRIDE, {}, "VAT")
CHARGE = TaxRules(TaxStrategy.OTHER_CHARGE, {}, None, "90")


def a_booking(order: Order, tax: TaxRules = OVERRIDE, billed: Shares | None = None) -> Booked:
    """The sales order of an order, as NetSuite numbers it."""
    lines = figures_of(order, {line.sku: f"id-{line.sku}" for line in order.live_lines}, tax).lines
    return Booked(
        id="1000",
        external_id="T-brightside-SO-A-1",
        kind="SalesOrd",
        number="SO1000",
        status="B",
        lines=tuple(
            BookedLine(
                number=2 * index + 1,
                line_id=line.line_id,
                item_id=line.item_id,
                quantity=line.quantity,
                billed=billed[line.line_id].units if billed and line.line_id in billed else 0,
            )
            for index, line in enumerate(lines)
        ),
    )


def billed(
    order: Order, units: dict[str, int], earlier: Shares | None = None, tax: TaxRules = OVERRIDE
) -> tuple[InvoiceDraft, Shares]:
    shares = shares_of(order, units, earlier or {})
    booked = a_booking(order, tax)
    draft = invoice_for(order, booked, shares, tax, source_id="5001", day=DAY, original_day=DAY)
    return draft, shares


def in_turn(order: Order, shipments: Sequence[dict[str, int]], tax: TaxRules = OVERRIDE) -> list[InvoiceDraft]:
    """The invoices of shipments, one after the other."""
    drafts: list[InvoiceDraft] = []
    earlier: list[Shares] = []
    for units in shipments:
        draft, shares = billed(order, units, together(earlier), tax)
        drafts.append(draft)
        earlier.append(shares)
    return drafts


THREE = a_line(price="10.00", tax="1.67", quantity=3, shipping="5.00", shipping_tax="0.83")


def test_an_order_that_leaves_whole_is_billed_as_the_sales_order_is_written() -> None:
    order = an_order(lines=[a_line("MUG", shipping="3.00", shipping_tax="0.50"), a_line("BOWL", "20.00", "3.33")])
    draft, _ = billed(order, {"line-MUG": 1, "line-BOWL": 1})
    figures = figures_of(order, {"MUG": "id-MUG", "BOWL": "id-BOWL"}, OVERRIDE)
    assert tuple(line.line for line in draft.lines) == figures.lines
    assert [line.order_line for line in draft.lines] == [1, 3]
    assert (draft.shipping_net, draft.shipping_taxes) == (Money(Decimal("2.50"), "GBP"), figures.shipping_taxes)
    assert draft.gross == order.gross


def test_only_what_left_is_billed_and_every_other_line_is_named_to_be_left_out() -> None:
    order = an_order(lines=[a_line("MUG"), a_line("BOWL", "20.00", "3.33")])
    draft, _ = billed(order, {"line-BOWL": 1})
    assert [(line.order_line, line.line.quantity) for line in draft.lines] == [(3, 1)]
    assert draft.all_lines == (1, 3)
    assert draft.gross == Money(Decimal("20.00"), "GBP")


def test_the_last_part_takes_what_rounding_left() -> None:
    order = an_order(lines=[THREE])
    drafts = in_turn(order, [{"line-MUG": 1}] * 3)
    assert [draft.gross.amount for draft in drafts] == [Decimal("5.00"), Decimal("5.00"), Decimal("5.00")]
    assert [draft.lines[0].line.taxes[0].amount for draft in drafts] == [
        Decimal("0.56"),
        Decimal("0.55"),
        Decimal("0.56"),
    ]
    assert [draft.shipping_taxes[0].amount for draft in drafts] == [Decimal("0.28"), Decimal("0.27"), Decimal("0.28")]


def test_each_invoice_is_worth_what_its_lines_add_up_to() -> None:
    for draft in in_turn(an_order(lines=[THREE]), [{"line-MUG": 2}, {"line-MUG": 1}]):
        assert invoice_total(draft) == draft.gross.amount


def test_a_tax_charge_is_shared_out_and_later_invoices_add_theirs_as_lines_of_their_own() -> None:
    order = an_order(lines=[THREE])
    shares = shares_of(order, {"line-MUG": 1}, {})
    first = invoice_for(order, a_booking(order, CHARGE), shares, CHARGE, source_id="1", day=DAY, original_day=DAY)
    assert [(line.order_line, line.line.item_id, line.line.net) for line in first.lines] == [
        (1, "id-MUG", Decimal("2.77")),
        (3, "90", Decimal("0.84")),
    ]
    used = a_booking(order, CHARGE)
    used = replace(used, lines=(replace(used.lines[0], billed=1), replace(used.lines[1], billed=1)))
    later = shares_of(order, {"line-MUG": 2}, shares)
    second = invoice_for(order, used, later, CHARGE, source_id="2", day=DAY, original_day=DAY)
    assert [(line.order_line, line.line.item_id, line.line.net) for line in second.lines] == [
        (1, "id-MUG", Decimal("5.56")),
        (None, "90", Decimal("1.66")),
    ]
    assert invoice_total(first) + invoice_total(second) == order.gross.amount


def test_after_a_cancelation_the_rest_is_what_mirakl_still_asks_less_what_was_billed() -> None:
    """Two of three are left, at a price that is not two thirds of what it was."""
    whole = an_order(lines=[THREE])
    _, first = billed(whole, {"line-MUG": 1})
    left = replace(THREE, quantity=2, price=Decimal("6.50"), taxes=(replace(THREE.taxes[0], amount=Decimal("1.08")),))
    order = an_order(lines=[left])
    second, _ = billed(order, {"line-MUG": 1}, first)
    assert first["line-MUG"].price + second.lines[0].line.net + second.lines[0].line.taxes[0].amount == Decimal("6.50")


def test_units_that_somebody_else_billed_are_not_billed_again() -> None:
    order = an_order(lines=[THREE])
    booked = a_booking(order)
    booked = replace(booked, lines=(replace(booked.lines[0], billed=2),))
    assert at_least({}, order, booked)["line-MUG"].price == Decimal("6.67")
    assert shares_of(order, {"line-MUG": 1}, at_least({}, order, booked))["line-MUG"].price == Decimal("3.33")


def test_what_our_own_invoices_said_counts_before_what_netsuite_does_not_show_yet() -> None:
    order = an_order(lines=[THREE])
    _, first = billed(order, {"line-MUG": 2})
    assert at_least(first, order, a_booking(order)) == first


def test_shares_read_back_as_they_were_written() -> None:
    _, shares = billed(an_order(lines=[THREE]), {"line-MUG": 2})
    assert billed_from(billed_fact(shares)) == shares
    assert billed_from({}) == {}


@pytest.mark.parametrize(
    ("line", "units", "reason"),
    [
        (THREE, {"line-MUG": 4}, Reason.SHIPPED_TWICE),
        (THREE, {"line-NOBODY": 1}, Reason.SHIPPED_TWICE),
        (replace(THREE, state="CANCELED"), {"line-MUG": 1}, Reason.ALREADY_SHIPPED),
    ],
)
def test_more_than_the_order_has_is_not_billed(line: Line, units: dict[str, int], reason: Reason) -> None:
    with pytest.raises(NeedsAttention) as problem:
        billed(an_order(lines=[line]), units)
    assert problem.value.reason is reason


def test_a_line_that_costs_less_than_was_billed_already_is_a_persons() -> None:
    _, first = billed(an_order(lines=[THREE]), {"line-MUG": 2})
    with pytest.raises(NeedsAttention) as problem:
        billed(an_order(lines=[replace(THREE, price=Decimal("1.00"), taxes=())]), {"line-MUG": 1}, first)
    assert problem.value.reason is Reason.FIGURES_DISAGREE


# --- any split -------------------------------------------------------------------------------------------------------

CENTS = st.integers(0, 99_999).map(lambda cents: Decimal(cents) / 100)


@st.composite
def orders(draw: st.DrawFn) -> Order:
    lines = []
    for sku in draw(st.lists(st.sampled_from(["MUG", "BOWL", "JUG"]), min_size=1, unique=True)):
        price, shipping = draw(CENTS), draw(CENTS)
        lines.append(
            a_line(
                sku,
                price,
                draw(st.none() | st.just((price / 6).quantize(Decimal("0.01")))),
                quantity=draw(st.integers(1, 7)),
                shipping=shipping,
                shipping_tax=draw(st.none() | st.just((shipping / 6).quantize(Decimal("0.01")))),
                tax_code=draw(st.sampled_from(["VAT-GBR-20", "VAT-GBR-5"])),
            )
        )
    return an_order(lines=lines, tax_included=draw(st.booleans()))


@st.composite
def splits(draw: st.DrawFn) -> tuple[Order, list[dict[str, int]]]:
    """An order, and its units in shipments: all of them leave, in any order."""
    order = draw(orders())
    units = draw(st.permutations([line.line_id for line in order.lines for _ in range(line.quantity)]))
    shipments: list[dict[str, int]] = [{}]
    for line_id in units:
        starts_anew: bool = draw(st.booleans())
        if shipments[-1] and starts_anew:
            shipments.append({})
        shipments[-1][line_id] = shipments[-1].get(line_id, 0) + 1
    return order, shipments


@given(splits(), st.sampled_from([OVERRIDE, CHARGE]))
def test_any_split_of_an_order_into_shipments_bills_exactly_its_gross(
    split: tuple[Order, list[dict[str, int]]], tax: TaxRules
) -> None:
    order, shipments = split
    drafts = in_turn(order, shipments, tax)
    assert sum(draft.gross.amount for draft in drafts) == order.gross.amount
    for draft in drafts:
        assert invoice_total(draft) == draft.gross.amount


def computed_total(draft: InvoiceDraft, rate: Decimal) -> Decimal:
    """A total whose taxes NetSuite computes: out of a line's gross, on top of the delivery."""
    total = Decimal(0)
    for billed_line in draft.lines:
        line = billed_line.line
        total += line.net if line.gross is None else line.gross
    shipping = draft.shipping_net.amount
    return total + shipping + (rounded(shipping * rate / 100, "GBP") if draft.shipping_taxes else Decimal(0))


@given(st.integers(1, 5000), st.integers(0, 2000), st.integers(1, 7), st.sampled_from([5, 7, 19, 20, 21]))
@example(price=1, shipping=479, units=3, percent=7)
def test_where_netsuite_computes_the_tax_each_part_still_comes_to_its_gross(
    price: int, shipping: int, units: int, percent: int
) -> None:
    rate, gross, delivery = Decimal(percent), Decimal(price) / 100, Decimal(shipping) / 100
    tax, shipping_tax = (rounded(each * rate / (100 + rate), "GBP") for each in (gross, delivery))
    line = a_line(price=gross, tax=tax, quantity=units, shipping=delivery, shipping_tax=shipping_tax)
    line = replace(
        line,
        taxes=(replace(line.taxes[0], rate=rate),),
        shipping_taxes=(replace(line.shipping_taxes[0], rate=rate),),
    )
    order = an_order(lines=[line])
    for draft in in_turn(order, [{"line-MUG": 1}] * units, TaxRules(TaxStrategy.TAX_CODE, {}, "VAT")):
        assert computed_total(draft, rate) == draft.gross.amount


@given(splits())
def test_the_order_of_the_shipments_does_not_matter_for_the_sum(split: tuple[Order, list[dict[str, int]]]) -> None:
    order, shipments = split

    def sums(drafts: Sequence[InvoiceDraft]) -> Any:
        taxes: dict[str, Decimal] = {}
        for draft in drafts:
            for tax in (*(tax for line in draft.lines for tax in line.line.taxes), *draft.shipping_taxes):
                taxes[tax.code] = taxes.get(tax.code, Decimal(0)) + tax.amount
        return sum(draft.shipping_net.amount for draft in drafts), taxes

    assert sums(in_turn(order, shipments)) == sums(in_turn(order, shipments[::-1]))
