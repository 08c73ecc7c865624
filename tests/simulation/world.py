"""A deployment that runs: schedules, queue workers and webhooks over the real flows, until everything is at rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any, Self, cast

from tests.fakes import (
    MemoryArchive,
    MemoryDoorbells,
    MemoryLedger,
    MemoryMeter,
    MemorySettlementLog,
    MemorySwitches,
    MemoryWatermarks,
)
from tests.fakes.clock import START, VirtualClock
from tests.fakes.doorbells import Delivery
from tests.fakes.house import settings
from tests.simulation.faults import Crash, RandomFaults
from tests.simulation.fibers import Fibers
from tests.simulation.stories import MINUTE, Story, Workload, stock
from tests.simulation.unreliable import Plan, Unreliable, UnreliableBells, Weather
from tests.simulation.watched import WatchedMarketplace, WatchedPostings
from tieout.config import Config, config_from
from tieout.domain.errors import TieoutError
from tieout.domain.orders.order import Order
from tieout.domain.postings import Key, Kind, Lane, State
from tieout.flows import exceptions
from tieout.flows.orders import accept, collect, confirm, work
from tieout.flows.ports import At

WORKERS = 4
FUNCTION_TIMEOUT = timedelta(seconds=300)
STEP = timedelta(minutes=10)
SKEW = {"brightside": timedelta(minutes=-7), "maison": timedelta(minutes=4)}
SHOWS_AFTER = timedelta(minutes=3)


def two_marketplaces() -> Config:
    """A seller's, with tax in the prices, and an operator's, with tax on top."""
    data = settings()
    brightside = data["marketplaces"]["brightside"]
    orders = brightside["orders"] | {"poll_minutes": 5}
    sales_orders = orders["sales_orders"] | {
        "currencies": ["EUR"],
        "tax": {"strategy": "other_charge", "charge_item": "SKU-0"},
    }
    brightside["orders"] = orders
    data["marketplaces"]["maison"] = {
        "role": "seller",
        "shop_id": 2001,
        "url": "https://maison.mirakl.net",
        "orders": orders | {"sales_orders": sales_orders},
    }
    return config_from(data)


CONFIG = two_marketplaces()


class Simulation:
    """One deployment, one seed. `run` lets it live until it is at rest; then ask the checker.

    Tests take parts of it away by passing other fakes, or by overriding what a worker does.
    """

    postings_type: type[WatchedPostings] = WatchedPostings
    ledger_type: type[MemoryLedger] = MemoryLedger
    sweeper = True
    webhooks = 0.5
    """Share of the changes that a message tells of, late or twice."""
    longest = timedelta(days=30)
    """A deployment that is not at rest by then never will be."""

    def __init__(self, seed: int, plan: Plan | None = None, *, faults: float = 0.0) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.clock = VirtualClock()
        self.fibers = Fibers(self.clock)
        self.weather = Weather(plan or RandomFaults(faults, self.random), self.random, self.fibers)
        self.ledger = self.ledger_type(self.clock, lag=timedelta(seconds=20))
        stock(self.ledger)
        self.postings = self.postings_type(CONFIG.reliability.lease_seconds)
        self.watermarks, self.archive = MemoryWatermarks(), MemoryArchive()
        self.bells = MemoryDoorbells(self.clock, hops=lambda: self.fibers.hops)
        self.switches = MemorySwitches(CONFIG.reliability.breaker_failures, CONFIG.reliability.breaker_open_seconds)
        self.markets: dict[str, WatchedMarketplace] = {}
        self.work: dict[str, Workload] = {}
        self._market_ports: dict[str, Any] = {}
        for name in CONFIG.marketplaces:
            self._add_market(name)
        self.at = self._ports()
        self.outcomes: Counter[str] = Counter()
        """How the runs of functions ended."""
        self._active: Counter[str] = Counter()
        self._pump_is_due = False

    def _add_market(self, name: str) -> None:
        market = WatchedMarketplace(
            self.clock,
            skew=SKEW[name],
            shows_after=SHOWS_AFTER,
        )
        market.duplicate = lambda _: self.random.random() < 0.1
        self.markets[name] = market
        self.work[name] = Workload(market, self.fibers, self.random, tax_included=name == "brightside")
        market.decided = self.work[name].decided
        self._market_ports[name] = Unreliable("market", market, self.weather)

    def _ports(self) -> At:
        def unreliable(name: str, fake: object) -> Any:
            return Unreliable(name, fake, self.weather)

        return At(
            config=CONFIG,
            marketplace=lambda name: self._market_ports[name],
            ledger=unreliable("ledger", self.ledger),
            postings=unreliable("postings", self.postings),
            watermarks=unreliable("watermarks", self.watermarks),
            archive=unreliable("archive", self.archive),
            settlement_log=MemorySettlementLog(),
            doorbells=cast("Any", UnreliableBells(self.bells, self.weather)),
            switches=unreliable("switches", self.switches),
            meter=MemoryMeter(),
            clock=self.clock,
            jitter=self.random.random,
        )

    # --- functions, as Lambda runs them ------------------------------------------------------------------------------

    def _run(self, name: str, function: Callable[[], object], hops: int = 0) -> None:
        """Start a function; whatever it raises ends this run only."""

        def work() -> None:
            self._active[name] += 1
            try:
                function()
                self.outcomes["finished"] += 1
            except Crash:
                self.outcomes["killed"] += 1
            except Exception as error:  # noqa: BLE001  this is where Lambda would catch it
                self.outcomes["refused" if isinstance(error, TieoutError) else type(error).__name__] += 1
            finally:
                self._active[name] -= 1
                self._pump_soon()

        self.fibers.start(work, hops)

    def _every(self, minutes: float, name: str, function: Callable[[], object], *, alone: bool = False) -> None:
        def again() -> None:
            self.fibers.after(minutes * MINUTE, again)
            if not (alone and self._active[name]):
                self._run(name, function)

        self.fibers.after(self.random.uniform(0, minutes * MINUTE), again)

    def poll(self, marketplace: str) -> None:
        collect.collect_updates(marketplace, self.at)

    def ring_due(self) -> None:
        exceptions.ring_due(self.at)

    def post(self, keys: Sequence[Key], returned: Sequence[Key]) -> list[Key]:
        deadline = self.clock.now + FUNCTION_TIMEOUT
        return work.post_due(keys, self.at, deadline, returned)

    def _pump(self) -> None:
        """SQS hands messages to as many workers as it may."""
        self._pump_is_due = False
        while self._active["post_orders"] < WORKERS:
            taken = self.bells.receive(Lane.ORDERS_TO_POST)
            if not taken:
                return
            self._run("post_orders", partial(self._work_on, taken), 1 + max(each.hops for each in taken))

    def _work_on(self, taken: Sequence[Delivery]) -> None:
        failed = self.post([each.key for each in taken], [each.key for each in taken if each.receives > 1])
        self.bells.settle(Lane.ORDERS_TO_POST, taken, failed)

    def _webhook(self, marketplace: str, order: Order) -> None:
        if self.random.random() >= self.webhooks:
            return
        for _ in range(self.random.choice([1, 1, 2])):
            self.fibers.after(
                self.random.uniform(1, 120),
                lambda: self._run("fetch", lambda: collect.collect_by_id(marketplace, [order.order_id], self.at)),
            )

    # --- a life ------------------------------------------------------------------------------------------------------

    def begin(self, orders: int, hours: float, only: Story | None = None) -> None:
        """Schedules start, and buyers come: half to each marketplace, rounded up for the first."""
        for name, currency, share in (("brightside", "GBP", orders - orders // 2), ("maison", "EUR", orders // 2)):
            self.work[name].begin(name, currency, share, hours, only)
            self.markets[name].told = partial(self._webhook, name)
            self._every(5, f"poll {name}", partial(self.poll, name))
            self._every(6 * 60, f"sweep {name}", partial(collect.sweep, name, self.at))
        self._every(5, "accept_orders", lambda: accept.accept_due(self.at), alone=True)
        self._every(5, "confirm_orders", lambda: confirm.confirm_orders(self.at))
        if self.sweeper:
            self._every(1, "ring_due", self.ring_due)
        self._every_minute()

    def _every_minute(self) -> None:
        """Messages whose time has come are visible again."""
        self.fibers.after(MINUTE, self._every_minute)
        self._pump()

    def _pump_soon(self) -> None:
        """Messages came, or a worker is free: the queue is looked at in a moment."""
        if not self._pump_is_due:
            self._pump_is_due = True
            self.fibers.after(1, self._pump)

    def run(self, orders: int, hours: float = 3, only: Story | None = None) -> Self:
        """Live until everything is at rest, or for `longest`."""
        self.begin(orders, hours, only)
        try:
            while not self.at_rest() and self.clock.now < START + self.longest:
                self.fibers.run(self.clock.now + STEP)
        finally:
            self.fibers.close()
        return self

    def at_rest(self) -> bool:
        """Nothing is to happen any more, except what waits for a person."""
        if any(work.pending for work in self.work.values()) or self.weather.zombies:
            return False
        if not all(self._is_collected(name, market) for name, market in self.markets.items()):
            return False
        return not any(self.unfinished())

    def _is_collected(self, name: str, market: WatchedMarketplace) -> bool:
        versions = self.postings.seen_versions(name, list(market.orders))
        return all(versions.get(each.order_id) == each.version for each in market.orders.values())

    def unfinished(self) -> list[Key]:
        """Open postings, but for promises whose sale waits for a person."""
        return [
            posting.key
            for lane in Lane
            for posting in self.postings.open_postings(lane)
            if not self._is_a_promise_that_waits(posting.key)
        ]

    def _is_a_promise_that_waits(self, key: Key) -> bool:
        if key.kind is not Kind.ACCEPTANCE:
            return False
        sale = self.postings.posting(Key(key.marketplace, key.thread, Kind.SALES_ORDER, key.source_id))
        return sale is not None and sale.state is State.PARKED
