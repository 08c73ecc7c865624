"""Balances of shops are read once a day and kept, and are compared only when the log can answer for their moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from msgspec import json

from tests.fakes import House
from tests.unit.flows.test_settlements import MARKET, a_settled_house, close, collect, sell
from tieout.domain.errors import CredentialsRefused, NeedsAttention, Reason, SystemDown, Throttled, TieoutError
from tieout.flows.settlement.balances import ACCOUNTS, balances_to_compare
from tieout.flows.settlement.collect import collect_settlements

D = Decimal


@pytest.fixture
def house() -> House:
    """A shop of which 200.00 are held."""
    house = a_settled_house()
    house.market.reserves = {"2001": D("200.00")}
    return house


def days_pass(house: House, days: float) -> None:
    house.clock.advance(seconds=days * 86_400)


def read_on(house: House, days: int) -> None:
    """The daily reading, some days on end."""
    for _ in range(days):
        days_pass(house, 1)
        collect(house)


def kept(house: House) -> list[str]:
    return house.settlement_log.partitions(MARKET, ACCOUNTS)


def compared(house: House) -> list[tuple[datetime, Decimal]]:
    """Readings that are held against the log: when they were made, and what was held."""
    rows = [json.decode(row) for row in balances_to_compare(MARKET, house.at)]
    return [(datetime.fromisoformat(row["read_at"]), D(str(row["payment_details"]["reserve_balance"]))) for row in rows]


def test_every_days_balance_is_kept(house: House) -> None:
    read_on(house, 2)
    house.market.reserves["2001"] = D("150.00")
    read_on(house, 2)
    assert len(kept(house)) == 4
    assert [held for _, held in compared(house)] == [200, 200, 150], "the last one waits for the log to pass it"


def test_a_balance_waits_until_the_log_was_read_past_it(house: House) -> None:
    """What came just before the account was asked for may be listed late."""
    collect(house)
    assert compared(house) == []
    house.clock.advance(seconds=3_600)
    collect_settlements(MARKET, house.at, asked=True)
    assert compared(house) == [], "an hour is too near"
    read_on(house, 1)
    assert compared(house)


def test_while_the_log_is_cut_off_no_balance_is_compared_with_it(house: House) -> None:
    collect(house)
    sell(house)
    house.market.cut_off_after = 0
    for _ in range(3):
        days_pass(house, 1)
        with pytest.raises(Throttled):
            collect(house)
    assert compared(house) == []
    house.market.cut_off_after = None
    read_on(house, 1)
    assert [held for _, held in compared(house)] == [200]


@pytest.mark.parametrize(
    "refused",
    [Throttled("A01: 429", after_seconds=6 * 3600), SystemDown("A01: 503")],
    ids=["the check of the connection asked today", "nobody is home"],
)
def test_a_balance_that_does_not_come_keeps_no_money_waiting(house: House, refused: TieoutError) -> None:
    house.market.accounts_refused = refused
    sell(house)
    close(house)
    read_on(house, 2)
    assert house.postings.seen_versions(MARKET, ["cycle-1"]), "the cycle was recorded all the same"
    assert kept(house) == []
    house.market.accounts_refused = None
    read_on(house, 1)
    assert len(kept(house)) == 1


@pytest.mark.parametrize(
    "refused",
    [NeedsAttention(Reason.REFUSED_BY_MIRAKL, {"status": "403"}), CredentialsRefused("Mirakl answered A01 with 403")],
    ids=["an operator's role that lists no shops", "a seller's key that reads no account"],
)
def test_who_may_read_no_balances_is_told_so_and_no_money_waits(
    house: House, caplog: pytest.LogCaptureFixture, refused: TieoutError
) -> None:
    house.market.accounts_refused = refused
    sell(house)
    close(house)
    read_on(house, 2)
    assert house.postings.seen_versions(MARKET, ["cycle-1"])
    assert kept(house) == []
    said, _ = [each for each in caplog.records if each.message == "balances of shops may not be read"]
    assert "403" in str(said.__dict__["why"])


def test_the_account_is_asked_for_once_a_day_however_often_the_log_is_read(house: House) -> None:
    collect(house)
    for _ in range(5):
        house.clock.advance(seconds=600)
        collect_settlements(MARKET, house.at, asked=True)
    assert house.market.calls["A01"] == 1


def test_of_many_readings_the_last_ones_are_looked_at(house: House) -> None:
    read_on(house, 12)
    assert len(kept(house)) == 12
    moments = [moment for moment, _ in compared(house)]
    assert moments == sorted(moments)
    assert len(moments) == 7
    assert max(moments) <= house.clock.now - timedelta(hours=23)
