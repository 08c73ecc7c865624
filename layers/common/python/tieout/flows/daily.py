"""A poll that once a day looks further back, for listings that may not be asked for twice in a row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from tieout.flows.ports import At

Collected = TypeVar("Collected")

A_DAY = timedelta(hours=24)


def poll_or_sweep(
    reading: str,
    marketplace: str,
    at: At,
    poll: Callable[[str, At], Collected],
    sweep: Callable[[str, At], Collected],
) -> Collected:
    """Sweep when the last sweep of this reading is a day ago; else poll. The first run ever polls, from the start on.

    A sweep that failed is tried again in place of the next poll; what that poll would have read, the one after reads.
    """
    name, now = f"{reading}/swept", at.clock()
    swept = at.watermarks.read(name)
    if swept is not None and now - swept >= A_DAY:
        collected = sweep(marketplace, at)
        at.watermarks.advance(name, now)
        return collected
    collected = poll(marketplace, at)
    if swept is None:
        at.watermarks.advance(name, now)
    return collected
