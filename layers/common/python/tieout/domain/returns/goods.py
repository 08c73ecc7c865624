"""Goods that come back: Mirakl's returns (RT11), NetSuite's return authorisations and item receipts."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

RECEIVED = frozenset({"RECEIVED", "CLOSED", "COMPLIANT", "NON_COMPLIANT"})
"""Return states in which the goods have arrived."""


class ReturnLine(Struct, frozen=True):
    """Units of an order line that come back."""

    line_id: str
    quantity: int
    reason_code: str = ""


class Return(Struct, frozen=True, kw_only=True):
    """A return as Mirakl has it."""

    id: str
    order_id: str
    state: str
    lines: tuple[ReturnLine, ...]
    created_at: datetime
    updated_at: datetime
    reference: str = ""
    """RMA number that the buyer was given."""


class FetchedReturn(Struct, frozen=True):
    """A return with the bytes it came from; `back` is None when they do not read as one."""

    return_id: str
    order_id: str
    updated_at: datetime
    raw: bytes
    back: Return | None
    problem: str = ""


class ReturnAuthorizationDraft(Struct, frozen=True, kw_only=True):
    """A return authorisation to be made out of a sales order, approved: only these units."""

    external_id: str
    key: str
    sales_order_id: str
    order_id: str
    day: date
    quantities: dict[int, int]
    """Units by the sales order's line number."""
    all_lines: tuple[int, ...]
    memo: str = ""


class ItemReceiptDraft(Struct, frozen=True, kw_only=True):
    """An item receipt to be made out of a return authorisation: only these units."""

    external_id: str
    key: str
    authorization_id: str
    day: date
    quantities: dict[int, int]
    """Units by the return authorisation's line number."""
    all_lines: tuple[int, ...]
