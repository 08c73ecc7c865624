"""What is sent to make one document out of another: every line is named, ours with our figures, the others left out."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.money import Money
from tieout.domain.orders.sales_order import SalesOrderLine, TaxDetail, TaxStrategy
from tieout.domain.returns.goods import ItemReceiptDraft, ReturnAuthorizationDraft
from tieout.domain.returns.refund import CreditedLine, CreditMemoDraft
from tieout.domain.shipments.fulfilment import FulfilmentDraft
from tieout.domain.shipments.invoice import BilledLine, InvoiceDraft
from tieout.netsuite import documents

D = Decimal
DAY = date(2026, 10, 1)
ALL_LINES = st.lists(st.integers(1, 60), min_size=1, max_size=12, unique=True)
Json = dict[str, Any]


def read(body: bytes) -> Json:
    found: Json = json.loads(body, parse_float=Decimal, parse_int=Decimal)
    return found


def a_line(*taxes: TaxDetail, units: int = 2, gross: Decimal | None = None) -> SalesOrderLine:
    return SalesOrderLine("1000", units, D("66.67"), D("33.335"), gross, taxes, "A-1-1", "MUG")


def a_tax(code: str = "VAT") -> TaxDetail:
    return TaxDetail(code, D("66.67"), D("13.33"), D(20))


def an_invoice(
    line: SalesOrderLine, strategy: TaxStrategy, number: int = 4, all_lines: tuple[int, ...] = (1, 4, 7), **more: Any
) -> InvoiceDraft:
    values: Json = {
        "external_id": "T-m-INV-1",
        "key": "T-m-INV-1",
        "sales_order_id": "10",
        "order_id": "A-1",
        "marketplace": "m",
        "day": DAY,
        "original_day": DAY,
        "lines": (BilledLine(number, line),),
        "all_lines": all_lines,
        "shipping_taxes": (TaxDetail("VAT", D(5), D(1), D(20)),),
        "shipping_net": Money(D(5), "GBP"),
        "tax_strategy": strategy,
        "gross": Money(D(86), "GBP"),
    }
    return InvoiceDraft(**values | more)


def a_credit_memo(line: CreditedLine, **more: Any) -> CreditMemoDraft:
    values: Json = {
        "external_id": "T-m-CM-1",
        "key": "T-m-CM-1",
        "invoice_id": "20",
        "order_id": "A-1",
        "marketplace": "m",
        "refund_id": "R1",
        "day": DAY,
        "original_day": DAY,
        "lines": (line,),
        "all_lines": (1, 4),
        "shipping_net": D(0),
        "shipping_taxes": (),
        "tax_strategy": TaxStrategy.SUITETAX_OVERRIDE,
        "gross": Money(D(80), "GBP"),
    }
    return CreditMemoDraft(**values | more)


@given(ALL_LINES, st.data())
def test_goods_name_every_line_once_and_take_those_that_are_meant(all_lines: list[int], data: st.DataObject):
    meant = dict.fromkeys(data.draw(st.sets(st.sampled_from(all_lines), min_size=1)), 2)
    drafts = [
        documents.fulfilment_body(
            FulfilmentDraft(
                external_id="x", sales_order_id="10", day=DAY, quantities=meant, all_lines=tuple(all_lines), key="x"
            )
        ),
        documents.item_receipt_body(
            ItemReceiptDraft(
                external_id="x", key="x", authorization_id="9", day=DAY, quantities=meant, all_lines=tuple(all_lines)
            )
        ),
    ]
    for body in map(read, drafts):
        items = body["item"]["items"]
        assert sorted(line["orderLine"] for line in items) == sorted(all_lines)
        assert {line["orderLine"]: line["quantity"] for line in items if line["itemReceive"]} == meant


@given(ALL_LINES, st.data())
def test_amounts_name_every_line_once_and_leave_the_others_out_by_a_quantity_of_nothing(
    all_lines: list[int], data: st.DataObject
):
    number = data.draw(st.sampled_from(all_lines))
    bodies = [
        documents.invoice_body(
            an_invoice(a_line(a_tax()), TaxStrategy.SUITETAX_OVERRIDE, number=number, all_lines=tuple(all_lines))
        ),
        documents.credit_memo_body(
            a_credit_memo(CreditedLine(number, a_line(a_tax())), all_lines=tuple(all_lines)), D(80)
        ),
        documents.return_authorization_body(
            ReturnAuthorizationDraft(
                external_id="x",
                key="x",
                sales_order_id="10",
                order_id="A-1",
                day=DAY,
                quantities={number: 2},
                all_lines=tuple(all_lines),
            )
        ),
    ]
    for body in map(read, bodies):
        quantities = {line["orderLine"]: line["quantity"] for line in body["item"]["items"]}
        assert len(body["item"]["items"]) == len(all_lines)
        assert quantities == dict.fromkeys(all_lines, 0) | {number: 2}


def test_suitetax_takes_our_amounts_under_the_references_of_line_and_shipping():
    body = read(documents.invoice_body(an_invoice(a_line(a_tax()), TaxStrategy.SUITETAX_OVERRIDE)))
    assert body["taxDetailsOverride"] is True
    assert [(each["taxDetailsReference"], each["taxAmount"]) for each in body["taxDetails"]["items"]] == [
        ("A-1-1", D("13.33")),
        ("SHIPPING", 1),
    ]
    (line,) = [each for each in body["item"]["items"] if each["quantity"]]
    assert (line["taxDetailsReference"], line["amount"], line["price"]) == ("A-1-1", D("66.67"), {"id": "-1"})


def test_a_tax_code_goes_with_the_gross_and_the_amount_stays_out_of_it():
    line = a_line(a_tax(), gross=D(80))
    body = read(documents.invoice_body(an_invoice(line, TaxStrategy.TAX_CODE)))
    (billed,) = [each for each in body["item"]["items"] if each["quantity"]]
    assert (billed["grossAmt"], billed["taxCode"]) == (80, {"externalId": "VAT"})
    assert "amount" not in billed
    assert body["shippingTaxCode"] == {"externalId": "VAT"}
    assert "taxDetails" not in body


def test_a_line_with_two_taxes_has_no_one_code():
    with pytest.raises(NeedsAttention) as refused:
        documents.invoice_body(an_invoice(a_line(a_tax(), a_tax("CITY")), TaxStrategy.TAX_CODE))
    assert refused.value.reason is Reason.TAX_CODE_NOT_CONFIGURED


@pytest.mark.parametrize(("owed", "applied"), [(D(500), D(80)), (D(30), D(30))])
def test_a_credit_memo_is_applied_as_far_as_its_invoice_is_owed(owed: Decimal, applied: Decimal):
    body = read(documents.credit_memo_body(a_credit_memo(CreditedLine(1, a_line(a_tax()))), owed))
    assert body["apply"]["items"] == [{"doc": {"id": "20"}, "apply": True, "amount": applied}]


def test_a_paid_invoice_is_not_named_in_what_a_credit_memo_is_applied_to():
    assert "apply" not in read(documents.credit_memo_body(a_credit_memo(CreditedLine(1, a_line(a_tax()))), D(0)))


def test_a_line_of_a_credit_memos_own_says_what_it_is_of():
    body = read(documents.credit_memo_body(a_credit_memo(CreditedLine(None, a_line(a_tax()))), D(80)))
    own = body["item"]["items"][0]
    assert (own["item"], own["custcol_tieout_line"], own["custcol_tieout_sku"]) == ({"id": "1000"}, "A-1-1", "MUG")
    assert "orderLine" not in own
    assert [(each["orderLine"], each["quantity"]) for each in body["item"]["items"][1:]] == [(1, 0), (4, 0)]


def test_an_amount_without_goods_says_nothing_of_a_quantity():
    body = read(documents.credit_memo_body(a_credit_memo(CreditedLine(1, a_line(units=0))), D(80)))
    assert "quantity" not in body["item"]["items"][0]


def test_the_delivery_is_always_said_so_that_netsuite_takes_no_rest_of_it():
    body = read(documents.credit_memo_body(a_credit_memo(CreditedLine(1, a_line(a_tax()))), D(80)))
    assert body["shippingCost"] == 0


def test_a_key_is_always_written_as_the_source_would_hand_down_its_own():
    draft = ItemReceiptDraft(
        external_id="T-m-IR-1", key="", authorization_id="9", day=DAY, quantities={1: 1}, all_lines=(1,)
    )
    assert read(documents.item_receipt_body(draft))["custbody_tieout_key"] == "T-m-IR-1"
