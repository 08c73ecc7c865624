"""Days of records: a cycle that crosses the end of a month is booked in two parts, each in its own month."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The day in the books' zone."""
    return instant.astimezone(zone).date()


def last_day(day: date) -> date:
    """Last day of the day's month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def next_first(day: date) -> date:
    """First day of the month after."""
    return last_day(day) + timedelta(days=1)


def period_of(day: date) -> str:
    """Its month as `2026-09`."""
    return f"{day:%Y-%m}"


class Periods:
    """The months of one cycle. A line created after the closing counts in the closing's month."""

    def __init__(self, closed_at: datetime, zone: ZoneInfo) -> None:
        self.closing = local_day(closed_at, zone)
        self._zone = zone
        self._from = self._until = datetime.min.replace(tzinfo=UTC)
        self._day = self.closing

    def day_of(self, created: datetime) -> date:
        """The posting day of a line: the closing day, or the last day of the line's month if that is earlier."""
        if self._from <= created < self._until:
            return self._day
        day = local_day(created, self._zone)
        first = datetime(day.year, day.month, 1, tzinfo=self._zone)
        after = next_first(day)
        self._from = first.astimezone(UTC)
        self._until = datetime(after.year, after.month, 1, tzinfo=self._zone).astimezone(UTC)
        self._day = min(self.closing, last_day(day))
        return self._day
