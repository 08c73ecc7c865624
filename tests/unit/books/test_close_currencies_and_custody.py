"""What a close pack says of other currencies, and an operator's of the money it holds and the sellers it reports."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from msgspec.structs import replace

from tests.unit.books.months import RULES, SHOP, closing, line, order, september
from tieout.books.close.closing import Closing
from tieout.books.close.gates import Verdict
from tieout.books.close.pack import Pack, build_pack
from tieout.domain.ledger.gl import GlLine
from tieout.domain.ledger.line import Books
from tieout.domain.ledger.rates import Arrival, Rate
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import BookingRules, Mode
from tieout.domain.ledger.settle import settle

CHART = RULES.accounts[0].accounts


def table(pack: Pack, file: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(pack.files[file].decode("utf-8"), newline="")))


def closed(books: Books, rules: BookingRules, **more: object) -> Pack:
    settled = settle(books, rules)
    made: Closing = closing(books, rules={SHOP: rules}, records=settled.records, proofs=settled.proofs, **more)
    return build_pack(made)


# --- currencies ------------------------------------------------------------------------------------------------------

BOOKED = Rate(day=date(2026, 8, 1), currency="GBP", into="EUR", rate=Decimal("1.2000"))
AT_PAYOUT = Rate(day=date(2026, 9, 2), currency="GBP", into="EUR", rate=Decimal("1.1500"))
MONTH_END = Rate(day=date(2026, 9, 30), currency="GBP", into="EUR", rate=Decimal("1.1000"))
IN_EUROS = replace(RULES, mode=Mode.SUMMARY_JOURNAL, pays_out="EUR")


def exchanged() -> Books:
    """August's payout of 109.88 arrived as 125.00 EUR; September's first is not on the statement yet."""
    arrivals = {"aug": Arrival(day=date(2026, 9, 4), currency="EUR", amount=Decimal("125.00"))}
    return replace(september(), arrivals=arrivals, rates=(BOOKED, AT_PAYOUT, MONTH_END))


def test_an_open_balance_is_revalued_at_the_month_s_last_rate() -> None:
    """69.88 of 11 September and 79.88 of the 21st are open, both booked at 1.15; at 1.10 they are worth less."""
    (row,) = [each for each in table(closed(exchanged(), IN_EUROS), "13-currencies.csv") if each["Currency"] == "GBP"]
    assert (row["Closing"], row["Into"], row["Rate"]) == ("149.76", "EUR", "1.1000")
    assert (row["Stands at"], row["Worth"], row["Unrealised"]) == ("172.22", "164.74", "-7.48")
    assert row["Basis"] == "the rates of the records' days"


def test_an_operator_is_worse_off_when_what_it_owes_is_worth_more() -> None:
    arrivals = {"aug": Arrival(day=date(2026, 9, 4), currency="EUR", amount=Decimal("-125.00"))}
    rates = (BOOKED, AT_PAYOUT, replace(MONTH_END, rate=Decimal("1.3000")))
    books, rules = replace(exchanged(), arrivals=arrivals, rates=rates), replace(IN_EUROS, mode=Mode.OPERATOR)
    (row,) = [each for each in table(closed(books, rules), "13-currencies.csv") if each["Currency"] == "GBP"]
    assert (row["Stands at"], row["Worth"], row["Unrealised"]) == ("172.22", "194.69", "-22.47")


def test_the_ledger_s_own_value_goes_before_the_rates() -> None:
    moved = GlLine(
        external_id="X",
        account=CHART[Role.MARKETPLACE_CLEARING],
        currency="GBP",
        debit=Decimal("149.76"),
        base=Decimal("170.00"),
        day=date(2026, 9, 21),
    )
    (row,) = [
        each
        for each in table(closed(exchanged(), IN_EUROS, gl_lines=[moved]), "13-currencies.csv")
        if each["Currency"] == "GBP"
    ]
    assert (row["Stands at"], row["Unrealised"]) == ("170.00", "-5.26")
    assert row["Basis"] == "ledger, in the books' own currency"


def test_without_rates_nothing_is_revalued_and_it_is_said() -> None:
    (row,) = table(closed(september(), RULES), "13-currencies.csv")
    assert (row["Closing"], row["Worth"], row["Unrealised"]) == ("79.88", "", "")
    assert row["Basis"].startswith("no rate in bank/rates")


def test_payouts_that_were_exchanged_and_those_that_wait_stand_with_what_they_cost() -> None:
    booked, waiting = table(closed(exchanged(), IN_EUROS), "13b-exchanged-payouts.csv")
    assert (booked["Cycle"], booked["Payout"], booked["Arrived"]) == ("aug", "109.88", "125.00")
    assert (booked["Stood at"], booked["Market's move"], booked["Spread"]) == ("131.86", "-5.50", "-1.36")
    assert (booked["Rate"], booked["State"]) == ("1.137605", "booked")
    assert (waiting["Cycle"], waiting["Payout"], waiting["Arrived"]) == ("sep-1", "69.88", "")
    assert "no line in EUR of the bank's statement names the payout PO-sep-1" in waiting["State"]


def test_an_exchanged_payout_keeps_the_gates() -> None:
    verdicts = {gate.id: gate.verdict for gate in closed(exchanged(), IN_EUROS).gates}
    assert {verdicts[each] for each in ("I3", "I7", "I8", "I9")} == {Verdict.PASSED}


# --- money that is held for sellers ----------------------------------------------------------------------------------

OPERATOR = replace(RULES, mode=Mode.OPERATOR)


def at(role: Role, debit: str) -> GlLine:
    amount = Decimal(debit)
    return GlLine(
        external_id=role,
        account=CHART[role],
        currency="GBP",
        debit=max(amount, Decimal(0)),
        credit=max(-amount, Decimal(0)),
        base=amount,
        day=date(2026, 9, 30),
    )


def custody(*ledger: GlLine) -> dict[str, str]:
    rows = table(closed(september(), OPERATOR, gl_lines=ledger), "16d-safeguarding.csv")
    return {each["What"]: each["Amount"] for each in rows}


def test_what_is_held_is_compared_with_what_is_owed_to_sellers_and_customers() -> None:
    """189.76 are owed to the seller, 25.00 came for orders that no cycle has, 5.00 go back to a customer."""
    ledger = [
        at(Role.CUSTOMER_FUNDS_UNALLOCATED, "-25.00"),
        at(Role.CUSTOMER_REFUNDS_PAYABLE, "-5.00"),
        at(Role.PSP_RECEIVABLE, "120.00"),
        at(Role.BANK_OR_PSP_WALLET, "99.76"),
    ]
    assert custody(*ledger) == {
        "To sellers": "189.76",
        "Reserves kept back from sellers": "0.00",
        "Customers' payments that no cycle has yet": "25.00",
        "Refunds that are still to be paid": "5.00",
        "At the payment provider": "120.00",
        "In the bank or wallet that payouts come from": "99.76",
        "By the bank's own confirmation": "",
        "Held less owed": "0.00",
    }
    assert custody(*ledger[:-1])["Held less owed"] == "-99.76"


def test_without_the_ledger_nobody_can_say_whether_the_money_is_there() -> None:
    rows = table(closed(september(), OPERATOR), "16d-safeguarding.csv")
    (check,) = [each for each in rows if each["Side"] == "Check"]
    assert check["Amount"] == ""
    assert "the general ledger was not read" in check["Basis"]


# --- what is reported of sellers -------------------------------------------------------------------------------------


def a_year() -> Books:
    """Two shops; a sale of December before, one of August, and September's with a refund and withheld tax."""
    books = september()
    taxed = line(8, "OPERATOR_REMITTED_ORDER_AMOUNT_TAX", "-20.00", "2026-09-15", "sep-2")
    before = order(9, "2025-12-30", "aug")
    other = order(10, "2026-09-15", None, shop="2002")
    manual = line(11, "MANUAL_CREDIT", "7.00", "2026-09-15", None, order_id=None, order_line_id=None)
    return replace(books, lines=(*books.lines, taxed, *before, *other, manual))


