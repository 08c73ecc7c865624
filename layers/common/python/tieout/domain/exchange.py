"""What crosses between the flows and the outside world: the values that both sides must agree on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from tieout.domain.ledger.line import Cycle, Document, Line
from tieout.domain.money import Money
from tieout.domain.orders.order import Order


class FetchedOrder(Struct, frozen=True):
    """An order with the bytes it came from (for the archive). `order` is None when the bytes do not read as one."""

    order_id: str
    updated_at: datetime
    raw: bytes
    order: Order | None
    problem: str = ""


class UnreadRow(Struct, frozen=True):
    """A row that does not read as what it should be. Its bytes are archived like any other: nothing is lost."""

    place: int
    """In the page's `raw`."""
    id: str
    """As far as it reads; else a name made of its bytes."""
    why: str
    """Names the field, never what stands in it."""
    cycle: str | None = None
    """Billing cycle that it names, if it does so legibly: only that one is in doubt then."""


class LinePage(Struct, frozen=True):
    """A page of the transaction log: every row's bytes, and what they read as."""

    raw: list[bytes]
    lines: list[Line]
    problems: list[UnreadRow]


class CyclePage(Struct, frozen=True):
    """A page of billing cycles."""

    raw: list[bytes]
    cycles: list[Cycle]
    problems: list[UnreadRow]


class DocumentPage(Struct, frozen=True):
    """A page of legal documents; what is not issued yet is in `raw` only."""

    raw: list[bytes]
    documents: list[Document]
    problems: list[UnreadRow]


class Backfill(Struct, frozen=True):
    """How far an export of the transaction log is (TL04)."""

    state: str
    """PENDING, COMPLETED, FAILED, CANCELED, or what Mirakl adds."""
    urls: tuple[str, ...] = ()
    """Its files, once it is COMPLETED."""
    error: str = ""


class CustomerMoney(Struct, frozen=True, kw_only=True):
    """Money that waits for the operator's payment system: to be taken from a buyer, or to be given back."""

    order_id: str
    shop: str
    currency: str
    amount: Decimal
    of: str
    """Id of what is paid for: the order or the shipment (PA11), the refund (PA12)."""
    kind: str
    """ORDER or SHIPMENT; REFUND."""
    order_line_id: str | None = None
    """Of a refund."""


class PostedTransaction(Struct, frozen=True):
    """A transaction as NetSuite has it. `total` is in the transaction's currency."""

    id: str
    external_id: str
    kind: str
    """SuiteQL type, such as `SalesOrd`."""
    number: str
    """`tranid`, which people see."""
    reference: str
    """`otherrefnum`: the marketplace's order id."""
    total: Money


class References(Struct, frozen=True):
    """NetSuite's ids of what the settings call by name."""

    subsidiaries: Mapping[str, str]
    locations: Mapping[str, str]
    currencies: Mapping[str, str]


class LeaseLostError(Exception):
    """Another worker owns the posting now; whatever we wanted to write about it is theirs to write."""
