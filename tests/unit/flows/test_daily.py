"""Once a day a poll looks further back, in the place of one, so that no listing is asked for twice in a row."""

from __future__ import annotations

import pytest

from tests.fakes import a_house
from tests.fakes.house import House
from tieout.domain.errors import Throttled
from tieout.flows.daily import poll_or_sweep
from tieout.flows.ports import At


class Readings:
    """Polls and sweeps, in the order in which they were asked for."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.done: list[str] = []
        self.refuse = False

    def poll(self, _marketplace: str, _at: At) -> None:
        self.done.append("poll")

    def sweep(self, _marketplace: str, _at: At) -> None:
        self.done.append("sweep")
        if self.refuse:
            raise Throttled("429")

    def run(self) -> None:
        poll_or_sweep("brightside/returns", "brightside", self.house.at, self.poll, self.sweep)

    def wait(self, hours: int) -> None:
        self.house.clock.advance(hours=hours)


@pytest.fixture
def readings() -> Readings:
    return Readings(a_house())


def test_a_sweep_comes_once_a_day_in_place_of_a_poll(readings: Readings) -> None:
    readings.run()
    for _ in range(26):
        readings.wait(1)
        readings.run()
    assert readings.done == ["poll"] * 24 + ["sweep"] + ["poll"] * 2


def test_a_sweep_that_was_refused_is_tried_again(readings: Readings) -> None:
    readings.run()
    readings.wait(24)
    readings.refuse = True
    with pytest.raises(Throttled):
        readings.run()
    readings.refuse = False
    readings.run()
    readings.run()
    assert readings.done == ["poll", "sweep", "sweep", "poll"]
