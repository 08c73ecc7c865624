"""What the flows need of the world. Adapters fit these shapes; nothing inherits from them.

Each method says what it raises: `Throttled`, `SystemDown`, `OutcomeUnknown` and `CredentialsRefused` may come from any
call to an outside system and are not repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from msgspec import Struct

from tieout.config import Config
from tieout.domain.exchange import FetchedOrder, LeaseLostError, PostedTransaction, References
from tieout.domain.orders.booked import Booked, LineChange
from tieout.domain.orders.matching import Item
from tieout.domain.orders.order import Order
from tieout.domain.orders.sales_order import CustomerDraft, SalesOrder
from tieout.domain.postings import Attempt, Intent, Key, Lane, Posting
from tieout.domain.returns.goods import FetchedReturn, ItemReceiptDraft, Return, ReturnAuthorizationDraft
from tieout.domain.returns.refund import ClosedLine, Credit, CreditMemoDraft, RefundLine
from tieout.domain.shipments.fulfilment import Fulfilment, FulfilmentDraft
from tieout.domain.shipments.invoice import InvoiceDraft
from tieout.domain.shipments.shipment import (
    Carrier,
    Created,
    FetchedShipment,
    Platform,
    Shipment,
    ShipmentDraft,
    Tracking,
)
from tieout.flows.settlement.ports import GeneralLedger, MoneySource, SettlementLog
from tieout.flows.stock.ports import OfferMarket, StockLedger

__all__ = [
    "Archive",
    "At",
    "Doorbells",
    "FetchedOrder",
    "LeaseLostError",
    "Ledger",
    "Marketplace",
    "Meter",
    "PostedTransaction",
    "Postings",
    "References",
    "SettlementLog",
    "Switches",
    "Watermarks",
]


class Marketplace(MoneySource, OfferMarket, Protocol):
    """One Mirakl connection."""

    def now(self) -> datetime:
        """Mirakl's clock (V01, `Date` header)."""

    def orders_updated(self, start: datetime, end: datetime) -> Iterator[list[FetchedOrder]]:
        """Pages of orders updated in the window, oldest creation first; duplicates may come (OR11)."""

    def orders_by_id(self, order_ids: Sequence[str]) -> list[FetchedOrder]:
        """Orders by id, any number (OR11, 100 a call); an unknown id is simply not there."""

    def read_order(self, raw: bytes) -> Order:
        """An archived order. Raises NeedsAttention(UNREADABLE_ORDER)."""

    def accept(self, order_id: str, decisions: Mapping[str, bool]) -> None:
        """Decide every line at once (OR21). Raises NeedsAttention(REFUSED_BY_MIRAKL)."""

    def set_seller_references(self, references: Mapping[str, str]) -> dict[str, str]:
        """Write our numbers, order id to reference, at most 100 (OR04). Answers Mirakl's words by refused order."""

    # --- dispatch ---

    def platform(self) -> Platform:
        """What the platform has switched on (PC01); kept for the life of the process."""

    def carriers(self) -> Mapping[str, Carrier]:
        """Carriers by code (SH21, once a day); kept for the life of the process."""

    def shipments_of(self, order_ids: Collection[str]) -> list[Shipment]:
        """Every shipment of these orders, cancelled ones too (ST11)."""

    def shipments_updated(self, start: datetime, end: datetime) -> Iterator[list[FetchedShipment]]:
        """Pages of shipments that changed in the window (ST11); an operator's, over all shops."""

    def create_shipments(self, drafts: Sequence[ShipmentDraft]) -> Created:
        """Create shipments (ST01, at most 1,000), as shipped where the draft says so. Not idempotent: read first."""

    def track_shipments(self, tracking: Mapping[str, Tracking]) -> dict[str, str]:
        """Say how to follow shipments, by id (ST23). Answers Mirakl's words by refused shipment."""

    def ship_shipments(self, shipment_ids: Sequence[str]) -> dict[str, str]:
        """Mark shipments as shipped (ST24). Answers Mirakl's words by refused shipment."""

    def track_order(self, order_id: str, tracking: Tracking) -> None:
        """Say how to follow a whole order (OR23). Raises NeedsAttention(REFUSED_BY_MIRAKL)."""

    def ship_order(self, order_id: str) -> None:
        """Mark a whole order as shipped (OR24). Raises NeedsAttention(REFUSED_BY_MIRAKL)."""

    def read_shipment(self, raw: bytes) -> Shipment:
        """An archived shipment. Raises NeedsAttention(UNREADABLE_DOCUMENT)."""

    # --- cancelations, refunds, returns ---

    def orders_in_states(self, states: Collection[str]) -> Iterator[list[FetchedOrder]]:
        """Pages of orders that are in one of these states now (OR11)."""

    def cancel_lines(
        self, lines: Sequence[RefundLine], *, tax_included: bool, taxed_as_a_whole: bool = False
    ) -> list[str]:
        """Cancel (parts of) lines that have not left (OR30); answers the ids. Not idempotent: read before a retry.

        Where the order is `taxed_as_a_whole` and amounts exclude tax, the lines' taxes are not sent.
        """

    def cancel_order(self, order_id: str) -> None:
        """Cancel a whole order (OR29)."""

    def refund_lines(
        self, lines: Sequence[RefundLine], *, tax_included: bool, taxed_as_a_whole: bool = False
    ) -> list[str]:
        """Give money back (OR28); answers the refund ids. Not idempotent: read before a retry. Taxes: as above."""

    def returns_updated(self, start: datetime, end: datetime) -> Iterator[list[FetchedReturn]]:
        """Pages of returns that changed in the window (RT11, at most every five minutes)."""

    def read_return(self, raw: bytes) -> Return:
        """An archived return. Raises NeedsAttention(UNREADABLE_DOCUMENT)."""

    def receive_returns(self, return_ids: Sequence[str]) -> dict[str, str]:
        """Say that returned goods came in (RT25, at most 100). Answers Mirakl's words by refused return."""

    def reasons(self) -> Mapping[str, Collection[str]]:
        """Reason codes that we may give, with their types, such as `REFUND` (RE01); kept for the process."""


