"""Sources are compared nightly and after each booked cycle; breaks live on from run to run, and alarms see them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

import pytest
from msgspec.structs import replace

from tests.fakes import House
from tests.unit.flows.test_settlements import (
    CYCLE,
    MARKET,
    a_settled_house,
    collect,
    until_complete,
    work,
)
from tieout.domain.errors import Retryable
from tieout.domain.ledger.gl import GlLine
from tieout.domain.ledger.line import Booked
from tieout.domain.ledger.periods import period_of
from tieout.domain.postings import SETTLED_AS
from tieout.domain.reconcile.breaks import Break, Code
from tieout.domain.reconcile.history import Event, LogMovedOnError
from tieout.domain.reconcile.workflow import cases_of
from tieout.flows.reconcile.compare import Findings, Gathered
from tieout.flows.reconcile.run import Comparison
from tieout.flows.settlement.plan import archived_plan, keep_plan

Answer = TypeVar("Answer")
LOOK = {"schedule": "reconcile", "task": "look"}


class MemoryBreakLog:
    """Fits `BreakLog`; `interrupted` times somebody else writes first."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.interrupted = 0

    def read(self) -> Sequence[Event]:
        return tuple(self.events)

    def append(self, events: Sequence[Event]) -> None:
        if self.interrupted:
            self.interrupted -= 1
            raise LogMovedOnError
        self.events += events


class FoundBefore:
    """An engine that finds what a test says; it remembers what it was given."""

    def __init__(self) -> None:
        self.breaks: list[Break] = []
        self.runs: list[tuple[str, list[Booked], list[GlLine], date]] = []
        self.staged: list[tuple[str, str]] = []
        self.problems: list[str] = []
        self.exported: dict[str, Gathered] = {}

    def __call__(
        self, marketplace: str, documents: Sequence[Booked], general_ledger: Sequence[GlLine], as_of: date
    ) -> Findings:
        self.runs.append((marketplace, list(documents), list(general_ledger), as_of))
        return Findings(breaks=self.breaks, information=0, problems=self.problems)

    def export(self, folder: str, books: Mapping[str, Gathered]) -> list[str]:
        self.exported = dict(books)
        return [f"{folder}/mirakl"]

    def stage(self, marketplace: str, cycle: str) -> int:
        self.staged.append((marketplace, cycle))
        return 4


def at_once(ask: Callable[[], Answer]) -> Answer:
    return ask()


