"""The books of the NetSuite account in memory: records of the settlement, what they apply to, and the general ledger.

Strict where NetSuite is: an external id is taken once, nothing is dated into a closed period, nothing is applied beyond
what is open, and a refund or a vendor's payment is as large as what it is applied to.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from tests.fakes.billing import refused
from tests.fakes.clock import VirtualClock
from tests.fakes.record import Record
from tieout.domain.errors import AlreadyExists, NeedsAttention, Reason
from tieout.domain.ledger.gl import Balance, GlLine, VendorBalance, VendorDraft
from tieout.domain.ledger.line import Booked
from tieout.domain.ledger.record import Record as SettlementRecord
from tieout.domain.ledger.record import RecordType
from tieout.domain.money import ZERO, Money
from tieout.domain.orders.sales_order import TaxRules

SUITEQL_TYPE = {
    RecordType.CUSTOMER_PAYMENT: "CustPymt",
    RecordType.CUSTOMER_REFUND: "CustRfnd",
    RecordType.VENDOR_BILL: "VendBill",
    RecordType.VENDOR_CREDIT: "VendCred",
    RecordType.VENDOR_PAYMENT: "VendPymt",
    RecordType.JOURNAL: "Journal",
    RecordType.CASH_SALE: "CashSale",
    RecordType.CASH_REFUND: "CashRfnd",
    RecordType.INVOICE: "CustInvc",
    RecordType.CREDIT_MEMO: "CustCred",
}


def moved_by(record: SettlementRecord) -> list[GlLine]:
    """What a record moves in the general ledger, once it is posted."""
    return [
        GlLine(
            external_id=record.external_id,
            account=entry.account,
            currency=record.currency,
            debit=entry.debit,
            credit=entry.credit,
            base=entry.debit - entry.credit,
            day=record.day,
            type=SUITEQL_TYPE[record.type],
            transaction=f"id of {record.external_id}",
            line=place,
        )
        for place, entry in enumerate(record.entries)
    ]


_AS_LARGE_AS_APPLIED = frozenset({RecordType.CUSTOMER_REFUND, RecordType.VENDOR_PAYMENT})
_STATUS = {"CustInvc": ("open", "paidInFull"), "CustCred": ("open", "fullyApplied"), "VendBill": ("open", "paidInFull")}


class MemorySettlement:
    """A part of `MemoryLedger`."""

    _clock: VirtualClock
    lag: timedelta
    _by_external_id: dict[str, Record]
    calls: Counter[str]
    refuses: dict[str, NeedsAttention]
    closed_months: set[tuple[int, int]]

    def __init__(self) -> None:
        super().__init__()
        self.settled: list[SettlementRecord] = []
        """Records of the settlement in the order they were committed."""
        self.approved: set[str] = set()
        """External ids of journals that post."""
        self.vendors: dict[str, VendorDraft] = {}
        self.missing_accounts: set[str] = set()
        """Account numbers that the chart does not have."""
        self.subsidiary_of: dict[str, str | None] = {}
        """Subsidiary id that a record was written into, by external id."""
        self._applied: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        self._taken_in: set[str] = set()

    # --- records -----------------------------------------------------------------------------------------------------

    def create_record(
        self,
        record: SettlementRecord,
        *,
        subsidiary_id: str | None = None,
        approve: bool = False,
        taxes: TaxRules | None = None,
    ) -> str:
        _ = taxes
        self.calls["create_record"] += 1
        self._apply_credit_memos()
        if problem := self.refuses.get(record.external_id):
            raise problem
        self.account_ids({entry.account for entry in record.entries})
        if (record.day.year, record.day.month) in self.closed_months:
            raise refused(f"The accounting period of {record.day} is closed.")
        if record.external_id.casefold() in self._by_external_id:
            raise AlreadyExists(record.external_id)
        total = sum((entry.debit for entry in record.entries), ZERO)
        applied = sum((each.amount for each in record.applications), ZERO)
        if applied > total or (record.type in _AS_LARGE_AS_APPLIED and applied != total):
            raise refused(f"You cannot apply {applied} of {total}.")
        for each in record.applications:
            if each.amount > self._open(each.external_id):
                raise refused(f"{each.external_id} has no {each.amount} open.")
        for each in record.applications:
            self._applied[each.external_id.casefold()] += each.amount
        self._applied[record.external_id.casefold()] += applied
        money = Money(ZERO if record.type is RecordType.JOURNAL else total, record.currency)
        kind = SUITEQL_TYPE[record.type]
        written = self._write(record, record.external_id, kind, "", money)  # type: ignore[attr-defined]
        self.settled.append(record)
        self.subsidiary_of[record.external_id] = subsidiary_id
        if record.type is not RecordType.JOURNAL or approve:
            self.approved.add(record.external_id)
        return str(written.transaction.id)

    def ensure_vendor(self, vendor: VendorDraft) -> None:
        if vendor.external_id not in self.vendors:
            self.calls["ensure_vendor"] += 1
            self.vendors[vendor.external_id] = vendor

    # --- what stands there -------------------------------------------------------------------------------------------

    def documents_of(self, order_ids: Collection[str]) -> list[Booked]:
        self.calls["documents_of"] += 1
        self._apply_credit_memos()
        found = [
            self._document(record) for record in self._shown() if record.transaction.kind in ("CustInvc", "CustCred")
        ]
        return [each for each in found if each.order_id in set(order_ids)]

    def documents_of_marketplace(self, marketplace: str, since: date) -> Iterator[list[Booked]]:
        self.calls["documents_of_marketplace"] += 1
        self._apply_credit_memos()
        found = [
            self._document(record)
            for record in self._shown()
            if record.transaction.kind in ("CustInvc", "CustCred")
            and record.transaction.external_id.startswith(f"T-{marketplace}-")
        ]
        yield [each for each in found if each.day >= since]

    def documents_by_external_id(self, external_ids: Collection[str]) -> dict[str, Booked]:
        self.calls["documents_by_external_id"] += 1
        self._apply_credit_memos()
        shown = {record.transaction.external_id.casefold(): record for record in self._shown()}
        return {each: self._document(shown[each.casefold()]) for each in external_ids if each.casefold() in shown}

    def gl_lines(self, external_ids: Collection[str]) -> list[GlLine]:
        self.calls["gl_lines"] += 1
        wanted = {each.casefold() for each in external_ids}
        return [
            replace(
                line,
                external_id=record.transaction.external_id,
                type=record.transaction.kind,
                transaction=record.transaction.id,
                posts=record.transaction.external_id in self.approved,
            )
            for record in self._shown()
            if record.transaction.external_id.casefold() in wanted and isinstance(record.draft, SettlementRecord)
            for line in moved_by(record.draft)
        ]

    def balances(self, accounts: Collection[str], until: date | None = None) -> list[Balance]:
        self.calls["balances"] += 1
        sums: defaultdict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
        for line in self.gl_lines([record.external_id for record in self.settled]):
            if line.posts and line.account in accounts and (until is None or (line.day and line.day <= until)):
                sums[line.account, line.currency] += line.debit - line.credit
        return [Balance(account=key[0], currency=key[1], amount=value, base=value) for key, value in sums.items()]

    def vendor_balances(self, account: str, until: date) -> list[VendorBalance]:
        self.calls["vendor_balances"] += 1
        sums: defaultdict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
        for record in self.settled:
            if record.external_id in self.approved and record.day <= until:
                for entry in record.entries:
                    if entry.account == account and entry.entity in self.vendors:
                        sums[str(entry.entity), record.currency] += entry.debit - entry.credit
        return [VendorBalance(vendor=key[0], currency=key[1], amount=value) for key, value in sums.items()]

    def account_ids(self, numbers: Collection[str]) -> dict[str, str]:
        missing = sorted(set(numbers) & self.missing_accounts)
        if missing:
            raise NeedsAttention(Reason.ACCOUNT_NOT_FOUND, {"accounts": ", ".join(missing)})
        return {number: f"9{number}" for number in numbers}

    # --- inside ------------------------------------------------------------------------------------------------------

    def _shown(self) -> list[Record]:
        now = self._clock.now - self.lag
        return [record for record in self._by_external_id.values() if record.created_at <= now]

    def _apply_credit_memos(self) -> None:
        """A credit memo of the order flow was applied to its invoice when it was made, as far as that was open."""
        for memo in list(self._by_external_id.values()):
            draft: Any = memo.draft
            external_id = memo.transaction.external_id.casefold()
            if memo.transaction.kind != "CustCred" or external_id in self._taken_in or not hasattr(draft, "invoice_id"):
                continue
            self._taken_in.add(external_id)
            for invoice in self._by_external_id.values():
                if invoice.transaction.id == draft.invoice_id:
                    owed = self._open(invoice.transaction.external_id)
                    amount = min(owed, memo.transaction.total.amount)
                    self._applied[invoice.transaction.external_id.casefold()] += amount
                    self._applied[external_id] += amount

    def _open(self, external_id: str) -> Decimal:
        record = self._by_external_id.get(external_id.casefold())
        if record is None:
            raise NeedsAttention(Reason.ACCOUNT_NOT_FOUND, {"documents": external_id})
        return record.transaction.total.amount - self._applied[external_id.casefold()]

    def _document(self, record: Record) -> Booked:
        transaction, draft = record.transaction, record.draft
        left = self._open(transaction.external_id)
        words = _STATUS.get(transaction.kind, ("", ""))
        refund = f"T-{getattr(draft, 'marketplace', '')}-CM-"
        key = getattr(draft, "key", "") or transaction.external_id
        return Booked(
            external_id=transaction.external_id,
            type=transaction.kind,
            number=transaction.number,
            day=getattr(draft, "day", record.created_at.date()),
            currency=transaction.total.currency,
            total=transaction.total.amount,
            order_id=getattr(draft, "order_id", None),
            refund_id=key.removeprefix(refund) if transaction.kind == "CustCred" and key.startswith(refund) else None,
            status=words[0] if left else words[1],
            id=transaction.id,
            unpaid=left if transaction.kind in _STATUS else None,
        )
