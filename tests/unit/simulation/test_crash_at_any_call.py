"""A worker that dies after any one of its calls, and whatever runs next mends it: the end is always the same."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.checker import findings
from tests.simulation.faults import CrashAt
from tests.simulation.stories import Story
from tests.simulation.world import Simulation

SEED = 5


ONE = (1, Story.ACCEPTED)
"""From acceptance to the reference that Mirakl is told."""
THREE = (5, Story.SOLD)
"""Three orders of one marketplace in one batch, and two of the other."""


class ByPollAlone(Simulation):
    """Without webhooks, orders of one poll come in one batch."""

    webhooks = 0


def lived(orders: int, story: Story, *crashes: int) -> tuple[Simulation, CrashAt]:
    """Orders from their first sight to their end, with workers dying at these calls."""
    plan = CrashAt(*crashes)
    return ByPollAlone(SEED, plan).run(orders, hours=0.001, only=story), plan


def end_of(simulation: Simulation) -> dict[str, object]:
    """What both sides and Tieout hold in the end."""
    return {
        "netsuite": sorted((r.transaction.external_id, r.transaction.total.amount) for r in simulation.ledger.records),
        "accepted": sorted(order_id for market in simulation.markets.values() for order_id, _ in market.decisions),
        "told": sorted(order_id for market in simulation.markets.values() for order_id in market.references),
        "postings": sorted((str(key), posting.state) for key, posting in simulation.postings.all.items()),
        "findings": findings(simulation),
    }


@cache
def undisturbed(orders: int, story: Story) -> tuple[dict[str, object], list[str]]:
    """The end without a crash, and every call until then."""
    simulation, plan = lived(orders, story)
    return end_of(simulation), plan.calls


def test_the_undisturbed_life_of_an_order_touches_every_port() -> None:
    end, calls = undisturbed(*ONE)
    assert end["findings"] == []
    assert {
        "market.orders_updated",
        "postings.record_order",
        "watermarks.advance",
        "archive.store",
        "doorbells.ring",
        "market.accept",
        "postings.claim",
        "ledger.create_sales_order",
        "postings.mark_posted",
        "ledger.find_transactions",
        "postings.confirm",
        "market.set_seller_references",
    } <= set(calls)


def test_three_orders_are_posted_as_one_batch() -> None:
    end, calls = undisturbed(*THREE)
    assert end["findings"] == []
    assert calls.count("ledger.create_sales_order") == 5
    assert calls.count("ledger.find_transactions") == 2


@pytest.mark.parametrize("case", [ONE, THREE], ids=["one order", "a batch of three"])
def test_a_worker_may_die_after_any_call(case: tuple[int, Story]) -> None:
    """Each call in turn is the last one of the worker that made it."""
    end, calls = undisturbed(*case)
    for number, call in enumerate(calls, start=1):
        assert end_of(lived(*case, number)[0]) == end, f"died after call {number}, {call}"


@settings(max_examples=150, deadline=None, derandomize=True)
@given(first=st.integers(1, 400), gap=st.integers(1, 60))
def test_the_worker_that_mends_a_crash_may_die_too(first: int, gap: int) -> None:
    end, calls = undisturbed(*ONE)
    first = first % len(calls) + 1
    assert end_of(lived(*ONE, first, first + gap)[0]) == end
