"""Item fulfilments out (operator): what another seller shipped is fulfilled on the sales order, only that and once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct, json

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.ids import external_id
from tieout.domain.orders.booked import Booked
from tieout.domain.postings import Key, Kind, Posting, State
from tieout.domain.shipments.fulfilment import FulfilmentDraft
from tieout.domain.shipments.gone import lines_gone, units_to_fulfil
from tieout.domain.shipments.shipment import ShippedLine
from tieout.flows.archived import archived, archived_order
from tieout.flows.ports import At, PostedTransaction
from tieout.flows.posting import NotNeeded, NotYet, Recipe, post_records, soon, taken
from tieout.flows.shipments.bill import sales_order_of, zone_of

__all__ = ["post_fulfilments"]

FULFILMENT_TYPE = "ItemShip"
FULFILLED = "fulfilled"
"""Name of the fact that says which units of which line are fulfilled."""
STRANGER = timedelta(days=3)
"""An order that was not read in this time is not ours: it is older than the cut-over."""


class Gone(Struct, frozen=True):
    """What a seller sent."""

    lines: tuple[ShippedLine, ...]
    day: date
    tracking_numbers: tuple[str, ...]
    seller_id: int | None


def post_fulfilments(keys: Sequence[Key], at: At, deadline: datetime, returned: Collection[Key] = ()) -> list[Key]:
    """Post what is due of these keys; see `posting.post_records`."""
    return post_records(keys, at, deadline, returned, Fulfilments(at))


class Fulfilments(Recipe[Gone, FulfilmentDraft]):
    """A batch costs one look-up of sales orders."""

    record_type = "itemFulfillment"
    counter = "FulfilmentsPosted"

    def __init__(self, at: At) -> None:
        super().__init__(at)
        self._booked: Mapping[str, Booked] = {}
        self._taken: Counter[tuple[str, int]] = Counter()

    def source(self, posting: Posting, documents: Mapping[str, bytes]) -> Gone:
        key = posting.key
        if key.source_id == key.thread:
            order = archived_order(posting, documents, self.at)
            zone = zone_of(self.at, key.marketplace)
            numbers = (order.tracking_number,) if order.tracking_number else ()
            return Gone(lines_gone(order), order.updated_at.astimezone(zone).date(), numbers, order.seller_id)
        shipment = self.at.marketplace(key.marketplace).read_shipment(archived(posting, documents, self.at))
        zone = zone_of(self.at, key.marketplace)
        instant = shipment.shipped_at or shipment.updated_at or self.at.clock()
        number = shipment.tracking.number
        return Gone(shipment.lines, instant.astimezone(zone).date(), (number,) if number else (), shipment.seller_id)

    def look_up(self, sources: Sequence[tuple[Posting, Gone]]) -> None:
        if sources:
            self._booked = self.at.ledger.booked(sorted({sales_order_of(posting.key) for posting, _ in sources}))

    def draft(self, posting: Posting, source: Gone) -> FulfilmentDraft:
        key = posting.key
        booked = self._booked.get(sales_order_of(key))
        if booked is None:
            raise self._no_sales_order(posting)
        units = self._units(posting, source, booked)
        if not units:
            raise NotNeeded({"fulfilled": "nothing of this shipment is goods of the sales order"})
        policy = self.at.config.marketplaces[key.marketplace].invoices.closed_period
        return FulfilmentDraft(
            external_id=external_id(key.marketplace, Kind.FULFILMENT, key.source_id),
            sales_order_id=booked.id,
            day=self.at.ledger.open_day(source.day, policy),
            quantities=units,
            all_lines=booked.line_numbers,
            tracking_numbers=source.tracking_numbers,
            key=f"T-{key.marketplace}-{Kind.FULFILMENT}-{key.source_id}",
            memo=f"Seller {source.seller_id}" if source.seller_id is not None else "",
        )

    def _no_sales_order(self, posting: Posting) -> Exception:
        """What to make of a shipment whose sales order is not there."""
        key = posting.key
        sale = self.at.postings.posting(Key(key.marketplace, key.thread, Kind.SALES_ORDER, key.thread))
        if sale is None:
            age = self.at.clock() - (posting.first_seen or self.at.clock())
            if age > STRANGER and self.at.postings.seen_payload(key.marketplace, key.thread) is None:
                return NotNeeded({"order": "was never read: it is older than orders.since"})
            return NotYet("the order was not read yet")
        if sale.state is State.SUPERSEDED:
            return NeedsAttention(Reason.ALREADY_SHIPPED, {"sales_order": "not written: the order was cancelled"})
        if sale.state is State.PARKED:
            return NotYet("the sales order waits for a person")
        return NotYet("the sales order is not there yet", soon(self.at))

    def _units(self, posting: Posting, source: Gone, booked: Booked) -> dict[int, int]:
        """What was perhaps sent already fulfils what it said then; else what this batch takes counts too."""
        if (posting.ambiguous_since or posting.target_id) and FULFILLED in posting.facts:
            return json.decode(posting.facts[FULFILLED], type=dict[int, int], strict=False)
        units = units_to_fulfil(source.lines, booked)
        for number, quantity in units.items():
            line = next(line for line in booked.lines if line.number == number)
            if self._taken[booked.id, number] + line.shipped + quantity > line.quantity:
                raise NotYet("another fulfilment of this order is on its way", soon(self.at))
        for number, quantity in units.items():
            self._taken[booked.id, number] += quantity
        return units

    def facts(self, draft: FulfilmentDraft) -> dict[str, str]:
        return {FULFILLED: json.encode(draft.quantities).decode()}

    def create(self, draft: FulfilmentDraft) -> str:
        return self.at.ledger.create_fulfilment(draft)

    def check(self, draft: FulfilmentDraft, record: PostedTransaction) -> None:
        """A transform takes every line that it is not told of: what was fulfilled is compared, as soon as it shows."""
        if record.kind != FULFILMENT_TYPE:
            raise taken(draft.external_id, record)
        for there in self.at.ledger.fulfilments([record.id]):
            fulfilled = sum(line.quantity for line in there.lines)
            if not there.is_shipped or fulfilled != sum(draft.quantities.values()):
                raise NeedsAttention(
                    Reason.TOTAL_MISMATCH,
                    {
                        "netsuite": f"{fulfilled} units, status {there.status}",
                        "mirakl": f"{sum(draft.quantities.values())} units shipped",
                        "number": record.number,
                        "id": record.id,
                    },
                )
