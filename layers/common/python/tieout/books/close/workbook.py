"""Reports as an Excel workbook and as CSV files: the same reports give the same bytes; no text is ever a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import xlsxwriter

from tieout.books.close.sheet import Cell, Column, Kind, Sheet, in_words
from tieout.domain.money import Money, exponent_of

MOST_ROWS = 1_048_000
"""Rows of a sheet that Excel can hold, less the heading; the CSV file has them all."""
_MOST_DIGITS = 15
"""Digits that a number of Excel keeps."""
_HEADING = 3
_WIDEST = 60
_BORN = datetime(2000, 1, 1)  # noqa: DTZ001  a workbook's property has no zone; a clock would change the bytes
_COMMANDS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LONGEST = 32_000
"""Characters of a cell, a little below what Excel takes."""


def workbook_bytes(sheets: Sequence[Sheet], title: str) -> bytes:
    """The workbook, a sheet a report: days are dates, amounts are numbers, and text is text whatever it begins with."""
    made = BytesIO()
    book = xlsxwriter.Workbook(
        made,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
            "default_date_format": "yyyy-mm-dd",
        },
    )
    book.set_properties({"title": title, "author": "Tieout", "created": _BORN})
    formats = _Formats(book)
    for sheet in sheets:
        _write(book.add_worksheet(sheet.title[:31]), sheet, formats)
    book.close()
    return made.getvalue()


class _Formats:
    """Formats of the workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[str, Any] = {}

    def __call__(self, numbers: str) -> Any:
        """By number format."""
        return self._one(numbers, {"num_format": numbers})

    @property
    def heading(self) -> Any:
        """Of the columns' names."""
        return self._one("heading", {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})

    @property
    def title(self) -> Any:
        """Of the report's name."""
        return self._one("title", {"bold": True, "font_size": 14})

    def money(self, currency: str) -> Any:
        """With the currency's digits."""
        digits = exponent_of(currency)
        return self("#,##0" + (f".{'0' * digits}" if digits else ""))

    def _one(self, name: str, how: dict[str, Any]) -> Any:
        if name not in self._made:
            self._made[name] = self._book.add_format(how)
        return self._made[name]


def _write(page: Any, sheet: Sheet, formats: _Formats) -> None:
    page.write_string(0, 0, sheet.title, formats.title)
    page.write_string(1, 0, sheet.says)
    for place, column in enumerate(sheet.columns):
        page.write_string(_HEADING, place, column.name, formats.heading)
        page.set_column(place, place, _width(sheet, place, column))
    for number, row in enumerate(sheet.rows[:MOST_ROWS], start=_HEADING + 1):
        for place, cell in enumerate(row):
            _write_cell(page, number, place, cell, sheet.columns[place].kind, formats)
    if len(sheet.rows) > MOST_ROWS:
        page.write_string(2, 0, f"{len(sheet.rows)} rows: the rest is in {sheet.file}")
    page.freeze_panes(_HEADING + 1, 0)
    if sheet.rows:
        page.autofilter(_HEADING, 0, _HEADING + min(len(sheet.rows), MOST_ROWS), len(sheet.columns) - 1)


def _write_cell(  # noqa: PLR0917  place and value, as a cell is said
    page: Any, row: int, place: int, cell: Cell, kind: Kind, formats: _Formats
) -> None:
    if cell is None:
        return
    if isinstance(cell, Money) and _fits(cell.amount):
        # Excel knows no other numbers: up to 15 digits a double shows exactly what it was given.
        page.write_number(row, place, float(cell.amount), formats.money(cell.currency))
    elif isinstance(cell, datetime):
        page.write_datetime(row, place, cell.astimezone(UTC).replace(tzinfo=None), formats("yyyy-mm-dd hh:mm:ss"))
    elif isinstance(cell, date):
        page.write_datetime(row, place, cell, formats("yyyy-mm-dd"))
    elif isinstance(cell, int) and _fits(Decimal(cell)):
        page.write_number(row, place, cell, formats("#,##0"))
    elif isinstance(cell, Decimal) and _fits(cell):
        page.write_number(row, place, float(cell), formats("0.00" if kind is Kind.PERCENT else "0.00####"))
    else:
        page.write_string(row, place, _NOT_IN_XML.sub("\ufffd", in_words(cell))[:_LONGEST])


def _fits(amount: Decimal) -> bool:
    return len(amount.normalize().as_tuple().digits) <= _MOST_DIGITS


def _width(sheet: Sheet, place: int, column: Column) -> float:
    seen = (len(in_words(row[place])) for row in sheet.rows[:200])
    return min(_WIDEST, max(8, *(len(word) for word in column.name.split()), *seen, 0) + 2)


def csv_bytes(sheet: Sheet) -> bytes:
    """A report as RFC 4180 in UTF-8. Text that a spreadsheet would run begins with an apostrophe."""
    made = StringIO(newline="")
    writer = csv.writer(made, lineterminator="\r\n")
    writer.writerow([_harmless(column.name) for column in sheet.columns])
    for row in sheet.rows:
        writer.writerow([_harmless(cell) if isinstance(cell, str) else in_words(cell) for cell in row])
    return made.getvalue().encode("utf-8", "replace")


def _harmless(text: str) -> str:
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_COMMANDS) or text.startswith(_COMMANDS) else text
