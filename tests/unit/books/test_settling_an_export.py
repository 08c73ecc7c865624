"""An export settled: what has a hole is held, and nothing of it is booked."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.shared import ROOT
from tests.unit.books.folders import CYCLE, LINES, MARKETPLACE, Folder, a_cycle
from tests.unit.books.hostile import GOOD, wrong_fields
from tieout.books.postings_out import shown, write_outcome
from tieout.books.review import review
from tieout.books.settling import Outcome
from tieout.cli.settle import settled_files
from tieout.config import Config, read_config
from tieout.domain.ledger.proof import Status


def one_marketplace() -> Config:
    whole = read_config(ROOT / "config/gift-shop.yaml")
    return whole.model_copy(update={"marketplaces": {MARKETPLACE: whole.marketplaces[MARKETPLACE]}})


CONFIG = one_marketplace()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "export")


def settled(folder: Folder) -> Outcome:
    return settled_files(folder.root, CONFIG)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("12.5", "GBP", "12.50"),
        ("-0.00", "GBP", "0.00"),
        ("1E+3", "JPY", "1000"),
        ("1.5", "KWD", "1.500"),
        ("0.005", "GBP", "0.005"),
    ],
)
def test_amounts_have_the_digits_of_their_currency_and_are_never_rounded(amount: str, currency: str, text: str) -> None:
    assert shown(Decimal(amount), currency) == text


def test_a_cycle_with_a_line_that_cannot_be_read_is_held_even_where_the_others_tie_out(folder: Folder) -> None:
    folder.lines([*LINES, {**LINES[0], "id": "half", "date_created": "soon"}])
    outcome = settled(folder)
    (proof,) = outcome.proofs
    assert (proof.residual, proof.status) == (Decimal(0), Status.HELD)
    assert "could not be read" in proof.reasons[0].explanation
    assert outcome.records == ()


def test_a_bad_row_of_one_cycle_leaves_the_others_alone(folder: Folder) -> None:
    other = "5f2e1c00-0000-0000-0000-00000000000b"
    folder.write("billing_cycles", [a_cycle(), a_cycle(0, id=other, date_created="2026-09-21T00:00:00Z")])
    folder.lines([*LINES, {**LINES[0], "id": "half", "amount": "lots", "seller_billing_cycle_id": other}])
    outcome = settled(folder)
    assert {proof.cycle: proof.status for proof in outcome.proofs} == {CYCLE: Status.TIED_OUT, other: Status.HELD}
    assert {record.cycle for record in outcome.records} == {CYCLE}


def test_lines_of_no_cycle_are_counted(folder: Folder) -> None:
    folder.lines([*LINES, {**LINES[0], "id": "next", "seller_billing_cycle_id": None}])
    (waiting,) = settled(folder).waiting
    assert (waiting.cycle, waiting.lines, waiting.amount) == (None, 1, Decimal(116))


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=100)
@given(data=st.data(), kind=st.sampled_from(sorted(GOOD)))
def test_whatever_stands_in_a_file_a_cycle_is_proven_or_held(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, kind: str
) -> None:
    """Beside the good rows stands one with anything in it."""
    folder = Folder(tmp_path_factory.mktemp("hostile"))
    good = folder.path(kind).read_bytes().splitlines()
    folder.write(kind, [*good, {**GOOD[kind], **data.draw(wrong_fields(kind))}])
    outcome = settled(folder)
    write_outcome(outcome, folder.root / "out")
    review(outcome)
    booked = {record.cycle for record in outcome.records}
    for proof in outcome.proofs:
        assert (proof.status is Status.HELD) == bool(proof.reasons)
        if proof.status is Status.TIED_OUT:
            assert proof.residual == 0
            assert proof.posted_to_clearing == proof.sum_of_lines
        else:
            assert proof.cycle not in booked
    if outcome.problems and kind in {"transaction_lines", "documents"} and not outcome.held:
        # Only a row that says that it is of no cycle, or of an order without lines, may leave the cycle proven.
        assert {problem.line for problem in outcome.problems} == {len(good) + 1}
