"""The postings table as DynamoDB offers it: conditional writes, transactions, batched reads, pages.

Rows are plain dictionaries of text, whole numbers and maps of text; `#name` and `:value` in expressions are filled in.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from tieout.aws.in_parallel import in_parallel

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Row = dict[str, Any]
RowKey = tuple[str, str]

_NAME = re.compile(r"#(\w+)")
_VALUE = re.compile(r":(\w+)")
_READ_AT_ONCE = 100
_PATIENCE = 8


class RefusedError(Exception):
    """A write's condition did not hold; `found` is the row as it stands, None when there is none."""

    def __init__(self, found: Row | None) -> None:
        super().__init__("the row is not as the write expected")
        self.found = found


class CancelledError(Exception):
    """A transaction did not happen. `refused` names the writes (by position) whose condition did not hold."""

    def __init__(self, refused: Mapping[int, Row | None]) -> None:
        super().__init__(f"refused: {sorted(refused)}" if refused else "another transaction was at these rows")
        self.refused = refused


class Update(Struct, frozen=True, kw_only=True):
    """Changes one row if `condition` holds. `change` is a DynamoDB update expression.

    A `#name` stands for the attribute of that name, unless `names` says for which.
    """

    key: RowKey
    change: str
    values: Mapping[str, Any]
    condition: str
    names: Mapping[str, str] = {}


class Put(Struct, frozen=True, kw_only=True):
    """Writes a row whole if `condition` holds."""

    row: Row
    condition: str = ""
    values: Mapping[str, Any] = {}


class Table:
    """One DynamoDB table (`client` is boto3's low-level client, which threads may share)."""

    def __init__(self, client: DynamoDBClient, name: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        # Made when first asked for, and not thread-safe: two threads would get classes that do not catch each other's.
        self._exceptions = client.exceptions
        self._name = name
        self._sleep = sleep

    def read(self, key: RowKey) -> Row | None:
        """A row as last written."""
        answer = self._client.get_item(TableName=self._name, Key=_key(key), ConsistentRead=True)
        return plain(answer["Item"]) if "Item" in answer else None

    def read_many(self, keys: Sequence[RowKey]) -> dict[RowKey, Row]:
        """Rows as last written; those that do not exist are left out."""
        chunks = [keys[start : start + _READ_AT_ONCE] for start in range(0, len(keys), _READ_AT_ONCE)]
        return {key: row for found in in_parallel(self._read_chunk, chunks) for key, row in found.items()}

    def _read_chunk(self, keys: Sequence[RowKey]) -> dict[RowKey, Row]:
        wanted: Any = {self._name: {"Keys": [_key(key) for key in keys], "ConsistentRead": True}}
        found: dict[RowKey, Row] = {}
        for pause in self._pauses():
            answer = self._client.batch_get_item(RequestItems=wanted)
            for item in answer["Responses"].get(self._name, ()):
                row = plain(item)
                found[row["pk"], row["sk"]] = row
            if not (wanted := answer.get("UnprocessedKeys")):
                return found
            self._sleep(pause)
        raise TimeoutError(f"{self._name} leaves reads unprocessed: its capacity is exhausted")

    def update(self, update: Update) -> Row:
        """Change a row; answers it as it stood before. Raises RefusedError."""
        try:
            answer = self._client.update_item(**self._update(update), ReturnValues="ALL_OLD")
        except self._exceptions.ConditionalCheckFailedException as error:
            raise RefusedError(_found(error.response)) from error
        return plain(answer.get("Attributes", {}))

    def add(self, key: RowKey, number: str) -> int:
        """Count one more in an attribute; answers the new count."""
        answer = self._client.update_item(
            TableName=self._name,
            Key=_key(key),
            UpdateExpression="ADD #number :one",
            ExpressionAttributeNames={"#number": number},
            ExpressionAttributeValues={":one": {"N": "1"}},
            ReturnValues="UPDATED_NEW",
        )
        return int(answer["Attributes"][number]["N"])

    def put(self, row: Row) -> None:
        """Write a row whole."""
        self._client.put_item(TableName=self._name, Item=typed(row))

    def transact(self, writes: Sequence[Update | Put]) -> None:
        """All of these, or none. Raises CancelledError."""
        items: Any = [
            {"Update": self._update(write)} if isinstance(write, Update) else {"Put": self._put(write)}
            for write in writes
        ]
        try:
            self._client.transact_write_items(TransactItems=items)
        except self._exceptions.TransactionCanceledException as error:
            reasons: Sequence[Any] = error.response.get("CancellationReasons", ())
            refused = {n: _found(why) for n, why in enumerate(reasons) if why.get("Code") == "ConditionalCheckFailed"}
            if not refused and not any("Conflict" in str(why.get("Code")) for why in reasons):
                raise
            raise CancelledError(refused) from error

    def retrying(self) -> Iterator[int]:
        """Three tries at a transaction, with a breath between them for whoever was in the way."""
        for tries, pause in zip(range(3), self._pauses(), strict=False):
            if tries:
                self._sleep(pause)
            yield tries

    def query(
        self, pk: str, *, sk: str | None = None, until: str | None = None, index: bool = False, limit: int | None = None
    ) -> Iterator[Row]:
        """Rows of a partition in order of their sort key.

        `sk` is what their sort keys begin with, `until` the last sort key of interest; `index` asks the index `todo`,
        which is a moment behind.
        """
        partition, order = ("todo", "at") if index else ("pk", "sk")
        condition, values = "#partition = :pk", {":pk": {"S": pk}}
        names = {"#partition": partition}
        if sk is not None or until is not None:
            names["#order"] = order
            condition += " AND begins_with(#order, :sk)" if sk is not None else " AND #order <= :sk"
            values[":sk"] = {"S": str(sk if sk is not None else until)}
        request: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            **({"IndexName": "todo"} if index else {"ConsistentRead": True}),
            **({"Limit": limit} if limit else {}),
        }
        left = limit
        while True:
            answer = self._client.query(**request)
            for item in answer["Items"]:
                yield plain(item)
            left = None if left is None else left - len(answer["Items"])
            if "LastEvaluatedKey" not in answer or left == 0:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _pauses(self) -> Iterator[float]:
        return (0.05 * 2**tries for tries in range(_PATIENCE))

    def _update(self, update: Update) -> Any:
        return {
            "TableName": self._name,
            "Key": _key(update.key),
            "UpdateExpression": update.change,
            **_expression(update.condition, update.values, update.change, update.names),
        }

    def _put(self, put: Put) -> Any:
        condition = _expression(put.condition, put.values) if put.condition else {}
        return {"TableName": self._name, "Item": typed(put.row), **condition}


