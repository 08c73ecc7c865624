"""The twins' clock: set to any moment, advanced by hand, and running in real time from there."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """A moment that moves: the setting plus the real seconds since it was set."""

    def __init__(self, now: datetime | None = None) -> None:
        self.set(now or datetime.now(UTC))

    def now(self) -> datetime:
        return self._setting + timedelta(seconds=time.monotonic() - self._set_at)

    def set(self, now: datetime) -> None:
        """Raises ValueError for a moment without an offset: it would mean another time on each machine."""
        if now.tzinfo is None:
            raise ValueError(f"the clock needs a moment with its offset, such as 2026-10-31T12:00:00Z, not {now}")
        self._setting = now.astimezone(UTC)
        self._set_at = time.monotonic()

    def advance(self, seconds: float) -> None:
        self.set(self.now() + timedelta(seconds=seconds))


def moment_of(text: str) -> datetime:
    """Read an ISO 8601 moment; raises ValueError when it is none or names no offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset: end it with Z or +hh:mm")
    return moment.astimezone(UTC)


def text_of(moment: datetime) -> str:
    """Write a moment as the vendors do: UTC with Z, milliseconds only where there are some."""
    utc = moment.astimezone(UTC)
    shape = "%Y-%m-%dT%H:%M:%S" if utc.microsecond < 1000 else f"%Y-%m-%dT%H:%M:%S.{utc.microsecond // 1000:03d}"
    return utc.strftime(shape) + "Z"
