"""What stops us: a person's pause, and the breaker of a system that does not answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.integration.aws.rehearsal import Repeating, table_of
from tieout.aws.switches import KEPT, DynamoSwitches
from tieout.aws.table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OPEN_FOR = timedelta(seconds=60)
Process = Callable[[], DynamoSwitches]


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def passes(self, duration: timedelta) -> None:
        self.now += duration


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def process(table: Table, clock: Clock) -> Process:
    """Starts one more process that looks at the same switches."""
    return lambda: DynamoSwitches(table, clock, failures=3, open_for=OPEN_FOR)


def break_down(switches: DynamoSwitches, clock: Clock) -> None:
    for _ in range(3):
        switches.failed("netsuite", clock())


class Counted:
    """A client that counts what it is asked, by operation."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name != "exceptions":
            self.calls.append(name)
        return found


# --- a person's pause ------------------------------------------------------------------------------------------------


def test_a_paused_flow_stands_still_and_the_others_go_on(process: Process, now: datetime) -> None:
    switches = process()
    switches.pause("orders", "ann", now)
    assert switches.paused("orders")
    assert not switches.paused("stock")


def test_a_pause_of_all_stops_every_flow(process: Process, now: datetime) -> None:
    switches = process()
    switches.pause("all", "ann", now)
    assert switches.paused("orders")
    assert switches.paused("stock")


def test_a_pause_is_in_force_everywhere_within_fifteen_seconds(process: Process, clock: Clock) -> None:
    worker, person = process(), process()
    assert not worker.paused("orders")
    person.pause("orders", "ann", clock())
    assert not worker.paused("orders")
    clock.passes(KEPT)
    assert worker.paused("orders")
    person.resume("orders")
    clock.passes(KEPT)
    assert not worker.paused("orders")


def test_a_pause_tells_who_paused_first_and_when(process: Process, clock: Clock, now: datetime) -> None:
    switches = process()
    switches.pause("orders", "ann", now)
    clock.passes(KEPT)
    switches.pause("orders", "bob", clock())
    assert [(each.flow, each.who, each.since) for each in switches.pauses()] == [("orders", "ann", now)]

    switches.resume("orders")
    assert switches.pauses() == []
    switches.resume("orders")
    switches.pause("orders", "bob", clock())
    assert [each.who for each in switches.pauses()] == ["bob"]


# --- a system's breaker ----------------------------------------------------------------------------------------------


def test_failures_in_a_row_open_the_breaker_whichever_process_saw_them(process: Process, clock: Clock) -> None:
    one, two, three = process(), process(), process()
    one.failed("netsuite", clock())
    two.failed("netsuite", clock())
    assert process().closed_until("netsuite", clock()) is None
    three.failed("netsuite", clock())
    assert process().closed_until("netsuite", clock()) == clock() + OPEN_FOR
    assert process().closed_until("mirakl-shop", clock()) is None


def test_a_success_between_failures_starts_the_count_anew(process: Process, clock: Clock) -> None:
    switches = process()
    for _ in range(2):
        switches.failed("netsuite", clock())
    switches.worked("netsuite", clock())
    for _ in range(2):
        switches.failed("netsuite", clock())
    assert switches.closed_until("netsuite", clock()) is None


def test_refused_credentials_open_the_breaker_at_once(process: Process, clock: Clock) -> None:
    switches = process()
    switches.failed("netsuite", clock(), at_once=True)
    assert switches.closed_until("netsuite", clock()) == clock() + OPEN_FOR


def test_of_all_callers_one_is_let_through_to_probe(process: Process, clock: Clock) -> None:
    callers = [process() for _ in range(4)]
    break_down(callers[0], clock)
    clock.passes(OPEN_FOR)
    answers = [caller.closed_until("netsuite", clock()) for caller in callers]
    assert answers == [None, *[clock() + OPEN_FOR] * 3]


def test_a_probe_that_works_closes_the_breaker_for_all(process: Process, clock: Clock) -> None:
    prober, other = process(), process()
    break_down(prober, clock)
    assert other.closed_until("netsuite", clock()) is not None
    clock.passes(OPEN_FOR)
    assert prober.closed_until("netsuite", clock()) is None
    prober.worked("netsuite", clock())
    assert prober.closed_until("netsuite", clock()) is None
    assert other.closed_until("netsuite", clock()) is None
    assert other.breakers() == []


def test_a_probe_that_fails_keeps_the_breaker_open_for_another_while(process: Process, clock: Clock) -> None:
    """One failed probe is enough, however few failures had opened it."""
    prober = process()
    prober.failed("netsuite", clock(), at_once=True)
    clock.passes(OPEN_FOR)
    assert prober.closed_until("netsuite", clock()) is None
    prober.failed("netsuite", clock())
    assert process().closed_until("netsuite", clock()) == clock() + OPEN_FOR
    (breaker,) = prober.breakers()
    assert (breaker.system, breaker.failures, breaker.open_until) == ("netsuite", 2, clock() + OPEN_FOR)


def test_a_prober_that_died_is_followed_by_another(process: Process, clock: Clock) -> None:
    break_down(process(), clock)
    clock.passes(OPEN_FOR)
    assert process().closed_until("netsuite", clock()) is None
    assert process().closed_until("netsuite", clock()) is not None
    clock.passes(OPEN_FOR)
    assert process().closed_until("netsuite", clock()) is None


def test_a_prober_whose_first_answer_was_lost_is_still_the_prober(
    dynamodb: DynamoDBClient, table: Table, process: Process, clock: Clock
) -> None:
    break_down(process(), clock)
    clock.passes(OPEN_FOR)
    repeating = table_of(Repeating(dynamodb), table._name)
    switches = DynamoSwitches(repeating, clock, failures=3, open_for=OPEN_FOR)
    assert switches.closed_until("netsuite", clock()) is None


def test_a_system_that_works_costs_no_write_and_one_read_in_fifteen_seconds(
    dynamodb: DynamoDBClient, table: Table, clock: Clock
) -> None:
    """The price of an order must not rise by a switch that nobody threw."""
    counted = Counted(dynamodb)
    quiet = Table(cast("DynamoDBClient", counted), table._name)
    switches = DynamoSwitches(quiet, clock, failures=3, open_for=OPEN_FOR)
    for _ in range(100):
        assert switches.closed_until("netsuite", clock()) is None
        switches.worked("netsuite", clock())
    assert counted.calls == ["get_item"]
