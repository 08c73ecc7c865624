"""The life of a break: who may do what, what a run does to it, and a history that shows when it was touched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tieout.books.break_log import FileBreakLog
from tieout.domain.reconcile.ageing import Bucket, bucket_of, by_age, roll_forward
from tieout.domain.reconcile.breaks import Break, Code
from tieout.domain.reconcile.history import Action, BrokenChainError, Event, State, check_chain
from tieout.domain.reconcile.workflow import Case, RefusedError, Run, advance, cases_of, possible
from tieout.flows.reconcile.break_log import LogMovedOnError, decide_on, take_in

SHOP = "brightside-uk"
NOON = datetime(2026, 10, 2, 12, tzinfo=UTC)


class MemoryLog:
    def __init__(self) -> None:
        self.events: tuple[Event, ...] = ()

    def read(self) -> Sequence[Event]:
        return self.events

    def append(self, events: Sequence[Event]) -> None:
        self.events = (*self.events, *events)


def finding(key: str = "1001-A", code: Code = Code.AMOUNT_DIFF, amount: str = "12.34", shop: str = SHOP) -> Break:
    return Break(code=code, key=key, marketplace=shop, currency="GBP", amount=Decimal(amount), order_id=key)


def run_of(day: int, *shops: str) -> Run:
    return Run(
        id=f"run-{day}",
        as_of=date(2026, 10, day),
        at=datetime(2026, 10, day, 1, tzinfo=UTC),
        marketplaces=frozenset(shops or (SHOP,)),
    )


def only(log: MemoryLog) -> Case:
    (case,) = cases_of(log.events).values()
    return case


def person(log: MemoryLog, action: Action, by: str, reason: str = "because", key: str = "1001-A") -> Case:
    return decide_on(log, key, action, by=by, at=NOON, reason=reason)


@pytest.fixture
def log() -> MemoryLog:
    """One break, found on 1 October."""
    log = MemoryLog()
    take_in(log, [finding()], run_of(1))
    return log


def test_a_break_is_open_from_the_day_it_is_found_and_has_an_owner_at_once(log: MemoryLog) -> None:
    case = only(log)
    assert (case.state, case.first_seen, case.owner) == (State.OPEN, date(2026, 10, 1), "accounting")
    assert case.blocks_close


def test_one_person_proposes_a_second_approves_and_the_next_run_verifies(log: MemoryLog) -> None:
    person(log, Action.PROPOSE, "Ann", "credit memo of 12.34")
    person(log, Action.APPROVE, "Bob", "")
    assert person(log, Action.POST, "Ann", "CM-77").state is State.POSTED
    take_in(log, [], run_of(3))
    case = only(log)
    assert case.is_closed
    assert [event.after for event in case.events] == [
        State.OPEN,
        State.PROPOSED,
        State.APPROVED,
        State.POSTED,
        State.VERIFIED,
        State.CLOSED,
    ]


@pytest.mark.parametrize("name", ["Ann", " ann ", "ANN"])
def test_nobody_approves_their_own_proposal(log: MemoryLog, name: str) -> None:
    person(log, Action.PROPOSE, "Ann")
    with pytest.raises(RefusedError, match="a second person"):
        person(log, Action.APPROVE, name)


def test_nothing_is_posted_claimed_or_accepted_without_approval(log: MemoryLog) -> None:
    person(log, Action.PROPOSE, "Ann")
    for action in (Action.POST, Action.CLAIM, Action.ACCEPT):
        with pytest.raises(RefusedError, match="is proposed; what can be done now: approve, reject"):
            person(log, action, "Bob")


def test_a_step_needs_a_reason_and_a_name_that_is_no_runs(log: MemoryLog) -> None:
    with pytest.raises(RefusedError, match="needs a reason"):
        person(log, Action.PROPOSE, "Ann", "  ")
    for name in ("", "run", "Run "):
        with pytest.raises(RefusedError, match="name of the person"):
            person(log, Action.PROPOSE, name)


def test_people_cannot_take_the_steps_of_a_run(log: MemoryLog) -> None:
    with pytest.raises(RefusedError, match="for runs only"):
        person(log, Action.VERIFIED, "Ann")


def test_a_correction_that_did_not_help_opens_the_break_again(log: MemoryLog) -> None:
    for action, by in ((Action.PROPOSE, "Ann"), (Action.APPROVE, "Bob"), (Action.POST, "Ann")):
        person(log, action, by)
    take_in(log, [finding()], run_of(1))  # the same run as before the posting proves nothing
    assert only(log).state is State.POSTED
    take_in(log, [finding()], run_of(3))
    assert only(log).state is State.OPEN
    assert only(log).approved_by == ""


def test_a_claim_waits_until_the_operator_has_acted(log: MemoryLog) -> None:
    for action, by in ((Action.PROPOSE, "Ann"), (Action.APPROVE, "Bob"), (Action.CLAIM, "Ann")):
        person(log, action, by)
    take_in(log, [finding()], run_of(3))
    assert only(log).state is State.CLAIMED
    take_in(log, [], run_of(4))
    assert only(log).is_closed


def test_a_difference_that_is_accepted_stays_closed_until_its_amount_changes(log: MemoryLog) -> None:
    for action, by in ((Action.PROPOSE, "Ann"), (Action.APPROVE, "Bob"), (Action.ACCEPT, "Bob")):
        person(log, action, by)
    take_in(log, [finding()], run_of(3))
    assert only(log).is_closed
    take_in(log, [finding(amount="20.00")], run_of(4))
    assert only(log).state is State.OPEN
    assert "accepted at 12.34, now 20.00" in only(log).events[-1].reason


def test_an_approval_does_not_outlive_a_change_of_the_amount(log: MemoryLog) -> None:
    person(log, Action.PROPOSE, "Ann")
    person(log, Action.APPROVE, "Bob")
    take_in(log, [finding(amount="13.00")], run_of(3))
    case = only(log)
    assert (case.state, case.found.amount, case.approved_by) == (State.OPEN, Decimal("13.00"), "")


def test_a_break_that_mends_itself_is_closed_and_opened_again_when_it_comes_back(log: MemoryLog) -> None:
    take_in(log, [], run_of(2))
    assert only(log).is_closed
    take_in(log, [finding()], run_of(3))
    assert only(log).state is State.OPEN
    assert only(log).first_seen == date(2026, 10, 1)


def test_a_run_leaves_the_breaks_of_marketplaces_it_did_not_read(log: MemoryLog) -> None:
    take_in(log, [], run_of(2, "maison-eu"))
    assert only(log).state is State.OPEN


def test_the_same_run_twice_writes_nothing(log: MemoryLog) -> None:
    before = log.events
    assert take_in(log, [finding()], run_of(1)) == before
    assert log.events == before


def test_a_run_of_an_earlier_day_is_refused(log: MemoryLog) -> None:
    take_in(log, [], run_of(5))
    with pytest.raises(RefusedError, match="gone on to 2026-10-05"):
        take_in(log, [], run_of(4))


def test_a_rejected_proposal_is_open_again_and_a_new_owner_changes_nothing_else(log: MemoryLog) -> None:
    person(log, Action.PROPOSE, "Ann")
    assert person(log, Action.ASSIGN, "Bob", "Cid").owner == "Cid"
    assert person(log, Action.REJECT, "Bob", "wrong invoice").state is State.OPEN


def test_a_key_with_several_breaks_has_to_be_said_in_full(log: MemoryLog) -> None:
    take_in(log, [finding(), finding(code=Code.TAX_DIFF)], run_of(2))
    with pytest.raises(RefusedError, match="brightside-uk/AMOUNT_DIFF/1001-A, brightside-uk/TAX_DIFF/1001-A"):
        person(log, Action.PROPOSE, "Ann")
    assert person(log, Action.PROPOSE, "Ann", key="brightside-uk/TAX_DIFF/1001-A").owner == "tax"
    with pytest.raises(RefusedError, match="no break 9"):
        person(log, Action.PROPOSE, "Ann", key="9")


# --- the history -----------------------------------------------------------------------------------------------------


def test_a_history_shows_that_it_was_changed_shortened_or_reordered(log: MemoryLog) -> None:
    person(log, Action.PROPOSE, "Ann")
    person(log, Action.APPROVE, "Bob")
    events = log.events
    check_chain(events)
    for touched in (
        (*events[:2], replace(events[2], actor="Eve"), *events[3:]),
        events[1:],
        (*events[:1], *events[2:]),
        (events[1], events[0], *events[2:]),
    ):
        with pytest.raises(BrokenChainError):
            check_chain(touched)


def test_the_file_only_grows_and_says_which_line_does_not_read(tmp_path) -> None:
    path = tmp_path / "cases.ndjson"
    log = FileBreakLog(path)
    events = take_in(log, [finding()], run_of(1))
    written = path.read_bytes()
    decide_on(log, "1001-A", Action.PROPOSE, by="Ann", at=NOON, reason="credit it")
    assert path.read_bytes().startswith(written)
    assert FileBreakLog(path).read()[: len(events)] == events
    with pytest.raises(LogMovedOnError, match="has gone on"):
        log.append(events)
    path.write_bytes(written + b"not json\n")
    with pytest.raises(BrokenChainError, match=r"cases.ndjson:3: not an event"):
        log.read()


# --- ages and the roll-forward ---------------------------------------------------------------------------------------


def test_ages_fall_into_the_buckets_of_the_policy() -> None:
    edges = {
        0: "0-7",
        7: "0-7",
        8: "8-30",
        30: "8-30",
        31: "31-60",
        60: "31-60",
        61: "61-90",
        90: "61-90",
        91: "over 90",
    }
    assert {days: str(bucket_of(days)) for days in edges} == edges


def test_open_breaks_are_counted_by_age(log: MemoryLog) -> None:
    take_in(log, [finding(), finding("1002-A", amount="1.00")], run_of(20))
    found = by_age(cases_of(log.events), date(2026, 10, 20))
    assert found == {
        (SHOP, "GBP", Bucket.TO_30): (1, Decimal("12.34")),
        (SHOP, "GBP", Bucket.TO_7): (1, Decimal("1.00")),
    }


def test_opening_and_new_and_changed_less_resolved_is_closing() -> None:
    log = MemoryLog()
    take_in(log, [finding("1"), finding("2", amount="5.00")], run_of(1))
    take_in(log, [finding("2", amount="7.00"), finding("3", amount="1.00")], run_of(10))
    (row,) = roll_forward(log.events, date(2026, 10, 5))
    assert (row.opening, row.new, row.resolved, row.closing) == (2, 1, 1, 2)
    assert (row.opening_amount, row.new_amount, row.changed_amount) == (
        Decimal("17.34"),
        Decimal("1.00"),
        Decimal("2.00"),
    )
    assert (row.resolved_amount, row.closing_amount) == (Decimal("12.34"), Decimal("8.00"))
    assert row.difference == (0, Decimal(0))


_FINDINGS = st.lists(
    st.builds(
        finding,
        key=st.sampled_from("123"),
        code=st.sampled_from([Code.AMOUNT_DIFF, Code.COMMISSION_RATE]),
        amount=st.sampled_from(["1.00", "2.50"]),
        shop=st.sampled_from([SHOP, "maison-eu"]),
    ),
    max_size=6,
    unique_by=lambda each: (each.marketplace, each.code, each.key),
)
_DEEDS = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 5), st.sampled_from(["Ann", "Bob"])), max_size=6)


@settings(max_examples=150)
@given(st.lists(st.tuples(_FINDINGS, _DEEDS), min_size=1, max_size=5), st.integers(1, 6))
def test_whatever_runs_and_people_do_the_roll_forward_adds_up_and_two_persons_were_asked(days, since: int) -> None:
    log = MemoryLog()
    for number, (found, deeds) in enumerate(days, start=1):
        run = run_of(number, SHOP, "maison-eu")
        events = take_in(log, found, run)
        assert advance(cases_of(events), found, run) == []
        cases = list(cases_of(events).values())
        for which, step, who in deeds:
            if cases:
                case = cases_of(log.events)[cases[which % len(cases)].key]
                steps = possible(case)
                if steps:
                    action = steps[step % len(steps)]
                    if not (action is Action.APPROVE and who == case.proposed_by):
                        decide_on(log, str(case.key), action, by=who, at=NOON + timedelta(days=number), reason="so")
    check_chain(log.events)
    assert [row.difference for row in roll_forward(log.events, date(2026, 10, since)) if any(row.difference)] == []
    for case in cases_of(log.events).values():
        for event in case.events:
            if event.after in {State.POSTED, State.CLAIMED} and event.actor != "run":
                assert {"Ann", "Bob"} <= {each.actor for each in case.events}
