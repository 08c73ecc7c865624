"""A NetSuite record of the settlement, in the words of accounts; out of balance it cannot be made."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from tieout.domain.ledger.roles import Role
from tieout.domain.money import ZERO


class RecordType(StrEnum):
    """Record of NetSuite's REST API. The value is its name there."""

    CUSTOMER_PAYMENT = "customerPayment"
    CUSTOMER_REFUND = "customerRefund"
    VENDOR_BILL = "vendorBill"
    VENDOR_CREDIT = "vendorCredit"
    VENDOR_PAYMENT = "vendorPayment"
    JOURNAL = "journalEntry"
    CASH_SALE = "cashSale"
    CASH_REFUND = "cashRefund"
    INVOICE = "invoice"
    """Of an operator's fees, to the seller."""
    CREDIT_MEMO = "creditMemo"


class OutOfBalanceError(ValueError):
    """Debits are not credits: always our mistake, never data."""


class Entry(Struct, frozen=True, kw_only=True):
    """One side of a posting: exactly one of `debit` and `credit` is above zero."""

    role: Role
    account: str
    """Account number; empty never: an unmapped role holds the cycle."""
    debit: Decimal = ZERO
    credit: Decimal = ZERO
    entity: str | None = None
    """External id (or name) of the customer or vendor."""
    memo: str = ""
    tax_code: str | None = None


class Application(Struct, frozen=True, kw_only=True):
    """What a payment or refund settles, and how much of it."""

    external_id: str
    number: str
    amount: Decimal
    id: str = ""
    """Internal id of the document, once known."""


class Record(Struct, frozen=True, kw_only=True):
    """A record to be created, once, by its external id. Raises OutOfBalanceError when it does not balance."""

    external_id: str
    type: RecordType
    marketplace: str
    cycle: str
    """Cycle id, or the period (`2026-09`) of an accrual."""
    day: date
    currency: str
    entries: tuple[Entry, ...]
    source_line_ids: tuple[str, ...] = ()
    """Transaction lines that it stands for."""
    applications: tuple[Application, ...] = ()
    entity: str | None = None
    """Customer or vendor of the record."""
    number: str | None = None
    """`tranId`: the legal document's number."""
    memo: str = ""
    order_id: str | None = None
    """Of a cash sale or refund, so that the order's documents are found."""
    reversal_day: date | None = None
    original_day: date | None = None
    """The day that it belongs to, where its period is closed."""
    after: tuple[str, ...] = ()
    """External ids of records of the same run that have to be there first."""
    exchange_rate: Decimal | None = None
    """What one of its currency is worth in the subsidiary's; None: as NetSuite's own table says on its day."""

    def __post_init__(self) -> None:
        debit = sum((entry.debit for entry in self.entries), ZERO)
        credit = sum((entry.credit for entry in self.entries), ZERO)
        if debit != credit:
            raise OutOfBalanceError(f"{self.external_id}: debit {debit}, credit {credit} {self.currency}")

    def movement(self, role: Role) -> Decimal:
        """What it moves an account of this role by, debit positive."""
        return sum((entry.debit - entry.credit for entry in self.entries if entry.role is role), ZERO)
