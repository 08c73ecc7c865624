"""An order was seen in a version: that fact and every posting it calls for are written in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from tieout.aws.newer import newer_of, replacement, retirement
from tieout.aws.rows import ORDER, history_row, instant, line, new_row, posting_of, row_key, thread_pk
from tieout.aws.table import CancelledError, Put, Row, RowKey, Table, Update, changes
from tieout.domain.errors import Retryable
from tieout.domain.postings import REPLACEABLE, Attempt, Intent, Key, State

_AS_READ = "#state = :was AND #fence = :fence"
_NOT_SENT = REPLACEABLE | {State.SUPERSEDED}


class Sighting(Struct, frozen=True, kw_only=True):
    """An order as a reading found it, and what that calls for."""

    marketplace: str
    order_id: str
    version: str
    state: str
    payload: str
    intents: Sequence[Intent]
    retire: Sequence[Key]
    now: datetime
    subject: str = ""
    """Empty for the order itself; else what else was seen of it."""


class _Step(Struct, frozen=True):
    """What one posting of a sighting needs: its write, its line of history, and whether it is due then."""

    key: Key
    write: Update | Put
    line: Row
    due: bool = False


def record(table: Table, seen: Sighting) -> list[Key]:
    """Write a sighting down; answers the postings that are due because of it.

    A version that is not newer changes nothing. Raises Retryable when others keep writing about the same order.
    """
    order = (thread_pk(seen.marketplace, seen.order_id), seen.subject or ORDER)
    keys = dict.fromkeys([order, *(row_key(key) for key in (*(each.key for each in seen.intents), *seen.retire))])
    for _ in table.retrying():
        found = table.read_many(list(keys))
        known = found.get(order)
        if known and known["version"] >= seen.version:
            return []
        told = Put(row=_order_line(order, seen))
        steps = list(_steps(seen, found))
        try:
            table.transact(
                [
                    _order_row(order, seen, known),
                    told,
                    *(step.write for step in steps),
                    *(Put(row=step.line) for step in steps),
                ]
            )
        except CancelledError:
            continue
        return [step.key for step in steps if step.due]
    raise Retryable(f"order {seen.order_id} of {seen.marketplace} is being written by others")


def _order_row(order: RowKey, seen: Sighting, known: Row | None) -> Put:
    row = {
        "pk": order[0],
        "sk": order[1],
        "version": seen.version,
        "state": seen.state,
        "payload": seen.payload,
        "first_seen": known["first_seen"] if known else instant(seen.now),
        "seen_at": instant(seen.now),
    }
    return Put(row=row, condition="attribute_not_exists(#pk) OR #version < :version", values={"version": seen.version})


def _order_line(order: RowKey, seen: Sighting) -> Row:
    return history_row(order, Attempt(at=seen.now, what="seen", facts={"state": seen.state, "version": seen.version}))


def _steps(seen: Sighting, found: dict[RowKey, Row]) -> Iterator[_Step]:
    intended = {intent.key: intent for intent in seen.intents}
    for key, intent in intended.items():
        row = found.get(row_key(key))
        step = _first(intent, seen.now) if row is None else _again(key, row, newer_of(intent), seen.now)
        if step:
            yield step
    for key in dict.fromkeys(seen.retire):
        row = found.get(row_key(key))
        if row is not None and key not in intended and row["state"] != State.SUPERSEDED:
            step = _again(key, row, retirement(seen.version), seen.now)
            if step:
                yield step


def _first(intent: Intent, now: datetime) -> _Step:
    told = line(intent.key, now, "parked" if intent.parked else "recorded", {"reason": intent.parked or ""})
    return _Step(
        intent.key,
        Put(row=new_row(intent, now), condition="attribute_not_exists(#pk)"),
        told if intent.parked else line(intent.key, now, "recorded"),
        due=not intent.parked,
    )


def _again(key: Key, row: Row, newer: Row, now: datetime) -> _Step | None:
    """What a newer version does to a posting that exists. One that was sent, or may have been, is not pulled back."""
    if row["version"] >= newer["version"]:
        return None
    as_read = {"was": row["state"], "fence": row["fence"]}
    posting = posting_of(row)
    if row["state"] in _NOT_SENT:
        if (become := replacement(posting, newer, now)) is None:
            return None
        write = Update(key=row_key(key), change=become.change, values={**become.fields, **as_read}, condition=_AS_READ)
        return _Step(key, write, line(key, now, become.what, {"version": newer["version"]}), become.due)
    if row["state"] == State.ATTEMPTED and posting.target_id is None:
        write = Update(
            key=row_key(key), change=changes({"newer": newer}), values={"newer": newer, **as_read}, condition=_AS_READ
        )
        return _Step(key, write, line(key, now, "newer version waits", {"version": newer["version"]}))
    return None