def changes(fields: Mapping[str, Any], *remove: str, also: Sequence[str] = ()) -> str:
    """An update expression that sets each field to the value of its own name, and does what `also` says."""
    expression = "SET " + ", ".join([*(f"#{name} = :{name}" for name in fields), *also])
    return f"{expression} REMOVE {', '.join(f'#{name}' for name in remove)}" if remove else expression


def plain(item: Mapping[str, Any]) -> Row:
    """A row from DynamoDB's typed attributes."""
    return {name: _plain_value(value) for name, value in item.items()}


def typed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as DynamoDB's typed attributes."""
    return {name: _typed_value(value) for name, value in row.items()}


def _plain_value(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    if kind == "N":
        return int(content)
    return plain(content) if kind == "M" else content


def _typed_value(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"S": str(value)}
    if isinstance(value, int):
        return {"N": str(value)}
    return {"M": typed(value)}


def _key(key: RowKey) -> dict[str, Any]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def _expression(
    condition: str, values: Mapping[str, Any], change: str = "", names: Mapping[str, str] | None = None
) -> dict[str, Any]:
    text = f"{condition} {change}"
    used = set(_VALUE.findall(text))
    filled = {f":{name}": _typed_value(value) for name, value in values.items() if name in used}
    return {
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {f"#{name}": (names or {}).get(name, name) for name in _NAME.findall(text)},
        **({"ExpressionAttributeValues": filled} if filled else {}),
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _found(reason: Mapping[str, Any]) -> Row | None:
    return plain(reason["Item"]) if reason.get("Item") else None
