"""The store of postings on DynamoDB: who may write what, and when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.integration.aws.rehearsal import (
    LEASE,
    REFERENCE,
    SALE,
    V1,
    V2,
    V3,
    Repeating,
    record,
    reference,
    sale,
    table_of,
)
from tieout.aws.postings import DynamoPostings
from tieout.aws.table import Row, RowKey, Table
from tieout.domain.errors import Reason
from tieout.domain.exchange import LeaseLostError
from tieout.domain.postings import Attempt, Key, Kind, Lane, Posting, State

MINUTE = timedelta(minutes=1)


def claimed(store: DynamoPostings, now: datetime, key: Key = SALE) -> Posting:
    (posting,) = store.claim([key], now)
    return posting


def stored(store: DynamoPostings, key: Key = SALE) -> Posting:
    posting = store.posting(key)
    assert posting is not None
    return posting


# --- recording --------------------------------------------------------------------------------------------------------


def test_an_order_and_what_it_calls_for_are_recorded_together(store: DynamoPostings, now: datetime) -> None:
    assert record(store, now, sale(note="x")) == [SALE]

    posting = stored(store)
    assert (posting.state, posting.source_version, posting.first_seen, posting.due_at) == (State.DUE, V1, now, now)
    assert posting.payload == f"orders/shop/A1/{V1}.json"
    assert posting.external_id == "T-shop-SO-A1"
    assert posting.facts == {"note": "x"}
    assert store.seen_versions("shop", ["A1", "A2"]) == {"A1": V1}
    assert store.seen_state("shop", "A1") == "SHIPPING"
    assert store.seen_state("shop", "A2") is None


def test_an_equal_version_changes_nothing(store: DynamoPostings, now: datetime) -> None:
    record(store, now, sale())
    assert record(store, now + MINUTE, sale(), state="SHIPPED") == []
    assert stored(store).due_at == now
    assert store.seen_state("shop", "A1") == "SHIPPING"


def test_an_older_version_never_overwrites_a_newer_one(store: DynamoPostings, now: datetime) -> None:
    record(store, now, sale(version=V2), version=V2)
    assert record(store, now, sale(version=V1), version=V1, state="WAITING_ACCEPTANCE") == []
    assert stored(store).source_version == V2
    assert store.seen_versions("shop", ["A1"]) == {"A1": V2}


def test_a_posting_of_a_newer_version_stays_whatever_an_order_says(store: DynamoPostings, now: datetime) -> None:
    record(store, now, sale(version=V2))
    assert record(store, now, sale(version=V1), version=V3) == []
    assert record(store, now, sale(version=V2), version=f"{V3}+") == []
    assert stored(store).source_version == V2


def test_a_newer_version_takes_the_place_of_one_that_was_not_sent(store: DynamoPostings, now: datetime) -> None:
    record(store, now, sale(old="yes"))
    assert record(store, now + MINUTE, sale(version=V2, new="yes"), version=V2) == [SALE]

    posting = stored(store)
    assert (posting.state, posting.source_version, posting.facts) == (State.DUE, V2, {"new": "yes"})
    assert posting.payload == f"orders/shop/A1/{V2}.json"
    assert posting.first_seen == now


def test_a_newer_version_brings_back_what_was_parked(store: DynamoPostings, now: datetime) -> None:
    record(store, now, sale(parked=Reason.UNREADABLE_ORDER))
    assert stored(store).reason == Reason.UNREADABLE_ORDER
    assert record(store, now, sale(version=V2), version=V2) == [SALE]

    posting = stored(store)
    assert (posting.state, posting.reason, posting.parked_at) == (State.DUE, None, None)
    assert store.parked() == []


@pytest.mark.parametrize("sent", ["posted", "confirmed", "ambiguous"])
def test_a_newer_version_leaves_alone_what_was_sent(store: DynamoPostings, now: datetime, sent: str) -> None:
    record(store, now, sale())
    posting = claimed(store, now)
    if sent == "posted":
        store.mark_posted(posting, "77", now)
    elif sent == "confirmed":
        store.confirm(posting, {}, [], now)
    else:
        store.release(posting, now, "no answer", now)
    before = stored(store)

    assert record(store, now, sale(version=V2), version=V2) == []
    assert record(store, now, version=V3, state="CANCELED", retire=[SALE]) == []
    assert stored(store) == before


def test_an_order_that_died_takes_its_unsent_posting_along(store: DynamoPostings, now: datetime) -> None:
    record(store, now, sale())
    record(store, now, version=V2, state="CANCELED", retire=[SALE, REFERENCE])

    assert stored(store).state is State.SUPERSEDED
    assert store.posting(REFERENCE) is None
    assert store.claim([SALE], now) == []
    assert store.due(Lane.ORDERS_TO_POST, now, 10) == []


def test_a_parked_posting_of_an_order_that_died_needs_nobody(store: DynamoPostings, now: datetime) -> None:
    record(store, now, sale())
    store.park(claimed(store, now), Reason.UNKNOWN_SKU, {"sku": "TEA"}, now)
    record(store, now, version=V2, state="CANCELED", retire=[SALE])
    assert stored(store).state is State.SUPERSEDED
    assert store.oldest_parked() is None


def test_a_posting_that_netsuite_may_hold_is_never_superseded(store: DynamoPostings, now: datetime) -> None:
    """A person has to undo in NetSuite what was written there; a mark in our table would hide it."""
    record(store, now, sale())
    store.park(claimed(store, now), Reason.TOTAL_MISMATCH, {"netsuite": "10.00", "mirakl": "12.00"}, now)
    record(store, now, version=V2, state="CANCELED", retire=[SALE])
    assert stored(store).state is State.PARKED


def test_an_order_cancelled_during_a_throttled_attempt_is_not_posted_by_the_next(
    store: DynamoPostings, now: datetime
) -> None:
    record(store, now, sale())
    posting = claimed(store, now)
    record(store, now, version=V2, state="CANCELED", retire=[SALE])
    store.release(posting, now, "429", now, untouched=True)
    assert stored(store).state is State.SUPERSEDED
    assert store.claim([SALE], now + LEASE) == []


def test_a_version_that_came_during_an_attempt_is_the_one_of_the_next(store: DynamoPostings, now: datetime) -> None:
    record(store, now, sale())
    posting = claimed(store, now)
    record(store, now, sale(version=V2), version=V2)
    store.release(posting, now + MINUTE, "429", now, untouched=True)

    again = claimed(store, now + MINUTE)
    assert (again.source_version, again.payload) == (V2, f"orders/shop/A1/{V2}.json")
    assert again.ambiguous_since is None


def test_a_version_that_came_during_an_attempt_is_tried_before_a_person_is_asked(
    store: DynamoPostings, now: datetime
) -> None:
    record(store, now, sale())
    posting = claimed(store, now)
    record(store, now, sale(version=V2), version=V2)
    store.park(posting, Reason.MISSING_ADDRESS, {}, now)
    assert (stored(store).state, stored(store).source_version) == (State.DUE, V2)
    assert [line.attempt.what for line in store.life("shop", "A1").lines][-2:] == ["parked", "replaced"]


def test_a_doubt_that_proved_empty_lets_the_cancelation_take_its_place(store: DynamoPostings, now: datetime) -> None:
    """The worker looked NetSuite up, waited and found nothing: it gives back as if nothing had been sent."""
    record(store, now, sale())
    store.release(claimed(store, now), now, "no answer", now)
    record(store, now, version=V2, state="CANCELED", retire=[SALE])
    again = claimed(store, now)
    assert again.ambiguous_since is not None
    store.release(replace(again, ambiguous_since=None), now, "nothing appeared", now, untouched=True)
    assert stored(store).state is State.SUPERSEDED
    assert store.claim([SALE], now) == []


def test_an_order_that_lives_again_is_posted_after_all(store: DynamoPostings, now: datetime) -> None:
    record(store, now, sale())
    record(store, now, version=V2, state="CANCELED", retire=[SALE])
    assert record(store, now, sale(version=V3), version=V3) == [SALE]
    assert claimed(store, now).source_version == V3


def meanwhile(table: Table, happens: Callable[[], object]) -> None:
    """Between the next reading of the table and the writing that follows from it, something else happens."""
    read = table.read_many

    def overtaken(keys: Sequence[RowKey]) -> dict[RowKey, Row]:
        found = read(keys)
        table.read_many = read  # type: ignore[method-assign]
        happens()
        return found

    table.read_many = overtaken  # type: ignore[method-assign]


@pytest.mark.parametrize("known", [False, True], ids=["new to both", "known to both"])
def test_of_two_readers_of_one_order_the_newer_version_wins(
    table: Table, store: DynamoPostings, now: datetime, known: bool
) -> None:
    """The slower one finds, between its reading and its writing, that the faster one was there with a newer version."""
    if known:
        record(store, now, version=V1)
    meanwhile(table, lambda: record(store, now, version=V3, state="SHIPPED"))
    assert record(store, now, version=V2, state="SHIPPING") == []
    assert store.seen_versions("shop", ["A1"]) == {"A1": V3}
    assert store.seen_state("shop", "A1") == "SHIPPED"


def test_of_two_readers_of_a_new_order_only_one_starts_its_posting(
    table: Table, store: DynamoPostings, now: datetime
) -> None:
    meanwhile(table, lambda: record(store, now, sale(version=V1), version=V1))
    assert record(store, now, sale(version=V2), version=V2) == [SALE]
    assert stored(store).source_version == V2
    assert [line.attempt.what for line in store.life("shop", "A1").lines] == ["seen", "recorded", "seen", "replaced"]


def test_a_posting_is_not_replaced_under_the_hands_of_a_worker(
    table: Table, store: DynamoPostings, now: datetime
) -> None:
    """The reader saw it due; by the time it writes a worker sends the earlier version."""
    record(store, now, sale())
    held: list[Posting] = []
    meanwhile(table, lambda: held.append(claimed(store, now)))
    assert record(store, now, sale(version=V2), version=V2) == []
    assert (stored(store).state, stored(store).source_version) == (State.ATTEMPTED, V1)

    store.release(held[0], now, "429", now, untouched=True)
    assert stored(store).source_version == V2


# --- claiming ---------------------------------------------------------------------------------------------------------


def test_a_posting_has_one_worker_at_a_time(store: DynamoPostings, now: datetime, after_lease: datetime) -> None:
    record(store, now, sale())
    first = claimed(store, now)
    assert store.claim([SALE], now) == []
    assert store.claim([SALE], now + LEASE - timedelta(seconds=1)) == []

    second = claimed(store, after_lease)
    assert (first.fence, second.fence) == (1, 2)


def test_a_worker_that_woke_up_too_late_writes_nothing(
    store: DynamoPostings, now: datetime, after_lease: datetime
) -> None:
    record(store, now, sale())
    late = claimed(store, now)
    current = claimed(store, after_lease)

    for write in (
        lambda: store.mark_posted(late, "77", after_lease),
        lambda: store.confirm(late, {}, [reference()], after_lease),
        lambda: store.park(late, Reason.UNKNOWN_SKU, {}, after_lease),
        lambda: store.release(late, after_lease, "late", after_lease),
        lambda: store.release(late, after_lease, "late", after_lease, untouched=True),
    ):
        with pytest.raises(LeaseLostError, match="fence 2"):
            write()
    assert stored(store).fence == current.fence
    assert store.posting(REFERENCE) is None
    store.confirm(current, {}, [], after_lease)


def test_a_claim_says_since_when_an_earlier_attempt_may_have_written(
    store: DynamoPostings, now: datetime, after_lease: datetime
) -> None:
    record(store, now, sale())
    first = claimed(store, now)
    assert (first.attempt, first.ambiguous_since, first.state) == (1, None, State.ATTEMPTED)
    # The worker dies here.
    second = claimed(store, after_lease)
    assert (second.attempt, second.ambiguous_since) == (2, now)
    assert second.due_at == after_lease + LEASE


def test_what_is_not_due_or_not_there_is_not_claimed(store: DynamoPostings, now: datetime) -> None:
    record(store, now + MINUTE, sale())
    assert store.claim([SALE, REFERENCE], now) == []


def test_what_a_person_or_the_end_has_is_not_claimed(store: DynamoPostings, now: datetime) -> None:
    record(store, now, sale("A1"), order_id="A1")
    record(store, now, sale("A2"), order_id="A2")
    one, two = store.claim([sale("A1").key, sale("A2").key], now)
    store.confirm(one, {}, [], now)
    store.park(two, Reason.UNKNOWN_SKU, {}, now)
    assert store.claim([one.key, two.key], now + 2 * LEASE) == []


def test_a_batch_of_doorbells_is_claimed_once_each(store: DynamoPostings, now: datetime) -> None:
    keys = [key for n in range(12) for key in record(store, now, sale(f"B{n}"), order_id=f"B{n}")]
    claimed_keys = [posting.key for posting in store.claim([*keys, *keys], now)]
    assert claimed_keys == keys
    assert store.claim(keys, now) == []


# --- settling ---------------------------------------------------------------------------------------------------------


def test_a_follow_up_is_born_with_its_parents_confirmation(store: DynamoPostings, now: datetime) -> None:
    record(store, now, sale(kept="yes"))
    posting = claimed(store, now)
    store.mark_posted(posting, "77", now, facts={"seen": "yes"})
    store.confirm(posting, {"number": "SO7"}, [reference()], now)

    assert stored(store).state is State.CONFIRMED
    assert stored(store).target_id == "77"
    assert stored(store).facts == {"kept": "yes", "seen": "yes", "number": "SO7"}
    assert stored(store).ambiguous_since is None
    assert stored(store, REFERENCE).facts == {"reference": "SO7"}
    assert store.due(Lane.ORDERS_TO_CONFIRM, now, 10) == [REFERENCE]
    assert store.open_postings(Lane.ORDERS_TO_POST) == []


def test_without_its_parents_confirmation_a_follow_up_is_not_born(
    store: DynamoPostings, now: datetime, after_lease: datetime
) -> None:
    record(store, now, sale())
    late = claimed(store, now)
    store.confirm(claimed(store, after_lease), {}, [], after_lease)
    with pytest.raises(LeaseLostError):
        store.confirm(late, {}, [reference()], after_lease)
    assert store.posting(REFERENCE) is None


def test_a_follow_up_that_is_there_already_does_not_stop_its_parent(store: DynamoPostings, now: datetime) -> None:
    record(store, now, sale(), reference())
    store.mark_posted(claimed(store, now, REFERENCE), "77", now)
    store.confirm(claimed(store, now), {}, [reference(version=V2)], now)
    assert stored(store).state is State.CONFIRMED
    assert (stored(store, REFERENCE).state, stored(store, REFERENCE).source_version) == (State.POSTED, V1)


def test_an_attempt_that_sent_nothing_is_as_if_it_had_not_been(store: DynamoPostings, now: datetime) -> None:
    record(store, now, sale())
    store.release(claimed(store, now), now + MINUTE, "429", now, untouched=True)

    posting = stored(store)
    assert (posting.state, posting.attempt, posting.ambiguous_since) == (State.DUE, 0, None)
    assert posting.due_at == now + MINUTE
    assert store.claim([SALE], now) == []
    assert claimed(store, now + MINUTE).fence == 2


def test_a_doubt_stays_until_it_is_cleared(store: DynamoPostings, now: datetime) -> None:
    """Neither a held nor a parked second attempt forgets that the first one may have written."""
    record(store, now, sale())
    store.release(claimed(store, now), now, "no answer", now)
    assert stored(store).state is State.ATTEMPTED

    later = now + MINUTE
    store.release(claimed(store, later), later, "paused", later, held=True, untouched=True)
    assert (stored(store).state, stored(store).ambiguous_since) == (State.ATTEMPTED, now)

    store.park(claimed(store, later), Reason.UNKNOWN_SKU, {}, later)
    store.resubmit(SALE, later, "ann")
    assert claimed(store, later).ambiguous_since == now


def test_what_a_switch_holds_says_so_and_comes_back(store: DynamoPostings, now: datetime) -> None:
    record(store, now, sale())
    store.release(claimed(store, now), now + MINUTE, "orders is paused", now, held=True, untouched=True)
    assert stored(store).state is State.HELD
    assert store.due(Lane.ORDERS_TO_POST, now, 10) == []
    assert store.due(Lane.ORDERS_TO_POST, now + MINUTE, 10) == [SALE]


def test_what_was_posted_and_is_proven_later_keeps_its_id(store: DynamoPostings, now: datetime) -> None:
    """An acceptance stands POSTED until its sale is in NetSuite; looking at it does not make it unsent."""
    record(store, now, sale())
    store.mark_posted(claimed(store, now), "A1", now, facts={"takes": "12:1"}, due_at=now + MINUTE)
    assert store.claim([SALE], now) == []

    again = claimed(store, now + MINUTE)
    assert (again.target_id, again.facts) == ("A1", {"takes": "12:1"})
    store.release(again, now + 2 * MINUTE, "promised", now + MINUTE)
    assert (stored(store).state, stored(store).ambiguous_since) == (State.POSTED, None)
    assert [each.facts["takes"] for each in store.open_postings(Lane.ORDERS_TO_POST)] == ["12:1"]


def test_a_resubmitted_posting_starts_from_its_own_facts(store: DynamoPostings, now: datetime) -> None:
    """What an earlier parking said must not be read as the reason of a later one."""
    record(store, now, sale(reference="SO7"))
    store.park(claimed(store, now), Reason.UNKNOWN_SKU, {"sku": "TEA"}, now)
    (parked,) = store.parked()
    assert (parked.facts, parked.reason, parked.parked_at) == (
        {"reference": "SO7", "sku": "TEA"},
        Reason.UNKNOWN_SKU,
        now,
    )

    store.resubmit(SALE, now + MINUTE, "ann")
    again = claimed(store, now + MINUTE)
    assert (again.facts, again.attempt, again.reason, again.ambiguous_since) == ({"reference": "SO7"}, 1, None, None)


def test_only_what_is_parked_can_be_resubmitted(store: DynamoPostings, now: datetime) -> None:
    record(store, now, sale())
    for key in (SALE, REFERENCE):
        with pytest.raises(KeyError):
            store.resubmit(key, now, "ann")


def test_a_worker_from_before_a_resubmission_writes_nothing(store: DynamoPostings, now: datetime) -> None:
    record(store, now, sale())
    old = claimed(store, now)
    store.park(old, Reason.UNKNOWN_SKU, {}, now)
    store.resubmit(SALE, now, "ann")
    claimed(store, now)
    with pytest.raises(LeaseLostError):
        store.confirm(old, {}, [], now)


def test_a_write_whose_answer_was_lost_is_ours_when_it_is_repeated(
    dynamodb, table: Table, store: DynamoPostings, now: datetime
) -> None:
    """AWS's clients repeat a call that got no answer: the refusal of the second is no sign of another worker."""
    repeating = DynamoPostings(table_of(Repeating(dynamodb), table._name), LEASE)
    assert record(repeating, now, sale()) == []  # written all the same; the sweeper rings for it
    posting = claimed(repeating, now)
    assert (posting.fence, posting.attempt, posting.ambiguous_since) == (1, 1, None)
    repeating.release(posting, now, "429", now, untouched=True)
    repeating.park(claimed(repeating, now), Reason.UNKNOWN_SKU, {}, now)
    store.resubmit(SALE, now, "ann")
    posting = claimed(repeating, now)
    repeating.mark_posted(posting, "77", now)
    repeating.release(posting, now, "not read back", now)
    posting = claimed(repeating, now)
    assert posting.target_id == "77"
    repeating.confirm(posting, {}, [reference()], now)
    assert stored(store).state is State.CONFIRMED
    assert stored(store, REFERENCE).state is State.DUE


