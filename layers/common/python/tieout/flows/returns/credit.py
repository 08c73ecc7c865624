"""Refunds of the marketplace's become credit memos: once, for that amount, out of the invoice that billed the line."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.orders.booked import Booked
from tieout.domain.orders.matching import Catalogue, SkuRules, catalogue_of, item_for
from tieout.domain.orders.order import Order
from tieout.domain.postings import OPEN, Intent, Key, Kind, Posting, State
from tieout.domain.returns.credit import Days, Found, credit_memo_for, gross_of, invoice_for, net_of, refund_in, within
from tieout.domain.returns.refund import CreditMemoDraft
from tieout.domain.returns.shares import is_given_back
from tieout.domain.shipments.invoice import billed_from, together
from tieout.flows.archived import archived_order
from tieout.flows.ports import At, PostedTransaction
from tieout.flows.posting import NotNeeded, NotYet, Recipe, post_records, taken
from tieout.flows.returns.thread import (
    day_of,
    has_sales_order,
    made_by_us,
    of_kind,
    perhaps_made_by_us,
    sales_order_id,
    tax_rules,
)

__all__ = ["closure_of", "post_credit_memos"]

CREDIT_MEMO_TYPE = "CustCred"
PATIENCE = timedelta(days=7)
"""How long a refund waits for the invoice of goods that left by Mirakl's word alone."""


def post_credit_memos(keys: Sequence[Key], at: At, deadline: datetime, returned: Collection[Key] = ()) -> list[Key]:
    """Post what is due of these keys; see `posting.post_records`."""
    return post_records(keys, at, deadline, returned, CreditMemos(at))


