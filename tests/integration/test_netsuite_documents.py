"""What our NetSuite client makes out of a sales order, an invoice and a return authorisation, in the NetSuite twin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.integration.netsuite_documents import SUITETAX, D, Shop, a_sales_order
from tests.integration.running_twins import running
from tieout.domain.errors import AlreadyExists, NeedsAttention, OutcomeUnknown, Reason
from tieout.domain.money import Money
from tieout.domain.orders.booked import Booked, LineChange
from tieout.domain.orders.sales_order import SalesOrder, SalesOrderLine, TaxDetail, TaxStrategy
from tieout.domain.returns.goods import ItemReceiptDraft, ReturnAuthorizationDraft
from tieout.domain.returns.refund import CreditedLine, CreditMemoDraft
from tieout.domain.shipments.fulfilment import FulfilmentDraft
from tieout.domain.shipments.invoice import BilledLine, InvoiceDraft

TODAY = datetime.now(UTC).date()
VAT = "VAT-GBR-20"
INVOICE = "T-brightside-uk-INV-5001"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running(tmp_path, []) as twins:
        twins.behave("netsuite", line_numbers="gaps", legacy_tax="computed")
        yield Shop(twins)


def a_tax(basis: str, amount: str) -> TaxDetail:
    return TaxDetail(VAT, D(basis), D(amount), D(20))


def a_line(net: str, tax: str, units: int, line_id: str = "A-1-1", strategy: TaxStrategy = SUITETAX) -> SalesOrderLine:
    """Units of the first order line, as each strategy writes them."""
    taxes = () if strategy is TaxStrategy.OTHER_CHARGE else (a_tax(net, tax),)
    gross = D(net) + D(tax) if strategy is TaxStrategy.TAX_CODE else None
    return SalesOrderLine("1000", units, D(net), None, gross, taxes, line_id, "MUG")


def an_invoice(order: Booked, strategy: TaxStrategy = SUITETAX, **details: Any) -> InvoiceDraft:
    """2 of 3 mugs, 80.00 with tax, and 6.00 of the 12.00 delivery: 86.00."""
    lines = [BilledLine(order.lines[0].number, a_line("66.67", "13.33", 2, strategy=strategy))]
    taxes: tuple[TaxDetail, ...] = (a_tax("5", "1"),)
    if strategy is TaxStrategy.OTHER_CHARGE:
        charge = SalesOrderLine("710", 1, D("14.33"), D("14.33"), None, (), f"TAX-{VAT}", VAT)
        lines, taxes = [*lines, BilledLine(order.lines[-1].number, charge)], ()
    values: dict[str, Any] = {
        "external_id": INVOICE,
        "key": "T-brightside-uk-INV-5001",
        "sales_order_id": order.id,
        "order_id": "A-1",
        "marketplace": "brightside-uk",
        "day": TODAY,
        "original_day": TODAY,
        "lines": tuple(lines),
        "all_lines": order.line_numbers,
        "shipping_taxes": taxes,
        "shipping_net": Money(D(5), "GBP"),
        "tax_strategy": strategy,
        "gross": Money(D(86), "GBP"),
    }
    return InvoiceDraft(**values | details)


def a_credit_memo(invoice: Booked, **details: Any) -> CreditMemoDraft:
    """40.00 for a mug and 3.00 of the delivery."""
    values: dict[str, Any] = {
        "external_id": "T-brightside-uk-CM-R1",
        "key": "T-brightside-uk-CM-R1",
        "invoice_id": invoice.id,
        "order_id": "A-1",
        "marketplace": "brightside-uk",
        "refund_id": "R1",
        "day": TODAY,
        "original_day": TODAY,
        "lines": (CreditedLine(invoice.lines[0].number, a_line("33.33", "6.67", 1)),),
        "all_lines": invoice.line_numbers,
        "shipping_net": D("2.50"),
        "shipping_taxes": (a_tax("2.50", "0.50"),),
        "tax_strategy": SUITETAX,
        "gross": Money(D(43), "GBP"),
    }
    return CreditMemoDraft(**values | details)


def shipped(shop: Shop, order: SalesOrder | None = None) -> Booked:
    booked = shop.order(order or a_sales_order())
    shop.ship(booked)
    return booked


def billed(shop: Shop) -> Booked:
    shop.client.create_invoice(an_invoice(shipped(shop)))
    return shop.read(INVOICE)


def a_return(order: Booked, **details: Any) -> ReturnAuthorizationDraft:
    values: dict[str, Any] = {
        "external_id": "T-brightside-uk-RA-1",
        "key": "T-brightside-uk-RA-1",
        "sales_order_id": order.id,
        "order_id": "A-1",
        "day": TODAY,
        "quantities": {order.lines[0].number: 2},
        "all_lines": order.line_numbers,
        "memo": "RMA 7",
    }
    return ReturnAuthorizationDraft(**values | details)


# -- fulfilments -------------------------------------------------------------------------------------------------------


def a_fulfilment(order: Booked, **details: Any) -> FulfilmentDraft:
    values: dict[str, Any] = {
        "external_id": "T-brightside-uk-IF-SHIP-1",
        "sales_order_id": order.id,
        "day": TODAY,
        "quantities": {order.lines[0].number: 2},
        "all_lines": order.line_numbers,
        "tracking_numbers": ("1Z1", "1Z2"),
        "key": "T-brightside-uk-IF-ship/1",
        "memo": "Shipped by the seller",
    }
    return FulfilmentDraft(**values | details)


def test_a_fulfilment_takes_the_units_named_and_nothing_of_the_other_lines(shop: Shop):
    draft = a_sales_order()
    order = shop.order(draft)
    made = shop.client.create_fulfilment(a_fulfilment(order))
    held = shop.hand.get("itemFulfillment", made)
    assert [(line["orderLine"], line["quantity"]) for line in held["item"]["items"]] == [(1, 2)]
    assert (held["shipStatus"]["id"], held["tranDate"]) == ("C", TODAY.isoformat())
    assert (held["custbody_tieout_key"], held["memo"]) == ("T-brightside-uk-IF-ship/1", "Shipped by the seller")
    assert [line.shipped for line in shop.read(draft.external_id).lines] == [2, 0]
    (read,) = shop.client.fulfilments([made])
    assert (read.external_id, read.tracking_numbers) == ("T-brightside-uk-IF-SHIP-1", ("1Z1", "1Z2"))


def test_the_same_fulfilment_is_never_made_twice_and_is_found_by_its_external_id(shop: Shop):
    order = shop.order(a_sales_order())
    draft = a_fulfilment(order)
    made = shop.client.create_fulfilment(draft)
    with pytest.raises(AlreadyExists):
        shop.client.create_fulfilment(draft)
    found = shop.client.find_transactions([draft.external_id])[draft.external_id]
    assert (found.id, found.kind, found.reference) == (made, "ItemShip", "A-1")
    read = shop.client.read_transaction("itemFulfillment", draft.external_id)
    assert read is not None
    assert (read.id, read.kind, read.reference, read.number) == (made, "ItemShip", "A-1", found.number)
    assert shop.client.read_transaction("invoice", draft.external_id) is None


def test_more_than_is_left_is_refused_with_netsuites_words(shop: Shop):
    order = shop.order(a_sales_order())
    with pytest.raises(NeedsAttention) as refused:
        shop.client.create_fulfilment(a_fulfilment(order, quantities={1: 4}))
    assert refused.value.reason is Reason.REFUSED_BY_NETSUITE
    assert "quantity" in refused.value.facts["detail"]


# -- invoices ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", list(TaxStrategy))
def test_each_tax_strategy_bills_the_marketplaces_gross_of_what_left(shop: Shop, strategy: TaxStrategy):
    order = shipped(shop, a_sales_order(strategy=strategy, charge_item="710"))
    draft = an_invoice(order, strategy)
    made = shop.client.create_invoice(draft)
    found = shop.client.find_transactions([INVOICE])[INVOICE]
    assert (found.id, found.kind, found.reference, found.total) == (made, "CustInvc", "A-1", draft.gross)
    assert shop.client.read_transaction("invoice", INVOICE) == found
    assert [(line.line_id, line.quantity) for line in shop.read(INVOICE).lines if line.ships] == [("A-1-1", 2)]


def test_an_invoice_names_the_marketplaces_order_and_its_own_key(shop: Shop):
    held = shop.hand.get("invoice", billed(shop).id)
    assert (held["custbody_tieout_order"], held["custbody_tieout_marketplace"]) == ("A-1", "brightside-uk")
    assert (held["custbody_tieout_key"], held["tranDate"]) == (INVOICE, TODAY.isoformat())
    assert [line["custcol_tieout_line"] for line in held["item"]["items"]] == ["A-1-1"]
    assert (held["shippingCost"], held["taxTotal"]) == (5, D("14.33"))
    assert "memo" not in held


def test_revenue_that_belongs_to_another_day_says_so(shop: Shop):
    made = shop.client.create_invoice(an_invoice(shipped(shop), original_day=date(2026, 10, 31)))
    assert shop.hand.get("invoice", made)["memo"] == "Belongs to 2026-10-31"


def test_the_rest_of_an_order_is_billed_without_the_delivery_that_was_billed_before(shop: Shop):
    order = shipped(shop)
    shop.client.create_invoice(an_invoice(order))
    lines = (
        BilledLine(order.lines[0].number, a_line("33.33", "6.67", 1)),
        BilledLine(order.lines[1].number, a_line("100", "20", 3, "A-1-2")),
    )
    rest = an_invoice(
        order,
        external_id="T-brightside-uk-INV-5002",
        lines=lines,
        shipping_net=Money(D(0), "GBP"),
        shipping_taxes=(),
        gross=Money(D(160), "GBP"),
    )
    shop.client.create_invoice(rest)
    assert shop.client.find_transactions([rest.external_id])[rest.external_id].total == rest.gross


def test_an_invoice_whose_answer_was_lost_is_there_and_was_sent_once(shop: Shop):
    order = shipped(shop)
    client = shop.twins.netsuite(read_seconds=1)
    shop.twins.fault(
        "netsuite",
        {"operation": "POST salesOrder!transform/invoice", "kind": "timeout_after", "seconds": 2, "times": 1},
    )
    with pytest.raises(OutcomeUnknown):
        client.create_invoice(an_invoice(order))
    assert INVOICE in shop.client.find_transactions([INVOICE])


# -- periods -----------------------------------------------------------------------------------------------------------


def the_first_of_next_month() -> date:
    return (TODAY.replace(day=1) + timedelta(days=32)).replace(day=1)


def test_an_open_day_is_asked_for_once_for_many_documents(shop: Shop):
    assert [shop.client.open_day(TODAY, "hold") for _ in range(3)] == [TODAY] * 3
    assert [call["operation"] for call in shop.twins.calls("netsuite")].count("SuiteQL") == 1


@pytest.mark.parametrize("flag", ["closed", "allLocked", "arLocked"])
def test_a_closed_or_locked_period_holds_or_moves_to_the_next_open_one(shop: Shop, flag: str):
    shop.hand.close_period(**{flag: True})
    with pytest.raises(NeedsAttention) as held:
        shop.client.open_day(TODAY, "hold")
    assert held.value.reason is Reason.PERIOD_CLOSED
    assert held.value.facts["day"] == TODAY.isoformat()
    assert shop.client.open_day(TODAY, "next_open_period") == the_first_of_next_month()


def test_a_period_that_only_payables_cannot_post_to_is_open_for_us(shop: Shop):
    shop.hand.close_period(apLocked=True)
    assert shop.client.open_day(TODAY, "hold") == TODAY


def test_a_day_that_is_in_no_period_is_for_a_person(shop: Shop):
    with pytest.raises(NeedsAttention) as held:
        shop.client.open_day(date(1999, 1, 1), "next_open_period")
    assert held.value.reason is Reason.PERIOD_CLOSED


# -- what is taken back ------------------------------------------------------------------------------------------------


def test_a_credit_memo_gives_back_our_amounts_and_is_applied_to_its_invoice(shop: Shop):
    invoice = billed(shop)
    draft = a_credit_memo(invoice)
    made = shop.client.create_credit_memo(draft)
    found = shop.client.find_transactions([draft.external_id])[draft.external_id]
    assert (found.id, found.kind, found.reference, found.total) == (made, "CustCred", "A-1", draft.gross)
    assert shop.client.read_transaction("creditMemo", draft.external_id) == found
    assert shop.hand.get("invoice", invoice.id)["amountRemaining"] == 43
    held = shop.hand.get("creditMemo", made)
    assert [(line["custcol_tieout_line"], line["quantity"]) for line in held["item"]["items"]] == [("A-1-1", 1)]


def test_a_refund_without_goods_leaves_the_quantity_to_netsuite_and_keeps_the_amount(shop: Shop):
    invoice = billed(shop)
    lines = (CreditedLine(invoice.lines[0].number, a_line("10", "2", 0)),)
    draft = a_credit_memo(invoice, lines=lines, shipping_net=D(0), shipping_taxes=(), gross=Money(D(12), "GBP"))
    shop.client.create_credit_memo(draft)
    assert shop.client.find_transactions([draft.external_id])[draft.external_id].total == draft.gross


@pytest.mark.parametrize("strategy", list(TaxStrategy))
def test_money_that_goes_back_without_goods_is_a_line_of_its_own(shop: Shop, strategy: TaxStrategy):
    """12.00 on an item that no warehouse has; every line of the invoice is left out."""
    order = shipped(shop, a_sales_order(strategy=strategy, charge_item="710"))
    shop.client.create_invoice(an_invoice(order, strategy))
    invoice = shop.read(INVOICE)
    own = structs.replace(a_line("10", "2", 1, strategy=strategy), item_id="710")
    lines = [CreditedLine(None, own)]
    if strategy is TaxStrategy.OTHER_CHARGE:
        charge = SalesOrderLine("710", 1, D(2), D(2), None, (), f"TAX-{VAT}", VAT)
        lines.append(CreditedLine(None, charge))
    draft = a_credit_memo(
        invoice,
        lines=tuple(lines),
        shipping_net=D(0),
        shipping_taxes=(),
        tax_strategy=strategy,
        gross=Money(D(12), "GBP"),
    )
    shop.client.create_credit_memo(draft)
    assert shop.client.find_transactions([draft.external_id])[draft.external_id].total == draft.gross
    credited = shop.read(draft.external_id).lines
    assert {line.line_id: line.item_id for line in credited}["A-1-1"] == "710"


def test_a_credit_for_a_paid_invoice_stays_open_instead_of_being_refused(shop: Shop):
    invoice = billed(shop)
    apply = {"apply": {"items": [{"doc": {"id": invoice.id}, "apply": True}]}}
    shop.hand.make("invoice", invoice.id, "creditMemo", apply)
    made = shop.client.create_credit_memo(a_credit_memo(invoice))
    held = shop.hand.get("creditMemo", made)
    assert (held["total"], held["unapplied"]) == (43, 43)


def test_goods_that_come_back_are_authorised_and_received(shop: Shop):
    order = shipped(shop)
    draft = a_return(order)
    shop.client.create_return_authorization(draft)
    back = shop.read(draft.external_id)
    assert (back.kind, back.status) == ("RtnAuth", "B")
    assert [(line.line_id, line.quantity) for line in back.lines] == [("A-1-1", 2)]
    receipt = ItemReceiptDraft(
        external_id="T-brightside-uk-IR-1",
        key="T-brightside-uk-IR-1",
        authorization_id=back.id,
        day=TODAY,
        quantities={back.lines[0].number: 2},
        all_lines=back.line_numbers,
    )
    made = shop.client.create_item_receipt(receipt)
    assert shop.read(draft.external_id).status == "F"
    found = shop.client.read_transaction("itemReceipt", receipt.external_id)
    assert found is not None
    assert (found.id, found.kind, found.reference) == (made, "ItemRcpt", "A-1")


def test_only_what_came_back_is_received(shop: Shop):
    order = shipped(shop)
    draft = a_return(order, quantities={line.number: 2 for line in order.lines})
    shop.client.create_return_authorization(draft)
    back = shop.read(draft.external_id)
    number = back.lines[1].number
    receipt = ItemReceiptDraft(
        external_id="T-brightside-uk-IR-1",
        key="",
        authorization_id=back.id,
        day=TODAY,
        quantities={number: 1},
        all_lines=back.line_numbers,
    )
    made = shop.client.create_item_receipt(receipt)
    assert [line["quantity"] for line in shop.hand.get("itemReceipt", made)["item"]["items"]] == [1]
    assert [line.shipped for line in shop.read(draft.external_id).lines] == [0, 1]


# -- lines that end early ----------------------------------------------------------------------------------------------


def test_a_line_is_closed_once_however_often_it_is_told(shop: Shop):
    draft = a_sales_order()
    order = shop.order(draft)
    for _ in range(2):
        shop.client.change_lines(order.id, [LineChange(order.lines[1].number, close=True)])
    assert [line.is_closed for line in shop.read(draft.external_id).lines] == [False, True]


def test_a_reduced_line_keeps_its_price_and_its_share_of_the_tax(shop: Shop):
    """3 mugs at 120.00 become 2 at 80.00; the other line and the delivery stay: 212.00."""
    draft = a_sales_order()
    order = shop.order(draft)
    change = LineChange(order.lines[0].number, quantity=2, net=D("66.67"))
    shop.client.change_lines(order.id, [change])
    assert shop.client.find_transactions([draft.external_id])[draft.external_id].total == Money(D("212.00"), "GBP")
    held = shop.hand.get("salesOrder", order.id)
    assert [detail["taxAmount"] for detail in held["taxDetails"]["items"]] == [D("13.33"), 20, 2]


def test_a_line_that_is_reduced_already_is_not_written_again(shop: Shop):
    draft = a_sales_order()
    order = shop.order(draft)
    change = LineChange(order.lines[0].number, quantity=2, net=D("66.67"))
    for _ in range(2):
        shop.client.change_lines(order.id, [change, LineChange(order.lines[1].number, close=True)])
    operations = [call["operation"] for call in shop.twins.calls("netsuite")]
    assert operations.count("PATCH salesOrder") == 1
    assert shop.client.find_transactions([draft.external_id])[draft.external_id].total == Money(D("212.00"), "GBP")


def test_a_line_cannot_be_reduced_below_what_has_left(shop: Shop):
    order = shipped(shop)
    with pytest.raises(NeedsAttention) as refused:
        shop.client.change_lines(order.id, [LineChange(order.lines[0].number, quantity=1, net=Decimal("33.33"))])
    assert refused.value.reason is Reason.REFUSED_BY_NETSUITE


def test_no_change_asks_nothing(shop: Shop):
    shop.client.change_lines("1", [])
    assert shop.twins.calls("netsuite") == []
