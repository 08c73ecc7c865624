"""Lines as Parquet: exact, and the same lines are the same bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import fields

from tieout.books.parquet import COLUMNS, parquet_of
from tieout.domain.ledger.line import Line

NOON = datetime(2026, 3, 1, 12, 30, 15, 123_000, tzinfo=UTC)


def a_line(number: int, amount: str, **details: str) -> Line:
    return Line(
        id=f"line-{number}",
        type="ORDER_AMOUNT",
        amount=Decimal(amount),
        currency="KWD",
        created=NOON,
        updated=NOON,
        **details,  # type: ignore[arg-type]
    )


def read(packed: bytes, folder: Path, what: str) -> list[tuple[object, ...]]:
    file = folder / "lines.parquet"
    file.write_bytes(packed)
    return duckdb.execute(f"SELECT {what} FROM '{file}'").fetchall()


def test_amounts_instants_and_words_come_back_as_they_were(tmp_path: Path) -> None:
    told = 'it\'s "quoted"; DROP TABLE lines --\n'
    packed = parquet_of([a_line(1, "-12.345", description=told, order_id="A-1")])
    ((amount, created, description, order_id, tax),) = read(
        packed, tmp_path, "amount, created, description, order_id, tax_code"
    )
    assert (amount, description, order_id, tax) == (Decimal("-12.345"), told, "A-1", None)
    assert created == NOON.replace(tzinfo=None)


def test_no_lines_are_a_file_with_columns(tmp_path: Path) -> None:
    assert read(parquet_of([]), tmp_path, "*") == []


def test_a_column_is_missing_for_nothing_but_what_has_a_place_elsewhere() -> None:
    """The cycle is the partition; credited and debited are the amount."""
    assert {each.name for each in fields(Line)} - set(COLUMNS) == {"cycle", "credited", "debited"}


@settings(max_examples=10, deadline=None)
@given(st.permutations([a_line(number, f"{number}.5") for number in range(6)]))
def test_the_same_lines_in_any_order_are_the_same_bytes(lines: list[Line]) -> None:
    assert parquet_of(lines) == parquet_of(sorted(lines, key=lambda line: line.id))
