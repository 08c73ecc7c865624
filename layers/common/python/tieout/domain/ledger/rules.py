"""A marketplace's way of booking, as the pure rules want it (settings: `settlement`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from re import Pattern
from zoneinfo import ZoneInfo

from msgspec import Struct

from tieout.domain.ledger.roles import Role
from tieout.domain.money import ZERO


class Mode(StrEnum):
    """Whose books: and, of a seller, in how much detail."""

    RECORD_LEVEL = "record_level"
    SUMMARY_JOURNAL = "summary_journal"
    CASH_SALE = "cash_sale"
    OPERATOR = "operator"
    OPERATOR_PRINCIPAL = "operator_principal"


class FeeVat(StrEnum):
    """VAT on the operator's fees."""

    DOMESTIC = "domestic"
    REVERSE_CHARGE = "reverse_charge"
    OUT_OF_SCOPE = "out_of_scope"
    NON_RECOVERABLE = "non_recoverable"


class AccountVersion(Struct, frozen=True):
    """One version of the account map."""

    since: date
    currency: str | None
    accounts: Mapping[Role, str]


class Override(Struct, frozen=True, kw_only=True):
    """Lines that are booked otherwise; all that is given must fit."""

    type: str | None = None
    fee_code: str | None = None
    description: Pattern[str] | None = None
    role: Role | None = None
    account: str | None = None
    since: date = date(2000, 1, 1)


class BookingRules(Struct, frozen=True, kw_only=True):
    """How one marketplace's cycles are booked."""

    marketplace: str
    mode: Mode
    time_zone: ZoneInfo
    """Days of records are days of this zone."""
    accounts: tuple[AccountVersion, ...]
    overrides: tuple[Override, ...] = ()
    fees_by_bill: bool = True
    """Fees by vendor bill (an operator: by invoice to the seller), or by journal."""
    fee_vat: FeeVat = FeeVat.DOMESTIC
    reverse_charge_rate: Decimal = ZERO
    fee_tax_code: str | None = None
    presentation: str = "auto"
    """`auto`, `split` or `embedded`."""
    customer: str = ""
    """The marketplace as a NetSuite customer, by external id."""
    vendor: str = ""
    """The operator as a NetSuite vendor, by external id."""
    materiality: Decimal = ZERO
    missing_after_days: int = 25
    pays_out: str = ""
    """Currency in which payouts arrive, where that is not the cycle's; empty: the cycle's."""
    most_journal_lines: int = 999
    most_applications: int = 500