class CreditMemos(Recipe[Order, CreditMemoDraft]):
    """A refund becomes a credit memo; a batch costs one look-up of sales orders and invoices."""

    record_type = "creditMemo"
    counter = "CreditMemosPosted"

    def __init__(self, at: At) -> None:
        super().__init__(at)
        self._threads: dict[Key, list[Posting]] = {}
        self._booked: dict[str, Booked] = {}
        self._days: dict[tuple[str, date], date | NeedsAttention] = {}
        self._refund_items: Catalogue

    def source(self, posting: Posting, documents: Mapping[str, bytes]) -> Order:
        return archived_order(posting, documents, self.at)

    def look_up(self, sources: Sequence[tuple[Posting, Order]]) -> None:
        wanted: set[str] = set()
        for posting, order in sources:
            key = posting.key
            thread = self._threads[key] = self.at.postings.of_thread(key.marketplace, key.thread)
            wanted.add(sales_order_id(key))
            wanted.update(invoice.external_id for invoice in _invoices(thread))
            self._find_day(key.marketplace, _day(order, key.source_id, self.at))
        self._booked = self.at.ledger.booked(sorted(wanted)) if wanted else {}
        named = {item for posting, _ in sources if (item := self._refund_item(posting.key.marketplace))}
        self._refund_items = catalogue_of(self.at.ledger.items(named) if named else (), ())

    def _refund_item(self, marketplace: str) -> str | None:
        return self.at.config.marketplaces[marketplace].returns.refund_item

    def _find_day(self, marketplace: str, day: date) -> None:
        if (marketplace, day) in self._days:
            return
        policy = self.at.config.marketplaces[marketplace].invoices.closed_period
        try:
            self._days[marketplace, day] = self.at.ledger.open_day(day, policy)
        except NeedsAttention as problem:
            self._days[marketplace, day] = problem

    def draft(self, posting: Posting, source: Order) -> CreditMemoDraft:
        key, thread = posting.key, self._threads[posting.key]
        found = refund_in(source, key.source_id)
        if found is None:
            raise NotNeeded({"found": "the order shows no such refund any more"})
        if (ours := made_by_us(thread).get(key.source_id)) is not None:
            raise NotNeeded({"found": f"NetSuite began it: {ours.kind} {ours.source_id}"})
        if perhaps_made_by_us(thread):
            raise NotYet("a refund of ours has no answer yet")
        if not has_sales_order(key, self.at):
            raise NotNeeded({"found": "no sales order"})
        found = self._as_billed(found, thread)
        invoice = self._invoice(posting, source, found, thread)
        original = _day(source, key.source_id, self.at)
        day = self._days[key.marketplace, original]
        if isinstance(day, NeedsAttention):
            raise day
        refund_item = self._refund_item(key.marketplace)
        return credit_memo_for(
            source,
            found,
            invoice,
            tax_rules(self.at.config, key.marketplace),
            Days(day, original),
            refund_item_id=item_for(refund_item, self._refund_items, SkuRules(aliases=dict[str, str]())).id
            if refund_item
            else None,
        )

    def _as_billed(self, found: Found, thread: Sequence[Posting]) -> Found:
        """Of a line that was refunded whole, and left in part, no more is credited than was billed."""
        if not is_given_back(found.line) or of_kind(thread, Kind.INVOICE, *OPEN):
            return found
        billed = together([billed_from(invoice.facts) for invoice in _invoices(thread)]).get(found.line.line_id)
        if billed is None or billed.units >= found.line.quantity:
            return found
        never_left = {refund for refund, key in made_by_us(thread).items() if key.kind is Kind.CANCELATION}
        capped = within(found, billed, never_left)
        if not capped.refund.amount and not capped.refund.shipping_amount:
            raise NotNeeded({"found": "these units never left: nothing was billed for them"})
        return capped

    def _invoice(self, posting: Posting, order: Order, found: Found, thread: Sequence[Posting]) -> Booked:
        """The invoice that billed the line. Raises NotYet, NotNeeded or NeedsAttention(NOTHING_TO_CREDIT)."""
        invoices = []
        for each in _invoices(thread):
            if each.external_id not in self._booked:
                raise NotYet("NetSuite does not show an invoice yet")
            invoices.append(self._booked[each.external_id])
        if (invoice := invoice_for(found.line.line_id, net_of(order, found), invoices)) is not None:
            return invoice
        if of_kind(thread, Kind.INVOICE, *OPEN, State.PARKED):
            raise NotYet("an invoice is on its way")
        self._wait_or_settle(posting, order, found)
        raise NeedsAttention(
            Reason.NOTHING_TO_CREDIT,
            {"refund": found.refund.id, "line": found.line.line_id, "amount": str(gross_of(order, found))},
        )

    def _wait_or_settle(self, posting: Posting, order: Order, found: Found) -> None:
        """What becomes of a refund of a line that no invoice bills yet."""
        sale = self._booked.get(sales_order_id(posting.key))
        if sale is None:
            raise NotYet("NetSuite does not show the sales order yet")
        there = sale.line_of(found.line.line_id)
        if there is None or self.at.config.marketplaces[order.marketplace].invoices.trigger == "never":
            return
        if there.shipped == 0:
            if is_given_back(found.line):
                raise NotNeeded({"found": "refunded before it left: nothing was billed"}, [closure_of(posting)])
            if there.is_closed or sale.is_over:
                raise NotNeeded({"found": "closed before it left: nothing was billed"})
        now = self.at.clock()
        if now < (posting.first_seen or now) + PATIENCE:
            raise NotYet("the line is not billed yet")

    def create(self, draft: CreditMemoDraft) -> str:
        return self.at.ledger.create_credit_memo(draft)

    def check(self, draft: CreditMemoDraft, record: PostedTransaction) -> None:
        if record.kind != CREDIT_MEMO_TYPE:
            raise taken(draft.external_id, record)
        # SuiteQL shows what is given back below zero in some accounts.
        if (abs(record.total.amount), record.total.currency) != (draft.gross.amount, draft.gross.currency):
            raise NeedsAttention(
                Reason.TOTAL_MISMATCH,
                {
                    "netsuite": str(record.total),
                    "mirakl": str(draft.gross),
                    "number": record.number,
                    "id": record.id,
                },
            )

    def facts(self, draft: CreditMemoDraft) -> dict[str, str]:
        return {"invoice": draft.invoice_id, "gross": str(draft.gross)}


def closure_of(posting: Posting) -> Intent:
    """The line of a refund that came before the goods left is closed."""
    key = posting.key
    return Intent(
        key=Key(key.marketplace, key.thread, Kind.CLOSURE, key.source_id),
        source_version=posting.source_version,
        payload=posting.payload,
    )


def _invoices(thread: Sequence[Posting]) -> list[Posting]:
    """Invoices that NetSuite has, in the order of their fulfilments."""
    written = of_kind(thread, Kind.INVOICE, State.CONFIRMED, State.POSTED, State.PARKED)
    return [each for each in written if each.state is not State.PARKED or each.reason == Reason.TOTAL_MISMATCH]


def _day(order: Order, refund_id: str, at: At) -> date:
    """The day on which Mirakl gave the money back."""
    found = refund_in(order, refund_id)
    instant = (found.refund.created_at if found else None) or order.updated_at
    return day_of(at.config, order.marketplace, instant).date()