# --- listing ----------------------------------------------------------------------------------------------------------


def test_what_waits_longest_is_worked_first_over_all_shards(store: DynamoPostings, now: datetime) -> None:
    orders = [f"C{n}" for n in range(20)]
    for n, order_id in enumerate(orders):
        record(store, now - n * MINUTE, sale(order_id), order_id=order_id)
    oldest_first = [sale(order_id).key for order_id in reversed(orders)]
    assert store.due(Lane.ORDERS_TO_POST, now, 100) == oldest_first
    assert store.due(Lane.ORDERS_TO_POST, now, 3) == oldest_first[:3]
    assert store.due(Lane.ORDERS_TO_POST, now - 10 * MINUTE, 100) == oldest_first[:10]
    assert store.oldest_due(Lane.ORDERS_TO_POST, now) == now - 19 * MINUTE
    assert store.oldest_due(Lane.ORDERS_TO_ACCEPT, now) is None


def test_a_claimed_posting_is_due_again_when_its_lease_ends(
    store: DynamoPostings, now: datetime, after_lease: datetime
) -> None:
    record(store, now, sale())
    claimed(store, now)
    assert store.due(Lane.ORDERS_TO_POST, now, 10) == []
    assert store.due(Lane.ORDERS_TO_POST, after_lease, 10) == [SALE]


