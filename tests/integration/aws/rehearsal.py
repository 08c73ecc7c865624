"""Postings to rehearse with, and clients that fail as networks and processes do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from tieout.aws.postings import DynamoPostings
from tieout.aws.table import Table
from tieout.domain.postings import Intent, Key, Kind

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LEASE = timedelta(seconds=330)
V1, V2, V3 = (f"2026-11-02T08:0{n}:00.000Z" for n in (1, 2, 3))
SALE = Key("shop", "A1", Kind.SALES_ORDER, "A1")
REFERENCE = Key("shop", "A1", Kind.SELLER_REFERENCE, "A1")


def new_table(client: DynamoDBClient, name: str) -> Table:
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in ("pk", "sk", "todo", "at")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "todo",
                "KeySchema": [
                    {"AttributeName": "todo", "KeyType": "HASH"},
                    {"AttributeName": "at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    return Table(client, name, sleep=lambda _: None)


def sale(order_id: str = "A1", version: str = V1, parked: str | None = None, **facts: str) -> Intent:
    return Intent(
        key=Key("shop", order_id, Kind.SALES_ORDER, order_id),
        source_version=version,
        payload=f"orders/shop/{order_id}/{version}.json",
        external_id=f"T-shop-SO-{order_id}",
        facts=facts,
        parked=parked,
    )


def reference(order_id: str = "A1", version: str = V1) -> Intent:
    key = Key("shop", order_id, Kind.SELLER_REFERENCE, order_id)
    return Intent(key=key, source_version=version, payload="", facts={"reference": "SO7"})


def record(
    store: DynamoPostings,
    now: datetime,
    *intents: Intent,
    order_id: str = "A1",
    version: str = V1,
    state: str = "SHIPPING",
    retire: Sequence[Key] = (),
) -> list[Key]:
    return store.record_order(
        marketplace="shop",
        order_id=order_id,
        version=version,
        state=state,
        payload=f"orders/shop/{order_id}/{version}.json",
        intents=intents,
        retire=retire,
        now=now,
    )


class Killed(BaseException):
    """The process ended here: nothing that it had in mind happens."""


class _Client:
    """A client whose every operation passes `call`; everything else is the real client's."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name == "exceptions" or not callable(found):
            return found
        return lambda **request: self.call(found, request)

    def call(self, operation: Any, request: dict[str, Any]) -> Any:
        return operation(**request)


class KilledAt(_Client):
    """Ends the process at its n-th call: before the call reaches AWS, or after, when its answer is lost."""

    def __init__(self, client: DynamoDBClient, n: int, *, after: bool) -> None:
        super().__init__(client)
        self._last = n
        self._after = after
        self._calls = count(1)

    def call(self, operation: Any, request: dict[str, Any]) -> Any:
        last = next(self._calls) == self._last
        if last and not self._after:
            raise Killed
        answer = operation(**request)
        if last:
            raise Killed
        return answer


class Repeating(_Client):
    """Loses the first answer of every write, and repeats it, as AWS's clients do by themselves."""

    def call(self, operation: Any, request: dict[str, Any]) -> Any:
        if operation.__name__ == "update_item" and not request["UpdateExpression"].startswith("ADD"):
            operation(**request)
        if operation.__name__ == "transact_write_items":
            operation(**request)
        return operation(**request)


def table_of(client: _Client, name: str) -> Table:
    return Table(cast("DynamoDBClient", client), name, sleep=lambda _: None)
