"""What people do during the day, on both sides: buyers cancel and return, operators refund, clerks close and credit.

Each act is legal where it is done. Who does what to which order is drawn by the seed; none is chosen twice.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox import Twins
from sandbox.demo.twin_control import TwinControl
from sandbox.mirakl.state import Order
from sandbox.netsuite.store import Record

ACTS_OF_EACH_KIND = 2
"""At each marketplace, in a day."""
HURRY = timedelta(minutes=10)
"""What is called off must be called off before the packing table has it."""
WILLING = 0.4
_REFUNDABLE = ("SHIPPED", "RECEIVED")
_RECORD = "/services/rest/record/v1/"


@dataclass
class People:
    """The people of one day. `left` counts the acts that each still means to do."""

    twins: Twins
    control: TwinControl
    marketplaces: tuple[str, ...]
    role: str
    seed: int
    packed_after: timedelta
    """How long after it was booked an order goes to the packing table."""
    acts: int = ACTS_OF_EACH_KIND
    done: Counter[str] = field(default_factory=Counter)
    chosen: set[tuple[str, str]] = field(default_factory=set)
    _returns: list[tuple[str, str, str]] = field(default_factory=list)
    """Marketplace, return, and the state that it enters next."""
    refused: list[str] = field(default_factory=list)
    """What NetSuite did not let a clerk do."""
    _index: dict[str, dict[tuple[Any, Any], list[Record]]] = field(default_factory=dict)
    """NetSuite's records by kind and order, as they stand at this step."""

    def __post_init__(self) -> None:
        self._dice = random.Random(f"people {self.seed}")
        sides: dict[str, Callable[[str, datetime], bool]] = {
            "buyers cancelled a line": self._cancel_line,
            "buyers cancelled an order": self._cancel_order,
            "buyers returned goods": self._return_goods,
            "operators refunded a line": self._refund("line"),
            "operators refunded a part": self._refund("part"),
            "operators refunded the delivery": self._refund("delivery"),
            "operators showed goodwill": self._refund("goodwill"),
            "clerks closed a line": self._close_line,
            "clerks made a credit memo": self._credit,
        }
        if self.role == "operator":
            for only_a_sellers in ("clerks closed a line", "clerks made a credit memo"):
                del sides[only_a_sellers]
        self._acts = sides
        self.left = Counter({(what, name): self.acts for what in sides for name in self.marketplaces})

    def act(self, now: datetime, *, last_call: bool = False) -> bool:
        """Some do one thing now, where something is there to do it to; everybody on the last call. Says whether any."""
        before = self.done.total()
        self._index.clear()
        returns, self._returns = self._returns, []
        for marketplace, return_id, state in returns:
            self.control.change_return(marketplace, return_id, state)
            if state == "IN_PROGRESS":
                self._returns.append((marketplace, return_id, "RECEIVED"))
        for (what, marketplace), times in list(self.left.items()):
            # The first of each kind as soon as there is one to do it to: before long all is packed.
            willing = last_call or times == self.acts or self._dice.random() < WILLING
            if times > 0 and willing and self._acts[what](marketplace, now):
                self.left[what, marketplace] -= 1
                self.done[what] += 1
        return self.done.total() > before

    @property
    def are_busy(self) -> bool:
        """Whether something that was begun is still to be finished."""
        return bool(self._returns)

    # -- before it leaves ------------------------------------------------------------------------------------------

    def _cancel_line(self, marketplace: str, now: datetime) -> bool:
        for order, _ in self._not_packed(marketplace, now, lines=2):
            line = self._dice.choice(_live(order))
            self.control.change_order(marketplace, order.id, cancel_lines=[line["order_line_id"]])
            return True
        return False

    def _cancel_order(self, marketplace: str, now: datetime) -> bool:
        for order, _ in self._not_packed(marketplace, now, lines=1):
            lines = [line["order_line_id"] for line in _live(order)]
            self.control.change_order(marketplace, order.id, cancel_lines=lines)
            return True
        return False

    def _close_line(self, marketplace: str, now: datetime) -> bool:
        for order, booked in self._not_packed(marketplace, now, lines=2):
            alive = {line["order_line_id"] for line in _live(order)}
            lines = [line for line in booked.sublists["item"] if line.get("custcol_tieout_line") in alive]
            body = {"item": {"items": [{"line": self._dice.choice(lines)["line"], "isClosed": True}]}}
            return self._in_netsuite("PATCH", f"salesOrder/{booked.id}", body)
        return False

    # -- after it left ---------------------------------------------------------------------------------------------

    def _return_goods(self, marketplace: str, now: datetime) -> bool:
        _ = now
        for order in self._gone(marketplace):
            line = self._dice.choice(_live(order))
            back = {"order_line_id": line["order_line_id"], "quantity": self._dice.randint(1, int(line["quantity"]))}
            return_id = self.control.ask_for_return(marketplace, order.id, [back])
            self._returns.append((marketplace, return_id, "IN_PROGRESS"))
            self.chosen.add((marketplace, order.id))
            return True
        return False

    def _refund(self, what: str) -> Callable[[str, datetime], bool]:
        def refund(marketplace: str, now: datetime) -> bool:
            _ = now
            for order in self._gone(marketplace):
                for line in _live(order):
                    entry = _entry_of(line, what)
                    if entry is not None:
                        self.control.by_hand(marketplace, "OR28", body={"refunds": [entry]})
                        self.chosen.add((marketplace, order.id))
                        return True
            return False

        return refund

    def _credit(self, marketplace: str, now: datetime) -> bool:
        _ = now
        for order in self._gone(marketplace):
            for invoice in self._records("invoice", marketplace, order.id):
                # A clerk does not give back what is given back already.
                back = {str(line["order_line_id"]) for line in order.lines() if line.get("refunds")}
                billed = invoice.sublists["item"]
                lines = [one for one in billed if one.get("custcol_tieout_line", "") not in back | {""}]
                if not lines:
                    continue
                line = self._dice.choice(lines)
                units = self._dice.randint(1, int(line["quantity"]))
                items = [{"orderLine": one["line"], "quantity": units if one is line else 0} for one in billed]
                body = {
                    "shippingCost": 0,
                    "item": {"items": items},
                    "apply": {"items": [{"doc": {"id": invoice.id}, "apply": True}]},
                }
                self.chosen.add((marketplace, order.id))
                return self._in_netsuite("POST", f"invoice/{invoice.id}/!transform/creditMemo", body)
        return False

    # -- who and what ----------------------------------------------------------------------------------------------

    def _not_packed(self, marketplace: str, now: datetime, lines: int) -> Iterator[tuple[Order, Record]]:
        """Orders that are booked and that nobody has packed, with at least so many live lines; each is given once."""
        # The shortest that will do, so that there are longer ones for who needs more than one line.
        for order in sorted(self._orders(marketplace, ("SHIPPING",)), key=lambda one: len(_live(one))):
            if len(_live(order)) < lines or order.shipments:
                continue
            for booked in self._records("salesOrder", marketplace, order.id):
                fresh = booked.created + self.packed_after - HURRY > now
                if fresh and not self._made_from(booked):
                    self.chosen.add((marketplace, order.id))
                    yield order, booked

    def _gone(self, marketplace: str) -> Iterator[Order]:
        """Orders that have left, and for which NetSuite has billed (a seller) or shipped (an operator)."""
        proof = "invoice" if self.role == "seller" else "itemFulfillment"
        # Those whose delivery was free first, so that there are others left for who refunds a delivery.
        for order in sorted(self._orders(marketplace, _REFUNDABLE), key=_has_delivery):
            if _live(order) and self._records(proof, marketplace, order.id):
                yield order

    def _orders(self, marketplace: str, states: tuple[str, ...]) -> list[Order]:
        state = self.twins.mirakl.state
        with state.lock:
            orders = [
                order
                for order in state.marketplaces[marketplace].orders.values()
                if order.state in states and (marketplace, order.id) not in self.chosen
            ]
        self._dice.shuffle(orders)
        return orders

    def _records(self, kind: str, marketplace: str, order_id: str) -> list[Record]:
        if kind not in self._index:
            by_order = self._index[kind] = {}
            store = self.twins.netsuite.state.store
            with store.lock:
                for one in store.all(kind):
                    named = one.values.get("custbody_tieout_marketplace"), one.values.get("custbody_tieout_order")
                    by_order.setdefault(named, []).append(one)
        return self._index[kind].get((marketplace, order_id), [])

    def _made_from(self, booked: Record) -> bool:
        store = self.twins.netsuite.state.store
        with store.lock:
            return bool(store.made_from(booked.id, "itemFulfillment"))

    def _in_netsuite(self, method: str, what: str, body: dict[str, Any]) -> bool:
        answer = self.twins.netsuite.state.request(method, f"{_RECORD}{what}", body)
        if answer.status >= 300:
            self.refused.append(f"{method} {what}: {answer.body[:200]!r}")
        return answer.status < 300


def _live(order: Order) -> list[dict[str, Any]]:
    over = ("REFUSED", "CANCELED", "REFUNDED")
    return [line for line in order.lines() if line["order_line_state"] not in over and not line.get("refunds")]


def _has_delivery(order: Order) -> bool:
    return any(_entry_of(line, "delivery") for line in _live(order))


def _entry_of(line: dict[str, Any], what: str) -> dict[str, Any] | None:
    """What an operator refunds of a line, in the order's own tax mode; None where there is none of it."""
    quantity, price, delivery = int(line["quantity"]), line["price"], line.get("shipping_price") or 0
    amounts = {
        "line": (price, delivery, quantity),
        "part": (round(price / quantity, 2), 0, 1) if quantity > 1 else None,
        "delivery": (0, delivery, 0) if delivery else None,
        "goodwill": (round(price / 10, 2), 0, 0),
    }[what]
    if amounts is None or not (amounts[0] or amounts[1]):
        return None
    return {
        "order_line_id": line["order_line_id"],
        "amount": amounts[0],
        "shipping_amount": amounts[1],
        "quantity": amounts[2],
        "reason_code": "GOODWILL" if what == "goodwill" else "RETURNED" if what == "line" else "DAMAGED",
    }
