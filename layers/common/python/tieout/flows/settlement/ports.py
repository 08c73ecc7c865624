"""What the flow of money needs of the world: the log, cycles and documents in; records and the general ledger out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from tieout.domain.exchange import Backfill, CyclePage, DocumentPage, LinePage
from tieout.domain.ledger.gl import Balance, GlLine, VendorBalance, VendorDraft
from tieout.domain.ledger.line import Booked, Sold
from tieout.domain.ledger.record import Record
from tieout.domain.orders.sales_order import TaxRules


class MoneySource(Protocol):
    """What a Mirakl connection tells of money. Each row comes with its bytes, for the settlement log."""

    def transaction_lines(self, updated_from: datetime) -> Iterator[LinePage]:
        """Lines that changed since then, oldest change first (TL02). Throttled may come between two pages."""

    def billing_cycles(self, created_from: datetime, created_to: datetime | None = None) -> Iterator[CyclePage]:
        """Cycles that closed in the window, with what became of their money by now (SBC11, once a day)."""

    def accounting_documents(
        self, created_from: datetime, created_to: datetime | None = None
    ) -> Iterator[DocumentPage]:
        """The operator's legal documents of the window, manual ones too (IV01, once a day)."""

    def document_requests(self, updated_from: datetime) -> Iterator[DocumentPage]:
        """Document requests that changed since then (DR11 with DR12)."""

    def shop_balances(self, read_at: datetime) -> Iterator[list[bytes]]:
        """Each shop's balances as of now, in pages: A01 of a seller, once a day; S20 of an operator.

        A row says when it was read, and no more of a shop than its money. Raises NeedsAttention where the operator's
        role may not list shops.
        """

    def start_backfill(self, created_from: datetime, created_to: datetime | None = None) -> str:
        """Ask for the log of a time as files (TL03, once a day); answers the id to follow it by."""

    def backfill(self, tracking_id: str) -> Backfill:
        """How far that is (TL04, every ten seconds at most)."""

    def backfill_lines(self, url: str) -> Iterator[LinePage]:
        """The lines of one of its files (TL05)."""

    def read_lines(self, raw: Sequence[bytes]) -> LinePage:
        """Transaction lines as the log kept them."""

    def read_cycles(self, raw: Sequence[bytes]) -> CyclePage:
        """Billing cycles as the log kept them."""

    def read_documents(self, raw: Sequence[bytes]) -> DocumentPage:
        """Legal documents as the log kept them."""

    def only_money(self, raw: bytes) -> bytes:
        """An archived order with nothing but what a settlement needs: no buyer. Raises as `read_sold` does."""

    def read_sold(self, raw: bytes) -> Sold:
        """An order, whole or with its money only, as far as money goes. Raises NeedsAttention(UNREADABLE_ORDER)."""


class GeneralLedger(Protocol):
    """What the NetSuite account does for a settlement."""

    def create_record(
        self,
        record: Record,
        *,
        subsidiary_id: str | None = None,
        approve: bool = False,
        taxes: TaxRules | None = None,
    ) -> str:
        """Create it, once; answers the internal id. A journal waits for approval unless `approve`.

        `taxes` says how cash sales and invoices carry their VAT.

        Raises AlreadyExists, NeedsAttention(REFUSED_BY_NETSUITE, ACCOUNT_NOT_FOUND) and OutcomeUnknown.
        """

    def ensure_vendor(self, vendor: VendorDraft) -> None:
        """Make sure a vendor with this external id exists. Raises NeedsAttention(REFUSED_BY_NETSUITE)."""

    def documents_of(self, order_ids: Collection[str]) -> list[Booked]:
        """Invoices, credit memos, cash sales and cash refunds of these orders, with what is still open (SuiteQL)."""

    def documents_of_marketplace(self, marketplace: str, since: date) -> Iterator[Sequence[Booked]]:
        """Pages of the same of all orders of a marketplace, dated since then (SuiteQL)."""

    def balances(self, accounts: Collection[str], until: date | None = None) -> list[Balance]:
        """What accounts (by number) hold by currency, posted up to and with that day (SuiteQL)."""

    def vendor_balances(self, account: str, until: date) -> list[VendorBalance]:
        """What an account holds by vendor and currency, posted up to and with that day (SuiteQL)."""

    def documents_by_external_id(self, external_ids: Collection[str]) -> dict[str, Booked]:
        """Transactions by external id, with what is still open (SuiteQL)."""

    def gl_lines(self, external_ids: Collection[str]) -> list[GlLine]:
        """What these transactions moved in the general ledger (SuiteQL)."""


class SettlementLog(Protocol):
    """What marketplaces told of money, as it came: parts are added, and none is ever changed.

    A row that came twice stands in it twice; whoever reads takes the newest version.
    """

    def append(self, marketplace: str, table: str, rows: Mapping[str, Sequence[bytes]], now: datetime) -> None:
        """Add rows, by partition, to a table (`lines`, `cycles` ...); returns when all are durable."""

    def rows(self, marketplace: str, table: str, partition: str) -> list[bytes]:
        """Every row of a partition, in the order in which they came."""

    def partitions(self, marketplace: str, table: str) -> list[str]:
        """Partitions that have rows."""

    def size(self, marketplace: str, table: str) -> int:
        """Bytes that a table takes, as it is kept."""
