"""What every reading by schedule has in common: its answer, its line in the log, and its heartbeat."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from tieout.domain.errors import Retryable
from tieout.flows.orders.collect import Collected
from tieout.flows.ports import At

logger = logging.getLogger(__name__)


def read_by_schedule(
    what: str, event: Mapping[str, str], at: At, read: Callable[[], Sequence[Collected] | None]
) -> dict[str, int]:
    """Read, and answer how much was seen, was new, and is due because of it.

    A reading that failed for a passing reason has not moved its watermark: the next run covers this one, and the
    heartbeat pages if that goes on. One that had nothing left to read (None) is no heartbeat either: the one before it
    was.
    """
    schedule = event["schedule"]
    try:
        collected = read()
    except Retryable as error:
        logger.warning("%s not collected", what, extra={"schedule": schedule, "why": str(error)})
        return {"seen": 0, "fresh": 0, "due": 0}
    if collected is None:
        logger.info("%s were collected before", what, extra={"schedule": schedule})
        return {"seen": 0, "fresh": 0, "due": 0}
    at.meter.count("RunCompleted", schedule=schedule)
    outcome = {
        "seen": sum(each.seen for each in collected),
        "fresh": sum(each.fresh for each in collected),
        "due": sum(each.due for each in collected),
    }
    logger.info("%s collected", what, extra={"schedule": schedule, **outcome})
    return outcome
