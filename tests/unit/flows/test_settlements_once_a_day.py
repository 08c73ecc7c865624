"""What Mirakl gives once a day is tried every hour until it came, and then left alone until the next day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.fakes import House
from tests.unit.flows.test_settlements import CYCLE, MARKET, a_settled_house, close, sell, the_cycle, work
from tieout.domain.errors import CredentialsRefused, SystemDown, Throttled, TieoutError
from tieout.domain.postings import Key, Kind, State
from tieout.flows.ports import At
from tieout.flows.readings import read_by_schedule
from tieout.flows.settlement.collect import collect_settlements
from tieout.flows.settlement.log import touched_since
from tieout.flows.settlement.once_a_day import day_of
from tieout.flows.settlement.plan import of_the_cycle
from tieout.flows.settlement.review import PAID

NIGHT = datetime(2026, 9, 20, 4, 10, tzinfo=UTC)
LISTINGS = ("transaction_lines", "billing_cycles", "accounting_documents", "document_requests")
A_DAY = timedelta(hours=24)


class OnceADay:
    """The marketplace as Mirakl is: it counts what is asked for, allows cycles and documents once in 24 hours, and
    fails as it is told to."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.asked: Counter[str] = Counter()
        self.given: dict[str, datetime] = {}
        self.fails: dict[str, TieoutError] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.house.market, name)

    def transaction_lines(self, *args: Any) -> Iterator[Any]:
        return self._give("transaction_lines", *args, often=True)

    def billing_cycles(self, *args: Any) -> Iterator[Any]:
        return self._give("billing_cycles", *args)

    def accounting_documents(self, *args: Any) -> Iterator[Any]:
        return self._give("accounting_documents", *args)

    def document_requests(self, *args: Any) -> Iterator[Any]:
        return self._give("document_requests", *args)

    def _give(self, listing: str, *args: Any, often: bool = False) -> Iterator[Any]:
        self.asked[listing] += 1
        now = self.house.clock.now
        if listing in self.fails:
            raise self.fails[listing]
        ready = self.given.get(listing, now - A_DAY) + A_DAY
        if ready > now and not often:
            raise Throttled(f"{listing}: once a day", (ready - now).total_seconds())
        self.given[listing] = now
        yield from getattr(self.house.market, listing)(*args)


class Nights:
    """A deployment whose schedule fires each hour, from ten past four on."""

    def __init__(self, **settlement: Any) -> None:
        self.house = a_settled_house(**settlement)
        self.house.clock.now = NIGHT - 2 * A_DAY
        sell(self.house)
        close(self.house)
        self.house.clock.now = NIGHT
        self.market = OnceADay(self.house)
        self.at: At = replace(self.house.at, marketplace=lambda _: self.market)

    def fire(self, **event: str) -> Mapping[str, int]:
        told = {"schedule": "fetch-settlements", "marketplace": MARKET, **event}

        def read() -> Any:
            collected = collect_settlements(MARKET, self.at, asked=event.get("task") == "now")
            return None if collected is None else [collected]

        return read_by_schedule("settlements", told, self.at, read)

    def hours(self, number: int) -> None:
        for _ in range(number):
            self.fire()
            self.house.clock.advance(hours=1)

    @property
    def completed(self) -> int:
        return self.house.meter.counts["RunCompleted"]


def test_a_day_has_one_reading_however_often_the_schedule_fires() -> None:
    nights = Nights()
    nights.hours(24)
    assert nights.market.asked == dict.fromkeys(LISTINGS, 1)
    nights.hours(24)
    assert nights.market.asked == dict.fromkeys(LISTINGS, 2)
    assert nights.completed == 2, "an answer that had nothing to read is no heartbeat"
    assert the_cycle(nights.house).state is State.DUE


@pytest.mark.parametrize("failed", LISTINGS)
def test_one_listing_that_fails_is_asked_again_an_hour_later_and_the_others_are_not(failed: str) -> None:
    """The log may be asked for every hour, and is: what came meanwhile belongs to the day's reading."""
    nights = Nights()
    nights.market.fails[failed] = SystemDown(f"{failed}: 500")
    nights.hours(2)
    assert nights.completed == 0
    nights.market.fails.clear()
    nights.hours(3)
    assert nights.market.asked == dict.fromkeys(LISTINGS, 1) | {failed: 3, "transaction_lines": 3}
    assert nights.completed == 1
    assert the_cycle(nights.house).state is State.DUE


def test_a_listing_that_says_when_to_ask_again_is_not_asked_before() -> None:
    nights = Nights()
    nights.market.fails["billing_cycles"] = Throttled("429", 3 * 3600.0 + 60)
    nights.hours(4)
    assert nights.market.asked["billing_cycles"] == 1
    nights.market.fails.clear()
    nights.hours(1)
    assert nights.market.asked["billing_cycles"] == 2
    assert nights.completed == 1


def test_a_reading_that_came_late_makes_the_next_one_as_late_and_never_a_day() -> None:
    """Mirakl counts 24 hours: the night's first tries are refused, and the day is not lost for it."""
    nights = Nights()
    nights.house.clock.advance(hours=5)
    nights.hours(24)
    assert nights.completed == 2 - 1
    nights.hours(1)
    assert nights.completed == 2
    assert nights.market.asked["billing_cycles"] == 3, "one refusal, which said how long to wait"


