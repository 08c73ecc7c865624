"""What marketplaces told of money, in S3: gzipped parts of rows, added and never changed.

`settlement/<marketplace>/<table>/cycle=<partition>/<instant>-<n>.ndjson.gz`, a row a line, as it came.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote
from uuid import uuid4

from tieout.aws.in_parallel import in_parallel
from tieout.aws.rows import instant

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_parts = count()
_writer = uuid4().hex[:6]
_CYCLE = "cycle="


class S3SettlementLog:
    """Fits `flows.settlement.ports.SettlementLog`."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def append(self, marketplace: str, table: str, rows: Mapping[str, Sequence[bytes]], now: datetime) -> None:
        """One part a partition; returns when all are durable, raises when one is not."""

        def put(part: tuple[str, Sequence[bytes]]) -> None:
            partition, added = part
            name = f"{instant(now)}-{next(_parts) % 1_000_000:06d}-{_writer}.ndjson.gz"
            self._client.put_object(
                Bucket=self._bucket,
                Key=f"{_folder(marketplace, table)}{_CYCLE}{quote(partition, safe='')}/{name}",
                # Without a time of its own, so that the same rows are the same bytes.
                Body=gzip.compress(b"".join(_one_line(row) + b"\n" for row in added), mtime=0),
                ContentType="application/x-ndjson",
                ContentEncoding="gzip",
            )

        in_parallel(put, rows.items())

    def rows(self, marketplace: str, table: str, partition: str) -> list[bytes]:
        """Every row of a partition, in the order in which they came."""
        prefix = f"{_folder(marketplace, table)}{_CYCLE}{quote(partition, safe='')}/"
        keys = list(self._listed(prefix))

        def get(key: str) -> list[bytes]:
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            return gzip.decompress(body).splitlines()

        return [row for part in in_parallel(get, sorted(keys)) for row in part]

    def partitions(self, marketplace: str, table: str) -> list[str]:
        """Partitions that have rows."""
        folder = _folder(marketplace, table)
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=folder + _CYCLE, Delimiter="/"
        )
        found = (one["Prefix"] for page in pages for one in page.get("CommonPrefixes", ()))
        return sorted(unquote(each.removeprefix(folder + _CYCLE).rstrip("/")) for each in found)

    def size(self, marketplace: str, table: str) -> int:
        """Bytes that a table takes, gzipped."""
        return sum(size for _, size in self._sized(_folder(marketplace, table)))

    def _listed(self, prefix: str) -> Iterator[str]:
        return (key for key, _ in self._sized(prefix))

    def _sized(self, prefix: str) -> Iterator[tuple[str, int]]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        for page in pages:
            for one in page.get("Contents", ()):
                yield one["Key"], one["Size"]


def _folder(marketplace: str, table: str) -> str:
    return f"settlement/{marketplace}/{table}/"


def _one_line(row: bytes) -> bytes:
    """A line ends a row: outside of its strings JSON may have line ends, inside it has none."""
    return row.replace(b"\r", b" ").replace(b"\n", b" ")
