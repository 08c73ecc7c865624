"""The other shops of an operator's marketplace: they ship their orders, in parts where the platform lets them."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox import Twins
from sandbox.demo.twin_control import TwinControl
from sandbox.mirakl.left import goods_left
from sandbox.mirakl.state import Order

PARTIAL, TWO_PARCELS, WRONG_CARRIER, LATE = 0.25, 0.15, 0.15, 0.1
_REGISTERED, _UNKNOWN = "RMAIL", "A van of ours"


@dataclass
class Sellers:
    """Everybody ships by the clock; what becomes of an order is drawn by the seed and the order's number."""

    twins: Twins
    control: TwinControl
    marketplaces: tuple[str, ...]
    in_parts: frozenset[str]
    seed: int
    after: timedelta
    late_by: timedelta
    shipped: Counter[str] = field(default_factory=Counter)
    _due: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def work(self, now: datetime) -> None:
        """Ship what is due."""
        for name, order in self._to_ship():
            late = self.late_by if self._draw(order, "late") < LATE else timedelta(0)
            due = self._due.setdefault((name, order.id), now + self.after + late)
            if due <= now:
                self._ship(name, order)
                self._due[name, order.id] = now + self.after

    @property
    def waiting(self) -> int:
        """Orders that are still to be shipped."""
        return len(self._to_ship())

    def _to_ship(self) -> list[tuple[str, Order]]:
        state = self.twins.mirakl.state
        with state.lock:
            return [
                (name, order)
                for name in self.marketplaces
                for order in state.marketplaces[name].orders.values()
                if order.state == "SHIPPING"
            ]

    def _ship(self, name: str, order: Order) -> None:
        tracking = {
            **(
                {"carrier_name": _UNKNOWN}
                if self._draw(order, "carrier") < WRONG_CARRIER
                else {"carrier_code": _REGISTERED}
            ),
            "tracking_number": f"SH{order.id}{self.shipped[name]}",
        }
        self.shipped[name] += 1
        shop = order.shop_id()
        if name not in self.in_parts:
            self.control.by_hand(name, "OR23", persona="seller", shop=shop, order_id=order.id, body=tracking)
            self.control.by_hand(name, "OR24", persona="seller", shop=shop, order_id=order.id)
            return
        left = {line["order_line_id"]: goods_left(order, line) for line in order.lines()}
        left = {line_id: units for line_id, units in left.items() if units > 0}
        begun = bool(order.shipments)
        if not begun and self._draw(order, "partial") < PARTIAL:
            left = dict(list(left.items())[: max(1, len(left) // 2)])
        self._send(name, order, left, tracking)

    def _send(self, name: str, order: Order, units: dict[str, int], tracking: dict[str, Any]) -> None:
        lines = [{"order_line_id": line_id, "quantity": count} for line_id, count in units.items()]
        parcels = [lines]
        if len(lines) > 1 and self._draw(order, "parcels") < TWO_PARCELS:
            parcels = [lines[:1], lines[1:]]
        shipments = [
            {
                "order_id": order.id,
                "shipment_lines": parcel,
                "shipped": True,
                "tracking": tracking | {"tracking_number": f"{tracking['tracking_number']}{place}"},
            }
            for place, parcel in enumerate(parcels)
        ]
        self.control.by_hand(name, "ST01", persona="seller", shop=order.shop_id(), body={"shipments": shipments})

    def _draw(self, order: Order, what: str) -> float:
        return random.Random(f"{self.seed} {order.id} {what}").random()
