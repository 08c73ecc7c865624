"""A posting: one intended effect on an outside system, with a natural key and a life that can be told.

DUE ──► ATTEMPTED ──► POSTED ──► CONFIRMED
 │          │            │
 ├─ HELD ◄──┘            │           switch or breaker; comes back by itself
 ├─ PARKED ◄─────────────┘           a person acts, then it is DUE again
 └─ SUPERSEDED                       the source changed its mind before anything was written
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field


class State(StrEnum):
    """Where a posting stands."""

    DUE = "DUE"
    ATTEMPTED = "ATTEMPTED"
    POSTED = "POSTED"
    CONFIRMED = "CONFIRMED"
    PARKED = "PARKED"
    HELD = "HELD"
    SUPERSEDED = "SUPERSEDED"


OPEN = frozenset({State.DUE, State.HELD, State.ATTEMPTED, State.POSTED})
"""A worker may take these."""

REPLACEABLE = frozenset({State.DUE, State.HELD, State.PARKED})
"""A newer version of the source replaces these; nothing has been sent for them, or a person has to look anyway."""


class Kind(StrEnum):
    """What is intended. The value is part of the external id."""

    ACCEPTANCE = "ACC"
    SALES_ORDER = "SO"
    SELLER_REFERENCE = "REF"
    FULFILMENT = "IF"
    """A seller's shipment, told by the operator's marketplace, becomes an item fulfilment."""
    INVOICE = "INV"
    """A shipped fulfilment is billed."""
    CLOSURE = "CLOSE"
    """What Mirakl cancelled, or has done with, is closed on the sales order."""
    CREDIT_MEMO = "CM"
    """A refund of Mirakl's becomes a credit memo."""
    RETURN_AUTHORIZATION = "RA"
    """A return of Mirakl's becomes a return authorisation."""
    ITEM_RECEIPT = "IR"
    """Returned goods that came in are received."""
    SHIPMENT = "SHIP"
    """A fulfilment that NetSuite shipped is confirmed to the marketplace."""
    CANCELATION = "CANCEL"
    """A line that was closed in NetSuite is cancelled at the marketplace."""
    REFUND = "REFUND"
    """A credit memo, or a received return, of NetSuite's is refunded by the marketplace."""
    CYCLE = "CYC"
    """A billing cycle is reviewed, and becomes the records below; one a record."""
    CUSTOMER_PAYMENT = "PMT"
    CUSTOMER_REFUND = "RFD"
    VENDOR_BILL = "BILL"
    VENDOR_CREDIT = "VC"
    VENDOR_PAYMENT = "BP"
    JOURNAL = "JE"
    PAYOUT = "PO"
    CASH_SALE = "CS"
    CASH_REFUND = "CR"
    FEE_INVOICE = "SINV"
    """An operator's fees, billed to the seller."""
    FEE_CREDIT = "SCM"
    ACCRUAL = "ACR"
    RECLASS = "RCL"
    RELEASE = "REL"
    STOCK = "STK"
    """An offer's quantity, which its marketplace did not take; the rest of a push needs no posting, it is absolute."""
    STOCK_PUSH = "PUSH"
    """A push that looks like a mistake waits for a person's word."""


class Lane(StrEnum):
    """Who works on it: an SQS queue's workers, or a schedule that drains what is due."""

    ORDERS_TO_POST = "orders-to-post"
    ORDERS_TO_ACCEPT = "orders-to-accept"
    ORDERS_TO_CONFIRM = "orders-to-confirm"
    SHIPMENTS_TO_CONFIRM = "shipments-to-confirm"
    REFUNDS_TO_SEND = "refunds-to-send"
    SETTLEMENTS_TO_POST = "settlements-to-post"
    STOCK_TO_PUSH = "stock-to-push"


SETTLED_AS = (
    Kind.CUSTOMER_PAYMENT,
    Kind.CUSTOMER_REFUND,
    Kind.VENDOR_BILL,
    Kind.VENDOR_CREDIT,
    Kind.VENDOR_PAYMENT,
    Kind.JOURNAL,
    Kind.PAYOUT,
    Kind.CASH_SALE,
    Kind.CASH_REFUND,
    Kind.FEE_INVOICE,
    Kind.FEE_CREDIT,
    Kind.ACCRUAL,
    Kind.RECLASS,
    Kind.RELEASE,
)
"""What a billing cycle becomes in NetSuite: all made by one worker."""

