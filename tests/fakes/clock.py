"""Time that moves only when a test says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning, when most tests begin."""


class VirtualClock:
    """A clock to be called like `datetime.now`; it never moves by itself and never back."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0) -> datetime:
        """Let time pass; answers the new now."""
        self.now += timedelta(seconds=seconds, minutes=minutes, hours=hours)
        return self.now

    def to(self, when: datetime) -> None:
        """Jump forward to an instant; one that has passed changes nothing."""
        self.now = max(self.now, when)
