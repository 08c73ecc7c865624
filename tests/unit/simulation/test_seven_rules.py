"""The seven rules of a posting: each is taken away in turn, and the damage is found; with all of them there is none.

1 external ids are unique and a create is never replayed; 2 a posting is marked before the call, and silence is not a
refusal; 3 what was written is read back and compared; 4 one worker a key, and no older version over a newer one;
5 what follows is born with its parent's confirmation; 6 nobody feeds the own queue, and a sweeper rings; 7 business
errors park, transient ones come back, unknown ones are given up loudly.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.fakes import MemoryLedger, a_house, a_line, an_order, fetched
from tests.fakes.ledger import total_of
from tests.fakes.record import Record
from tests.simulation.checker import findings
from tests.simulation.faults import Fault, StoreUnavailableError
from tests.simulation.watched import WatchedPostings
from tests.simulation.world import Simulation
from tieout.domain.errors import NeedsAttention, OutcomeUnknown, Reason
from tieout.domain.exchange import PostedTransaction
from tieout.domain.money import Money
from tieout.domain.orders.sales_order import SalesOrder
from tieout.domain.postings import Intent, Key, Kind, Posting, State
from tieout.flows import posting
from tieout.flows.orders import collect, post
from tieout.flows.outcomes import next_attempt, release
from tieout.flows.ports import At

ROOT = Path(__file__).resolve().parents[3]
SEEDS = range(4)
ORDERS = 100
FAULTS = 0.12


class ShortLived(Simulation):
    """Three days are plenty: with the rules it rests within one."""

    longest = timedelta(days=3)


def damage(simulation: type[Simulation], seeds: Sequence[int] = SEEDS, faults: float = FAULTS) -> str:
    """What the auditor finds over some histories, as one text."""
    return "\n".join(found for seed in seeds for found in findings(simulation(seed, faults=faults).run(ORDERS)))


def test_with_all_seven_rules_the_auditor_finds_nothing() -> None:
    assert damage(ShortLived) == ""


# --- 1: the external id is unique, and a create is never replayed as an update ---------------------------------------


class TakesAnyIdTwice(MemoryLedger):
    """A ledger without unique external ids."""

    def _is_taken(self, external_id: str) -> bool:  # noqa: ARG002  it does not look
        return False


class Upserts(MemoryLedger):
    """`PUT eid:` in place of a create: a replay appends its lines to the record that is there."""

    def create_sales_order(self, order: SalesOrder) -> str:
        for place, record in enumerate(self.records):
            if record.transaction.external_id.casefold() == order.external_id.casefold():
                return self._append(place, record, order).id
        return super().create_sales_order(order)

    def _append(self, place: int, record: Record, order: SalesOrder) -> PostedTransaction:
        total = Money(record.transaction.total.amount + total_of(order), order.gross.currency)
        grown = replace(record, transaction=replace(record.transaction, total=total))
        self.records[place] = self._by_external_id[order.external_id.casefold()] = grown
        return grown.transaction


def test_rule_1_without_unique_external_ids_an_order_is_posted_twice() -> None:
    class Mutant(ShortLived):
        ledger_type = TakesAnyIdTwice

    assert "posted 2 times" in damage(Mutant)


def test_rule_1_replaying_an_upsert_doubles_the_lines() -> None:
    class Mutant(ShortLived):
        ledger_type = Upserts

    assert "SO is parked for total_mismatch" in damage(Mutant)


# --- 2: marked before the call; no answer means unknown, not failed --------------------------------------------------


class MarksAfterwards(WatchedPostings):
    """Leases a posting, but does not say that something may be sent for it."""

    def _put(self, posting: Posting, now: datetime, what: str, facts: Mapping[str, str] | None = None) -> None:
        if what == "claimed" or (what == "released" and posting.target_id is None):
            posting = replace(posting, state=State.DUE, ambiguous_since=None)
        super()._put(posting, now, what, facts)


class TakesSilenceForRefusal:
    """A ledger adapter that calls a time-out a failure."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def create_sales_order(self, order: SalesOrder) -> Any:
        try:
            return self._ledger.create_sales_order(order)
        except OutcomeUnknown as error:
            raise NeedsAttention(Reason.REFUSED_BY_NETSUITE, {"detail": str(error)}) from error


def test_rule_2_without_the_mark_a_newer_version_takes_the_place_of_one_that_was_sent() -> None:
    class Mutant(ShortLived):
        postings_type = MarksAfterwards

    assert "SO is parked for total_mismatch" in damage(Mutant, seeds=range(12))


