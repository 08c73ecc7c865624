"""What marketplaces say of money is read, kept as it came, and each complete billing cycle becomes a posting."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec import Struct, field

from tieout.domain.errors import NeedsAttention, Retryable
from tieout.domain.ledger.line import Cycle, Document, Line
from tieout.domain.money import ZERO
from tieout.domain.postings import Intent, Key, Kind, Posting, State, version_of
from tieout.flows.orders.collect import Collected
from tieout.flows.ports import At, Marketplace
from tieout.flows.settlement.accounts import read_accounts
from tieout.flows.settlement.log import (
    cycles_of,
    documents_of,
    keep_cycles,
    keep_documents,
    keep_lines,
    keep_touched,
    lines_of,
    still_unread,
)
from tieout.flows.settlement.month import month_before
from tieout.flows.settlement.once_a_day import Listing, Today
from tieout.flows.settlement.plan import digest_of, is_booked_otherwise, of_the_cycle
from tieout.flows.settlement.review import LATER, PAID
from tieout.flows.settlement.rules import booking_rules
from tieout.settings.settlement import Settlement

logger = logging.getLogger(__name__)

OVERLAP = timedelta(hours=2)
"""The log is read again from so long before the watermark: lines are written late, and Mirakl's listing lags."""
LOOKED_BACK = timedelta(days=60)
"""Cycles and documents are read again for so long: nothing tells when one of them is paid or issued."""
WHOLE = "settlement/whole"
"""Watermark of the last reading that lacked nothing: the log to its end, cycles and documents."""
OF_DOCUMENTS = ("documents", "document-requests")
"""Watermarks of the listings that give documents."""
_ORDER_OF_STATES = {"TO_PAY": 1, "FAILED": 2, "PAID": 3}


def collect_settlements(marketplace: str, at: At, *, asked: bool = False) -> Collected | None:
    """Read what changed since the last time; the watermark moves after all that follows from it is written down.

    Answers lines seen, cycles that are recorded in a new version, and what is due because of them; None, without a
    call but for Mirakl's clock, where today's reading was done wholly and no person `asked` for another. A reading that
    is cut off (Mirakl gives so many pages an hour) or lacks a listing goes on from where it was: what it read counts.
    Raises what kept it from being whole.
    """
    settings = at.config.marketplaces[marketplace].settlement
    if settings is None:
        return Collected(0, 0, 0)
    market, name = at.marketplace(marketplace), f"{marketplace}/settlement"
    today = Today(marketplace, market.now(), at, asked)
    if today.came(WHOLE) and not asked:
        return None
    watermark = at.watermarks.read(name) or settings.since
    _tell_lag(today, watermark)
    read = _read_lines(today, market, max(settings.since, watermark - OVERLAP))
    missing = read_cycles_and_documents(today, settings)
    if not read.cut_off:
        read_accounts(today)
    end = read.newest or watermark if read.cut_off else today.now
    documents_came = not missing or all(today.came(name) for name in OF_DOCUMENTS)
    fresh, due = _record(marketplace, settings, end, read.touched, at, documents_came=documents_came)
    if not missing:
        due += _end_month(marketplace, settings, end, at)
    at.watermarks.advance(name, end)
    at.doorbells.ring(due)
    _tell_lag(today, end)
    for kept in [read.cut_off, *missing]:
        if kept:
            raise kept
    today.note(WHOLE)
    return Collected(read.seen, fresh, len(due))


def _tell_lag(today: Today, until: datetime) -> None:
    """Before a reading and after it: of an hour the alarm takes the less."""
    lag = (today.now - until).total_seconds()
    today.at.meter.gauge("WatermarkLagSeconds", lag, marketplace=today.marketplace, reading="settlement")


# --- reading ---------------------------------------------------------------------------------------------------------


class _Read(Struct):
    """What came of reading the log."""

    seen: int = 0
    touched: set[str] = field(default_factory=set)
    """Cycles with lines that changed."""
    newest: datetime | None = None
    """Last change that was read: they come in this order."""
    cut_off: Retryable | None = None


