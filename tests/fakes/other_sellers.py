"""Other sellers of a marketplace in memory, as its operator sees them: their shipments, by update window (ST11)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import json
from msgspec.structs import replace

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.shipments.shipment import FetchedShipment, Shipment, ShippedLine

if TYPE_CHECKING:
    from tests.fakes.clock import VirtualClock

ANOTHER = 2005
"""A shop that is not the operator's own."""
UNREADABLE = b"{}"


class MemoryOtherSellers:
    """A part of `MemoryMarketplace`."""

    _clock: VirtualClock
    shipments: dict[str, Shipment]
    calls: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.unreadable: set[str] = set()
        """Shipments that do not read as Mirakl documents them."""

    def sends(self, order_id: str, units: Mapping[str, int], **details: Any) -> Shipment:
        """A seller ships; a shipment that is known changes (`id`)."""
        shipment = Shipment(
            id=f"sent-{len(self.shipments) + 1}",
            order_id=order_id,
            state="SHIPPED",
            lines=tuple(ShippedLine(line_id, quantity) for line_id, quantity in units.items()),
            updated_at=self._clock.now,
            shipped_at=self._clock.now,
            seller_id=ANOTHER,
        )
        shipment = replace(shipment, **details)
        before = self.shipments.get(shipment.id)
        if before and before.updated_at and shipment.updated_at and shipment.updated_at <= before.updated_at:
            shipment = replace(shipment, updated_at=before.updated_at + timedelta(milliseconds=1))
        self.shipments[shipment.id] = shipment
        return shipment

    def shipments_updated(self, start: datetime, end: datetime) -> Iterator[list[FetchedShipment]]:
        self.calls["ST11"] += 1
        found = [each for each in self.shipments.values() if each.updated_at and start <= each.updated_at <= end]
        if found:
            yield [self._fetched(each) for each in found]

    def _fetched(self, shipment: Shipment) -> FetchedShipment:
        assert shipment.updated_at is not None
        if shipment.id in self.unreadable:
            problem = "lines is missing"
            return FetchedShipment(shipment.id, shipment.order_id, shipment.updated_at, UNREADABLE, None, problem)
        raw = json.encode(shipment)
        return FetchedShipment(shipment.id, shipment.order_id, shipment.updated_at, raw, shipment)

    def read_shipment(self, raw: bytes) -> Shipment:
        if raw == UNREADABLE:
            raise NeedsAttention(Reason.UNREADABLE_DOCUMENT, {"at": "lines"})
        return json.decode(raw, type=Shipment)
