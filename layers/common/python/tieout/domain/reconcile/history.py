"""What happened to breaks, in order: a chain of events that only grows and that shows when somebody has changed it.

Each event carries the hash of the one before it, so that taking out, putting in or editing one breaks every later link.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256

from msgspec import Struct, json
from msgspec.structs import replace

from tieout.domain.reconcile.breaks import Break

BEGINNING = "0" * 64
"""What the first event names as the one before it."""


class BrokenChainError(ValueError):
    """An event of the history is not what it was when it was written."""


class LogMovedOnError(Exception):
    """Somebody else wrote to the history in the meantime: read it again, and decide again."""


class State(StrEnum):
    """How far the work on a break has come."""

    OPEN = "open"
    PROPOSED = "proposed"
    APPROVED = "approved"
    POSTED = "posted"
    """The correction is booked; the next run has to see that the difference is gone."""
    CLAIMED = "claimed"
    """Asked back from the operator; it stays until the operator acted or the claim is given up."""
    VERIFIED = "verified"
    CLOSED = "closed"


class Action(StrEnum):
    """What was done, by a run or by a person."""

    RAN = "ran"
    FOUND = "found"
    CHANGED = "changed"
    REOPENED = "reopened"
    VERIFIED = "verified"
    CLOSED = "closed"
    ASSIGN = "assign"
    PROPOSE = "propose"
    APPROVE = "approve"
    REJECT = "reject"
    POST = "post"
    CLAIM = "claim"
    ACCEPT = "accept"


class CaseKey(Struct, frozen=True, order=True):
    """A break over its whole life: the same difference under the same key is the same case."""

    marketplace: str
    code: str
    key: str

    def __str__(self) -> str:
        return f"{self.marketplace}/{self.code}/{self.key}"


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step in the life of a break."""

    number: int = 0
    """1, 2, 3 and so on, over all cases."""
    action: Action
    actor: str
    """Who: a person's name, or `run`."""
    at: datetime
    run: str
    """Run id: the run that did it, or the last one that a person had before them."""
    case: CaseKey | None = None
    """None of RAN only."""
    before: State | None = None
    after: State | None = None
    reason: str = ""
    owner: str = ""
    """The new owner, of ASSIGN and FOUND."""
    found: Break | None = None
    """What the run found, of FOUND, CHANGED and REOPENED."""
    as_of: date | None = None
    """Day that the run looked at, of RAN."""
    previous: str = ""
    """Hash of the event before."""
    hash: str = ""


def hash_of(event: Event) -> str:
    """SHA-256 over everything the event says, the hash of the one before it included."""
    return sha256(json.encode(replace(event, hash=""))).hexdigest()


def chained(events: Iterable[Event], after: Sequence[Event]) -> tuple[Event, ...]:
    """The events as they follow on a history."""
    number, previous = (after[-1].number, after[-1].hash) if after else (0, BEGINNING)
    links: list[Event] = []
    for each in events:
        number += 1
        link = replace(each, number=number, previous=previous, hash="")
        link = replace(link, hash=hash_of(link))
        links.append(link)
        previous = link.hash
    return tuple(links)


def check_chain(events: Sequence[Event]) -> None:
    """Raises BrokenChainError, naming the first event that is not what was written."""
    previous = BEGINNING
    for number, event in enumerate(events, start=1):
        if event.number != number:
            raise BrokenChainError(f"event {number} of the break history is missing or out of place")
        if event.previous != previous or event.hash != hash_of(event):
            raise BrokenChainError(f"event {number} of the break history was changed after it was written")
        previous = event.hash


def head_of(events: Sequence[Event]) -> str:
    """Hash of the last event: names the whole history."""
    return events[-1].hash if events else BEGINNING
