"""`tieout breaks` on a break history in a file."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tieout.books.break_log import FileBreakLog
from tieout.cli.app import app
from tieout.domain.reconcile.breaks import Break, Code
from tieout.domain.reconcile.workflow import Run
from tieout.flows.reconcile.break_log import take_in


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """Two breaks, seen on 1 October; the last run looked at 20 October."""
    file = tmp_path / "cases.ndjson"
    found = [
        Break(
            code=code,
            key=key,
            marketplace="brightside-uk",
            currency="GBP",
            amount=Decimal(amount),
            explanation="invoice 112.34, log 100.00",
            proposal="credit memo",
        )
        for code, key, amount in ((Code.AMOUNT_DIFF, "1001-A", "12.34"), (Code.COMMISSION_RATE, "1002-A", "40"))
    ]
    for day in (1, 20):
        at = datetime(2026, 10, day, tzinfo=UTC)
        run = Run(id=f"run-{day}", as_of=date(2026, 10, day), at=at, marketplaces=frozenset({"brightside-uk"}))
        take_in(FileBreakLog(file), found, run)
    return file


def tieout(cases: Path, *words: str) -> str:
    result = CliRunner().invoke(app, ["breaks", *words, "--cases", str(cases)])
    assert result.exit_code == 0, result.output
    return result.output


def refused(cases: Path, *words: str) -> str:
    result = CliRunner().invoke(app, ["breaks", *words, "--cases", str(cases)])
    assert result.exit_code == 2
    return result.output.replace("\n", " ")


def test_the_list_is_oldest_first_or_largest_first(cases: Path) -> None:
    told = json.loads(tieout(cases, "list", "--json"))
    assert (told["as_of"], told["count"]) == ("2026-10-20", 2)
    assert [(each["key"], each["days"], each["bucket"]) for each in told["breaks"]] == [
        ("1001-A", 19, "8-30"),
        ("1002-A", 19, "8-30"),
    ]
    largest = json.loads(tieout(cases, "list", "--by", "amount", "--json"))["breaks"]
    assert [each["amount"] for each in largest] == ["40.00", "12.34"]
    assert "marketplace account manager" in tieout(cases, "list", "--code", "COMMISSION_RATE")


def test_two_people_take_a_break_to_its_end(cases: Path) -> None:
    tieout(cases, "assign", "1001-A", "--to", "Cid", "--by", "Ann")
    tieout(cases, "propose", "1001-A", "--reason", "credit memo of 12.34", "--by", "Ann")
    assert "second person" in refused(cases, "approve", "1001-A", "--by", "Ann")
    tieout(cases, "approve", "1001-A", "--by", "Bob")
    tieout(cases, "post", "1001-A", "--reason", "CM-77", "--by", "Ann")
    told = json.loads(tieout(cases, "show", "1001-A", "--json"))
    assert (told["state"], told["owner"]) == ("posted", "Cid")
    assert [(each["who"], each["action"]) for each in told["history"]] == [
        ("run", "found"),
        ("Ann", "assign"),
        ("Ann", "propose"),
        ("Bob", "approve"),
        ("Ann", "post"),
    ]
    assert "CM-77" in tieout(cases, "show", "brightside-uk/AMOUNT_DIFF/1001-A")


def test_what_cannot_be_done_is_told_in_a_sentence(cases: Path, tmp_path: Path) -> None:
    assert "there is no break 9" in refused(cases, "show", "9")
    assert "what can be done now: propose" in refused(cases, "claim", "1002-A", "--reason", "x", "--by", "Ann")
    assert "is not there" in refused(tmp_path / "none.ndjson", "list")
    cases.write_text(cases.read_text(encoding="utf-8").replace("12.34", "1.00"), encoding="utf-8")
    assert "was changed after it was written" in refused(cases, "list")