class Ledger(GeneralLedger, StockLedger, Protocol):
    """The NetSuite account."""

    def references(self) -> References:
        """Subsidiaries, locations and currencies by name (SuiteQL); kept for the life of the process."""

    def items(self, itemids: Collection[str], upcs: Collection[str] = ()) -> list[Item]:
        """Items whose `itemid` (or UPC) is exactly one of these, inactive ones too (SuiteQL)."""

    def similar_items(self, itemids: Collection[str]) -> list[Item]:
        """Active items that differ from these by case or blanks only (SuiteQL); for suggestions."""

    def available(self, items: Collection[Item], location_ids: Collection[str]) -> dict[str, Decimal]:
        """Units free to promise by item id, over the locations; zero where stock was never kept (SuiteQL)."""

    def ensure_customer(self, customer: CustomerDraft) -> None:
        """Make sure a customer with this external id exists. Raises NeedsAttention(REFUSED_BY_NETSUITE)."""

    def create_sales_order(self, order: SalesOrder) -> str:
        """Create, once; answers the internal id. Raises AlreadyExists, NeedsAttention, OutcomeUnknown."""

    def find_transactions(self, external_ids: Collection[str]) -> dict[str, PostedTransaction]:
        """Transactions of any type by external id (SuiteQL); one that was just written may be missing still."""

    def read_sales_order(self, external_id: str) -> PostedTransaction | None:
        """A sales order by external id (record GET); None when there is none."""

    def now(self) -> datetime:
        """NetSuite's clock, as its `lastmodifieddate` counts (calibrated by SuiteQL)."""

    def fulfilments_changed(self, since: datetime, until: datetime) -> Iterator[list[Fulfilment]]:
        """Pages of fulfilments of our sales orders that were saved in the window, whatever their status (SuiteQL)."""

    def fulfilments(self, ids: Collection[str]) -> list[Fulfilment]:
        """Fulfilments by internal id (SuiteQL); one that is gone, or is not of an order of ours, is not there."""

    def fulfilments_deleted(self, since: datetime, until: datetime) -> list[str]:
        """Internal ids of item fulfilments, anybody's, that were deleted in the window (SuiteQL `deletedrecord`)."""

    def booked(self, external_ids: Collection[str]) -> dict[str, Booked]:
        """Transactions with their lines, by the external ids asked for (SuiteQL); a fresh one may be missing still."""

    def read_transaction(self, record_type: str, external_id: str) -> PostedTransaction | None:
        """A record (`invoice`, `creditMemo` ...) by external id (record GET, always current); None: there is none."""

    def open_day(self, day: date, policy: str) -> date:
        """`day` where its period is open for receivables; else, under `next_open_period`, the first open day after it.

        Raises NeedsAttention(PERIOD_CLOSED) under `hold`.
        """

    def create_fulfilment(self, draft: FulfilmentDraft) -> str:
        """Transform the sales order, only the lines named, status Shipped; answers the internal id.

        This and the other creates raise AlreadyExists, NeedsAttention(REFUSED_BY_NETSUITE) and OutcomeUnknown.
        """

    def create_invoice(self, draft: InvoiceDraft) -> str:
        """Transform the sales order, only the lines named, our amounts and taxes; answers the internal id."""

    def create_credit_memo(self, draft: CreditMemoDraft) -> str:
        """Transform the invoice and apply to it, our amounts and taxes; answers the internal id."""

    def create_return_authorization(self, draft: ReturnAuthorizationDraft) -> str:
        """Transform the sales order into an approved return authorisation; answers the internal id."""

    def create_item_receipt(self, draft: ItemReceiptDraft) -> str:
        """Transform the return authorisation; answers the internal id."""

    def change_lines(self, sales_order_id: str, changes: Sequence[LineChange]) -> None:
        """Close or reduce lines of a sales order by line number (PATCH). Doing it twice changes nothing."""

    def credits_changed(self, since: datetime, until: datetime) -> Iterator[list[Credit]]:
        """Pages of credit memos and item receipts of our orders that were saved in the window (SuiteQL)."""

    def closed_lines_changed(self, since: datetime, until: datetime) -> Iterator[list[ClosedLine]]:
        """Pages of sales order lines of ours that are closed with units unshipped, saved in the window (SuiteQL)."""