def reported(rules: BookingRules = OPERATOR) -> list[dict[str, str]]:
    return table(closed(a_year(), rules), "16e-reportable-by-seller.csv")


def test_each_seller_is_reported_by_month_from_the_start_of_the_year() -> None:
    rows = {(each["Seller"], each["Quarter"], each["Month"]): each for each in reported()}
    assert list(rows) == [
        ("2002", "2026-Q3", "2026-09"),
        ("the shop", "2026-Q3", "2026-08"),
        ("the shop", "2026-Q3", "2026-09"),
    ]
    august = rows["the shop", "2026-Q3", "2026-08"]
    assert (august["Sales"], august["Gross"], august["of which tax"], august["Fees"]) == (
        "1",
        "125.00",
        "20.00",
        "15.12",
    )
    september = rows["the shop", "2026-Q3", "2026-09"]
    assert (september["Sales"], september["Gross"], september["Refunded"]) == ("3", "375.00", "40.00")
    assert (september["Fees"], september["Tax withheld"]) == ("75.36", "20.00")
    assert september["Consideration"] == "239.64", "375.00 less 40.00, 75.36 and 20.00; the manual credit is in none"


def test_it_says_since_when_the_log_is_known() -> None:
    assert {each["Log since"] for each in reported()} == {"2026-01-01"}
    rows = table(closed(september(), OPERATOR), "16e-reportable-by-seller.csv")
    assert {each["Log since"] for each in rows} == {"2026-08-20"}


def test_who_buys_and_sells_itself_has_no_sellers_to_report() -> None:
    pack = closed(september(), replace(RULES, mode=Mode.OPERATOR_PRINCIPAL))
    assert "16d-safeguarding.csv" in pack.files
    assert "16e-reportable-by-seller.csv" not in pack.files


@pytest.mark.parametrize("file", ["16d-safeguarding.csv", "16e-reportable-by-seller.csv"])
def test_a_seller_has_neither(file: str) -> None:
    assert file not in closed(september(), RULES).files
