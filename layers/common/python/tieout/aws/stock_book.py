"""The book of stock in S3, and what the flow of listings keeps: gzipped, read as a stream, and replaced whole.

`stock/<name>.ndjson.gz`, `listings/<name>.ndjson.gz`. Whoever writes the book has the turn of stock (`aws.turns`):
nobody else writes meanwhile. An object changes at once or not at all, so that a run which is cut off leaves what was
there before.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_A_BLOCK = 1 << 20
_QUICK = 3
"""Of gzip's nine levels: a million lines cost seconds less than at the default, and a few megabytes more."""


class S3StockBook:
    """Fits `flows.stock.store.StockBook`, in a folder of the bucket."""

    def __init__(self, client: S3Client, bucket: str, folder: str = "stock") -> None:
        self._client = client
        # Made when first asked for, and not thread-safe: two threads would get classes that do not catch each other's.
        self._exceptions = client.exceptions
        self._bucket = bucket
        self._folder = folder

    def blocks(self, name: str) -> Iterator[bytes] | None:
        """What is kept under a name, in blocks cut anywhere, as it stands when this is called; None: nothing is."""
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=self._key(name))["Body"]
        except self._exceptions.NoSuchKey:
            return None
        return _read(gzip.GzipFile(fileobj=body))

    def replace(self, name: str, blocks: Iterable[bytes]) -> None:
        """Keep this in place of what was there; returns when it is durable."""
        with TemporaryFile() as file:
            # Without a time of its own, so that the same content is the same bytes.
            with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=_QUICK, mtime=0) as packed:
                packed.writelines(blocks)
            file.seek(0)
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._key(name),
                Body=file,
                ContentType="application/x-ndjson",
                ContentEncoding="gzip",
            )

    def _key(self, name: str) -> str:
        return f"{self._folder}/{name}.ndjson.gz"


def _read(file: gzip.GzipFile) -> Iterator[bytes]:
    with file:
        while block := file.read(_A_BLOCK):
            yield block
