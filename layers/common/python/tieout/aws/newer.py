"""What a newer version of the source does to a posting that was not written yet.

While a worker holds the posting the newer version waits beside it (attribute `newer`) and is applied when the worker
gives it back: an order that was cancelled during a throttled attempt is not posted by the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from tieout.aws.rows import becoming, due_fields, parked_fields
from tieout.aws.table import Row
from tieout.domain.errors import Reason
from tieout.domain.postings import Intent, Posting, State

THERE = frozenset({Reason.TOTAL_MISMATCH, Reason.EXTERNAL_ID_TAKEN})
"""Parked for these, the other side holds a record under our external id."""


class Become(Struct, frozen=True):
    """A posting's next state as a write: the attributes to set, the expression that does, and how history says it."""

    fields: dict[str, Any]
    change: str
    what: str
    due: bool


def newer_of(intent: Intent) -> Row:
    """A newer version that wants the effect."""
    return {
        "version": intent.source_version,
        "payload": intent.payload,
        "external_id": intent.external_id,
        "facts": dict(intent.facts),
        "parked": intent.parked or "",
    }


def retirement(version: str) -> Row:
    """A newer version that wants the effect no more."""
    return {"version": version, "retired": "yes"}


def may_be_written(posting: Posting) -> bool:
    """Whether the other side has the effect, or may have it."""
    return (
        posting.target_id is not None
        or posting.ambiguous_since is not None
        or (posting.state is State.PARKED and posting.reason in THERE)
    )


def replacement(posting: Posting, newer: Row, now: datetime, forget: Sequence[str] = ()) -> Become | None:
    """The posting in the newer version; None where what may be written already is a person's to take back."""
    if "retired" in newer:
        if may_be_written(posting):
            return None
        fields = {"state": State.SUPERSEDED, "version": newer["version"]}
        return Become(fields, becoming(fields, *forget), "superseded", due=False)
    reason = newer["parked"]
    fields = {
        **{name: newer[name] for name in ("version", "payload", "external_id", "facts")},
        **(parked_fields(reason, now) if reason else due_fields(posting.key, now)),
        "attempt": 0,
    }
    return Become(fields, becoming(fields, *forget), "parked" if reason else "replaced", due=not reason)
