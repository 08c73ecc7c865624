"""Cycles that were booked from other lines than the log has now, where the export holds both versions.

A folder that keeps every version of a line shows it: the ledger is what the older ones come to. Where it holds the
newest alone, such a cycle is told as a ledger that is not what was posted.

Lines change one by one: what was booked is the log as it was on one day, after some of the changes and before others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from tieout.domain.ledger.gl import GlLine, differences
from tieout.domain.ledger.line import Books, Line
from tieout.domain.ledger.proof import Settled
from tieout.domain.ledger.record import Record
from tieout.domain.ledger.rules import BookingRules
from tieout.domain.ledger.settle import settle
from tieout.domain.money import ZERO, Money
from tieout.domain.reconcile.advice import ADVICE
from tieout.domain.reconcile.breaks import Break, Code

Settle = Callable[[Books, BookingRules], Settled]
MOST_MOMENTS = 30
"""Days of the log that a ledger is held against, each a settlement; before them, it counts as edited."""


def changed_since(
    books: Iterable[Books],
    rules: Mapping[str, BookingRules],
    replaced: Mapping[str, Sequence[Line]],
    gl_lines: Iterable[GlLine],
    settled: Settle,
) -> list[Break]:
    """Cycles whose records in the ledger are those of older versions of their lines, and not of these."""
    posted: defaultdict[str, list[GlLine]] = defaultdict(list)
    for line in gl_lines:
        posted[line.external_id.upper()].append(line)
    return [
        found
        for each in books
        if posted and replaced.get(each.marketplace)
        for found in _of(each, rules[each.marketplace], replaced[each.marketplace], posted, settled)
    ]


def _of(
    books: Books, rules: BookingRules, replaced: Sequence[Line], posted: Mapping[str, list[GlLine]], settled: Settle
) -> Iterator[Break]:
    asked = {line.cycle for line in replaced if line.cycle}
    if not asked:
        return
    now = _by_cycle(settled(books, rules).records)
    asked -= {cycle for cycle in asked if _is_posted(now[cycle], posted) or _is_new(now[cycle], posted)}
    found: dict[str, Break] = {}
    for before in _earlier(books, replaced):
        then = _by_cycle(settle(replace(books, lines=before), rules).records)
        for cycle in sorted(asked):
            pairs = [
                (old, new)
                for old, new in zip(before, books.lines, strict=True)
                if old.cycle == cycle and (old.amount, old.type) != (new.amount, new.type)
            ]
            if pairs and _is_posted(then[cycle], posted):
                found[cycle] = _break(books.marketplace, cycle, pairs)
        asked -= {cycle for cycle in asked if cycle in found or _is_new(then[cycle], posted)}
        if not asked:
            break
    yield from (found[cycle] for cycle in sorted(found))


def _earlier(books: Books, replaced: Sequence[Line]) -> Iterator[tuple[Line, ...]]:
    """The log as it was before each change of a line, the newest change first.

    Of any cycle's: what an earlier one owed is carried into the next, which was booked from that too.
    """
    versions: defaultdict[str, list[Line]] = defaultdict(list)
    for line in sorted(replaced, key=lambda line: (line.updated, line.id)):
        if line.cycle:
            versions[line.id].append(line)
    moments = {line.updated for known in versions.values() for line in known[1:]}
    moments |= {line.updated for line in books.lines if line.id in versions}
    for moment in sorted(moments, reverse=True)[:MOST_MOMENTS]:
        yield tuple(_at(versions[line.id], line, moment) if line.id in versions else line for line in books.lines)


def _at(older: Sequence[Line], newest: Line, moment: datetime) -> Line:
    """The version that was there just before; the first one where there was none yet."""
    before = [line for line in (*older, newest) if line.updated < moment]
    return before[-1] if before else older[0]


def _by_cycle(records: Iterable[Record]) -> defaultdict[str, list[Record]]:
    found: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[record.cycle].append(record)
    return found


def _is_posted(records: Collection[Record], posted: Mapping[str, list[GlLine]]) -> bool:
    """Every one of them that is in the ledger is there as it should be, and one of them is."""
    there = [each for each in records if each.external_id.upper() in posted]
    return bool(there) and not any(differences(each, posted[each.external_id.upper()]) for each in there)


def _is_new(records: Collection[Record], posted: Mapping[str, list[GlLine]]) -> bool:
    """Nothing of the cycle is in the ledger yet; a held one has no records, and may be there all the same."""
    return bool(records) and not any(each.external_id.upper() in posted for each in records)


def _break(marketplace: str, cycle: str, pairs: Sequence[tuple[Line, Line]]) -> Break:
    advice = ADVICE[Code.SOURCE_CHANGED_AFTER_POST]
    currency = pairs[0][1].currency
    # A line that became another type with the same amount moved all of it to another account.
    amount: Decimal = sum((abs(new.amount - old.amount) or abs(new.amount) for old, new in pairs), ZERO)
    told = [
        f"{old.id}: {old.type} {Money(old.amount, currency)}, now {new.type} {Money(new.amount, currency)}"
        for old, new in sorted(pairs, key=lambda pair: pair[0].id)
    ]
    return Break(
        code=Code.SOURCE_CHANGED_AFTER_POST,
        key=cycle,
        marketplace=marketplace,
        currency=currency,
        amount=amount,
        cycle=cycle,
        day=min(new.updated.date() for _, new in pairs),
        explanation=advice.explanation.format(what="; ".join(told[:5])),
        proposal=advice.proposal,
    )