def test_rule_2_silence_taken_for_refusal_leaves_orders_in_netsuite_that_nobody_knows() -> None:
    class Mutant(ShortLived):
        def _ports(self) -> At:
            at = super()._ports()
            return replace(at, ledger=TakesSilenceForRefusal(at.ledger))

    assert "is PARKED, not proven" in damage(Mutant)


# --- 3: what was written is read back and compared -------------------------------------------------------------------


def posted_with_a_penny_too_much() -> Posting:
    """NetSuite makes 12.01 of a mug for 12.00."""
    house = a_house()
    house.ledger.adds["A-1"] = total_of_a_penny()
    collect.record("brightside", [fetched(an_order("A-1"))], house.at)
    key = Key("brightside", "A-1", Kind.SALES_ORDER, "A-1")
    post.post_sales_orders([key], house.at, house.clock.now + timedelta(minutes=5))
    posting = house.postings.posting(key)
    assert posting is not None
    return posting


def total_of_a_penny() -> Any:
    return a_line(price="0.01").price


def test_rule_3_a_total_that_differs_parks_with_both_amounts() -> None:
    posting = posted_with_a_penny_too_much()
    assert (posting.state, posting.reason) == (State.PARKED, Reason.TOTAL_MISMATCH)
    assert (posting.facts["netsuite"], posting.facts["mirakl"]) == ("12.01 GBP", "12.00 GBP")


def test_rule_3_without_the_comparison_a_wrong_total_counts_as_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, "_compare", lambda *_: None)
    assert posted_with_a_penny_too_much().state is State.CONFIRMED


# --- 4: one worker at a time a key, and no older version over a newer one --------------------------------------------


class NoLease(WatchedPostings):
    """Anybody may take a posting that another worker has, and write about it in the end."""

    def _is_free(self, key: Key, now: datetime) -> bool:  # noqa: ARG002  it does not look
        return True

    def _mine(self, posting: Posting) -> Posting:
        return self.all[posting.key]


class NoFence(WatchedPostings):
    """A worker that lost its lease may still write."""

    def _mine(self, posting: Posting) -> Posting:
        return self.all[posting.key]


class BelievesTheLastWord(WatchedPostings):
    """Whatever is recorded last counts, be it older."""

    def record_order(self, *, marketplace: str, order_id: str, version: str, **rest: Any) -> list[Key]:
        self.seen.pop((marketplace, order_id), None)
        for kind in Kind:
            key = Key(marketplace, order_id, kind, order_id)
            if (posting := self.all.get(key)) and posting.state is State.DUE:
                self.all[key] = replace(posting, source_version="")
        return super().record_order(marketplace=marketplace, order_id=order_id, version=version, **rest)


@pytest.mark.parametrize("mutant", [NoLease, NoFence])
def test_rule_4_without_lease_and_fence_a_late_worker_undoes_what_was_proven(mutant: type[WatchedPostings]) -> None:
    class Mutant(ShortLived):
        postings_type = mutant

    assert "was confirmed, and then touched again" in damage(Mutant, seeds=range(12))


def test_rule_4_without_versions_an_older_reading_overwrites_a_newer_one() -> None:
    class Mutant(ShortLived):
        postings_type = BelievesTheLastWord

    found = damage(Mutant, seeds=range(24))
    assert "was known before anything was sent" in found or "not at rest" in found


# --- 5: what follows is written in the same transaction as its parent's confirmation ---------------------------------


class ForgetsToFollow(WatchedPostings):
    """Confirms first, writes the follow-up second, and may die in between."""

    dies: Callable[[], bool] = staticmethod(lambda: False)

    def confirm(self, posting: Posting, facts: Mapping[str, str], follow_ups: Sequence[Intent], now: datetime) -> None:
        super().confirm(posting, facts, [], now)
        if follow_ups and self.dies():
            raise StoreUnavailableError("the second write")
        self._follow(follow_ups, now)


def test_rule_5_a_follow_up_outside_of_the_transaction_gets_lost() -> None:
    class Mutant(ShortLived):
        postings_type = ForgetsToFollow

        def __init__(self, seed: int, **options: Any) -> None:
            super().__init__(seed, **options)
            self.postings.dies = lambda: self.weather.strike("postings", "follow_up") is not None  # type: ignore[attr-defined]

    assert "Mirakl was told None" in damage(Mutant)


