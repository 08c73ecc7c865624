"""What becomes of a posting that was not finished: it comes back, is held, or waits for a person."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from tieout.domain.errors import CredentialsRefused, NeedsAttention, Retryable, SystemDown, Throttled
from tieout.domain.postings import Posting
from tieout.flows.ports import At, LeaseLostError

logger = logging.getLogger(__name__)

A_MOMENT, LATEST = timedelta(seconds=30), timedelta(hours=6)
HOLD = timedelta(seconds=60)
"""How soon something that a switch holds is looked at again."""
LONG_IN_DOUBT = timedelta(hours=1)
"""From then on an attempt without an outcome is told: a late write has been carried out, or never will be."""
NEVER_PROVEN = 10
"""Attempts after which a record that has an id, and cannot be read back, is in doubt as well."""


def next_attempt(at: At, attempt: int, error: Retryable | None = None) -> datetime:
    """Full-jitter exponential back-off; the other side's word wins where it is longer."""
    settings = at.config.reliability
    ceiling = min(settings.backoff_cap_seconds, settings.backoff_base_seconds * 2 ** min(attempt, 12))
    seconds = max(ceiling * at.jitter(), error.after_seconds or 0.0) if error else ceiling * at.jitter()
    return at.clock() + timedelta(seconds=seconds)


def horizon_of(at: At) -> timedelta:
    """For so long after it was sent, a write that got no answer may still be carried out."""
    return timedelta(minutes=at.config.reliability.late_write_minutes)


def soon(at: At) -> datetime:
    """When to look again at what will be there in a moment."""
    return at.clock() + min(A_MOMENT, _soonest(at))


def _soonest(at: At) -> timedelta:
    return timedelta(seconds=2 * at.config.reliability.backoff_cap_seconds)


def wait(at: At, posting: Posting, why: str, until: datetime | None = None) -> None:
    """Give back what is too early; it did not count as an attempt.

    Unless it is told when, each wait is an eighth of the age: soon at first, and cheap in the long run.
    """
    now = at.clock()
    age = now - (posting.first_seen or now)
    release(at, posting, until or now + min(LATEST, max(_soonest(at), age / 8)), why, untouched=True)


def held_until(at: At, flow: str, *systems: str) -> tuple[datetime, str] | None:
    """None when the flow may work; else when to look again, and what holds it."""
    now = at.clock()
    if at.switches.paused(flow):
        return now + HOLD, f"{flow} is paused"
    for system in systems:
        if (until := at.switches.closed_until(system, now)) is not None:
            return until, f"breaker of {system} is open"
    return None


def hold(at: At, postings: Sequence[Posting], until: datetime, why: str) -> None:
    """Give postings back as HELD; nothing was sent for them."""
    for posting in postings:
        release(at, posting, until, why, held=True, untouched=True)


def release(  # noqa: D103  the port says it
    at: At, posting: Posting, due_at: datetime, why: str, *, held: bool = False, untouched: bool = False
) -> None:
    _tell_doubt(at, posting, untouched=untouched)
    try:
        at.postings.release(posting, due_at, why, at.clock(), held=held, untouched=untouched)
    except LeaseLostError:
        return  # its new owner decides when it comes back


def _tell_doubt(at: At, posting: Posting, *, untouched: bool) -> None:
    """Each attempt moves the moment at which a posting is due: its age in doubt is all that shows that none ends.

    One that has an id and was not tried, a promise or one whose flow is paused, is not in doubt by that.
    """
    is_unproven = posting.attempt >= NEVER_PROVEN and not untouched
    unproven_since = posting.first_seen if is_unproven else None
    since = posting.ambiguous_since if posting.target_id is None else unproven_since
    if since and (age := at.clock() - since) >= LONG_IN_DOUBT:
        hours = age.total_seconds() / 3600
        logger.warning("no attempt has had an outcome", extra={"posting": str(posting.key), "hours": round(hours, 1)})
        at.meter.gauge("DoubtHours", hours)


def come_back(at: At, posting: Posting, error: Retryable | CredentialsRefused, system: str) -> bool:
    """Give a posting back after a failed call, and tell the system's breaker. Answers whether to stop calling it."""
    now = at.clock()
    if isinstance(error, CredentialsRefused):
        at.switches.failed(system, now, at_once=True)
        release(at, posting, now + HOLD, str(error), held=True, untouched=True)
        return True
    down = isinstance(error, SystemDown)
    if down:
        at.switches.failed(system, now)
    untouched = isinstance(error, Throttled | SystemDown)
    release(at, posting, next_attempt(at, posting.attempt, error), str(error), untouched=untouched)
    return down


def park(at: At, posting: Posting, problem: NeedsAttention) -> None:
    """Hand a posting to a person, with the reason and the facts."""
    try:
        at.postings.park(posting, problem.reason, problem.facts, at.clock())
    except LeaseLostError:
        return
    at.meter.count("Parked")