class Postings(Protocol):
    """The store of postings: the only state that decides what is done next."""

    def seen_versions(self, marketplace: str, order_ids: Sequence[str]) -> dict[str, str]:
        """Version of each order that was recorded already."""

    def record_order(
        self,
        *,
        marketplace: str,
        order_id: str,
        version: str,
        state: str,
        payload: str,
        intents: Sequence[Intent],
        retire: Sequence[Key],
        now: datetime,
        subject: str = "",
    ) -> list[Key]:
        """Store, in one transaction, that an order was seen in a version and what is intended; answers keys now due.

        An older or equal version changes nothing. A posting that is not sent yet takes the newer version; `retire`
        names postings that are superseded if nothing was sent for them.

        `subject` is empty for the order itself; else it names what else was seen of it (`FULFILMENT#<id>`,
        `SHIPMENT#<id>`, `RETURN#<id>`), whose versions count for themselves.
        """

    def claim(self, keys: Sequence[Key], now: datetime) -> list[Posting]:
        """Take the lease of each posting that is open, due and free, marking it ATTEMPTED *before* anything is sent."""

    def remember(self, posting: Posting, facts: Mapping[str, str], now: datetime) -> Posting:
        """Add facts while the lease is held, before something is sent; answers the posting with them.

        Raises LeaseLost.
        """

    def mark_posted(
        self,
        posting: Posting,
        target_id: str,
        now: datetime,
        *,
        facts: Mapping[str, str] | None = None,
        due_at: datetime | None = None,
    ) -> None:
        """Remember the other side's id; with `due_at` the lease ends, and the proof comes then. Raises LeaseLost."""

    def confirm(self, posting: Posting, facts: Mapping[str, str], follow_ups: Sequence[Intent], now: datetime) -> None:
        """Done and proven; its follow-up postings are written in the same transaction. Raises LeaseLost."""

    def park(self, posting: Posting, reason: str, facts: Mapping[str, str], now: datetime) -> None:
        """A person acts. Raises LeaseLost."""

    def release(
        self,
        posting: Posting,
        due_at: datetime,
        why: str,
        now: datetime,
        *,
        held: bool = False,
        untouched: bool = False,
    ) -> None:
        """Comes back at `due_at`; `untouched` says that nothing was sent in this attempt. Raises LeaseLost."""

    def due(self, lane: Lane, now: datetime, limit: int) -> list[Key]:
        """Postings of a lane that are due, oldest first."""

    def oldest_due(self, lane: Lane, now: datetime) -> datetime | None:
        """Since when the oldest due posting of a lane waits."""

    def open_postings(self, lane: Lane) -> list[Posting]:
        """Everything of a lane that has work left, due or not."""

    def posting(self, key: Key) -> Posting | None:
        """A posting as it stands."""

    def seen_state(self, marketplace: str, order_id: str) -> str | None:
        """State of an order when it was last seen."""

    def seen_payload(self, marketplace: str, order_id: str) -> str | None:
        """Archive key of an order's newest version that was seen."""

    def seen_payloads(self, marketplace: str, order_ids: Sequence[str]) -> dict[str, str]:
        """The same of many orders; those that were never seen are not there."""

    def of_thread(self, marketplace: str, thread: str) -> list[Posting]:
        """Every posting of an order's life, as they stand."""

    def parked(self, limit: int | None = None) -> list[Posting]:
        """What waits for a person, oldest first."""

    def oldest_parked(self) -> datetime | None:
        """Since when the oldest parked posting waits for a person."""

    def note(self, key: Key, attempt: Attempt) -> None:
        """Add a line to a posting's history."""


