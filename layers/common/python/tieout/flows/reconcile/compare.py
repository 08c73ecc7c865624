"""All sources are compared, nightly and after each booked cycle; what differs is kept as breaks, and measured."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Protocol, TypeVar

from msgspec import Struct

from tieout.domain.errors import NeedsAttention
from tieout.domain.ledger.gl import GlLine, differences
from tieout.domain.ledger.line import Booked, Cycle
from tieout.domain.ledger.periods import last_day, period_of
from tieout.domain.ledger.record import Record
from tieout.domain.money import ZERO
from tieout.domain.postings import SETTLED_AS, Posting, State
from tieout.domain.reconcile.ageing import age_of
from tieout.domain.reconcile.breaks import Break, Code
from tieout.domain.reconcile.workflow import Case, Run, cases_of
from tieout.flows.ports import At
from tieout.flows.reconcile.break_log import BreakLog, LogMovedOnError, take_in
from tieout.flows.settlement.collect import is_changed
from tieout.flows.settlement.log import ORDERS, cycles_of, lines_of, sold_in
from tieout.flows.settlement.month import is_period
from tieout.flows.settlement.plan import archived_plan
from tieout.flows.settlement.post import WANTED

logger = logging.getLogger(__name__)

DONE = "reconcile/done"
"""Name of the watermark that says when the sources were last compared."""
A_NIGHT = timedelta(hours=23, minutes=30)
TRIES = 3
OF_WHAT_WAS_POSTED = frozenset({Code.GL_TAMPERED, Code.SOURCE_CHANGED_AFTER_POST})
"""Codes that the archive of what was posted decides."""
ORDERS_A_TURN = 2_000
"""Four questions, so that nobody waits long."""

Answer = TypeVar("Answer")


class InTurn(Protocol):
    """Asks NetSuite one question when it is our turn among its readers."""

    def __call__(self, ask: Callable[[], Answer]) -> Answer:
        """What it answers. Raises Retryable when another reader keeps the turn, and what the question raises."""


class Findings(Struct, frozen=True, kw_only=True):
    """What an engine finds in the sources of one marketplace."""

    breaks: Sequence[Break]
    information: int
    """Findings that nobody has to act on."""
    problems: Sequence[str] = ()
    """Rows that do not read, in words."""


class Engine(Protocol):
    """Compares a marketplace's log, cycles, documents and orders with these documents and this general ledger."""

    def __call__(
        self, marketplace: str, documents: Sequence[Booked], general_ledger: Sequence[GlLine], as_of: date
    ) -> Findings:
        """Everything that differs as of that day."""


class Compared(Struct, frozen=True, kw_only=True):
    """What came of a comparison."""

    breaks: int
    blocking: int
    problems: int


def is_due(at: At) -> bool:
    """Whether a night has passed since the last comparison, or a cycle's records were posted."""
    done, wanted = at.watermarks.read(DONE), at.watermarks.read(WANTED)
    if done is None or at.clock() - done >= A_NIGHT:
        return True
    return wanted is not None and wanted > done


def settled_marketplaces(at: At) -> list[str]:
    """Those whose money flows."""
    return [name for name, one in at.config.marketplaces.items() if one.settlement]


def compare(at: At, engine: Engine, log: BreakLog, in_turn: InTurn) -> Compared:
    """Compare all of them, write what changed in the life of their breaks, and report the levels that alarms watch."""
    began = at.clock()
    as_of = began.date()
    marketplaces = settled_marketplaces(at)
    breaks, problems, whole = list[Break](), 0, list[str]()
    for marketplace in marketplaces:
        theirs = gathered(marketplace, at, in_turn)
        breaks += theirs.tampered
        found = engine(marketplace, theirs.documents, theirs.general_ledger, as_of)
        for problem in found.problems:
            logger.error("a row does not read", extra={"marketplace": marketplace, "problem": problem})
        # What was posted is in the archive; an engine can only work out again what it would be today.
        breaks += [each for each in found.breaks if each.code not in OF_WHAT_WAS_POSTED]
        breaks += changed_since_booked(marketplace, at)
        problems += len(found.problems)
        if not found.problems:
            whole.append(marketplace)
    # A break that a row hides which does not read is not gone: only where all was read are breaks ended.
    cases = _take_in(log, breaks, _run(breaks, as_of, began, whole))
    for marketplace in marketplaces:
        _measure(marketplace, cases, as_of, at)
    at.watermarks.advance(DONE, began)
    blocking = sum(1 for each in breaks if each.blocks_close)
    return Compared(breaks=len(breaks), blocking=blocking, problems=problems)


class Gathered(Struct, frozen=True, kw_only=True):
    """What NetSuite holds of a marketplace."""

    documents: Sequence[Booked]
    general_ledger: Sequence[GlLine]
    tampered: Sequence[Break]


