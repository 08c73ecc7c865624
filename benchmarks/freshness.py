"""From a stock change in NetSuite to the offers that show it, by the twins' clock, with every call frequency kept.

`push_stock` with real clients between both twins, on one virtual clock: it moves by what each call would take, and by
how long our functions wait. The machine's own speed is not in the figures. Orders come in, are polled and booked
meanwhile; NetSuite's readers share one slot, and others have it for four fifths of the time.

`python -m benchmarks.freshness` runs it alone.
"""

from __future__ import annotations

import contextlib
import json
import logging
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import requests
import yaml

import sandbox
from benchmarks import ROOT
from benchmarks.result import Result
from benchmarks.watch import Watch, centile, latest, part_of
from sandbox.clock import text_of
from sandbox.mirakl.state import SHOP_ID
from tests.fakes.stock_book import MemoryStockBook
from tests.integration.twins import mirakl as builders
from tests.integration.two_twins.house import IN_PARTS, MONDAY, WHOLE, House
from tieout.calls import Call, Caller
from tieout.config import Config, config_from
from tieout.flows.stock.push import push_stock
from tieout.flows.stock.send import Pushed
from tieout.flows.stock.store import Stockroom

NAMES = (IN_PARTS, WHOLE)
ITEMS, FAST = 300, 30
WARM_UP, HOURS, LAST = timedelta(minutes=30), timedelta(hours=4), timedelta(minutes=30)
CHANGES = 600
"""Restocks and corrections, half of them of what sells fast."""
ORDERS_A_MINUTE = 4
SECONDS_A_CALL = {"netsuite": 0.3, "mirakl": 0.2}
LOAD = 0.8
"""How much of the time others have the slot of NetSuite's readers."""
POSTED_EVERY = timedelta(seconds=30)
SEED = 7
ITEMS_IN_ALL, ONE_PERCENT = 1_000_000, 10_000


