"""The deployed schedules, followed on a clock that jumps."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.demo.schedules import Schedule, schedule_of

NOON = datetime(2026, 10, 31, 12, 0, tzinfo=UTC)


def schedule(expression: str, zone: str = "UTC") -> Schedule:
    target = {"Arn": "arn:of:function", "Input": '{"schedule": "poll"}'}
    return schedule_of(
        {"Name": "one", "ScheduleExpression": expression, "ScheduleExpressionTimezone": zone, "Target": target}
    )


def test_a_rate_is_due_at_once_and_then_each_interval() -> None:
    every_five = schedule("rate(5 minutes)")
    assert every_five.due(NOON)
    every_five.fired = NOON
    assert not every_five.due(NOON + timedelta(minutes=4))
    assert every_five.due(NOON + timedelta(minutes=5))


def test_a_daily_time_is_due_when_it_has_passed_since_the_last_look() -> None:
    nightly = schedule("cron(17 2 * * ? *)")
    assert not nightly.due(NOON)
    assert not nightly.due(NOON + timedelta(hours=14))
    assert nightly.due(NOON + timedelta(hours=14, minutes=17))


def test_two_minutes_of_a_night_are_due_one_after_the_other() -> None:
    twice = schedule("cron(2,10 1 * * ? *)")
    assert not twice.due(NOON)
    for minute in (2, 10):
        night = NOON + timedelta(hours=13, minutes=minute)
        assert not twice.due(night - timedelta(minutes=1))
        assert twice.due(night)
        twice.fired = night
    assert not twice.due(NOON + timedelta(hours=20))


@pytest.mark.parametrize("hours", ["*", ",".join(str(hour) for hour in range(24))])
def test_every_hour_of_a_day_is_due_and_a_jump_over_several_is_one_firing(hours: str) -> None:
    hourly = schedule(f"cron(10 {hours} * * ? *)")
    assert not hourly.due(NOON)
    assert not hourly.due(NOON + timedelta(minutes=9))
    assert hourly.due(NOON + timedelta(minutes=10))
    hourly.fired = NOON + timedelta(hours=6)
    assert hourly.next_after(hourly.fired) == NOON + timedelta(hours=6, minutes=10)


def test_some_hours_of_a_day_are_due_one_after_the_other() -> None:
    mornings = schedule("cron(10 4,5 * * ? *)")
    assert mornings.next_after(NOON) == NOON + timedelta(hours=16, minutes=10)
    assert mornings.next_after(NOON + timedelta(hours=16, minutes=10)) == NOON + timedelta(hours=17, minutes=10)


def test_a_daily_time_is_of_its_own_zone() -> None:
    nightly = schedule("cron(0 2 * * ? *)", "America/New_York")
    assert not nightly.due(NOON)
    assert nightly.next_after(NOON) == datetime(2026, 11, 1, 2, 0, tzinfo=nightly.zone)


def test_an_expression_that_the_sandbox_cannot_follow_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"schedule one says cron\(0 2 \? \* MON \*\)"):
        schedule("cron(0 2 ? * MON *)")
