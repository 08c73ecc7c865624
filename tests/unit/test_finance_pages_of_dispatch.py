"""The numbers of docs/finance/shipments.md and returns.md are what the code computes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from tests.unit.test_finance_page import an_order, money, vat
from tieout.domain.money import ZERO
from tieout.domain.orders.booked import Booked, BookedLine
from tieout.domain.orders.order import Line, Order, Refund, TaxAmount
from tieout.domain.orders.sales_order import SalesOrderLine, TaxDetail, TaxRules, TaxStrategy
from tieout.domain.returns.credit import Days, credit_memo_for, refund_in
from tieout.domain.shipments.invoice import InvoiceDraft, invoice_for, shares_of, together

PAGES = Path(__file__).resolve().parents[2] / "docs/finance"
MUG, TOWEL = "BR-1002-A-1", "BR-1002-A-2"
TAX = TaxRules(TaxStrategy.SUITETAX_OVERRIDE, {"VAT-GBR-20": "VAT-GBR-20"}, None, None)


def a_line(line_id: str, sku: str, quantity: int, price: str, taxes: tuple[TaxAmount, ...], **more: str) -> Line:
    return Line(
        line_id=line_id,
        state="SHIPPING",
        sku=sku,
        title=sku,
        quantity=quantity,
        unit_price=Decimal(0),
        price=Decimal(price),
        shipping_price=Decimal(more.get("shipping", "0")),
        taxes=taxes,
        shipping_taxes=vat("VAT-GBR-20", more["shipping_tax"]) if "shipping_tax" in more else (),
        commission=ZERO,
    )


ORDER = an_order(
    "BR-1002-A",
    "GBP",
    (
        a_line(MUG, "MUG", 3, "10.00", vat("VAT-GBR-20", "1.67"), shipping="4.00", shipping_tax="0.67"),
        a_line(TOWEL, "TEA-TOWEL", 1, "6.00", vat("VAT-GBR-20", "1.00")),
    ),
    tax_included=True,
)
BOOKED = Booked(
    id="10421",
    external_id="T-brightside-uk-SO-BR-1002-A",
    kind="SalesOrd",
    number="SO10421",
    status="B",
    lines=(
        BookedLine(number=1, line_id=MUG, item_id="101", quantity=3),
        BookedLine(number=2, line_id=TOWEL, item_id="103", quantity=1),
    ),
)
MONDAY, THURSDAY = date(2026, 3, 9), date(2026, 3, 12)


def invoices() -> tuple[InvoiceDraft, InvoiceDraft]:
    first = shares_of(ORDER, {MUG: 2}, {})
    second = shares_of(ORDER, {MUG: 1, TOWEL: 1}, together([first]))
    return tuple(  # type: ignore[return-value]
        invoice_for(ORDER, BOOKED, shares, TAX, source_id=source_id, day=day, original_day=day)
        for shares, source_id, day in ((first, "5001", MONDAY), (second, "5002", THURSDAY))
    )


def table(
    heading: str,
    lines: list[SalesOrderLine],
    shipping_net: Decimal,
    shipping_taxes: tuple[TaxDetail, ...],
) -> str:
    """A document as an accountant reads it."""
    rows = [f"| {heading} | Quantity | Net | Tax | Gross |", "|---|--:|--:|--:|--:|"]
    net = tax = ZERO
    for line in lines:
        line_tax = sum((each.amount for each in line.taxes), ZERO)
        net, tax = net + line.net, tax + line_tax
        rows.append(
            f"| {line.sku} | {line.quantity} | {money(line.net)} | {money(line_tax)} | {money(line.net + line_tax)} |"
        )
    if shipping_net:
        on_shipping = sum((each.amount for each in shipping_taxes), ZERO)
        net, tax = net + shipping_net, tax + on_shipping
        figures = f"{money(shipping_net)} | {money(on_shipping)} | {money(shipping_net + on_shipping)}"
        rows.append(f"| Shipping cost | | {figures} |")
    rows.append(f"| **Total** | | **{money(net)}** | **{money(tax)}** | **{money(net + tax)}** |")
    return "\n".join(rows)


def test_the_invoices_of_the_page_are_what_the_code_bills() -> None:
    page = (PAGES / "shipments.md").read_text(encoding="utf-8")
    for name, draft in zip(("First invoice", "Second invoice"), invoices(), strict=True):
        figures = draft.shipping_net.amount, draft.shipping_taxes
        assert table(name, [each.line for each in draft.lines], *figures) in page
        assert str(draft.gross) in page
        assert draft.external_id in page


def test_the_two_invoices_are_the_order() -> None:
    first, second = invoices()
    assert first.gross + second.gross == ORDER.gross


def refunded(order: Order) -> Order:
    refund = Refund(
        id="1101",
        line_id=MUG,
        state="REFUNDED",
        amount=Decimal("3.00"),
        shipping_amount=Decimal("1.00"),
        taxes=vat("VAT-GBR-20", "0.50"),
        shipping_taxes=vat("VAT-GBR-20", "0.17"),
    )
    mug, towel = order.lines
    return replace(order, lines=(replace(mug, refunds=(refund,)), towel))


def test_the_credit_memo_of_the_page_is_what_the_code_gives_back() -> None:
    page = (PAGES / "returns.md").read_text(encoding="utf-8")
    order = refunded(ORDER)
    found = refund_in(order, "1101")
    assert found is not None
    invoice = Booked(
        id="7001",
        external_id="T-brightside-uk-INV-5001",
        kind="CustInvc",
        number="INV7001",
        status="A",
        lines=(BookedLine(number=1, line_id=MUG, item_id="101", quantity=2, net=Decimal("5.56")),),
    )
    memo = credit_memo_for(order, found, invoice, TAX, Days(THURSDAY, THURSDAY), refund_item_id="900")
    assert [(credited.order_line, credited.line.item_id) for credited in memo.lines] == [(None, "900")]
    assert table("Credit memo", [each.line for each in memo.lines], memo.shipping_net, memo.shipping_taxes) in page
    assert memo.external_id in page
    assert str(memo.gross) in page
