"""What became of a claimed posting. Every write holds only for the worker whose fence the row still has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from tieout.aws.newer import THERE, replacement
from tieout.aws.rows import becoming, due_fields, instant, line, new_row, parked_fields, posting_of, row_key
from tieout.aws.table import CancelledError, Put, RefusedError, Row, Table, Update, changes
from tieout.domain.errors import Retryable
from tieout.domain.exchange import LeaseLostError
from tieout.domain.postings import Intent, Key, Posting, State

_MINE = "#fence = :mine AND #state IN (:attempted, :posted)"
_NOTHING_NEWER = "attribute_not_exists(#newer)"


def remember(table: Table, posting: Posting, facts: Mapping[str, str], now: datetime) -> Posting:
    """Facts that a later attempt needs if this one has no answer: they are there before anything is sent."""
    try:
        table.update(_update(posting, changes({}, also=_paths(facts)), {}, facts=facts))
    except RefusedError as refused:
        raise _lost(posting, refused.found) from refused
    table.put(line(posting.key, now, "remembered", facts))
    return replace(posting, facts={**posting.facts, **facts})


def mark_posted(
    table: Table,
    posting: Posting,
    target_id: str,
    now: datetime,
    *,
    facts: Mapping[str, str],
    due_at: datetime | None,
) -> None:
    """The other side answered with its id; with `due_at` the lease ends and the proof comes then."""
    fields: dict[str, Any] = {"state": State.POSTED, "target_id": target_id}
    remove = ["ambiguous_since"]
    if due_at is not None:
        fields |= {"due_at": instant(due_at), "at": instant(due_at)}
        remove.append("lease_until")
    try:
        table.update(_update(posting, changes(fields, *remove, also=_paths(facts)), fields, facts=facts))
    except RefusedError as refused:
        raise _lost(posting, refused.found) from refused
    table.put(line(posting.key, now, "posted", {"id": target_id, **facts}))


def confirm(
    table: Table, posting: Posting, facts: Mapping[str, str], follow_ups: Sequence[Intent], now: datetime
) -> None:
    """Done and proven, and what follows from it is born in the same transaction; a follow-up that exists stays."""
    fields = {"state": State.CONFIRMED}
    done = _update(posting, becoming(fields, "ambiguous_since", also=_paths(facts)), fields, facts=facts)
    told = Put(row=line(posting.key, now, "confirmed", facts))
    born = list(follow_ups)
    for _ in table.retrying():
        children = [Put(row=new_row(child, now), condition="attribute_not_exists(#pk)") for child in born]
        lines = [Put(row=line(child.key, now, "recorded", {"after": str(posting.key)})) for child in born]
        try:
            table.transact([done, *children, told, *lines])
        except CancelledError as cancelled:
            if 0 in cancelled.refused:
                found = cancelled.refused[0]
                if _mine(posting, found, State.CONFIRMED):
                    return
                raise _lost(posting, found) from cancelled
            born = [child for n, child in enumerate(born, start=1) if n not in cancelled.refused]
        else:
            return
    raise Retryable(f"{posting.key} is being written by others")


def park(table: Table, posting: Posting, reason: str, facts: Mapping[str, str], now: datetime) -> None:
    """A person acts; unless a newer version came meanwhile, which is tried first.

    The facts of the parking stand beside the posting's own, which are all that is left of them after a resubmission.
    """
    fields = {**parked_fields(reason, now), "given": dict(posting.facts)}
    forget = () if reason in THERE else _undoubted(posting)
    change = becoming(fields, *forget, also=_paths(facts))
    told = line(posting.key, now, "parked", {"reason": reason, **facts})

    def write(condition: str) -> Row | None:
        update = _update(posting, change, fields, condition, facts=facts)
        return _give_back(table, posting, update, State.PARKED)

    found = write(f"{_MINE} AND {_NOTHING_NEWER}")
    if found is not None:
        left = replace(posting_of(found), state=State.PARKED, reason=reason, ambiguous_since=posting.ambiguous_since)
        if _take_newer(table, posting, left, found["newer"], now=now, told=told):
            return
        write(_MINE)
    table.put(told)


def release(
    table: Table, posting: Posting, due_at: datetime, why: str, now: datetime, *, held: bool, untouched: bool
) -> None:
    """Comes back at `due_at`.

    Where something may have been sent it stays ATTEMPTED (or POSTED), so that no newer version takes its place before
    that was looked up; `untouched` makes this attempt as if it had not been.
    """
    told = line(posting.key, now, "held" if held else "released", {"why": why, "due_at": instant(due_at)})
    fields: dict[str, Any] = {"due_at": instant(due_at), "at": instant(due_at)}
    if untouched:
        fields["attempt"] = posting.attempt - 1
    if posting.target_id is not None:
        fields["state"] = State.POSTED
        change = changes(fields, "lease_until", "owner", "ambiguous_since")
    elif untouched and posting.ambiguous_since is None:
        _release_unsent(table, posting, due_at, now, told, held=held)
        return
    else:
        change = changes(fields, "lease_until", "owner")
    _give_back(table, posting, _update(posting, change, fields))
    table.put(told)


def _release_unsent(table: Table, posting: Posting, due_at: datetime, now: datetime, told: Row, *, held: bool) -> None:
    state = State.HELD if held else State.DUE
    fields = {**due_fields(posting.key, due_at, state), "attempt": posting.attempt - 1}
    update = _update(
        posting,
        becoming(fields, "ambiguous_since"),
        fields,
        f"#fence = :mine AND #state = :attempted AND {_NOTHING_NEWER}",
    )
    found = _give_back(table, posting, update, State.DUE, State.HELD)
    if found is not None:
        left = replace(posting_of(found), ambiguous_since=None)
        _take_newer(table, posting, left, found["newer"], now=now, told=told)
        return
    table.put(told)


def resubmit(table: Table, key: Key, now: datetime, who: str) -> None:
    """A person has acted: a parked posting is due again. Raises KeyError when it is not parked."""
    fields = {**due_fields(key, now), "attempt": 0}
    change = becoming(fields, also=["#fence = #fence + :one", "#facts = if_not_exists(#given, #facts)"])
    values = {**fields, "one": 1, "parked": State.PARKED}
    again = Update(key=row_key(key), change=change, values=values, condition="#state = :parked")
    told = Put(row=line(key, now, "resubmitted", {"who": who}))
    for _ in table.retrying():
        try:
            table.transact([again, told])
        except CancelledError as cancelled:
            if cancelled.refused:
                raise KeyError(str(key)) from cancelled
        else:
            return
    raise Retryable(f"{key} is being written by others")


def _give_back(table: Table, posting: Posting, update: Update, *done: State) -> Row | None:
    """Write; answers the row instead where a newer version waits in it. Raises LeaseLostError.

    A row that is `done` under our fence was written by this very call: its first answer was lost, and the client
    repeated it.
    """
    try:
        table.update(update)
    except RefusedError as refused:
        if _mine(posting, refused.found, *done):
            return None
        if _mine(posting, refused.found, State.ATTEMPTED, State.POSTED) and refused.found and "newer" in refused.found:
            return refused.found
        raise _lost(posting, refused.found) from refused
    return None


def _take_newer(table: Table, posting: Posting, left: Posting, newer: Row, *, now: datetime, told: Row) -> bool:
    """Give the posting back in the version that waited; answers False where that one came too late."""
    become = replacement(left, newer, now, _undoubted(posting))
    if become is None:
        return False
    update = _update(posting, become.change, become.fields)
    _give_back(table, posting, update, State.DUE, State.PARKED, State.SUPERSEDED)
    table.put(told)
    table.put(line(posting.key, now, become.what, {"version": newer["version"]}))
    return True


def _undoubted(posting: Posting) -> tuple[str, ...]:
    """What this attempt's own mark leaves to forget; a doubt from before it stays."""
    return () if posting.ambiguous_since else ("ambiguous_since",)


def _update(
    posting: Posting,
    change: str,
    fields: Mapping[str, Any],
    condition: str = _MINE,
    facts: Mapping[str, str] | None = None,
) -> Update:
    numbered = list(enumerate((facts or {}).items()))
    return Update(
        key=row_key(posting.key),
        change=change,
        values={
            "attempted": State.ATTEMPTED,
            "posted": State.POSTED,
            "mine": posting.fence,
            **fields,
            **{f"fact{n}": value for n, (_, value) in numbered},
        },
        condition=condition,
        names={f"fact{n}": name for n, (name, _) in numbered},
    )


def _paths(facts: Mapping[str, str]) -> list[str]:
    """Each fact is set by its own path, so that those written since the claim stay."""
    return [f"#facts.#fact{n} = :fact{n}" for n in range(len(facts))]


def _mine(posting: Posting, row: Row | None, *states: State) -> bool:
    return row is not None and row["fence"] == posting.fence and row["state"] in states


def _lost(posting: Posting, row: Row | None) -> LeaseLostError:
    stands = "gone" if row is None else f"{row['state']} with fence {row['fence']}"
    return LeaseLostError(f"{posting.key}, claimed with fence {posting.fence}, is {stands}")
