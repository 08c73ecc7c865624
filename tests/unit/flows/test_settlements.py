"""A billing cycle is read, waits until it is complete, is agreed to by its hash, and is booked once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from tests.fakes import House, a_house
from tests.fakes.orders import a_line, an_order
from tests.simulation.faults import Crash, CrashAt, Fault, RandomFaults, StoreUnavailableError, StrikeAt
from tests.simulation.fibers import Fibers
from tests.simulation.unreliable import Unreliable, Weather
from tieout.domain.errors import NeedsAttention, Reason, Throttled, TieoutError
from tieout.domain.ledger.line import Cycle, Line, PayOut
from tieout.domain.ledger.record import Record, RecordType
from tieout.domain.ledger.roles import Role
from tieout.domain.money import Money
from tieout.domain.postings import SETTLED_AS, Key, Kind, Lane, Posting, State
from tieout.flows.exceptions import report_health
from tieout.flows.ports import At
from tieout.flows.settlement.backfill import backfill_settlement
from tieout.flows.settlement.collect import collect_settlements
from tieout.flows.settlement.plan import archived_plan, keep_plan, of_the_cycle, plan_of
from tieout.flows.settlement.review import A_TRANSACTION, PAID, approve, key_of, list_reviews, spread
from tieout.flows.settlement.work import post_due

MARKET, CYCLE = "brightside", "cycle-1"
ACCOUNTS = {
    "marketplace_clearing": "1115",
    "marketplace_ar": "1100",
    "marketplace_undelivered": "2150",
    "prepaid_commission": "1410",
    "marketplace_payable": "2160",
    "bank_in_transit": "1050",
    "accounts_payable": "2000",
    "sales_revenue": "4000",
    "shipping_revenue": "4010",
    "vat_output": "2200",
    "vat_receivable_on_fees": "1450",
    "commission_expense": "6100",
    "refunds_contra": "4100",
    "rounding": "7200",
    "accrued_marketplace_fees": "2100",
}
BY_JOURNAL = {
    "since": "2026-01-01T00:00:00Z",
    "posting": "summary_journal",
    "fee_document": "journal",
    "month_end": "off",
    "accounts": [{"roles": ACCOUNTS}],
}


def a_settled_house(**changes: Any) -> House:
    """One marketplace that is booked by one journal a cycle."""
    return a_house(marketplaces__brightside__settlement=BY_JOURNAL | changes)


def a_log_line(number: int, kind: str, amount: str, now: datetime, order_id: str = "A-1") -> Line:
    return Line(
        id=f"line-{number}",
        type=kind,
        amount=Decimal(amount),
        currency="GBP",
        created=now,
        updated=now,
        state="PAYABLE",
        order_id=order_id,
        order_line_id=f"{order_id}-1",
        tax_code="VAT-GBR-20" if kind.endswith(("TAX", "VAT")) else None,
    )


def sell(house: House) -> None:
    """An order of 120.00 with 15.00 of commission, VAT of 20 % in and on them."""
    now = house.clock.now
    house.market.put(an_order("A-1", lines=[a_line(price="120.00", tax="20.00", line_id="A-1-1")]))
    house.market.put_lines(
        a_log_line(1, "ORDER_AMOUNT", "100.00", now),
        a_log_line(2, "ORDER_AMOUNT_TAX", "20.00", now),
        a_log_line(3, "COMMISSION_FEE", "-15.00", now),
        a_log_line(4, "COMMISSION_VAT", "-3.00", now),
    )


def close(house: House, to_seller: str = "102.00") -> Cycle:
    return house.market.close_cycle(
        Cycle(
            id=CYCLE,
            currency="GBP",
            closed_at=house.clock.now,
            to_seller=Decimal(to_seller),
            to_operator=None,
            pay_out=PayOut(state="TO_PAY"),
        )
    )


def collect(house: House, at: At | None = None) -> None:
    collect_settlements(MARKET, at or house.at, asked=True)


def work(house: House, at: At | None = None) -> list[Key]:
    """Every doorbell is answered, until nothing is due; answers what failed."""
    failed: list[Key] = []
    for _ in range(50):
        keys = house.postings.due(Lane.SETTLEMENTS_TO_POST, house.clock.now, 10)
        if not keys:
            return failed
        failed += post_due(keys, at or house.at, house.clock.now + timedelta(minutes=5))
        if not house.postings.due(Lane.SETTLEMENTS_TO_POST, house.clock.now, 10):
            house.clock.advance(seconds=600)
    raise AssertionError("never at rest")


def the_cycle(house: House) -> Posting:
    posting = house.postings.posting(of_the_cycle(MARKET, CYCLE))
    assert posting is not None
    return posting


def records(house: House) -> dict[str, Posting]:
    return {each.external_id: each for each in house.postings.of_thread(MARKET, CYCLE) if each.key.kind in SETTLED_AS}


def until_complete(house: House) -> None:
    """A cycle is closed, its lines settle, and the log is read."""
    sell(house)
    close(house)
    house.clock.advance(seconds=25 * 3600)
    collect(house)


# --- complete --------------------------------------------------------------------------------------------------------


def test_a_cycle_is_recorded_when_its_lines_have_not_changed_for_a_day() -> None:
    house = a_settled_house()
    sell(house)
    close(house)
    collect(house)
    assert house.postings.posting(of_the_cycle(MARKET, CYCLE)) is None
    house.clock.advance(seconds=23 * 3600)
    collect(house)
    assert house.postings.posting(of_the_cycle(MARKET, CYCLE)) is None
    house.clock.advance(seconds=2 * 3600)
    collect(house)
    assert the_cycle(house).state is State.DUE


def test_lines_without_a_cycle_become_nothing() -> None:
    house = a_settled_house()
    sell(house)
    house.clock.advance(seconds=25 * 3600)
    collect(house)
    assert not house.postings.all


def test_reading_again_records_nothing_new() -> None:
    house = a_settled_house()
    until_complete(house)
    before = dict(house.postings.all)
    house.clock.advance(seconds=24 * 3600)
    collect(house)
    assert house.postings.all == before


def test_every_version_of_a_line_is_kept_and_no_buyer() -> None:
    house = a_settled_house()
    until_complete(house)
    kept = [row for (_, table, _), rows in house.settlement_log.tables.items() if table == "lines" for row in rows]
    assert len(kept) == 4
    house.market.put_lines(replace(house.market.lines["line-1"], state="PAID"))
    collect(house)
    kept = [row for (_, table, _), rows in house.settlement_log.tables.items() if table == "lines" for row in rows]
    assert len([row for row in kept if b'"line-1"' in row]) == 2


def test_a_reading_that_mirakl_cuts_off_goes_on_where_it_was() -> None:
    house = a_settled_house()
    sell(house)
    for number in range(100, 180):
        house.clock.advance(seconds=1)
        house.market.put_lines(a_log_line(number, "ORDER_AMOUNT", "0.00", house.clock.now))
    close(house)
    house.clock.advance(seconds=25 * 3600)
    house.market.cut_off_after = 1
    with pytest.raises(Throttled):
        collect(house)
    assert house.postings.posting(of_the_cycle(MARKET, CYCLE)) is None, "it was not read past its end"
    house.market.cut_off_after = None
    collect(house)
    assert the_cycle(house).state is State.DUE


def test_a_long_history_is_read_out_of_files_and_the_nightly_reading_goes_on_from_there() -> None:
    house = a_settled_house()
    sell(house)
    house.market.put_lines(*(a_log_line(number, "ORDER_AMOUNT", "0.00", house.clock.now) for number in range(10, 90)))
    close(house)
    waited: list[float] = []
    house.clock.advance(hours=25)
    since = datetime(2026, 1, 1, tzinfo=UTC)
    assert backfill_settlement(MARKET, house.at, since, waited.append) == 84
    assert waited == [15.0, 15.0]
    house.clock.advance(hours=24)
    collect(house)
    assert house.market.calls["TL02"] == 0, "nothing is read twice but the overlap"
    assert the_cycle(house).state is State.DUE


def test_cycles_that_mirakl_did_not_give_are_read_when_it_does() -> None:
    """However long ago they closed: what was read of the log does not count as read of the cycles."""
    house = a_settled_house()
    sell(house)
    close(house)
    house.clock.advance(hours=24 * 100)
    at = struck(house, StrikeAt({("billing_cycles", 1): Fault.THROTTLED}))
    with pytest.raises(Throttled):
        collect(house, at)
    assert not house.postings.all
    house.clock.advance(hours=24)
    collect(house)
    assert the_cycle(house).state is State.DUE


def test_a_history_that_mirakl_does_not_prepare_is_told() -> None:
    house = a_settled_house()
    house.market.export_fails = "too many lines"
    with pytest.raises(NeedsAttention, match="too many lines"):
        backfill_settlement(MARKET, house.at, house.clock.now, lambda _: None)
    assert house.watermarks.read(f"{MARKET}/settlement") is None


# --- review ----------------------------------------------------------------------------------------------------------


def test_a_cycle_that_ties_out_waits_for_an_agreement_and_nothing_is_written() -> None:
    house = a_settled_house()
    until_complete(house)
    assert work(house) == []
    cycle = the_cycle(house)
    assert (cycle.state, cycle.reason) == (State.PARKED, Reason.SETTLEMENT_TO_REVIEW)
    (review,) = list_reviews(house.at)
    assert (review.plan.cycle, review.plan.hash) == (CYCLE, cycle.facts["hash"])
    assert review.plan.proof.transferred == Decimal("102.00")
    assert not house.ledger.settled


def test_what_was_agreed_to_is_booked_record_by_record() -> None:
    house = a_settled_house()
    until_complete(house)
    work(house)
    (review,) = list_reviews(house.at)
    assert approve(house.at, review.plan.hash, "finance") == [of_the_cycle(MARKET, CYCLE)]
    assert work(house) == []
    assert the_cycle(house).state is State.CONFIRMED
    assert the_cycle(house).facts["agreed_by"] == "finance"
    assert {each.external_id for each in house.ledger.settled} == {each.external_id for each in review.plan.records}
    assert {posting.state for posting in records(house).values()} == {State.CONFIRMED}
    assert list_reviews(house.at) == []


def test_another_hash_agrees_to_nothing() -> None:
    house = a_settled_house()
    until_complete(house)
    work(house)
    assert approve(house.at, "0" * 64, "finance") == []
    assert the_cycle(house).state is State.PARKED


def test_what_changed_since_the_review_waits_for_a_new_one() -> None:
    house = a_settled_house()
    until_complete(house)
    work(house)
    (review,) = list_reviews(house.at)
    late = a_log_line(9, "ORDER_AMOUNT", "10.00", house.clock.now)
    house.market.put_lines(replace(late, cycle=CYCLE))
    house.market.cycles[CYCLE] = replace(house.market.cycles[CYCLE], to_seller=Decimal("112.00"))
    collect(house)
    approve(house.at, review.plan.hash, "finance")
    work(house)
    assert (the_cycle(house).state, the_cycle(house).reason) == (State.PARKED, Reason.SETTLEMENT_TO_REVIEW)
    assert the_cycle(house).facts["hash"] != review.plan.hash
    assert not house.ledger.settled


def test_with_autopost_nobody_is_asked() -> None:
    house = a_settled_house(autopost=True)
    until_complete(house)
    work(house)
    assert the_cycle(house).state is State.CONFIRMED
    assert house.ledger.settled


def test_journals_wait_for_approval_in_netsuite_unless_the_settings_say_otherwise() -> None:
    for approved in (False, True):
        house = a_settled_house(autopost=True, approve_journals=approved)
        until_complete(house)
        work(house)
        journals = [each.external_id for each in house.ledger.settled if each.type is RecordType.JOURNAL]
        assert journals
        assert set(journals) == house.ledger.approved if approved else not house.ledger.approved


# --- held ------------------------------------------------------------------------------------------------------------


def test_a_cycle_that_does_not_tie_out_is_held_whole_and_says_why() -> None:
    house = a_settled_house(autopost=True)
    sell(house)
    close(house, to_seller="100.00")
    house.clock.advance(seconds=25 * 3600)
    collect(house)
    work(house)
    held = the_cycle(house)
    assert (held.state, held.reason) == (State.PARKED, Reason.CYCLE_HELD)
    assert "CYCLE_NOT_TIED" in held.facts["codes"]
    assert "2.00" in held.facts["residual"]
    assert not house.ledger.settled


def test_a_held_cycle_goes_on_by_itself_when_mirakl_mends_it() -> None:
    house = a_settled_house(autopost=True)
    sell(house)
    close(house, to_seller="104.00")
    house.clock.advance(seconds=25 * 3600)
    collect(house)
    work(house)
    missing = a_log_line(9, "ORDER_AMOUNT", "2.00", house.clock.now)
    house.market.put_lines(replace(missing, cycle=CYCLE))
    house.clock.advance(seconds=3600)
    collect(house)
    work(house)
    assert the_cycle(house).reason == Reason.CYCLE_HELD, "its lines have not settled yet"
    house.clock.advance(seconds=25 * 3600)
    collect(house)
    work(house)
    assert the_cycle(house).state is State.CONFIRMED


def test_a_line_that_does_not_read_holds_the_cycle_that_it_may_belong_to() -> None:
    house = a_settled_house(autopost=True)
    sell(house)
    house.market.spoilt["line-1"] = b"line-1 is no JSON"
    close(house)
    house.clock.advance(seconds=25 * 3600)
    collect(house)
    work(house)
    held = the_cycle(house)
    assert (held.state, held.reason) == (State.PARKED, Reason.CYCLE_HELD)
    assert "line-1" in held.facts["lines"]
    house.market.spoilt.clear()
    house.market.put_lines(house.market.lines["line-1"])
    house.clock.advance(seconds=25 * 3600)
    collect(house)
    work(house)
    assert the_cycle(house).state is State.CONFIRMED


# --- many records ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 40, 41, 1_599, 1_601, 70_000])
def test_a_plan_of_any_size_is_spread_over_confirmations_that_fit_a_transaction(count: int) -> None:
    """Each record becomes one posting, however many parts it takes to get there."""
    house = a_settled_house()
    until_complete(house)
    work(house)
    (review,) = list_reviews(house.at)
    one = review.plan.records[0]
    many = tuple(replace(one, external_id=f"T-{MARKET}-JE-{number}") for number in range(count))
    plan = replace(review.plan, records=many)
    waiting, found = spread(plan, "plan", 0, count), list[str]()
    while waiting:
        nxt = []
        for intent in waiting:
            if intent.key.kind is not Kind.CYCLE:
                found.append(intent.external_id)
                continue
            start, _, end = intent.key.source_id.rpartition("/")[2].partition("-")
            part = spread(plan, "plan", int(start), int(end))
            assert len(part) <= A_TRANSACTION
            nxt += part
        waiting = nxt
    assert sorted(found) == sorted(record.external_id for record in many)


def test_a_record_is_a_posting_of_its_kind_in_its_cycles_thread() -> None:
    assert key_of("T-brightside-PMT-cycle-1-2026-09-0", MARKET, CYCLE) == Key(
        MARKET, CYCLE, Kind.CUSTOMER_PAYMENT, "cycle-1-2026-09-0"
    )
    for unknown in ("T-brightside-PMT-", "T-maison-PMT-1", "T-brightside-XYZ-1"):
        with pytest.raises(ValueError, match=r"PMT|XYZ"):
            key_of(unknown, MARKET, CYCLE)


# --- payout ----------------------------------------------------------------------------------------------------------


def test_a_payout_is_booked_when_mirakl_says_that_it_is_paid() -> None:
    house = a_settled_house(autopost=True)
    until_complete(house)
    work(house)
    payout = f"T-{MARKET}-PO-"
    assert not [each for each in house.ledger.settled if each.external_id.startswith(payout)]
    house.market.pay(CYCLE)
    house.clock.advance(seconds=3600)
    collect(house)
    work(house)
    (paid,) = [each for each in house.ledger.settled if each.external_id.startswith(payout)]
    assert {entry.account: entry.debit - entry.credit for entry in paid.entries} == {
        "1050": Decimal("102.00"),
        "1115": Decimal("-102.00"),
    }
    house.clock.advance(seconds=24 * 3600)
    collect(house)
    work(house)
    assert len([each for each in house.ledger.settled if each.external_id.startswith(payout)]) == 1


def test_a_payout_waits_for_its_cycle() -> None:
    house = a_settled_house()
    until_complete(house)
    house.market.pay(CYCLE)
    house.clock.advance(seconds=25 * 3600)
    collect(house)
    post_due([Key(MARKET, CYCLE, Kind.CYCLE, PAID)], house.at, house.clock.now + timedelta(minutes=5))
    waiting = house.postings.posting(Key(MARKET, CYCLE, Kind.CYCLE, PAID))
    assert waiting is not None
    assert waiting.state is State.DUE
    assert not house.ledger.settled


# --- after it was booked ---------------------------------------------------------------------------------------------


def changed_after_post(house: House) -> float:
    return house.meter.counts.get("SourceChangedAfterPost", 0)


def test_a_booked_cycle_whose_line_changes_its_amount_is_told() -> None:
    house = a_settled_house(autopost=True)
    until_complete(house)
    work(house)
    house.market.put_lines(replace(house.market.lines["line-1"], amount=Decimal("99.00")))
    collect(house)
    assert changed_after_post(house) == 1
    assert len(house.ledger.settled) == len(records(house)), "nothing is corrected on its own"


def test_a_payout_and_a_new_state_are_no_change() -> None:
    house = a_settled_house(autopost=True)
    until_complete(house)
    work(house)
    house.market.pay(CYCLE)
    collect(house)
    assert changed_after_post(house) == 0


# --- periods ---------------------------------------------------------------------------------------------------------


def test_nothing_is_posted_into_a_closed_period() -> None:
    house = a_settled_house(autopost=True)
    until_complete(house)
    day = house.market.cycles[CYCLE].closed_at
    house.ledger.close_month(day.year, day.month)
    work(house)
    assert {each.reason for each in records(house).values()} == {Reason.PERIOD_CLOSED}
    assert not house.ledger.settled


def test_the_next_open_period_keeps_the_day_that_a_record_belongs_to() -> None:
    house = a_settled_house(autopost=True, closed_period="next_open_period")
    until_complete(house)
    day = house.market.cycles[CYCLE].closed_at
    house.ledger.close_month(day.year, day.month)
    work(house)
    assert house.ledger.settled
    for record in house.ledger.settled:
        assert (record.day.year, record.day.month) != (day.year, day.month)
        assert record.original_day is not None
        assert str(record.original_day) in record.memo


# --- once, whatever goes wrong ---------------------------------------------------------------------------------------


def struck(house: House, plan: Any) -> At:
    """The same surroundings, with calls that go wrong by plan."""
    weather = Weather(plan, Random(0), Fibers(house.clock))
    market = Unreliable("market", house.market, weather)
    ports: Mapping[str, Any] = {
        name: Unreliable(name, getattr(house, name), weather)
        for name in ("ledger", "postings", "archive", "settlement_log", "watermarks")
    }
    return replace(house.at, marketplace=lambda _: market, **ports)


@pytest.mark.parametrize(
    "fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.ZOMBIE, Fault.THROTTLED, Fault.DOWN]
)
def test_a_create_without_an_answer_is_looked_up_before_it_is_tried_again(fault: Fault) -> None:
    house = a_settled_house(autopost=True)
    until_complete(house)
    at = struck(house, StrikeAt({("create_record", 1): fault}))
    work(house, at)
    work(house)
    assert the_cycle(house).state is State.CONFIRMED
    written = [each.external_id for each in house.ledger.settled]
    assert sorted(written) == sorted(set(written)) == sorted(records(house))
    assert {each.state for each in records(house).values()} == {State.CONFIRMED}


CALLS = 48
"""As many as a reading, or a worker, makes on a good day, or more."""


def test_the_deaths_below_are_after_each_call_of_a_good_day() -> None:
    house = a_settled_house(autopost=True)
    sell(house)
    close(house)
    house.clock.advance(seconds=25 * 3600)
    reading, working = CrashAt(), CrashAt()
    collect(house, struck(house, reading))
    work(house, struck(house, working))
    assert 10 < len(reading.calls) <= CALLS
    assert 10 < len(working.calls) <= CALLS


@pytest.mark.parametrize("number", range(1, CALLS + 1))
def test_a_reading_that_dies_after_any_call_loses_nothing(number: int) -> None:
    house = a_settled_house(autopost=True)
    sell(house)
    close(house)
    house.clock.advance(seconds=25 * 3600)
    with suppress(Crash):
        collect(house, struck(house, CrashAt(number)))
    house.clock.advance(seconds=3600)
    collect(house)
    work(house)
    assert the_cycle(house).state is State.CONFIRMED
    assert len(house.ledger.settled) == len(records(house))


@pytest.mark.parametrize("number", range(1, CALLS + 1))
def test_a_worker_that_dies_after_any_call_books_everything_once(number: int) -> None:
    house = a_settled_house(autopost=True)
    until_complete(house)
    at = struck(house, CrashAt(number))
    with suppress(Crash):
        work(house, at)
    house.clock.advance(seconds=400)
    work(house)
    written = [each.external_id for each in house.ledger.settled]
    assert sorted(written) == sorted(set(written)) == sorted(records(house))
    assert {each.state for each in records(house).values()} == {State.CONFIRMED}
    assert sum(each.movement(Role.MARKETPLACE_CLEARING) for each in house.ledger.settled) == Decimal("102.00")


@pytest.mark.parametrize("seed", range(30))
def test_with_every_tenth_call_going_wrong_everything_is_booked_once(seed: int) -> None:
    """Readings and workers run as schedules and queues run them: whatever ends one, the next goes on."""
    house = a_settled_house(autopost=True)
    sell(house)
    close(house)
    house.clock.advance(hours=25)
    at = struck(house, RandomFaults(0.1, Random(seed)))
    for hour in range(200):
        if hour == 60:
            house.market.pay(CYCLE)
        for run in (lambda: collect(house, at), lambda: _work_once(house, at)):
            with suppress(Crash, StoreUnavailableError, TieoutError):
                run()
        house.clock.advance(minutes=20)
    written = [each.external_id for each in house.ledger.settled]
    assert sorted(written) == sorted(set(written)) == sorted(records(house))
    assert len(written) >= 2, "a journal and the payout"
    assert {each.state for each in house.postings.of_thread(MARKET, CYCLE)} == {State.CONFIRMED}
    assert sum(each.movement(Role.MARKETPLACE_CLEARING) for each in house.ledger.settled) == 0
    assert changed_after_post(house) == 0


def _work_once(house: House, at: At) -> None:
    keys = house.postings.due(Lane.SETTLEMENTS_TO_POST, house.clock.now, 10)
    post_due(keys, at, house.clock.now + timedelta(minutes=5))


# --- record by record ------------------------------------------------------------------------------------------------


class AnInvoice(Struct, frozen=True):
    """As far as a settlement looks at it."""

    order_id: str
    day: date


def invoice(house: House, total: str = "120.00") -> None:
    """The order flow, or somebody by hand, bills the order."""
    draft = AnInvoice("A-1", house.clock.now.date())
    house.ledger._write(draft, f"T-{MARKET}-INV-1", "CustInvc", "A-1", Money(Decimal(total), "GBP"))


def of_type(house: House, kind: RecordType) -> list[Record]:
    return [each for each in house.ledger.settled if each.type is kind]


def test_an_invoice_is_paid_by_the_cycle_that_brought_its_money() -> None:
    house = a_settled_house(autopost=True, posting="record_level")
    invoice(house)
    until_complete(house)
    work(house)
    (payment,) = of_type(house, RecordType.CUSTOMER_PAYMENT)
    assert [(each.external_id, each.amount) for each in payment.applications] == [
        (f"T-{MARKET}-INV-1", Decimal("120.00"))
    ]
    assert {each.state for each in records(house).values()} == {State.CONFIRMED}


def test_a_cycle_that_is_booked_works_out_the_same_again() -> None:
    """Its own payment used the invoice up: that is no other plan."""
    house = a_settled_house(autopost=True, posting="record_level")
    invoice(house)
    until_complete(house)
    work(house)
    booked = house.archive.documents[the_cycle(house).facts["plan"]]
    assert plan_of(MARKET, CYCLE, house.at) == archived_plan(booked)


def test_money_of_an_order_without_an_invoice_waits_and_moves_when_the_invoice_is_there() -> None:
    house = a_settled_house(autopost=True, posting="record_level")
    until_complete(house)
    work(house)
    assert not of_type(house, RecordType.CUSTOMER_PAYMENT)
    assert Decimal(the_cycle(house).facts["waiting"]) > 0
    for _ in range(2):
        house.clock.advance(hours=24)
        collect(house)
        work(house)
    assert not of_type(house, RecordType.CUSTOMER_PAYMENT), "there still is no invoice"
    invoice(house)
    house.clock.advance(hours=24)
    collect(house)
    work(house)
    (payment,) = of_type(house, RecordType.CUSTOMER_PAYMENT)
    assert payment.external_id.startswith(f"T-{MARKET}-REL-")
    assert [each.external_id for each in payment.applications] == [f"T-{MARKET}-INV-1"]
    waiting = {Role.MARKETPLACE_UNDELIVERED, Role.PREPAID_COMMISSION}
    assert {sum(each.movement(role) for each in house.ledger.settled) for role in waiting} == {Decimal(0)}
    before = len(house.postings.all)
    for _ in range(3):
        house.clock.advance(hours=24)
        collect(house)
        work(house)
    assert len(house.postings.all) == before, "nothing waits any more, so nobody looks"


def test_a_record_waits_until_what_it_builds_on_is_proven() -> None:
    house = a_settled_house(autopost=True)
    until_complete(house)
    work(house)
    (first,) = house.ledger.settled
    second = replace(first, external_id=f"T-{MARKET}-JE-second", after=(f"T-{MARKET}-JE-third",))
    third = replace(first, external_id=f"T-{MARKET}-JE-third")
    raw = house.archive.documents[the_cycle(house).facts["plan"]]
    plan = replace(archived_plan(raw), records=(second, third), hash="another")
    intents = spread(plan, keep_plan(plan, house.at), 0, 2)
    house.postings.record_order(
        marketplace=MARKET,
        order_id=CYCLE,
        subject="TEST",
        version="1",
        state="",
        payload="",
        intents=intents,
        retire=[],
        now=house.clock.now,
    )
    post_due([intents[0].key], house.at, house.clock.now + timedelta(minutes=5))
    assert len(house.ledger.settled) == 1, "what it builds on is not there"
    work(house)
    assert [each.external_id for each in house.ledger.settled[1:]] == [third.external_id, second.external_id]


# --- month end -------------------------------------------------------------------------------------------------------


def a_month_of_its_own(**changes: Any) -> House:
    """Record by record; an order is sold and billed in March, and its cycle closes in April."""
    house = a_settled_house(posting="record_level", month_end="accrue", **changes)
    house.clock.to(datetime(2026, 3, 25, 12, tzinfo=UTC))
    sell(house)
    invoice(house)
    return house


def month_end(house: House) -> list[Record]:
    return [each for each in house.ledger.settled if each.cycle == "2026-03"]


def test_fees_that_are_booked_later_are_accrued_on_the_last_day_of_the_month_and_reversed_on_the_next() -> None:
    house = a_month_of_its_own(autopost=True)
    house.clock.to(datetime(2026, 4, 2, 4, tzinfo=UTC))
    collect(house)
    work(house)
    (accrual,) = month_end(house)
    assert (accrual.day, accrual.reversal_day) == (date(2026, 3, 31), date(2026, 4, 1))
    assert {entry.account: entry.debit - entry.credit for entry in accrual.entries} == {
        "6100": Decimal("15.00"),
        "2100": Decimal("-15.00"),
    }, "commission without VAT, which needs the operator's document"
    for _ in range(3):
        house.clock.advance(hours=24)
        collect(house)
        work(house)
    assert len(month_end(house)) == 1


def test_a_month_is_reviewed_like_a_cycle() -> None:
    house = a_month_of_its_own()
    house.clock.to(datetime(2026, 4, 2, 4, tzinfo=UTC))
    collect(house)
    work(house)
    (review,) = [each for each in list_reviews(house.at) if each.plan.cycle == "2026-03"]
    assert not house.ledger.settled
    approve(house.at, review.plan.hash, "finance")
    work(house)
    assert len(month_end(house)) == 1


def test_a_month_that_is_not_over_or_not_settled_is_left_alone() -> None:
    house = a_month_of_its_own(autopost=True)
    for now in (datetime(2026, 3, 31, 22, 30, tzinfo=UTC), datetime(2026, 4, 1, 12, tzinfo=UTC)):
        house.clock.to(now)
        collect(house)
        work(house)
        assert not month_end(house), f"{now}: the books are in London, and lines settle for a day"


def test_fees_that_were_booked_in_the_month_are_not_accrued() -> None:
    house = a_month_of_its_own(autopost=True)
    close(house)
    house.clock.to(datetime(2026, 4, 2, 4, tzinfo=UTC))
    collect(house)
    work(house)
    assert not month_end(house)
    assert the_cycle(house).state is State.CONFIRMED


def test_a_clearing_account_below_zero_is_shown_as_a_liability_over_the_months_end() -> None:
    house = a_month_of_its_own(autopost=True, approve_journals=True)
    now = house.clock.now
    house.market.put_lines(a_log_line(7, "COMMISSION_FEE", "-500.00", now))
    close(house, to_seller="0.00")
    house.clock.to(datetime(2026, 3, 27, 4, tzinfo=UTC))
    collect(house)
    work(house)
    house.clock.to(datetime(2026, 4, 2, 4, tzinfo=UTC))
    collect(house)
    work(house)
    (reclass,) = [each for each in month_end(house) if "-RCL-" in each.external_id]
    assert {entry.account: entry.debit - entry.credit for entry in reclass.entries} == {
        "1115": Decimal("398.00"),
        "2160": Decimal("-398.00"),
    }
    assert reclass.reversal_day == date(2026, 4, 1)


def test_an_account_that_is_not_mapped_holds_the_months_end_and_is_named() -> None:
    accounts = {role: number for role, number in ACCOUNTS.items() if role != "accrued_marketplace_fees"}
    house = a_month_of_its_own(autopost=True, accounts=[{"roles": accounts}])
    house.clock.to(datetime(2026, 4, 2, 4, tzinfo=UTC))
    collect(house)
    work(house)
    held = house.postings.posting(of_the_cycle(MARKET, "2026-03"))
    assert held is not None
    assert (held.state, held.reason) == (State.PARKED, Reason.CYCLE_HELD)
    assert "accrued_marketplace_fees" in held.facts["why"]


# --- health ----------------------------------------------------------------------------------------------------------


def test_a_cycle_that_waits_for_its_review_is_no_trouble_and_one_that_is_held_is() -> None:
    house = a_settled_house()
    until_complete(house)
    work(house)
    house.clock.advance(hours=30)
    report_health(house.at, None)
    assert house.meter.gauges["OldestParkedHours",] == 0
    assert house.meter.gauges["OldestReviewHours",] > 29
    house.market.put_lines(replace(a_log_line(9, "ORDER_AMOUNT", "1.00", house.clock.now), cycle=CYCLE))
    house.clock.advance(hours=25)
    collect(house)
    work(house)
    house.clock.advance(hours=5)
    report_health(house.at, None)
    assert house.meter.gauges["OldestParkedHours",] > 4
    assert house.meter.gauges["OldestReviewHours",] == 0
