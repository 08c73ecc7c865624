"""Worked examples 14 and 16: promotions and gift cards of the operator, and the operator that sells itself."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.unit.domain.ledger.bookkeeping import (
    a_cycle,
    a_document,
    an_invoice,
    balances,
    books,
    log,
    money,
    rules,
    same,
    with_document,
)
from tieout.domain.ledger.capture import Captured, GivenBack, captured, given_back, sold_as_principal
from tieout.domain.ledger.line import PayOut
from tieout.domain.ledger.settle import settle

DAY = date(2026, 1, 12)
PROMOTED = with_document(
    log("ORDER_AMOUNT +100.00 ORDER_AMOUNT_TAX +20.00 COMMISSION_FEE -12.00 COMMISSION_VAT -2.40", shop="7")
)
DOCUMENT = a_document("12.00", "2.40", shop="7")
TO_PAY = PayOut(state="TO_PAY")


def test_e14_the_seller_is_owed_the_full_price_whoever_paid_it() -> None:
    settled = settle(books(PROMOTED, an_invoice("120.00"), a_document("12.00", "2.40")), rules())
    assert balances(settled.records[:-1]) == money(
        marketplace_clearing="105.60",
        marketplace_ar="-120.00",
        commission_expense="12.00",
        vat_receivable_on_fees="2.40",
    )


def test_e14_the_operator_funds_its_promotion_and_uses_up_the_gift_card() -> None:
    money_in = captured(
        Captured(
            id="O-1",
            day=DAY,
            currency="EUR",
            by_psp=Decimal("78.00"),
            by_gift_card=Decimal("30.00"),
            by_operator=Decimal("12.00"),
        ),
        rules("operator"),
    )
    cycle = a_cycle(PROMOTED, shop="7", pay_out=TO_PAY)
    settled = settle(books(PROMOTED, DOCUMENT, cycle), rules("operator"))
    assert balances([money_in, *settled.records]) == money(
        psp_receivable="78.00",
        gift_card_liability="30.00",
        promotion_expense="12.00",
        commission_revenue="-12.00",
        vat_output="-2.40",
        seller_payable="-105.60",
    )


def test_an_operator_s_records_name_the_seller_on_every_entry_that_is_owed_to_it() -> None:
    settled = settle(books(PROMOTED, DOCUMENT, a_cycle(PROMOTED, shop="7")), rules("operator"))
    named = {(entry.role.value, entry.entity) for record in settled.records for entry in record.entries if entry.entity}
    assert named == {("seller_payable", "T-leroy-fr-VEN-7"), ("seller_receivable", "T-leroy-fr-SHOP-7")}


def test_e3_money_that_goes_back_to_the_customer_leaves_by_the_payment_provider() -> None:
    refund = given_back(GivenBack(id="R-1", day=DAY, currency="EUR", amount=Decimal("48.00")), rules("operator"))
    same(
        [refund],
        """
        journalEntry 12 Jan
          customer_refunds_payable                     48.00
          psp_receivable                                           48.00
        """,
    )


def test_e16_a_principal_sells_at_its_price_buys_at_the_shop_s_and_pays_the_bill() -> None:
    lines = log("ORDER_AMOUNT +100.00 PURCHASE_COMMISSION_FEE -30.00 PURCHASE_ORDER_AMOUNT_TAX +14.00", shop="7")
    sale = sold_as_principal(
        Captured(id="O-1", day=DAY, currency="EUR", by_psp=Decimal("120.00"), vat=Decimal("20.00")),
        rules("operator_principal"),
    )
    settled = settle(books(lines, a_cycle(lines, shop="7")), rules("operator_principal"))
    same(
        [sale, *settled.records],
        """
        journalEntry 12 Jan
          psp_receivable                              120.00
          sales_revenue_gross                                     100.00
          vat_output                                               20.00
        vendorBill 21 Jan
          cogs_dropship                                70.00
          vat_input                                    14.00
          accounts_payable_supplier                                84.00
        vendorPayment 23 Jan
          bank_or_psp_wallet                                       84.00
          accounts_payable_supplier                    84.00
        """,
    )
    bill, payment = settled.records
    assert [(each.external_id, str(each.amount)) for each in payment.applications] == [(bill.external_id, "84.00")]


def test_e16_the_shop_is_paid_by_the_operator_for_its_own_invoice() -> None:
    lines = log("ORDER_AMOUNT +100.00 PURCHASE_COMMISSION_FEE -30.00 PURCHASE_ORDER_AMOUNT_TAX +14.00")
    same(
        settle(books(lines, an_invoice("84.00")), rules()).records[:1],
        """
        customerPayment 21 Jan
          marketplace_clearing                         84.00
          marketplace_ar                                           84.00
        """,
    )
    assert balances(settle(books(lines), rules("summary_journal")).records[:1]) == money(
        marketplace_clearing="84.00", sales_revenue="-100.00", wholesale_revenue="30.00", vat_output="-14.00"
    )
