"""Accounting periods, by SuiteQL: the day that a document may be dated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from msgspec import Struct

from tieout.domain.errors import NeedsAttention, Reason
from tieout.netsuite.connection import Connection
from tieout.netsuite.suiteql import rows

KEPT = timedelta(minutes=5)
"""An accountant who opens or closes a period sees it work that soon."""
NEXT_OPEN = "next_open_period"

_PERIODS = """
SELECT p.id, p.periodname, TO_CHAR(p.startdate, 'YYYY-MM-DD') AS begins, TO_CHAR(p.enddate, 'YYYY-MM-DD') AS ends,
  p.closed, p.alllocked, p.arlocked
FROM accountingperiod p
WHERE p.isquarter = 'F' AND p.isyear = 'F' AND p.isadjust = 'F'
ORDER BY p.startdate
"""


class Period(Struct, frozen=True):
    """A base period. The role cannot override a lock, so that locked is as good as closed."""

    name: str
    begins: date
    ends: date
    is_open: bool


class Periods:
    """The periods of one account, kept for five minutes."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._clock = clock
        self._known: list[Period] = []
        self._until: datetime | None = None

    def open_day(self, day: date, policy: str) -> date:
        """`day`, or the first day after it that is open. Raises NeedsAttention(PERIOD_CLOSED)."""
        periods = self._periods()
        period = next((each for each in periods if each.begins <= day <= each.ends), None)
        if period is not None and period.is_open:
            return day
        later = next((each for each in periods if each.begins > day and each.is_open), None)
        if period is None or policy != NEXT_OPEN or later is None:
            facts = {"day": day.isoformat(), "period": period.name if period else "(none has this day)"}
            raise NeedsAttention(Reason.PERIOD_CLOSED, facts)
        return later.begins

    def _periods(self) -> list[Period]:
        now = self._clock()
        if self._until is None or now >= self._until:
            self._known = [
                Period(
                    row.get("periodname", row["id"]),
                    date.fromisoformat(row["begins"]),
                    date.fromisoformat(row["ends"]),
                    "T" not in {row.get("closed"), row.get("alllocked"), row.get("arlocked")},
                )
                for row in rows(self._connection, _PERIODS)
            ]
            self._until = now + KEPT
        return self._known
