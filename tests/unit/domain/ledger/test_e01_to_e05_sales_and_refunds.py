"""Worked examples 1 to 5 of sales and refunds, for a seller by record (A), by summary (B), and for the operator."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.unit.domain.ledger.bookkeeping import (
    a_cycle,
    a_document,
    a_memo,
    an_invoice,
    an_order,
    balances,
    books,
    log,
    money,
    rules,
    same,
    with_document,
)
from tieout.domain.ledger.line import PayOut
from tieout.domain.ledger.record import RecordType
from tieout.domain.ledger.settle import Status, settle
from tieout.domain.reconcile.breaks import Code

SALE = """
    ORDER_AMOUNT +100.00  ORDER_AMOUNT_TAX +20.00 @FR-20
    ORDER_SHIPPING_AMOUNT +5.00  ORDER_SHIPPING_AMOUNT_TAX +1.00 @FR-20
    COMMISSION_FEE -12.60  COMMISSION_VAT -2.52"""
E1 = with_document(log(SALE + " PAYMENT -110.88"))
BILL = a_document("12.60", "2.52")
REFUND = """
    REFUND_ORDER_AMOUNT -40.00  REFUND_ORDER_AMOUNT_TAX -8.00 @FR-20
    REFUND_COMMISSION_FEE +4.80  REFUND_COMMISSION_VAT +0.96"""
CANCELLED = """
    ORDER_AMOUNT +100.00  ORDER_AMOUNT_TAX +20.00  COMMISSION_FEE -12.00  COMMISSION_VAT -2.40
    REFUND_ORDER_AMOUNT -100.00  REFUND_ORDER_AMOUNT_TAX -20.00
    REFUND_COMMISSION_FEE +12.00  REFUND_COMMISSION_VAT +2.40"""


def test_e1_a_sale_by_record_pays_the_invoice_and_the_fees_and_is_paid_out() -> None:
    settled = settle(books(E1, an_invoice("126.00"), BILL), rules())
    same(
        settled.records,
        """
        customerPayment 21 Jan
          marketplace_clearing                        126.00
          marketplace_ar                                          126.00
        vendorBill 21 Jan D1
          commission_expense                           12.60
          vat_receivable_on_fees                        2.52
          accounts_payable                                         15.12
        vendorPayment 21 Jan
          accounts_payable                             15.12
          marketplace_clearing                                     15.12
        journalEntry 23 Jan
          bank_in_transit                             110.88
          marketplace_clearing                                    110.88
        """,
    )
    payment, bill, paid, _ = settled.records
    assert [(each.number, str(each.amount)) for each in payment.applications] == [("INV-O-1", "126.00")]
    assert [(each.external_id, str(each.amount)) for each in paid.applications] == [(bill.external_id, "15.12")]
    assert paid.after == (bill.external_id,)


def test_e1_a_sale_by_summary_is_one_journal() -> None:
    same(
        settle(books(E1), rules("summary_journal")).records,
        """
        journalEntry 21 Jan
          marketplace_clearing                        110.88
          commission_expense                           12.60
          sales_revenue                                           100.00
          shipping_revenue                                          5.00
          vat_output FR-20                                         21.00
          vat_receivable_on_fees                        2.52
        journalEntry 23 Jan
          bank_in_transit                             110.88
          marketplace_clearing                                    110.88
        """,
    )


def test_e1_a_sale_by_cash_sale_is_one_an_order_and_a_journal_of_the_fees() -> None:
    same(
        settle(books(E1), rules("cash_sale")).records[:2],
        """
        cashSale 21 Jan
          marketplace_clearing                        126.00
          sales_revenue                                           100.00
          shipping_revenue                                          5.00
          vat_output FR-20                                         21.00
        journalEntry 21 Jan
          marketplace_clearing                                     15.12
          commission_expense                           12.60
          vat_receivable_on_fees                        2.52
        """,
    )


def test_e1_the_operator_owes_the_seller_what_the_seller_s_clearing_account_shows() -> None:
    unpaid = a_cycle(E1[:-1], pay_out=PayOut(state="TO_PAY"))
    settled = settle(books(E1[:-1], BILL, unpaid), rules("operator"))
    assert balances(settled.records) == money(
        customer_funds_unallocated="126.00", commission_revenue="-12.60", vat_output="-2.52", seller_payable="-110.88"
    )
    paid = settle(books(E1, BILL), rules("operator"))
    assert "seller_payable" not in balances(paid.records)


def test_e2_the_document_has_the_last_word_on_vat_and_the_cent_goes_to_rounding() -> None:
    fees = "COMMISSION_FEE -4.66 COMMISSION_VAT -0.93 " * 3
    lines = with_document(log("ORDER_AMOUNT +116.62 ORDER_AMOUNT_TAX +23.31 " + fees))
    settled = settle(books(lines, an_invoice("139.93"), a_document("13.98", "2.80")), rules())
    same(
        settled.records[1:2],
        """
        vendorBill 21 Jan D1
          commission_expense                           13.98
          rounding                                                  0.01
          vat_receivable_on_fees                        2.80
          accounts_payable                                         16.77
        """,
    )
    assert "rounding" in balances(settled.records)
    beyond = settle(books(lines, an_invoice("139.93"), a_document("13.98", "2.81")), rules())
    assert [(each.code, each.key) for each in beyond.proofs[0].reasons] == [(Code.DOC_NOT_TIED, "D1")]
    assert not beyond.records


def test_e2_tax_inside_the_price_is_taken_out_by_the_order_s_own_tax() -> None:
    lines = log("ORDER_AMOUNT +133.94 ORDER_SHIPPING_AMOUNT +5.99 REFUND_ORDER_AMOUNT -19.99")
    order = an_order("139.93", {"FR-20": "23.32"})
    settled = settle(books(lines, order), rules("summary_journal"))
    same(
        settled.records[:1],
        """
        journalEntry 21 Jan
          marketplace_clearing                        119.94
          refunds_contra                               16.66
          sales_revenue                                           111.62
          shipping_revenue                                          4.99
          vat_output FR-20                                         19.99
        """,
    )


def test_e2_tax_inside_a_price_whose_order_is_not_known_holds_the_cycle() -> None:
    lines = log("ORDER_AMOUNT +133.94 ORDER_SHIPPING_AMOUNT +5.99") + log("ORDER_AMOUNT +10.00", order="O-2")
    settled = settle(books(lines, an_order("139.93", {"FR-20": "23.32"})), rules("summary_journal"))
    assert [(each.code, each.key) for each in settled.proofs[0].reasons] == [(Code.TAX_PRESENTATION_UNKNOWN, "O-2")]


def test_a_marketplace_has_one_way_to_show_tax() -> None:
    gross = an_order("120.00", {"FR-20": "20.00"})
    net = an_order("120.00", {"FR-20": "20.00"}, "O-2")
    lines = log("ORDER_AMOUNT +120.00") + log("ORDER_AMOUNT +100.00 ORDER_AMOUNT_TAX +20.00", order="O-2")
    settled = settle(books(lines, gross, net, an_invoice("120.00"), an_invoice("120.00", "O-2")), rules())
    assert settled.proofs[0].status is Status.HELD
    assert settled.proofs[0].reasons[0].code is Code.TAX_PRESENTATION_UNKNOWN
    assert settle(books(lines, gross, net), rules(presentation="split")).proofs[0].status is Status.TIED_OUT


def test_e3_a_refund_by_record_settles_the_credit_memo_and_takes_commission_back() -> None:
    lines = with_document(log(SALE)) + with_document(log(REFUND))
    settled = settle(books(lines, an_invoice("126.00"), a_memo("48.00"), a_document("7.80", "1.56")), rules())
    refund = next(each for each in settled.records if each.type is RecordType.CUSTOMER_REFUND)
    same(
        [refund],
        """
        customerRefund 21 Jan
          marketplace_clearing                                     48.00
          marketplace_ar                               48.00
        """,
    )
    assert [each.number for each in refund.applications] == ["CM-R-1"]
    assert balances(settled.records[:-1]) == money(
        marketplace_clearing="68.64", marketplace_ar="-78.00", commission_expense="7.80", vat_receivable_on_fees="1.56"
    )


def test_e3_a_credit_memo_that_its_invoice_used_up_leaves_the_payment_to_be_refunded() -> None:
    used = replace(a_memo("48.00"), unpaid=Decimal(0))
    invoice = an_invoice("126.00", unpaid=Decimal("78.00"))
    lines = log("ORDER_AMOUNT +126.00 REFUND_ORDER_AMOUNT -48.00")
    settled = settle(books(lines, invoice, used), rules())
    payment, refund = settled.records[:2]
    assert [str(each.amount) for each in payment.applications] == ["78.00"]
    assert [(each.external_id, str(each.amount)) for each in refund.applications] == [(payment.external_id, "48.00")]


def test_e3_a_refund_that_no_credit_memo_covers_stays_on_receivables_for_all_to_see() -> None:
    lines = log("ORDER_AMOUNT +126.00 REFUND_ORDER_AMOUNT -48.00")
    settled = settle(books(lines, an_invoice("126.00"), a_memo("47.99")), rules())
    same(
        settled.records[1:2],
        """
        journalEntry 21 Jan
          marketplace_clearing                                     48.00
          marketplace_ar                               48.00
        """,
    )


def test_e3_the_operator_owes_the_customer_and_gives_commission_back() -> None:
    lines = with_document(log(REFUND))
    unpaid = a_cycle(lines, pay_out=PayOut(state="TO_PAY"))
    settled = settle(books(lines, a_document("4.80", "0.96", is_credit=True), unpaid), rules("operator"))
    assert balances(settled.records) == money(
        seller_payable="42.24", customer_refunds_payable="-48.00", commission_revenue="4.80", vat_output="0.96"
    )


@pytest.mark.parametrize("mode", ["record_level", "summary_journal", "cash_sale"])
def test_e4_a_penalty_for_a_cancellation_before_the_debit_is_all_there_is(mode: str) -> None:
    settled = settle(books(log("SELLER_PENALTY_FEE -1.00")), rules(mode))
    assert balances(settled.records) == money(penalty_expense="1.00", marketplace_clearing="-1.00")


def test_e4_a_penalty_is_the_operator_s_income() -> None:
    settled = settle(books(log("SELLER_PENALTY_FEE -1.00")), rules("operator"))
    assert balances(settled.records) == money(penalty_income="-1.00", seller_payable="1.00")


def test_e4_a_cancellation_after_the_debit_touches_no_revenue() -> None:
    settled = settle(books(log(CANCELLED)), rules())
    same(
        settled.records,
        """
        journalEntry 21 Jan
          marketplace_clearing                        134.40
          marketplace_clearing                                    134.40
          marketplace_undelivered                     120.00
          marketplace_undelivered                                 120.00
          prepaid_commission                           12.00
          prepaid_commission                                       12.00
        """,
    )
    assert len(settled.records[0].source_line_ids) == 8


@pytest.mark.parametrize("mode", ["summary_journal", "cash_sale"])
def test_e4_by_summary_too_what_was_called_off_whole_was_never_revenue(mode: str) -> None:
    lines = log("ORDER_AMOUNT +120.00 REFUND_ORDER_AMOUNT -120.00")
    kept = log("ORDER_AMOUNT +60.00", order="O-2")
    orders = an_order("0", {}), an_order("60.00", {"FR-20": "10.00"}, "O-2")
    settled = settle(books([*lines, *kept], *orders), rules(mode, presentation="embedded"))
    assert balances(settled.records[:-1]) == money(
        marketplace_clearing="60.00", sales_revenue="-50.00", vat_output="-10.00"
    )


def test_an_order_that_is_not_invoiced_yet_waits_and_is_released_by_its_invoice() -> None:
    lines = with_document(log(SALE))
    waiting = settle(books(lines, BILL), rules())
    assert balances(waiting.records[:-1]) == money(
        marketplace_clearing="110.88",
        marketplace_undelivered="-126.00",
        prepaid_commission="12.60",
        vat_receivable_on_fees="2.52",
    )
    later = an_invoice("126.00", day=date(2026, 2, 3))
    released = settle(books(lines, BILL, later), rules())
    assert {each.external_id for each in waiting.records} < {each.external_id for each in released.records}
    same(
        [each for each in released.records if "-REL-" in each.external_id],
        """
        customerPayment 03 Feb
          marketplace_undelivered                     126.00
          marketplace_ar                                          126.00
        journalEntry 03 Feb
          commission_expense                           12.60
          prepaid_commission                                       12.60
        """,
    )


def test_an_invoice_in_another_currency_counts_as_none() -> None:
    lines = log("ORDER_AMOUNT +100.00")
    settled = settle(books(lines, an_invoice("100.00", currency="GBP")), rules())
    assert balances(settled.records[:1]) == money(marketplace_clearing="100.00", marketplace_undelivered="-100.00")


def test_what_is_above_an_invoice_stays_unapplied_and_is_never_plugged() -> None:
    settled = settle(books(log("ORDER_AMOUNT +100.00"), an_invoice("87.66")), rules())
    payment = settled.records[0]
    assert str(payment.applications[0].amount) == "87.66"
    assert payment.movement(payment.entries[0].role) == 100


def test_e5_lines_of_several_rates_come_to_one_bill_and_one_payment() -> None:
    first = "ORDER_AMOUNT +30.00 ORDER_AMOUNT_TAX +1.65 @FR-5.5 COMMISSION_FEE -2.40 COMMISSION_VAT -0.48 "
    second = "ORDER_AMOUNT +200.00 ORDER_AMOUNT_TAX +40.00 @FR-20 COMMISSION_FEE -20.00 COMMISSION_VAT -4.00 "
    shipping = "ORDER_SHIPPING_AMOUNT +4.00 ORDER_SHIPPING_AMOUNT_TAX +0.80 @FR-20"
    lines = with_document(log(first + second + shipping))
    document = a_document("22.40", "4.48")
    by_record = settle(books(lines, an_invoice("276.45"), document), rules())
    assert balances(by_record.records[:-1]) == money(
        marketplace_clearing="249.57",
        marketplace_ar="-276.45",
        commission_expense="22.40",
        vat_receivable_on_fees="4.48",
    )
    same(
        settle(books(lines), rules("summary_journal")).records[:1],
        """
        journalEntry 21 Jan
          marketplace_clearing                        249.57
          commission_expense                           22.40
          sales_revenue                                           230.00
          shipping_revenue                                          4.00
          vat_output FR-20                                         40.80
          vat_output FR-5.5                                         1.65
          vat_receivable_on_fees                        4.48
        """,
    )
    operator = settle(books(lines, document), rules("operator"))
    assert balances(operator.records[:-1]) == money(
        customer_funds_unallocated="276.45", commission_revenue="-22.40", vat_output="-4.48", seller_payable="-249.57"
    )
