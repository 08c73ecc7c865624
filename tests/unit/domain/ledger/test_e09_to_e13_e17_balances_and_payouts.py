"""Worked examples 9, 11 to 13 and 17: what is carried on, reserved, refunded late, accrued, and paid."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from msgspec.structs import replace

from tests.unit.domain.ledger.bookkeeping import (
    CLOSED,
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
from tieout.domain.ledger.accrual import accrue
from tieout.domain.ledger.line import PayOut
from tieout.domain.ledger.reclass import balance_of, presentation_reclass
from tieout.domain.ledger.settle import Status, settle
from tieout.domain.reconcile.breaks import Code

END_OF_JANUARY = date(2026, 1, 31)
SEVENTH = log(
    """
    ORDER_AMOUNT +50.00 ORDER_AMOUNT_TAX +10.00 REFUND_ORDER_AMOUNT -80.00 REFUND_ORDER_AMOUNT_TAX -16.00
    COMMISSION_FEE -6.00 COMMISSION_VAT -1.20 REFUND_COMMISSION_FEE +9.60 REFUND_COMMISSION_VAT +1.92
    SUBSCRIPTION_FEE -39.99 SUBSCRIPTION_VAT -8.00""",
    cycle="C7",
)
EIGHTH = log(
    "ORDER_AMOUNT +240.00 ORDER_AMOUNT_TAX +48.00 COMMISSION_FEE -28.80 COMMISSION_VAT -5.76",
    cycle="C8",
    created=datetime(2026, 2, 4, tzinfo=UTC),
)
C7 = a_cycle(SEVENTH, id="C7", closed_at=datetime(2026, 1, 31, 12, tzinfo=UTC), pay_out=PayOut(state="TO_PAY"))
PAID = PayOut(state="PAID", paid_at=datetime(2026, 2, 12, tzinfo=UTC))
C8 = a_cycle(EIGHTH, id="C8", closed_at=datetime(2026, 2, 10, tzinfo=UTC), to_seller=Decimal("173.77"), pay_out=PAID)


def test_e9_a_negative_cycle_is_carried_on_to_the_next() -> None:
    settled = settle(books([*EIGHTH, *SEVENTH], C8, C7), rules("summary_journal"))
    same(
        settled.records[:1],
        """
        journalEntry 31 Jan
          marketplace_clearing                                     79.67
          commission_expense                                        3.60
          refunds_contra                               80.00
          sales_revenue                                            50.00
          subscription_expense                         39.99
          vat_output                                    6.00
          vat_receivable_on_fees                        7.28
        """,
    )
    assert [(str(each.carried_in), str(each.transferred), str(each.carried_out)) for each in settled.proofs] == [
        ("0", "0", "-79.67"),
        ("-79.67", "173.77", "0"),
    ]
    assert [each.residual for each in settled.proofs] == [0, 0]
    assert "marketplace_clearing" not in balances(settled.records)


def test_e9_a_negative_cycle_is_proven_by_mirakl_s_own_totals_as_no_payout_proves_it() -> None:
    totals = {
        "total_payable_orders_excl_tax": Decimal("50.00"),
        "total_payable_orders_incl_tax": Decimal("60.00"),
        "total_refund_payable_orders_incl_tax": Decimal("-96.00"),
        "total_commissions_incl_tax": Decimal("7.20"),
        "total_subscription_incl_tax": Decimal("-47.99"),
        "total_other_credits_incl_tax": Decimal(0),
    }
    told = replace(C7, summary=totals)
    assert settle(books(SEVENTH, told), rules("summary_journal")).proofs[0].status is Status.TIED_OUT
    doubled = [*SEVENTH, *(replace(line, id="AGAIN") for line in SEVENTH if line.type == "SUBSCRIPTION_FEE")]
    held = settle(books(doubled, told), rules("summary_journal")).proofs[0]
    assert [(each.code, each.explanation) for each in held.reasons] == [
        (Code.CYCLE_NOT_TIED, "total_subscription is -47.99 EUR by the cycle, -87.98 EUR by its lines")
    ]


def test_e9_a_platform_that_shows_the_negative_balance_itself_ties_out_as_well() -> None:
    shown = replace(C7, to_seller=Decimal("-79.67"))
    settled = settle(books([*SEVENTH, *EIGHTH], shown, C8), rules("summary_journal"))
    assert [each.status for each in settled.proofs] == [Status.TIED_OUT, Status.TIED_OUT]


def test_e9_a_negative_balance_at_the_month_s_end_is_shown_as_a_liability_and_moved_back() -> None:
    records = settle(books([*SEVENTH, *EIGHTH], C7, C8), rules("summary_journal")).records
    balance = balance_of(records, rules(), "EUR", END_OF_JANUARY)
    reclass = presentation_reclass(balance, rules(), "EUR", END_OF_JANUARY)
    assert reclass is not None
    assert reclass.reversal_day == date(2026, 2, 1)
    same(
        [reclass],
        """
        journalEntry 31 Jan
          marketplace_clearing                         79.67
          marketplace_payable                                      79.67
        """,
    )
    operator = presentation_reclass(balance, rules("operator"), "EUR", END_OF_JANUARY, shop="7")
    assert operator is not None
    assert balances([operator]) == money(seller_payable="-79.67", seller_receivable="79.67")
    assert presentation_reclass(Decimal(0), rules(), "EUR", END_OF_JANUARY) is None


def test_e11_a_reserve_is_an_asset_and_never_an_expense() -> None:
    lines = log(
        """ORDER_AMOUNT +2000.00 ORDER_AMOUNT_TAX +400.00 COMMISSION_FEE -240.00 COMMISSION_VAT -48.00
        RESERVE_FUNDING -500.00"""
    )
    later = log("RESERVE_SETTLEMENT +300.00", cycle="C2")
    c1 = a_cycle(lines)
    c2 = a_cycle(later, id="C2", closed_at=datetime(2026, 1, 30, tzinfo=UTC), pay_out=PayOut(state="TO_PAY"))
    settled = settle(books([*lines, *later], c1, c2), rules("summary_journal"))
    assert balances(settled.records) == money(
        bank_in_transit="1,612.00",
        reserve_receivable="200.00",
        marketplace_clearing="300.00",
        commission_expense="240.00",
        vat_receivable_on_fees="48.00",
        sales_revenue="-2,000.00",
        vat_output="-400.00",
    )
    assert settled.proofs[0].transferred == 1612
    operator = settle(books([*lines, *later], c1, c2), rules("operator"))
    assert balances(operator.records)["seller_reserve_liability"] == -200


def test_e12_a_refund_after_the_payout_is_of_its_own_day_and_lowers_the_next_one() -> None:
    lines = with_document(
        log(
            """REFUND_ORDER_AMOUNT -100.00 REFUND_ORDER_AMOUNT_TAX -20.00 REFUND_ORDER_SHIPPING_AMOUNT -5.00
            REFUND_ORDER_SHIPPING_AMOUNT_TAX -1.00 REFUND_COMMISSION_FEE +12.60 REFUND_COMMISSION_VAT +2.52""",
            created=datetime(2026, 2, 14, tzinfo=UTC),
        )
    )
    closed = datetime(2026, 2, 20, tzinfo=UTC)
    credit = a_document("12.60", "2.52", is_credit=True, issued=closed)
    memo = a_memo("126.00", day=date(2026, 2, 14))
    settled = settle(books(lines, an_invoice("126.00"), memo, credit, a_cycle(lines, closed_at=closed)), rules())
    same(
        settled.records,
        """
        customerRefund 20 Feb
          marketplace_clearing                                    126.00
          marketplace_ar                              126.00
        vendorCredit 20 Feb D1
          commission_expense                                       12.60
          vat_receivable_on_fees                                    2.52
          accounts_payable                             15.12
        journalEntry 20 Feb
          marketplace_clearing                         15.12
          accounts_payable                                         15.12
        """,
    )
    assert str(settled.proofs[0].carried_out) == "-110.88"


def test_e13_fees_that_are_booked_later_are_accrued_without_vat_and_reversed() -> None:
    pending = log("COMMISSION_FEE -812.40 COMMISSION_VAT -162.48", cycle=None, state="PENDING")
    known_to_the_order = an_order("2000.00", {}, "O-2", commission=Decimal("216.40"))
    of_no_invoice = log("COMMISSION_FEE -99.00", order="O-3", cycle=None)
    held = books(
        [*pending, *of_no_invoice],
        known_to_the_order,
        an_invoice("9000.00"),
        an_invoice("2000.00", "O-2"),
        a_cycle([], id="C0", to_seller=Decimal(0)),
    )
    accrual = accrue(held, rules(), settle(held, rules()).records, END_OF_JANUARY, "EUR")
    assert accrual is not None
    assert [(each.order_id, str(each.amount)) for each in accrual.basis] == [("O-1", "812.40"), ("O-2", "216.40")]
    assert accrual.record.reversal_day == date(2026, 2, 1)
    same(
        [accrual.record],
        """
        journalEntry 31 Jan
          commission_expense                        1,028.80
          accrued_marketplace_fees                              1,028.80
        """,
    )


def test_e13_what_a_bill_of_february_charges_for_january_is_accrued_in_january() -> None:
    closed = datetime(2026, 2, 1, tzinfo=UTC)
    lines = with_document(log("ORDER_AMOUNT +100.00 COMMISSION_FEE -12.00", created=datetime(2026, 1, 25, tzinfo=UTC)))
    february = books(lines, an_invoice("100.00"), a_document("12.00", issued=closed), a_cycle(lines, closed_at=closed))
    records = settle(february, rules()).records
    accrual = accrue(february, rules(), records, END_OF_JANUARY, "EUR")
    assert accrual is not None
    assert balances([accrual.record]) == money(commission_expense="12.00", accrued_marketplace_fees="-12.00")
    assert accrue(february, rules(), records, date(2026, 2, 28), "EUR") is None


def test_e13_an_operator_accrues_commission_on_goods_that_are_shipped() -> None:
    pending = log("COMMISSION_FEE -1028.80", cycle=None)
    shipped = an_order("9000.00", {}, shipped_at=datetime(2026, 1, 20, tzinfo=UTC))
    open_books = books(pending, shipped, a_cycle([], id="C0", to_seller=Decimal(0)))
    accrual = accrue(open_books, rules("operator"), (), END_OF_JANUARY, "EUR")
    assert accrual is not None
    assert balances([accrual.record]) == money(accrued_commission_receivable="1,028.80", commission_revenue="-1,028.80")


def test_e13_a_principal_earns_no_commission_so_none_is_accrued() -> None:
    """OR11 names the margin on its own sale as commission; the purchase is booked by the cycle that brings it."""
    shipped = an_order(
        "120.00", {}, shipped_at=datetime(2026, 1, 20, tzinfo=UTC), commission=Decimal("30.00"), state="SHIPPED"
    )
    open_books = books([], shipped, a_cycle([], id="C0", to_seller=Decimal(0)))
    assert accrue(open_books, rules("operator_principal"), (), END_OF_JANUARY, "EUR") is None
    agent = accrue(open_books, rules("operator"), (), END_OF_JANUARY, "EUR")
    assert agent is not None
    assert balances([agent.record])["commission_revenue"] == Decimal("-30.00")


def test_e13b_a_cycle_that_crosses_the_month_s_end_is_booked_in_both_months() -> None:
    january = log(
        "ORDER_AMOUNT +3000.00 ORDER_AMOUNT_TAX +600.00 COMMISSION_FEE -360.00 COMMISSION_VAT -72.00",
        created=datetime(2026, 1, 31, 22, 59, tzinfo=UTC),
    )
    february = log(
        """ORDER_AMOUNT +1500.00 ORDER_AMOUNT_TAX +300.00 REFUND_ORDER_AMOUNT -200.00 REFUND_ORDER_AMOUNT_TAX -40.00
        COMMISSION_FEE -180.00 COMMISSION_VAT -36.00 REFUND_COMMISSION_FEE +24.00 REFUND_COMMISSION_VAT +4.80""",
        order="O-2",
        created=datetime(2026, 1, 31, 23, 0, tzinfo=UTC),
    )
    lines = [*january, *february]
    paid = PayOut(state="PAID", paid_at=datetime(2026, 2, 9, tzinfo=UTC))
    cycle = a_cycle(lines, closed_at=datetime(2026, 2, 6, tzinfo=UTC), pay_out=paid)
    same(
        settle(books(lines, cycle), rules("summary_journal")).records,
        """
        journalEntry 31 Jan
          marketplace_clearing                      3,168.00
          commission_expense                          360.00
          sales_revenue                                         3,000.00
          vat_output                                              600.00
          vat_receivable_on_fees                       72.00
        journalEntry 06 Feb
          marketplace_clearing                      1,372.80
          commission_expense                          156.00
          refunds_contra                              200.00
          sales_revenue                                         1,500.00
          vat_output                                              260.00
          vat_receivable_on_fees                       31.20
        journalEntry 09 Feb
          bank_in_transit                           4,540.80
          marketplace_clearing                                  4,540.80
        """,
    )


def test_e17_a_payout_that_failed_stays_in_clearing_until_it_is_paid_once() -> None:
    lines = log("ORDER_AMOUNT +1612.00")
    failed = a_cycle(lines, pay_out=PayOut(state="FAILED", failure_reason="INCOMPLETE_KYC"))
    before = settle(books(lines, failed), rules("summary_journal"))
    assert before.proofs[0].status is Status.TIED_OUT
    assert balances(before.records)["marketplace_clearing"] == 1612
    after = settle(books(lines, a_cycle(lines)), rules("summary_journal"))
    new = [each for each in after.records if each not in before.records]
    assert [each.external_id for each in new] == ["T-leroy-fr-PO-C1"]
    assert balances(new) == money(bank_in_transit="1,612.00", marketplace_clearing="-1,612.00")


def test_a_payout_in_the_log_that_is_not_what_the_cycle_says_holds_it() -> None:
    lines = log("ORDER_AMOUNT +10.00 PAYMENT -9.00")
    settled = settle(books(lines), rules("summary_journal"))
    assert [(each.code, each.key) for each in settled.proofs[0].reasons] == [(Code.PAYOUT_DIFF, "C1")]


def test_a_payment_line_without_a_cycle_is_that_of_the_payout_of_its_amount() -> None:
    paid_at = datetime(2026, 1, 23, tzinfo=UTC)
    lines = log("ORDER_AMOUNT +10.00")
    loose = log("PAYMENT -10.00", cycle=None, created=paid_at) + log(
        "PAYMENT -9.00", cycle=None, created=paid_at, order="X"
    )
    payout = settle(books([*lines, *loose], a_cycle(lines)), rules("summary_journal")).records[-1]
    assert payout.source_line_ids == (loose[0].id,)


def test_a_cycle_that_is_held_uses_up_no_invoice() -> None:
    held, free = log("ORDER_AMOUNT +100.00"), log("ORDER_AMOUNT +100.00", cycle="C2")
    fee = with_document(log("SUBSCRIPTION_FEE -1.00"), "MISSING")
    later = a_cycle(free, id="C2", closed_at=datetime(2026, 1, 30, tzinfo=UTC))
    settled = settle(books([*held, *fee, *free], a_cycle([*held, *fee]), later, an_invoice("100.00")), rules())
    assert [each.status for each in settled.proofs] == [Status.HELD, Status.TIED_OUT]
    assert [str(each.amount) for each in settled.records[0].applications] == ["100.00"]


def test_a_cycle_that_does_not_tie_out_is_held_whole() -> None:
    lines = log("ORDER_AMOUNT +10.00")
    settled = settle(books(lines, a_cycle(lines, to_seller=Decimal("9.99"))), rules("summary_journal"))
    proof = settled.proofs[0]
    assert not settled.records
    assert (proof.status, str(proof.residual)) == (Status.HELD, "0.01")
    assert proof.posted_to_clearing == 0


def test_lines_of_another_currency_hold_the_cycle() -> None:
    lines = [*log("ORDER_AMOUNT +10.00"), *log("ORDER_AMOUNT +10.00", order="O-2", currency="GBP")]
    settled = settle(books(lines), rules("summary_journal"))
    assert [each.code for each in settled.proofs[0].reasons] == [Code.CURRENCY_MISMATCH]


def test_what_the_customer_pays_to_the_seller_is_told_but_not_booked() -> None:
    direct = log("ORDER_AMOUNT +100.00", state="NOT_APPLICABLE")
    fee = log("COMMISSION_FEE -12.00", order="O-2")
    settled = settle(books([*direct, *fee]), rules("summary_journal"))
    assert settled.proofs[0].sum_of_lines == -12
    assert balances(settled.records) == money(commission_expense="12.00", marketplace_clearing="-12.00")


def test_lines_of_no_cycle_wait() -> None:
    waiting = log("ORDER_AMOUNT +100.00", cycle=None)
    assert settle(books(waiting, a_cycle([], closed_at=CLOSED)), rules()).records == ()
