"""Whatever ends a process at whatever call: the next one brings each posting to its one end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.integration.aws.rehearsal import (
    LEASE,
    REFERENCE,
    SALE,
    V1,
    Killed,
    KilledAt,
    new_table,
    record,
    reference,
    sale,
    table_of,
)
from tieout.aws.postings import DynamoPostings
from tieout.aws.table import Table
from tieout.domain.errors import Reason
from tieout.domain.exchange import LeaseLostError
from tieout.domain.postings import OPEN, Lane, Posting, State

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STEP = timedelta(minutes=1)


class NetSuite:
    """Knows external ids; creates each once."""

    def __init__(self) -> None:
        self.created: list[str] = []

    def create(self, external_id: str) -> None:
        assert external_id not in self.created, "created twice"
        self.created.append(external_id)


def work(store: DynamoPostings, netsuite: NetSuite, now: datetime) -> None:
    """One order from sight to confirmation: read, claim, look up what is doubtful, create, mark, confirm."""
    record(store, now, sale())
    for posting in store.claim(store.due(Lane.ORDERS_TO_POST, now, 10), now):
        there = posting.external_id in netsuite.created
        assert not (there and posting.ambiguous_since is None and posting.target_id is None), "a write was forgotten"
        if not there:
            netsuite.create(posting.external_id)
        store.mark_posted(posting, "77", now)
        store.confirm(posting, {"number": "SO7"}, [reference()], now)


CALLS = 11
"""Two to record, four to list, two to claim, two to mark, one to confirm."""


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call, its answer lost"])
@pytest.mark.parametrize("n", range(1, CALLS + 1))
def test_a_process_may_die_at_any_call(
    dynamodb: DynamoDBClient, table: Table, store: DynamoPostings, now: datetime, n: int, after: bool
) -> None:
    """The order ends confirmed, NetSuite has it once, and its follow-up is due once."""
    netsuite = NetSuite()
    dying = DynamoPostings(table_of(KilledAt(dynamodb, n, after=after), table._name), LEASE)
    with pytest.raises(Killed):
        work(dying, netsuite, now)

    half = store.posting(SALE)
    assert (store.posting(REFERENCE) is not None) == (half is not None and half.state is State.CONFIRMED)

    later = now + LEASE + STEP
    work(store, netsuite, later)
    done = store.posting(SALE)
    assert done is not None
    assert (done.state, done.target_id, done.source_version) == (State.CONFIRMED, "77", V1)
    assert netsuite.created == ["T-shop-SO-A1"]
    assert store.due(Lane.ORDERS_TO_CONFIRM, later, 10) == [REFERENCE]
    assert store.open_postings(Lane.ORDERS_TO_POST) == []


def test_every_call_of_a_life_was_tried(dynamodb: DynamoDBClient, table: Table, now: datetime) -> None:
    """One call more than there are never comes: the process lives, and its life is told in so many calls."""
    netsuite = NetSuite()
    work(DynamoPostings(table_of(KilledAt(dynamodb, CALLS + 1, after=False), table._name), LEASE), netsuite, now)
    assert netsuite.created == ["T-shop-SO-A1"]


class Model:
    """What a posting should be, as plain as it can be said."""

    def __init__(self) -> None:
        self.seen = 0
        self.state: State | None = None
        self.version = 0
        self.fence = 0
        self.doubt: datetime | None = None
        self.posted = False
        self.due: datetime | None = None
        self.newer: tuple[int, str] | None = None

    def record(self, version: int, wish: str, now: datetime) -> None:
        if version <= self.seen:
            return
        self.seen = version
        if self.state is None:
            if wish != "retire":
                self._take(version, wish, now)
        elif self.state in (State.DUE, State.HELD, State.PARKED) or (
            self.state is State.SUPERSEDED and wish != "retire"
        ):
            self._take(version, wish, now)
        elif self.state is State.ATTEMPTED and not self.posted:
            self.newer = (version, wish)

    def _take(self, version: int, wish: str, now: datetime) -> bool:
        if wish == "retire" and (self.posted or self.doubt):
            return False
        self.version, self.newer = version, None
        self.state = {"post": State.DUE, "park": State.PARKED, "retire": State.SUPERSEDED}[wish]
        self.due = now if wish == "post" else None
        return True

    def claim(self, now: datetime) -> bool:
        if self.state not in OPEN or self.due is None or self.due > now:
            return False
        self.state, self.due, self.fence = State.ATTEMPTED, now + LEASE, self.fence + 1
        self.doubt = self.doubt or now
        return True

    def holds(self, posting: Posting) -> bool:
        return posting.fence == self.fence and self.state in (State.ATTEMPTED, State.POSTED)

    def mark(self) -> None:
        self.state, self.posted, self.doubt = State.POSTED, True, None

    def park(self, posting: Posting, now: datetime) -> None:
        self.doubt = self.doubt if posting.ambiguous_since else None
        if self.newer and self._take(*self.newer, now):
            return
        self.state, self.due, self.newer = State.PARKED, None, None

    def release(self, posting: Posting, due: datetime, now: datetime, *, untouched: bool) -> None:
        self.due = due
        if posting.target_id:
            self.state, self.doubt = State.POSTED, None
        elif untouched and posting.ambiguous_since is None:
            self.doubt = None
            if not (self.newer and self._take(*self.newer, now)):
                self.state = State.DUE


class PostingLife(RuleBasedStateMachine):
    """Recorders, workers and people in any order, each at their own time: the store is what the model says."""

    claims = Bundle("claims")
    new_tables: ClassVar[Iterator[Table]]

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
        self.model = Model()
        self.store = DynamoPostings(next(self.new_tables), LEASE)

    @rule(step=st.sampled_from([1, 330, 400]))
    def time_passes(self, step: int) -> None:
        self.now += timedelta(seconds=step)

    @rule(step=st.sampled_from([-1, 0, 1, 1, 1]), wish=st.sampled_from(["post", "post", "park", "retire"]))
    def reader_sees_the_order(self, step: int, wish: str) -> None:
        version = max(1, self.model.seen + step)
        text = f"2026-11-02T08:{version:02d}:00.000Z"
        intent = sale(version=text, parked=Reason.UNREADABLE_ORDER if wish == "park" else None)
        record(
            self.store,
            self.now,
            *([] if wish == "retire" else [intent]),
            version=text,
            retire=[SALE] if wish == "retire" else [],
        )
        self.model.record(version, wish, self.now)

    @rule(target=claims)
    def worker_claims(self) -> object:
        claimed = self.store.claim([SALE], self.now)
        doubt = self.model.doubt
        assert bool(claimed) == self.model.claim(self.now)
        if not claimed:
            return multiple()
        assert claimed[0].ambiguous_since == doubt
        return claimed[0]

    def _settle(self, posting: Posting, write: Callable[[], None], model: Callable[[], None]) -> None:
        if self.model.holds(posting):
            write()
            model()
        else:
            with pytest.raises(LeaseLostError):
                write()

    @rule(posting=claims)
    def worker_marks(self, posting: Posting) -> None:
        self._settle(posting, lambda: self.store.mark_posted(posting, "77", self.now), self.model.mark)

    @rule(posting=consumes(claims))
    def worker_confirms(self, posting: Posting) -> None:
        def confirmed() -> None:
            self.model.state, self.model.due, self.model.doubt = State.CONFIRMED, None, None

        self._settle(posting, lambda: self.store.confirm(posting, {}, [reference()], self.now), confirmed)

    @rule(posting=consumes(claims))
    def worker_parks(self, posting: Posting) -> None:
        def write() -> None:
            self.store.park(posting, Reason.UNKNOWN_SKU, {"sku": "TEA"}, self.now)

        self._settle(posting, write, lambda: self.model.park(posting, self.now))

    @rule(posting=consumes(claims), untouched=st.booleans(), wait=st.sampled_from([0, 60]))
    def worker_releases(self, posting: Posting, untouched: bool, wait: int) -> None:
        untouched = untouched and not (self.model.posted and posting.target_id is None)
        due = self.now + timedelta(seconds=wait)
        self._settle(
            posting,
            lambda: self.store.release(posting, due, "429", self.now, untouched=untouched),
            lambda: self.model.release(posting, due, self.now, untouched=untouched),
        )

    @rule()
    def person_resubmits(self) -> None:
        if self.model.state is State.PARKED:
            self.store.resubmit(SALE, self.now, "ann")
            self.model.state, self.model.due, self.model.fence = State.DUE, self.now, self.model.fence + 1
        else:
            with pytest.raises(KeyError):
                self.store.resubmit(SALE, self.now, "ann")

    @invariant()
    def the_store_is_what_the_model_says(self) -> None:
        posting, model = self.store.posting(SALE), self.model
        if posting is None:
            assert model.state is None
            return
        found = (posting.state, posting.fence, posting.due_at, posting.ambiguous_since, posting.target_id is not None)
        assert found == (model.state, model.fence, model.due, model.doubt, model.posted)
        assert posting.source_version == f"2026-11-02T08:{model.version:02d}:00.000Z"

    def teardown(self) -> None:
        """The lists hold what the states say."""
        keys = [SALE] if self.model.state in OPEN else []
        assert [each.key for each in self.store.open_postings(Lane.ORDERS_TO_POST)] == keys
        assert [each.key for each in self.store.parked()] == ([SALE] if self.model.state is State.PARKED else [])
        assert (self.store.posting(REFERENCE) is not None) == (self.model.state is State.CONFIRMED)


def test_the_store_is_what_its_rules_say(dynamodb: DynamoDBClient) -> None:
    PostingLife.new_tables = (new_table(dynamodb, f"life-{number}") for number in count())
    run_state_machine_as_test(
        PostingLife,
        settings=settings(max_examples=30, stateful_step_count=20, deadline=None, derandomize=True, database=None),
    )
