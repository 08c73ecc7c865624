"""Where the book of stock, and what goes with it, is kept between runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from msgspec import Struct

from tieout.flows.ports import At


class StockBook(Protocol):
    """Bytes by name. Only the run that has the turn of stock writes."""

    def blocks(self, name: str) -> Iterator[bytes] | None:
        """What is kept under a name, in blocks cut anywhere, as it stands when this is called; None: nothing is."""

    def replace(self, name: str, blocks: Iterable[bytes]) -> None:
        """Keep this in place of what was there, all or nothing; returns when it is durable."""


def whole(book: StockBook, name: str) -> bytes | None:
    """What is kept under a name, where it is small; None: nothing is."""
    blocks = book.blocks(name)
    return None if blocks is None else b"".join(blocks)


class NewOffer(Struct, frozen=True, kw_only=True):
    """An offer that the sync of listings made, and that no export of all offers shows yet; it shows nothing so far."""

    sku: str
    item_id: str
    """Of an item that stands on shelves; kits wait for the next reading of everything."""
    category: str
    at: int
    """When it was seen to be there; seconds since 1970 by Mirakl's clock."""


def nothing_made(marketplace: str) -> Sequence[NewOffer]:  # noqa: ARG001  the shape of whoever knows of some
    """Where no offers are made."""
    return ()


class Stockroom(Struct, frozen=True, kw_only=True):
    """What the flow of stock works with besides what every flow does."""

    at: At
    book: StockBook
    in_turn: Callable[[Callable[[], Any]], Any]
    """Asks NetSuite one question by turns with its other readers. Raises Retryable when one keeps the turn."""
    pause: Callable[[float], None]
    """Waits so many seconds."""
    made: Callable[[str], Sequence[NewOffer]] = nothing_made
    """Offers of a marketplace that were made since all were read."""

    @property
    def now(self) -> int:
        """Our clock in seconds since 1970."""
        return int(self.at.clock().timestamp())

    @property
    def now_ms(self) -> int:
        """The same in milliseconds."""
        return int(self.at.clock().timestamp() * 1000)