LANE_OF: Mapping[Kind, Lane] = {
    Kind.ACCEPTANCE: Lane.ORDERS_TO_ACCEPT,
    Kind.SALES_ORDER: Lane.ORDERS_TO_POST,
    Kind.SELLER_REFERENCE: Lane.ORDERS_TO_CONFIRM,
    Kind.FULFILMENT: Lane.ORDERS_TO_POST,
    Kind.INVOICE: Lane.ORDERS_TO_POST,
    Kind.CLOSURE: Lane.ORDERS_TO_POST,
    Kind.CREDIT_MEMO: Lane.ORDERS_TO_POST,
    Kind.RETURN_AUTHORIZATION: Lane.ORDERS_TO_POST,
    Kind.ITEM_RECEIPT: Lane.ORDERS_TO_POST,
    Kind.SHIPMENT: Lane.SHIPMENTS_TO_CONFIRM,
    Kind.CANCELATION: Lane.REFUNDS_TO_SEND,
    Kind.REFUND: Lane.REFUNDS_TO_SEND,
    Kind.CYCLE: Lane.SETTLEMENTS_TO_POST,
    Kind.STOCK: Lane.STOCK_TO_PUSH,
    Kind.STOCK_PUSH: Lane.STOCK_TO_PUSH,
    **dict.fromkeys(SETTLED_AS, Lane.SETTLEMENTS_TO_POST),
}

QUEUED = frozenset({Lane.ORDERS_TO_POST, Lane.SHIPMENTS_TO_CONFIRM, Lane.SETTLEMENTS_TO_POST})
"""Lanes with a queue, which the sweeper rings; the others are drained by their own schedule."""


class Key(Struct, frozen=True, order=True):
    """Names a posting. `thread` is the business object whose life it belongs to (an order, a billing cycle)."""

    marketplace: str
    thread: str
    kind: Kind
    source_id: str

    def __str__(self) -> str:
        return f"{self.marketplace}|{_escaped(self.thread)}|{self.kind}|{_escaped(self.source_id)}"

    @classmethod
    def parse(cls, text: str) -> Key:
        """Read a key as a doorbell carries it. Raises ValueError with what was expected."""
        parts = text.split("|")
        if len(parts) != 4 or not all(parts) or parts[2] not in set(Kind):  # noqa: PLR2004
            raise ValueError(
                f"{text!r} is not a posting key: expected marketplace|order|kind|id, kind one of {', '.join(Kind)}"
            )
        return cls(parts[0], _unescaped(parts[1]), Kind(parts[2]), _unescaped(parts[3]))


def _escaped(part: str) -> str:
    """An id whose own bar would end it too soon."""
    return part.replace("%", "%25").replace("|", "%7C")


def _unescaped(part: str) -> str:
    return part.replace("%7C", "|").replace("%25", "%")


class Posting(Struct, frozen=True, kw_only=True):
    """A posting as it stands in the store."""

    key: Key
    state: State
    source_version: str
    """The source's own last-updated instant (ISO 8601, UTC, milliseconds): versions compare as strings."""
    payload: str
    """Archive key of the source document; the posting itself holds no personal data."""
    external_id: str = ""
    target_id: str | None = None
    """The other side's id, once known."""
    attempt: int = 0
    fence: int = 0
    due_at: datetime | None = None
    ambiguous_since: datetime | None = None
    """When a write was first sent whose result we have not read."""
    reason: str | None = None
    facts: dict[str, str] = field(default_factory=dict)
    first_seen: datetime | None = None
    parked_at: datetime | None = None


class Intent(Struct, frozen=True, kw_only=True):
    """A posting to be recorded. `parked` records it as parked at once, with a reason and facts."""

    key: Key
    source_version: str
    payload: str
    external_id: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    parked: str | None = None


class Attempt(Struct, frozen=True, kw_only=True):
    """One line of a posting's history, append-only: what was done, and what came of it."""

    at: datetime
    what: str
    """A past-tense fact: `claimed`, `created`, `read back`, `parked`, `refused`, `outcome unknown` and so on."""
    facts: dict[str, str] = field(default_factory=dict)


def version_of(updated_at: datetime) -> str:
    """A source version from its last-updated instant; later versions compare greater as text."""
    return updated_at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{updated_at.microsecond // 1000:03d}Z"
