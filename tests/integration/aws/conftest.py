"""AWS in this process (moto): a table of its own for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING
from unittest.mock import patch

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from tests.integration.aws.rehearsal import LEASE, new_table
from tieout.aws.postings import DynamoPostings
from tieout.aws.table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_numbers = count()
_NOBODY = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_SESSION_TOKEN": "test",
    "AWS_DEFAULT_REGION": "eu-central-1",
}


@pytest.fixture(scope="module")
def session() -> Iterator[boto3.Session]:
    with patch.dict(os.environ, _NOBODY), mock_aws():
        os.environ.pop("AWS_ENDPOINT_URL", None)
        yield boto3.Session()


@pytest.fixture(scope="module")
def dynamodb(session: boto3.Session) -> DynamoDBClient:
    client: DynamoDBClient = session.client("dynamodb", config=Config(parameter_validation=True))
    return client


@pytest.fixture
def table(dynamodb: DynamoDBClient) -> Table:
    return new_table(dynamodb, f"postings-{next(_numbers)}")


@pytest.fixture
def store(table: Table) -> DynamoPostings:
    return DynamoPostings(table, LEASE)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def after_lease(now: datetime) -> datetime:
    return now + LEASE + timedelta(seconds=1)
