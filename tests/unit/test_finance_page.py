"""The numbers of docs/finance/orders.md are what the code computes; whoever changes one must change the other."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from tieout.domain.money import rounded
from tieout.domain.orders.order import Address, Line, Order, TaxAmount, tax_total
from tieout.domain.orders.sales_order import (
    LocationRule,
    SalesOrder,
    SalesOrderRules,
    TaxRules,
    TaxStrategy,
    sales_order_for,
)
from tieout.netsuite.payloads import BODY_FIELDS, LINE_FIELDS, sales_order_body

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/finance/orders.md").read_text(encoding="utf-8")
ITEMS = {"MUG": "101", "TEAPOT": "102", "TEA-TOWEL": "103"}
ADDRESS = Address("A. Buyer", "", "1 High Street", "", "Leeds", "", "LS1 1AA", "GBR", "")


def vat(code: str, amount: str) -> tuple[TaxAmount, ...]:
    return (TaxAmount(code, Decimal(amount), Decimal(20)),)


def a_line(number: int, sku: str, quantity: int, unit: str, tax: str, **more: str) -> Line:
    code, state = more.get("code", "VAT-GBR-20"), more.get("state", "SHIPPING")
    shipping, shipping_tax = more.get("shipping", "0"), more.get("shipping_tax", "0")
    return Line(
        line_id=f"{more.get('order', 'BR-1001-A')}-{number}",
        state=state,
        sku=sku,
        title=sku,
        quantity=quantity,
        unit_price=Decimal(unit),
        price=Decimal(unit) * quantity,
        shipping_price=Decimal(shipping),
        taxes=vat(code, tax),
        shipping_taxes=vat(code, shipping_tax) if Decimal(shipping) else (),
        commission=Decimal(0),
    )


def an_order(order_id: str, currency: str, lines: tuple[Line, ...], *, tax_included: bool) -> Order:
    when = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
    return Order(
        marketplace="brightside-uk" if currency == "GBP" else "maison-eu",
        order_id=order_id,
        state="SHIPPING",
        version="2026-03-10T09:45:00.000Z",
        created_at=when,
        updated_at=when,
        currency=currency,
        tax_included=tax_included,
        total_price=sum((line.price + line.shipping_price for line in lines if line.is_live), Decimal(0)),
        commission=Decimal("5.22"),
        lines=lines,
        customer_id="c-1",
        customer_name="A. Buyer",
        fulfilment_center="DEFAULT",
        deadline=datetime(2026, 3, 12, 17, 0, tzinfo=UTC),
        ship_to=ADDRESS,
        bill_to=None,
        seller_id=2001,
        seller_name="Gift Shop",
        seller_reference=None,
    )


INCLUDED = an_order(
    "BR-1001-A",
    "GBP",
    (
        a_line(1, "MUG", 2, "12.00", "4.00", shipping="4.80", shipping_tax="0.80"),
        a_line(2, "TEAPOT", 1, "30.00", "5.00", state="REFUSED"),
        a_line(3, "TEA-TOWEL", 1, "6.00", "1.00"),
    ),
    tax_included=True,
)
EXCLUDED = an_order(
    "ME-2001-A",
    "EUR",
    (a_line(1, "MUG", 3, "10.00", "6.00", code="VAT-FRA-20", order="ME-2001-A", shipping="5.00", shipping_tax="1.00"),),
    tax_included=False,
)
ORDERS = {"included": INCLUDED, "excluded": EXCLUDED}


def sale_of(order: Order, strategy: TaxStrategy, zone: str = "Europe/London") -> SalesOrder:
    rules = SalesOrderRules(
        marketplace=order.marketplace,
        subsidiary_id="1",
        time_zone=ZoneInfo(zone),
        currency_ids={"GBP": "1", "EUR": "4"},
        customer_per_buyer=False,
        customer_name="Brightside UK",
        locations=(LocationRule("1"),),
        tax=TaxRules(strategy, {code: code for code in ("VAT-GBR-20", "VAT-FRA-20")}, None, "900"),
    )
    return sales_order_for(order, rules, ITEMS)


def money(amount: Decimal) -> str:
    return f"{rounded(amount, 'GBP')}"


def mirakl_table(order: Order) -> str:
    """What Mirakl says of an order."""
    rows = [
        "| Line | SKU | State | Quantity | Price | Tax | Shipping | Tax on shipping |",
        "|---|---|---|--:|--:|--:|--:|--:|",
    ]
    rows += [
        f"| {line.line_id} | {line.sku} | {line.state} | {line.quantity} | {money(line.price)} "
        f"| {money(tax_total(line.taxes))} | {money(line.shipping_price)} | {money(tax_total(line.shipping_taxes))} |"
        for line in order.lines
    ]
    return "\n".join(rows)


def netsuite_table(sale: SalesOrder) -> str:
    """The sales order with SuiteTax, as an accountant reads it."""
    rows = ["| Sales order | Quantity | Net | Tax | Gross |", "|---|--:|--:|--:|--:|"]
    net = tax = Decimal(0)
    for line in sale.lines:
        line_tax = sum((each.amount for each in line.taxes), Decimal(0))
        net, tax = net + line.net, tax + line_tax
        rows.append(
            f"| {line.sku} | {line.quantity} | {money(line.net)} | {money(line_tax)} | {money(line.net + line_tax)} |"
        )
    shipping_tax = sum((each.amount for each in sale.shipping_taxes), Decimal(0))
    net, tax = net + sale.shipping_net, tax + shipping_tax
    shipping = f"{money(sale.shipping_net)} | {money(shipping_tax)} | {money(sale.shipping_net + shipping_tax)}"
    rows.append(f"| Shipping cost | | {shipping} |")
    rows.append(f"| **Total** | | **{money(net)}** | **{money(tax)}** | **{money(net + tax)}** |")
    return "\n".join(rows)


def strategies_table(order: Order) -> str:
    """What each strategy sends for the same order."""
    rows = ["| Strategy | Lines sent | Shipping sent | Tax sent |", "|---|---|---|---|"]
    for strategy in TaxStrategy:
        body = json.loads(sales_order_body(sale_of(order, strategy)), parse_float=Decimal)
        lines = "; ".join(
            f"{line['custcol_tieout_sku']} {'gross' if 'grossAmt' in line else 'net'} "
            f"{money(Decimal(line.get('grossAmt', line.get('amount'))))}"
            + (f" ({line['taxCode']['externalId']})" if "taxCode" in line else "")
            for line in body["item"]["items"]
        )
        details = "; ".join(
            f"{each['taxDetailsReference']} {money(Decimal(each['taxAmount']))}"
            for each in body.get("taxDetails", {}).get("items", ())
        )
        shipping = money(Decimal(body["shippingCost"]))
        if "shippingTaxCode" in body:
            shipping += f" ({body['shippingTaxCode']['externalId']})"
        rows.append(f"| `{strategy}` | {lines} | {shipping} | {details or 'none'} |")
    return "\n".join(rows)


@pytest.mark.parametrize("name", ORDERS)
def test_the_orders_of_the_page_are_the_worked_examples(name: str) -> None:
    assert mirakl_table(ORDERS[name]) in PAGE


@pytest.mark.parametrize("name", ORDERS)
def test_the_sales_orders_of_the_page_are_what_the_code_makes_of_them(name: str) -> None:
    assert netsuite_table(sale_of(ORDERS[name], TaxStrategy.SUITETAX_OVERRIDE)) in PAGE


@pytest.mark.parametrize("name", ORDERS)
def test_each_tax_strategy_sends_what_the_page_says(name: str) -> None:
    assert strategies_table(ORDERS[name]) in PAGE


@pytest.mark.parametrize(("name", "gross"), [("included", "34.80 GBP"), ("excluded", "42.00 EUR")])
def test_the_gross_that_a_total_is_held_to_stands_on_the_page(name: str, gross: str) -> None:
    assert str(sale_of(ORDERS[name], TaxStrategy.SUITETAX_OVERRIDE).gross) == gross
    assert gross in PAGE


@pytest.mark.parametrize("strategy", TaxStrategy)
@pytest.mark.parametrize("name", ORDERS)
def test_every_strategy_adds_up_to_the_gross(name: str, strategy: TaxStrategy) -> None:
    sale = sale_of(ORDERS[name], strategy)
    total = sale.shipping_net + sum((tax.amount for tax in sale.shipping_taxes), Decimal(0))
    total += sum((line.net + sum((tax.amount for tax in line.taxes), Decimal(0)) for line in sale.lines), Decimal(0))
    assert total == sale.gross.amount


def test_days_are_as_the_page_says() -> None:
    rows = re.findall(r"^\| (\S+Z) \| (\S+/\S+) \| (\d{4}-\d\d-\d\d) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 3
    for instant, zone, day in rows:
        order = replace(INCLUDED, created_at=datetime.fromisoformat(instant))
        assert sale_of(order, TaxStrategy.OTHER_CHARGE, zone).day.isoformat() == day


def test_every_custom_field_has_its_row() -> None:
    listed = re.findall(r"^\| `(cust(?:body|col)_tieout_\w+)` \|", PAGE, re.MULTILINE)
    assert sorted(listed) == sorted((*BODY_FIELDS, *LINE_FIELDS))


def test_every_tax_strategy_has_its_paragraph() -> None:
    for strategy in TaxStrategy:
        assert f"**`{strategy}`**" in PAGE
