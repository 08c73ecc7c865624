"""From fulfilment saved to shipment confirmed, with a backlog: by events, and by the sweep that finds what they missed.

Real flows and clients between both twins, on one virtual clock: it moves by what each call would take, and by how long
our functions wait for each other. The machine's own speed is not in the figures. Readers of NetSuite share one slot,
the other four of five slots post; a confirmation makes no NetSuite call, so that it waits for no slot.
"""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from datetime import datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.result import Result
from tests.integration.twins import mirakl as builders
from tests.integration.two_twins.house import IN_PARTS, House, a_house
from tieout.calls import Answer, Call, Caller
from tieout.domain.postings import Key, Kind, Lane, State
from tieout.flows.orders.collect import collect_updates
from tieout.flows.orders.work import post_due
from tieout.flows.shipments.collect import collect_fulfilments, collect_fulfilments_by_id
from tieout.flows.shipments.confirm import confirm_shipments

BACKLOG = 5000
SECONDS_A_CALL = {"netsuite": 0.3, "mirakl": 0.2}
RINGS_A_BATCH = BELLS_A_BATCH = 100
"""As the queues of the deployment hand them out."""
SHIPPED_A_SECOND = 5000
"""All at once: the backlog is as long as it can be."""
WINDOW = timedelta(seconds=2)
"""How long a queue gathers messages before it hands them out; an event passes two queues."""
A_SECOND = timedelta(seconds=1)
RECORD = "/services/rest/record/v1/"


class Slow:
    """Lets the clocks run for as long as a call takes, and counts the calls."""

    def __init__(self) -> None:
        self.house: House | None = None
        self.calls = {"netsuite": 0, "mirakl": 0}
        self.spent = timedelta()

    def send(self, caller: Caller, call: Call, *rest: Any) -> Answer:
        system = "netsuite" if call.system.lower().startswith("netsuite") else "mirakl"
        if self.house is not None:
            self.calls[system] += 1
            self.spent += timedelta(seconds=SECONDS_A_CALL[system])
        return _send(caller, call, *rest)

    def took(self, work: Callable[[], object]) -> timedelta:
        """Run a function; answers how long its calls took."""
        before = self.spent
        work()
        return self.spent - before


_send = Caller.send


def measure() -> list[Result]:
    """Both ways, each with a backlog of its own."""
    logging.getLogger("tieout").setLevel(logging.CRITICAL)
    results = []
    for name, way, goal in (("events", by_events, 60.0), ("the sweep", by_the_sweep, None)):
        with redirect_stdout(StringIO()), a_backlog() as (house, slow, sales_orders):
            seconds = way(house, slow, sales_orders)
        results += _told(name, seconds, slow, goal)
    return results


