"""The history of breaks in S3: an object for each addition, named by its first event, so that two cannot meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import json

from tieout.aws.in_parallel import in_parallel
from tieout.domain.reconcile.history import Event, LogMovedOnError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = "settlement/breaks/"
_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_EVENT = json.Decoder(Event)


class S3BreakLog:
    """Fits `flows.reconcile.break_log.BreakLog`."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        # Made when first asked for, and not thread-safe.
        self._exceptions = client.exceptions
        self._bucket = bucket

    def read(self) -> list[Event]:
        """All events in order."""

        def get(key: str) -> list[Event]:
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            return [_EVENT.decode(line) for line in body.splitlines()]

        return [event for part in in_parallel(get, sorted(self._keys())) for event in part]

    def append(self, events: Sequence[Event]) -> None:
        """Add events chained onto the last one, all or none. Raises LogMovedOnError when it no longer is the last."""
        if not events:
            return
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=f"{FOLDER}{events[0].number:012}.ndjson",
                Body=b"".join(json.encode(event) + b"\n" for event in events),
                ContentType="application/x-ndjson",
                IfNoneMatch="*",
            )
        except self._exceptions.ClientError as error:
            if error.response.get("Error", {}).get("Code") in _TAKEN:
                raise LogMovedOnError(f"event {events[0].number} is there already: run the command again") from error
            raise

    def _keys(self) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=FOLDER)
        for page in pages:
            for one in page.get("Contents", ()):
                yield one["Key"]
