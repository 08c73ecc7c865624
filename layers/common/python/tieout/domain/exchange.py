"""What crosses between the flows and the outside world: the values that both sides must agree on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from tieout.domain.money import Money
from tieout.domain.orders.order import Order


class FetchedOrder(Struct, frozen=True):
    """An order with the bytes it came from (for the archive). `order` is None when the bytes do not read as one."""

    order_id: str
    updated_at: datetime
    raw: bytes
    order: Order | None
    problem: str = ""


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
