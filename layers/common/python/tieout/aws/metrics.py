"""Counts and gauges for the alarms, as CloudWatch's embedded metric format: one line of the log each, no call.

Powertools' metrics put the function's name on every metric as one more dimension; an alarm on `Parked` or on a lane has
to see one number, whichever function reports it. So the dozen lines of the format are written here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import datetime

NAMESPACE = "Tieout"


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class EmfMeter:
    """Fits `flows.ports.Meter`. Every metric has the dimension `deployment`, and those it is called with."""

    def __init__(self, deployment: str, clock: Callable[[], datetime], write: Callable[[str], None] = _print) -> None:
        self._deployment = deployment
        self._clock = clock
        self._write = write

    def count(self, name: str, amount: int = 1, **dimensions: str) -> None:
        """Add to a counter."""
        self._report(name, amount, "Count", dimensions)

    def gauge(self, name: str, value: float, **dimensions: str) -> None:
        """Report a level; its unit is the end of its name."""
        self._report(name, value, "Seconds" if name.endswith("Seconds") else "None", dimensions)

    def _report(self, name: str, value: float, unit: str, dimensions: dict[str, str]) -> None:
        every = {"deployment": self._deployment, **{key: str(text) for key, text in dimensions.items()}}
        metric = {
            "Namespace": NAMESPACE,
            "Dimensions": [list(every)],
            "Metrics": [{"Name": name, "Unit": unit}],
        }
        stamp = int(self._clock().timestamp() * 1000)
        self._write(json.dumps({"_aws": {"Timestamp": stamp, "CloudWatchMetrics": [metric]}, **every, name: value}))
