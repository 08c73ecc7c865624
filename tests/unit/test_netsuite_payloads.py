"""What a sales order looks like when it is written to NetSuite."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tests.fakes.or11 import a_tax, a_wire_line, a_wire_order, in_bytes
from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.orders.order import Order
from tieout.domain.orders.sales_order import (
    CustomerDraft,
    LocationRule,
    SalesOrder,
    SalesOrderRules,
    TaxRules,
    TaxStrategy,
    sales_order_for,
)
from tieout.mirakl.translate import read_order
from tieout.netsuite.payloads import customer_body, sales_order_body

D = Decimal
SUITETAX, TAX_CODE, CHARGE = TaxStrategy.SUITETAX_OVERRIDE, TaxStrategy.TAX_CODE, TaxStrategy.OTHER_CHARGE


def rules(strategy: TaxStrategy = SUITETAX) -> SalesOrderRules:
    return SalesOrderRules(
        marketplace="brightside-uk",
        subsidiary_id="1",
        time_zone=ZoneInfo("Europe/London"),
        currency_ids={"GBP": "4"},
        customer_per_buyer=False,
        customer_name="Brightside",
        locations=(LocationRule("6"),),
        tax=TaxRules(strategy, {}, default_code="VAT", charge_item="900"),
        custom_form="68",
        names_the_seller=True,
    )


def an_order(lines: list[dict[str, Any]] | None = None, **details: Any) -> Order:
    return read_order(in_bytes(a_wire_order(lines=lines, **details)), "brightside-uk", 2001)


def a_sales_order(order: Order | None = None, strategy: TaxStrategy = SUITETAX) -> SalesOrder:
    return sales_order_for(order or an_order(), rules(strategy), {"MUG": "1000", "PEN": "1001"})


def written(order: SalesOrder) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(sales_order_body(order), parse_float=Decimal, parse_int=Decimal)
    return body


def test_a_sales_order_says_who_where_when_and_whose_order_it_is():
    body = written(a_sales_order())
    assert body["externalId"] == "T-brightside-uk-SO-A-1"
    assert body["entity"] == {"externalId": "T-brightside-uk-CUS-MARKETPLACE"}
    assert (body["subsidiary"], body["currency"], body["location"]) == ({"id": "1"}, {"id": "4"}, {"id": "6"})
    assert (body["tranDate"], body["orderStatus"], body["customForm"]) == ("2026-10-01", {"id": "B"}, {"id": "68"})
    assert (body["otherRefNum"], body["custbody_tieout_order"]) == ("A-1", "A-1")
    assert body["custbody_tieout_marketplace"] == "brightside-uk"
    assert body["custbody_tieout_deadline"] == "2026-10-04T09:00:00Z"
    assert body["custbody_tieout_commission"] == 18
    assert body["custbody_tieout_seller"] == "2001"
    assert body["custbody_tieout_vendor"] == "T-brightside-uk-VEN-2001"


def test_a_line_has_a_custom_price_so_that_the_price_list_stays_out_of_it():
    (line,) = written(a_sales_order())["item"]["items"]
    assert (line["item"], line["quantity"], line["price"]) == ({"id": "1000"}, 3, {"id": "-1"})
    assert (line["custcol_tieout_line"], line["custcol_tieout_sku"]) == ("A-1-1", "MUG")


def test_suitetax_gets_mirakls_tax_amounts_line_by_line_and_for_the_shipping():
    """120.00 with 20.00 of tax in it, and 6.00 of shipping with 1.00 in it."""
    body = written(a_sales_order())
    (line,) = body["item"]["items"]
    assert (line["amount"], body["shippingCost"], body["taxDetailsOverride"]) == (100, 5, True)
    assert body["taxDetails"]["items"] == [
        {
            "taxDetailsReference": line["taxDetailsReference"],
            "taxCode": {"externalId": "VAT"},
            "taxBasis": 100,
            "taxRate": 20,
            "taxAmount": 20,
        },
        {
            "taxDetailsReference": "SHIPPING",
            "taxCode": {"externalId": "VAT"},
            "taxBasis": 5,
            "taxRate": 20,
            "taxAmount": 1,
        },
    ]


def test_an_order_without_tax_lets_netsuite_compute_none_either():
    body = written(a_sales_order(an_order([a_wire_line(taxes=[], shipping_taxes=[])])))
    assert (body["taxDetailsOverride"], body["taxDetails"]) == (True, {"items": []})


def test_a_rate_that_mirakl_does_not_give_is_told_from_the_amounts():
    line = a_wire_line(price=100, shipping_price=0, shipping_taxes=[], taxes=[a_tax("8.88", "NY", None)])
    order = an_order([line], order_tax_mode="TAX_EXCLUDED", total_price=100)
    (detail,) = written(a_sales_order(order))["taxDetails"]["items"]
    assert (detail["taxRate"], detail["taxAmount"]) == (D("8.88"), D("8.88"))


def test_with_tax_codes_netsuite_takes_the_tax_out_of_the_gross_itself():
    """`grossAmt` makes NetSuite compute the amount: neither rate nor amount go beside it."""
    body = written(a_sales_order(strategy=TAX_CODE))
    (line,) = body["item"]["items"]
    assert (line["grossAmt"], line["taxCode"]) == (120, {"externalId": "VAT"})
    assert not {"rate", "amount"} & line.keys()
    assert (body["shippingCost"], body["shippingTaxCode"]) == (5, {"externalId": "VAT"})
    assert "taxDetails" not in body


def test_with_tax_codes_and_net_prices_the_amount_goes_as_it_is():
    order = an_order(order_tax_mode="TAX_EXCLUDED")
    (line,) = written(a_sales_order(order, TAX_CODE))["item"]["items"]
    assert (line["amount"], line["rate"]) == (120, 40)
    assert "grossAmt" not in line


def test_two_taxes_on_a_line_do_not_fit_one_tax_code():
    order = a_sales_order(strategy=TAX_CODE)
    first = order.lines[0]
    two = structs.replace(first, taxes=(*first.taxes, structs.replace(first.taxes[0], code="CITY")))
    with pytest.raises(NeedsAttention) as refused:
        sales_order_body(structs.replace(order, lines=(two,)))
    assert refused.value.reason is Reason.TAX_CODE_NOT_CONFIGURED
    assert refused.value.facts["line"] == "A-1-1"


def test_with_a_charge_item_the_tax_is_a_line():
    body = written(a_sales_order(strategy=CHARGE))
    goods, tax = body["item"]["items"]
    assert (goods["amount"], tax["item"], tax["amount"]) == (100, {"id": "900"}, 21)
    assert not {"taxDetails", "taxDetailsOverride", "shippingTaxCode"} & body.keys()


def test_no_shipping_cost_is_written_where_there_is_none():
    body = written(a_sales_order(an_order([a_wire_line(shipping_price=0, shipping_taxes=[])], total_price=120)))
    assert "shippingCost" not in body


def test_a_company_is_the_addressee_and_the_person_the_attention():
    order = an_order()
    assert order.ship_to is not None
    to = structs.replace(order.ship_to, company="Mugs & Co", street_1="1 High Street\r\nBack door", street_2="Flat 2")
    body = written(a_sales_order(structs.replace(order, ship_to=to)))
    assert body["shippingAddress"] == {
        "country": {"id": "GB"},
        "addressee": "Mugs & Co",
        "attention": "Ada Buyer",
        "addr1": "1 High Street\\nBack door",
        "addr2": "Flat 2",
        "city": "London",
        "zip": "N1 1AA",
    }
    assert body["billingAddress"]["addressee"] == "Ada Buyer"


def test_an_order_id_too_long_for_the_reference_stands_whole_in_its_own_field():
    order = structs.replace(an_order(), order_id="A" * 60)
    body = written(a_sales_order(order))
    assert body["otherRefNum"] == "A" * 45
    assert body["custbody_tieout_order"] == "A" * 60


def test_a_hashed_external_id_can_be_read_in_the_key():
    body = written(a_sales_order(structs.replace(an_order(), order_id="a/1")))
    assert body["externalId"] != body["custbody_tieout_key"] == "T-brightside-uk-SO-a/1"


def test_without_subsidiaries_deadline_form_and_billing_address_nothing_is_made_up():
    order = structs.replace(
        a_sales_order(), subsidiary_id=None, deadline=None, custom_form=None, bill_to=None, seller=None, vendor=None
    )
    left_out = {
        "subsidiary",
        "custbody_tieout_deadline",
        "customForm",
        "billingAddress",
        "custbody_tieout_seller",
        "custbody_tieout_vendor",
    }
    assert not left_out & written(order).keys()


def test_a_deadline_is_written_in_utc():
    order = structs.replace(a_sales_order(), deadline=datetime(2026, 10, 4, 10, tzinfo=ZoneInfo("Europe/London")))
    assert written(order)["custbody_tieout_deadline"] == "2026-10-04T09:00:00Z"
    assert datetime(2026, 10, 4, 9, tzinfo=UTC) == order.deadline


def test_a_customer_is_a_company_of_its_subsidiary_and_currency():
    body = json.loads(customer_body(CustomerDraft("T-m-CUS-MARKETPLACE", "Brightside", "1", "4")))
    assert body == {
        "externalId": "T-m-CUS-MARKETPLACE",
        "isPerson": False,
        "companyName": "Brightside",
        "currency": {"id": "4"},
        "subsidiary": {"id": "1"},
    }


money = st.decimals("0.01", "99999.99", places=2)


@given(
    prices=st.lists(st.tuples(money, st.decimals("0", "0.2", places=2)), min_size=1, max_size=8),
    shipping=st.decimals("0", "99.99", places=2),
    included=st.booleans(),
    strategy=st.sampled_from([SUITETAX, CHARGE]),
)
def test_what_is_written_adds_up_to_what_the_buyer_pays(
    prices: list[tuple[Decimal, Decimal]], shipping: Decimal, included: bool, strategy: TaxStrategy
):
    """To the cent, in the numbers of the body itself: none has been through a float."""
    lines = [
        a_wire_line(
            f"A-1-{n}",
            price=str(price),
            price_unit=str(price),
            quantity=1,
            taxes=[a_tax(str((price * share).quantize(D("0.01"))))],
            shipping_price=str(shipping),
            shipping_taxes=[],
        )
        for n, (price, share) in enumerate(prices)
    ]
    total = sum((price + shipping for price, _ in prices), D(0))
    mode = "TAX_INCLUDED" if included else "TAX_EXCLUDED"
    order = an_order(lines, total_price=str(total), order_tax_mode=mode)
    body = written(a_sales_order(order, strategy))
    amounts = sum((line["amount"] for line in body["item"]["items"]), D(0)) + body.get("shippingCost", D(0))
    taxes = sum((tax["taxAmount"] for tax in body.get("taxDetails", {"items": []})["items"]), D(0))
    assert amounts + taxes == order.gross.amount