class Watermarks(Protocol):
    """How far each marketplace has been read, on the marketplace's own clock."""

    def read(self, marketplace: str) -> datetime | None:
        """The last watermark."""

    def advance(self, marketplace: str, to: datetime) -> None:
        """Move it forward; never back."""


class Archive(Protocol):
    """Source documents as they came, encrypted, expiring."""

    def store(self, documents: Mapping[str, bytes]) -> None:
        """Write documents by key; returns when all are durable."""

    def load(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Read documents; a missing one is left out."""


class Doorbells(Protocol):
    """Queues that say "there is something to do", and nothing more."""

    def ring(self, keys: Sequence[Key]) -> None:
        """One message a key, on its lane's queue; keys of lanes without a queue are left to their schedule."""

    def waiting(self, lane: Lane) -> int:
        """About how many doorbells wait in a lane's queue."""


class Switches(Protocol):
    """What stops us: a person's pause, and a system's breaker."""

    def paused(self, flow: str) -> bool:
        """Whether a person paused this flow (or all)."""

    def closed_until(self, system: str, now: datetime) -> datetime | None:
        """None when calls may go; else when to look again. At most one caller is let through to probe."""

    def worked(self, system: str, now: datetime) -> None:
        """The system answered."""

    def failed(self, system: str, now: datetime, *, at_once: bool = False) -> None:
        """The system did not; `at_once` opens the breaker without counting."""


class Meter(Protocol):
    """Counts and gauges for the alarms."""

    def count(self, name: str, amount: int = 1, **dimensions: str) -> None:
        """Add to a counter."""

    def gauge(self, name: str, value: float, **dimensions: str) -> None:
        """Report a level."""


class Together(Protocol):
    """Does one thing to many that do not depend on each other, at once where that is faster."""

    def __call__(self, do: Callable[[Any], None], things: Iterable[Any]) -> object:
        """Returns when all are done."""


def one_by_one(do: Callable[[Any], None], things: Iterable[Any]) -> None:
    """The order of `things`, for those who need it told."""
    for thing in things:
        do(thing)


def nothing_doubted(marketplace: str) -> Mapping[str, str]:  # noqa: ARG001
    """No SKU of any marketplace: where strict mode is off."""
    return {}


class At(Struct, frozen=True, kw_only=True):
    """Everything a flow works with; built once a process by `wiring`, or from fakes by a test."""

    config: Config
    marketplace: Callable[[str], Marketplace]
    ledger: Ledger
    postings: Postings
    watermarks: Watermarks
    archive: Archive
    settlement_log: SettlementLog
    doorbells: Doorbells
    switches: Switches
    meter: Meter
    clock: Callable[[], datetime]
    """Our own clock: leases, back-off, history. Windows and watermarks use the marketplace's."""
    jitter: Callable[[], float]
    """A number from 0 to 1 for full-jitter back-off."""
    together: Together = one_by_one
    doubted: Callable[[str], Mapping[str, str]] = nothing_doubted
    """Faults by SKU whose orders wait for a person, by marketplace (`flows.listings.strict`)."""
