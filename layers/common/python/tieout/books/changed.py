"""Cycles that were booked from other lines than the log has now, where the export holds both versions.

A folder that keeps every version of a line shows it: the ledger is what the older ones come to. Where it holds the
newest alone, such a cycle is told as a ledger that is not what was posted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from msgspec.structs import replace

from tieout.domain.ledger.gl import GlLine, differences
from tieout.domain.ledger.line import Books, Line
from tieout.domain.ledger.proof import Settled
from tieout.domain.ledger.record import Record
from tieout.domain.ledger.rules import BookingRules
from tieout.domain.money import ZERO, Money
from tieout.domain.reconcile.advice import ADVICE
from tieout.domain.reconcile.breaks import Break, Code

Settle = Callable[[Books, BookingRules], Settled]


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
    before = {line.id: line for line in sorted(replaced, key=lambda line: (line.updated, line.id)) if line.cycle}
    changed: defaultdict[str, list[tuple[Line, Line]]] = defaultdict(list)
    for line in books.lines:
        old = before.get(line.id)
        if old is not None and old.cycle:
            changed[old.cycle].append((old, line))
    if not changed:
        return
    earlier = replace(books, lines=tuple(before.get(line.id, line) for line in books.lines))
    then, now = _by_cycle(settled(earlier, rules).records), _by_cycle(settled(books, rules).records)
    for cycle, pairs in sorted(changed.items()):
        if _is_posted(then[cycle], posted) and not _is_posted(now[cycle], posted):
            yield _break(books.marketplace, cycle, pairs)


def _by_cycle(records: Iterable[Record]) -> defaultdict[str, list[Record]]:
    found: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[record.cycle].append(record)
    return found


def _is_posted(records: Collection[Record], posted: Mapping[str, list[GlLine]]) -> bool:
    """Every one of them that is in the ledger is there as it should be, and one of them is."""
    there = [each for each in records if each.external_id.upper() in posted]
    return bool(there) and not any(differences(each, posted[each.external_id.upper()]) for each in there)


def _break(marketplace: str, cycle: str, pairs: Sequence[tuple[Line, Line]]) -> Break:
    advice = ADVICE[Code.SOURCE_CHANGED_AFTER_POST]
    currency = pairs[0][1].currency
    amount: Decimal = sum((abs(new.amount - old.amount) for old, new in pairs), ZERO)
    told = [
        f"{old.id}: {old.type} {Money(old.amount, currency)}, now {new.type} {Money(new.amount, currency)}"
        for old, new in sorted(pairs, key=lambda pair: pair[0].id)
    ]
    return Break(
        code=Code.SOURCE_CHANGED_AFTER_POST,
        key=cycle,
        marketplace=marketplace,
        currency=currency,
        amount=amount or abs(pairs[0][1].amount),
        cycle=cycle,
        day=min(new.updated.date() for _, new in pairs),
        explanation=advice.explanation.format(what="; ".join(told[:5])),
        proposal=advice.proposal,
    )
