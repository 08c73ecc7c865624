"""A warehouse that ships open sales orders by the twin's clock, as people at the packing table do.

What becomes of an order is drawn by the seed and the order's number, so that an evening can be repeated.
"""

import heapq
import random
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.clock import Clock
from sandbox.netsuite.documents import Documents
from sandbox.netsuite.fulfilment_fields import PICKED, SHIPPED
from sandbox.netsuite.intake import Taken
from sandbox.netsuite.progress import Done, done_of, left_to_fulfil
from sandbox.netsuite.refusal import Refusal
from sandbox.netsuite.stock import Stock
from sandbox.netsuite.store import Record, Store

ZERO = Decimal(0)
_OPEN = ("B", "D", "E")
_RIGHT_CARRIER, _WRONG_CARRIER = "700", "701"
_LOOKS_EVERY_SECONDS = 0.05
_SHARES = ("partial", "two_parcels", "late", "wrong_carrier", "picked_first")


@dataclass(frozen=True)
class Habits:
    """How the warehouse works. Shares run from 0 to 1; times are seconds of the twin's clock.

    partial: ships a part and the rest `after_seconds` later. late: takes `late_seconds` more. picked_first: saved as
    Picked, and Shipped `after_seconds` later. wrong_carrier: another shipping item than the order's.
    """

    after_seconds: float = 3600.0
    partial: float = 0.0
    two_parcels: float = 0.0
    late: float = 0.0
    late_seconds: float = 172800.0
    wrong_carrier: float = 0.0
    picked_first: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a share from 0 to 1, not {getattr(self, name)}")
        if self.after_seconds < 0 or self.late_seconds < 0:
            raise ValueError("the warehouse ships after its orders came in: seconds are 0 or more")


@dataclass(order=True, frozen=True)
class _Task:
    """An order to look at when it is due; `picked` is a fulfilment that only has to be marked Shipped."""

    due: datetime
    order: str
    round: int = 0
    picked: str = ""


