"""Worked examples 6, 7, 8 and 15: manual items, subscription, tax that the operator remits, reverse charge."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.unit.domain.ledger.bookkeeping import (
    CHART,
    a_document,
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
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import AccountVersion, FeeVat, Override
from tieout.domain.ledger.settle import settle
from tieout.domain.reconcile.breaks import Code

CREDIT = with_document(log("MANUAL_CREDIT +25.00 MANUAL_CREDIT_VAT +5.00"), "M1")
INVOICE = with_document(log("MANUAL_INVOICE -50.00 MANUAL_INVOICE_VAT -10.00"), "M2")
MANUAL = [*CREDIT, *INVOICE]
DOCUMENTS = (
    a_document("25.00", "5.00", "M1", is_credit=True, description="Lost parcel"),
    a_document("50.00", "10.00", "M2", description="Sponsored products, May"),
)
ADS = Override(
    type="MANUAL_INVOICE", description=re.compile("sponsored|ads", re.IGNORECASE), role=Role.MARKETING_EXPENSE
)


def test_e6_manual_documents_are_set_off_and_the_rest_is_paid() -> None:
    settled = settle(books(MANUAL, *DOCUMENTS), rules(overrides=(ADS,)))
    same(
        settled.records,
        """
        vendorCredit 21 Jan M1
          marketplace_adjustments                                  25.00
          vat_receivable_on_fees                                    5.00
          accounts_payable                             30.00
        vendorBill 21 Jan M2
          marketing_expense                            50.00
          vat_receivable_on_fees                       10.00
          accounts_payable                                         60.00
        vendorPayment 21 Jan
          accounts_payable                             30.00
          marketplace_clearing                                     30.00
        """,
    )
    credit, bill, paid = settled.records
    assert [(each.external_id, str(each.amount)) for each in credit.applications] == [(bill.external_id, "30.00")]
    assert credit.after == (bill.external_id,)
    assert [str(each.amount) for each in paid.applications] == ["30.00"]


@pytest.mark.parametrize("mode", ["record_level", "summary_journal"])
def test_e6_a_rule_by_description_leaves_the_vat_of_the_item_where_it_belongs(mode: str) -> None:
    by_words = Override(description=re.compile("sponsored", re.IGNORECASE), role=Role.MARKETING_EXPENSE)
    assert balances(settle(books(INVOICE, DOCUMENTS[1]), rules(mode, overrides=(by_words,))).records) == money(
        marketing_expense="50.00", vat_receivable_on_fees="10.00", marketplace_clearing="-60.00"
    )


def test_e6_a_rule_that_names_the_vat_itself_moves_the_document_s_vat() -> None:
    as_cost = Override(type="MANUAL_INVOICE_VAT", role=Role.MARKETING_EXPENSE)
    assert balances(settle(books(INVOICE, DOCUMENTS[1]), rules(overrides=(ADS, as_cost))).records) == money(
        marketing_expense="60.00", marketplace_clearing="-60.00"
    )


def test_e6_credits_beyond_the_bills_come_by_journal() -> None:
    more = [replace(line, amount=line.amount * 4) for line in CREDIT]
    credit = a_document("100.00", "20.00", "M1", is_credit=True)
    settled = settle(books([*more, *INVOICE], credit, DOCUMENTS[1]), rules())
    same(
        settled.records[2:3],
        """
        journalEntry 21 Jan
          marketplace_clearing                         60.00
          accounts_payable                                         60.00
        """,
    )


def test_e6_an_item_that_no_rule_names_is_another_marketplace_fee() -> None:
    settled = settle(books(INVOICE, DOCUMENTS[1]), rules())
    assert balances(settled.records)["other_marketplace_fees"] == 50


def test_e6_by_summary_and_for_the_operator() -> None:
    summary = settle(books(MANUAL, *DOCUMENTS), rules("summary_journal", overrides=(ADS,)))
    assert balances(summary.records) == money(
        marketing_expense="50.00",
        marketplace_adjustments="-25.00",
        vat_receivable_on_fees="5.00",
        marketplace_clearing="-30.00",
    )
    operator = settle(books(MANUAL, *DOCUMENTS), rules("operator"))
    assert balances(operator.records) == money(
        marketplace_adjustments_expense="25.00",
        other_marketplace_revenue="-50.00",
        vat_output="-5.00",
        seller_payable="30.00",
    )


def test_a_document_that_is_not_there_holds_the_cycle() -> None:
    settled = settle(books(CREDIT), rules())
    assert [(each.code, each.key) for each in settled.proofs[0].reasons] == [(Code.DOC_NOT_TIED, "M1")]
    assert settle(books(CREDIT), rules(fees_by_bill=False)).proofs[0].reasons == ()


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (
            "record_level",
            {"subscription_expense": "39.99", "vat_receivable_on_fees": "8.00", "marketplace_clearing": "-47.99"},
        ),
        (
            "summary_journal",
            {"subscription_expense": "39.99", "vat_receivable_on_fees": "8.00", "marketplace_clearing": "-47.99"},
        ),
        ("operator", {"subscription_revenue": "-39.99", "vat_output": "-8.00", "seller_payable": "47.99"}),
    ],
)
def test_e7_a_subscription(mode: str, expected: dict[str, str]) -> None:
    lines = with_document(log("SUBSCRIPTION_FEE -39.99 SUBSCRIPTION_VAT -8.00"))
    assert balances(settle(books(lines, a_document("39.99", "8.00")), rules(mode)).records) == money(**expected)


FACILITATED = """
    ORDER_AMOUNT +80.00 ORDER_AMOUNT_TAX +6.60 @US-NY OPERATOR_REMITTED_ORDER_AMOUNT_TAX -6.60 @US-NY
    COMMISSION_FEE -12.00"""


def test_e8_tax_that_the_operator_remits_passes_through_with_both_legs_shown() -> None:
    lines = with_document(log(FACILITATED))
    settled = settle(books(lines, an_invoice("80.00"), a_document("12.00")), rules())
    same(
        settled.records[:-1],
        """
        customerPayment 21 Jan
          marketplace_clearing                         80.00
          marketplace_ar                                           80.00
        vendorBill 21 Jan D1
          commission_expense                           12.00
          accounts_payable                                         12.00
        vendorPayment 21 Jan
          accounts_payable                             12.00
          marketplace_clearing                                     12.00
        journalEntry 21 Jan
          marketplace_clearing                          6.60
          marketplace_clearing                                      6.60
          facilitator_tax_wash                          6.60
          facilitator_tax_wash                                      6.60
        """,
    )


def test_e8_by_summary_there_is_no_output_vat_and_the_operator_owes_the_tax() -> None:
    lines = log(FACILITATED)
    assert balances(settle(books(lines), rules("summary_journal")).records[:-1]) == money(
        sales_revenue="-80.00", commission_expense="12.00", marketplace_clearing="68.00"
    )
    assert balances(settle(books(lines), rules("operator")).records[:-1]) == money(
        customer_funds_unallocated="86.60",
        sales_tax_payable="-6.60",
        commission_revenue="-12.00",
        seller_payable="-68.00",
    )


def test_e15_under_reverse_charge_the_vat_is_owed_and_deducted_at_once() -> None:
    lines = with_document(log("COMMISSION_FEE -12.60"))
    german = rules(fee_vat=FeeVat.REVERSE_CHARGE, reverse_charge_rate=Decimal(19))
    same(
        settle(books(lines, a_document("12.60"), an_invoice("1.00")), german).records[:1],
        """
        vendorBill 21 Jan D1
          commission_expense                           12.60
          vat_receivable_reverse_charge                 2.39
          vat_payable_reverse_charge                                2.39
          accounts_payable                                         12.60
        """,
    )
    by_journal = settle(books(lines), replace(german, mode=rules("summary_journal").mode))
    assert balances(by_journal.records) == money(
        commission_expense="12.60",
        marketplace_clearing="-12.60",
        vat_receivable_reverse_charge="2.39",
        vat_payable_reverse_charge="-2.39",
    )


@pytest.mark.parametrize(
    ("regime", "expected"),
    [
        (FeeVat.NON_RECOVERABLE, {"commission_expense": "15.12", "marketplace_clearing": "-15.12"}),
        (FeeVat.OUT_OF_SCOPE, {"commission_expense": "12.60", "tax_review": "2.52", "marketplace_clearing": "-15.12"}),
        (
            FeeVat.DOMESTIC,
            {"commission_expense": "12.60", "vat_receivable_on_fees": "2.52", "marketplace_clearing": "-15.12"},
        ),
    ],
)
def test_vat_on_fees_is_booked_by_the_seller_s_own_regime(regime: FeeVat, expected: dict[str, str]) -> None:
    lines = with_document(log("COMMISSION_FEE -12.60 COMMISSION_VAT -2.52"))
    settled = settle(books(lines, a_document("12.60", "2.52"), an_invoice("1.00")), rules(fee_vat=regime))
    assert balances(settled.records) == money(**expected)


def test_a_tax_code_of_fees_stands_on_what_is_taxed_and_on_no_penalty() -> None:
    lines = with_document(log("SUBSCRIPTION_FEE -10.00 SUBSCRIPTION_VAT -2.00 SELLER_PENALTY_FEE -1.00"))
    bill = settle(books(lines, a_document("11.00", "2.00")), rules(fee_tax_code="FR-S")).records[0]
    assert {entry.role.value: entry.tax_code for entry in bill.entries} == {
        "subscription_expense": "FR-S",
        "vat_receivable_on_fees": "FR-S",
        "penalty_expense": None,
        "accounts_payable": None,
    }


def test_a_role_without_an_account_holds_the_cycle_and_says_which() -> None:
    without: dict[Role, str] = {
        role: account for role, account in CHART.items() if role is not Role.SUBSCRIPTION_EXPENSE
    }
    poor = rules(accounts=(AccountVersion(rules().accounts[0].since, None, without),))
    settled = settle(books(log("SUBSCRIPTION_FEE -39.99")), poor)
    assert not settled.records
    assert "no account for subscription_expense" in settled.proofs[0].reasons[0].explanation


def test_a_type_that_nobody_knows_holds_the_cycle_and_shows_the_line() -> None:
    settled = settle(books(log("NEW_MYSTERY_FEE -1.49")), rules())
    assert [(each.code, each.key) for each in settled.proofs[0].reasons] == [(Code.UNMAPPED_TYPE, "O-1")]
    assert "NEW_MYSTERY_FEE" in settled.proofs[0].reasons[0].explanation


def test_an_older_name_of_a_type_is_known() -> None:
    settled = settle(books(log("RESERVE_FUNDING -5.00") + log("SELLER_RESERVE_FUND -5.00", order="O-2")), rules())
    assert balances(settled.records)["reserve_receivable"] == 10


def test_the_first_override_that_fits_wins_and_may_name_an_account_of_its_own() -> None:
    eco = Override(fee_code="ECO", role=Role.OTHER_REVENUE, account="7010")
    all_fees = Override(type="ORDER_FEE_AMOUNT", role=Role.ORDER_FEE_EXPENSE)
    lines = log("ORDER_FEE_AMOUNT +0.30", fee_code="ECO") + log("ORDER_FEE_AMOUNT +1.00", order="O-2")
    settled = settle(books(lines), rules("summary_journal", overrides=(eco, all_fees)))
    assert balances(settled.records[:1]) == money(
        other_revenue="-0.30", order_fee_expense="-1.00", marketplace_clearing="1.30"
    )
    assert "7010" in {entry.account for entry in settled.records[0].entries}


def test_an_override_of_goods_leaves_the_tax_inside_the_price_to_be_taken_out() -> None:
    own = rules("summary_journal", overrides=(Override(type="ORDER_SHIPPING_AMOUNT", account="4011"),))
    lines = log("ORDER_AMOUNT +108.00 ORDER_SHIPPING_AMOUNT +12.00")
    journal = settle(books(lines, an_order("120.00", {"FR-20": "20.00"})), own).records[0]
    shown = {(entry.role.value, entry.account): str(entry.credit or -entry.debit) for entry in journal.entries}
    assert shown == {
        ("marketplace_clearing", "A-marketplace_clearing"): "-120.00",
        ("sales_revenue", "A-sales_revenue"): "90.00",
        ("shipping_revenue", "4011"): "10.00",
        ("vat_output", "A-vat_output"): "20.00",
    }


def test_an_override_of_goods_by_record_goes_where_it_says_and_not_onto_the_invoice() -> None:
    own = rules(overrides=(Override(type="ORDER_SHIPPING_AMOUNT", role=Role.OTHER_REVENUE),))
    lines = log("ORDER_AMOUNT +100.00 ORDER_SHIPPING_AMOUNT +5.00")
    assert balances(settle(books(lines, an_invoice("100.00")), own).records[:2]) == money(
        marketplace_clearing="105.00", marketplace_ar="-100.00", other_revenue="-5.00"
    )


def test_the_account_map_is_read_by_posting_day_and_a_map_for_the_currency_wins() -> None:
    base = rules().accounts[0]
    newer = AccountVersion(base.since.replace(year=2026), None, {**CHART, Role.PENALTY_EXPENSE: "6131"})
    euro = AccountVersion(base.since, "EUR", {Role.MARKETPLACE_CLEARING: "1116"})
    future = AccountVersion(base.since.replace(year=2027), None, {Role.PENALTY_EXPENSE: "9999"})
    versions = rules(accounts=(base, newer, euro, future))
    accounts = [entry.account for entry in settle(books(log("SELLER_PENALTY_FEE -1.00")), versions).records[0].entries]
    assert accounts == ["1116", "6131"]
