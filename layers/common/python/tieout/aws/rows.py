"""Postings as rows of the table: their keys, their attributes, and instants as text that sorts by time.

| row | pk | sk |
|---|---|---|
| posting | `<marketplace>#<thread>` | `<KIND>#<source id>` |
| line of its history | the same | `<KIND>#<source id>#<instant>#<n>` |
| order as last seen | the same | `ORDER` |
| line of the order's own history | the same | `ORDER#<instant>#<n>` |

While a posting has work left, `todo` (`<lane>#<shard>`) and `at` (when it is due) put it into the index of that name;
while it is parked, `todo` is `PARKED` and `at` says since when.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from uuid import uuid4
from zlib import crc32

from tieout.aws.table import Row, RowKey, changes
from tieout.domain.postings import LANE_OF, Attempt, Intent, Key, Kind, Lane, Posting, State

ORDER = "ORDER"
PARKED = "PARKED"
SHARDS = 4
"""Index partitions of a lane: one partition takes 1,000 writes a second."""


def instant(at: datetime) -> str:
    """UTC, microseconds, fixed width: text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_instant(text: str) -> datetime:
    """The instant that `instant` wrote."""
    return datetime.fromisoformat(text)


def maybe_instant(text: str | None) -> datetime | None:
    """An instant that may be absent."""
    return read_instant(text) if text else None


def thread_pk(marketplace: str, thread: str) -> str:
    """Partition of everything about one order."""
    return f"{marketplace}#{thread}"


def row_key(key: Key) -> RowKey:
    """Where a posting stands."""
    return thread_pk(key.marketplace, key.thread), f"{key.kind}#{key.source_id}"


def key_of(row: Row) -> Key:
    """The posting that a row is."""
    marketplace, _, thread = row["pk"].partition("#")
    kind, _, source_id = row["sk"].partition("#")
    return Key(marketplace, thread, Kind(kind), source_id)


def todo(key: Key) -> str:
    """Index partition of an open posting; stable, so that a posting never moves between shards."""
    return todo_shard(LANE_OF[key.kind], crc32(str(key).encode()) % SHARDS)


def todo_shard(lane: Lane, shard: int) -> str:
    """Index partition of a lane."""
    return f"{lane}#{shard}"


def posting_of(row: Row) -> Posting:
    """A posting as its row stands."""
    return Posting(
        key=key_of(row),
        state=State(row["state"]),
        source_version=row["version"],
        payload=row["payload"],
        external_id=row.get("external_id", ""),
        target_id=row.get("target_id"),
        attempt=row["attempt"],
        fence=row["fence"],
        due_at=maybe_instant(row.get("due_at")),
        ambiguous_since=maybe_instant(row.get("ambiguous_since")),
        reason=row.get("reason"),
        facts=dict(row["facts"]),
        first_seen=maybe_instant(row.get("first_seen")),
        parked_at=maybe_instant(row.get("parked_at")),
    )


def new_row(intent: Intent, now: datetime) -> Row:
    """The row of a posting that is recorded for the first time."""
    pk, sk = row_key(intent.key)
    return {
        "pk": pk,
        "sk": sk,
        "version": intent.source_version,
        "payload": intent.payload,
        "external_id": intent.external_id,
        "facts": dict(intent.facts),
        "attempt": 0,
        "fence": 0,
        "first_seen": instant(now),
        **(parked_fields(intent.parked, now) if intent.parked else due_fields(intent.key, now)),
    }


def due_fields(key: Key, at: datetime, state: State = State.DUE) -> Row:
    """Attributes of a posting that is worked on at `at`."""
    return {"state": state, "due_at": instant(at), "todo": todo(key), "at": instant(at)}


def parked_fields(reason: str, now: datetime) -> Row:
    """Attributes of a posting that waits for a person."""
    return {"state": State.PARKED, "reason": reason, "parked_at": instant(now), "todo": PARKED, "at": instant(now)}


_lines = count()
_writer = uuid4().hex[:6]


def history_row(subject: RowKey, line: Attempt) -> Row:
    """A line of a history. Its name is made once, so that a repeated write of it is the same line."""
    pk, sk = subject
    name = f"{sk}#{instant(line.at)}#{next(_lines) % 1_000_000:06d}-{_writer}"
    return {"pk": pk, "sk": name, "what": line.what, "facts": dict(line.facts)}


def line_of(row: Row) -> tuple[str, Attempt]:
    """A history line, with the row (`ORDER`, or `<KIND>#<source id>`) that it tells about."""
    subject, at, _ = row["sk"].rsplit("#", 2)
    return subject, Attempt(at=read_instant(at), what=row["what"], facts=dict(row["facts"]))


def line(key: Key, now: datetime, what: str, facts: Mapping[str, str] | None = None) -> Row:
    """A line of a posting's history."""
    return history_row(row_key(key), Attempt(at=now, what=what, facts=dict(facts or {})))


_OF_A_STATE = ("todo", "at", "due_at", "lease_until", "owner", "reason", "parked_at", "given", "newer")


def becoming(fields: Mapping[str, object], *remove: str, also: Sequence[str] = ()) -> str:
    """An update expression into another state: what belonged to the old state alone goes."""
    return changes(fields, *remove, *(name for name in _OF_A_STATE if name not in fields), also=also)
