"""NetSuite's readers share one slot: one of them reads at a time, and one that died gives way."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.integration.aws.rehearsal import Repeating, table_of
from tieout.aws.table import Table
from tieout.aws.turns import DynamoTurns

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LASTS = timedelta(seconds=330)
PATIENCE = timedelta(seconds=60)


class Clock:
    """Time passes only for those who sleep."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.slept = 0.0

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


def turns(table: Table, clock: Clock) -> DynamoTurns:
    return DynamoTurns(table, clock, lasts=LASTS, sleep=clock.sleep)


def test_a_free_turn_is_taken_at_once(table: Table, clock: Clock) -> None:
    with turns(table, clock).taken("reader", PATIENCE) as mine:
        assert mine
    assert clock.slept == 0


def test_a_second_reader_waits_no_longer_than_its_patience(table: Table, clock: Clock) -> None:
    with turns(table, clock).taken("reader", PATIENCE), turns(table, clock).taken("reader", PATIENCE) as second:
        assert not second
    assert clock.slept == PATIENCE.total_seconds()


def test_a_turn_that_was_given_back_is_free(table: Table, clock: Clock) -> None:
    for _ in range(3):
        with turns(table, clock).taken("reader", PATIENCE) as mine:
            assert mine
    assert clock.slept == 0


def test_a_reader_that_failed_gives_its_turn_back_too(table: Table, clock: Clock) -> None:
    with pytest.raises(ConnectionError), turns(table, clock).taken("reader", PATIENCE):
        raise ConnectionError
    with turns(table, clock).taken("reader", PATIENCE) as mine:
        assert mine
    assert clock.slept == 0


def test_a_reader_that_died_gives_way_when_its_time_is_over(table: Table, clock: Clock) -> None:
    dead = turns(table, clock).taken("reader", PATIENCE)
    dead.__enter__()
    clock.now += LASTS - timedelta(seconds=30)
    with turns(table, clock).taken("reader", PATIENCE) as mine:
        assert mine
    assert clock.slept == 30


def test_one_that_overstayed_takes_nothing_from_its_successor(table: Table, clock: Clock) -> None:
    slow = turns(table, clock).taken("reader", PATIENCE)
    slow.__enter__()
    clock.now += LASTS
    with turns(table, clock).taken("reader", PATIENCE) as mine:
        assert mine
        slow.__exit__(None, None, None)
        with turns(table, clock).taken("reader", PATIENCE) as third:
            assert not third


def test_turns_of_another_name_are_another_matter(table: Table, clock: Clock) -> None:
    with turns(table, clock).taken("reader", PATIENCE), turns(table, clock).taken("writer", PATIENCE) as mine:
        assert mine


def test_one_whose_answer_was_lost_does_not_wait_for_itself(
    dynamodb: DynamoDBClient, table: Table, clock: Clock
) -> None:
    repeating = table_of(Repeating(dynamodb), table._name)
    with turns(repeating, clock).taken("reader", PATIENCE) as mine:
        assert mine
    assert clock.slept == 0