class Shop(House):
    """The house, with a schedule of everything that is going to happen, and a clock that our own calls move."""

    def __init__(self, twins: sandbox.Twins, config: Config, units: dict[str, int]) -> None:
        super().__init__(twins, SEED, config)
        self.watch = Watch(NAMES, units, MONDAY)
        self.load = Random(SEED)
        self.room = Stockroom(at=self.at, book=MemoryStockBook(), in_turn=self.in_turn, pause=self.pass_time)
        self.calls: Counter[tuple[str, str]] = Counter()
        self.refused: Counter[str] = Counter()
        self.runs: list[Pushed] = []
        self.skipped = 0
        self.seconds: list[float] = []
        self._pushing = False
        self._to_come: list[tuple[datetime, int, Callable[[], object]]] = []
        self._noted = 0

    # --- time --------------------------------------------------------------------------------------------------------

    def at_moment(self, moment: datetime, do: Callable[[], object]) -> None:
        """Something is going to happen then."""
        self._noted += 1
        heappush(self._to_come, (moment, self._noted, do))

    def every(self, first: datetime, apart: timedelta, until: datetime, do: Callable[[], object]) -> None:
        while first < until:
            self.at_moment(first, do)
            first += apart

    def pass_time(self, seconds: float) -> None:
        """Time passes for one of ours, and everybody else goes on meanwhile."""
        self.go_on_until(self.clock() + timedelta(milliseconds=round(seconds * 1000)))

    def go_on_until(self, moment: datetime) -> None:
        while self._to_come and self._to_come[0][0] <= moment:
            when, _, do = heappop(self._to_come)
            self._move_to(when)
            do()
        self._move_to(moment)

    def _move_to(self, moment: datetime) -> None:
        if moment > self.clock():
            self.clock.now = moment
            self.control.set_clocks(moment)

    def in_turn(self, ask: Callable[[], Any]) -> Any:
        """One question of ours, after those of the readers before it."""
        if self.load.random() < LOAD:
            self.pass_time(self.load.expovariate((1 - LOAD) / SECONDS_A_CALL["netsuite"]))
        return ask()

    # --- calls -------------------------------------------------------------------------------------------------------

    def called(self, call: Call, status: int) -> None:
        """A call was answered. Those of the push take their time; others' are not in its way."""
        system = "netsuite" if call.system.lower().startswith("netsuite") else "mirakl"
        if status == 429:
            self.refused[call.operation] += 1
        if call.operation == "STO01":
            self._look_when_landed()
        if self._pushing:
            self.calls[system, call.operation] += 1
            self.pass_time(SECONDS_A_CALL[system])

    @contextlib.contextmanager
    def by_others(self) -> Iterator[None]:
        """What happens while a push runs takes nothing of its time."""
        pushing, self._pushing = self._pushing, False
        try:
            yield
        finally:
            self._pushing = pushing

    # --- what happens ------------------------------------------------------------------------------------------------

    def push(self, task: str = "push") -> None:
        """The schedule fires; a run that is not over yet has the turn of stock."""
        if self._pushing:
            self.skipped += 1
            return
        began, self._pushing = self.clock(), True
        try:
            self.runs.append(push_stock(task, self.room))
        finally:
            self._pushing = False
        self.seconds.append((self.clock() - began).total_seconds())

    def work_on(self, name: str) -> None:
        with self.by_others():
            self.run(name)

    def move_stock(self, sku: str, units: int) -> None:
        self.control.change_stock([{"itemid": sku, "location": "Main warehouse", "add": units}])
        self.watch.changed(sku, units, self.clock())
        self.look([sku])

    def buy(self, number: int, name: str, sku: str) -> None:
        order = builders.order(f"{name}-{number}-A", builders.line(sku), order_state="SHIPPING")
        for _ in self.control.attempt(name, [order]):
            self.watch.sold(sku, name, 1, self.clock())

    def look(self, skus: list[str]) -> None:
        state = self.twins.mirakl.state
        with state.lock:
            for name in NAMES:
                catalogue = state.marketplaces[name].catalogue
                catalogue.settle(self.clock())
                for sku in skus:
                    offer = catalogue.by_sku(SHOP_ID, sku)
                    assert offer is not None, sku
                    self.watch.look(sku, name, offer.quantity, self.clock())

    def _look_when_landed(self) -> None:
        for name in NAMES:
            for one in self.twins.mirakl.state.marketplaces[name].catalogue.under_way:
                self.at_moment(max(one.ends, self.clock()), lambda: self.look(self.watch.open_skus))


_answered = Caller._answered  # noqa: SLF001  every call goes through it, those for files too


@contextlib.contextmanager
def a_shop(push_minutes: int, items: int, **stock: Any) -> Iterator[Shop]:
    """Two marketplaces that show what they should, and a clock that stands still."""
    units = {f"SKU-{number}": 40 + number % 50 + (200 if number < FAST else 0) for number in range(items)}
    shops: list[Shop] = []

    def answered(caller: Caller, call: Call, *rest: Any, **options: Any) -> requests.Response:
        response = _answered(caller, call, *rest, **options)
        for shop in shops:
            shop.called(call, response.status_code)
        return response

    with tempfile.TemporaryDirectory() as name, patch.object(Caller, "_answered", answered):
        behaviours = {"multi_shipment": True, "multi_shipment_at": IN_PARTS, "closed_minutes": 10**6}
        with sandbox.running(
            world=_world(Path(name), units),
            seed=1,
            mirakl_behaviours=behaviours,
            netsuite_behaviours={"sales_orders_commit_stock": True},
        ) as twins:
            shop = Shop(twins, _config(push_minutes, stock), units)
            for url in (twins.mirakl.url, twins.netsuite.url):
                requests.post(f"{url}/_twin/clock", json={"speed": 0}, timeout=30).raise_for_status()
            shop.control.set_clocks(MONDAY)
            shops.append(shop)
            yield shop


