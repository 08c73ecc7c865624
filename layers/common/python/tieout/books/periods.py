"""`netsuite/periods.ndjson` of an export folder: accounting periods, as SuiteQL gives them (`accountingperiod`).

Columns: `begins` and `ends` (2026-09-01), `closed`, `alllocked`, `arlocked` (T or F). Left out, only what is booked
already tells that its period was closed.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from msgspec import Struct
from msgspec.json import Decoder

from tieout.books.folder import Files
from tieout.books.rows import Problem
from tieout.domain.reconcile.late import ClosedPeriod
from tieout.netsuite.booked_rows import UnreadableError


class Row(Struct, frozen=True):
    """A period of a month."""

    begins: str | None = None
    ends: str | None = None
    closed: str | None = None
    alllocked: str | None = None
    arlocked: str | None = None
    isquarter: str | None = None
    isyear: str | None = None
    isadjust: str | None = None


_ROW = Decoder(Row)


def read_closed_periods(folder: Path, problems: list[Problem]) -> list[ClosedPeriod]:
    """Those that take no receivables any more. What does not read is added to `problems`."""
    found = Files(folder / "netsuite", folder, problems).read("periods", _ROW, _closed)
    return sorted(period for _, period in found if period is not None)


def _closed(row: Row) -> ClosedPeriod | None:
    if "T" in {row.isquarter, row.isyear, row.isadjust}:
        return None
    period = ClosedPeriod(_day(row.begins, "begins"), _day(row.ends, "ends"))
    return period if "T" in {row.closed, row.alllocked, row.arlocked} else None


def _day(text: str | None, name: str) -> date:
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError as error:
        raise UnreadableError(f"{name} is not a day such as 2026-09-01") from error
