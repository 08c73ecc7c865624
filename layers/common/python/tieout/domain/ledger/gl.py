"""What NetSuite's general ledger says, and whether that is what a record of ours meant (SuiteQL's GL lines)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from msgspec import Struct

from tieout.domain.ledger.record import Record
from tieout.domain.money import ZERO


class GlLine(Struct, frozen=True, kw_only=True):
    """A line of a transaction as it stands in the general ledger (`transactionaccountingline`)."""

    external_id: str
    """Of the transaction."""
    account: str
    """Account number."""
    currency: str
    """Of the transaction; `debit` and `credit` are in it."""
    debit: Decimal = ZERO
    credit: Decimal = ZERO
    base: Decimal = ZERO
    """In the subsidiary's currency, debit positive. A line that NetSuite adds for exchange rates has only this."""
    day: date | None = None
    type: str = ""
    """SuiteQL type: CustPymt, Journal and so on."""
    transaction: str = ""
    """Internal id."""
    line: int = 0
    posts: bool = True
    """False while the transaction waits for approval: then no balance has it."""
    entity: str = ""
    """Internal id of the line's customer or vendor."""
    memo: str = ""


class Balance(Struct, frozen=True, kw_only=True):
    """What an account holds of one transaction currency, debit positive."""

    account: str
    """Account number."""
    currency: str
    amount: Decimal
    base: Decimal
    """In the subsidiary's currency."""


class VendorBalance(Struct, frozen=True, kw_only=True):
    """What an account holds of one vendor and transaction currency, debit positive."""

    vendor: str
    """External id."""
    currency: str
    amount: Decimal


class VendorDraft(Struct, frozen=True):
    """A vendor to be made when it is not there yet: the operator of a marketplace, or a seller."""

    external_id: str
    name: str
    subsidiary_id: str | None
    currency_id: str


def differences(record: Record, lines: Iterable[GlLine]) -> list[str]:
    """Accounts on which NetSuite moved something else than the record says, in words; none: it is as it was meant."""
    meant: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    found: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    told: list[str] = []
    for entry in record.entries:
        meant[entry.account] += entry.debit - entry.credit
    for line in lines:
        if line.currency != record.currency:
            told.append(f"account {line.account}: posted in {line.currency}, not in {record.currency}")
        found[line.account] += line.debit - line.credit
    return told + [
        f"account {account}: {found[account]} posted, {meant[account]} {record.currency} meant"
        for account in sorted({*meant, *found})
        if meant[account] != found[account]
    ]
