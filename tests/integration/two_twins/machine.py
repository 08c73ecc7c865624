"""Random legal acts, faults and runs of ours, one a step; now and then, and in the end, all comes to rest."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.integration.two_twins.agreement import problems
from tests.integration.two_twins.house import BELLS_LOST, House, a_house
from tests.integration.two_twins.people import People
from tieout.domain.postings import State

WEATHERS: dict[str, list[dict[str, Any]]] = {
    "fair": [],
    "busy": [{"operation": "*", "kind": "429", "probability": 0.15, "retry_after": 30}],
    "broken": [{"operation": "*", "kind": "500", "probability": 0.15}],
    "silent": [
        {"operation": "*", "kind": "timeout_after", "probability": 0.15, "seconds": 0},
        {"operation": "*", "kind": "timeout_before", "probability": 0.1, "seconds": 0},
    ],
    "mixed": [
        {"operation": "*", "kind": kind, "probability": 0.05, "seconds": 0, "retry_after": 30}
        for kind in ("429", "500", "timeout_before", "timeout_after", "duplicate_page")
    ],
}
ACTS = {
    "buy": 6,
    "cancel a line": 2,
    "cancel units": 2,
    "refund": 6,
    "ask for a return": 3,
    "move a return": 4,
    "ship": 12,
    "pick": 3,
    "take a fulfilment back": 2,
    "close a line": 3,
    "make a credit memo": 5,
}
STEPS_BETWEEN_RESTS = 250


class TwoTwins(RuleBasedStateMachine):
    """`report` says what all runs did; one that did nothing would prove nothing."""

    report: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self._open = ExitStack()
        folder = self._open.enter_context(tempfile.TemporaryDirectory())
        self.house: House = self._open.enter_context(a_house(Path(folder), seed=1))
        self.people = People(self.house)
        self.steps = 0
        self.failed = False
        works = tuple(self.house.work)
        self._steps = [
            *(name for name, times in ACTS.items() for _ in range(times)),
            *(name for name in works for _ in range(3)),
            *("a moment",) * 10,
            *("an hour",) * 2,
            *WEATHERS,
        ]

    # One rule, so that every run has every kind of step: Hypothesis leaves whole rules out of a run.
    @rule(which=st.integers(0, 10_000), dice=st.integers(0, 2**16))
    def something_happens(self, which: int, dice: int) -> None:
        self.steps += 1
        self.house.wait(timedelta(seconds=1))  # no two things are of the same moment
        # The step's number is mixed in: the simplest run, all zeros, does everything too.
        name, random = self._steps[(which + 29 * self.steps) % len(self._steps)], Random(f"{dice} {self.steps}")
        if name in ACTS:
            self.people.act(name, random)
        elif name in WEATHERS:
            self.house.weather(*WEATHERS[name], bells_lost=0.0 if name == "fair" else BELLS_LOST)
        elif name in ("a moment", "an hour"):
            self.house.wait(timedelta(seconds=random.randint(20, 300 if name == "a moment" else 7200)))
        else:
            self.house.run(name)
        if self.steps % STEPS_BETWEEN_RESTS == 0:
            self.rest()

    def rest(self) -> None:
        self.failed = True
        self.house.rest()
        found = problems(self.house, self.people)
        assert not found, "\n".join([*found[:10], "", *self.house.lives_in(found[0])])
        self.failed = False
        self.people.both_agree()

    def teardown(self) -> None:
        try:
            if self.failed:
                return
            self.rest()
            TwoTwins.report += (
                self.people.done
                + Counter({f"refused: {name}": times for name, times in self.people.refused.items()})
                + Counter({f"failed: {name}": times for name, times in self.house.failures.items()})
                + Counter(f"parked: {one.key.kind} {one.reason}" for one in self.house.parked())
                + Counter(
                    f"done: {one.key.kind}" for one in self.house.postings.all.values() if one.state is State.CONFIRMED
                )
                + Counter(
                    {
                        "steps": self.steps,
                        "doorbells lost": self.house.bells.lost,
                        "crossed orders": len(self.people.crossed),
                    }
                )
            )
        finally:
            self._open.close()
