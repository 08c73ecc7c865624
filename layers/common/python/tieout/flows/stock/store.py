"""Where the book of stock, and what goes with it, is kept between runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol


class StockBook(Protocol):
    """Lines by name. Only the run that has the turn of stock writes."""

    def lines(self, name: str) -> Iterator[bytes] | None:
        """Lines with their ends, as they stand when this is called; None where nothing was kept under this name."""

    def replace(self, name: str, lines: Iterable[bytes]) -> None:
        """Keep these lines in place of what was there, all or none; returns when they are durable."""