def _read_lines(today: Today, market: Marketplace, start: datetime) -> _Read:
    marketplace, at = today.marketplace, today.at
    unread = {each.id for each in still_unread(marketplace, at)}
    read = _Read()

    def to_the_end() -> None:
        for page in market.transaction_lines(start):
            read.touched |= keep_lines(marketplace, page, unread, at)
            unread.update(each.id for each in page.problems)
            read.seen += len(page.raw)
            read.newest = max([line.updated for line in page.lines], default=read.newest)

    try:
        read.cut_off = today.attempt("settlement", to_the_end)
    finally:  # a comparison prepares only what is noted here
        if read.seen:
            keep_touched(marketplace, read.touched, at)
    return read


def read_cycles_and_documents(today: Today, settings: Settlement) -> list[Retryable]:
    """Each with a watermark of its own: Mirakl allows them once a day, and refuses a second reading that day.

    One that fails keeps none of the others from being read. Answers what kept those that did not come.
    """
    kept = (today.read(each) for each in _listings(today, settings))
    return [error for error in kept if error is not None]


def _listings(today: Today, settings: Settlement) -> list[Listing]:
    """SBC11, IV01, and DR11 with DR12."""
    marketplace, at = today.marketplace, today.at
    market = at.marketplace(marketplace)

    def since(name: str) -> datetime:
        return max(settings.since, (at.watermarks.read(f"{marketplace}/{name}") or settings.since) - LOOKED_BACK)

    def cycles() -> None:
        for page in market.billing_cycles(since("cycles")):
            keep_cycles(marketplace, page, at)

    def documents() -> None:
        for page in market.accounting_documents(since("documents")):
            keep_documents(marketplace, page, at)

    def requests() -> None:
        for page in market.document_requests(since("document-requests")):
            keep_documents(marketplace, page, at)

    return [Listing("cycles", cycles), Listing("documents", documents), Listing("document-requests", requests)]


# --- recording -------------------------------------------------------------------------------------------------------


def _record(
    marketplace: str, settings: Settlement, end: datetime, touched: Collection[str], at: At, *, documents_came: bool
) -> tuple[int, list[Key]]:
    """Each cycle that is new, has changed, or was not settled the last time, where the log was read past its end.

    One whose lines name a document that is not there waits until the day's documents came: it would be held for that.
    """
    cycles = [cycle for cycle in cycles_of(marketplace, at) if settings.since <= cycle.closed_at <= end]
    known = at.postings.seen_versions(marketplace, [cycle.id for cycle in cycles])
    documents = documents_of(marketplace, at)
    settled_at = end - timedelta(hours=settings.settled_hours)
    fresh, due = 0, list[Key]()
    for cycle in cycles:
        version = known.get(cycle.id, "")
        posting = at.postings.posting(of_the_cycle(marketplace, cycle.id)) if _may_move(cycle, end) else None
        is_booked = posting is not None and posting.state is State.CONFIRMED
        if is_booked and posting is not None and _waits(posting, at):
            due += _look_later(posting, at)
        if cycle.id not in touched and (is_booked or posting is None):
            is_news = version.partition("/")[2] < _told(cycle, documents)
            if not is_news:
                continue
        settled = None if is_booked else settled_at
        awaits = not (is_booked or documents_came)
        recorded = _record_one(
            marketplace, cycle, documents, at, settled_at=settled, known=version, awaits_documents=awaits
        )
        fresh += recorded is not None
        due += recorded or ()
    return fresh, due


def _waits(cycle: Posting, at: At) -> bool:
    """Whether a booked cycle had money of orders that NetSuite has not billed, when it was last looked at."""
    if not Decimal(cycle.facts.get("waiting", "0")):
        return False
    thread = at.postings.of_thread(cycle.key.marketplace, cycle.key.thread)
    looks = sorted((each.key.source_id, each) for each in thread if each.key.source_id.startswith(LATER))
    return not looks or Decimal(looks[-1][1].facts.get("waiting", "1")) != ZERO


