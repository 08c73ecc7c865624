"""The log of what a client asked of a twin: operations, statuses and times; never a body, a name or a secret."""

import threading
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any


class ContractViolation(Exception):
    """The client (or the twin itself) said something the vendor's contract does not know."""


@dataclass(frozen=True)
class Call:
    """One answered (or dropped: status None) vendor call. `at` is the twin's clock, `ms` real milliseconds."""

    at: str
    operation: str
    method: str
    path: str
    status: int | None
    fault: str | None
    ms: int
    credential: str
    violation: str | None = None


class Calls:
    """Calls in the order they ended, those under way, and the most that were ever under way at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.in_flight: Counter[str] = Counter()
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self.peak_concurrency = self.in_flight.total()
            self._calls: list[Call] = []
            self._violations: list[dict[str, Any]] = []

    def arrive(self, operation: str) -> None:
        with self._lock:
            self.in_flight[operation] += 1
            self.peak_concurrency = max(self.peak_concurrency, self.in_flight.total())

    def leave(self, operation: str) -> None:
        with self._lock:
            self.in_flight[operation] -= 1

    def record(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)
            if call.violation:
                named = ("at", "operation", "method", "path", "violation")
                self._violations.append({name: getattr(call, name) for name in named})

    def all(self) -> list[Call]:
        with self._lock:
            return list(self._calls)

    def violations(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._violations)

    def summary(self) -> dict[str, Any]:
        calls = self.all()
        statuses = Counter("dropped" if call.status is None else str(call.status) for call in calls)
        return {
            "peak_concurrency": self.peak_concurrency,
            "total": len(calls),
            "by_operation": dict(Counter(call.operation for call in calls)),
            "by_status": dict(statuses),
            "by_fault": dict(Counter(call.fault for call in calls if call.fault)),
        }

    def report(self) -> dict[str, Any]:
        return {**self.summary(), "calls": [asdict(call) for call in self.all()]}
