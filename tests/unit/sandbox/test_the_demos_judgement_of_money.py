"""The demo must see money that one side has and the other has not: a made-up cycle with one mistake each."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sandbox.demo.clearing import Judged, MoneyBooks, judge
from tieout.config import Config, read_config
from tieout.domain.postings import Key, Kind, Posting, State

D = Decimal
Row = dict[str, Any]
UK = "brightside-uk"
CLEARING, TRANSIT, COMMISSION, PREPAID = ("1115", "GBP"), ("1050", "GBP"), ("6100", "GBP"), ("1410", "GBP")


@pytest.fixture(scope="module")
def config() -> Config:
    return read_config(Path("config/gift-shop.yaml"))


def row(kind: str, amount: str, **fields: Any) -> Row:
    return {"type": kind, "amount": D(amount), "seller_billing_cycle_id": "c1", "payment_state": "PAYABLE", **fields}


def a_cycle(state: str = "TO_PAY") -> MoneyBooks:
    """120.00 sold, 18.00 of commission and tax: 102.00 to pay."""
    lines = [
        row("ORDER_AMOUNT", "120.00"),
        row("COMMISSION_FEE", "-15.00"),
        row("COMMISSION_VAT", "-3.00"),
        row("ORDER_AMOUNT", "50.00", payment_state="NOT_APPLICABLE"),
        row("ORDER_AMOUNT", "7.00", seller_billing_cycle_id=None),
    ]
    if state == "PAID":
        lines.append(row("PAYMENT", "-102.00", payment_state="PAID"))
    cycle = {
        "id": "c1",
        "currency_iso_code": "GBP",
        "amount_transferred_to_seller": D("102.00"),
        "pay_out": {"state": state},
    }
    return MoneyBooks({UK: lines}, {UK: [cycle]})


def posting(kind: Kind = Kind.CYCLE, source_id: str = "c1", **fields: Any) -> Posting:
    given = {"state": State.CONFIRMED, "source_version": "1", "payload": ""}
    if kind is not Kind.CYCLE:
        given["external_id"] = f"T-{UK}-{kind}-{source_id}"
    return Posting(key=Key(UK, "c1", kind, source_id), **(given | fields))


POSTED = [posting(), posting(Kind.CUSTOMER_PAYMENT, "c1-1")]
CREATED = {"customerPayment": [{"externalId": f"T-{UK}-PMT-c1-1"}, {"externalId": "of-another-system"}]}
UNPAID = {CLEARING: D("102.00"), COMMISSION: D("15.00")}
PAID = {CLEARING: D("0.00"), TRANSIT: D("102.00"), COMMISSION: D("10.00"), PREPAID: D("5.00")}


def judged(config: Config, **given: Any) -> Judged:
    asked: Row = {"books": a_cycle(), "postings": POSTED, "balances": UNPAID, "created": CREATED} | given
    return judge(config, asked["books"], asked["postings"], asked["balances"], asked["created"])


def test_a_cycle_that_is_booked_and_not_paid_leaves_its_amount_in_clearing(config: Config) -> None:
    found = judged(config)
    assert found.problems == []
    (account,) = found.accounts
    assert (account.lines, account.settled, account.undisbursed) == (3, D("102.00"), D("102.00"))
    assert found.records == {"customerPayment": 1}


def test_a_payout_empties_clearing(config: Config) -> None:
    found = judged(config, books=a_cycle("PAID"), balances=PAID)
    assert found.problems == []
    assert found.accounts[0].undisbursed == 0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({CLEARING: D("101.99")}, "marketplace_clearing 1115: 101.99 GBP, the marketplaces' logs say 102.00"),
        ({TRANSIT: D("102.00")}, "bank_in_transit 1050: 102.00 GBP, the marketplaces' logs say 0"),
        ({COMMISSION: D("30.00")}, "commission_expense 6100, prepaid_commission 1410: 30.00 GBP"),
    ],
)
def test_a_balance_that_is_another_is_told_with_both_figures(
    config: Config, changed: dict[tuple[str, str], Decimal], said: str
) -> None:
    (problem,) = judged(config, balances=UNPAID | changed).problems
    assert said in problem


def test_a_record_that_is_there_twice_or_unasked_or_not_at_all_is_told(config: Config) -> None:
    twice = deepcopy(CREATED) | {"journalEntry": [{"externalId": f"t-{UK}-pmt-C1-1"}]}
    assert "2 times" in judged(config, created=twice).problems[0]
    unasked = CREATED | {"journalEntry": [{"externalId": f"T-{UK}-JE-c1-9"}]}
    assert "no posting made it" in judged(config, created=unasked).problems[0]
    assert "not in NetSuite" in judged(config, created={}).problems[0]


def test_a_record_that_is_not_confirmed_is_told_with_its_reason(config: Config) -> None:
    parked = replace(POSTED[1], state=State.PARKED, reason="period_closed", facts={"day": "2026-10-31"})
    (problem,) = judged(config, postings=[POSTED[0], parked]).problems
    assert "period_closed (day 2026-10-31)" in problem


def test_a_cycle_may_be_held_only_if_something_is_wrong_with_it(config: Config) -> None:
    held = posting(state=State.PARKED, reason="cycle_held", facts={"codes": "CYCLE_NOT_TIED"})
    nothing: Row = {"postings": [held], "balances": {}, "created": {}}
    (problem,) = judged(config, **nothing).problems
    assert "adds up, and is not booked" in problem
    wrong = a_cycle()
    wrong.lines[UK][0]["amount"] = D("119.00")
    found = judged(config, books=wrong, **nothing)
    assert found.problems == []
    assert found.held == {f"{UK} c1": "cycle_held: CYCLE_NOT_TIED"}
    unknown = a_cycle()
    unknown.lines[UK][0]["type"] = "NEW_FEE"
    assert judged(config, books=unknown, **nothing).problems == []


def test_what_a_month_accrues_is_no_cycle(config: Config) -> None:
    month = replace(POSTED[0], key=Key(UK, "2026-10", Kind.CYCLE, "2026-10"))
    found = judged(config, postings=[*POSTED, month, replace(month, state=State.PARKED, reason="settlement_to_review")])
    assert found.problems == []
    assert found.cycles == {"booked": 1, "months accrued": 1, "months to accrue": 1}
