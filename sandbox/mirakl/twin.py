"""The Mirakl twin: one HTTP application; each marketplace is an instance of its own under its first path segment."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from weakref import ref

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from sandbox.behaviours import Behaviours
from sandbox.calls import Calls
from sandbox.clock import Clock
from sandbox.control import json_response, order_of, says_what_was_wrong
from sandbox.faults import Faults
from sandbox.gate import Page
from sandbox.mirakl.answers import Answers
from sandbox.mirakl.arrivals import change_order, place_orders
from sandbox.mirakl.asked import Asked, asked_of
from sandbox.mirakl.back_office import do_by_hand
from sandbox.mirakl.behaviours import SWITCHES
from sandbox.mirakl.buyers import ask_for_return, change_incident, change_return
from sandbox.mirakl.desk import Desk
from sandbox.mirakl.lifecycle import BEFORE_DEBIT, schedule
from sandbox.mirakl.money.bookkeeper import Bookkeeper
from sandbox.mirakl.money.by_hand import close_cycles, issue_document, pay_cycles, write_lines
from sandbox.mirakl.moves import settle
from sandbox.mirakl.offers.by_hand import attempt_orders, change_offers
from sandbox.mirakl.offers.catalogue import Catalogue
from sandbox.mirakl.offers.sales import Sales
from sandbox.mirakl.offers.seeding import catalogue_of
from sandbox.mirakl.offers.shown import as_recorded
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.seek import place_of
from sandbox.mirakl.state import SHOP_ID, Json, Marketplace, MiraklState, held
from sandbox.mirakl.webhooks import Subscription, Webhooks
from sandbox.world import World

MARKETPLACES = ("brightside-uk", "maison-eu")
_OF_THE_LOG = {"transaction_lines": "lines", "billing_cycles": "cycles", "accounting_documents": "documents"}
_SEEKING = ("ST11", "ST12", "RT11", "TL02", "SBC11", "DR11", "DR12", "PRI02")
_BY_OFFSET = ("OR11", "OF21")
_SETTLE_SECONDS = 0.2


@dataclass(frozen=True)
class MarketplaceAccess:
    """Where one marketplace listens, and the credentials it takes."""

    url: str
    shop_id: int
    api_key: str
    operator_token: str


@dataclass(frozen=True)
class MiraklAccess:
    """Where the twin listens; `state` is the twin's own, for tests to look at."""

    url: str
    marketplaces: dict[str, MarketplaceAccess]
    state: MiraklState


