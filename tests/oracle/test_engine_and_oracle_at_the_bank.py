"""Statements with faults at random: the search for payouts and the oracle's tell the same of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle.at_the_bank import bank_findings
from tests.oracle.small_books import AS_OF, RULES, SHOP
from tieout.books.bank import Statement, bank_breaks, payouts_at_the_bank
from tieout.domain.ledger.line import Books, Cycle, PayOut
from tieout.domain.reconcile.bank import StatementLine

PAID = datetime(2026, 9, 3, 9, tzinfo=UTC)
STATES = ("PAID", "PAID", "PAID", "TO_PAY")
FIRST, LAST = date(2026, 8, 20), date(2026, 10, 20)


@st.composite
def a_bank(draw: st.DrawFn) -> tuple[tuple[Cycle, ...], tuple[StatementLine, ...]]:
    """Payouts a week apart, each on the statement, or later, or in parts, or with another amount, or not at all."""
    cycles: list[Cycle] = []
    lines: list[StatementLine] = []
    for number in range(draw(st.integers(1, 6))):
        amount = Decimal(100 * (number + 1)) + Decimal(draw(st.integers(1, 99))) / 100
        paid_at = PAID + timedelta(days=7 * number)
        reference = f"PO-{1000 + number}"
        cycles.append(
            Cycle(
                id=f"cycle-{number}",
                currency="GBP",
                closed_at=paid_at - timedelta(days=2),
                to_seller=amount,
                to_operator=None,
                pay_out=PayOut(
                    state=draw(st.sampled_from(["PAID", "PAID", "PAID", "TO_PAY"])),
                    reference=reference,
                    paid_at=paid_at,
                ),
            )
        )
        words = draw(
            st.sampled_from([reference, f"transfer {reference.lower()} mirakl", f"po {1000 + number}", "transfer", ""])
        )
        day = paid_at.date() + timedelta(days=draw(st.integers(-2, 9)))
        how = draw(st.sampled_from(["whole", "whole", "parts", "less", "none"]))
        shown = {"whole": [amount], "parts": [amount - 60, Decimal(60)], "less": [amount - 5], "none": []}[how]
        lines += [StatementLine(day=day, amount=each, currency="GBP", reference=words) for each in shown]
    for day in draw(st.sampled_from([(), (LAST,), (FIRST, LAST)])):
        lines.append(StatementLine(day=day, amount=Decimal("-7.77"), currency="GBP", reference="charges"))
    return tuple(cycles), tuple(lines)


def test_both_miss_the_same_payouts_of_any_statement() -> None:
    seen: dict[str, int] = {}

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(a_bank())
    def agree(case: tuple[tuple[Cycle, ...], tuple[StatementLine, ...]]) -> None:
        cycles, lines = case
        books, statement = Books(marketplace=SHOP, lines=(), cycles=cycles), Statement(lines=lines, is_whole=True)
        engine = bank_breaks(payouts_at_the_bank([books], {SHOP: RULES}, statement, AS_OF), statement)
        oracle = list(bank_findings(cycles, lines, RULES.time_zone, AS_OF))

        assert {(each.code.value, each.key, each.amount) for each in engine} == {
            (each.code, each.key, each.amount) for each in oracle
        }
        for code in {each.code for each in oracle}:
            seen[code] = seen.get(code, 0) + 1

    agree()

    assert seen.keys() == {"PAYOUT_DIFF", "PAYOUT_NOT_IN_BANK"}
    assert min(seen.values()) >= 20, seen
