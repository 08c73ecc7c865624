"""How much of an invoice or a credit memo a record may still use: never more than it is for (invariant I12)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal

from tieout.domain.ledger.line import Booked
from tieout.domain.ledger.record import Application
from tieout.domain.money import ZERO


class Rooms:
    """What is left of each document, by its total, and by what NetSuite says is unpaid where it was asked.

    A record that NetSuite holds already used its part before NetSuite was asked, so only totals count for it: the same
    books give the same records before and after they are posted.
    """

    def __init__(self, existing: Collection[str]) -> None:
        self._existing = existing
        self._used: dict[str, Decimal] = {}
        self._used_of_unpaid: dict[str, Decimal] = {}

    def apply(self, documents: Iterable[Booked], amount: Decimal, *, by: str) -> tuple[list[Application], Decimal]:
        """Apply up to `amount` (above zero) to documents in turn, by a record of this external id; what is left."""
        made: list[Application] = []
        for document in documents:
            part = min(self._room(document, by), amount)
            if part <= 0:
                continue
            key = _key(document)
            self._used[key] = self._used.get(key, ZERO) + part
            if by.upper() not in self._existing:
                self._used_of_unpaid[key] = self._used_of_unpaid.get(key, ZERO) + part
            made.append(
                Application(external_id=document.external_id, number=document.number, amount=part, id=document.id)
            )
            amount -= part
        return made, amount

    def room(self, documents: Iterable[Booked], *, by: str) -> Decimal:
        """How much could be applied."""
        return sum((max(self._room(document, by), ZERO) for document in documents), ZERO)

    def _room(self, document: Booked, by: str) -> Decimal:
        key = _key(document)
        room = abs(document.total) - self._used.get(key, ZERO)
        if document.unpaid is not None and by.upper() not in self._existing:
            room = min(room, document.unpaid - self._used_of_unpaid.get(key, ZERO))
        return room

    def used(self) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
        """What has been applied so far, to go back to."""
        return dict(self._used), dict(self._used_of_unpaid)

    def back_to(self, used: tuple[dict[str, Decimal], dict[str, Decimal]]) -> None:
        """Forget what a cycle applied that is held after all."""
        self._used, self._used_of_unpaid = used


def _key(document: Booked) -> str:
    return document.external_id or document.id or document.number
