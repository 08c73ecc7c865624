"""A backlog through five NetSuite slots at 300 ms a call: how much of the ceiling is used, and what an order costs.

The ceiling is slots / (NetSuite calls per order x latency): what five slots could do that are never idle.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from contextlib import redirect_stdout
from datetime import timedelta
from io import StringIO
from threading import Thread

from benchmarks.deployment import MARKETPLACE, Deployment, deployed
from benchmarks.result import Result
from tieout.domain.postings import Key, Lane
from tieout.flows.orders.accept import accept_due
from tieout.flows.orders.collect import collect_updates
from tieout.flows.orders.confirm import confirm_orders
from tieout.flows.orders.post import post_sales_orders
from tieout.flows.ports import At

SLOTS = 5
LATENCY = 0.3
ORDERS = 400
WAITING = 100
A_BATCH = 10
TIMEOUT = timedelta(seconds=300)
A_MINUTE = 61


class Worker(Thread):
    """A function's process with one slot: takes ten doorbells at a time until there are none."""

    def __init__(self, at: At, backlog: deque[list[Key]]) -> None:
        super().__init__()
        self._at = at
        self._backlog = backlog
        self.finished: list[tuple[float, int]] = []
        """Instant and orders of each batch."""
        self.failed: list[Key] = []

    def run(self) -> None:
        while self._backlog:
            keys = self._backlog.popleft()
            self.failed += post_sales_orders(keys, self._at, self._at.clock() + TIMEOUT)
            self.finished.append((time.perf_counter(), len(keys)))

    @property
    def rate(self) -> float:
        """Orders a second from the end of the first batch, which also logs in, to the end of the last."""
        (begun, _), *rest = self.finished
        return sum(count for _, count in rest) / (rest[-1][0] - begun)


def drain(deployment: Deployment, keys: list[Key]) -> float:
    """Post a backlog with all slots; answers orders a second while there is one."""
    backlog = deque(keys[start : start + A_BATCH] for start in range(0, len(keys), A_BATCH))
    workers = [Worker(deployment.at(), backlog) for _ in range(SLOTS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failed := [key for worker in workers for key in worker.failed]:
        raise RuntimeError(f"{len(failed)} postings failed, such as {failed[0]}")
    return sum(worker.rate for worker in workers)


def measure() -> list[Result]:
    """From the poll to the reference that Mirakl is told; latency is NetSuite's alone."""
    logging.getLogger("tieout").setLevel(logging.CRITICAL)
    with redirect_stdout(StringIO()), deployed(ORDERS, WAITING) as deployment:
        at = deployment.at()
        collect_updates(MARKETPLACE, at)
        keys = at.postings.due(Lane.ORDERS_TO_POST, at.clock(), ORDERS)
        if len(keys) != ORDERS:
            raise RuntimeError(f"{len(keys)} of {ORDERS} orders were collected")
        deployment.control("netsuite", "DELETE", "calls")
        deployment.control("netsuite", "POST", "latency", {"seconds": LATENCY})
        rate = drain(deployment, keys)
        netsuite = deployment.calls("netsuite")
        deployment.control("netsuite", "POST", "latency", {"seconds": 0})
        _tell_mirakl(deployment, at)
        posted = deployment.calls("mirakl")["total"]
        accept_due(at)
        mirakl = deployment.calls("mirakl")
    calls = netsuite["total"] / ORDERS
    ceiling = SLOTS / (calls * LATENCY)
    refused = netsuite["by_status"].get("429", 0)
    how = f"{ORDERS} orders of one line, {SLOTS} slots, {LATENCY * 1000:.0f} ms a call, batches of {A_BATCH}"
    return [
        Result(what="orders posted with a backlog", figure=rate, unit="orders/s", how=how),
        Result(what="its share of the ceiling", figure=100 * rate / ceiling, unit="%", goal=95, how=_told(netsuite)),
        Result(what="NetSuite calls an order", figure=calls, unit="calls", goal=2.0, at_least=False, how=how),
        Result(
            what="most NetSuite calls at once", figure=netsuite["peak_concurrency"], unit="", goal=SLOTS, at_least=False
        ),
        Result(what="NetSuite refusals (429)", figure=refused, unit="", goal=0, at_least=False),
        Result(
            what="Mirakl calls a hundred orders that arrive sold",
            figure=100 * posted / ORDERS,
            unit="calls",
            how="one poll (V01 or Date, OR11 in hundreds) and OR04 in hundreds",
        ),
        Result(
            what="Mirakl calls a hundred orders that Tieout accepts, besides",
            figure=100 * (mirakl["total"] - posted) / WAITING,
            unit="calls",
            how="one OR21 an order, all lines in it",
        ),
    ]


def _told(summary: dict[str, dict[str, int]]) -> str:
    counts = ", ".join(f"{count} {operation}" for operation, count in sorted(summary["by_operation"].items()))
    return f"NetSuite calls: {counts}"


def _tell_mirakl(deployment: Deployment, at: At) -> None:
    """OR04 takes a hundred orders once a minute; the marketplace's clock is moved along."""
    for _ in range(-(-ORDERS // 100)):
        confirm_orders(at)
        deployment.control("mirakl", "POST", "clock", {"advance_seconds": A_MINUTE})


if __name__ == "__main__":
    for result in measure():
        print(result.what, result.shown, result.how)
