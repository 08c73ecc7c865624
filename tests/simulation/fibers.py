"""Many workers at once, one at a time: each runs on a thread of its own, and only one thread holds the baton.

A worker gives the baton back only where it sleeps, so that a seed replays the same interleaving every time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from threading import Lock, Thread

from tests.fakes.clock import VirtualClock


class _LeftBehind(BaseException):
    """The simulation ended while this worker slept."""


class _Fiber:
    """A thread that waits for the baton, works until it sleeps or is done, and hands the baton back."""

    def __init__(self) -> None:
        self.go, self.back = Lock(), Lock()
        self.go.acquire()
        self.back.acquire()
        self.work: Callable[[], None] | None = None
        self.hops = 0
        Thread(target=self._live, daemon=True).start()

    def _live(self) -> None:
        while True:
            self.go.acquire()
            if self.work is None:
                return
            try:
                self.work()
            except _LeftBehind:
                return
            self.work = None
            self.back.release()

    def run(self) -> bool:
        """Hand over the baton until it comes back; answers whether the work is done."""
        self.go.release()
        self.back.acquire()
        return self.work is None


class Fibers:
    """What happens next, by the clock. `after` is for events of the world, `start` for workers."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._number = 0
        self._current: _Fiber | None = None
        self._idle: list[_Fiber] = []
        self._asleep: set[_Fiber] = set()
        self._ended = False

    @property
    def hops(self) -> int:
        """The chain of messages that the running worker stands in."""
        return self._current.hops if self._current else 0

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something later; it must not sleep."""
        self._number += 1
        heappush(self._agenda, (self._clock.now + timedelta(seconds=seconds), self._number, action))

    def start(self, work: Callable[[], None], hops: int = 0) -> None:
        """Run a worker, now, until it first sleeps."""
        fiber = self._idle.pop() if self._idle else _Fiber()
        fiber.work, fiber.hops = work, hops
        self._resume(fiber)

    def _resume(self, fiber: _Fiber) -> None:
        before, self._current = self._current, fiber
        self._asleep.discard(fiber)
        if fiber.run():
            self._idle.append(fiber)
        self._current = before

    def sleep(self, seconds: float) -> None:
        """Let others run until this much time has passed; outside of a worker, time just passes."""
        until = self._clock.now + timedelta(seconds=seconds)
        fiber = self._current
        if fiber is None or not self._agenda or self._agenda[0][0] > until:
            self._clock.to(until)
            return
        self.after(seconds, lambda: self._resume(fiber))
        self._asleep.add(fiber)
        fiber.back.release()
        fiber.go.acquire()
        if self._ended:
            raise _LeftBehind

    def run(self, until: datetime) -> None:
        """Let everything happen that is to happen by then."""
        while self._agenda and self._agenda[0][0] <= until:
            when, _, action = heappop(self._agenda)
            self._clock.to(when)
            action()
        self._clock.to(until)

    def close(self) -> None:
        """Send every thread home."""
        self._ended = True
        for fiber in self._asleep | set(self._idle):
            fiber.go.release()