def test_what_waits_for_a_person_is_listed_oldest_first(store: DynamoPostings, now: datetime) -> None:
    for n, order_id in enumerate(["D2", "D1", "D3"]):
        record(store, now + n * MINUTE, sale(order_id, parked=Reason.UNREADABLE_ORDER), order_id=order_id)
    assert [posting.key.source_id for posting in store.parked()] == ["D2", "D1", "D3"]
    assert [posting.key.source_id for posting in store.parked(2)] == ["D2", "D1"]
    assert store.oldest_parked() == now


def test_the_life_of_an_order_is_told_in_time_order(store: DynamoPostings, now: datetime) -> None:
    record(store, now, sale(), state="SHIPPING")
    posting = claimed(store, now + MINUTE)
    store.note(SALE, Attempt(at=now + MINUTE, what="created", facts={"status": "204"}))
    store.mark_posted(posting, "77", now + MINUTE)
    store.confirm(posting, {"number": "SO7"}, [reference()], now + 2 * MINUTE)
    record(store, now, sale("A2"), order_id="A2")

    life = store.life("shop", "A1")
    assert life.seen is not None
    assert (life.seen.state, life.seen.version) == ("SHIPPING", V1)
    assert {each.key for each in life.postings} == {SALE, REFERENCE}
    told = [(line.key.kind if line.key else None, line.attempt.what) for line in life.lines]
    assert told == [
        (None, "seen"),
        (Kind.SALES_ORDER, "recorded"),
        (Kind.SALES_ORDER, "claimed"),
        (Kind.SALES_ORDER, "created"),
        (Kind.SALES_ORDER, "posted"),
        (Kind.SALES_ORDER, "confirmed"),
        (Kind.SELLER_REFERENCE, "recorded"),
    ]
    assert life.lines[4].attempt.facts == {"id": "77"}
    assert store.life("shop", "A9").lines == []


