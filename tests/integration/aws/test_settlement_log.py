"""What is kept of money in S3 comes back as it came, part by part, and the history of breaks cannot fork."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from tieout.aws.break_log import S3BreakLog
from tieout.aws.settlement_log import S3SettlementLog
from tieout.domain.reconcile.breaks import Break, Code
from tieout.domain.reconcile.workflow import Run
from tieout.flows.reconcile.break_log import LogMovedOnError, take_in

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "archive"
NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 6, 12, tzinfo=UTC)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield client


def test_rows_come_back_in_the_order_in_which_they_came(s3: S3Client) -> None:
    log = S3SettlementLog(s3, BUCKET)
    log.append("brightside", "lines", {"c-1": [b'{"id":"2"}', b'{"id":"1"}'], "none": [b'{"id":"3"}']}, NOON)
    log.append("brightside", "lines", {"c-1": [b'{"id":"1","amount":5}']}, LATER)
    assert log.rows("brightside", "lines", "c-1") == [b'{"id":"2"}', b'{"id":"1"}', b'{"id":"1","amount":5}']
    assert log.partitions("brightside", "lines") == ["c-1", "none"]
    assert log.rows("brightside", "lines", "c-2") == []
    assert log.rows("maison", "lines", "c-1") == []


def test_a_row_over_several_lines_is_one_line_of_its_part(s3: S3Client) -> None:
    S3SettlementLog(s3, BUCKET).append("brightside", "cycles", {"none": [b'{\n "id": "c-1"\r\n}']}, NOON)
    (one,) = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert one["Key"].startswith("settlement/brightside/cycles/cycle=none/2026-11-05T12:00:00")
    body = s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read()
    assert gzip.decompress(body) == b'{  "id": "c-1"  }\n'


def test_a_cycle_id_is_a_name_of_its_own_whatever_stands_in_it(s3: S3Client) -> None:
    log = S3SettlementLog(s3, BUCKET)
    log.append("brightside", "lines", {"a/b=c": [b"{}"]}, NOON)
    assert log.partitions("brightside", "lines") == ["a/b=c"]
    assert log.rows("brightside", "lines", "a/b=c") == [b"{}"]


def a_break(key: str) -> Break:
    return Break(code=Code.AMOUNT_DIFF, key=key, marketplace="brightside", currency="GBP", amount=Decimal("1.00"))


def a_run(number: int) -> Run:
    return Run(id=f"r-{number}", as_of=date(2026, 11, number), at=NOON, marketplaces=frozenset({"brightside"}))


def test_breaks_are_remembered_from_run_to_run(s3: S3Client) -> None:
    log = S3BreakLog(s3, BUCKET)
    take_in(log, [a_break("A-1"), a_break("A-2")], a_run(1))
    take_in(log, [a_break("A-2")], a_run(2))
    events = log.read()
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert {event.case.key for event in events if event.case} == {"A-1", "A-2"}


def test_of_two_who_add_to_the_same_history_the_second_is_told(s3: S3Client) -> None:
    log = S3BreakLog(s3, BUCKET)
    first = take_in(log, [a_break("A-1")], a_run(1))
    with pytest.raises(LogMovedOnError):
        log.append(first)
    assert log.read() == list(first)
