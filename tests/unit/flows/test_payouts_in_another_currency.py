"""A payout that arrives in another currency waits for the bank's statement, and is booked by it; its cycle does not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes import House
from tests.unit.flows.test_settlements import (
    ACCOUNTS,
    CYCLE,
    MARKET,
    a_settled_house,
    collect,
    records,
    the_cycle,
    until_complete,
    work,
)
from tieout.domain.ledger.rates import Rate
from tieout.domain.ledger.record import Record
from tieout.domain.postings import Key, Kind, Posting, State
from tieout.domain.reconcile.bank import StatementLine
from tieout.flows.settlement.at_the_bank import rates_of, statement_of
from tieout.flows.settlement.import_bank import go_on_with_payouts, keep_rates, keep_statement
from tieout.flows.settlement.review import PAID

CONVERTING = ACCOUNTS | {"fx_conversion": "1190", "fx_gain_loss": "7300", "psp_conversion_cost": "6190"}
ARRIVED = StatementLine(day=date(2026, 3, 5), amount=Decimal("115.00"), currency="EUR", reference="MIRAKL PO-2071")
RATE = Rate(day=date(2026, 1, 1), currency="GBP", into="EUR", rate=Decimal("1.15"))


def a_house_in_euros() -> House:
    """Its shop sells in pounds, its own books are in euros, and its payouts arrive there: 102.00 of them are paid."""
    house = a_settled_house(autopost=True, pays_out="EUR", accounts=[{"roles": CONVERTING}])
    until_complete(house)
    work(house)
    house.market.pay(CYCLE, "PO-2071")
    house.clock.advance(hours=24)
    collect(house)
    work(house)
    return house


def the_payout(house: House) -> Posting:
    posting = house.postings.posting(Key(MARKET, CYCLE, Kind.CYCLE, PAID))
    assert posting is not None
    return posting


def paid_out(house: House) -> list[Record]:
    return [each for each in house.ledger.settled if each.external_id.startswith(f"T-{MARKET}-PO-")]


def test_until_the_bank_shows_it_only_the_payout_waits() -> None:
    house = a_house_in_euros()
    assert the_cycle(house).state is State.CONFIRMED
    assert not paid_out(house)
    assert the_payout(house).state is State.DUE
    told = house.postings.history[the_payout(house).key][-1]
    assert "no line in EUR of the bank's statement names the payout PO-2071 of 102.00 GBP" in str(told.facts)


def test_the_statement_s_line_books_it_in_both_currencies() -> None:
    house = a_house_in_euros()
    assert keep_statement([ARRIVED], house.at) == 1
    assert keep_rates([RATE], house.at) == 1
    assert go_on_with_payouts(house.at) == [the_payout(house).key]
    assert work(house) == []
    moved = [
        (record.currency, {entry.account: entry.debit - entry.credit for entry in record.entries})
        for record in paid_out(house)
    ]
    assert moved == [
        ("GBP", {"1190": Decimal("102.00"), "1115": Decimal("-102.00")}),
        ("EUR", {"1050": Decimal("115.00"), "1190": Decimal("-115.00")}),
        ("EUR", {"6190": Decimal("2.30"), "1190": Decimal("-2.30")}),
    ]
    assert {each.state for each in records(house).values()} == {State.CONFIRMED}
    assert the_payout(house).state is State.CONFIRMED


def test_a_line_that_names_nothing_books_it_where_it_alone_can_be_it_and_the_journals_say_so() -> None:
    """102.00 at 1.15 are 117.30; the statement has reached a week behind the payout."""
    house = a_house_in_euros()
    unnamed = replace(ARRIVED, reference="INCOMING")
    end = StatementLine(day=date(2026, 4, 1), amount=Decimal(-9), currency="EUR", reference="ACCOUNT FEE")
    keep_rates([RATE], house.at)
    start = replace(end, day=date(2026, 2, 27))
    keep_statement([start, unnamed], house.at)
    assert go_on_with_payouts(house.at) == [], "the payout's own line may still come"
    keep_statement([end], house.at)
    assert go_on_with_payouts(house.at) == [the_payout(house).key]
    assert work(house) == []
    assert the_payout(house).state is State.CONFIRMED
    told = "Payout PO-2071; bank's line of 2026-03-05 found by what the day's rate makes of it"
    assert [told in each.memo for each in paid_out(house)] == [True, True, True]


def test_it_goes_on_by_itself_too_and_is_booked_once() -> None:
    house = a_house_in_euros()
    keep_statement([ARRIVED], house.at)
    house.clock.advance(hours=7)
    work(house)
    assert not paid_out(house), "no rate is known yet"
    keep_rates([RATE], house.at)
    for _ in range(3):
        house.clock.advance(hours=24)
        collect(house)
        work(house)
    assert len(paid_out(house)) == 3


def test_a_statement_that_shows_no_payout_wakes_nobody() -> None:
    house = a_house_in_euros()
    keep_statement([replace(ARRIVED, reference="SALARIES")], house.at)
    assert go_on_with_payouts(house.at) == []


@pytest.mark.parametrize("again", [1, 2])
def test_the_same_file_twice_is_one_statement(again: int) -> None:
    house = a_house_in_euros()
    twins = [ARRIVED, ARRIVED]
    assert keep_statement(twins, house.at) == 2, "two transfers of a day may be alike"
    for _ in range(again):
        assert keep_statement(twins, house.at) == 0
    assert statement_of(house.at) == twins


def test_115_is_115_00_whatever_file_tells_it() -> None:
    house = a_house_in_euros()
    assert keep_statement([ARRIVED], house.at) == 1
    assert keep_statement([replace(ARRIVED, amount=Decimal(115))], house.at) == 0


def test_a_line_that_was_kept_without_the_amount_before_its_exchange_is_the_same_line_when_a_file_tells_it() -> None:
    """Kept twice, the payout would be booked as twice the money."""
    house = a_house_in_euros()
    assert keep_statement([ARRIVED], house.at) == 1
    told = replace(ARRIVED, original=Decimal("102.00"), original_currency="GBP")
    assert keep_statement([told], house.at) == 0
    another = replace(told, original=Decimal("99.00"))
    assert keep_statement([told, another], house.at) == 1
    assert keep_statement([another, told], house.at) == 0
    assert keep_statement([ARRIVED, ARRIVED], house.at) == 0


def test_a_rate_that_is_imported_again_corrects_the_one_before_it() -> None:
    """Up, down and back: what was said last counts."""
    house = a_house_in_euros()
    for rate in ("1.15", "1.51", "1.15"):
        assert keep_rates([replace(RATE, rate=Decimal(rate))], house.at) == 1
        assert keep_rates([replace(RATE, rate=Decimal(rate))], house.at) == 0
        assert rates_of(house.at) == (replace(RATE, rate=Decimal(rate)),)


LINES = st.lists(st.sampled_from([ARRIVED, replace(ARRIVED, amount=Decimal("7.00")), replace(ARRIVED, reference="A")]))


@given(whole=LINES, cut=st.integers(0, 20), back=st.integers(0, 20))
def test_statements_that_overlap_are_the_whole_one(whole: list[StatementLine], cut: int, back: int) -> None:
    """Of lines that are alike, those of one file are never taken for those of the other."""
    house = a_settled_house()
    first, second = whole[:cut], whole[max(cut - back, 0) :]
    kept = keep_statement(first, house.at) + keep_statement(second, house.at)
    kept += keep_statement(whole, house.at)
    assert kept == len(whole)
    assert sorted(map(repr, statement_of(house.at))) == sorted(map(repr, whole))
