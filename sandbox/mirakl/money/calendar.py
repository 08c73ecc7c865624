"""When billing cycles close: midnight (UTC) of certain days of each month, as the operator chose them."""

from datetime import UTC, datetime


def next_closing(after: datetime, days: str) -> datetime | None:
    """The first closing later than `after`; `days` are days of the month, comma-separated, 1 to 28; empty: never."""
    numbers = sorted({int(day) for day in days.split(",") if day.strip()})
    if not numbers:
        return None
    if not 1 <= numbers[0] <= numbers[-1] <= 28:
        raise ValueError(f"billing cycles close on days 1 to 28 of a month, not {days}")
    year, month = after.year, after.month
    while True:
        for day in numbers:
            closing = datetime(year, month, day, tzinfo=UTC)
            if closing > after:
                return closing
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
