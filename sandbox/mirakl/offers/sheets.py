"""Files as Mirakl takes them (CSV with semicolons, a header, UTF-8), and its reports of the lines it refused."""

import csv
import io
from collections.abc import Collection, Mapping
from typing import NamedTuple

REPORT_COLUMNS = ("error-line", "error-message")
"""A report can be sent again once its values are put right: these two columns are then passed over."""


class Unreadable(Exception):
    """A file of which no line can be taken; says why."""


class Row(NamedTuple):
    """One line, its cells by column; a column that the file does not have is not in there."""

    line: int
    cells: list[str]
    values: Mapping[str, str]
    problem: str


class Sheet(NamedTuple):
    columns: list[str]
    rows: list[Row]

    def report(self, errors: Mapping[int, str]) -> bytes:
        """The lines in error: their number, why, and what was sent."""
        text = io.StringIO()
        out = csv.writer(text, delimiter=";", lineterminator="\n")
        out.writerow([*REPORT_COLUMNS, *self.columns])
        for row in self.rows:
            if row.line in errors:
                out.writerow([row.line, errors[row.line], *row.cells])
        return text.getvalue().encode()


def read_sheet(content: bytes, required: Collection[str], known: Collection[str] | None = None) -> Sheet:
    """The header is line 1. Raises Unreadable for what is no such file, or has not the columns it must have.

    With `known` any other column makes it unreadable too.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Unreadable(f"The file is not UTF-8: {wrong.reason} at byte {wrong.start}") from wrong
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True))
    except csv.Error as wrong:
        raise Unreadable(f"The file is not CSV: {wrong}") from wrong
    if not lines or not any(lines[0]):
        raise Unreadable("The file is empty")
    header = lines[0]
    if len(set(header)) != len(header):
        raise Unreadable("A column is there twice")
    if missing := [name for name in required if name not in header]:
        raise Unreadable(f"Column missing: {', '.join(missing)}; columns are separated by ;")
    if known is not None and (odd := [name for name in header if name not in {*known, *REPORT_COLUMNS}]):
        raise Unreadable(f"Unknown column: {', '.join(odd)}")
    kept = [place for place, name in enumerate(header) if name not in REPORT_COLUMNS]
    columns = [header[place] for place in kept]
    rows = [
        _row(number, cells, kept, columns, width=len(header))
        for number, cells in enumerate(lines[1:], start=2)
        if cells
    ]
    return Sheet(columns, rows)


def _row(number: int, cells: list[str], kept: list[int], columns: list[str], *, width: int) -> Row:
    problem = f"{len(cells)} cells in a line of {width} columns" if len(cells) > width else ""
    found = [cells[place] if place < len(cells) else "" for place in kept]
    return Row(number, found, dict(zip(columns, found, strict=True)), problem)
