"""One worker at a time: a posting is leased, and marked as attempted, before anything is sent for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from msgspec.structs import replace

from tieout.aws.in_parallel import in_parallel
from tieout.aws.rows import instant, line, posting_of, row_key, todo
from tieout.aws.table import RefusedError, Row, Table, Update
from tieout.domain.postings import OPEN, Key, Posting, State

_TAKE = (
    "SET #state = :attempted, #fence = #fence + :one, #attempt = #attempt + :one, #owner = :owner, #todo = :todo, "
    "#lease_until = :until, #due_at = :until, #at = :until, "
    "#ambiguous_since = if_not_exists(#ambiguous_since, :now)"
)
_STATES = {f"open{n}": state for n, state in enumerate(sorted(OPEN))}
_FREE = (
    f"#state IN ({', '.join(f':{name}' for name in _STATES)}) AND #due_at <= :now "
    "AND (attribute_not_exists(#lease_until) OR #lease_until <= :now)"
)


def claim(table: Table, keys: Sequence[Key], now: datetime, lease: timedelta) -> list[Posting]:
    """Those of the postings that are open, due and free, each leased until `now + lease`.

    `ambiguous_since` of the answer is what it was before this claim: an earlier attempt may have written something.
    """

    def take(key: Key) -> Posting | None:
        if claimed := _take(table, key, now, lease):
            table.put(line(key, now, "claimed", {"attempt": str(claimed.attempt)}))
        return claimed

    return [posting for posting in in_parallel(take, dict.fromkeys(keys)) if posting]


def _take(table: Table, key: Key, now: datetime, lease: timedelta) -> Posting | None:
    owner = uuid4().hex
    values = {
        **_STATES,
        "attempted": State.ATTEMPTED,
        "one": 1,
        "owner": owner,
        "todo": todo(key),
        "until": instant(now + lease),
        "now": instant(now),
    }
    try:
        before = table.update(Update(key=row_key(key), change=_TAKE, values=values, condition=_FREE))
    except RefusedError as refused:
        # The client repeats a call whose answer was lost: the lease that refuses us may be our own.
        if refused.found is None or refused.found.get("owner") != owner:
            return None
        return _own(refused.found, now)
    return _taken(before, now + lease)


def _taken(before: Row, until: datetime) -> Posting:
    was = posting_of(before)
    return replace(was, state=State.ATTEMPTED, fence=was.fence + 1, attempt=was.attempt + 1, due_at=until)


def _own(row: Row, now: datetime) -> Posting:
    posting = posting_of(row)
    return replace(posting, ambiguous_since=None) if posting.ambiguous_since == now else posting
