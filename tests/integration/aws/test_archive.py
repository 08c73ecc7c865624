"""Source documents as they came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest

from tieout.aws.archive import S3Archive

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="module")
def s3(session: boto3.Session) -> S3Client:
    client: S3Client = session.client("s3")
    return client


@pytest.fixture(scope="module")
def archive(s3: S3Client) -> S3Archive:
    s3.create_bucket(Bucket="archive", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return S3Archive(s3, "archive")


def test_documents_come_back_to_the_byte(archive: S3Archive) -> None:
    documents = {f"orders/shop/A%2F{n}/v1.json": bytes([n, 255, 0]) for n in range(20)}
    archive.store(documents)
    assert archive.load([*documents, *documents]) == documents


def test_a_document_that_expired_is_left_out(archive: S3Archive) -> None:
    archive.store({"orders/shop/A1/v1.json": b"{}"})
    missing = [f"orders/shop/B{n}/v1.json" for n in range(10)]
    assert archive.load(["orders/shop/A1/v1.json", *missing]) == {"orders/shop/A1/v1.json": b"{}"}
    assert archive.load([]) == {}


def test_what_could_not_be_stored_is_not_passed_over(s3: S3Client) -> None:
    """The watermark moves after this call: it may not end quietly."""
    with pytest.raises(s3.exceptions.NoSuchBucket):
        S3Archive(s3, "no-such-bucket").store({"a": b"1", "b": b"2"})
