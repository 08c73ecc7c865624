"""More than 10,000 orders through the real flows, a fault at any port call by chance: nothing lost, nothing twice.

A failure names its seed; `python -m benchmarks.simulate --seed N --faults R` plays the same history again.
"""

from __future__ import annotations

import pytest

from tests.simulation.checker import findings
from tests.simulation.world import Simulation

ORDERS = 320
WORLDS = {0.0: 10, 0.06: 13, 0.12: 8, 0.30: 2}
"""Deployments by fault rate: 33 of 320 orders each."""


@pytest.mark.parametrize(
    ("faults", "seed"), [(faults, seed) for faults, worlds in WORLDS.items() for seed in range(worlds)]
)
def test_every_sold_order_is_in_netsuite_once_with_its_gross_whatever_goes_wrong(faults: float, seed: int) -> None:
    simulation = Simulation(seed, faults=faults).run(ORDERS)
    assert findings(simulation) == []
    assert len(simulation.ledger.records) > ORDERS // 2


def test_the_simulated_orders_are_ten_thousand() -> None:
    assert sum(WORLDS.values()) * ORDERS >= 10_000


def test_a_seed_is_one_history() -> None:
    """The same seed gives the same run, to the last call; so a failure can be looked at."""
    first, second = (Simulation(3, faults=0.12).run(40) for _ in range(2))
    assert first.outcomes == second.outcomes
    assert first.weather.struck == second.weather.struck
    assert first.postings.history == second.postings.history


def test_faults_of_every_kind_strike() -> None:
    """A simulation in which nothing goes wrong proves nothing."""
    struck = {fault.name for seed in range(3) for fault in Simulation(seed, faults=0.12).run(80).weather.struck}
    assert struck == {
        "THROTTLED",
        "DOWN",
        "CREDENTIALS",
        "TIMEOUT_BEFORE",
        "TIMEOUT_AFTER",
        "ZOMBIE",
        "UNAVAILABLE_BEFORE",
        "UNAVAILABLE_AFTER",
        "LOST",
        "DOUBLED",
        "LATE",
        "CRASH",
        "PAUSE",
    }