def _look_later(cycle: Posting, at: At) -> list[Key]:
    """Look again, once a day, whether the invoices are there."""
    now, (marketplace, thread) = at.clock(), (cycle.key.marketplace, cycle.key.thread)
    day = now.date().isoformat()
    return at.postings.record_order(
        marketplace=marketplace,
        order_id=thread,
        subject="LATER",
        version=day,
        state="",
        payload=cycle.payload,
        intents=[
            Intent(key=Key(marketplace, thread, Kind.CYCLE, f"{LATER}{day}"), source_version=day, payload=cycle.payload)
        ],
        retire=[],
        now=now,
    )


def _end_month(marketplace: str, settings: Settlement, end: datetime, at: At) -> list[Key]:
    """The last month that is over becomes a posting of its own, once its lines have settled."""
    zone = booking_rules(at.config, marketplace).time_zone
    period, ended = month_before(end - timedelta(hours=settings.settled_hours), zone)
    if settings.month_end == "off" or ended <= settings.since:
        return []
    payload = f"settlement/{marketplace}/lines/"
    return at.postings.record_order(
        marketplace=marketplace,
        order_id=period,
        version=period,
        state="",
        payload=payload,
        intents=[Intent(key=of_the_cycle(marketplace, period), source_version=period, payload=payload)],
        retire=[],
        now=at.clock(),
    )


def _may_move(cycle: Cycle, end: datetime) -> bool:
    """Whether a cycle is young enough to be looked at though nothing of it came: it may have had to settle."""
    return end - cycle.closed_at <= LOOKED_BACK


def _record_one(
    marketplace: str,
    cycle: Cycle,
    documents: Sequence[Document],
    at: At,
    *,
    settled_at: datetime | None,
    known: str,
    awaits_documents: bool = False,
) -> list[Key] | None:
    """Answers None where nothing is new, or the cycle is not complete. One that is booked need not settle again."""
    try:
        lines = lines_of(marketplace, cycle.id, at)
    except NeedsAttention:
        lines = []  # working it out says why
    else:
        _compare(marketplace, cycle, lines, at)
    changed = max((line.updated for line in lines), default=cycle.closed_at)
    version = f"{version_of(changed)}/{_told(cycle, documents)}"
    if version <= known or (settled_at is not None and changed > settled_at):
        return None
    if awaits_documents and {line.document for line in lines if line.document} - {each.number for each in documents}:
        return None
    payload = f"settlement/{marketplace}/lines/cycle={cycle.id}/"
    sources = [cycle.id, *([PAID] if cycle.pay_out.state == "PAID" else [])]
    return at.postings.record_order(
        marketplace=marketplace,
        order_id=cycle.id,
        version=version,
        state=cycle.pay_out.state,
        payload=payload,
        intents=[
            Intent(key=Key(marketplace, cycle.id, Kind.CYCLE, source), source_version=version, payload=payload)
            for source in sources
        ],
        retire=[],
        now=at.clock(),
    )


def _told(cycle: Cycle, documents: Sequence[Document]) -> str:
    """How many documents a cycle has, and what became of its payout; compares as text."""
    issued = sum(1 for each in documents if each.cycle == cycle.id)
    return f"{issued:05}/{_ORDER_OF_STATES.get(cycle.pay_out.state, 0)}"


def _compare(marketplace: str, cycle: Cycle, lines: Collection[Line], at: At) -> None:
    """Whether a cycle that is booked still has the lines that it was booked from."""
    if not is_booked_otherwise(marketplace, cycle.id, digest_of(lines), at):
        return
    at.meter.count("SourceChangedAfterPost", marketplace=marketplace)
    logger.error("a booked cycle has changed", extra={"marketplace": marketplace, "cycle": cycle.id})
