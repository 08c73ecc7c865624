"""Lines of a month that was closed before they came: booked in a later one, with their own day kept (I15)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from msgspec import Struct

from tieout.domain.ledger.periods import period_of
from tieout.domain.ledger.record import Record
from tieout.domain.money import ZERO, Money
from tieout.domain.reconcile.advice import ADVICE
from tieout.domain.reconcile.breaks import Break, Code


class ClosedPeriod(Struct, frozen=True, order=True):
    """An accounting period that takes no postings any more."""

    begins: date
    ends: date


def late_lines(
    records: Iterable[Record], posted_on: Mapping[str, date], closed: Iterable[ClosedPeriod] = ()
) -> list[Break]:
    """By cycle, what its records moved out of the month that their lines belong to; nobody has to do anything.

    `posted_on`: the ledger's day by external id, in capitals. A record that is not there yet is told where its day lies
    in a closed period.
    """
    closed = sorted(closed)
    moved: defaultdict[tuple[str, str, str], list[tuple[Record, str]]] = defaultdict(list)
    for record in records:
        day = posted_on.get(record.external_id.upper())
        if day is not None:
            if period_of(day) > period_of(record.day):
                moved[record.marketplace, record.cycle, record.currency].append((record, f"booked in {period_of(day)}"))
        elif any(each.begins <= record.day <= each.ends for each in closed):
            moved[record.marketplace, record.cycle, record.currency].append((record, "not booked yet"))
    return [_told(*place, moved[place]) for place in sorted(moved)]


def _told(marketplace: str, cycle: str, currency: str, moved: list[tuple[Record, str]]) -> Break:
    advice = ADVICE[Code.LATE_LINE_CLOSED_PERIOD]
    amounts: defaultdict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for record, where in moved:
        amounts[period_of(record.day), where] += sum((entry.debit for entry in record.entries), ZERO)
    what = ", ".join(
        f"{Money(amount, currency)} of {period} {where}" for (period, where), amount in sorted(amounts.items())
    )
    return Break(
        code=Code.LATE_LINE_CLOSED_PERIOD,
        key=cycle,
        marketplace=marketplace,
        currency=currency,
        amount=sum(amounts.values(), ZERO),
        cycle=cycle,
        day=min(record.day for record, _ in moved),
        blocks_close=False,
        explanation=advice.explanation.format(what=what),
        proposal=advice.proposal,
    )
