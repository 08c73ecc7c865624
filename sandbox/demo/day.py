"""The day: the twins' clock moves on, schedules fire when due, buyers buy; queues and workers run by themselves.

It ends when nothing is left to do, which is asked of the world and of the postings table, never assumed.
"""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox import Twins
from sandbox.demo.afternoon import Afternoon
from sandbox.demo.schedules import Firing, Schedule
from sandbox.demo.standing import PostingsTable, due_now
from sandbox.demo.twin_control import TwinControl
from tieout.config import Config
from tieout.domain.orders.order import TO_ACCEPT
from tieout.domain.postings import QUEUED, Kind, Posting, State, version_of

STEP_MINUTES = (1, 5)
AFTERNOON_MINUTES = (4, 10)
STILL = timedelta(hours=4)
STILL_SECONDS = 90.0
"""A function at work on a long cycle moves nothing meanwhile, however far the twins' clock runs."""
PLACED_A_STEP = 3
BREATH_SECONDS = 0.25
WORK_SECONDS = 1.5
_UNDER_WAY = ("WAITING_DEBIT", "WAITING_DEBIT_PAYMENT")


class DayError(Exception):
    """The day did not end within its limit; the message says what was still open."""


@dataclass
class Day:
    """One day in the life of the deployed stack."""

    config: Config
    twins: Twins
    control: TwinControl
    table: PostingsTable
    schedules: list[Schedule]
    firing: Firing
    to_come: dict[str, list[dict[str, Any]]]
    afternoon: Afternoon
    seed: int
    limit_seconds: float
    patient: bool = False
    """On a bad day a schedule may fail, and is fired again when it is next due; on a good one that ends the day."""
    tell: Callable[[str], None] = print
    steps: int = 0
    _left: tuple[str, datetime, float] | None = None
    _pool: ThreadPoolExecutor = field(init=False)

    def run(self) -> None:
        """Until nothing is due any more; then through the night, when everything is looked at once more.

        Raises DayError at the limit, and when a schedule's function fails.
        """
        until = time.monotonic() + self.limit_seconds
        dice = random.Random(self.seed)
        with ThreadPoolExecutor(8, thread_name_prefix="schedules") as self._pool:
            self._fire_due(self.control.now())
            while (open_still := self.unfinished()) is not None:
                if time.monotonic() > until:
                    raise DayError(f"after {self.limit_seconds:.0f} s there was still work: {open_still}")
                if self._stands_still(open_still):
                    raise DayError(f"nothing has moved for {STILL}, and there is work left: {self._why(open_still)}")
                minutes = dice.randint(*(STEP_MINUTES if self._is_morning else AFTERNOON_MINUTES))
                self._buyers_buy(dice)
                now = self.control.advance(timedelta(minutes=minutes))
                self.afternoon.go_on(now)
                self._fire_due(now)
                self._let_work()
                self.steps += 1
                if self.steps % 5 == 0:
                    self.tell(f"{self.control.now():%a %H:%M} on the twins' clock: {open_still}")

    def night(self) -> None:
        """The clock jumps to the nightly sweeps; what orders came to by themselves meanwhile is seen to."""
        dailies = sorted((one.next_after(self.control.now()), one.name) for one in self.schedules if one.daily)
        with ThreadPoolExecutor(1) as self._pool:
            for moment, _ in dailies:
                self._fire_due(self.control.advance(moment - self.control.now()), dailies_only=True)
            self._let_work()
        self.run()

    def wait_until(self, moment: datetime) -> None:
        """The clock jumps to a moment; what is due by then is done at once, and all that follows from it."""
        with ThreadPoolExecutor(8, thread_name_prefix="schedules") as self._pool:
            self._fire_due(self.control.advance(moment - self.control.now()))
            self._let_work()
        self.run()

    def live_on(self, steps: int, by: timedelta, act: Callable[[datetime], None]) -> None:
        """The clock moves on evenly; at each moment something is done first, then what is due."""
        with ThreadPoolExecutor(8, thread_name_prefix="schedules") as self._pool:
            for _ in range(steps):
                now = self.control.advance(by)
                act(now)
                self.afternoon.go_on(now)
                self._fire_due(now)
                self._let_work()

    def unfinished(self) -> str | None:
        """What is still to be done, or None. Cheap questions first."""
        waiting = sum(len(orders) for orders in self.to_come.values())
        if waiting:
            return f"{waiting} orders still to come"
        states = self._states()
        debit = sum(1 for state in states.values() if state in _UNDER_WAY)
        if debit:
            return f"{debit} orders wait for their debit"
        working = self.table.working()
        if working:
            return f"{len(working)} postings open ({_kinds(working)})"
        return self._unseen(states) or self.afternoon.unfinished(self.control.now())

    def _stands_still(self, open_still: str) -> bool:
        """Whether the same has been left for so long that no schedule will bring it on."""
        now = self.control.now()
        if self._left is None or self._left[0] != open_still:
            self._left = open_still, now, time.monotonic()
        return now - self._left[1] > STILL and time.monotonic() - self._left[2] > STILL_SECONDS

    def _why(self, open_still: str) -> str:
        working = self.table.working()
        return "\n  ".join([open_still, *(f"{one.key}: {self.table.last_word(one.key)}" for one in working[:5])])

    @property
    def _is_morning(self) -> bool:
        """As long as orders come in."""
        return any(self.to_come.values())

    def _unseen(self, states: dict[tuple[str, str], str]) -> str | None:
        found = self.table.everything()
        versions = self._versions()
        behind = [key for key, version in versions.items() if found.versions.get(key, "") < version]
        if behind:
            return f"{len(behind)} orders changed since they were last read"
        answered = {
            (one.key.marketplace, one.key.source_id) for one in found.postings if one.key.kind is Kind.ACCEPTANCE
        }
        undecided = [
            key
            for key, state in states.items()
            if state == TO_ACCEPT and self._decides(key[0]) and key in versions and key not in answered
        ]
        if undecided:
            return f"{len(undecided)} orders wait for their decision"
        return None

    def _decides(self, marketplace: str) -> bool:
        return self.config.marketplaces[marketplace].orders.acceptance.mode != "off"

    def _states(self) -> dict[tuple[str, str], str]:
        state = self.twins.mirakl.state
        with state.lock:
            return {
                (name, order.id): order.state
                for name, marketplace in state.marketplaces.items()
                if name in self.config.marketplaces
                for order in marketplace.orders.values()
            }

    def _versions(self) -> dict[tuple[str, str], str]:
        """Latest version of each order that is ours to read: those from the cut-over on."""
        state = self.twins.mirakl.state
        with state.lock:
            return {
                (name, order.id): version_of(order.updated)
                for name, marketplace in state.marketplaces.items()
                if name in self.config.marketplaces
                for order in marketplace.orders.values()
                if order.created >= self.config.marketplaces[name].orders.since
            }

    def _buyers_buy(self, dice: random.Random) -> None:
        for marketplace in sorted(self.to_come):
            orders = self.to_come[marketplace]
            bought = [orders.pop(0) for _ in range(min(len(orders), dice.randint(1, PLACED_A_STEP)))]
            if bought:
                self.control.place_orders(marketplace, bought)

    def _fire_due(self, now: datetime, *, dailies_only: bool = False) -> None:
        """Fire each schedule that is due, once however many of its moments this step has passed; wait for all."""
        due = [one for one in self.schedules if (one.daily or not dailies_only) and one.due(now)]
        for one in due:
            one.fired = now
        list(self._pool.map(self.firing.fire, due))
        if self.firing.fired.failures and not self.patient:
            raise DayError(f"a schedule failed: {self.firing.fired.failures[0]}")

    def _let_work(self) -> None:
        """Give the queue's workers time while there is something due for them."""
        until = time.monotonic() + WORK_SECONDS
        pause = threading.Event()
        pause.wait(BREATH_SECONDS)
        while time.monotonic() < until and due_now(self.table.open(), QUEUED):
            pause.wait(BREATH_SECONDS)


def _kinds(postings: list[Posting]) -> str:
    count: dict[str, int] = {}
    for one in postings:
        name = f"{one.key.kind} {one.state if one.state is not State.DUE else 'due'}".lower()
        count[name] = count.get(name, 0) + 1
    return ", ".join(f"{times} {name}" for name, times in sorted(count.items()))
