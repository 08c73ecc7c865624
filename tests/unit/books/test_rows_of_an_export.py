"""Rows of an export's file: each that does not read is told by its line and field, and the others are used."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.books.folders import LINES, a_line
from tieout.books.rows import Problem, rows
from tieout.domain.ledger.line import Line
from tieout.mirakl.settlement_rows import line_of
from tieout.mirakl.wire_settlement import TRANSACTION_LINE


def read(path: Path) -> tuple[list[Line], list[Problem]]:
    problems: list[Problem] = []
    return list(rows(path, TRANSACTION_LINE, line_of, problems)), problems


def stored(tmp_path: Path, content: bytes, name: str = "transaction_lines.ndjson") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def as_bytes(lines: list[dict[str, Any]], end: bytes = b"\n") -> bytes:
    return b"".join(json.dumps(line).encode() + end for line in lines)


@pytest.mark.parametrize(
    "content",
    [
        as_bytes(LINES),
        as_bytes(LINES).rstrip(b"\n"),
        as_bytes(LINES, b"\r\n"),
        as_bytes(LINES, b"\n\n  \n"),
        b"\xef\xbb\xbf" + as_bytes(LINES),
        gzip.compress(as_bytes(LINES)),
        gzip.compress(b"\xef\xbb\xbf" + as_bytes(LINES, b"\r\n")),
    ],
    ids=["plain", "no end of line", "CRLF", "blank lines", "BOM", "gzip", "gzip, BOM, CRLF"],
)
@pytest.mark.parametrize("name", ["lines.ndjson", "lines.ndjson.gz"])
def test_a_file_reads_as_whoever_wrote_it_saved_it(tmp_path: Path, content: bytes, name: str) -> None:
    found, problems = read(stored(tmp_path, content, name))
    assert problems == []
    assert [line.amount for line in found] == [Decimal(116), Decimal(-15), Decimal(-3)]


def test_an_empty_file_has_no_rows_and_no_problem(tmp_path: Path) -> None:
    assert read(stored(tmp_path, b"")) == ([], [])
    assert read(stored(tmp_path, gzip.compress(b""))) == ([], [])


def test_unknown_fields_are_passed_over_and_unknown_types_are_kept(tmp_path: Path) -> None:
    line = a_line(1, "SOMETHING_NEW", -2.5, invented={"deep": [1, {"a": None}]}, psp_balance=None)
    found, problems = read(stored(tmp_path, as_bytes([line])))
    assert problems == []
    assert (found[0].type, found[0].amount) == ("SOMETHING_NEW", Decimal("-2.5"))


def test_a_null_is_as_good_as_a_field_that_is_left_out(tmp_path: Path) -> None:
    nulls = {"payment_state": None, "seller_billing_cycle_id": None, "entities": None, "balance": None, "shop": None}
    found, problems = read(stored(tmp_path, as_bytes([{**a_line(1, "ORDER_AMOUNT", 5.0), **nulls}])))
    assert problems == []
    assert (found[0].cycle, found[0].order_id, found[0].balance) == (None, None, None)


BAD: list[tuple[dict[str, Any] | bytes, str, str]] = [
    ({"amount": None, "amount_credited": None}, "amount", "is missing"),
    ({"amount": "many"}, "amount", "is not a number"),
    ({"amount": [1]}, "amount", "is a list where a number is expected"),
    ({"amount": True}, "amount", "is true or false where a number is expected"),
    ({"amount": "NaN"}, "amount", "is not a number"),
    ({"amount": "Infinity"}, "amount", "is not a number"),
    ({"balance": "sNaN"}, "balance", "is not a number"),
    ({"amount_debited": "-Infinity"}, "amount_debited", "is not a number"),
    ({"amount": "1e999999999"}, "amount", "is no amount of money"),
    ({"amount": "1e-999999999"}, "amount", "is no amount of money"),
    ({"amount": 116.001, "amount_credited": 116.001}, "amount", "has more digits than GBP has"),
    ({"amount": 115.0}, "amount", "is not amount_credited less amount_debited"),
    ({"id": None}, "id", "is missing"),
    ({"id": ""}, "id", "is missing"),
    ({"id": 7}, "id", "is a whole number where text is expected"),
    ({"type": None}, "type", "is missing"),
    ({"currency_iso_code": "gbp"}, "currency_iso_code", "is not three capital letters"),
    ({"date_created": None}, "date_created", "is missing"),
    ({"date_created": "yesterday"}, "date_created", "is not an instant such as 2026-09-01T00:00:00Z"),
    ({"date_created": "0001-01-01T00:00:00+14:00"}, "date_created", "is in the year 1"),
    ({"date_created": "9999-12-31T23:59:59-14:00"}, "date_created", "is in the year 9999"),
    ({"entities": {"order": {"id": []}}}, "entities.order.id", "is a list where a whole number or text is expected"),
    ({"entities": {"order_tax": {"rate": "NaN"}}}, "entities.order_tax.rate", "is not a number"),
    (b"[]", "", "is a list: write one object a line"),
    (b'{"id":"x"', "", "is not JSON"),
    (b"{'id': 1}", "", "is not JSON"),
    (b'{"amount": NaN}', "", "is not JSON"),
    (b'{"id":"\xff\xfe"}', "", "is not JSON"),
    (b'{"id":"\\ud800"}', "", "is not JSON"),
    (b"garbage", "", "is not JSON"),
    (b"null", "", "is nothing where an object is expected"),
    (b'{"x":' + b"[" * 50_000, "", "is nested too deeply"),
]


@pytest.mark.parametrize(("wrong", "field", "message"), BAD, ids=[f"{each[1]}-{each[2][:20]}" for each in BAD])
def test_a_row_that_does_not_read_is_named_and_the_others_are_used(
    tmp_path: Path, wrong: dict[str, Any] | bytes, field: str, message: str
) -> None:
    row = wrong if isinstance(wrong, bytes) else json.dumps({**LINES[0], **wrong}).encode()
    content = as_bytes(LINES[1:2]) + b"\n" + row + b"\n" + as_bytes(LINES[2:])
    found, problems = read(stored(tmp_path, content))
    assert [line.type for line in found] == ["COMMISSION_FEE", "COMMISSION_VAT"]
    assert [(each.file, each.line, each.field) for each in problems] == [("transaction_lines.ndjson", 3, field)]
    assert message in problems[0].message
    assert "line 3" in str(problems[0])


def test_a_file_that_breaks_off_is_told_with_the_line_where_it_does(tmp_path: Path) -> None:
    many = gzip.compress(as_bytes([a_line(number, "ORDER_AMOUNT", 1.0) for number in range(2000)]))
    found, problems = read(stored(tmp_path, many[: len(many) // 2]))
    assert 0 < len(found) < 2000
    assert [each.line for each in problems] == [len(found) + 1]
    assert "breaks off" in problems[0].message


def test_a_damaged_packed_file_is_told(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(as_bytes([a_line(number, "ORDER_AMOUNT", 1.0) for number in range(2000)])))
    packed[len(packed) // 2] ^= 0xFF
    _, problems = read(stored(tmp_path, bytes(packed)))
    assert problems
    assert all(each.line > 0 for each in problems)


def test_what_is_not_utf_8_or_not_a_file_is_told_once(tmp_path: Path) -> None:
    _, problems = read(stored(tmp_path, as_bytes(LINES).decode().encode("utf-16")))
    assert [(each.line, each.message) for each in problems] == [(1, "is UTF-16: save it as UTF-8")]
    (tmp_path / "folder.ndjson").mkdir()
    _, problems = read(tmp_path / "folder.ndjson")
    assert [(each.line, each.message) for each in problems] == [(0, "cannot be read: Is a directory")]


def test_a_file_of_any_length_takes_the_memory_of_a_row(tmp_path: Path) -> None:
    path = stored(tmp_path, as_bytes([a_line(1, "ORDER_AMOUNT", 1.0)]) * 5_000)
    tracemalloc.start()
    count = sum(1 for _ in rows(path, TRANSACTION_LINE, line_of, []))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 5_000
    assert peak < 1_000_000


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(
        ["NaN", "sNaN1", "-Infinity", "1e400", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00Z", "EUR", ""]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    wrong=st.dictionaries(st.sampled_from([*LINES[0], "balance", "shop", "pay_out_psp_code"]), anything, max_size=4),
    entities=st.none()
    | st.dictionaries(st.sampled_from(["order", "order_line", "order_tax", "fee", "refund", "one_off_item"]), anything),
)
def test_whatever_stands_in_the_fields_a_row_is_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, wrong: dict[str, Any], entities: Any
) -> None:
    row = {**LINES[0], "entities": entities, **wrong}
    path = stored(tmp_path_factory.mktemp("rows"), json.dumps(row).encode() + b"\n" + as_bytes(LINES[1:]))
    found, problems = read(path)
    assert len(found) + len(problems) == len(LINES)
    assert all(each.line == 1 for each in problems)
    for line in found:
        assert line.amount.is_finite()


@given(content=st.binary(max_size=300))
def test_any_bytes_are_read_or_told(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """What is no row is a problem: nothing is passed over but blank lines."""
    for start in (b"", b"\x1f\x8b", b"\xef\xbb\xbf"):
        found, problems = read(stored(tmp_path_factory.mktemp("bytes"), start + content))
        assert found == []
        if content.removeprefix(b"\xef\xbb\xbf").strip() and not start:
            assert problems
