"""What Mirakl is asked about money: transaction log, billing cycles, legal documents, the operator's payment queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from urllib.parse import quote

from msgspec import DecodeError, Raw, ValidationError, json
from msgspec.json import Decoder

from tieout.domain.errors import NeedsAttention, OutcomeUnknown, Reason, SystemDown
from tieout.domain.exchange import Backfill, CustomerMoney, CyclePage, DocumentPage, LinePage
from tieout.domain.ledger.line import Sold
from tieout.mirakl import wire_documents as wire
from tieout.mirakl.connection import Calls, Connection, Params, instant
from tieout.mirakl.document_rows import ISSUED
from tieout.mirakl.paging import OffsetPage, by_offset
from tieout.mirakl.payment_rows import debits_of, refunds_of
from tieout.mirakl.seeking import SeekPage, rows
from tieout.mirakl.settlement_pages import cycle_page, document_page, joined, line_page
from tieout.mirakl.sold import SOLD_ORDER, sold_of
from tieout.mirakl.values import Unreadable

LINES_A_PAGE = 2_000
CYCLES_A_PAGE = 1_000
"""The most that TL02 and SBC11 give; both are counted by the call."""
CYCLES_AT_ONCE = 50
"""Cycle ids a TL02 is asked for: each is a parameter of its own in the address."""
LINES_A_FILE = 20_000
"""Of an export of the log: a file is held in memory."""

_LOG = "/api/sellerpayment/transactions_logs"
_RAW_LIST = Decoder(list[Raw])
_FILE = Decoder(SeekPage)


class Settlement:
    """The part of a connection that has to do with money."""

    _connection: Connection
    _calls: Calls

    def transaction_lines(self, updated_from: datetime) -> Iterator[LinePage]:
        """TL02: lines that changed since then, oldest change first; a line that changes meanwhile may come twice.

        60 pages an hour are allowed: Throttled in the middle of it leaves what came before, from where to go on.
        """
        return self._lines({"last_updated_from": instant(updated_from), "sort": "lastUpdated,ASC"})

    def lines_of_cycles(self, cycle_ids: Sequence[str]) -> Iterator[LinePage]:
        """TL02: every line of these billing cycles as it stands."""
        wanted = list(dict.fromkeys(cycle_ids))
        for start in range(0, len(wanted), CYCLES_AT_ONCE):
            some = wanted[start : start + CYCLES_AT_ONCE]
            yield from self._lines({"seller_billing_cycle_id": some, "sort": "dateCreated,ASC"})

    def billing_cycles(self, created_from: datetime, created_to: datetime | None = None) -> Iterator[CyclePage]:
        """SBC11: cycles closed in the window, oldest first, with what became of their money by now. Once a day."""
        filters = {"start_date": instant(created_from), "sort": "dateCreated,ASC"}
        if created_to is not None:
            filters["end_date"] = instant(created_to)
        for page in rows(self._calls, "SBC11", "/api/seller-billing-cycles", filters, str(CYCLES_A_PAGE)):
            yield cycle_page(page)

    def accounting_documents(
        self, created_from: datetime, created_to: datetime | None = None
    ) -> Iterator[DocumentPage]:
        """IV01: the operator's documents of the window, oldest first, manual ones too. Once a day.

        Nothing tells which of them changed: whoever wants their payment state reads them again.
        """
        filters = {"type": "ALL", "start_date": instant(created_from), "sort": "dateCreated", "order": "asc"}
        if created_to is not None:
            filters["end_date"] = instant(created_to)
        for page in by_offset(lambda asked: self._invoices({**filters, **asked})):
            yield document_page(page)

    def document_requests(self, updated_from: datetime) -> Iterator[DocumentPage]:
        """DR11 with DR12: documents of the operator that changed since then; those that are issued read as documents.

        What shops issue themselves (to buyers, or to an operator that buys) is not asked for.
        """
        filters = {"last_updated_from": instant(updated_from), "issuer_type": "OPERATOR", "sort": "dateCreated,ASC"}
        for page in rows(self._calls, "DR11", "/api/document-request/requests", filters):
            yield document_page([self._with_lines(raw) for raw in page])

    def read_lines(self, raw: Sequence[bytes]) -> LinePage:
        """Archived transaction lines."""
        return line_page(raw)

    def read_cycles(self, raw: Sequence[bytes]) -> CyclePage:
        """Archived billing cycles."""
        return cycle_page(raw)

    def read_documents(self, raw: Sequence[bytes]) -> DocumentPage:
        """Archived documents of either kind."""
        return document_page(raw)

    def only_money(self, raw: bytes) -> bytes:
        """An order in OR11's form with nothing but what a settlement needs: no buyer. Raises as `read_sold` does."""
        self.read_sold(raw)
        return json.encode(SOLD_ORDER.decode(raw))

    def read_sold(self, raw: bytes) -> Sold:
        """An order, as far as money goes. Raises NeedsAttention(UNREADABLE_ORDER)."""
        try:
            return sold_of(SOLD_ORDER.decode(raw))
        except (ValidationError, DecodeError, Unreadable) as error:
            raise NeedsAttention(Reason.UNREADABLE_ORDER, {"why": str(error)}) from error

    def start_backfill(self, created_from: datetime, created_to: datetime | None = None) -> str:
        """TL03: ask for the whole log of a time as files; answers the id to follow it by. Once a day."""
        body: dict[str, object] = {
            "format": "NDJSON",
            "items_per_chunk": LINES_A_FILE,
            "date_created_from": instant(created_from),
        }
        if created_to is not None:
            body["date_created_to"] = instant(created_to)
        asked = self._calls.tell(wire.EXPORT_ASKED, "TL03", "POST", f"{_LOG}/async", body)
        if not asked.tracking_id:
            raise OutcomeUnknown("Mirakl answered TL03 without a tracking id")
        return asked.tracking_id

    def backfill(self, tracking_id: str) -> Backfill:
        """TL04: how far the export is; at most every ten seconds."""
        path = f"{_LOG}/async/status/{quote(tracking_id, safe='')}"
        told = self._calls.ask(wire.EXPORT_STATE, "TL04", path)
        if not told.status:
            raise SystemDown("Mirakl answered TL04 without a status")
        error = told.error
        words = ": ".join(part for part in (error.code, error.detail) if part) if error else ""
        return Backfill(told.status, tuple(told.urls or ()), words)

    def backfill_lines(self, url: str) -> Iterator[LinePage]:
        """TL05: the lines of one file, at whatever address TL04 named."""
        found = _rows_of(self._calls.fetch("TL05", url).body)
        for start in range(0, len(found), LINES_A_PAGE):
            yield line_page(found[start : start + LINES_A_PAGE])

    def debits_waiting(self) -> list[CustomerMoney]:
        """PA11: what buyers are about to be charged (operators; its path is known from public connectors only)."""
        return self._waiting("PA11", "/api/payment/debit", debits_of)

    def refunds_waiting(self) -> list[CustomerMoney]:
        """PA12: what buyers are about to be given back (operators; as above)."""
        return self._waiting("PA12", "/api/payment/refund", refunds_of)

    def _lines(self, filters: Params) -> Iterator[LinePage]:
        for page in rows(self._calls, "TL02", _LOG, filters, str(LINES_A_PAGE)):
            yield line_page(page)

    def _invoices(self, asked: Params) -> OffsetPage:
        page = self._calls.ask(wire.INVOICE_PAGE, "IV01", "/api/invoices", asked)
        return OffsetPage([bytes(raw) for raw in page.invoices], page.total_count)

    def _with_lines(self, request: bytes) -> bytes:
        """The request with its rows; one that names no id, or is not issued yet, has none to ask for."""
        try:
            head = wire.REQUEST.decode(request)
        except (ValidationError, DecodeError):
            return joined(request, [])
        if not head.id or head.state != ISSUED:
            return joined(request, [])
        path = f"/api/document-request/{quote(head.id, safe='')}/lines"
        listed = rows(self._calls, "DR12", path, {"sort": "dateCreated,ASC"})
        return joined(request, [line for page in listed for line in page])

    def _waiting(
        self, operation: str, path: str, read: Callable[[wire.PaidOrder], list[CustomerMoney]]
    ) -> list[CustomerMoney]:
        def page(asked: Params) -> OffsetPage:
            found = self._calls.ask(wire.PAYMENT_PAGE, operation, path, asked)
            orders = found.orders.order if found.orders else None
            return OffsetPage([bytes(raw) for raw in orders or []], found.total_count)

        try:
            return [money for some in by_offset(page) for raw in some for money in read(wire.PAID_ORDER.decode(raw))]
        except (Unreadable, ValidationError, DecodeError) as error:
            raise SystemDown(f"Mirakl answered {operation} with what does not read: {error}") from error


def _rows_of(file: bytes) -> list[bytes]:
    """JSON files have their rows in `data`, or are a list of them; else there is one a line."""
    try:
        return [bytes(raw) for raw in _FILE.decode(file).data]
    except (ValidationError, DecodeError):
        pass
    try:
        return [bytes(raw) for raw in _RAW_LIST.decode(file)]
    except (ValidationError, DecodeError):
        return [line for line in file.splitlines() if line.strip()]
