"""Gate I20: tax on shipping that the operator pays waits in tax_review until a person has said where it belongs."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.books.months import RULES, SHOP, closing, line, september
from tieout.books.close.closing import Closing, accounts_of
from tieout.books.close.gates import Gate, Verdict, gates_of
from tieout.books.close.roll_forward import roll_forward
from tieout.domain.ledger.gl import GlLine
from tieout.domain.ledger.line import Books
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import BookingRules, Mode, Override
from tieout.domain.ledger.settle import settle

KEPT, GIVEN_BACK = "OPERATOR_PAID_ORDER_SHIPPING_AMOUNT_TAX", "OPERATOR_PAID_REFUND_ORDER_SHIPPING_AMOUNT_TAX"
REVIEW = "A-tax_review"
PAGE = Path(__file__).resolve().parents[3] / "docs/finance/month-end.md"


def a_month(*lines: tuple[str, str]) -> Books:
    """September, with lines in its second cycle; what it transfers is less by so much."""
    books = september()
    more = tuple(line(90 + n, kind, amount, "2026-09-18", "sep-2") for n, (kind, amount) in enumerate(lines))
    total = sum((each.amount for each in more), Decimal(0))
    cycles = tuple(
        replace(each, to_seller=each.to_seller + total) if each.id == "sep-2" else each for each in books.cycles
    )
    return replace(books, lines=(*books.lines, *more), cycles=cycles)


def closed(books: Books, rules: BookingRules = RULES) -> Closing:
    settled = settle(books, rules)
    return closing(books, rules={SHOP: rules}, records=settled.records, proofs=settled.proofs)


def gate(made: Closing) -> Gate:
    accounts = accounts_of(made)
    (found,) = [each for each in gates_of(made, accounts, [roll_forward(one) for one in accounts]) if each.id == "I20"]
    return found


def test_tax_that_the_operator_kept_blocks_the_month_and_names_its_type() -> None:
    made = closed(a_month((KEPT, "-1.00")))
    assert [proof.status for proof in made.proofs if proof.cycle == "sep-2"] == ["tied_out"], "the cycle itself is fine"
    found = gate(made)
    assert found.verdict is Verdict.FAILED
    assert "tax_review 1.00 GBP" in found.words
    assert f"of {KEPT}: a person says where it belongs" in found.words


def test_a_month_without_it_passes() -> None:
    assert gate(closed(september())).verdict is Verdict.PASSED


def test_an_override_is_the_decision_and_nobody_is_asked_again() -> None:
    """The one on the page: the tax lowers what is owed."""
    (told,) = re.findall(r"```yaml\noverrides:\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    overrides = tuple(Override(type=each["when"]["type"], role=Role(each["role"])) for each in yaml.safe_load(told))
    assert {each.type for each in overrides} == {KEPT, GIVEN_BACK}
    made = closed(a_month((KEPT, "-3.00"), (GIVEN_BACK, "1.00")), replace(RULES, overrides=overrides))
    assert gate(made).verdict is Verdict.PASSED
    assert sum(record.movement(Role.TAX_REVIEW) for record in made.records) == 0


@pytest.mark.parametrize(("cleared", "verdict"), [("1.00", Verdict.PASSED), ("0.60", Verdict.FAILED)])
def test_a_journal_by_hand_clears_the_account_if_it_takes_all_of_it(cleared: str, verdict: Verdict) -> None:
    """Where NetSuite's ledger was read, it is asked, and not our own records."""
    made = closed(a_month((KEPT, "-1.00")))
    ledger = [
        GlLine(
            external_id=external_id,
            account=REVIEW,
            currency="GBP",
            debit=max(amount, Decimal(0)),
            credit=max(-amount, Decimal(0)),
            day=date(2026, 9, 30),
        )
        for external_id, amount in (("T-brightside-uk-JE-1", Decimal("1.00")), ("by hand", -Decimal(cleared)))
    ]
    assert gate(replace(made, gl_lines=ledger)).verdict is verdict


def test_in_an_operator_s_books_it_is_the_operator_s_own_vat() -> None:
    made = closed(a_month((KEPT, "-1.00")), replace(RULES, mode=Mode.OPERATOR))
    assert gate(made).verdict is Verdict.PASSED
    assert sum(record.movement(Role.VAT_OUTPUT) for record in made.records if record.cycle == "sep-2") < 0


@given(st.lists(st.tuples(st.sampled_from([KEPT, GIVEN_BACK]), st.integers(1, 900)), max_size=6))
def test_the_gate_passes_exactly_where_nothing_is_left(drawn: list[tuple[str, int]]) -> None:
    """Whatever was kept and given back in the month."""
    lines = [(kind, f"{cents / 100 * (-1 if kind == KEPT else 1):.2f}") for kind, cents in drawn]
    left = sum((Decimal(amount) for _, amount in lines), Decimal(0))
    made = closed(a_month(*lines))
    assert (gate(made).verdict is Verdict.PASSED) == (left == 0)
