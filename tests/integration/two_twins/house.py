"""A deployment between both twins, in one process: real clients over HTTP, our own stores in memory, one clock.

The twins' clocks stand still unless somebody lets time pass, so that a run can be repeated by its seed. Doorbells get
lost, calls fail before or after they had their effect; `rest` takes all of that away and lets everybody finish.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Literal, cast

import yaml

import sandbox
from sandbox.demo.twin_control import TwinControl
from tests.fakes import (
    MemoryArchive,
    MemoryDoorbells,
    MemoryMeter,
    MemoryPostings,
    MemorySettlementLog,
    MemorySwitches,
    MemoryWatermarks,
)
from tests.fakes.clock import VirtualClock
from tieout.calls import Caller
from tieout.config import Config, config_from
from tieout.domain.errors import CredentialsRefused, Retryable
from tieout.domain.postings import Key, Kind, Lane, Posting, State
from tieout.flows import exceptions
from tieout.flows.orders import accept, collect, confirm
from tieout.flows.orders.work import post_due
from tieout.flows.ports import At
from tieout.flows.returns import collect as taken_back
from tieout.flows.returns.send import send_refunds
from tieout.flows.shipments import collect as dispatch
from tieout.flows.shipments.confirm import confirm_shipments
from tieout.mirakl.client import Connection as MiraklConnection
from tieout.mirakl.client import Mirakl
from tieout.netsuite.auth import OAuth2
from tieout.netsuite.client import NetSuite
from tieout.netsuite.connection import Connection

ROOT = Path(__file__).parents[3]
MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
IN_PARTS, WHOLE = "brightside-uk", "maison-eu"
"""One marketplace ships in parts and has tax in its prices; the other takes whole orders, and tax comes on top."""
SKUS = ("MUG", "BOWL", "JUG", "LAMP")
FUNCTION_TIMEOUT = timedelta(seconds=300)
BELLS_LOST = 0.2
A_ROUND = timedelta(minutes=10)
LONGEST_ROUND = timedelta(hours=6)
ROUNDS = 120


def gift_shop() -> Config:
    """The settings of the demo."""
    return config_from(yaml.safe_load((ROOT / "config" / "gift-shop.yaml").read_text(encoding="utf-8")))


class Bells(MemoryDoorbells):
    """Doorbells that get lost while the weather is bad."""

    def __init__(self, clock: VirtualClock, dice: Random) -> None:
        super().__init__(clock)
        self._dice = dice
        self.lost = 0
        self.share_lost = 0.0

    def send(self, key: Key, delay: timedelta = timedelta()) -> None:
        if self._dice.random() < self.share_lost:
            self.lost += 1
        else:
            super().send(key, delay)


class House:
    """Everything of one run: `at` for our flows, `control` and `twins` for whoever plays the others."""

    def __init__(self, twins: sandbox.Twins, seed: int, config: Config | None = None) -> None:
        self.twins = twins
        self.control = TwinControl(twins)
        self.dice = Random(seed)
        self.clock = VirtualClock(MONDAY)
        self.postings = MemoryPostings(330)
        self.bells = Bells(self.clock, self.dice)
        self.undone: set[str] = set()
        """Orders with a fulfilment that a person took back: what follows from it waits for people."""
        self.failures: dict[str, int] = {}
        """How runs of functions ended that did not end well, by the error's name."""
        config = config or gift_shop()
        markets = {name: self._mirakl(name, one.role) for name, one in config.marketplaces.items()}
        self.at = At(
            config=config,
            marketplace=markets.__getitem__,
            ledger=self._netsuite(),
            postings=self.postings,
            watermarks=MemoryWatermarks(),
            archive=MemoryArchive(),
            settlement_log=MemorySettlementLog(),
            doorbells=self.bells,
            switches=MemorySwitches(config.reliability.breaker_failures, config.reliability.breaker_open_seconds),
            meter=MemoryMeter(),
            clock=self.clock,
            jitter=self.dice.random,
        )
        self.work: dict[str, Callable[[], object]] = {
            **{f"poll orders of {name}": partial(collect.collect_updates, name, self.at) for name in markets},
            **{f"poll returns of {name}": partial(taken_back.collect_returns, name, self.at) for name in markets},
            "accept orders": partial(accept.accept_due, self.at),
            "confirm orders": partial(confirm.confirm_orders, self.at),
            "poll fulfilments": partial(dispatch.collect_fulfilments, self.at),
            "poll credits": partial(taken_back.collect_credits, self.at),
            "post": partial(self._pump, Lane.ORDERS_TO_POST, post_due),
            "confirm shipments": partial(self._pump, Lane.SHIPMENTS_TO_CONFIRM, confirm_shipments),
            "send refunds": partial(send_refunds, self.at),
            "ring what is due": partial(exceptions.ring_due, self.at),
        }
        self.sweeps: dict[str, Callable[[], object]] = {
            **{f"sweep orders of {name}": partial(collect.sweep, name, self.at) for name in markets},
            "sweep fulfilments": partial(dispatch.sweep_fulfilments, self.at),
            "sweep credits": partial(taken_back.sweep_credits, self.at),
        }

    # --- functions, as Lambda runs them ------------------------------------------------------------------------------

    def run(self, name: str) -> None:
        """One function, once. A system that does not answer ends its run; anything else is a bug, and is raised."""
        try:
            {**self.work, **self.sweeps}[name]()
        except (Retryable, CredentialsRefused) as error:
            self.failures[type(error).__name__] = self.failures.get(type(error).__name__, 0) + 1

    def hear(self, fulfilment_id: str) -> None:
        """NetSuite's script rings, and the fulfilment is fetched."""
        try:
            dispatch.collect_fulfilments_by_id([fulfilment_id], self.at)
        except Retryable as error:
            self.failures[type(error).__name__] = self.failures.get(type(error).__name__, 0) + 1

    def _pump(self, lane: Lane, worker: Callable[..., list[Key]]) -> None:
        while taken := self.bells.receive(lane):
            returned = [each.key for each in taken if each.receives > 1]
            failed = worker([each.key for each in taken], self.at, self.clock() + FUNCTION_TIMEOUT, returned)
            self.bells.settle(lane, taken, failed)

    # --- time and weather --------------------------------------------------------------------------------------------

    def wait(self, by: timedelta) -> None:
        self.clock.now += by
        self.control.advance(by)

    def weather(self, *rules: dict[str, Any], bells_lost: float = 0.0) -> None:
        self.control.faults(self.dice.randrange(10**6), list(rules))
        self.bells.share_lost = bells_lost

    def rest(self) -> None:
        """Nothing fails any more, time passes, and everybody works until there is nothing left to do."""
        self.weather()
        for name in self.sweeps:
            self.wait(timedelta(minutes=2))
            self.run(name)
        quiet = 0
        for _ in range(ROUNDS):
            before = self._standing()
            self.wait(self._next_round())
            for name in self.work:
                self.run(name)
            quiet = quiet + 1 if self._standing() == before and not self.unfinished() else 0
            if quiet == 3:
                return
        history = self.postings.history
        open_still = [f"{each.key}: {[one.facts for one in history[each.key][-3:]]}" for each in self.unfinished()]
        told = "\n".join(self.lives_in(open_still[0]))
        raise AssertionError(f"not at rest after {ROUNDS} rounds: {open_still[:5]}\n{told}")

    def lives_in(self, words: str) -> list[str]:
        """The life of each order that these words name: what every posting of it was told."""
        return [
            f"{key} {posting.state}: {[(one.what, one.facts) for one in self.postings.history[key]]}"
            for key, posting in self.postings.all.items()
            if f"{key.thread}:" in words or f"|{key.thread}|" in words
        ]

    def unfinished(self) -> list[Posting]:
        """What still has work left, and does not wait for somebody who does not work here: a person, the warehouse."""
        open_still = [each for lane in Lane for each in self.postings.open_postings(lane)]
        return [each for each in open_still if not self._waits_for_others(each)]

    def _waits_for_others(self, posting: Posting) -> bool:
        if posting.key.thread in self.undone and posting.key.kind is not Kind.SHIPMENT:
            return True
        return self._waits_for_sale(posting) or self.waits_for_the_rest(posting) or self._waits_for_an_invoice(posting)

    def parked(self) -> list[Posting]:
        return [each for each in self.postings.all.values() if each.state is State.PARKED]

    def _waits_for_sale(self, posting: Posting) -> bool:
        if posting.key.kind is not Kind.ACCEPTANCE:
            return False
        sale = self.postings.posting(
            Key(posting.key.marketplace, posting.key.thread, Kind.SALES_ORDER, posting.key.thread)
        )
        return sale is not None and sale.state is State.PARKED

    def _waits_for_an_invoice(self, posting: Posting) -> bool:
        """Nothing is credited, and nothing more is billed, before a person has seen to an invoice that is parked."""
        if posting.key.kind not in {Kind.CREDIT_MEMO, Kind.INVOICE}:
            return False
        thread = self.postings.of_thread(posting.key.marketplace, posting.key.thread)
        return any(each.key.kind is Kind.INVOICE and each.state is State.PARKED for each in thread)

    def waits_for_the_rest(self, posting: Posting) -> bool:
        """A platform that takes whole orders is told when the last line has left."""
        key = posting.key
        if key.kind is not Kind.SHIPMENT or key.marketplace != WHOLE:
            return False
        store = self.twins.netsuite.state.store
        with store.lock:
            (order,) = (one for one in store.all("salesOrder") if one.values.get("custbody_tieout_order") == key.thread)
            gone = Counter[str]()
            for made in store.made_from(order.id, "itemFulfillment"):
                if made.values.get("shipStatus") == "C":
                    gone.update({line["custcol_tieout_line"]: int(line["quantity"]) for line in made.sublists["item"]})
            lines = [line for line in order.sublists["item"] if line.get("custcol_tieout_line")]
        return any(not line.get("isClosed") and gone[line["custcol_tieout_line"]] < line["quantity"] for line in lines)

    def _next_round(self) -> timedelta:
        due = [each.due_at for each in self.unfinished() if each.due_at is not None]
        until = min(due) - self.clock() if due else A_ROUND
        return min(max(until, A_ROUND), LONGEST_ROUND)

    def _standing(self) -> object:
        """What changes as long as anybody does anything that counts."""
        state = self.twins.mirakl.state
        with state.lock:
            orders = [
                (name, one.id, one.version) for name, here in state.marketplaces.items() for one in here.orders.values()
            ]
        postings = sorted((str(each.key), str(each.state), each.target_id or "") for each in self.postings.all.values())
        return orders, postings

    # --- clients, as wiring makes them -------------------------------------------------------------------------------

    def _mirakl(self, name: str, role: Literal["seller", "operator"]) -> Mirakl:
        here = self.twins.mirakl.marketplaces[name]
        shop = here.shop_id if role == "seller" else None
        connection = MiraklConnection(marketplace=name, base_url=here.url, role=role, shop_id=shop)
        secret = {"api_key": here.api_key} if role == "seller" else {"bearer_token": here.operator_token}
        return Mirakl(connection, lambda: secret, sleep=_at_once)

    def _netsuite(self) -> NetSuite:
        here, caller = self.twins.netsuite, Caller(3.05, 30)
        secret = {"client_id": here.client_id, "certificate_id": here.certificate_id, "private_key": here.private_key}
        # Tokens live by the real clock: who signs them and who checks them share this machine's.
        login = OAuth2(here.url, lambda: secret, caller, lambda: datetime.now(UTC))
        return NetSuite(Connection(here.account, here.url, login, caller, sleep=_at_once), self.clock)


def _at_once(_seconds: float) -> None:
    """Nobody waits between two attempts."""


@contextmanager
def a_house(folder: Path, seed: int, config: Config | None = None, **behaviours: Any) -> Iterator[House]:
    """Both twins on a quiet Monday, and a deployment between them; an error at the end if it broke a contract.

    `behaviours` are switches of the Mirakl twin.
    """
    items = [
        {"id": str(1000 + n), "itemid": sku, "itemtype": "InvtPart", "isinactive": "F", "locations": [_PLENTY]}
        for n, sku in enumerate(SKUS)
    ]
    file = folder / "netsuite" / "items.ndjson"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in items), encoding="utf-8")
    behaviours = {"multi_shipment": True, "multi_shipment_at": IN_PARTS, "closed_minutes": 10**6} | behaviours
    with sandbox.running(world=folder, seed=1, mirakl_behaviours=behaviours) as twins:
        house = House(twins, seed, config)
        house.control.set_clocks(MONDAY)
        for twin in ("_mirakl", "_netsuite"):
            house.control._post(getattr(house.control, twin), "clock", {"speed": 0})
        house.control.set_clocks(MONDAY)
        yield house


_PLENTY = cast("dict[str, Any]", {"location": "1", "quantityavailable": 100_000})