def gathered(marketplace: str, at: At, in_turn: InTurn) -> Gathered:
    """Ask NetSuite for all of it, a question a turn."""
    general_ledger, tampered = list[GlLine](), list[Break]()
    for moved, changed in _general_ledger(marketplace, at, in_turn):
        general_ledger += moved
        tampered += changed
    documents = list(_documents(marketplace, at, in_turn))
    return Gathered(documents=documents, general_ledger=general_ledger, tampered=tampered)


def _documents(marketplace: str, at: At, in_turn: InTurn) -> Iterator[Booked]:
    """Everything that NetSuite holds of the marketplace's orders since the cut-over, a page a turn."""
    settings = at.config.marketplaces[marketplace].settlement
    pages = at.ledger.documents_of_marketplace(marketplace, settings.since.date() if settings else date.min)
    named = set[str]()
    while page := in_turn(lambda: next(pages, ())):
        named |= {each.order_id for each in page if each.order_id}
        yield from page
    # What a predecessor of ours wrote bears the order's number only.
    left = sorted(_orders_of_the_log(marketplace, at) - named)
    for start in range(0, len(left), ORDERS_A_TURN):
        yield from in_turn(partial(at.ledger.documents_of, left[start : start + ORDERS_A_TURN]))


def _orders_of_the_log(marketplace: str, at: At) -> set[str]:
    """Orders that any line of the log names."""
    return {
        order_id
        for cycle in at.settlement_log.partitions(marketplace, ORDERS)
        for order_id in sold_in(marketplace, cycle, at)
    }


def _general_ledger(marketplace: str, at: At, in_turn: InTurn) -> Iterator[tuple[list[GlLine], list[Break]]]:
    """What the records of cycles and months moved, a thread a turn, and what of it is not as it was proven (I26)."""
    for thread in _threads(marketplace, at):
        posted = {
            each.external_id: each
            for each in at.postings.of_thread(marketplace, thread)
            if each.key.kind in SETTLED_AS and each.state is State.CONFIRMED
        }
        if posted:
            lines = in_turn(partial(at.ledger.gl_lines, list(posted)))
            yield lines, list(_tampered(thread, posted, lines, at))


def _threads(marketplace: str, at: At) -> Iterator[str]:
    """Billing cycles, and every month that may have ended with accruals since the first of them."""
    cycles = cycles_of(marketplace, at)
    yield from (cycle.id for cycle in cycles)
    if cycles:
        day = min(cycle.closed_at for cycle in cycles).date().replace(day=1) - timedelta(days=1)
        while day <= at.clock().date():
            yield period_of(day)
            day = last_day(day + timedelta(days=1))


def _tampered(thread: str, posted: Mapping[str, Posting], lines: Sequence[GlLine], at: At) -> Iterator[Break]:
    """Records that somebody changed or deleted in NetSuite after they were proven."""
    moved: defaultdict[str, list[GlLine]] = defaultdict(list)
    for line in lines:
        moved[line.external_id.casefold()].append(line)
    for raw in at.archive.load(sorted({each.payload for each in posted.values()})).values():
        for record in archived_plan(raw).records:
            if record.external_id in posted:
                there = moved[record.external_id.casefold()]
                told = differences(record, there) if there else ["it is not in NetSuite any more"]
                if told:
                    yield _tampered_with(thread, record, posted[record.external_id], told)


def _tampered_with(thread: str, record: Record, posting: Posting, told: Sequence[str]) -> Break:
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


def changed_since_booked(marketplace: str, at: At) -> Iterator[Break]:
    """Booked cycles whose lines are not those that they were booked from."""
    for cycle in cycles_of(marketplace, at):
        try:
            lines = lines_of(marketplace, cycle.id, at)
        except NeedsAttention:
            continue  # a row that does not read is a problem of its own
        if is_changed(marketplace, cycle.id, lines, at):
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


def _run(breaks: Sequence[Break], as_of: date, at: datetime, marketplaces: Sequence[str]) -> Run:
    named = sha256(repr((as_of, sorted(map(repr, breaks)))).encode()).hexdigest()[:16]
    return Run(id=f"{as_of}-{named}", as_of=as_of, at=at, marketplaces=frozenset(marketplaces))


def _take_in(log: BreakLog, breaks: Sequence[Break], run: Run) -> list[Case]:
    """Write it down; a person who wrote meanwhile was first, and what they did is looked at again."""
    for tries in range(1, TRIES + 1):
        try:
            return list(cases_of(take_in(log, breaks, run)).values())
        except LogMovedOnError:
            if tries == TRIES:
                raise
    raise AssertionError("unreachable")


def _measure(marketplace: str, cases: Sequence[Case], as_of: date, at: At) -> None:
    waiting = [each for each in cases if each.key.marketplace == marketplace and not each.is_closed]
    blocking = sum(1 for each in waiting if each.blocks_close)
    oldest = max((age_of(each.first_seen, as_of) for each in waiting), default=0)
    at.meter.gauge("BreaksBlockingClose", blocking, marketplace=marketplace)
    at.meter.gauge("OldestBreakDays", oldest, marketplace=marketplace)
