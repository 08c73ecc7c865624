"""Queues of doorbells in memory, with what SQS does: visibility, redelivery, a queue for what was given up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from tests.fakes.clock import VirtualClock
from tieout.domain.postings import LANE_OF, QUEUED, Key, Lane

RECEIVES = 5
VISIBILITY = timedelta(seconds=6 * 300)
LONGEST_CHAIN = 16
"""Lambda stops a function that feeds its own queue after about this many rounds."""


class Delivery:
    """One message. `hops` counts how often its chain went from a worker into that worker's own queue."""

    __slots__ = ("hops", "key", "receives", "visible_at")

    def __init__(self, key: Key, visible_at: datetime, hops: int) -> None:
        self.key = key
        self.visible_at = visible_at
        self.hops = hops
        self.receives = 0


class MemoryDoorbells:
    """Fits `ports.Doorbells`. `given_up` holds keys that were received too often; somebody is paged for them.

    `hops` answers, for whoever is ringing, how long the chain of messages is that it works on: 0 outside of workers.
    """

    def __init__(self, clock: VirtualClock, hops: Callable[[], int] = lambda: 0) -> None:
        self._clock = clock
        self._hops = hops
        self.messages: dict[Lane, list[Delivery]] = {lane: [] for lane in QUEUED}
        self.given_up: list[Key] = []
        self.stopped_chains: list[Key] = []
        """Messages that Lambda dropped because a worker kept sending to its own queue."""

    def ring(self, keys: Sequence[Key]) -> None:
        for key in keys:
            self.send(key)

    def send(self, key: Key, delay: timedelta = timedelta()) -> None:
        """One message; `delay` lets later ones overtake it."""
        lane = LANE_OF[key.kind]
        if lane not in self.messages:
            return
        hops = self._hops()
        if hops > LONGEST_CHAIN:
            self.stopped_chains.append(key)
            return
        self.messages[lane].append(Delivery(key, self._clock.now + delay, hops))

    def waiting(self, lane: Lane) -> int:
        return len(self.messages[lane])

    def receive(self, lane: Lane, most: int = 10) -> list[Delivery]:
        """Up to `most` visible messages, now invisible; one received too often is given up."""
        now = self._clock.now
        taken: list[Delivery] = []
        for delivery in list(self.messages[lane]):
            if delivery.visible_at > now:
                continue
            if delivery.receives >= RECEIVES:
                self.messages[lane].remove(delivery)
                self.given_up.append(delivery.key)
                continue
            delivery.receives += 1
            delivery.visible_at = now + VISIBILITY
            taken.append(delivery)
            if len(taken) == most:
                break
        return taken

    def settle(self, lane: Lane, taken: Sequence[Delivery], failed: Sequence[Key]) -> None:
        """Delete what was worked on; what failed is visible again after its time (`ReportBatchItemFailures`)."""
        for delivery in taken:
            if delivery.key not in failed and delivery in self.messages[lane]:
                self.messages[lane].remove(delivery)