def test_versions_of_many_orders_are_known_in_hundreds(store: DynamoPostings, now: datetime) -> None:
    for n in range(3):
        record(store, now, order_id=f"E{n}")
    wanted = [f"E{n}" for n in range(250)]
    assert store.seen_versions("shop", wanted) == {"E0": V1, "E1": V1, "E2": V1}
    assert store.seen_versions("shop", []) == {}


def test_an_order_id_may_hold_any_character(store: DynamoPostings, now: datetime) -> None:
    order_id = "A#1|é 2"
    (key,) = record(store, now, sale(order_id), order_id=order_id)
    assert store.due(Lane.ORDERS_TO_POST, now, 1) == [key]
    assert claimed(store, now, key).key == key
    assert [line.key for line in store.life("shop", order_id).lines] == [None, key, key]


def test_what_is_remembered_before_sending_is_there_for_the_next_attempt(store: DynamoPostings, now: datetime) -> None:
    record(store, now, sale(note="x"))
    first = claimed(store, now)
    assert store.remember(first, {"before": "R-1"}, now).facts == {"note": "x", "before": "R-1"}
    store.release(first, now, "no answer", now)
    again = claimed(store, now)
    assert again.facts == {"note": "x", "before": "R-1"}
    with pytest.raises(LeaseLostError):
        store.remember(first, {"before": "R-2"}, now)
