"""What goes on while the day runs, besides new orders: goods leave, people change their minds, money goes back.

It is over when nobody has anything left to do and both sides say the same.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sandbox import Twins
from sandbox.demo.agreement import Agreement
from sandbox.demo.people import People
from sandbox.demo.twin_control import TwinControl

PACKED_AFTER = timedelta(minutes=40)
LATE_BY = timedelta(hours=2)
PATIENCE = timedelta(minutes=50)
"""How long both sides may differ, with nothing left to do, before the evening says so: two of every schedule."""
HABITS: dict[str, Any] = {
    "after_seconds": PACKED_AFTER.total_seconds(),
    "partial": 0.15,
    "two_parcels": 0.1,
    "late": 0.1,
    "late_seconds": LATE_BY.total_seconds(),
    "wrong_carrier": 0.1,
    "picked_first": 0.1,
}
RINGS = {"lost": 0.2, "doubled": 0.2, "reordered": 0.2}


class Shippers(Protocol):
    """Whoever ships."""

    def work(self, now: datetime) -> None:
        """Ship what is due."""

    @property
    def waiting(self) -> int:
        """How many orders are still to be shipped."""


@dataclass(frozen=True)
class Warehouse:
    """NetSuite's own: it works by itself."""

    control: TwinControl

    def work(self, now: datetime) -> None:
        """It looks at the clock without being told."""

    @property
    def waiting(self) -> int:
        return int(self.control.warehouse()["waiting"])


@dataclass
class Afternoon:
    """Everything but the orders that come in."""

    twins: Twins
    shippers: Shippers
    people: People
    judge: Callable[[], Agreement]
    _differ: tuple[list[str], datetime] | None = field(default=None)

    def go_on(self, now: datetime) -> None:
        """One step of it."""
        self.shippers.work(now)
        self.people.act(now)

    def unfinished(self, now: datetime) -> str | None:
        """What is still to be done, or None."""
        if waiting := self.shippers.waiting:
            return f"{waiting} orders still to ship"
        if self.people.are_busy:
            return "goods are on their way back"
        if going := self._refunds_under_way():
            return f"{going} refunds on their way to the buyer"
        if self.people.act(now, last_call=True):
            return "people changed their minds"
        return self._differences(now)

    def _differences(self, now: datetime) -> str | None:
        """Differences that stay are for the evening to tell."""
        problems = self.judge().problems
        if not problems:
            return None
        if self._differ is None or self._differ[0] != problems:
            self._differ = problems, now
        if now - self._differ[1] > PATIENCE:
            return None
        return f"{len(problems)} differences between both sides, such as: {problems[0]}"

    def _refunds_under_way(self) -> int:
        state = self.twins.mirakl.state
        with state.lock:
            return sum(
                1
                for marketplace in state.marketplaces.values()
                for order in marketplace.orders.values()
                if order.moves and order.state != "CLOSED"
                for line in order.lines()
                for refund in line.get("refunds") or []
                if refund.get("refund_state") in ("WAITING_REFUND", "WAITING_REFUND_PAYMENT")
            )
