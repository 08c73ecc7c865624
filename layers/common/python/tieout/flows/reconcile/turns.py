"""NetSuite answers few questions at once: whoever reads it waits for its turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

Answer = TypeVar("Answer")
ORDERS_A_TURN = 2_000
"""Four questions, so that nobody waits long."""


class InTurn(Protocol):
    """Asks NetSuite one question when it is our turn among its readers."""

    def __call__(self, ask: Callable[[], Answer]) -> Answer:
        """What it answers. Raises Retryable when another reader keeps the turn, and what the question raises."""
