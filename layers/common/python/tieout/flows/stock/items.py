"""What NetSuite tells of items between two readings of everything, and how its pages are read by turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sized
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from tieout.domain.stock.shelf import StockItem
from tieout.flows.stock.rules import approval_fields
from tieout.flows.stock.standing import Standing
from tieout.flows.stock.store import Stockroom

OVERLAP = timedelta(minutes=10)
"""Changes are read again from so long before: NetSuite's listings lag behind its records, and its clock may be put
back in autumn. Figures are absolute: what comes twice changes nothing."""
ITEMS_APART = 270
"""Seconds between two questions for items, which runs five minutes apart ask each time, and runs a minute apart do not:
each question may have to wait for its turn, and what is read of shelves meanwhile is old when it goes."""
SHORT = 500
"""Records of a page that is probably the last one: a full one has a thousand rows."""
Page = TypeVar("Page", bound=Sized)


class TakesTurns(Protocol):
    """Whoever asks NetSuite by turns with its other readers."""

    @property
    def in_turn(self) -> Callable[[Callable[[], Any]], Any]:
        """Asks one question. Raises Retryable when another reader keeps the turn."""


class ItemsTold(Struct, kw_only=True):
    """What NetSuite told of items, which is no stock: it is asked for every few minutes, however often shelves are."""

    asked_at: int
    """By NetSuite's clock, in seconds since 1970."""
    asked_there: int
    """By Mirakl's (`Standing.furthest`)."""
    netsuite_ahead: int
    """Seconds by which NetSuite's clock is before ours."""
    changed: dict[str | None, list[StockItem]]
    """By the checkbox that says which of them may be listed."""
    deleted: set[str]


def ask_items(standing: Standing, room: Stockroom) -> ItemsTold | None:
    """Items that were saved or deleted since they were last asked for; None where that was just before."""
    there = standing.furthest(room.now)
    if standing.items_read_at and 0 <= there - standing.items_read_there < ITEMS_APART:
        return None
    known = standing.items_read_at or standing.stock_read_at
    ledger, since = room.at.ledger, datetime.fromtimestamp(known, UTC) - OVERLAP
    asked_at, ahead = clock_of(room)
    return ItemsTold(
        asked_at=asked_at,
        asked_there=there,
        netsuite_ahead=ahead,
        changed={
            name: list(items_of(name, since, room))
            for name in sorted(set(approval_fields(room.at.config).values()), key=str)
        },
        deleted=set(room.in_turn(lambda: ledger.items_deleted(since))),
    )


def clock_of(room: Stockroom) -> tuple[int, int]:
    """NetSuite's, and how many seconds it is before ours."""
    there = int(room.in_turn(room.at.ledger.now).timestamp())
    return there, there - room.now


def items_of(approval_field: str | None, since: datetime | None, room: Stockroom) -> Iterator[StockItem]:
    """All items, or those that were saved since then; `approval_field` as `StockLedger.stock_items` has it."""
    pages = pages_of(lambda: room.at.ledger.stock_items(since, approval_field), room)
    return (item for page in pages for item in page)


def pages_of(ask: Callable[[], Iterator[Page]], room: TakesTurns) -> Iterator[Page]:
    """A page a turn: a long reading lets NetSuite's other readers in between.

    That a short page was the last one is seen in its own turn: to wait for another only to hear so takes as long.
    """
    pages = ask()

    def a_turn() -> tuple[list[Page], bool]:
        taken: list[Page] = []
        for page in pages:
            taken.append(page)
            if len(page) >= SHORT or len(taken) > 1:
                return taken, False
        return taken, True

    is_over = False
    while not is_over:
        taken, is_over = room.in_turn(a_turn)
        yield from taken
