"""Cycles of one account are booked as they closed: what was shown for a review together can be agreed to together."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from tests.fakes import House
from tests.fakes.orders import a_line, an_order
from tests.simulation.faults import Crash, RandomFaults, StoreUnavailableError
from tests.unit.flows.test_settlements import (
    MARKET,
    _work_once,
    a_log_line,
    a_settled_house,
    collect,
    invoice,
    struck,
    work,
)
from tieout.domain.errors import NeedsAttention, Reason, TieoutError
from tieout.domain.ledger.line import Cycle, PayOut
from tieout.domain.postings import Lane, Posting, State
from tieout.flows.settlement.plan import of_the_cycle
from tieout.flows.settlement.review import approve, list_reviews
from tieout.flows.settlement.work import post_due

FIRST, SECOND, THIRD = "cycle-a", "cycle-b", "cycle-c"
ALL = (FIRST, SECOND, THIRD)


def close(house: House, cycle_id: str, amount: str, number: int, **more: Any) -> None:
    """Money of order A-1 comes in a cycle of its own: an invoice of 120.00 is paid in parts."""
    now = house.clock.now
    house.market.put_lines(replace(a_log_line(number, "ORDER_AMOUNT", amount, now), cycle=cycle_id))
    values: dict[str, Any] = {
        "id": cycle_id,
        "currency": "GBP",
        "closed_at": now,
        "to_seller": Decimal(amount),
        "to_operator": None,
    }
    house.market.cycles[cycle_id] = Cycle(**(values | {"pay_out": PayOut(state="TO_PAY")} | more))


def three_that_wait(**changes: Any) -> House:
    """Three cycles of one account, shown together; the invoice is used up in the middle of the second."""
    house = a_settled_house(posting="record_level", **changes)
    house.market.put(an_order("A-1", lines=[a_line(price="120.00", tax="20.00", line_id="A-1-1")]))
    invoice(house)
    for number, (cycle, amount) in enumerate(zip(ALL, ("70.00", "60.00", "50.00"), strict=True)):
        close(house, cycle, amount, number)
        house.clock.advance(hours=1)
    house.clock.advance(hours=25)
    collect(house)
    look(house)
    return house


def look(house: House) -> None:
    """Everything that is due is worked once."""
    keys = house.postings.due(Lane.SETTLEMENTS_TO_POST, house.clock.now, 100)
    assert post_due(keys, house.at, house.clock.now + timedelta(minutes=5)) == []


def hashes(house: House) -> dict[str, str]:
    return {each.plan.cycle: each.plan.hash for each in list_reviews(house.at)}


def the(house: House, cycle: str) -> Posting:
    posting = house.postings.posting(of_the_cycle(MARKET, cycle))
    assert posting is not None
    return posting


def states(house: House) -> list[State]:
    return [the(house, cycle).state for cycle in ALL]


def cycles_in_netsuite(house: House) -> list[str]:
    return list(dict.fromkeys(record.cycle for record in house.ledger.settled))


def applied(house: House) -> list[Decimal]:
    return [each.amount for record in house.ledger.settled for each in record.applications]


@pytest.mark.parametrize("order", list(permutations(ALL)), ids=lambda order: " ".join(each[-1] for each in order))
def test_in_whatever_order_they_are_agreed_to_they_are_booked_as_they_closed(order: Sequence[str]) -> None:
    house = three_that_wait()
    shown = hashes(house)
    assert set(shown) == set(ALL)
    for cycle in order:
        assert approve(house.at, shown[cycle], "finance") == [of_the_cycle(MARKET, cycle)]
    work(house)
    assert states(house) == [State.CONFIRMED] * 3
    assert cycles_in_netsuite(house) == list(ALL)
    assert applied(house) == [Decimal("70.00"), Decimal("50.00")], (
        "the invoice is paid once, in the order of the cycles"
    )
    assert {the(house, cycle).facts["hash"] for cycle in ALL} == set(shown.values())


def test_one_that_is_agreed_to_waits_for_the_one_before_it_and_says_so() -> None:
    house = three_that_wait()
    shown = hashes(house)
    approve(house.at, shown[SECOND], "finance")
    for _ in range(6):
        look(house)
        house.clock.advance(minutes=11)
    assert states(house) == [State.PARKED, State.DUE, State.PARKED]
    assert not house.ledger.settled
    why = house.postings.history[of_the_cycle(MARKET, SECOND)][-1].facts
    assert f"cycle {FIRST} of the same account has to be agreed to first" in str(why)
    assert hashes(house) == {cycle: shown[cycle] for cycle in (FIRST, THIRD)}, "what else was shown is as it was"
    approve(house.at, shown[FIRST], "finance")
    work(house)
    assert states(house) == [State.CONFIRMED, State.CONFIRMED, State.PARKED]
    assert hashes(house) == {THIRD: shown[THIRD]}


def test_the_reviews_stay_what_they_were_while_the_first_is_being_booked() -> None:
    house = three_that_wait()
    shown = hashes(house)
    approve(house.at, shown[FIRST], "finance")
    while the(house, FIRST).state is not State.CONFIRMED:
        look(house)
    approve(house.at, shown[SECOND], "finance")
    approve(house.at, shown[THIRD], "finance")
    work(house)
    assert states(house) == [State.CONFIRMED] * 3


def test_a_record_that_netsuite_refuses_keeps_those_after_it_waiting() -> None:
    house = three_that_wait()
    shown = hashes(house)
    (review,) = [each for each in list_reviews(house.at) if each.plan.cycle == FIRST]
    record = review.plan.records[0].external_id
    house.ledger.refuses[record] = NeedsAttention(Reason.REFUSED_BY_NETSUITE, {"code": "USER_ERROR"})
    for cycle in ALL:
        approve(house.at, shown[cycle], "finance")
    for _ in range(4):
        look(house)
        house.clock.advance(minutes=11)
    assert states(house) == [State.CONFIRMED, State.DUE, State.DUE]
    assert f"mended: {record} is parked" in str(house.postings.history[of_the_cycle(MARKET, SECOND)][-1].facts)


def test_a_cycle_that_is_held_is_nobody_s_turn() -> None:
    """That nothing of it is booked is decided; those after it go on."""
    house = a_settled_house(posting="summary_journal")
    close(house, FIRST, "70.00", 1, to_seller=Decimal("71.00"))
    house.clock.advance(hours=1)
    close(house, SECOND, "60.00", 2)
    house.clock.advance(hours=25)
    collect(house)
    look(house)
    assert the(house, FIRST).reason == Reason.CYCLE_HELD
    approve(house.at, hashes(house)[SECOND], "finance")
    work(house)
    assert the(house, SECOND).state is State.CONFIRMED


def test_accounts_of_other_currencies_do_not_wait_for_each_other() -> None:
    house = three_that_wait()
    house.market.put_lines(
        replace(a_log_line(9, "ORDER_AMOUNT", "9.00", house.clock.now, "E-1"), cycle="cycle-e", currency="EUR")
    )
    close(house, "cycle-e", "0.00", 8, currency="EUR", to_seller=Decimal("9.00"))
    house.market.lines.pop("line-8")
    house.clock.advance(hours=25)
    collect(house)
    look(house)
    approve(house.at, hashes(house)["cycle-e"], "finance")
    work(house)
    assert the(house, "cycle-e").state is State.CONFIRMED
    assert states(house) == [State.PARKED] * 3


def test_without_an_agreement_they_are_booked_in_order_too() -> None:
    house = three_that_wait(autopost=True)
    work(house)
    assert states(house) == [State.CONFIRMED] * 3
    assert cycles_in_netsuite(house) == list(ALL)


@pytest.mark.parametrize("seed", range(15))
def test_with_every_tenth_call_going_wrong_the_order_and_the_hashes_hold(seed: int) -> None:
    house, dice = three_that_wait(), Random(seed)
    shown = hashes(house)
    for cycle in dice.sample(ALL, 3):
        approve(house.at, shown[cycle], "finance")
    at = struck(house, RandomFaults(0.1, dice))
    for _ in range(150):
        with suppress(Crash, StoreUnavailableError, TieoutError):
            _work_once(house, at)
        house.clock.advance(minutes=20)
    assert states(house) == [State.CONFIRMED] * 3
    assert {the(house, cycle).facts["hash"] for cycle in ALL} == set(shown.values())
    assert cycles_in_netsuite(house) == list(ALL)
    assert applied(house) == [Decimal("70.00"), Decimal("50.00")]
