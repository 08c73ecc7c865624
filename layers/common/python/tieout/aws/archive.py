"""Source documents in S3, as they came. The bucket encrypts them by default, and expires them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tieout.aws.in_parallel import in_parallel

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Archive:
    """Fits `flows.ports.Archive`."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        # Made when first asked for, and not thread-safe: two threads would get classes that do not catch each other's.
        self._exceptions = client.exceptions
        self._bucket = bucket

    def store(self, documents: Mapping[str, bytes]) -> None:
        """Write documents by key; returns when all are durable, raises when one is not."""

        def put(document: tuple[str, bytes]) -> None:
            key, body = document
            self._client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json")

        in_parallel(put, documents.items())

    def load(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Read documents; a missing one is left out.

        S3 tells a missing document from a forbidden one only to a reader that may list the bucket.
        """

        def get(key: str) -> tuple[str, bytes | None]:
            try:
                return key, self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            except self._exceptions.NoSuchKey:
                return key, None

        return {key: body for key, body in in_parallel(get, dict.fromkeys(keys)) if body is not None}
