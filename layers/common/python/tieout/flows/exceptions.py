"""What went wrong, and what did not happen: doorbells rung again, and the ages that alarms watch."""

from __future__ import annotations

from datetime import datetime

from tieout.domain.errors import Reason
from tieout.domain.postings import QUEUED, Lane
from tieout.flows.ports import At

FLOW_OF = {
    Lane.ORDERS_TO_POST: "orders",
    Lane.SHIPMENTS_TO_CONFIRM: "shipments",
    Lane.SETTLEMENTS_TO_POST: "settlements",
}
"""What a person pauses, by the lane that then stands still."""
A_LOOK = 1000
"""Parked postings, oldest first, among which the oldest of each sort is looked for."""
FULL = 1000
"""A queue with this many doorbells needs no more of them."""


def ring_due(at: At) -> int:
    """Ring for every posting that is due and may have lost its doorbell; the guarantee of progress.

    Answers how many were rung. A paused flow is not rung; a queue that is full of doorbells gets no more. Ringing
    twice is harmless: the second worker finds the posting taken, or done.
    """
    now = at.clock()
    rung = 0
    for lane in Lane:
        oldest = at.postings.oldest_due(lane, now)
        at.meter.gauge("OldestDueSeconds", (now - oldest).total_seconds() if oldest else 0.0, lane=lane)
        if lane not in QUEUED or oldest is None or at.switches.paused(FLOW_OF[lane]):
            continue
        room = FULL - at.doorbells.waiting(lane)
        if room <= 0:
            continue
        keys = at.postings.due(lane, now, room)
        at.doorbells.ring(keys)
        rung += len(keys)
    return rung


def _oldest_parked(at: At) -> tuple[datetime | None, datetime | None]:
    """Since when the oldest of what went wrong waits, and of what only waits for a review, which is no trouble."""
    trouble = review = None
    for posting in at.postings.parked(A_LOOK):
        if posting.reason == Reason.SETTLEMENT_TO_REVIEW:
            review = review or posting.parked_at
        else:
            trouble = trouble or posting.parked_at
        if trouble and review:
            break
    return trouble, review


def report_health(at: At, certificate_days: float | None) -> None:
    """Levels for the alarms: how long people have left things parked, and how long the certificate lasts."""
    now = at.clock()
    for name, oldest in zip(("OldestParkedHours", "OldestReviewHours"), _oldest_parked(at), strict=True):
        at.meter.gauge(name, (now - oldest).total_seconds() / 3600 if oldest else 0.0)
    if certificate_days is not None:
        at.meter.gauge("CertificateDaysLeft", certificate_days)
