"""Payments of ours out of what the cycles come to, against the invoices that an export shows as open (I12)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from tieout.domain.ledger.line import Books
from tieout.domain.ledger.proof import Settled
from tieout.domain.ledger.rules import BookingRules
from tieout.domain.ledger.settle import settle
from tieout.domain.reconcile.applied import Applied
from tieout.domain.reconcile.breaks import Break


def under_applied(
    books: Iterable[Books],
    rules: Mapping[str, BookingRules],
    settled: Callable[[Books, BookingRules], Settled] = settle,
) -> list[Break]:
    """Invoices of which more is open than the payments that NetSuite holds of ours leave."""
    return [found for each in books for found in _of(each, rules[each.marketplace], settled)]


def _of(books: Books, rules: BookingRules, settled: Callable[[Books, BookingRules], Settled]) -> list[Break]:
    applied = Applied(books.marketplace, books.booked)
    there = {each.external_id.upper() for each in books.booked if each.type != "CustInvc" and each.external_id}
    if not applied or not any(each.startswith(f"T-{books.marketplace}-".upper()) for each in there):
        return []  # settling takes its time
    for record in settled(books, rules).records:
        if record.external_id.upper() in there:
            applied.take(record)
    return list(applied.breaks())
