"""Counters and gauges in memory."""

from __future__ import annotations

from collections import Counter


class MemoryMeter:
    """Fits `ports.Meter`; dimensions are part of a gauge's name and summed over in `counts`."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.gauges: dict[tuple[str, ...], float] = {}

    def count(self, name: str, amount: int = 1, **dimensions: str) -> None:  # noqa: ARG002  the port's shape
        self.counts[name] += amount

    def gauge(self, name: str, value: float, **dimensions: str) -> None:
        self.gauges[(name, *dimensions.values())] = value