def _world(folder: Path, units: dict[str, int]) -> Path:
    items = [
        {"id": str(1000 + number), "itemid": sku, "itemtype": "InvtPart", "isinactive": "F"}
        | {"locations": [{"location": "1", "quantityavailable": there}]}
        for number, (sku, there) in enumerate(units.items())
    ]
    rows: dict[str, list[dict[str, Any]]] = {"netsuite/items": items}
    for place, name in enumerate(NAMES):
        rows[f"mirakl/{name}/offers"] = [
            {
                "shop_sku": sku,
                "quantity": part_of(there, place),
                "price": 10,
                "state_code": "11",
                "product_sku": f"P-{sku}",
                "last_updated": text_of(MONDAY - timedelta(hours=3)),  # tells when the world was saved: nothing is new
            }
            for sku, there in units.items()
        ]
    for place_of, records in rows.items():
        file = folder / f"{place_of}.ndjson"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return folder


def _config(push_minutes: int, stock: dict[str, Any]) -> Config:
    """Nothing is held back, so that the judge knows what is right without our rules."""
    data = yaml.safe_load((ROOT / "config/gift-shop.yaml").read_text(encoding="utf-8"))
    for name in NAMES:
        data["marketplaces"][name]["stock"] = {"push_minutes": push_minutes, "risk": {"enabled": False}, **stock}
    return config_from(data)


def a_few_hours(shop: Shop, push_minutes: int) -> None:
    """Restocks, corrections, sales, polls, bookings and pushes, each in its time."""
    dice = Random(SEED + push_minutes)
    apart = timedelta(minutes=push_minutes)
    begin, end = MONDAY + WARM_UP, MONDAY + WARM_UP + HOURS
    close = end + LAST
    shop.at_moment(MONDAY, partial(shop.push, "full"))
    shop.every(MONDAY + apart, apart, close, shop.push)
    for place, name in enumerate(NAMES):
        first = MONDAY + timedelta(seconds=70 + 40 * place)
        shop.every(first, timedelta(minutes=5), close, partial(shop.work_on, f"poll orders of {name}"))
    shop.every(MONDAY + POSTED_EVERY, POSTED_EVERY, close, partial(shop.work_on, "post"))
    for number in range(int((end - MONDAY) / timedelta(minutes=1)) * ORDERS_A_MINUTE):
        sku = f"SKU-{dice.randrange(FAST)}"
        shop.at_moment(_between(MONDAY, end, dice), partial(shop.buy, number, dice.choice(NAMES), sku))
    for number in range(CHANGES):
        sku = f"SKU-{dice.randrange(FAST) if number % 2 else dice.randrange(FAST, ITEMS)}"
        units = dice.choice((1, 5, 12, 24, 40, -1, -2, -3, -8, -15))
        shop.at_moment(_between(begin, end, dice), partial(shop.move_stock, sku, units))
    shop.go_on_until(close)


def _between(begin: datetime, end: datetime, dice: Random) -> datetime:
    return begin + timedelta(seconds=round(dice.uniform(0, (end - begin).total_seconds()), 3))


def measure() -> list[Result]:
    """Both cadences, then the calls for a large delta."""
    logging.getLogger("tieout").setLevel(logging.CRITICAL)
    results = []
    for push_minutes in (5, 1):
        with redirect_stdout(StringIO()), a_shop(push_minutes, ITEMS) as shop:
            a_few_hours(shop, push_minutes)
        results += told(shop, push_minutes)
    return results + calls_for_one_percent()


