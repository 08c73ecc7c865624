"""What waits for a worker, what waits for a person, and the life of one order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from heapq import merge
from itertools import islice

from msgspec import Struct

from tieout.aws.in_parallel import in_parallel
from tieout.aws.rows import (
    ORDER,
    PARKED,
    SHARDS,
    instant,
    key_of,
    line_of,
    posting_of,
    read_instant,
    row_key,
    thread_pk,
    todo_shard,
)
from tieout.aws.table import Row, Table
from tieout.domain.postings import Attempt, Key, Lane, Posting


class SeenOrder(Struct, frozen=True, kw_only=True):
    """An order as last seen."""

    version: str
    state: str
    payload: str
    first_seen: datetime
    seen_at: datetime


class Line(Struct, frozen=True, kw_only=True):
    """One line of the life of an order; `key` is the posting it tells about, None for the order itself."""

    key: Key | None
    attempt: Attempt


class Life(Struct, frozen=True, kw_only=True):
    """Everything we know about an order, its lines in time order."""

    seen: SeenOrder | None
    postings: list[Posting]
    lines: list[Line]


def due(table: Table, lane: Lane, now: datetime, limit: int) -> list[Key]:
    """Postings of a lane that are due, oldest first."""
    return [key_of(row) for row in _due_rows(table, lane, now, limit)]


def oldest_due(table: Table, lane: Lane, now: datetime) -> datetime | None:
    """Since when the oldest due posting of a lane waits."""
    return next((read_instant(row["at"]) for row in _due_rows(table, lane, now, 1)), None)


def open_postings(table: Table, lane: Lane) -> list[Posting]:
    """Everything of a lane that has work left, due or not."""

    def read(shard: int) -> list[Row]:
        return list(table.query(todo_shard(lane, shard), index=True))

    return [posting_of(row) for row in _by_time(in_parallel(read, range(SHARDS)))]


def parked(table: Table, limit: int | None = None) -> list[Posting]:
    """Postings that wait for a person, oldest first."""
    return [posting_of(row) for row in islice(table.query(PARKED, index=True, limit=limit), limit)]


def oldest_parked(table: Table) -> datetime | None:
    """Since when the oldest parked posting waits for a person."""
    return next((read_instant(row["at"]) for row in table.query(PARKED, index=True, limit=1)), None)


def posting(table: Table, key: Key) -> Posting | None:
    """A posting as it stands."""
    row = table.read(row_key(key))
    return posting_of(row) if row else None


def seen_versions(table: Table, marketplace: str, order_ids: Sequence[str]) -> dict[str, str]:
    """Version of each order that was recorded already."""
    keys = {(thread_pk(marketplace, order_id), ORDER): order_id for order_id in order_ids}
    return {keys[key]: row["version"] for key, row in table.read_many(list(keys)).items()}


def seen_state(table: Table, marketplace: str, order_id: str) -> str | None:
    """State of an order when it was last seen."""
    row = table.read((thread_pk(marketplace, order_id), ORDER))
    return row["state"] if row else None


def seen_payload(table: Table, marketplace: str, order_id: str) -> str | None:
    """Archive key of an order's newest version that was seen."""
    row = table.read((thread_pk(marketplace, order_id), ORDER))
    return row["payload"] if row else None


def seen_payloads(table: Table, marketplace: str, order_ids: Sequence[str]) -> dict[str, str]:
    """Archive key of each order's newest version that was seen."""
    keys = {(thread_pk(marketplace, order_id), ORDER): order_id for order_id in order_ids}
    return {keys[key]: row["payload"] for key, row in table.read_many(list(keys)).items()}


def of_thread(table: Table, marketplace: str, thread: str) -> list[Posting]:
    """Every posting of an order's life."""
    return [posting_of(row) for row in table.query(thread_pk(marketplace, thread)) if "fence" in row]


def life(table: Table, marketplace: str, thread: str) -> Life:
    """Everything about an order: what was seen, every posting, every line of their histories."""
    rows = list(table.query(thread_pk(marketplace, thread)))
    seen = next((row for row in rows if row["sk"] == ORDER), None)
    postings = {row["sk"]: posting_of(row) for row in rows if "fence" in row}
    told = sorted((row for row in rows if "what" in row), key=lambda row: row["sk"].rsplit("#", 2)[1:])
    return Life(
        seen=_seen_order(seen) if seen else None,
        postings=sorted(postings.values(), key=lambda each: (str(each.first_seen), each.key)),
        lines=[_line(row, postings) for row in told],
    )


def _line(row: Row, postings: Mapping[str, Posting]) -> Line:
    subject, attempt = line_of(row)
    return Line(key=postings[subject].key if subject in postings else None, attempt=attempt)


def _seen_order(row: Row) -> SeenOrder:
    return SeenOrder(
        version=row["version"],
        state=row["state"],
        payload=row["payload"],
        first_seen=read_instant(row["first_seen"]),
        seen_at=read_instant(row["seen_at"]),
    )


def _due_rows(table: Table, lane: Lane, now: datetime, limit: int) -> list[Row]:
    def read(shard: int) -> list[Row]:
        return list(table.query(todo_shard(lane, shard), until=instant(now), index=True, limit=limit))

    return _by_time(in_parallel(read, range(SHARDS)))[:limit]


def _by_time(shards: Sequence[Sequence[Row]]) -> list[Row]:
    return list(merge(*shards, key=lambda row: (row["at"], row["pk"])))
