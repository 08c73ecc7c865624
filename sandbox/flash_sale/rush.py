"""The rush itself, whoever keeps the offers: buyers at marketplaces of the twin, and goods that come in meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox import Twins
from sandbox.demo.shelves import stocked
from sandbox.demo.twin_control import TwinControl
from sandbox.flash_sale.buyers import Attempt, Crowd, order_of
from sandbox.flash_sale.count import Sold, Till
from tieout.domain.orders.order import DEAD

STEP = timedelta(seconds=30)
"""Buyers come at their own moments, and are served at the next of these."""

Offers = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Of each marketplace by SKU, as OF21 gives them."""


@dataclass
class Rush:
    """`go_on` serves those who have come; what a marketplace takes (`/_twin/attempts`) is what is counted."""

    twins: Twins
    control: TwinControl
    crowd: Crowd
    offers: Offers
    began: datetime
    second_thoughts: Mapping[int, timedelta] = field(default_factory=dict)
    """Attempts whose buyers cancel what they got, and when, where nobody else plays that part."""
    placed: dict[str, Attempt] = field(default_factory=dict)
    """What the marketplaces took, by order."""
    cancelled: dict[int, timedelta] = field(default_factory=dict)
    """Attempts whose orders were cancelled, and when it was seen."""
    _restocked: bool = False

    def __post_init__(self) -> None:
        there = stocked(self.control)
        self._till = Till({sku: int(there[sku].units) for sku in self.crowd.skus})
        self._to_come = list(self.crowd.attempts)

    def go_on(self, now: datetime) -> None:
        """One moment: goods come in, buyers buy."""
        since = now - self.began
        self.look(now)
        if not self._restocked and since >= self.crowd.sale.restocked_after:
            self._restock()
        here = [one for one in self._to_come if one.at <= since]
        self._to_come = [one for one in self._to_come if one.at > since]
        for name in self.offers:
            bodies = {
                str(body["order_id"]): (one, body)
                for one in here
                if one.marketplace == name
                for body in [order_of(one, self.crowd.models[name], self.offers[name][one.sku])]
            }
            taken = self.control.attempt(name, [body for _, body in bodies.values()]) if bodies else []
            for order_id in taken:
                self.placed[order_id] = bodies[order_id][0]
                self._till.sell(bodies[order_id][0])
        self._think_again(since)

    def look(self, now: datetime) -> None:
        """See which of the orders were cancelled meanwhile."""
        state = self.twins.mirakl.state
        with state.lock:
            dead = [
                one
                for order_id, one in self.placed.items()
                if one.number not in self.cancelled
                and state.marketplaces[one.marketplace].orders[order_id].state in DEAD
            ]
        for one in dead:
            self.cancelled[one.number] = now - self.began
            self._till.call_off(one)

    def closed(self, now: datetime) -> Sold:
        """What came of it."""
        self.look(now)
        return self._till.closed(self.crowd.attempts)

    def _restock(self) -> None:
        self._restocked = True
        there = stocked(self.control)
        units = self.crowd.sale.restocked
        self.control.change_stock(
            [{"itemid": sku, "location": there[sku].location, "add": Decimal(units)} for sku in self.crowd.skus]
        )
        for sku in self.crowd.skus:
            self._till.come_in(sku, units)

    def _think_again(self, since: timedelta) -> None:
        for order_id, one in self.placed.items():
            at = self.second_thoughts.get(one.number)
            if at is not None and at <= since and one.number not in self.cancelled:
                lines = [f"{order_id}-1"]
                self.control.change_order(one.marketplace, order_id, cancel_lines=lines)
        self.look(self.began + since)
