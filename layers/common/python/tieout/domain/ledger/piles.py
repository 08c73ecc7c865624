"""Lines put together: what a group of them adds up to, and which they are."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tieout.domain.ledger.line import Line
from tieout.domain.money import ZERO


class Pile:
    """Lines that are booked together. Amounts as of the log, from the seller's side."""

    __slots__ = ("amount", "charged", "ids")

    def __init__(self) -> None:
        self.amount = ZERO
        self.charged = ZERO
        """What of it is below zero."""
        self.ids: list[str] = []

    def add(self, line: Line) -> None:
        """Put a line on it."""
        amount = line.amount
        self.amount += amount
        if amount < 0:
            self.charged += amount
        self.ids.append(line.id)

    def put(self, other: Pile) -> None:
        """Put another pile on it."""
        self.amount += other.amount
        self.charged += other.charged
        self.ids += other.ids

    @property
    def credited(self) -> Decimal:
        """What of it is above zero."""
        return self.amount - self.charged


def together(piles: Iterable[Pile]) -> Pile:
    """All on one pile."""
    whole = Pile()
    for pile in piles:
        whole.put(pile)
    return whole
