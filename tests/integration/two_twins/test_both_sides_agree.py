"""Random legal acts on both sides, with faults: at rest, both sides say the same, to the unit and to the cent.

Shipped and cancelled units agree line by line; money given back agrees to the cent, each refund with its credit memo;
nothing is shipped, billed, credited or refunded twice; what does not agree waits for a person, with a reason that the
people of the run gave cause for.

A run is 1,000 steps. More of them, each another:

    TWO_TWINS_RUNS=50 python -m pytest -n0 -s tests/integration/two_twins
"""

from __future__ import annotations

import os
import sys

from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.two_twins.machine import TwoTwins

RUNS = int(os.environ.get("TWO_TWINS_RUNS", "2"))
STEPS = int(os.environ.get("TWO_TWINS_STEPS", "1000"))
LONG = settings(
    max_examples=RUNS,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize=RUNS <= 2,
    database=None,
    # Shrinking would replay thousands of steps over HTTP: a run prints its steps, and `rest` comes every 250 of them.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    verbosity=Verbosity.quiet,
)


def test_both_sides_agree_at_rest_whatever_people_and_the_weather_do() -> None:
    TwoTwins.report.clear()
    run_state_machine_as_test(TwoTwins, settings=LONG)
    done = TwoTwins.report
    sys.stdout.write("\n".join(("", *(f"{times:7} {what}" for what, times in sorted(done.items())), "")))
    assert done["steps"] >= STEPS, "the run was shorter than it claims"
    for what in ("ship", "refund", "make a credit memo", "close a line", "cancel a line", "move a return"):
        assert done[what] > 0, f"nobody did this: {what}"
    for kind in ("SHIP", "INV", "CM", "RA", "IR", "CLOSE", "CANCEL", "REFUND"):
        assert done[f"done: {kind}"] > 0, f"nothing of this kind came to its end: {kind}"
