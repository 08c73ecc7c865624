"""What can go wrong at a port call, and which call it strikes."""

from __future__ import annotations

from enum import Enum, auto
from random import Random


class Crash(BaseException):
    """The worker's process is gone, between two instructions: nothing below may catch it."""


class StoreUnavailableError(Exception):
    """DynamoDB, S3 or SQS did not answer. Flows do not know it: to them it is something nobody foresaw."""


class Fault(Enum):
    """How a call goes wrong."""

    THROTTLED = auto()
    """429; nothing was done."""
    DOWN = auto()
    """Maintenance; nothing was done."""
    CREDENTIALS = auto()
    """401; nothing was done."""
    TIMEOUT_BEFORE = auto()
    """No answer, and nothing was done."""
    TIMEOUT_AFTER = auto()
    """No answer (or a 500), but it was done."""
    ZOMBIE = auto()
    """No answer, and it is done minutes later."""
    UNAVAILABLE_BEFORE = auto()
    UNAVAILABLE_AFTER = auto()
    LOST = auto()
    DOUBLED = auto()
    LATE = auto()
    CRASH = auto()
    """Done, and then the worker dies."""
    PAUSE = auto()
    """The worker stands still first, perhaps for longer than its lease."""


WORKER = (Fault.CRASH, Fault.PAUSE)
VENDOR = (Fault.THROTTLED, Fault.DOWN)
WRITE = (*VENDOR, *WORKER, Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.ZOMBIE)
READ = (*VENDOR, *WORKER)
STORE = (Fault.UNAVAILABLE_BEFORE, Fault.UNAVAILABLE_AFTER, *WORKER)
BELL = (Fault.LOST, Fault.DOUBLED, Fault.LATE, Fault.UNAVAILABLE_BEFORE, Fault.CRASH)
CREDENTIALS_SHARE = 0.02
"""Of the faults of vendors' calls."""

WRITES = frozenset(
    {
        *("create_sales_order", "ensure_customer", "create_fulfilment", "create_invoice", "create_credit_memo"),
        *("create_return_authorization", "create_item_receipt", "change_lines", "create_record"),
        *("accept", "set_seller_references", "create_shipments", "track_shipments", "ship_shipments", "track_order"),
        *("ship_order", "cancel_lines", "cancel_order", "refund_lines", "receive_returns"),
        *("send_stock", "send_offers", "send_prices", "export_offers"),
    }
)
VENDORS = frozenset({"ledger", "market"})


def kinds_for(port: str, operation: str) -> tuple[Fault, ...]:
    """The ways in which a call to this port can go wrong."""
    if port in VENDORS:
        return WRITE if operation in WRITES else READ
    return BELL if operation == "ring" else STORE


class NoFaults:
    """A good day."""

    def strike(self, port: str, operation: str) -> Fault | None:  # noqa: ARG002  the shape of a plan
        return None


class RandomFaults:
    """Each call is struck with the same probability, by a fault of its kind."""

    def __init__(self, rate: float, random: Random) -> None:
        self._rate = rate
        self._random = random

    def strike(self, port: str, operation: str) -> Fault | None:
        random = self._random.random
        if random() >= self._rate:
            return None
        if port in VENDORS and random() < CREDENTIALS_SHARE:
            return Fault.CREDENTIALS
        kinds = kinds_for(port, operation)
        return kinds[int(random() * len(kinds))]


class CrashAt:
    """The worker dies after these calls, counted from 1. `calls` is every call that was made, in order."""

    def __init__(self, *numbers: int) -> None:
        self._numbers = frozenset(numbers)
        self.calls: list[str] = []

    def strike(self, port: str, operation: str) -> Fault | None:
        self.calls.append(f"{port}.{operation}")
        return Fault.CRASH if len(self.calls) in self._numbers else None


class StrikeAt:
    """The n-th call of an operation goes wrong in a given way: `{("create_sales_order", 1): Fault.ZOMBIE}`."""

    def __init__(self, plan: dict[tuple[str, int], Fault]) -> None:
        self._plan = plan
        self._counts: dict[str, int] = {}

    def strike(self, port: str, operation: str) -> Fault | None:  # noqa: ARG002  the shape of a plan
        self._counts[operation] = self._counts.get(operation, 0) + 1
        return self._plan.get((operation, self._counts[operation]))
