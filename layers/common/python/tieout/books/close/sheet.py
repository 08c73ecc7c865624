"""A report of the close pack, before it becomes a sheet of the workbook, a CSV file or a table of the page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from tieout.domain.money import Money, rounded


class Kind(StrEnum):
    """What a column holds; every cell of it, or nothing."""

    TEXT = "text"
    """Always text, whatever it begins with."""
    DAY = "day"
    INSTANT = "instant"
    """UTC."""
    MONEY = "money"
    """`Money`, with the digits of its own currency."""
    COUNT = "count"
    PERCENT = "percent"
    """Of a hundred: 12.5 is an eighth."""


Cell = str | date | datetime | Money | Decimal | int | None


class Column(Struct, frozen=True):
    """One column."""

    name: str
    kind: Kind = Kind.TEXT


class Sheet(Struct, frozen=True, kw_only=True):
    """One report: `number` and `name` are those of the close pack's list."""

    number: str
    """`2`, or `4b` for the second part of a report."""
    name: str
    """At most 24 characters: Excel allows 31 with the number."""
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    says: str
    """What it proves or shows, and what has to be zero, in one or two sentences."""

    @property
    def title(self) -> str:
        """Name of the sheet in the workbook."""
        return f"{self.number} {self.name}"

    @property
    def file(self) -> str:
        """Name of its CSV file, which sorts as the reports do."""
        digits = "".join(each for each in self.number if each.isdigit())
        letter = self.number[len(digits) :]
        return f"{int(digits):02d}{letter}-{self.name.lower().replace(' ', '-')}.csv"


def a_sheet(number: str, name: str, says: str, columns: Iterable[Column], rows: Iterable[Iterable[Cell]]) -> Sheet:
    """A report. Raises ValueError when a row is not as wide as the columns: always our mistake."""
    columns = tuple(columns)
    made = tuple(tuple(row) for row in rows)
    for row in made:
        if len(row) != len(columns):
            raise ValueError(f"{number} {name}: {len(row)} cells for {len(columns)} columns")
    return Sheet(number=number, name=name, says=says, columns=columns, rows=made)


def texts(*names: str) -> tuple[Column, ...]:
    """Columns of text."""
    return tuple(Column(name) for name in names)


def moneys(*names: str) -> tuple[Column, ...]:
    """Columns of amounts."""
    return tuple(Column(name, Kind.MONEY) for name in names)


def counts(*names: str) -> tuple[Column, ...]:
    """Columns of whole numbers."""
    return tuple(Column(name, Kind.COUNT) for name in names)


def days(*names: str) -> tuple[Column, ...]:
    """Columns of days."""
    return tuple(Column(name, Kind.DAY) for name in names)


def figure(amount: Money) -> str:
    """`-12.50`: with the currency's digits; one that had more is shown whole, never rounded away."""
    neat = rounded(amount.amount, amount.currency)
    return f"{(neat if neat == amount.amount else amount.amount) + 0:f}"


def in_words(cell: Cell) -> str:
    """A cell as text, the same everywhere: amounts and days as machines read them."""
    if cell is None:
        return ""
    if isinstance(cell, Money):
        return figure(cell)
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(cell, date):
        return cell.isoformat()
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