class Night:
    """A deployment with its comparison."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.engine, self.log, self.started = FoundBefore(), MemoryBreakLog(), list[str]()
        self.comparison = Comparison(
            at=house.at,
            sources=self.engine,
            log=self.log,
            in_turn=at_once,
            start_by_cycle=self.started.append,
        )

    def look(self) -> dict[str, object]:
        return self.comparison.step(LOOK)

    def gauge(self, name: str) -> float:
        return self.house.meter.gauges[name, MARKET]


def a_break(key: str, *, blocks: bool = True) -> Break:
    return Break(
        code=Code.AMOUNT_DIFF,
        key=key,
        marketplace=MARKET,
        currency="GBP",
        amount=Decimal("1.00"),
        blocks_close=blocks,
    )


def test_sources_are_compared_once_a_night() -> None:
    night = Night(a_settled_house())
    for _ in range(48):
        night.look()
        night.house.clock.advance(seconds=3600)
    assert len(night.engine.runs) == 2


def test_sources_are_compared_after_a_cycle_was_booked() -> None:
    night = Night(a_settled_house(autopost=True))
    until_complete(night.house)
    night.look()
    night.house.clock.advance(seconds=3600)
    night.look()
    assert len(night.engine.runs) == 1
    work(night.house)
    night.house.clock.advance(seconds=3600)
    night.look()
    assert len(night.engine.runs) == 2


def test_the_engine_is_given_what_the_records_of_booked_cycles_moved() -> None:
    night = Night(a_settled_house(autopost=True))
    until_complete(night.house)
    work(night.house)
    night.look()
    ((_, _, general_ledger, _),) = night.engine.runs
    assert {line.external_id for line in general_ledger} == {each.external_id for each in night.house.ledger.settled}


def test_breaks_are_measured_and_end_when_they_are_found_no_more() -> None:
    night = Night(a_settled_house())
    night.engine.breaks = [a_break("A-1"), a_break("A-2", blocks=False)]
    night.look()
    assert night.gauge("BreaksBlockingClose") == 1
    assert night.gauge("OldestBreakDays") == 0
    night.house.clock.advance(seconds=10 * 24 * 3600)
    night.engine.breaks = [a_break("A-2", blocks=False)]
    night.look()
    assert night.gauge("BreaksBlockingClose") == 0
    assert night.gauge("OldestBreakDays") == 10
    night.house.clock.advance(seconds=24 * 3600)
    night.engine.breaks = []
    night.look()
    night.house.clock.advance(seconds=24 * 3600)
    night.look()
    assert night.gauge("OldestBreakDays") == 0


def test_a_break_is_not_ended_by_a_run_that_could_not_read_everything() -> None:
    night = Night(a_settled_house())
    night.engine.breaks = [a_break("A-1")]
    night.look()
    night.engine.breaks, night.engine.problems = [a_break("A-2")], ["line-7: amount is missing"]
    night.house.clock.advance(hours=24)
    night.look()
    assert night.gauge("BreaksBlockingClose") == 2, "the new one is there, and the old one still is"
    night.engine.breaks, night.engine.problems = [a_break("A-2")], []
    night.house.clock.advance(hours=24)
    night.look()
    assert night.gauge("BreaksBlockingClose") == 1


def test_a_person_who_writes_meanwhile_loses_nothing() -> None:
    night = Night(a_settled_house())
    night.engine.breaks, night.log.interrupted = [a_break("A-1")], 2
    night.look()
    assert [str(case) for case in cases_of(night.log.events)] == [f"{MARKET}/AMOUNT_DIFF/A-1"]


def test_a_booked_cycle_that_changed_is_a_break_until_it_is_as_it_was() -> None:
    night = Night(a_settled_house(autopost=True))
    until_complete(night.house)
    work(night.house)
    line = night.house.market.lines["line-1"]
    night.house.market.put_lines(replace(line, amount=Decimal("99.00")))
    collect(night.house)
    night.look()
    (case,) = cases_of(night.log.events).values()
    assert (case.key.code, case.key.key) == (Code.SOURCE_CHANGED_AFTER_POST, CYCLE)
    assert case.blocks_close
    night.house.market.put_lines(line)
    night.house.clock.advance(seconds=24 * 3600)
    collect(night.house)
    night.look()
    assert night.gauge("BreaksBlockingClose") == 0


@pytest.mark.parametrize("what", ["changed", "deleted"])
def test_a_record_that_somebody_touched_in_netsuite_is_a_break(what: str) -> None:
    night = Night(a_settled_house(autopost=True))
    until_complete(night.house)
    work(night.house)
    night.look()
    assert not cases_of(night.log.events)
    (record,) = night.house.ledger.settled
    there = night.house.ledger._by_external_id
    if what == "deleted":
        kept = there.pop(record.external_id.casefold())
    else:
        kept = there[record.external_id.casefold()]
        moved = replace(record, entries=tuple(replace(entry, account="9999") for entry in record.entries))
        there[record.external_id.casefold()] = replace(kept, draft=moved)
    night.house.clock.advance(hours=24)
    night.look()
    (case,) = cases_of(night.log.events).values()
    assert (case.key.code, case.key.key) == (Code.GL_TAMPERED, record.external_id)
    assert ("not in NetSuite any more" in case.found.explanation) == (what == "deleted")
    there[record.external_id.casefold()] = kept
    night.house.clock.advance(hours=24)
    night.look()
    assert night.gauge("BreaksBlockingClose") == 0


def test_a_record_is_held_against_the_plan_that_it_was_posted_from() -> None:
    """A later plan of the cycle, of which another record was posted, may tell it otherwise."""
    night = Night(a_settled_house(autopost=True))
    until_complete(night.house)
    work(night.house)
    postings = night.house.postings.all
    (booked,) = [each for each in postings.values() if each.external_id and each.key.kind in SETTLED_AS]
    plan = archived_plan(night.house.archive.documents[booked.payload])
    (record,) = plan.records
    otherwise = replace(record, entries=tuple(replace(entry, account="9999") for entry in record.entries))
    later = replace(record, external_id=f"{record.external_id}-2")
    payload = keep_plan(replace(plan, hash="later", records=(otherwise, later)), night.house.at)
    key = replace(booked.key, source_id="later")
    postings[key] = replace(booked, key=key, external_id=later.external_id, payload=payload)
    night.look()
    assert [case.key.key for case in cases_of(night.log.events).values()] == [later.external_id]


def test_what_a_months_end_booked_is_held_against_the_ledger_too() -> None:
    """An accrual is in no cycle: its thread is the month."""
    night = Night(a_settled_house(autopost=True))
    until_complete(night.house)
    work(night.house)
    postings = night.house.postings.all
    (booked,) = [each for each in postings.values() if each.external_id and each.key.kind in SETTLED_AS]
    del postings[booked.key]
    ended = period_of(night.house.clock.now.date().replace(day=1) - timedelta(days=1))
    key = replace(booked.key, thread=ended)
    postings[key] = replace(booked, key=key)
    night.look()
    ((_, _, general_ledger, _),) = night.engine.runs
    assert {line.external_id for line in general_ledger} == {booked.external_id}
    night.house.ledger._by_external_id.pop(booked.external_id.casefold())
    night.house.clock.advance(hours=24)
    night.look()
    (case,) = cases_of(night.log.events).values()
    assert (case.key.code, case.key.key, case.found.cycle) == (Code.GL_TAMPERED, booked.external_id, None)


def test_small_cycles_are_one_question_of_netsuite_and_a_large_one_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator has a cycle a shop and week: each by itself they would be thousands of questions a night."""
    night = Night(a_settled_house(autopost=True))
    until_complete(night.house)
    work(night.house)
    postings, ledger = night.house.postings.all, night.house.ledger
    (booked,) = [each for each in postings.values() if each.external_id and each.key.kind in SETTLED_AS]
    records = {f"SMALL-{number}": 6 for number in range(70)} | {"LARGE": 21}
    for thread, how_many in records.items():
        for number in range(how_many):
            key = replace(booked.key, thread=thread, source_id=str(number))
            postings[key] = replace(booked, key=key, external_id=f"T-{thread}-{number}")
    asked = list[int]()
    gl_lines = ledger.gl_lines

    def noted(external_ids: Sequence[str]) -> list[GlLine]:
        asked.append(len(external_ids))
        return gl_lines(external_ids)

    monkeypatch.setattr(ledger, "gl_lines", noted)
    monkeypatch.setattr("tieout.flows.reconcile.posted._threads", lambda *_: iter([CYCLE, *records]))
    night.look()
    assert sorted(asked) == [21, 9 * 6, 1 + 30 * 6, 31 * 6]