def _told(name: str, seconds: list[float], slow: Slow, goal: float | None) -> list[Result]:
    how = f"{len(seconds):,} shipments saved at once, " + ", ".join(
        f"{1000 * took:.0f} ms a call of {system}" for system, took in SECONDS_A_CALL.items()
    )
    ordered = sorted(seconds)
    results = [
        Result(what=f"saved to confirmed by {name}, p50", figure=ordered[len(ordered) // 2], unit="s", how=how),
        Result(
            what=f"saved to confirmed by {name}, p99",
            figure=ordered[len(ordered) * 99 // 100],
            unit="s",
            goal=goal,
            at_least=False,
            how=how,
        ),
    ]
    for system, title in (("netsuite", "NetSuite"), ("mirakl", "Mirakl")):
        figure = slow.calls[system] / len(seconds)
        results.append(Result(what=f"{title} calls a shipment by {name}", figure=figure, unit="calls", how=how))
    return results


@contextlib.contextmanager
def a_backlog() -> Iterator[tuple[House, Slow, list[str]]]:
    """As many open sales orders as are to be shipped."""
    slow = Slow()

    def send(caller: Caller, call: Call, *rest: Any) -> Answer:
        return slow.send(caller, call, *rest)

    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(Caller, "send", send),
        a_house(Path(folder), seed=1) as house,
    ):
        orders = [
            builders.order(f"{10_000 + number}-A", builders.line(), order_state="SHIPPING") for number in range(BACKLOG)
        ]
        house.control.place_orders(IN_PARTS, orders)
        house.wait(timedelta(minutes=2))
        collect_updates(IN_PARTS, house.at)
        deadline = house.clock() + timedelta(hours=1)
        while keys := house.postings.due(Lane.ORDERS_TO_POST, house.clock(), 1000):
            post_due(keys, house.at, deadline)
        store = house.twins.netsuite.state.store
        sales_orders = [one.id for one in store.all("salesOrder") if one.values.get("custbody_tieout_order")]
        if len(sales_orders) != BACKLOG:
            raise RuntimeError(f"{len(sales_orders)} of {BACKLOG} orders were booked")
        house.bells.messages[Lane.SHIPMENTS_TO_CONFIRM].clear()
        slow.house = house
        yield house, slow, sales_orders


class Floor:
    """The packing tables: each second some sales orders leave."""

    def __init__(self, house: House, sales_orders: list[str]) -> None:
        self._house = house
        self._waiting = deque(sales_orders)
        self.saved: dict[str, datetime] = {}

    @property
    def is_empty(self) -> bool:
        return not self._waiting

    def a_second(self) -> list[str]:
        """Ship; answers the fulfilments, for which NetSuite's script rings."""
        return [self._ship(self._waiting.popleft()) for _ in range(min(SHIPPED_A_SECOND, len(self._waiting)))]

    def _ship(self, sales_order: str) -> str:
        number = f"TR{sales_order}"
        body = {
            "shipStatus": {"id": "C"},
            "shipMethod": {"id": "700"},
            "package": {"items": [{"packageTrackingNumber": number, "packageWeight": 1}]},
        }
        path = f"{RECORD}salesOrder/{sales_order}/!transform/itemFulfillment"
        made = self._house.twins.netsuite.state.request("POST", path, body)
        if made.status >= 300:
            raise RuntimeError(f"not shipped: {made.body[:200]!r}")
        fulfilment = made.headers["Location"].rpartition("/")[2]
        self.saved[fulfilment] = self._house.clock()
        return fulfilment


class Line:
    """One function at a time of a kind: free again when the calls of its last run are over."""

    def __init__(self, house: House, slow: Slow) -> None:
        self._house, self._slow = house, slow
        self._free = house.clock()

    def run(self, work: Callable[[], object]) -> datetime | None:
        """Begin now if free; answers when the run's calls will be over."""
        now = self._house.clock()
        if now < self._free:
            return None
        self._free = now + self._slow.took(work)
        return self._free


def by_events(house: House, slow: Slow, sales_orders: list[str]) -> list[float]:
    """Each save rings; the reader fetches in batches, and the confirming function follows."""
    rings: deque[str] = deque()

    def read(reader: Line) -> None:
        if rings:
            batch = [rings[place] for place in range(min(RINGS_A_BATCH, len(rings)))]
            if reader.run(lambda: collect_fulfilments_by_id(batch, house.at)) is not None:
                for _ in batch:
                    rings.popleft()

    return _day(house, slow, sales_orders, rings.extend, read)


def by_the_sweep(house: House, slow: Slow, sales_orders: list[str]) -> list[float]:
    """Every ring is lost: the poll finds what changed, on its schedule."""
    minutes = house.at.config.marketplaces[IN_PARTS].shipments.poll_minutes
    due = [house.clock() + timedelta(minutes=minutes)]  # the last poll had just been

    def read(reader: Line) -> None:
        if house.clock() >= due[0] and reader.run(lambda: collect_fulfilments(house.at)) is not None:
            due[0] += timedelta(minutes=minutes)

    return _day(house, slow, sales_orders, lambda _: None, read)


def _day(
    house: House,
    slow: Slow,
    sales_orders: list[str],
    ring: Callable[[list[str]], object],
    read: Callable[[Line], None],
) -> list[float]:
    """Second by second until everything that left is confirmed; answers how long each took, both windows included."""
    floor, reader, teller = Floor(house, sales_orders), Line(house, slow), Line(house, slow)
    done: dict[str, datetime] = {}
    while len(done) < BACKLOG:
        ring(floor.a_second())
        read(reader)
        taken = house.bells.receive(Lane.SHIPMENTS_TO_CONFIRM, BELLS_A_BATCH)
        if taken:
            keys = [each.key for each in taken]
            over = teller.run(partial(confirm_shipments, keys, house.at, house.clock() + timedelta(minutes=5)))
            if over is None:
                for each in taken:  # nobody was free: the messages were not handed out
                    each.visible_at, each.receives = house.clock(), each.receives - 1
            else:
                house.bells.settle(Lane.SHIPMENTS_TO_CONFIRM, taken, [])
                for key in _confirmed(house, set(floor.saved) - set(done)):
                    done[key.source_id] = over
        house.wait(A_SECOND)
        if house.clock() - max(floor.saved.values()) > timedelta(hours=2):
            raise RuntimeError(f"{BACKLOG - len(done)} shipments were never confirmed")
    return [(done[each] + WINDOW + WINDOW - saved).total_seconds() for each, saved in floor.saved.items()]


def _confirmed(house: House, waiting: set[str]) -> list[Key]:
    return [
        key
        for key, posting in house.postings.all.items()
        if key.kind is Kind.SHIPMENT and key.source_id in waiting and posting.state is State.CONFIRMED
    ]


if __name__ == "__main__":
    for result in measure():
        print(result.what, result.shown, result.how)
