"""How far a marketplace has been read."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.aws.rehearsal import record, sale
from tieout.aws.postings import DynamoPostings
from tieout.aws.table import Table
from tieout.aws.watermarks import DynamoWatermarks


def test_a_marketplace_that_was_never_read_has_no_watermark(table: Table) -> None:
    assert DynamoWatermarks(table).read("shop") is None


def test_a_watermark_never_moves_back(table: Table, now: datetime) -> None:
    """A poller that was slow ends after a faster one: what that one has read stays read."""
    watermarks = DynamoWatermarks(table)
    watermarks.advance("shop", now)
    watermarks.advance("shop", now - timedelta(minutes=5))
    assert watermarks.read("shop") == now
    watermarks.advance("shop", now + timedelta(microseconds=1))
    assert watermarks.read("shop") == now + timedelta(microseconds=1)


def test_each_marketplace_has_its_own_watermark(table: Table, store: DynamoPostings, now: datetime) -> None:
    watermarks = DynamoWatermarks(table)
    record(store, now, sale())
    watermarks.advance("shop", now)
    assert watermarks.read("outlet") is None


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ends=st.lists(st.integers(0, 10**9), min_size=1, max_size=6))
def test_a_watermark_is_the_furthest_that_was_ever_read(table: Table, now: datetime, ends: list[int]) -> None:
    marketplace = f"shop-{uuid4().hex}"
    watermarks = DynamoWatermarks(table)
    for end in ends:
        watermarks.advance(marketplace, now + timedelta(microseconds=end))
    assert watermarks.read(marketplace) == now + timedelta(microseconds=max(ends))
