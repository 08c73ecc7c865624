"""Payouts against the bank: found, late, of another amount; and invoices that our payment left open."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import ROOT
from tests.unit.books.folders import CYCLE, MARKETPLACE, Folder, a_cycle, an_invoice
from tieout.books.break_log import FileBreakLog
from tieout.books.close.closing import Period
from tieout.books.close.folder import closing_of
from tieout.books.close.gates import Gate, Verdict
from tieout.books.close.pack import build_pack
from tieout.books.reconcile import Reconciled, reconcile_folder
from tieout.config import Config, read_config
from tieout.domain.ids import external_id
from tieout.domain.reconcile.bank import PaidOut, StatementLine, at_the_bank
from tieout.domain.reconcile.breaks import Code

AS_OF = date(2026, 11, 30)
PAID = date(2026, 9, 13)


@pytest.fixture(scope="module")
def config() -> Config:
    return read_config(ROOT / "config/gift-shop.yaml")


def compared(folder: Folder, config: Config, as_of: date = AS_OF) -> Reconciled:
    return reconcile_folder(folder.root, config, [MARKETPLACE], as_of)


def told(found: Reconciled) -> list[tuple[str, str, Decimal]]:
    return [(each.code, each.key, each.amount) for each in found.breaks]


def shown(day: str, amount: float, reference: str = "", currency: str = "GBP") -> dict[str, Any]:
    return {"date": day, "amount": amount, "currency": currency, "reference": reference}


END = shown("2026-10-31", 5.0, "interest")


class TestAFolder:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Folder:
        return Folder(tmp_path)

    def test_without_a_statement_the_bank_is_not_compared_and_it_is_said(self, folder: Folder, config: Config) -> None:
        found = compared(folder, config)
        assert told(found) == []
        assert found.problems == []
        assert found.not_compared[0] == (
            "There is no line of a bank/statement: payouts were not compared with the bank."
        )

    @pytest.mark.parametrize(
        "line",
        [shown("2026-09-15", 98.0, "MIRAKL / po-1 / SEP"), shown("2026-09-15", 98.0), shown("2026-09-12", 98.0)],
        ids=["by its reference", "by amount and day", "a day before Mirakl's"],
    )
    def test_a_payout_on_the_statement_is_no_break(self, folder: Folder, config: Config, line: dict[str, Any]) -> None:
        folder.write("statement", [line, END])
        found = compared(folder, config)
        assert told(found) == []
        assert not any("bank" in each for each in found.not_compared)

    def test_a_payout_that_no_statement_shows(self, folder: Folder, config: Config) -> None:
        folder.write("statement", [shown("2026-09-01", 98.0), shown("2026-09-14", 12.0), END])
        (found,) = compared(folder, config).breaks
        assert (found.code, found.key, found.amount) == (Code.PAYOUT_NOT_IN_BANK, CYCLE, Decimal("98.00"))
        assert "PO-1" in found.explanation
        assert found.blocks_close

    def test_a_payout_of_another_amount(self, folder: Folder, config: Config) -> None:
        folder.write("statement", [shown("2026-09-15", 95.5, "PO-1"), END])
        (found,) = compared(folder, config).breaks
        assert (found.code, found.key, found.amount) == (Code.PAYOUT_DIFF, CYCLE, Decimal("2.50"))

    def test_a_statement_that_ends_before_the_money_is_due_says_nothing(self, folder: Folder, config: Config) -> None:
        folder.write("statement", [shown("2026-09-01", 1.0), shown("2026-09-16", 1.0)])
        assert told(compared(folder, config)) == []

    def test_a_payout_that_failed_is_not_looked_for(self, folder: Folder, config: Config) -> None:
        folder.write("billing_cycles", [a_cycle(pay_out={"state": "FAILED", "failure_reason": "INCOMPLETE_KYC"})])
        folder.write("statement", [shown("2026-09-01", 1.0), END])
        assert [each.code for each in compared(folder, config).breaks] == [Code.PAYOUT_FAILED]

    def test_a_row_that_does_not_read_may_be_the_payout(self, folder: Folder, config: Config) -> None:
        folder.write("statement", [shown("2026-09-01", 1.0), {**shown("2026-09-14", 98.0), "date": "14/09/2026"}, END])
        found = compared(folder, config)
        assert told(found) == []
        (problem,) = found.problems
        assert (problem.file, problem.line, problem.field) == ("bank/statement.ndjson", 2, "date")


PAYMENT = {
    "externalid": external_id(MARKETPLACE, "PMT", f"{CYCLE}-2026-09-1"),
    "type": "CustPymt",
    "tranid": "PMT1",
    "trandate": "2026-09-11",
    "currency": "GBP",
    "foreigntotal": 116.0,
    "status": "deposited",
}


class TestWhatIsPaid:
    @pytest.mark.parametrize(("unpaid", "left"), [(0, None), (116.0, "116.00"), (6.0, "6.00")])
    def test_an_invoice_that_our_payment_left_open(
        self, tmp_path: Path, config: Config, unpaid: float, left: str | None
    ) -> None:
        folder = Folder(tmp_path)
        folder.write("documents", [an_invoice(foreignamountunpaid=unpaid), PAYMENT])
        expected = [] if left is None else [(Code.UNDER_APPLIED, "A-1", Decimal(left))]
        assert told(compared(folder, config)) == expected

    def test_before_the_cycle_is_booked_it_is_open_and_rightly_so(self, tmp_path: Path, config: Config) -> None:
        folder = Folder(tmp_path)
        folder.write("documents", [an_invoice(foreignamountunpaid=116.0)])
        assert told(compared(folder, config)) == []


class TestTheClose:
    def closed(self, folder: Folder, config: Config, log: FileBreakLog) -> tuple[Gate, bool]:
        made = closing_of(folder.root, config, Period(2026, 9), log, as_of=AS_OF, marketplaces=[MARKETPLACE])
        gate = next(gate for gate in build_pack(made).gates if gate.id == "I24")
        return gate, any(
            case.found.code is Code.PAYOUT_NOT_IN_BANK and case.blocks_close for case in made.cases.values()
        )

    def test_a_missing_payout_fails_its_gate_until_a_statement_shows_it(self, tmp_path: Path, config: Config) -> None:
        folder, log = Folder(tmp_path / "export"), FileBreakLog(tmp_path / "breaks.ndjson")
        gate, blocks = self.closed(folder, config, log)
        assert (gate.verdict, blocks) == (Verdict.NOT_CHECKED, False)

        folder.write("statement", [shown("2026-09-01", 1.0), END])
        gate, blocks = self.closed(folder, config, log)
        assert (gate.verdict, blocks) == (Verdict.FAILED, True)

        # A statement of a later month does not reach it, and ends nothing.
        folder.write("statement", [shown("2026-10-01", 1.0), END])
        assert self.closed(folder, config, log)[1]

        folder.write("statement", [shown("2026-09-14", 98.0), END])
        gate, blocks = self.closed(folder, config, log)
        assert (gate.verdict, blocks) == (Verdict.PASSED, False)
        assert gate.words == "1 payouts on the statement, 0 that it does not reach"


def a_payout(name: str, amount: int, day: date = PAID, reference: str = "") -> PaidOut:
    return PaidOut(
        marketplace="m", cycle=name, day=day, amount=Decimal(amount), currency="EUR", reference=reference or name
    )


def a_line(amount: int, day: date = PAID, reference: str = "", currency: str = "EUR") -> StatementLine:
    return StatementLine(day=day, amount=Decimal(amount), currency=currency, reference=reference)


def test_a_transfer_in_parts_is_the_sum_of_its_parts_and_one_that_came_back_is_none() -> None:
    parts = [a_line(60, reference="PO-77 1/2"), a_line(40, reference="PO-77 2/2")]
    assert at_the_bank([a_payout("PO-77", 100)], parts, AS_OF).found
    back = [a_line(100, reference="PO-77"), a_line(-100, reference="PO-77 RETURNED")]
    ((_, amount),) = at_the_bank([a_payout("PO-77", 100)], back, AS_OF).otherwise
    assert amount == 0


def test_what_the_bank_exchanged_is_found_and_its_amount_says_nothing() -> None:
    assert at_the_bank([a_payout("PO-77", 100)], [a_line(86, reference="PO-77", currency="GBP")], AS_OF).found


def test_a_reference_that_every_payout_bears_does_not_tell_them_apart() -> None:
    later = PAID + timedelta(days=10)
    payouts = [a_payout("one", 100, reference="SHOP-2101"), a_payout("two", 70, later, reference="SHOP-2101")]
    lines = [a_line(70, later, "SHOP-2101"), a_line(100, PAID, "SHOP-2101")]
    assert len(at_the_bank(payouts, lines, AS_OF).found) == 2


def test_a_longer_reference_is_not_taken_for_a_shorter_one() -> None:
    payouts = [a_payout("PO-GBP-1", 100), a_payout("PO-GBP-1-2", 70)]
    lines = [a_line(70, reference="PO-GBP-1-2"), a_line(100, reference="PO-GBP-1")]
    assert len(at_the_bank(payouts, lines, AS_OF).found) == 2


@given(
    payouts=st.lists(st.tuples(st.integers(1, 5), st.integers(0, 40)), max_size=8),
    lines=st.lists(st.tuples(st.integers(1, 5), st.integers(0, 60)), max_size=8),
)
def test_every_payout_is_told_once_and_no_line_stands_for_two(
    payouts: list[tuple[int, int]], lines: list[tuple[int, int]]
) -> None:
    paid = [a_payout(f"c{n}", amount, PAID + timedelta(days=on), "SAME") for n, (amount, on) in enumerate(payouts)]
    shown = [a_line(amount, PAID + timedelta(days=on)) for amount, on in lines]
    at_bank = at_the_bank(paid, shown, AS_OF)
    names = [each.cycle for each in (*at_bank.found, *at_bank.missing, *at_bank.waiting)]
    assert sorted(names) == sorted(each.cycle for each in paid)
    assert len(at_bank.found) <= len(shown)
    assert at_the_bank(paid[::-1], shown[::-1], AS_OF) == at_bank
