"""Goods that leave, in memory: a marketplace's shipments and carriers, and NetSuite's fulfilments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.shipments.fulfilment import FulfilledLine, Fulfilment
from tieout.domain.shipments.shipment import (
    CANCELED,
    GONE,
    PREPARED,
    Carrier,
    Created,
    Platform,
    Shipment,
    ShipmentDraft,
    ShippedLine,
    Tracking,
)

if TYPE_CHECKING:
    from tests.fakes.clock import VirtualClock
    from tieout.domain.exchange import FetchedOrder
    from tieout.domain.orders.order import Order

STANDARD_CODES = frozenset({"DHL", "UPS"})
A_PAGE = 100


def refusal(words: str) -> NeedsAttention:
    """What a call that Mirakl refuses as a whole raises."""
    return NeedsAttention(Reason.REFUSED_BY_MIRAKL, {"status": "400", "message": words})


class MemoryDispatch:
    """The part of `ports.Marketplace` that is about goods that leave; as strict as Mirakl."""

    _clock: VirtualClock
    orders: dict[str, Order]
    calls: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.features = Platform(multi_shipment=True)
        self.registered = {
            "DHL": Carrier("DHL", "DHL Express", "DHL", "https://dhl.example/{trackingId}"),
            "VAN": Carrier("VAN", "Our own van", "", "https://van.example/"),
        }
        self.shipments: dict[str, Shipment] = {}
        self.unlisted: set[str] = set()
        """Ids of shipments that listings do not show yet."""
        self.refuses_to_ship: dict[str, str] = {}
        """Words for every shipment of these orders (inside a 201)."""
        self.order_tracking: dict[str, Tracking] = {}

    def put(self, order: Order) -> Order:
        raise NotImplementedError

    def platform(self) -> Platform:
        self.calls["PC01"] += 1
        return self.features

    def carriers(self) -> Mapping[str, Carrier]:
        self.calls["SH21"] += 1
        return self.registered

    def orders_in_states(self, states: Collection[str]) -> Iterator[list[FetchedOrder]]:
        from tests.fakes.orders import fetched  # noqa: PLC0415  it imports the adapters' values

        self.calls["OR11"] += 1
        yield [fetched(order) for order in self.orders.values() if order.state in states]

    # --- in parts ----------------------------------------------------------------------------------------------------

    def shipments_of(self, order_ids: Collection[str]) -> list[Shipment]:
        self.calls["ST11"] += -(-len(order_ids) // A_PAGE)
        return [each for each in self.shipments.values() if each.order_id in order_ids and each.id not in self.unlisted]

    def create_shipments(self, drafts: Sequence[ShipmentDraft]) -> Created:
        self.calls["ST01"] += 1
        assert len(drafts) <= 1000
        ids: dict[str, str] = {}
        refused: dict[str, str] = {}
        for draft in drafts:
            try:
                ids[draft.reference] = self._create(draft).id
            except NeedsAttention as problem:
                refused[draft.reference] = problem.facts["message"]
        return Created(ids, refused)

    def _create(self, draft: ShipmentDraft) -> Shipment:
        order = self.orders.get(draft.order_id)
        if order is None:
            raise refusal("Order does not exist.")
        if words := self.refuses_to_ship.get(draft.order_id):
            raise refusal(words)
        if order.state != "SHIPPING":
            raise refusal(f"The order status must be 'SHIPPING' but it is '{order.state}'.")
        taken: Counter[str] = Counter()
        for line in draft.lines:
            taken[line.line_id] += line.quantity
            if line.quantity < 1 or taken[line.line_id] > self.left(order, line.line_id):
                raise refusal("Shipment quantity is invalid.")
        shipment = Shipment(
            id=f"shipment-{len(self.shipments) + 1}",
            order_id=order.order_id,
            state="SHIPPING",
            lines=draft.lines,
            tracking=self._kept(draft.tracking) if draft.tracking != Tracking() else Tracking(),
            reference=draft.reference,
        )
        self.shipments[shipment.id] = shipment
        if draft.shipped:
            self._ship(shipment)
        return shipment

    def somebody_ships(self, order_id: str, units: Mapping[str, int]) -> None:
        """A person ships some of an order in the marketplace's back office."""
        lines = tuple(ShippedLine(line_id, quantity) for line_id, quantity in units.items())
        self._create(ShipmentDraft(reference="", order_id=order_id, lines=lines))

    def left(self, order: Order, line_id: str) -> int:
        """How many of a line are in no shipment."""
        live = next((line.quantity for line in order.live_lines if line.line_id == line_id), 0)
        return live - sum(self.shipped(order.order_id, line_id, each) for each in self.shipments.values())

    @staticmethod
    def shipped(order_id: str, line_id: str, shipment: Shipment) -> int:
        if shipment.order_id != order_id or shipment.state == CANCELED:
            return 0
        return sum(line.quantity for line in shipment.lines if line.line_id == line_id)

    def track_shipments(self, tracking: Mapping[str, Tracking]) -> dict[str, str]:
        self.calls["ST23"] += 1
        refused: dict[str, str] = {}
        for shipment_id, how in tracking.items():
            try:
                self.shipments[shipment_id] = replace(self.shipments[shipment_id], tracking=self._kept(how))
            except NeedsAttention as problem:
                refused[shipment_id] = problem.facts["message"]
        return refused

    def ship_shipments(self, shipment_ids: Sequence[str]) -> dict[str, str]:
        self.calls["ST24"] += 1
        refused: dict[str, str] = {}
        for shipment_id in shipment_ids:
            shipment = self.shipments[shipment_id]
            if shipment.state != "SHIPPING":
                refused[shipment_id] = f"The shipment status must be 'SHIPPING' but it is '{shipment.state}'."
            else:
                self._ship(shipment)
        return refused

    def _ship(self, shipment: Shipment) -> None:
        order = self.orders[shipment.order_id]
        state = PREPARED if order.payment_workflow == "PAY_ON_SHIPMENT" else "SHIPPED"
        self.shipments[shipment.id] = replace(shipment, state=state, shipped_at=self._clock.now)
        gone = [each for each in self.shipments.values() if each.state in GONE]
        for line in order.live_lines:
            if sum(self.shipped(order.order_id, line.line_id, each) for each in gone) < line.quantity:
                return
        self.put(replace(order, state="SHIPPED"))

    def _kept(self, sent: Tracking) -> Tracking:
        if sent.carrier_code:
            carrier = self.registered.get(sent.carrier_code)
            if carrier is None:
                raise refusal(f"Carrier code {sent.carrier_code} does not exist")
            if "{" in carrier.tracking_url and not sent.number:
                raise refusal(f"Tracking number is mandatory for carrier {carrier.code}")
            return sent
        if sent.carrier_standard_code:
            if sent.carrier_standard_code not in STANDARD_CODES:
                raise refusal(f"Carrier standard code {sent.carrier_standard_code} does not exist")
            return sent
        if not sent.carrier_name:
            raise refusal("Carrier code is mandatory for a registered carrier, carrier name for an unregistered one")
        if not self.features.alternative_carriers:
            raise refusal(f"Carrier {sent.carrier_name} is not registered, and alternative carriers are disabled")
        return sent

    # --- whole orders ------------------------------------------------------------------------------------------------

    def track_order(self, order_id: str, tracking: Tracking) -> None:
        self.calls["OR23"] += 1
        if self.orders[order_id].state not in {"SHIPPING", "SHIPPED", "TO_COLLECT"}:
            raise refusal(f"Tracking cannot be updated: the order is {self.orders[order_id].state}")
        self.order_tracking[order_id] = self._kept(tracking)

    def ship_order(self, order_id: str) -> None:
        self.calls["OR24"] += 1
        order = self.orders[order_id]
        if words := self.refuses_to_ship.get(order_id):
            raise refusal(words)
        if order.state != "SHIPPING":
            raise refusal(f"The order status must be 'SHIPPING' but it is '{order.state}'.")
        self.put(replace(order, state="SHIPPED"))