def test_a_person_may_read_what_came_since_and_is_not_held_up_by_what_mirakl_gives_once() -> None:
    nights = Nights()
    nights.fire()
    nights.house.clock.advance(hours=2)
    assert nights.fire() == {"seen": 0, "fresh": 0, "due": 0}
    assert nights.fire(task="now")["seen"] == 0
    assert nights.market.asked["transaction_lines"] == 2
    assert nights.completed == 2


def test_a_person_who_asks_after_a_failure_gets_what_was_missing() -> None:
    nights = Nights()
    nights.market.fails["document_requests"] = Throttled("429", 5 * 3600.0)
    nights.fire()
    nights.market.fails.clear()
    nights.fire(task="now")
    assert nights.completed == 1
    nights.house.clock.advance(hours=1)
    nights.fire()
    assert nights.market.asked["document_requests"] == 2


def test_a_person_who_was_refused_at_night_keeps_the_next_reading_from_nothing() -> None:
    """Some platforms answer a second reading with a day to wait, whatever is left of it."""
    nights = Nights()
    nights.fire()
    nights.house.clock.advance(hours=19)
    for listing in LISTINGS[1:]:
        nights.market.fails[listing] = Throttled("429", 24 * 3600.0)
    nights.fire(task="now")
    nights.market.fails.clear()
    nights.house.clock.advance(hours=5)
    nights.fire()
    assert nights.completed == 3


def test_a_platform_that_always_says_a_day_is_asked_when_a_day_has_passed_since_it_gave() -> None:
    """It came at ten past five; the next day's first try is refused as early as ten past four."""
    nights = Nights()
    nights.house.clock.advance(hours=1)
    nights.fire()
    nights.house.clock.advance(hours=23)
    for listing in LISTINGS[1:]:
        nights.market.fails[listing] = Throttled("429", 24 * 3600.0)
    nights.fire()
    nights.market.fails.clear()
    nights.house.clock.advance(hours=1)
    nights.hours(2)
    assert nights.completed == 2


def test_a_months_end_waits_for_the_cycles_of_its_last_day() -> None:
    nights = Nights(month_end="accrue")
    nights.house.clock.now = datetime(2026, 10, 3, 4, 10, tzinfo=UTC)
    nights.market.fails["billing_cycles"] = SystemDown("500")
    nights.fire()
    assert not [key for key in nights.house.postings.all if key.thread.startswith("2026-09")]
    nights.market.fails.clear()
    nights.house.clock.advance(hours=1)
    nights.fire()
    assert [key for key in nights.house.postings.all if key.thread.startswith("2026-09")]


@pytest.mark.parametrize("failed", ["accounting_documents", "document_requests"])
def test_a_cycle_waits_for_the_documents_that_its_lines_name_while_they_were_not_read(failed: str) -> None:
    """It would be held for a document that is there, and no document without a cycle of its own would free it."""
    nights = Nights()
    lines = nights.house.market.lines
    lines["line-3"] = replace(lines["line-3"], document="210100042")
    nights.market.fails[failed] = SystemDown("500")
    nights.hours(2)
    assert nights.house.postings.posting(of_the_cycle(MARKET, CYCLE)) is None
    nights.market.fails.clear()
    nights.fire()
    assert the_cycle(nights.house).state is State.DUE, "a document that is not there now is an answer: it is held"


def test_what_is_booked_goes_on_though_documents_do_not_come() -> None:
    """Its payout names no document."""
    nights = Nights(autopost=True)
    nights.fire()
    work(nights.house, nights.at)
    nights.house.market.pay(CYCLE)
    nights.house.clock.now = NIGHT + A_DAY
    nights.market.fails["accounting_documents"] = SystemDown("500")
    nights.fire()
    assert nights.house.postings.posting(Key(MARKET, CYCLE, Kind.CYCLE, PAID)) is not None


def test_an_hour_in_which_nothing_new_came_works_out_nothing_again_that_waits_for_a_person() -> None:
    """What was agreed to would be another thing by then, hour after hour."""
    nights = Nights()
    nights.fire()
    work(nights.house, nights.at)
    waiting = the_cycle(nights.house)
    assert waiting.state is State.PARKED
    nights.house.clock.now = NIGHT + A_DAY
    nights.market.fails["billing_cycles"] = SystemDown("500")
    nights.hours(5)
    assert the_cycle(nights.house) == waiting


def test_what_was_kept_before_a_key_was_refused_is_noted_as_changed() -> None:
    """The comparison prepares what is noted: the rest it takes as it was prepared the last time."""
    nights = Nights()

    def refused(*args: Any) -> Iterator[Any]:
        yield from nights.house.market.transaction_lines(*args)
        raise CredentialsRefused("401")

    nights.market.__dict__["transaction_lines"] = refused
    with pytest.raises(CredentialsRefused):
        nights.fire()
    assert touched_since(MARKET, None, nights.at) == {CYCLE}


def test_the_lag_that_is_told_is_what_a_reading_left_unread() -> None:
    nights = Nights()
    nights.fire()
    lag = "WatermarkLagSeconds", MARKET, "settlement"
    assert nights.house.meter.gauges[lag] == 0
    nights.market.fails["transaction_lines"] = SystemDown("500")
    nights.house.clock.advance(hours=49)
    nights.fire()
    assert nights.house.meter.gauges[lag] == 49 * 3600


def test_a_readings_day_begins_at_four() -> None:
    assert day_of(NIGHT) == day_of(NIGHT + timedelta(hours=23))
    assert day_of(NIGHT) != day_of(NIGHT - timedelta(minutes=11))