@pytest.mark.parametrize("code", [Code.GL_TAMPERED, Code.SOURCE_CHANGED_AFTER_POST, Code.UNDER_APPLIED])
def test_an_engine_does_not_know_what_was_posted_better_than_the_archive(code: Code) -> None:
    night = Night(a_settled_house())
    night.engine.breaks = [replace(a_break("T-1"), code=code), a_break("A-1")]
    night.look()
    assert [case.key for case in cases_of(night.log.events)] == ["A-1"]


def test_a_question_that_netsuite_cannot_answer_now_is_asked_again_at_the_next_look() -> None:
    night = Night(a_settled_house())
    busy = True

    def in_turn(ask: Callable[[], Answer]) -> Answer:
        if busy:
            raise Retryable("another reader has NetSuite's slot")
        return ask()

    comparison = replace(night.comparison, in_turn=in_turn)
    assert comparison.step(LOOK) == {}
    assert night.house.meter.counts["RunCompleted"] == 0
    busy = False
    comparison.step(LOOK)
    assert len(night.engine.runs) == 1
    assert night.house.meter.counts["RunCompleted"] == 1


def test_what_changed_since_the_last_comparison_is_prepared_first_and_what_waits_for_a_cycle_always() -> None:
    night = Night(a_settled_house())
    until_complete(night.house)
    night.house.settlement_log.tables[MARKET, "lines", "none"].append(b"{}")
    night.house.clock.advance(hours=2)
    night.look()
    assert set(night.engine.staged) == {(MARKET, CYCLE), (MARKET, "none")}
    night.engine.staged.clear()
    night.house.clock.advance(hours=24)
    night.look()
    assert night.engine.staged == [(MARKET, "none")]


# --- above the threshold ---------------------------------------------------------------------------------------------


def test_a_large_log_is_prepared_cycle_by_cycle_first() -> None:
    night = Night(a_settled_house())
    until_complete(night.house)
    night.house.settlement_log.tables[MARKET, "lines", "none"].append(b"x" * 300_000_001)
    assert night.look() == {"by_cycle": True}
    assert night.look() == {"by_cycle": True}
    assert len(set(night.started)) == 1, "the second one has the name of the first, which is under way"
    assert not night.engine.runs
    listed = night.comparison.step({"schedule": "reconcile", "task": "cycles"})
    cycles = json.loads(night.house.archive.documents[listed["cycles"]])
    assert {"marketplace": MARKET, "cycle": CYCLE} in cycles
    assert len(cycles) == listed["number"]
    for one in cycles:
        night.comparison.step({"schedule": "reconcile", "task": "stage", **one})
    assert (MARKET, CYCLE) in night.engine.staged
    night.comparison.step({"schedule": "reconcile", "task": "match"})
    assert len(night.engine.runs) == 1
    night.house.clock.advance(seconds=3600)
    assert night.look() == {}, "it is done"


def test_everything_is_kept_as_files_for_whoever_asks() -> None:
    night = Night(a_settled_house(autopost=True))
    until_complete(night.house)
    work(night.house)
    answer = night.comparison.step({"schedule": "reconcile", "task": "export"})
    assert answer["files"] == [f"{answer['folder']}/mirakl"]
    (theirs,) = night.engine.exported.values()
    assert {line.external_id for line in theirs.posted.general_ledger} == {
        each.external_id for each in night.house.ledger.settled
    }
    assert not night.engine.runs


def test_a_task_that_nobody_knows_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="'dance'"):
        Night(a_settled_house()).comparison.step({"schedule": "reconcile", "task": "dance"})


def test_a_run_by_cycle_that_failed_is_started_again_the_next_day() -> None:
    night = Night(a_settled_house())
    night.house.settlement_log.tables[MARKET, "lines", "none"].append(b"x" * 300_000_001)
    night.look()
    night.house.clock.advance(seconds=timedelta(days=1).total_seconds())
    night.look()
    assert len(set(night.started)) == 2
