"""The twins' clock: set to any moment, advanced by hand, and running in real time from there."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """A moment that moves: the setting plus the real seconds since it was set, times its speed (normally 1)."""

    def __init__(self, now: datetime | None = None) -> None:
        self._speed = 1.0
        self.set(now or datetime.now(UTC))

    def now(self) -> datetime:
        return self._setting + timedelta(seconds=(time.monotonic() - self._set_at) * self._speed)

    def set(self, now: datetime) -> None:
        """Raises ValueError for a moment without an offset: it would mean another time on each machine."""
        if now.tzinfo is None:
            raise ValueError(f"the clock needs a moment with its offset, such as 2026-10-31T12:00:00Z, not {now}")
        self._setting = now.astimezone(UTC)
        self._set_at = time.monotonic()

    def run_at(self, speed: float) -> None:
        """Let time pass `speed` times as fast from now on. Raises ValueError for a speed that would turn it back."""
        if speed < 0:
            raise ValueError(f"time does not run backwards: speed is 0 or more, not {speed}")
        self.set(self.now())
        self._speed = speed

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
