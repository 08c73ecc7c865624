"""What went wrong, and what did not happen: doorbells rung again, and the ages that alarms watch."""

from __future__ import annotations

from tieout.domain.postings import QUEUED, Lane
from tieout.flows.ports import At

FLOW_OF = {
    Lane.ORDERS_TO_POST: "orders",
    Lane.SHIPMENTS_TO_CONFIRM: "shipments",
    Lane.SETTLEMENTS_TO_POST: "settlements",
}
"""What a person pauses, by the lane that then stands still."""
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


def report_health(at: At, certificate_days: float | None) -> None:
    """Levels for the alarms: how long people have left things parked, and how long the certificate lasts."""
    now = at.clock()
    oldest = at.postings.oldest_parked()
    at.meter.gauge("OldestParkedHours", (now - oldest).total_seconds() / 3600 if oldest else 0.0)
    if certificate_days is not None:
        at.meter.gauge("CertificateDaysLeft", certificate_days)