def told(shop: Shop, push_minutes: int) -> list[Result]:
    """The lines of one cadence."""
    fast = {f"SKU-{number}" for number in range(FAST)}
    every = f"a push every {push_minutes} min" if push_minutes > 1 else "a push every minute"
    results = []
    for whose, belongs in (("fast movers", True), ("the others", False)):
        changes = [one for one in shop.watch.changes if (one.sku in fast) is belongs]
        how = f"{len(changes)} changes in {HOURS // timedelta(hours=1)} h, {ITEMS} items, two marketplaces"
        shown = [latest(one.shown) for one in changes]
        exact = [latest(one.exact) for one in changes]
        results += [
            Result(what=f"{every}: {whose}, p50", figure=centile(shown, 50), unit="s", how=how),
            _within(f"{every}: {whose}, p99", shown, push_minutes, "until every marketplace shows the change"),
            _within(f"{every}: {whose} to the unit, p99", exact, push_minutes, _TO_THE_UNIT),
        ]
    sent, changed = (sum(getattr(run, name) for run in shop.runs) for name in ("sent", "changed"))
    runs = len(shop.runs)
    how = f"{runs} runs, {sent:,} rows; the others settle what a sale made doubtful while a file was on its way"
    return [
        *results,
        *_calls(f"{every}: ", " a run", shop.calls, runs, "; a second file counts for its run"),
        Result(what=f"{every}: refusals (429)", figure=shop.refused.total(), unit="", goal=0, at_least=False, digits=0),
        Result(what=f"{every}: rows sent / rows changed", figure=sent / changed, unit="", digits=2, how=how),
    ]


_TO_THE_UNIT = "with every sale that came between the making of a file and its landing"


def _within(what: str, seconds: list[float], push_minutes: int, how: str) -> Result:
    goal = push_minutes * 60 + 30.0
    return Result(what=what, figure=centile(seconds, 99), unit="s", goal=goal, at_least=False, how=how)


def _calls(before: str, after: str, calls: Counter[tuple[str, str]], runs: int, how: str) -> list[Result]:
    results = []
    for system, title in (("mirakl", "Mirakl"), ("netsuite", "NetSuite")):
        mine = {operation: count for (where, operation), count in sorted(calls.items()) if where == system}
        figure = sum(mine.values()) / runs
        by_operation = ", ".join(f"{count / runs:.2g} {operation}" for operation, count in mine.items())
        results.append(
            Result(what=f"{before}{title} calls{after}", figure=figure, unit="calls", how=by_operation + how)
        )
    return results


def calls_for_one_percent() -> list[Result]:
    """A push asks for what changed, however much did not: counted where everything did."""
    brakes = {"brakes": {"from_offers": ITEMS_IN_ALL}}
    with redirect_stdout(StringIO()), a_shop(5, ONE_PERCENT, **brakes) as shop:
        shop.buy(0, IN_PARTS, "SKU-0")  # a sales order tells the account's time zone
        shop.pass_time(120)
        shop.work_on(f"poll orders of {IN_PARTS}")
        shop.work_on("post")
        shop.pass_time(1800)
        shop.calls.clear()
        shop.push("full")
        full = shop.calls["netsuite", "SuiteQL"]
        shop.pass_time(1200)
        shop.push()
        shop.pass_time(1200)
        shop.calls.clear()
        shop.control.change_stock([_lost(number) for number in range(ONE_PERCENT)])
        before = len(shop.runs)
        shop.push()
        pushed = shop.runs[before]
    if pushed.sent != len(NAMES) * ONE_PERCENT or not 0 <= full - 2 * pages(ONE_PERCENT) <= 6:
        raise RuntimeError(f"{pushed}, {full} SuiteQL: not what was to be counted")
    nightly = full + 2 * (pages(ITEMS_IN_ALL) - pages(ONE_PERCENT))
    return [
        *_calls(
            f"{ITEMS_IN_ALL:,} items, 1 % changed: ",
            "",
            shop.calls,
            1,
            f"; counted on {ONE_PERCENT:,} items that all changed: a push asks for nothing else",
        ),
        Result(
            what=f"{ITEMS_IN_ALL:,} items, all read: SuiteQL calls",
            figure=nightly,
            unit="calls",
            how=f"by pages of 1,000 rows, from {full} counted for {ONE_PERCENT:,} items",
        ),
    ]


def pages(rows: int) -> int:
    """Calls that a listing takes: each page but the last one leaves its last record to the next."""
    return max(1, -(-(rows - 1) // 999))


def _lost(number: int) -> dict[str, Any]:
    return {"itemid": str(1000 + number), "location": "Main warehouse", "add": -8}


if __name__ == "__main__":
    for result in measure():
        print(result.what, "|", result.shown, "|", result.goal_shown, "|", result.how)
