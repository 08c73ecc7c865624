"""What was posted against the general ledger (I26): a record that was edited or deleted in NetSuite since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from tieout.domain.ledger.gl import GlLine, differences
from tieout.domain.ledger.line import Books
from tieout.domain.ledger.proof import Settled
from tieout.domain.ledger.record import Record
from tieout.domain.ledger.rules import BookingRules
from tieout.domain.ledger.settle import settle
from tieout.domain.money import ZERO
from tieout.domain.reconcile.advice import ADVICE
from tieout.domain.reconcile.breaks import Break, Code


def tampered(
    books: Iterable[Books],
    rules: Mapping[str, BookingRules],
    gl_lines: Iterable[GlLine],
    settled: Callable[[Books, BookingRules], Settled] = settle,
) -> list[Break]:
    """Records of cycles that are booked, whose ledger lines are not what the same cycle comes to today.

    A cycle none of whose records are in the ledger has not been booked yet, and is none of this.
    """
    posted: defaultdict[str, list[GlLine]] = defaultdict(list)
    for line in gl_lines:
        posted[line.external_id.upper()].append(line)
    if not posted:
        return []
    return [found for each in books for found in _of(settled(each, rules[each.marketplace]).records, posted)]


def _of(records: Iterable[Record], posted: Mapping[str, list[GlLine]]) -> Iterator[Break]:
    by_cycle: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_cycle[record.cycle].append(record)
    for cycle, theirs in sorted(by_cycle.items()):
        if not any(record.external_id.upper() in posted for record in theirs):
            continue
        for record in theirs:
            lines = posted.get(record.external_id.upper(), [])
            told = differences(record, lines) if lines else ["it is not in the ledger any more"]
            if told:
                yield _break(record, lines, "; ".join(told), cycle)


def _break(record: Record, lines: list[GlLine], what: str, cycle: str) -> Break:
    advice = ADVICE[Code.GL_TAMPERED]
    off = {entry.account: ZERO for entry in record.entries} | {line.account: ZERO for line in lines}
    for entry in record.entries:
        off[entry.account] -= entry.debit - entry.credit
    for line in lines:
        off[line.account] += line.debit - line.credit
    return Break(
        code=Code.GL_TAMPERED,
        key=record.external_id,
        marketplace=record.marketplace,
        currency=record.currency,
        amount=sum((abs(each) for each in off.values()), ZERO) / 2,
        cycle=cycle,
        day=record.day,
        explanation=advice.explanation.format(ours=what, theirs=what, amount=what, what=what),
        proposal=advice.proposal,
    )
