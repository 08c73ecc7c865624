"""How everything stands in the deployed postings table: what is open, parked or done, and which versions were seen."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.local_aws import LocalAws
from tieout.aws.rows import ORDER, PARKED, SHARDS, posting_of, read_instant, row_key, todo_shard
from tieout.domain.errors import Reason
from tieout.domain.postings import LANE_OF, SETTLED_AS, Key, Kind, Lane, Posting, State

_HOLDS_UP = frozenset({Kind.SALES_ORDER, Kind.CYCLE, *SETTLED_AS})
"""Kinds that others of their thread wait for: an order's sale, a billing cycle, its records."""


@dataclass(frozen=True)
class Everything:
    """The whole table, sorted out."""

    postings: list[Posting]
    versions: dict[tuple[str, str], str]
    """Version in which each order was last seen, by marketplace and order id."""


class PostingsTable:
    """The deployed table, read only."""

    def __init__(self, aws: LocalAws, name: str) -> None:
        resource: Any = aws.session().resource
        self._table = resource("dynamodb", endpoint_url=aws.url).Table(name)

    def open(self) -> list[Posting]:
        """Postings with work left, due or not."""
        lanes = [todo_shard(lane, shard) for lane in Lane for shard in range(SHARDS)]
        return [posting_of(row) for lane in lanes for row in self._todo(lane)]

    def working(self) -> list[Posting]:
        """Postings that will move by themselves: no promises, and nothing that waits for what waits for a person."""
        working = [one for one in self.open() if not is_promise(one)]
        return moving(working, [posting_of(row) for row in self._todo(PARKED)]) if working else []

    def last_word(self, key: Key) -> str:
        """The last line of a posting's history."""
        pk, sk = row_key(key)
        rows = self._table.query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": pk, ":sk": f"{sk}#"},
            ScanIndexForward=False,
            Limit=1,
        )["Items"]
        return f"{rows[0]['what']} {dict(rows[0]['facts'])}" if rows else "nothing was done yet"

    def read_until(self, reading: str) -> datetime | None:
        """How far something was read, by the name of its watermark."""
        row = self._table.get_item(Key={"pk": f"WATERMARK#{reading}", "sk": "WATERMARK"}).get("Item")
        return read_instant(row["watermark"]) if row else None

    def everything(self) -> Everything:
        postings: list[Posting] = []
        versions: dict[tuple[str, str], str] = {}
        for row in self._rows(self._table.scan, {}):
            marketplace, _, thread = row["pk"].partition("#")
            if row["sk"] == ORDER:
                versions[marketplace, thread] = row["version"]
            elif "fence" in row and row["sk"].partition("#")[0] in set(Kind):
                postings.append(posting_of(row))
        return Everything(postings, versions)

    def _todo(self, todo: str) -> Iterator[dict[str, Any]]:
        condition = {
            "IndexName": "todo",
            "KeyConditionExpression": "#todo = :todo",
            "ExpressionAttributeNames": {"#todo": "todo"},
            "ExpressionAttributeValues": {":todo": todo},
        }
        return self._rows(self._table.query, condition)

    def _rows(self, read: Any, arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
        page = read(**arguments)
        yield from page["Items"]
        while start := page.get("LastEvaluatedKey"):
            page = read(**arguments, ExclusiveStartKey=start)
            yield from page["Items"]


def moving(working: Iterable[Posting], parked: Iterable[Posting]) -> list[Posting]:
    """Those that no parked one holds up: of their own thread, or a cycle that is to be agreed to before theirs.

    A cycle that is worked out anew when it was agreed to, and differs, waits for a person again. The cycles of its
    account wait with it, however often they look; and which account that is, their postings do not say.
    """
    parked = list(parked)
    threads = {(one.key.marketplace, one.key.thread) for one in parked if one.key.kind in _HOLDS_UP}
    asked = {one.key.marketplace for one in parked if one.reason == Reason.SETTLEMENT_TO_REVIEW}
    return [
        one
        for one in working
        if (one.key.marketplace, one.key.thread) not in threads
        and not (one.key.kind is Kind.CYCLE and one.key.marketplace in asked)
    ]


def is_promise(posting: Posting) -> bool:
    """An accepted order whose sale is on the way: nothing is left to do for it but to wait."""
    kept = posting.state is not State.PARKED and posting.target_id is not None
    return posting.key.kind is Kind.ACCEPTANCE and kept


def due_now(postings: list[Posting], lanes: Collection[Lane]) -> list[Posting]:
    """Those of the lanes that a worker may take at this moment."""
    now = datetime.now(UTC)
    return [one for one in postings if LANE_OF[one.key.kind] in lanes and one.due_at is not None and one.due_at <= now]