def a_fulfilment(order_id: str = "A-1", fulfilment_id: str = "501", **details: Any) -> Fulfilment:
    """One mug that left, in one parcel."""
    fulfilment = Fulfilment(
        id=fulfilment_id,
        number=f"IF{fulfilment_id}",
        marketplace="brightside",
        order_id=order_id,
        sales_order_id="1000",
        status="C",
        day=date(2026, 3, 2),
        modified_at=datetime.fromisoformat("2026-03-02T09:00:00Z"),
        tracking_numbers=(f"1Z{fulfilment_id}",),
        lines=(FulfilledLine("line-MUG", 1),),
    )
    return replace(fulfilment, **details)


class MemoryWarehouse:
    """The part of `ports.Ledger` that is about fulfilments; its clock runs `ledger_skew` beside ours, in seconds."""

    _clock: VirtualClock
    item_fulfilments: dict[str, Fulfilment]
    calls: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.ledger_skew = timedelta()
        self.removed: dict[str, datetime] = {}

    def now(self) -> datetime:
        return (self._clock.now + self.ledger_skew).replace(microsecond=0)

    def save(self, fulfilment: Fulfilment) -> Fulfilment:
        """Somebody saves a fulfilment, now."""
        saved = replace(fulfilment, modified_at=self.now())
        self.item_fulfilments[saved.id] = saved
        return saved

    def remove(self, fulfilment_id: str) -> None:
        """Somebody deletes a fulfilment, now."""
        del self.item_fulfilments[fulfilment_id]
        self.removed[fulfilment_id] = self.now()

    def fulfilments_changed(self, since: datetime, until: datetime) -> Iterator[list[Fulfilment]]:
        self.calls["fulfilments_changed"] += 1
        found = [each for each in self.item_fulfilments.values() if since <= each.modified_at <= until]
        for start in range(0, len(found), A_PAGE):
            yield found[start : start + A_PAGE]

    def fulfilments_deleted(self, since: datetime, until: datetime) -> list[str]:
        self.calls["fulfilments_deleted"] += 1
        return [each for each, when in self.removed.items() if since <= when <= until]
