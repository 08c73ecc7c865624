"""A bank's file as a person imports it, or puts it into an export folder: CSV or NDJSON, and clear words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tieout.books.bank import RateRow, Row, rate_of, statement_line
from tieout.books.bank_file import read_bank_file
from tieout.books.rows import Problem
from tieout.domain.ledger.rates import Rate
from tieout.domain.reconcile.bank import StatementLine

LINE = StatementLine(day=date(2026, 9, 15), amount=Decimal("8512.30"), currency="GBP", reference="PO-1")


def read(path: Path, content: str) -> tuple[list[StatementLine], list[str]]:
    path.write_text(content, encoding="utf-8")
    problems: list[Problem] = []
    lines = read_bank_file(path, Row, statement_line, problems)
    return lines, [str(each) for each in problems]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("statement.csv", "date,amount,currency,reference\n2026-09-15,8512.30,GBP,PO-1\n"),
        ("statement.CSV", "reference;currency;amount;date;balance\nPO-1;GBP;8512.30;2026-09-15;9999\n"),
        ("statement.csv", '\ufeffdate\tamount\tcurrency\treference\n2026-09-15\t8512.30\tGBP\t"PO-1"\n'),
        ("statement.ndjson", '{"date": "2026-09-15", "amount": 8512.30, "currency": "GBP", "reference": "PO-1"}\n'),
        ("statement", '{"date": "2026-09-15", "amount": "8512.30", "currency": "GBP", "reference": "PO-1"}\n'),
    ],
)
def test_a_statement_is_csv_or_json_lines(tmp_path: Path, name: str, content: str) -> None:
    assert read(tmp_path / name, content) == ([LINE], [])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "statement.csv, line 1, field date, amount, currency: is no column: "),
        ("day,amount,currency\n", "statement.csv, line 1, field date: is no column: "),
        ("date,amount,currency\n2026-09-15,8.512,30,GBP\n", "statement.csv, line 2: has more cells"),
        ("date,amount,currency\n15/09/2026,1,GBP\n", "statement.csv, line 2, field date: is not a day such as"),
        ('date,amount,currency\n2026-09-15,1,GBP\n2026-09-15,"1,234.50",GBP\n', "line 3, field amount: "),
        ("date,amount,currency\n2026-09-15,1,pounds\n", "statement.csv, line 2, field currency: "),
        ("date,amount,currency\n2026-09-15,NaN,GBP\n", "statement.csv, line 2, field amount: "),
        ("date,amount,currency\n2026-09-15,1\n", "statement.csv, line 2: object missing required field `currency`"),
    ],
)
def test_what_does_not_read_names_its_line_and_field(tmp_path: Path, content: str, words: str) -> None:
    _, (told,) = read(tmp_path / "statement.csv", content)
    assert words in told


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "statement.csv").write_bytes(b"date,amount\xff\xfe")
    problems: list[Problem] = []
    assert read_bank_file(tmp_path / "statement.csv", Row, statement_line, problems) == []
    assert "UTF-8" in str(problems[0])


def test_rates_say_what_one_is_worth_of_another(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("date,currency,into,rate\n2026-09-15,EUR,GBP,0.8550\n2026-09-16,EUR,EUR,1\n2026-09-17,EUR,GBP,0\n")
    problems: list[Problem] = []
    rates = read_bank_file(path, RateRow, rate_of, problems)
    assert rates == [Rate(day=date(2026, 9, 15), currency="EUR", into="GBP", rate=Decimal("0.8550"))]
    assert [(each.line, each.field) for each in problems] == [(3, "into"), (4, "rate")]