class Warehouse:
    """Works whenever the account is called, and in the background once it has been opened."""

    def __init__(self, store: Store, clock: Clock, documents: Documents, stock: Stock) -> None:
        self._store = store
        self._clock = clock
        self._documents = documents
        self._stock = stock
        self._habits: Habits | None = None
        self._started = False
        self._restart()

    def open(self, habits: Habits | None) -> None:
        """Begin to work through all open orders, or close (None)."""
        self._habits = habits
        self._restart()
        if habits is not None and not self._started:
            self._started = True
            threading.Thread(target=self._work_on_time, name="netsuite twin warehouse", daemon=True).start()

    def report(self) -> dict[str, Any]:
        return {"open": self._habits is not None, "shipped": self._shipped, "waiting": len(self._tasks)}

    def work(self) -> None:
        """Ship what is due. The caller holds the store's lock."""
        if self._habits is None:
            return
        if self._generation != self._store.generation:
            self._restart()
        self._stock.heed()
        self._take_orders(self._habits)
        now = self._clock.now()
        while self._tasks and self._tasks[0].due <= now:
            self._do(heapq.heappop(self._tasks), self._habits)

    # -- orders --------------------------------------------------------------------------------------------------

    def _restart(self) -> None:
        self._tasks: list[_Task] = []
        self._taken: set[str] = set()
        self._followed = 0
        self._shipped = 0
        self._generation = self._store.generation

    def _take_orders(self, habits: Habits) -> None:
        changes = self._store.changes
        for change in changes[self._followed :]:
            if change.kind != "salesOrder" or change.id in self._taken:
                continue
            order = self._store.get("transaction", change.id)
            if order is not None and order.values.get("status") in _OPEN:
                self._taken.add(order.id)
                late = habits.late_seconds if self._draw(habits, order.id, "late") else 0
                due = order.modified + timedelta(seconds=habits.after_seconds + late)
                heapq.heappush(self._tasks, _Task(due, order.id))
        self._followed = len(changes)

    def _do(self, task: _Task, habits: Habits) -> None:
        order = self._store.get("transaction", task.order)
        again = task.due + timedelta(seconds=max(1.0, habits.after_seconds))
        try:
            if task.picked:
                self._mark_shipped(task.picked)
                return
            if order is None or order.values.get("status") not in _OPEN:
                self._taken.discard(task.order)
                return
            made = self._ship(order, task, habits)
        except Refusal:
            heapq.heappush(self._tasks, _Task(again, task.order, task.round, task.picked))
            return
        if made is None:
            return
        if made.values["shipStatus"] == PICKED:
            heapq.heappush(self._tasks, _Task(again, task.order, task.round, made.id))
        if any(left > 0 for left in self._left(order).values()):
            heapq.heappush(self._tasks, _Task(again, task.order, task.round + 1))

    def _ship(self, order: Record, task: _Task, habits: Habits) -> Record | None:
        left = {number: quantity for number, quantity in self._left(order).items() if quantity > 0}
        if not left:
            return None
        if task.round == 0 and self._draw(habits, order.id, "partial"):
            left = _a_part_of(left)
        picked = self._draw(habits, order.id, "picked_first")
        values: dict[str, Any] = {"shipStatus": PICKED if picked else SHIPPED}
        values["shipMethod"] = order.values.get("shipMethod") or _RIGHT_CARRIER
        if self._draw(habits, order.id, "wrong_carrier"):
            values["shipMethod"] = _RIGHT_CARRIER if values["shipMethod"] == _WRONG_CARRIER else _WRONG_CARRIER
        if self._store.get("item", values["shipMethod"]) is None:
            del values["shipMethod"]
        lines = [
            {"orderLine": line["line"], "itemReceive": line["line"] in left, "quantity": left.get(line["line"])}
            | ({} if line.get("location") or order.values.get("location") else {"location": self._some_place(order)})
            for line in order.sublists["item"]
        ]
        parcels = 2 if self._draw(habits, order.id, "two_parcels") else 1
        numbers = [f"TW{habits.seed}{order.id}{task.round}{parcel}" for parcel in range(parcels)]
        tracking = [{"packageTrackingNumber": number, "packageWeight": Decimal(1)} for number in numbers]
        made = self._documents.make(order, "itemFulfillment", Taken(values, {"item": lines, "package": tracking}))
        if not picked:
            self._shipped += 1
        return made

    def _mark_shipped(self, fulfilment_id: str) -> None:
        former = self._store.get("transaction", fulfilment_id)
        if former is None or former.values["shipStatus"] == SHIPPED:
            return
        record = former.copy()
        record.modified = self._clock.now()
        record.values["shipStatus"] = SHIPPED
        self._documents.settle(record, former, [], tax_sent=False)
        self._store.replace(record)
        self._documents.saved(record, former, event="ship")
        self._shipped += 1

    def _left(self, order: Record) -> dict[int, Decimal]:
        done = done_of(self._store, order)
        lines = order.sublists.get("item", [])
        return {line["line"]: left_to_fulfil(line, done.get(line["line"], Done())) for line in lines}

    def _some_place(self, order: Record) -> str | None:
        own = (one.id for one in self._store.all("location") if one.values["subsidiary"] == order.values["subsidiary"])
        return next(own, None)

    def _draw(self, habits: Habits, order_id: str, what: str) -> bool:
        share: float = getattr(habits, what)
        return random.Random(f"{habits.seed} {order_id} {what}").random() < share

    def _work_on_time(self) -> None:
        while True:
            time.sleep(_LOOKS_EVERY_SECONDS)
            with self._store.lock:
                self.work()


def _a_part_of(left: dict[int, Decimal]) -> dict[int, Decimal]:
    """Half of the lines; of a single line half of its pieces. One piece cannot be parted."""
    if len(left) > 1:
        return dict(list(left.items())[: len(left) // 2])
    ((number, quantity),) = left.items()
    return {number: max(Decimal(1), quantity // 2)}
