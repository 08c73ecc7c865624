"""Goods that come back by the marketplace's word: authorised, and received when they are there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.fakes import House, a_house, a_line, an_order
from tests.fakes.taking_back import a_return
from tests.unit.flows.test_crediting_refunds import work
from tieout.domain.errors import Reason
from tieout.domain.exchange import PostedTransaction
from tieout.domain.money import ZERO, Money
from tieout.domain.postings import Key, Kind, Lane, Posting, State
from tieout.domain.returns.goods import FetchedReturn, Return, ReturnLine
from tieout.flows.orders.work import post_due
from tieout.flows.returns.collect import collect_returns, sweep_returns
from tieout.flows.returns.send import send_refunds

BOWLS = a_line("BOWL", "30.00", "5.00", quantity=3)
TWO_BOWLS = a_return("A-1", ReturnLine("line-BOWL", 2), reference="RMA-7")


def a_house_that_shipped(**changes: Any) -> House:
    house = a_house(**changes)
    house.market.put(an_order("A-1", [a_line("MUG"), BOWLS]))
    work(house)
    house.ledger.ship("A-1", {"line-BOWL": 3})
    return house


def read(house: House, minutes: float = 5) -> None:
    house.clock.advance(minutes=minutes)
    collect_returns("brightside", house.at)
    for _ in range(4):
        due = house.postings.due(Lane.ORDERS_TO_POST, house.clock(), 100)
        assert post_due(due, house.at, house.clock() + timedelta(minutes=5)) == []


def come_back(house: House, back: Return = TWO_BOWLS, **changes: Any) -> None:
    house.market.bring_back(replace(back, **changes))
    read(house)


def posting_of(house: House, kind: Kind) -> Posting | None:
    return house.postings.posting(Key("brightside", "A-1", kind, "RET-1"))


def test_a_return_on_its_way_becomes_one_authorisation_of_its_units() -> None:
    house = a_house_that_shipped()
    come_back(house)
    come_back(house)
    (record,) = house.ledger.authorizations
    assert (record.transaction.external_id, record.draft.quantities, record.draft.memo) == (
        "T-brightside-RA-RET-1",
        {3: 2},
        "RMA-7",
    )
    assert house.ledger.receipts == []


def test_goods_that_came_in_are_received_on_their_authorisation() -> None:
    house = a_house_that_shipped()
    come_back(house)
    come_back(house, state="RECEIVED")
    (receipt,) = house.ledger.receipts
    assert (receipt.draft.authorization_id, receipt.draft.quantities) == (
        house.ledger.authorizations[0].transaction.id,
        {103: 2},
    )
    read(house)
    assert len(house.ledger.receipts) == 1


def test_a_return_that_is_first_seen_received_is_authorised_first() -> None:
    house = a_house_that_shipped()
    come_back(house, state="RECEIVED")
    read(house, 60)
    assert (len(house.ledger.authorizations), len(house.ledger.receipts)) == (1, 1)


def test_who_receives_goods_by_hand_gets_the_authorisation_alone() -> None:
    house = a_house_that_shipped(marketplaces__brightside__returns={"receive": False})
    come_back(house, state="RECEIVED")
    assert (len(house.ledger.authorizations), house.ledger.receipts) == (1, [])


@pytest.mark.parametrize("state", ["WAITING_ACCEPTANCE", "REFUSED", "CANCELED", "NO_RECEPTION"])
def test_a_return_that_may_not_come_or_did_not_is_not_authorised(state: str) -> None:
    house = a_house_that_shipped()
    come_back(house, state=state)
    assert house.ledger.authorizations == []


def test_a_return_that_is_cancelled_before_it_was_written_is_not_written_any_more() -> None:
    house = a_house_that_shipped()
    house.market.bring_back(TWO_BOWLS)
    house.clock.advance(minutes=5)
    collect_returns("brightside", house.at)
    come_back(house, state="CANCELED")
    posting = posting_of(house, Kind.RETURN_AUTHORIZATION)
    assert posting is not None
    assert posting.state is State.SUPERSEDED
    assert house.ledger.authorizations == []


def test_a_return_of_goods_that_have_not_left_here_waits() -> None:
    house = a_house()
    house.market.put(an_order("A-1", [a_line("MUG"), BOWLS]))
    work(house)
    come_back(house)
    assert house.ledger.authorizations == []
    house.ledger.ship("A-1", {"line-BOWL": 3})
    read(house, 60)
    assert len(house.ledger.authorizations) == 1


def test_a_return_of_a_line_that_was_never_sold_is_for_a_person() -> None:
    house = a_house_that_shipped()
    come_back(house, replace(TWO_BOWLS, lines=(ReturnLine("line-JUG", 1),)))
    posting = posting_of(house, Kind.RETURN_AUTHORIZATION)
    assert posting is not None
    assert (posting.state, posting.reason) == (State.PARKED, Reason.UNREADABLE_DOCUMENT)


def test_a_return_that_does_not_read_is_parked_with_its_problem() -> None:
    house = a_house_that_shipped()
    raw = FetchedReturn("RET-1", "A-1", house.clock(), b"{}", None, "state is missing")
    house.market.returns_updated = lambda start, end: iter([[raw]])  # type: ignore[method-assign]  # noqa: ARG005
    read(house)
    posting = posting_of(house, Kind.RETURN_AUTHORIZATION)
    assert posting is not None
    assert (posting.reason, posting.facts["problem"]) == (Reason.UNREADABLE_DOCUMENT, "state is missing")


def test_returns_of_orders_from_before_the_cut_over_are_left_alone() -> None:
    house = a_house_that_shipped()
    house.market.bring_back(replace(TWO_BOWLS, order_id="OLD-1"))
    read(house)
    assert house.ledger.authorizations == []


def test_a_sweep_finds_what_a_poll_missed_and_leaves_the_watermark() -> None:
    house = a_house_that_shipped()
    house.market.bring_back(TWO_BOWLS)
    house.watermarks.advance("brightside/returns", house.clock() + timedelta(hours=1))
    mark = house.watermarks.read("brightside/returns")
    assert sweep_returns("brightside", house.at).due == 1
    assert house.watermarks.read("brightside/returns") == mark


def test_a_return_moves_no_money() -> None:
    house = a_house_that_shipped()
    come_back(house, state="RECEIVED")
    read(house, 60)
    assert send_refunds(house.at) == 0
    assert house.ledger.credit_memos == []


def test_a_record_of_somebody_elses_under_our_id_is_not_taken_for_the_authorisation() -> None:
    house = a_house_that_shipped()
    come_back(house, state="WAITING_ACCEPTANCE")
    external = a_taken_id(house)
    come_back(house)
    posting = posting_of(house, Kind.RETURN_AUTHORIZATION)
    assert posting is not None
    assert (posting.reason, posting.facts["external_id"]) == (Reason.EXTERNAL_ID_TAKEN, external)


def a_taken_id(house: House) -> str:
    """Somebody made an invoice under the id that our authorisation will have."""
    from tests.fakes.record import Record  # noqa: PLC0415
    from tieout.domain.ids import external_id  # noqa: PLC0415

    taken = external_id("brightside", Kind.RETURN_AUTHORIZATION, "RET-1")
    theirs = PostedTransaction("9", taken, "CustInvc", "INV9", "", Money(ZERO, "GBP"))
    house.ledger._by_external_id[taken.casefold()] = Record(theirs, None, house.clock())
    return taken
