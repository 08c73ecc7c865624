"""What follows a sales order in NetSuite: fulfilments, invoices, what is taken back. A part of `client.NetSuite`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct, field
from msgspec.json import Decoder

from tieout.domain.exchange import PostedTransaction
from tieout.domain.money import ZERO
from tieout.domain.orders.booked import Booked, LineChange
from tieout.domain.returns.goods import ItemReceiptDraft, ReturnAuthorizationDraft
from tieout.domain.returns.refund import ClosedLine, Credit, CreditMemoDraft
from tieout.domain.shipments.fulfilment import Fulfilment, FulfilmentDraft
from tieout.domain.shipments.invoice import InvoiceDraft
from tieout.netsuite import documents
from tieout.netsuite.booked import booked
from tieout.netsuite.changes import change_lines, closed_lines_changed
from tieout.netsuite.clock import Zone, server_time
from tieout.netsuite.connection import Connection
from tieout.netsuite.credits import credits_changed
from tieout.netsuite.fulfilments import Fulfilments
from tieout.netsuite.periods import Periods
from tieout.netsuite.records import RECORDS, created_id, read_transaction
from tieout.netsuite.refusals import read


class _Invoice(Struct, frozen=True):
    owed: Decimal = field(name="amountRemaining", default=ZERO)


_INVOICE = Decoder(_Invoice)


class AfterTheOrder:
    """Reads by SuiteQL what changed, and makes documents out of others. `symbol_of` is a currency's by its id."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime], symbol_of: Callable[[str], str]) -> None:
        self._here = connection
        self._symbol_of = symbol_of
        self._zone = Zone(connection, clock)
        self._fulfilments = Fulfilments(connection, self._zone)
        self._periods = Periods(connection, clock)

    # --- what changed ------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """NetSuite's clock in UTC; the readings below put it into the zone of `lastmodifieddate`."""
        return server_time(self._here)

    def fulfilments_changed(self, since: datetime, until: datetime) -> Iterator[list[Fulfilment]]:
        """Pages of fulfilments of our sales orders that were saved in the window, whatever their status (SuiteQL)."""
        return self._fulfilments.changed(since, until)

    def fulfilments(self, ids: Collection[str]) -> list[Fulfilment]:
        """Fulfilments by internal id (SuiteQL); one that is gone, or is not of an order of ours, is not there."""
        return self._fulfilments.by_id(ids)

    def fulfilments_deleted(self, since: datetime, until: datetime) -> list[str]:
        """Internal ids of item fulfilments, anybody's, that were deleted in the window (SuiteQL `deletedrecord`)."""
        return self._fulfilments.deleted(since, until)

    def credits_changed(self, since: datetime, until: datetime) -> Iterator[list[Credit]]:
        """Pages of credit memos and item receipts of our orders that were saved in the window (SuiteQL)."""
        return credits_changed(self._here, self._zone, since, until)

    def closed_lines_changed(self, since: datetime, until: datetime) -> Iterator[list[ClosedLine]]:
        """Pages of sales order lines of ours that are closed with units unshipped, saved in the window (SuiteQL)."""
        return closed_lines_changed(self._here, self._zone, since, until)

    # --- how it stands -----------------------------------------------------------------------------------------------

    def booked(self, external_ids: Collection[str]) -> dict[str, Booked]:
        """Transactions with their lines, by the external ids asked for (SuiteQL); a fresh one may be missing still."""
        return booked(self._here, external_ids)

    def read_transaction(self, record_type: str, external_id: str) -> PostedTransaction | None:
        """A record (`invoice`, `creditMemo` ...) by external id (record GET, always current); None: there is none."""
        return read_transaction(self._here, record_type, external_id, self._symbol_of)

    def open_day(self, day: date, policy: str) -> date:
        """`day` where its period is open for receivables; else, under `next_open_period`, the first open day after it.

        Raises NeedsAttention(PERIOD_CLOSED).
        """
        return self._periods.open_day(day, policy)

    # --- documents made out of others --------------------------------------------------------------------------------

    def create_fulfilment(self, draft: FulfilmentDraft) -> str:
        """Transform the sales order, only the lines named, status Shipped; answers the internal id.

        This and the other creates raise AlreadyExists, NeedsAttention(REFUSED_BY_NETSUITE) and OutcomeUnknown.
        """
        body = documents.fulfilment_body(draft)
        return self._transform("salesOrder", draft.sales_order_id, "itemFulfillment", body)

    def create_invoice(self, draft: InvoiceDraft) -> str:
        """Transform the sales order, only the lines named, our amounts and taxes; answers the internal id."""
        return self._transform("salesOrder", draft.sales_order_id, "invoice", documents.invoice_body(draft))

    def create_credit_memo(self, draft: CreditMemoDraft) -> str:
        """Transform the invoice and apply to it, our amounts and taxes; answers the internal id.

        An invoice that is paid already takes no credit: what it does not take stays open on the memo.
        """
        path = f"{RECORDS}/invoice/{draft.invoice_id}"
        call, answer = self._here.read("GET invoice", path, params={"fields": "amountRemaining"})
        body = documents.credit_memo_body(draft, read(_INVOICE, call, answer).owed)
        return self._transform("invoice", draft.invoice_id, "creditMemo", body)

    def create_return_authorization(self, draft: ReturnAuthorizationDraft) -> str:
        """Transform the sales order into an approved return authorisation; answers the internal id."""
        body = documents.return_authorization_body(draft)
        return self._transform("salesOrder", draft.sales_order_id, "returnAuthorization", body)

    def create_item_receipt(self, draft: ItemReceiptDraft) -> str:
        """Transform the return authorisation; answers the internal id."""
        body = documents.item_receipt_body(draft)
        return self._transform("returnAuthorization", draft.authorization_id, "itemReceipt", body)

    def change_lines(self, sales_order_id: str, changes: Sequence[LineChange]) -> None:
        """Close or reduce lines of a sales order by line number (PATCH). Doing it twice changes nothing."""
        change_lines(self._here, sales_order_id, changes, self._symbol_of)

    def _transform(self, source: str, source_id: str, target: str, body: bytes) -> str:
        path = f"{RECORDS}/{source}/{source_id}/!transform/{target}"
        return created_id(self._here.write(f"POST {target}", path, body))
