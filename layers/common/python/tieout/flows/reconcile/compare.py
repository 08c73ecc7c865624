"""All sources are compared, nightly and after each booked cycle; what differs is kept as breaks, and measured."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Protocol

from msgspec import Struct

from tieout.domain.ledger.gl import GlLine
from tieout.domain.ledger.line import Booked
from tieout.domain.reconcile.ageing import age_of
from tieout.domain.reconcile.breaks import Break
from tieout.domain.reconcile.reserve import still_reserved
from tieout.domain.reconcile.workflow import Case, Run, cases_of
from tieout.flows.ports import At
from tieout.flows.reconcile.break_log import BreakLog, LogMovedOnError, take_in
from tieout.flows.reconcile.posted import OF_WHAT_WAS_POSTED, Posted, changed_since_booked, posted_records
from tieout.flows.reconcile.turns import ORDERS_A_TURN, InTurn
from tieout.flows.settlement.log import ORDERS, sold_in
from tieout.flows.settlement.post import WANTED

logger = logging.getLogger(__name__)

DONE = "reconcile/done"
"""Name of the watermark that says when the sources were last compared."""
A_NIGHT = timedelta(hours=23, minutes=30)
TRIES = 3


class Findings(Struct, frozen=True, kw_only=True):
    """What an engine finds in the sources of one marketplace."""

    breaks: Sequence[Break]
    information: int
    """Findings that nobody has to act on."""
    problems: Sequence[str] = ()
    """Rows that do not read, in words."""
    reserves: frozenset[tuple[str, str]] = frozenset()
    """Marketplaces and shops whose reserve was compared."""
    digests: Mapping[str, str] = {}
    """Of the lines of cycles that were read wholly: nobody need read them again to see whether they changed."""


class Engine(Protocol):
    """Compares a marketplace's log, cycles, documents and orders with these documents and this general ledger."""

    def __call__(
        self, marketplace: str, documents: Sequence[Booked], general_ledger: Sequence[GlLine], as_of: date
    ) -> Findings:
        """Everything that differs as of that day."""


class Compared(Struct, frozen=True, kw_only=True):
    """What came of a comparison."""

    breaks: int
    information: int
    """Findings that nobody has to act on."""
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
    breaks, information, problems, whole = list[Break](), 0, 0, list[str]()
    compared = set[tuple[str, str]]()
    for marketplace in marketplaces:
        theirs = gathered(marketplace, at, in_turn)
        breaks += theirs.posted.breaks
        found = engine(marketplace, theirs.documents, theirs.posted.general_ledger, as_of)
        for problem in found.problems:
            logger.error("a row does not read", extra={"marketplace": marketplace, "problem": problem})
        # What was posted is in the archive; an engine can only work out again what it would be today.
        breaks += [each for each in found.breaks if each.code not in OF_WHAT_WAS_POSTED]
        breaks += changed_since_booked(marketplace, at, found.digests)
        information += found.information + len(theirs.posted.late)
        problems += len(found.problems)
        compared |= found.reserves
        if not found.problems:
            whole.append(marketplace)
    earlier = cases_of(log.read()).values()
    breaks += [each for each in still_reserved(earlier, compared) if each.marketplace in marketplaces]
    # A break that a row hides which does not read is not gone: only where all was read are breaks ended.
    cases = _take_in(log, breaks, _run(breaks, as_of, began, whole))
    for marketplace in marketplaces:
        _measure(marketplace, cases, as_of, at)
    at.watermarks.advance(DONE, began)
    blocking = sum(1 for each in breaks if each.blocks_close)
    return Compared(breaks=len(breaks), information=information, blocking=blocking, problems=problems)


class Gathered(Struct, frozen=True, kw_only=True):
    """What NetSuite holds of a marketplace."""

    documents: Sequence[Booked]
    posted: Posted


def gathered(marketplace: str, at: At, in_turn: InTurn) -> Gathered:
    """Ask NetSuite for all of it, a question a turn."""
    documents = _documents(marketplace, at, in_turn)
    return Gathered(documents=documents, posted=posted_records(marketplace, documents, at, in_turn))


def _documents(marketplace: str, at: At, in_turn: InTurn) -> list[Booked]:
    """Everything that NetSuite holds of the marketplace's orders since the cut-over, once each, a page a turn."""
    settings = at.config.marketplaces[marketplace].settlement
    pages = at.ledger.documents_of_marketplace(marketplace, settings.since.date() if settings else date.min)
    found: dict[tuple[str, str, str], Booked] = {}
    while page := in_turn(lambda: next(pages, ())):
        found |= {_name(each): each for each in page}
    # What a predecessor of ours wrote, or a person, may bear the order's number in the customer's reference only.
    left = sorted(_orders_of_the_log(marketplace, at) - {each.order_id for each in found.values()})
    for start in range(0, len(left), ORDERS_A_TURN):
        by_order = in_turn(partial(at.ledger.documents_of, left[start : start + ORDERS_A_TURN]))
        found |= {_name(each): each for each in by_order}
    return list(found.values())


def _name(document: Booked) -> tuple[str, str, str]:
    return document.id, document.external_id, document.number


def _orders_of_the_log(marketplace: str, at: At) -> set[str]:
    """Orders that any line of the log names."""
    return {
        order_id
        for cycle in at.settlement_log.partitions(marketplace, ORDERS)
        for order_id in sold_in(marketplace, cycle, at)
    }


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