class MiraklTwin:
    """See sandbox.gate.Twin for what its parts are for."""

    name = "Mirakl"

    def __init__(self, seed: int | None = None, *, official_contracts: bool = True) -> None:
        self.clock = Clock()
        self.faults = Faults()
        self.calls = Calls()
        self.behaviours = Behaviours(SWITCHES)
        self.webhooks = Webhooks()
        self._settling: threading.Thread | None = None
        self.state = MiraklState(secrets.token_hex(16) if seed is None else f"seed {seed}")
        self.state.on_change = self.webhooks.tell
        self.books = Bookkeeper(self.behaviours, self.state.uuid)
        self.state.books = self.books
        self.sales = Sales(self.behaviours, self.clock.now)
        self.state.sales = self.sales
        self.answers = Answers(self.state, self.behaviours, official_contracts=official_contracts)
        for name in MARKETPLACES:
            self.state.open(name)

    def operation_of(self, request: Request) -> str:
        asked = self._asked(request)
        return asked.operation.code if asked.operation else "unknown"

    def credential_of(self, request: Request) -> str:
        asked = self._asked(request)
        return f"{asked.persona}:{asked.marketplace.name}" if asked.persona and asked.marketplace else "anonymous"

    def admit(self, _request: Request, _operation: str) -> Response | None:
        """Mirakl names no concurrency limit."""
        return None

    def refusal(self, status: int, retry_after: float | None) -> Response:
        message = "Too many requests" if status == 429 else "Internal server error"
        return MiraklRefusal(status, message, retry_after=retry_after).response()

    def page_of(self, request: Request, operation: str) -> Page | None:
        asked = self._asked(request)
        if operation in _SEEKING:
            try:
                place = place_of(asked.query)
            except MiraklRefusal:
                return None
            return Page(repr(place.query), place.number)
        if operation not in _BY_OFFSET:
            return None
        offset = request.query_params.get("offset", "0")
        return Page(asked.listing(), int(offset) if offset.isdigit() else 0)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        with self.state.lock:
            response = self.answers.answer(self._asked(request), body, self.clock.now())
        await response(scope, receive, send)

    def load(self, world: World) -> None:
        """Read whole before anything is replaced, so that a world with a mistake in it changes nothing."""
        arriving = {name: [held(body) for body in world.mirakl(name, "orders")] for name in world.marketplaces()}
        others = {name: {kind: world.mirakl(name, kind) for kind in _OF_THE_LOG} for name in arriving}
        opens_at = world.opens_at()
        catalogues = {name: catalogue_of(world, name, opens_at) for name in arriving}
        with self.state.lock:
            self.clock.set(opens_at)
            self.answers.forget()
            for name in {*MARKETPLACES, *self.state.marketplaces, *arriving}:
                marketplace = self.state.open(name)
                marketplace.orders = {order.id: order for order in arriving.get(name, [])}
                marketplace.catalogue = catalogues.get(name) or Catalogue()
                self.books.open(marketplace, others.get(name, {}), opens_at)
                for order in marketplace.orders.values():
                    self.sales.came_with_the_world(marketplace, order)
                    if order.state in BEFORE_DEBIT:
                        order.body["transaction_date"] = None
                        schedule(order, opens_at, self.answers.waits())

    def records(self, kind: str, **query: str) -> list[Json]:
        """`orders` as OR11 gives them to our shop, with `shops=all` to every shop; `shipments` as ST11 and `returns` as
        RT11 do; `offers` as they came, with what they are now; the log's as they stand."""
        with self.state.lock:
            wanted = [query["marketplace"]] if "marketplace" in query else sorted(self.state.marketplaces)
            found = [self.state.known(name) for name in wanted]
            if kind == "orders":
                now, every = self.clock.now(), query.get("shops") == "all"
                return [row for one in found for row in self.answers.sellers_orders(one, now, all_shops=every)]
            if kind in ("shipments", "returns"):
                self.settle()
                return [row for one in found for order in one.orders.values() for row in getattr(order, kind).values()]
            if kind == "offers":
                self.settle()
                now = self.clock.now()
                return [as_recorded(offer, now) for one in found for offer in one.catalogue.live()]
            if kind not in _OF_THE_LOG:
                known = ", ".join(("orders", "shipments", "returns", "offers", *_OF_THE_LOG))
                raise KeyError(f"records {kind!r}; there are {known}")
            self.settle()
            return [row for one in found for row in getattr(one.log, _OF_THE_LOG[kind])]

    def control_routes(self) -> list[BaseRoute]:
        return [
            Route("/_twin/orders", says_what_was_wrong(self._place), methods=["POST"]),
            Route("/_twin/attempts", says_what_was_wrong(self._attempt), methods=["POST"]),
            Route("/_twin/offers", says_what_was_wrong(self._change_offers), methods=["POST"]),
            Route("/_twin/orders/changes", says_what_was_wrong(self._change), methods=["POST"]),
            Route("/_twin/returns", says_what_was_wrong(self._ask_for_return), methods=["POST"]),
            Route("/_twin/returns/changes", says_what_was_wrong(self._change_return), methods=["POST"]),
            Route("/_twin/incidents", says_what_was_wrong(self._change_incident), methods=["POST"]),
            Route("/_twin/back_office", says_what_was_wrong(self._by_hand), methods=["POST"]),
            Route("/_twin/billing_cycles", self._finance(close_cycles), methods=["POST"]),
            Route("/_twin/payouts", self._finance(pay_cycles), methods=["POST"]),
            Route("/_twin/transaction_lines", self._finance(write_lines), methods=["POST"]),
            Route("/_twin/manual_documents", self._finance(issue_document), methods=["POST"]),
            Route("/_twin/webhooks", says_what_was_wrong(self._webhooks), methods=["GET", "POST", "DELETE"]),
        ]

    def access(self, url: str) -> MiraklAccess:
        marketplaces = {
            name: MarketplaceAccess(f"{url}/{name}", SHOP_ID, one.api_key, one.operator_token)
            for name, one in sorted(self.state.marketplaces.items())
        }
        return MiraklAccess(url, marketplaces, self.state)

    async def _place(self, request: Request) -> Response:
        order = await order_of(request)
        with self.state.lock:
            marketplace = self.state.known(order["marketplace"])
            settle(self.state, marketplace, self.clock.now())
            as_of_now = bool(order.get("as_of_now", False))
            placed = place_orders(
                self.state,
                marketplace,
                order["orders"],
                self.clock.now(),
                self.answers.waits(),
                as_of_now=as_of_now,
            )
        return json_response({"placed": placed})

    async def _change(self, request: Request) -> Response:
        change = await order_of(request)
        with self.state.lock:
            marketplace = self.state.known(change["marketplace"])
            settle(self.state, marketplace, self.clock.now())
            changed = change_order(self.state, marketplace, change, self.clock.now(), self.answers.waits())
            return json_response({"order_id": changed.id, "last_updated_date": changed.body["last_updated_date"]})

    async def _attempt(self, request: Request) -> Response:
        return await self._by_buyer(request, partial(attempt_orders, waits=self.answers.waits()))

    async def _change_offers(self, request: Request) -> Response:
        return await self._by_buyer(request, change_offers)

    async def _ask_for_return(self, request: Request) -> Response:
        accepted = self.behaviours.is_on("returns_accepted_automatically")
        return await self._by_buyer(request, partial(ask_for_return, accepted=accepted))

    async def _change_return(self, request: Request) -> Response:
        return await self._by_buyer(request, change_return)

    async def _change_incident(self, request: Request) -> Response:
        return await self._by_buyer(request, change_incident)

    async def _by_buyer(
        self, request: Request, do: Callable[[MiraklState, Marketplace, Json, datetime], Json]
    ) -> Response:
        order = await order_of(request)
        with self.state.lock:
            marketplace = self.state.known(order["marketplace"])
            settle(self.state, marketplace, self.clock.now())
            return json_response(do(self.state, marketplace, order, self.clock.now()))

    async def _by_hand(self, request: Request) -> Response:
        desk = Desk(self.state, self.behaviours, self.answers.waits())
        return await self._by_buyer(request, lambda _, at, order, now: do_by_hand(desk, at, order, now))

    def _finance(self, do: Callable[[Bookkeeper, Marketplace, Json, datetime], Json]) -> Any:
        async def done(request: Request) -> Response:
            return await self._by_buyer(request, lambda _, at, order, now: do(self.books, at, order, now))

        return says_what_was_wrong(done)

    async def _webhooks(self, request: Request) -> Response:
        if request.method == "POST":
            order = await order_of(request)
            self.state.known(order["marketplace"])
            self.webhooks.subscribe(Subscription(**order))
            self._settle_on_time()
        elif request.method == "DELETE":
            self.webhooks.clear()
        told = {"delivered": self.webhooks.delivered, "failed": self.webhooks.failed}
        return json_response({"webhooks": self.webhooks.listing(), **told})

    def _settle_on_time(self) -> None:
        """Whoever listens wants to hear of a debit when it happens, not when somebody next asks."""
        if self._settling is None:
            self._settling = threading.Thread(target=_settle_while_alive, args=(ref(self),), daemon=True)
            self._settling.start()

    def settle(self) -> None:
        with self.state.lock:
            for marketplace in self.state.marketplaces.values():
                settle(self.state, marketplace, self.clock.now())

    def _asked(self, request: Request) -> Asked:
        """Read once a request: the gate and the answer ask for it in turn."""
        found = request.scope.get("mirakl")
        if not isinstance(found, Asked):
            found = request.scope["mirakl"] = asked_of(request, self.state)
        return found


def _settle_while_alive(twin: "ref[MiraklTwin]") -> None:
    pause = threading.Event()
    while not pause.wait(_SETTLE_SECONDS):
        alive = twin()
        if alive is None:
            return
        alive.settle()
        del alive
