"""The deployed EventBridge schedules, fired when they are due on the twins' clock."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.local_aws import LocalAws

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_LIST = r"\d{1,2}(?:,\d{1,2})*"
_DAILY = re.compile(rf"cron\(({_LIST}) ({_LIST}|\*) \* \* \? \*\)")
_ATTEMPTS = 3
"""As the schedules' own retry policy: once, and two retries."""


@dataclass
class Schedule:
    """A schedule as deployed: its target and input, and when it was last fired."""

    name: str
    function: str
    given: str
    every: timedelta | None
    daily: tuple[tuple[int, int], ...]
    """Hours and minutes of the day; empty for a rate."""
    zone: ZoneInfo
    fired: datetime | None = None

    def due(self, now: datetime) -> bool:
        """A rate is due at once and then each interval; a daily time is due when it has passed since the last look."""
        if self.fired is None:
            if self.every:
                return True
            self.fired = now
            return False
        return now >= self.next_after(self.fired)

    def next_after(self, moment: datetime) -> datetime:
        if self.every:
            return moment + self.every
        local = moment.astimezone(self.zone)
        today = [local.replace(hour=hour, minute=minute, second=0, microsecond=0) for hour, minute in self.daily]
        return min(at if at > local else at + timedelta(days=1) for at in today)


@dataclass
class Fired:
    """What became of the firings."""

    times: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def deployed_schedules(aws: LocalAws) -> list[Schedule]:
    """Every enabled schedule of the stack. Raises ValueError for an expression this clock cannot follow."""
    scheduler = aws.client("scheduler")
    found = []
    for listed in scheduler.list_schedules(MaxResults=100)["Schedules"]:
        one = scheduler.get_schedule(Name=listed["Name"], GroupName=listed["GroupName"])
        if one["State"] == "ENABLED":
            found.append(schedule_of(one))
    return sorted(found, key=lambda schedule: schedule.name)


def schedule_of(one: dict[str, Any]) -> Schedule:
    """A schedule as the Scheduler API gives it. Raises ValueError for an expression this clock cannot follow."""
    expression = one["ScheduleExpression"]
    rate, daily = _RATE.fullmatch(expression), _DAILY.fullmatch(expression)
    if not rate and not daily:
        raise ValueError(f"schedule {one['Name']} says {expression}; the sandbox follows rate(...) and daily cron(...)")
    return Schedule(
        name=one["Name"],
        function=one["Target"]["Arn"],
        given=one["Target"].get("Input", "{}"),
        every=timedelta(**{f"{rate[2]}s": int(rate[1])}) if rate else None,
        daily=tuple((hour, minute) for hour in _hours(daily[2]) for minute in _numbers(daily[1])) if daily else (),
        zone=ZoneInfo(one.get("ScheduleExpressionTimezone") or "UTC"),
    )


def _hours(text: str) -> list[int]:
    return list(range(24)) if text == "*" else _numbers(text)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


class Firing:
    """Fires schedules by invoking their own target with their own input."""

    def __init__(self, aws: LocalAws) -> None:
        self._functions = aws.client("lambda")
        self.fired = Fired()

    def fire(self, schedule: Schedule) -> None:
        """Until it succeeds, three times at most; a failure is noted with the function's words."""
        said = ""
        for _ in range(_ATTEMPTS):
            self.fired.times[schedule.name] = self.fired.times.get(schedule.name, 0) + 1
            answer = self._functions.invoke(FunctionName=schedule.function, Payload=schedule.given.encode())
            said = answer["Payload"].read().decode(errors="replace")
            if not answer.get("FunctionError"):
                return
        self.fired.failures.append(f"{schedule.name}: {said[:300]}")
