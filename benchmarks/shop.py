"""A shop on two marketplaces, between the twins: real clients, one virtual clock, and everybody else's day as well."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from heapq import heappop, heappush
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import requests
import yaml

import sandbox
from benchmarks import ROOT
from benchmarks.watch import Watch, part_of
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
FAST = 30
"""Items that sell fast; they have more on their shelves."""
SECONDS_A_CALL = {"netsuite": 0.3, "mirakl": 0.2}
LOAD = 0.8
"""How much of the time others have the slot of NetSuite's readers."""
SEED = 7


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
        caller._timeouts = (10, 3600)  # noqa: SLF001  of the machine's time there is as much as the twins need
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
            # Makes the tables of as many items before anybody waits for an answer.
            twins.netsuite.state.suiteql.page("SELECT id FROM item WHERE id = 0")
            shops.append(shop)
            yield shop


def _world(folder: Path, units: dict[str, int]) -> Path:
    items = [
        {"id": str(1000 + number), "itemid": sku, "itemtype": "InvtPart", "isinactive": "F"}
        | {"locations": [{"location": "1", "quantityavailable": there}], "prices": {"GBP": "10.00"}}
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
