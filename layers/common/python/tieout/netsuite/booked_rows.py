"""Transactions as SuiteQL gives them, read in bulk: what NetSuite holds before a cycle is booked.

Columns: externalid, type, tranid, trandate, currency, entity, otherrefnum, custbody_tieout_order,
custbody_tieout_refund, foreigntotal, taxtotal, status; `id` and `foreignamountunpaid` where they were asked for.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from msgspec import Struct
from msgspec.json import Decoder

from tieout.domain.ledger.line import Booked

BELOW_ZERO = frozenset({"CustCred", "CashRfnd", "CustRfnd", "VendCred", "RtnAuth"})
"""Types whose total may be shown below zero, as it takes away from what is owed."""
_CURRENCY = re.compile(r"[A-Z]{3}")
_LARGEST = 14


class UnreadableError(ValueError):
    """The text names the column that is wrong, then what is; never what stands in it."""


class Row(Struct, frozen=True):
    """A row of `transaction`: any column may be null, and numbers may come quoted."""

    id: str | int | None = None
    externalid: str | None = None
    type: str | None = None
    tranid: str | int | None = None
    trandate: str | None = None
    currency: str | int | None = None
    entity: str | int | None = None
    otherrefnum: str | int | None = None
    custbody_tieout_order: str | int | None = None
    custbody_tieout_refund: str | int | None = None
    foreigntotal: Decimal | None = None
    taxtotal: Decimal | None = None
    foreignamountunpaid: Decimal | None = None
    status: str | None = None


BOOKED_ROW = Decoder(Row)


def booked_of(row: Row) -> Booked:
    """The transaction. Raises UnreadableError naming the column."""
    kind = row.type or ""
    if not kind:
        raise UnreadableError("type is missing")
    if row.foreigntotal is None:
        raise UnreadableError("foreigntotal is missing")
    return Booked(
        external_id=row.externalid or "",
        type=kind,
        number=text_of(row.tranid),
        day=day_of(row.trandate),
        currency=currency_of(row.currency),
        total=amount_of(row.foreigntotal, "foreigntotal", kind),
        tax=None if row.taxtotal is None else amount_of(row.taxtotal, "taxtotal", kind),
        entity=text_of(row.entity),
        order_id=text_of(row.custbody_tieout_order) or text_of(row.otherrefnum) or None,
        refund_id=text_of(row.custbody_tieout_refund) or None,
        status=row.status or "",
        id=text_of(row.id),
        unpaid=None
        if row.foreignamountunpaid is None
        else amount_of(row.foreignamountunpaid, "foreignamountunpaid", kind),
    )


def text_of(value: str | int | None) -> str:
    """An id or a number: SuiteQL gives either."""
    return "" if value is None else str(value)


def amount_of(value: Decimal, name: str, kind: str = "") -> Decimal:
    """An amount, positive for types that NetSuite may show below zero."""
    if not value.is_finite() or value.adjusted() > _LARGEST or len(str(value)) > 2 * _LARGEST:
        raise UnreadableError(f"{name} is no amount of money")
    return abs(value) if kind in BELOW_ZERO else value


def day_of(text: str | None) -> date:
    """The transaction's day."""
    if not text:
        raise UnreadableError("trandate is missing")
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise UnreadableError(
            "trandate is not a day such as 2026-09-01: ask for TO_CHAR(trandate, 'YYYY-MM-DD')"
        ) from error


def currency_of(value: str | int | None) -> str:
    """ISO 4217."""
    code = text_of(value)
    if not code:
        raise UnreadableError("currency is missing")
    if not _CURRENCY.fullmatch(code):
        raise UnreadableError("currency is not a code such as EUR: ask for the currency's symbol, not for its id")
    return code
