"""Worked examples 14 and 16: promotions and gift cards of the operator, and the operator that sells itself."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

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
from tieout.domain.ledger.capture import Captured, GivenBack, customer_money
from tieout.domain.ledger.line import PayOut
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.settle import settle
from tieout.domain.money import ZERO

DAY = date(2026, 1, 12)
PROMOTED = with_document(
    log("ORDER_AMOUNT +100.00 ORDER_AMOUNT_TAX +20.00 COMMISSION_FEE -12.00 COMMISSION_VAT -2.40", shop="7")
)
DOCUMENT = a_document("12.00", "2.40", shop="7")
TO_PAY = PayOut(state="TO_PAY")
PAID_THREE_WAYS = Captured(
    report="BATCH-7",
    id="O-1",
    day=DAY,
    currency="EUR",
    by_psp=Decimal("78.00"),
    by_gift_card=Decimal("30.00"),
    by_operator=Decimal("12.00"),
)


def test_e14_the_seller_is_owed_the_full_price_whoever_paid_it() -> None:
    settled = settle(books(PROMOTED, an_invoice("120.00"), a_document("12.00", "2.40")), rules())
    assert balances(settled.records[:-1]) == money(
        marketplace_clearing="105.60",
        marketplace_ar="-120.00",
        commission_expense="12.00",
        vat_receivable_on_fees="2.40",
    )


def test_e14_the_operator_funds_its_promotion_and_uses_up_the_gift_card() -> None:
    money_in = customer_money([PAID_THREE_WAYS], rules("operator"))
    cycle = a_cycle(PROMOTED, shop="7", pay_out=TO_PAY)
    settled = settle(books(PROMOTED, DOCUMENT, cycle), rules("operator"))
    assert balances([*money_in, *settled.records]) == money(
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


def test_a_report_of_the_payment_provider_is_a_journal_a_day_and_currency() -> None:
    refund = GivenBack(report="BATCH-7", id="R-1", day=DAY, currency="EUR", amount=Decimal("48.00"))
    in_pounds = replace(PAID_THREE_WAYS, id="O-3", currency="GBP", by_gift_card=ZERO, by_operator=ZERO)
    moves: list[Captured | GivenBack] = [refund, in_pounds, PAID_THREE_WAYS, replace(PAID_THREE_WAYS, id="O-2")]
    records = customer_money(moves, rules("operator"))
    same(
        records,
        """
        journalEntry 12 Jan
          psp_receivable                              108.00
          gift_card_liability                          60.00
          promotion_expense                            24.00
          customer_refunds_payable                     48.00
          customer_funds_unallocated                              240.00
        journalEntry 12 Jan
          psp_receivable                               78.00
          customer_funds_unallocated                               78.00
        """,
    )
    assert [(each.external_id, each.source_line_ids) for each in records] == [
        ("T-leroy-fr-JE-PSP-BATCH-7-2026-01-12-EUR", ("O-1", "O-2", "R-1")),
        ("T-leroy-fr-JE-PSP-BATCH-7-2026-01-12-GBP", ("O-3",)),
    ]


def test_what_the_payment_provider_keeps_is_the_operator_s_cost_and_what_is_left_is_its_payout() -> None:
    """78.00 captured for a fee of 1.42, 48.00 given back for a fee of 0.25: the provider pays out 28.33."""
    refund = GivenBack(
        report="BATCH-7", id="R-1", day=DAY, currency="EUR", amount=Decimal("48.00"), fee=Decimal("0.25")
    )
    same(
        customer_money([replace(PAID_THREE_WAYS, fee=Decimal("1.42")), refund], rules("operator")),
        """
        journalEntry 12 Jan
          psp_receivable                               28.33
          psp_fee_expense                               1.67
          gift_card_liability                          30.00
          promotion_expense                            12.00
          customer_refunds_payable                     48.00
          customer_funds_unallocated                              120.00
        """,
    )


def test_a_provider_that_gives_its_fee_back_with_a_refund_lowers_the_cost() -> None:
    refund = GivenBack(
        report="BATCH-7", id="R-1", day=DAY, currency="EUR", amount=Decimal("48.00"), fee=Decimal("-1.42")
    )
    same(
        customer_money([refund], rules("operator")),
        """
        journalEntry 12 Jan
          psp_receivable                                           46.58
          psp_fee_expense                                           1.42
          customer_refunds_payable                     48.00
        """,
    )


AMOUNT = st.decimals("0", "99999.99", places=2)
PAYMENTS = st.lists(
    st.builds(
        Captured,
        report=st.sampled_from(["A", "B"]),
        id=st.uuids().map(str),
        day=st.sampled_from([DAY, date(2026, 1, 13)]),
        currency=st.sampled_from(["EUR", "GBP"]),
        by_psp=AMOUNT,
        by_gift_card=AMOUNT,
        by_operator=AMOUNT,
        fee=st.decimals("0", "9.99", places=2),
    )
)


@given(payments=PAYMENTS, mode=st.sampled_from(["operator", "operator_principal"]), dice=st.randoms())
def test_reports_are_booked_to_the_cent_in_whatever_order_their_rows_come(
    payments: list[Captured], mode: str, dice: Random
) -> None:
    records = customer_money(payments, rules(mode))
    at_the_psp = sum(each.movement(Role.PSP_RECEIVABLE) for each in records)
    assert at_the_psp == sum(each.by_psp - each.fee for each in payments)
    assert sum(each.movement(Role.PSP_FEE_EXPENSE) for each in records) == sum(each.fee for each in payments)
    moving = sorted(each.id for each in payments if each.by_psp or each.by_gift_card or each.by_operator)
    assert set(moving) <= {name for record in records for name in record.source_line_ids}
    shuffled = payments[:]
    dice.shuffle(shuffled)
    assert customer_money(shuffled, rules(mode)) == records


def test_e3_money_that_goes_back_to_the_customer_leaves_by_the_payment_provider() -> None:
    refund = GivenBack(report="BATCH-7", id="R-1", day=DAY, currency="EUR", amount=Decimal("48.00"))
    same(
        customer_money([refund], rules("operator")),
        """
        journalEntry 12 Jan
          psp_receivable                                           48.00
          customer_refunds_payable                     48.00
        """,
    )


def test_e16_what_a_principal_gives_back_is_its_own_sale_and_its_own_vat() -> None:
    refund = GivenBack(
        report="BATCH-7", id="R-1", day=DAY, currency="EUR", amount=Decimal("48.00"), vat=Decimal("8.00")
    )
    same(
        customer_money([refund], rules("operator_principal")),
        """
        journalEntry 12 Jan
          psp_receivable                                           48.00
          sales_revenue_gross                          40.00
          vat_output                                    8.00
        """,
    )


def test_e16_a_principal_sells_at_its_price_buys_at_the_shop_s_and_pays_the_bill() -> None:
    lines = log("ORDER_AMOUNT +100.00 PURCHASE_COMMISSION_FEE -30.00 PURCHASE_ORDER_AMOUNT_TAX +14.00", shop="7")
    paid = replace(PAID_THREE_WAYS, by_psp=Decimal("120.00"), by_gift_card=ZERO, by_operator=ZERO, vat=Decimal("20.00"))
    (sale,) = customer_money([paid], rules("operator_principal"))
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
