"""What a Mirakl instance holds: its orders, when each last changed, and the moves that are due."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Protocol
from uuid import NAMESPACE_OID, uuid5

from sandbox.clock import moment_of, text_of
from sandbox.mirakl.money.log import Log
from sandbox.mirakl.offers.catalogue import Catalogue

Json = dict[str, Any]
SHOP_ID = 2001
_FIRST_NUMBER = 9_000_001
_EVERY_ORDER_HAS = ("order_id", "order_state", "order_tax_mode", "created_date", "order_lines")


@dataclass(frozen=True)
class Move:
    """A state that the order enters by itself, or one of its shipments or refunds if `of` names its id."""

    at: datetime
    state: str
    of: str = ""


@dataclass
class Order:
    """One logistic order. `body` is what the operator would see; views take from it what a persona may know.

    `version` counts its changes, `moves` are the states to come, the next one first. `to_ship_since` is when it was
    first to be shipped, `incidents` the state that each line with an open incident goes back to, `not_to_ship` how many
    of a line a refund took out of shipping. `shipments` are as ST11 gives them and `returns` as RT11 does, by id.
    """

    body: Json
    created: datetime
    updated: datetime
    version: int = 0
    moves: list[Move] = field(default_factory=list)
    to_ship_since: datetime | None = None
    incidents: dict[str, str] = field(default_factory=dict)
    closes_when_solved: bool = False
    not_to_ship: dict[str, int] = field(default_factory=dict)
    shipments: dict[str, Json] = field(default_factory=dict)
    returns: dict[str, Json] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(self.body["order_id"])

    @property
    def state(self) -> str:
        return str(self.body["order_state"])

    def lines(self) -> list[Json]:
        return list(self.body["order_lines"])

    def line(self, line_id: str | None) -> Json | None:
        return next((line for line in self.lines() if line["order_line_id"] == line_id), None)

    def plan(self, moves: list[Move]) -> None:
        """Add states to come to those there are."""
        self.moves = sorted([*self.moves, *moves], key=lambda move: move.at)

    def is_someone_elses_to_ship(self) -> bool:
        """Fulfilled by a logistics partner: the shop neither accepts nor ships it."""
        center = (self.body.get("fulfillment") or {}).get("center") or {}
        return bool(center.get("code", "DEFAULT") != "DEFAULT")

    def shop_id(self) -> int:
        return int(self.body.get("shop_id") or SHOP_ID)


@dataclass
class Marketplace:
    """One instance (tenant) with its credentials; each of its shops has an id of its own, ours is SHOP_ID."""

    name: str
    api_key: str
    operator_token: str
    orders: dict[str, Order] = field(default_factory=dict)
    log: Log = field(default_factory=Log)
    catalogue: Catalogue = field(default_factory=Catalogue)

    def currency(self) -> str:
        return self._commonest("currency_iso_code", "GBP" if self.name.endswith("-uk") else "EUR")

    def tax_mode(self) -> str:
        return self._commonest("order_tax_mode", "TAX_INCLUDED" if self.name.endswith("-uk") else "TAX_EXCLUDED")

    def own_shop(self) -> int:
        """Our shop, by the number the world's log has for it."""
        return SHOP_ID if self.log.own_shop is None else self.log.own_shop

    def shop_of(self, order: Order) -> int:
        return int(order.body.get("shop_id") or self.own_shop())

    def _commonest(self, name: str, otherwise: str) -> str:
        found = [str(order.body.get(name) or otherwise) for order in self.orders.values()]
        return max(sorted(set(found)), key=found.count) if found else otherwise


class Books(Protocol):
    """Who keeps the transaction logs: follows orders, and does what is due by the clock."""

    def follow(self, marketplace: Marketplace, order: Order, at: datetime) -> None: ...

    def next_at(self, marketplace: Marketplace, now: datetime) -> datetime | None: ...

    def happen(self, marketplace: Marketplace, at: datetime) -> None: ...


class Sales(Protocol):
    """Who takes what is bought off the offers."""

    def follow(self, marketplace: Marketplace, order: Order) -> None: ...


class MiraklState:
    """All marketplaces of the twin. `lock` guards it: requests, webhooks and tests look at it from their threads."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self.lock = threading.RLock()
        self.marketplaces: dict[str, Marketplace] = {}
        self._numbers = count(_FIRST_NUMBER)
        self.books: Books | None = None
        self.sales: Sales | None = None
        self.on_change: Callable[[str, str], None] = lambda _marketplace, _order_id: None

    def open(self, name: str) -> Marketplace:
        """The marketplace of that name; one seen first is opened empty, with its credentials."""
        if name not in self.marketplaces:
            self.marketplaces[name] = Marketplace(name, self._credential(name, "seller"), self._credential(name, "op"))
        return self.marketplaces[name]

    def known(self, name: str) -> Marketplace:
        """Raises KeyError naming those there are."""
        if name not in self.marketplaces:
            raise KeyError(f"marketplace {name!r}; there are {', '.join(sorted(self.marketplaces))}")
        return self.marketplaces[name]

    def changed(self, marketplace: Marketplace, order: Order, at: datetime, *, tell: bool = True) -> None:
        """Whatever is done to an order, its update date moves and its log follows; with `tell` listeners hear."""
        order.updated = max(order.updated, at)
        order.body["last_updated_date"] = text_of(order.updated)
        order.version += 1
        if self.books:
            self.books.follow(marketplace, order, at)
        if self.sales:
            self.sales.follow(marketplace, order)
        if tell:
            self.on_change(marketplace.name, order.id)

    def number(self) -> str:
        """A number that no refund, cancelation, shipment or return of this twin has had."""
        return str(next(self._numbers))

    def uuid(self) -> str:
        """The same in the form Mirakl gives shipments and returns."""
        return str(uuid5(NAMESPACE_OID, f"{self._secret} {self.number()}"))

    def _credential(self, name: str, persona: str) -> str:
        digest = hashlib.sha256(f"{self._secret} {name} {persona}".encode()).hexdigest()
        return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"


def held(body: Json) -> Order:
    """Take an OR11-shaped order in. Raises ValueError where it lacks what every order has, or a date is unreadable."""
    if missing := [name for name in _EVERY_ORDER_HAS if name not in body]:
        raise ValueError(f"order {body.get('order_id')} has no {', '.join(missing)}")
    created = moment_of(body["created_date"])
    return Order(body, created, moment_of(body.get("last_updated_date") or body["created_date"]))
