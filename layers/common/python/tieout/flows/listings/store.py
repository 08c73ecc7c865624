"""What the flow of listings works with: every offer as the flow of stock keeps it, and a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from tieout.flows.ports import At
from tieout.flows.stock.store import StockBook


class ListingsRoom(Struct, frozen=True, kw_only=True):
    """What the flow of listings works with besides what every flow does."""

    at: At
    stock: StockBook
    """The flow of stock's: every offer as last read, and what each should show."""
    kept: StockBook
    """Its own: worklists, people's words, and what was sent."""
    in_turn: Callable[[Callable[[], Any]], Any]
    """Asks NetSuite one question by turns with its other readers. Raises Retryable when one keeps the turn."""
