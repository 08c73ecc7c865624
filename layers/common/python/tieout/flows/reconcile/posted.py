"""What was posted, out of the archive, against what NetSuite holds of it: surer than to work it out again.

A few cycles or months at a time: whatever the size of the log, the plans of these are in memory. Nothing here needs the
log's lines, so a comparison finds the same however those are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from types import MappingProxyType

from msgspec import Struct

from tieout.domain.errors import NeedsAttention
from tieout.domain.ledger.gl import GlLine, differences
from tieout.domain.ledger.line import Booked, Cycle
from tieout.domain.ledger.periods import last_day, period_of
from tieout.domain.ledger.record import Record
from tieout.domain.money import ZERO
from tieout.domain.postings import SETTLED_AS, Posting, State
from tieout.domain.reconcile.applied import Applied
from tieout.domain.reconcile.breaks import Break, Code
from tieout.domain.reconcile.late import late_lines
from tieout.flows.ports import At
from tieout.flows.reconcile.turns import ORDERS_A_TURN, InTurn
from tieout.flows.settlement.log import cycles_of, lines_of
from tieout.flows.settlement.month import is_period
from tieout.flows.settlement.plan import archived_plan, digest_of, is_booked_otherwise

OF_WHAT_WAS_POSTED = frozenset({Code.GL_TAMPERED, Code.SOURCE_CHANGED_AFTER_POST, Code.UNDER_APPLIED})
"""Codes that the archive of what was posted decides."""


RECORDS_A_TURN, MANY_RECORDS = 200, 20
"""Records that one question asks for, so that an operator's many small cycles are few questions. A record has up to a
thousand lines: a cycle that became many is a question of its own, so that nobody waits long."""


class Posted(Struct, frozen=True, kw_only=True):
    """What NetSuite holds of the records of cycles and months."""

    general_ledger: Sequence[GlLine]
    breaks: Sequence[Break]
    """GL_TAMPERED and UNDER_APPLIED."""
    late: Sequence[Break]
    """LATE_LINE_CLOSED_PERIOD, by cycle: nobody has to do anything."""


def posted_records(marketplace: str, booked: Sequence[Booked], at: At, in_turn: InTurn) -> Posted:
    """Ask NetSuite what they moved, a few threads a turn. `booked`: what it holds of the marketplace's orders."""
    general_ledger, breaks, late = list[GlLine](), list[Break](), list[Break]()
    applied = Applied(marketplace, booked)
    for threads in _by_turns(marketplace, at):
        lines = in_turn(partial(at.ledger.gl_lines, [each for posted in threads.values() for each in posted]))
        general_ledger += lines
        moved: defaultdict[str, list[GlLine]] = defaultdict(list)
        for line in lines:
            moved[line.external_id.casefold()].append(line)
        days = {line.external_id.upper(): line.day for line in lines if line.day is not None}
        plans = at.archive.load(sorted({each.payload for posted in threads.values() for each in posted.values()}))
        for thread, posted in threads.items():
            records = list(_as_posted(posted, plans))
            for record in records:
                there = moved[record.external_id.casefold()]
                told = differences(record, there) if there else ["it is not in NetSuite any more"]
                if told:
                    breaks.append(_tampered(thread, record, posted[record.external_id], told))
                if there:
                    applied.take(record)
            if not is_period(thread):
                late += late_lines(records, days)
    orders = sorted({each.order_id for each in applied.breaks() if each.order_id})
    for start in range(0, len(orders), ORDERS_A_TURN):
        applied.look_again(in_turn(partial(at.ledger.documents_of, orders[start : start + ORDERS_A_TURN])))
    return Posted(general_ledger=general_ledger, breaks=[*breaks, *applied.breaks()], late=late)


def _by_turns(marketplace: str, at: At) -> Iterator[dict[str, dict[str, Posting]]]:
    """Threads with their records: as many as one question asks for, or one that has many."""
    some: dict[str, dict[str, Posting]] = {}
    for thread in _threads(marketplace, at):
        posted = _confirmed(marketplace, thread, at)
        if len(posted) > MANY_RECORDS:
            yield {thread: posted}
        elif posted:
            some[thread] = posted
            if sum(map(len, some.values())) > RECORDS_A_TURN - MANY_RECORDS:
                yield some
                some = {}
    if some:
        yield some


def _confirmed(marketplace: str, thread: str, at: At) -> dict[str, Posting]:
    return {
        each.external_id: each
        for each in at.postings.of_thread(marketplace, thread)
        if each.key.kind in SETTLED_AS and each.state is State.CONFIRMED
    }


def _as_posted(posted: Mapping[str, Posting], plans: Mapping[str, bytes]) -> Iterator[Record]:
    """Each record out of the plan that it was posted from; a later plan of the cycle may tell it otherwise."""
    for payload in sorted({each.payload for each in posted.values()} & plans.keys()):
        for record in archived_plan(plans[payload]).records:
            if record.external_id in posted and posted[record.external_id].payload == payload:
                yield record


def _threads(marketplace: str, at: At) -> Iterator[str]:
    """Billing cycles, and every month that may have ended with accruals since the first of them."""
    cycles = cycles_of(marketplace, at)
    yield from (cycle.id for cycle in cycles)
    if cycles:
        day: date = min(cycle.closed_at for cycle in cycles).date().replace(day=1) - timedelta(days=1)
        while day <= at.clock().date():
            yield period_of(day)
            day = last_day(day + timedelta(days=1))


def _tampered(thread: str, record: Record, posting: Posting, told: Sequence[str]) -> Break:
    """A record that somebody changed or deleted in NetSuite after it was proven (I26)."""
    number = posting.facts.get("number", "")
    return Break(
        code=Code.GL_TAMPERED,
        key=record.external_id,
        marketplace=record.marketplace,
        currency=record.currency,
        amount=sum((entry.debit for entry in record.entries), ZERO),
        cycle=None if is_period(thread) else thread,
        explanation=f"{record.type} {number} is not as it was posted: {'; '.join(told[:5])}.",
        proposal="Finance: see the record's system notes, then restore it, or accept the change with its reason.",
        day=record.day,
    )


def changed_since_booked(
    marketplace: str, at: At, digests: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Break]:
    """Booked cycles whose lines are not those that they were booked from.

    `digests`: of lines that are known already, by cycle; others are read.
    """
    for cycle in cycles_of(marketplace, at):
        digest = digests.get(cycle.id)
        if digest is None:
            try:
                digest = digest_of(lines_of(marketplace, cycle.id, at))
            except NeedsAttention:
                continue  # a row that does not read is a problem of its own
        if is_booked_otherwise(marketplace, cycle.id, digest, at):
            yield _source_changed(marketplace, cycle)


def _source_changed(marketplace: str, cycle: Cycle) -> Break:
    return Break(
        code=Code.SOURCE_CHANGED_AFTER_POST,
        key=cycle.id,
        marketplace=marketplace,
        currency=cycle.currency,
        amount=abs(cycle.to_seller),
        cycle=cycle.id,
        explanation="The lines of this cycle have other amounts or types than those that it was booked from.",
        proposal="Finance: reverse the record and book the difference, or ask the operator for a correcting line.",
        day=cycle.closed_at.date(),
    )
