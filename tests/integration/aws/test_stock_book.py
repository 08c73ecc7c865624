"""The book of stock: streamed, replaced whole, and never half."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest

from tieout.aws.stock_book import S3StockBook

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="module")
def s3(session: boto3.Session) -> S3Client:
    client: S3Client = session.client("s3")
    client.create_bucket(Bucket="stock-book", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return client


@pytest.fixture
def book(s3: S3Client) -> S3StockBook:
    return S3StockBook(s3, "stock-book")


def kept(book: S3StockBook, name: str) -> list[bytes]:
    blocks = book.blocks(name)
    assert blocks is not None
    return b"".join(blocks).splitlines(keepends=True)


def test_it_comes_back_as_it_was(book: S3StockBook) -> None:
    lines = [b'{"sku":"M\xc3\xb6bel"}\n', b"\n", *(f"row {n}\n".encode() for n in range(20_000))]
    book.replace("book", lines)
    assert kept(book, "book") == lines


def test_a_name_that_was_never_kept_is_none_and_an_empty_one_is_empty(book: S3StockBook) -> None:
    assert book.blocks("never") is None
    book.replace("empty", [])
    assert kept(book, "empty") == []


def test_the_new_book_may_be_made_from_the_old_one_while_it_is_read(book: S3StockBook) -> None:
    book.replace("shop/book", [b"1\n", b"2\n", b"3\n"])
    old = book.blocks("shop/book")
    assert old is not None
    book.replace("shop/book", (block.replace(b"\n", b"+\n") for block in old))
    assert kept(book, "shop/book") == [b"1+\n", b"2+\n", b"3+\n"]


def test_a_run_that_is_cut_off_while_it_writes_leaves_what_was_there(book: S3StockBook) -> None:
    book.replace("cut", [b"whole\n"])

    def until_the_end() -> Iterator[bytes]:
        yield b"half\n"
        raise TimeoutError

    with pytest.raises(TimeoutError):
        book.replace("cut", until_the_end())
    assert kept(book, "cut") == [b"whole\n"]


def test_the_same_content_is_the_same_bytes(s3: S3Client, book: S3StockBook) -> None:
    sums = []
    for _ in range(2):
        book.replace("same", [b"a\n", b"b\n"])
        sums.append(s3.get_object(Bucket="stock-book", Key="stock/same.ndjson.gz")["ETag"])
    assert sums[0] == sums[1]


def test_what_could_not_be_kept_is_not_passed_over(s3: S3Client) -> None:
    with pytest.raises(s3.exceptions.NoSuchBucket):
        S3StockBook(s3, "no-such-bucket").replace("book", [b"1\n"])
