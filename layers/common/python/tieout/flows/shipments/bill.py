"""Invoices out: each fulfilment that left becomes exactly one invoice, worth Mirakl's gross of the lines in it.

It is written when the revenue trigger of the settings is reached, on a day whose period is open. What an invoice bills
is written down before it is sent, so that whatever happens to the call, the parts of an order add up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from tieout.domain.errors import NeedsAttention, Reason, Throttled
from tieout.domain.ids import external_id
from tieout.domain.orders.booked import Booked
from tieout.domain.orders.order import Order
from tieout.domain.orders.sales_order import TaxRules, TaxStrategy
from tieout.domain.postings import Key, Kind, Posting, State
from tieout.domain.shipments.fulfilment import Fulfilment
from tieout.domain.shipments.invoice import (
    BILLED,
    InvoiceDraft,
    Shares,
    at_least,
    billed_fact,
    billed_from,
    invoice_for,
    shares_of,
    together,
)
from tieout.domain.shipments.revenue import Trigger, revenue_instant
from tieout.flows.ports import At, PostedTransaction
from tieout.flows.posting import NotYet, Recipe, post_records, soon, taken
from tieout.flows.shipments.rules import archived_fulfilment

__all__ = ["post_invoices"]

INVOICE_TYPE = "CustInvc"
THERE = frozenset({Reason.TOTAL_MISMATCH, Reason.EXTERNAL_ID_TAKEN})
"""Parked for these, NetSuite holds the invoice."""


class ToBill(Struct, frozen=True):
    """A fulfilment, and what was known of its order when the batch began."""

    fulfilment: Fulfilment
    order_payload: str


def post_invoices(keys: Sequence[Key], at: At, deadline: datetime, returned: Collection[Key] = ()) -> list[Key]:
    """Post what is due of these keys, lower fulfilments first; see `posting.post_records`."""
    in_order = sorted(keys, key=lambda key: (key.marketplace, key.thread, len(key.source_id), key.source_id))
    return post_records(in_order, at, deadline, returned, Invoices(at))


class Invoices(Recipe[ToBill, InvoiceDraft]):
    """A batch costs one look-up of sales orders, and one of each day's period."""

    record_type = "invoice"
    counter = "InvoicesPosted"

    def __init__(self, at: At) -> None:
        super().__init__(at)
        self._documents: Mapping[str, bytes] = {}
        self._booked: Mapping[str, Booked] = {}
        self._days: dict[tuple[date, str], date | NeedsAttention] = {}
        self._drafted: Counter[tuple[str, str]] = Counter()
        self._shares: dict[str, Shares] = {}
        self._keys: dict[str, Key] = {}

    # --- prepare -----------------------------------------------------------------------------------------------------

    def source(self, posting: Posting, documents: Mapping[str, bytes]) -> ToBill:
        key = posting.key
        fulfilment = archived_fulfilment(posting, documents, self.at)
        order_payload = self.at.postings.seen_payload(key.marketplace, key.thread)
        if order_payload is None:
            raise NotYet("the order was not read yet")
        return ToBill(fulfilment, order_payload)

    def look_up(self, sources: Sequence[tuple[Posting, ToBill]]) -> None:
        if not sources:
            return
        self._documents = self.at.archive.load(sorted({source.order_payload for _, source in sources}))
        self._booked = self.at.ledger.booked(sorted({sales_order_of(posting.key) for posting, _ in sources}))

    def draft(self, posting: Posting, source: ToBill) -> InvoiceDraft:
        key = posting.key
        order = self._order(key, source.order_payload)
        original_day = self._revenue_day(order, source.fulfilment)
        booked = self._booked.get(sales_order_of(key))
        if booked is None:
            raise NotYet("the sales order is not to be seen yet", soon(self.at))
        shares = self._billed_now(posting, source.fulfilment, order, booked)
        draft = invoice_for(
            order,
            booked,
            shares,
            tax_rules(self.at, key.marketplace),
            source_id=key.source_id,
            day=self._open_day(original_day, self.at.config.marketplaces[key.marketplace].invoices.closed_period),
            original_day=original_day,
        )
        self._drafted[key.marketplace, key.thread] += 1
        self._shares[draft.external_id], self._keys[draft.external_id] = shares, key
        return draft

    def _order(self, key: Key, payload: str) -> Order:
        raw = self._documents.get(payload)
        if raw is None:
            raise NeedsAttention(Reason.UNREADABLE_ORDER, {"archive": f"{payload} is not there"})
        return self.at.marketplace(key.marketplace).read_order(raw)

    def _revenue_day(self, order: Order, fulfilment: Fulfilment) -> date:
        """Raises NotYet as long as the trigger is not reached."""
        trigger = Trigger(self.at.config.marketplaces[order.marketplace].invoices.trigger)
        zone = zone_of(self.at, order.marketplace)
        if trigger is Trigger.SHIPPED:
            return fulfilment.day
        instant = revenue_instant(order, [line.line_id for line in fulfilment.lines], trigger)
        if instant is None:
            raise NotYet(f"not {trigger} yet")
        return max(fulfilment.day, instant.astimezone(zone).date())

    def _billed_now(self, posting: Posting, fulfilment: Fulfilment, order: Order, booked: Booked) -> Shares:
        """What this invoice bills; what was perhaps sent already bills what it said then."""
        if (posting.ambiguous_since or posting.target_id) and BILLED in posting.facts:
            return billed_from(posting.facts)
        key = posting.key
        others = self._others(key)
        if any(each.state is State.PARKED for each in others if _in_flight(each)):
            raise NotYet("another invoice of this order waits for a person")
        if self._drafted[key.marketplace, key.thread] or any(_in_flight(each) for each in others):
            raise NotYet("another invoice of this order is on its way", soon(self.at))
        earlier = together([billed_from(each.facts) for each in others if each.state is State.CONFIRMED])
        quantities: Counter[str] = Counter()
        for line in fulfilment.lines:
            if line.line_id:  # else somebody added the line in NetSuite: the marketplace knows nothing of it
                quantities[line.line_id] += line.quantity
        return shares_of(order, quantities, at_least(earlier, order, booked))

    def _others(self, key: Key) -> list[Posting]:
        return [
            each
            for each in self.at.postings.of_thread(key.marketplace, key.thread)
            if each.key.kind is Kind.INVOICE and each.key != key
        ]

    def _open_day(self, day: date, policy: str) -> date:
        if (day, policy) not in self._days:
            try:
                self._days[day, policy] = self.at.ledger.open_day(day, policy)
            except NeedsAttention as closed:
                self._days[day, policy] = closed
        found = self._days[day, policy]
        if isinstance(found, NeedsAttention):
            raise found
        return found

    # --- create and prove --------------------------------------------------------------------------------------------

    def facts(self, draft: InvoiceDraft) -> dict[str, str]:
        return billed_fact(self._shares[draft.external_id])

    def create(self, draft: InvoiceDraft) -> str:
        """Looks once more for another invoice of the order: it may have been begun while this one was drafted."""
        key = self._keys[draft.external_id]
        for other in self._others(key):
            if _in_flight(other):
                # The higher one waits longer, so that they do not meet again.
                seconds = (soon(self.at) - self.at.clock()).total_seconds() * (
                    2 if _rank(other.key) < _rank(key) else 1
                )
                raise Throttled("another invoice of this order is on its way", seconds)
        return self.at.ledger.create_invoice(draft)

    def check(self, draft: InvoiceDraft, record: PostedTransaction) -> None:
        if record.kind != INVOICE_TYPE:
            raise taken(draft.external_id, record)
        if record.total != draft.gross:
            raise NeedsAttention(
                Reason.TOTAL_MISMATCH,
                {"netsuite": str(record.total), "mirakl": str(draft.gross), "number": record.number, "id": record.id},
            )


def _rank(key: Key) -> tuple[int, str]:
    return len(key.source_id), key.source_id


def _in_flight(other: Posting) -> bool:
    """Whether NetSuite has an invoice, or may have, that is not proven: how much of the order it bills is open."""
    if BILLED not in other.facts:
        return False
    if other.state is State.PARKED:
        return other.reason in THERE or other.ambiguous_since is not None
    return other.state in {State.ATTEMPTED, State.POSTED}


def sales_order_of(key: Key) -> str:
    """External id of the sales order that a posting's order became."""
    return external_id(key.marketplace, Kind.SALES_ORDER, key.thread)


def zone_of(at: At, marketplace: str) -> ZoneInfo:
    """Days of this marketplace's documents are days of this zone."""
    subsidiary = at.config.marketplaces[marketplace].orders.sales_orders.subsidiary
    return ZoneInfo(at.config.netsuite.subsidiaries[subsidiary].time_zone)


def tax_rules(at: At, marketplace: str) -> TaxRules:
    """How this marketplace's tax is written; the charge's item is that of the sales order's own charge line."""
    tax = at.config.marketplaces[marketplace].orders.sales_orders.tax
    return TaxRules(TaxStrategy(tax.strategy), tax.codes, tax.default_code)
