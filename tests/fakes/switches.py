"""Pauses and breakers in memory."""

from __future__ import annotations

from datetime import datetime, timedelta


class MemorySwitches:
    """Fits `ports.Switches`: failures in a row open a breaker, one prober at a time goes through a half-open one."""

    def __init__(self, failures: int = 5, open_seconds: float = 60) -> None:
        self.paused_flows: set[str] = set()
        self._failures_to_open = failures
        self._open_for = timedelta(seconds=open_seconds)
        self._failures: dict[str, int] = {}
        self._closed_until: dict[str, datetime] = {}

    def paused(self, flow: str) -> bool:
        return flow in self.paused_flows or "all" in self.paused_flows

    def closed_until(self, system: str, now: datetime) -> datetime | None:
        until = self._closed_until.get(system)
        if until is None:
            return None
        if now < until:
            return until
        self._closed_until[system] = now + self._open_for  # this caller probes; the others wait for what it finds
        return None

    def worked(self, system: str, now: datetime) -> None:  # noqa: ARG002  the port's shape
        self._failures.pop(system, None)
        self._closed_until.pop(system, None)

    def failed(self, system: str, now: datetime, *, at_once: bool = False) -> None:
        self._failures[system] = self._failures.get(system, 0) + 1
        if at_once or self._failures[system] >= self._failures_to_open:
            self._closed_until[system] = now + self._open_for