# --- 6: no worker sends to its own queue; a sweeper rings what is due ------------------------------------------------


def doorbells_rung_in(source: str) -> list[int]:
    """Lines of a module that reach for the doorbells."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and node.attr in {"doorbells", "ring", "send_message", "send_message_batch"}
    ]


WORKER = [
    "layers/common/python/tieout/flows/posting.py",
    "layers/common/python/tieout/flows/orders/post.py",
    "layers/common/python/tieout/flows/orders/rules.py",
    "layers/common/python/tieout/flows/recipe.py",
    "layers/common/python/tieout/flows/shipments/bill.py",
    "layers/common/python/tieout/flows/shipments/fulfil.py",
    "layers/common/python/tieout/flows/outcomes.py",
    "functions/post_orders.py",
]


@pytest.mark.parametrize("path", WORKER)
def test_rule_6_the_worker_of_a_queue_has_no_bell(path: str) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")
    assert doorbells_rung_in(source) == []
    assert doorbells_rung_in(f"{source}\nat.doorbells.ring([])\n") != []


def test_rule_6_a_worker_that_feeds_its_own_queue_is_stopped_by_lambda() -> None:
    class Mutant(ShortLived):
        def post(self, keys: Sequence[Key], returned: Sequence[Key]) -> list[Key]:
            failed = super().post(keys, returned)
            self.bells.ring([key for key in keys if (posting := self.postings.posting(key)) and posting.due_at])
            return failed

    assert "a worker fed its own queue" in damage(Mutant)


def test_rule_6_without_the_sweeper_a_lost_doorbell_is_a_lost_order() -> None:
    class Mutant(ShortLived):
        sweeper = False

    assert "lost" in damage(Mutant, seeds=[1])


# --- 7: business errors park, transient ones come back, unknown ones are given up loudly -----------------------------


@pytest.fixture
def poisoned() -> Callable[[], Simulation]:
    """A deployment in which one order makes our own code fail, every time."""

    class Poisoned(ShortLived):
        longest = timedelta(days=1)

        def _ports(self) -> At:
            at = super()._ports()
            create = self.ledger.create_sales_order

            def fail(order: SalesOrder) -> str:
                if order.order_id == "0-A":
                    raise KeyError("a bug of ours")
                return create(order)

            self.ledger.create_sales_order = fail  # type: ignore[method-assign]
            return at

    return lambda: Poisoned(1).run(20)


def given_up(simulation: Simulation) -> set[str]:
    """Orders whose message ended in `orders-to-post-given-up`, where an alarm sees it."""
    return {key.thread for key in simulation.bells.given_up}


def test_rule_7_an_unknown_failure_ends_in_the_given_up_queue_and_stops_nobody_else(
    poisoned: Callable[[], Simulation],
) -> None:
    simulation = poisoned()
    assert given_up(simulation) == {"0-A"}
    assert {key.thread for key in simulation.unfinished()} == {"0-A"}


def test_rule_7_swallowed_it_would_page_nobody(
    poisoned: Callable[[], Simulation], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = post.post_sales_orders
    monkeypatch.setattr(post, "post_sales_orders", lambda *given: original(*given) and [])
    assert given_up(poisoned()) == set()


def test_rule_7_a_business_error_that_is_retried_never_comes_to_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    def retry(at: At, posting: Posting, problem: NeedsAttention) -> None:
        release(at, posting, next_attempt(at, posting.attempt), str(problem))

    monkeypatch.setattr(posting, "park", retry)
    assert "not at rest" in damage(ShortLived, seeds=[1, 2])


def test_rule_7_a_transient_error_that_parks_gives_people_work_that_time_would_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def give_up(at: At, posting: Posting, error: Exception, system: str) -> bool:
        at.postings.park(posting, Reason.REFUSED_BY_NETSUITE, {"system": system, "words": str(error)}, at.clock())
        return False

    monkeypatch.setattr(posting, "come_back", give_up)
    assert "SO is parked for refused_by_netsuite" in damage(ShortLived, seeds=[1])


# --- and the faults themselves are what the rules are about ----------------------------------------------------------


def test_the_mutants_are_judged_under_the_faults_that_the_rules_are_for() -> None:
    struck = Simulation(0, faults=FAULTS).run(ORDERS).weather.struck
    assert {Fault.ZOMBIE, Fault.TIMEOUT_AFTER, Fault.CRASH, Fault.PAUSE, Fault.LOST} <= set(struck)
