"""How an order's bytes become an order: leniently, but a missing amount is never zero."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.or11 import a_tax, a_wire_line, a_wire_order, in_bytes
from tests.shared import shared
from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.orders.order import Order, TaxAmount
from tieout.mirakl.translate import fetched_order, read_order

D = Decimal


def read(order: dict[str, Any], shop_id: int | None = 2001) -> Order:
    return read_order(in_bytes(order), "brightside-uk", shop_id)


def problem_of(order: dict[str, Any]) -> str:
    with pytest.raises(NeedsAttention) as refused:
        read(order)
    assert refused.value.reason is Reason.UNREADABLE_ORDER
    return refused.value.facts["problem"]


def test_an_order_says_who_buys_what_for_how_much_and_until_when():
    order = read(a_wire_order())
    assert (order.marketplace, order.order_id, order.state) == ("brightside-uk", "A-1", "SHIPPING")
    assert (order.currency, order.tax_included, order.total_price) == ("GBP", True, D(126))
    assert order.created_at == datetime(2026, 10, 1, 9, tzinfo=UTC)
    assert order.version == "2026-10-01T09:31:00.269Z"
    assert order.deadline == datetime(2026, 10, 4, 9, tzinfo=UTC)
    assert (order.customer_id, order.customer_name) == ("C-7", "Ada Buyer")
    assert order.ship_to is not None
    assert (order.ship_to.name, order.ship_to.country_iso3) == ("Ada Buyer", "GBR")
    (line,) = order.lines
    assert (line.sku, line.quantity, line.unit_price, line.price) == ("MUG", 3, D(40), D(120))
    assert line.taxes == (TaxAmount("VAT-GBR-20", D(20), D(20)),)
    assert (line.shipping_price, line.shipping_taxes) == (D(6), (TaxAmount("VAT-GBR-20", D(1), D(20)),))
    assert order.gross.amount == D(126)
    assert order.figures_agree


def test_a_line_that_was_partly_canceled_keeps_what_is_left_in_units_money_and_tax():
    """Three mugs for 120.00, one canceled: 40.00 of price, 2.00 of shipping, and the tax in each."""
    cancelation = {
        "id": "9",
        "amount": 40,
        "shipping_amount": 2,
        "quantity": 1,
        "taxes": [a_tax("6.67")],
        "shipping_taxes": [a_tax("0.33")],
        "commission_total_amount": 6,
    }
    order = read(a_wire_order(lines=[a_wire_line(cancelations=[cancelation])]))
    (line,) = order.lines
    assert (line.quantity, line.price, line.shipping_price, line.canceled) == (2, D(80), D(4), D(42))
    assert (line.taxes[0].amount, line.shipping_taxes[0].amount) == (D("13.33"), D("0.67"))
    assert line.commission == D(12)
    assert order.gross.amount == D(84)
    assert order.figures_agree, "Mirakl's total may still have the canceled amounts in it"


def test_a_cancelation_of_money_only_leaves_the_units():
    line = a_wire_line(cancelations=[{"id": "9", "amount": "12.34", "quantity": 0}])
    (left,) = read(a_wire_order(lines=[line])).lines
    assert (left.quantity, left.price) == (3, D("107.66"))


def test_fees_are_those_that_are_left():
    line = a_wire_line(
        fees=[{"code": "ECO", "amount": "0.65"}],
        cancelations=[{"id": "9", "amount": 40, "quantity": 1, "fees": [{"code": "ECO", "amount": "0.35"}]}],
    )
    assert read(a_wire_order(lines=[line])).lines[0].fees == D("0.30")


def test_a_line_that_is_canceled_whole_is_not_part_of_the_sale():
    gone = a_wire_line("A-1-2", cancelations=[{"id": "9", "amount": 120, "shipping_amount": 6, "quantity": 3}])
    order = read(a_wire_order(lines=[a_wire_line("A-1-1"), gone]))
    assert [line.line_id for line in order.live_lines] == ["A-1-1"]


def test_canceled_taxes_come_off_their_own_code():
    taxes = [a_tax(5, "STATE", None), a_tax(2, "CITY", None)]
    cancelation = {"id": "9", "amount": 10, "taxes": [a_tax(1, "CITY", None)]}
    (line,) = read(a_wire_order(lines=[a_wire_line(taxes=taxes, cancelations=[cancelation])])).lines
    assert line.taxes == (TaxAmount("STATE", D(5)), TaxAmount("CITY", D(1)))


@given(
    price=st.decimals("0.01", "9999.99", places=2),
    parts=st.lists(st.decimals("0.00", "0.99", places=2), max_size=4),
)
def test_what_is_left_and_what_was_canceled_are_always_the_whole(price: Decimal, parts: list[Decimal]):
    cancelations = [{"id": str(n), "amount": str(part), "shipping_amount": "0.10"} for n, part in enumerate(parts)]
    (line,) = read(a_wire_order(lines=[a_wire_line(price=str(price), cancelations=cancelations)])).lines
    assert line.price + line.shipping_price + line.canceled == price + 6


def test_numbers_may_be_quoted_and_none_becomes_a_float():
    (line,) = read(a_wire_order(lines=[a_wire_line(price="120.10", price_unit=40.1, quantity="3")])).lines
    assert (line.price, line.unit_price, line.quantity) == (D("120.10"), D("40.1"), 3)


def test_unknown_fields_states_and_nulls_are_no_reason_to_stop():
    order = a_wire_order(order_state="A_NEW_STATE", newcomer={"a": [1]}, fulfillment=None, references=None)
    order["order_lines"][0] |= {"order_line_state": "NEWER", "taxes": None, "product_title": None, "brand_new": 1}
    read_so = read(order)
    assert (read_so.state, read_so.lines[0].state, read_so.lines[0].taxes) == ("A_NEW_STATE", "NEWER", ())
    assert read_so.fulfilment_center == "DEFAULT"


@pytest.mark.parametrize(
    "field",
    [
        "order_id",
        "order_state",
        "order_tax_mode",
        "created_date",
        "last_updated_date",
        "currency_iso_code",
        "total_price",
        "total_commission",
        "order_lines",
    ],
)
@pytest.mark.parametrize("how", ["missing", "null"])
def test_an_order_without_a_field_that_is_needed_names_it(field: str, how: str):
    order = a_wire_order()
    order[field] = None
    if how == "missing":
        del order[field]
    assert field in problem_of(order)


@pytest.mark.parametrize(
    "field",
    [
        "order_line_id",
        "order_line_state",
        "offer_sku",
        "quantity",
        "price_unit",
        "price",
        "shipping_price",
        "total_commission",
        "cancelations",
    ],
)
def test_a_missing_amount_of_a_line_is_never_zero(field: str):
    line = a_wire_line()
    del line[field]
    assert f"order_lines[1].{field}" in problem_of(a_wire_order(lines=[a_wire_line(), line]))


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("taxes[].amount", a_wire_line(taxes=[{"code": "VAT"}])),
        ("taxes[].code", a_wire_line(taxes=[{"amount": 1}])),
        ("fees[].amount", a_wire_line(fees=[{"code": "ECO"}])),
        ("cancelations[0].amount", a_wire_line(cancelations=[{"id": "9", "quantity": 1}])),
        ("price", a_wire_line(price="NaN")),
        ("price", a_wire_line(price="twelve")),
        ("quantity", a_wire_line(quantity=1.5)),
        ("quantity", a_wire_line(quantity=-1)),
    ],
)
def test_an_amount_that_does_not_read_names_where_it_stands(where: str, line: dict[str, Any]):
    assert where in problem_of(a_wire_order(lines=[line]))


def test_a_tax_mode_nobody_knows_is_not_guessed():
    assert "order_tax_mode" in problem_of(a_wire_order(order_tax_mode="TAX_SOMEHOW"))


def test_an_unreadable_order_keeps_its_id_date_and_bytes_so_that_it_parks():
    raw = in_bytes(a_wire_order(total_price=None))
    fetched = fetched_order(raw, "brightside-uk", 2001)
    assert fetched.order is None
    assert (fetched.order_id, fetched.raw) == ("A-1", raw)
    assert fetched.updated_at == datetime(2026, 10, 1, 9, 31, 0, 269000, tzinfo=UTC)
    assert fetched.problem == "total_price is missing"


def test_bytes_without_an_order_id_get_a_name_of_their_own():
    first, again = (fetched_order(b'{"order_state":"SHIPPING"}', "m", 1) for _ in range(2))
    other = fetched_order(b"null", "m", 1)
    assert first.order is None
    assert first.order_id == again.order_id != other.order_id


def test_an_instant_with_an_offset_is_the_same_instant_in_utc():
    order = read(a_wire_order(last_updated_date="2026-10-01T11:31:00.269+02:00"))
    assert order.version == "2026-10-01T09:31:00.269Z"


def test_a_sellers_order_is_of_the_connections_shop_and_an_operators_of_its_own():
    assert read(a_wire_order(), shop_id=2001).seller_id == 2001
    operators = read(a_wire_order(shop_id=77, shop_name="Mugs & Co"), shop_id=None)
    assert (operators.seller_id, operators.seller_name) == (77, "Mugs & Co")


def test_hidden_addresses_are_no_addresses():
    customer = {"customer_id": "C-7", "firstname": "Ada", "shipping_address": None, "billing_address": None}
    order = read(a_wire_order(customer=customer))
    assert (order.ship_to, order.bill_to, order.customer_name) == (None, None, "Ada")


def test_buyers_whom_mirakl_does_not_identify_are_not_one_buyer():
    assert read(a_wire_order("A-1", customer=None)).customer_id != read(a_wire_order("B-1", customer=None)).customer_id


@pytest.mark.parametrize("persona", ["seller", "operator"])
def test_the_official_example_of_or11_reads(persona: str):
    """165.00 of price less 12.34 canceled, 8.00 of shipping less 1.23; its total of 173 has neither off."""
    example = json.loads(shared(f"fixtures/mirakl/openapi-{persona}/OR11-resp200-0.json").read_bytes())
    (order,) = [read(each) for each in example["orders"]]
    (line,) = order.lines
    assert (line.quantity, line.price, line.shipping_price) == (3, D("152.66"), D("6.77"))
    assert [tax.amount for tax in line.taxes] == [D("9.25"), D("9.25")]
    assert [tax.amount for tax in line.shipping_taxes] == [D("8.46"), D("8.46")]
    assert order.figures_agree
    assert not order.tax_included
