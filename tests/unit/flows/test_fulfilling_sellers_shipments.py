"""An operator's NetSuite follows what other sellers ship: each shipment one fulfilment, with only what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any, cast

import pytest
from msgspec.structs import replace

from tests.fakes import House, a_house, a_line, an_item, an_order, fetched
from tests.fakes.other_sellers import ANOTHER
from tests.simulation.faults import Fault, StrikeAt
from tests.simulation.fibers import Fibers
from tests.simulation.unreliable import Unreliable, Weather
from tieout.domain.errors import Reason
from tieout.domain.orders.order import Order
from tieout.domain.postings import Key, Kind, Posting, State
from tieout.domain.shipments.fulfilment import FulfilledLine, Fulfilment, FulfilmentDraft
from tieout.domain.shipments.shipment import Platform, Tracking
from tieout.flows.orders import collect
from tieout.flows.orders.work import post_due
from tieout.flows.shipments.collect_shipments import collect_shipments, sweep_shipments
from tieout.flows.shipments.from_order import fulfilment_intents

TWO = (a_line("MUG", quantity=3), a_line("BOWL", "20.00", "3.33"))


def an_operator(*orders: Order, plan: dict[tuple[str, int], Fault] | None = None, **changes: Any) -> House:
    """Runs the marketplace; shop 1 is its own; the orders are sales orders already."""
    house = a_house(
        marketplaces__brightside__role="operator",
        marketplaces__brightside__shop_id=None,
        marketplaces__brightside__operator={"own_shops": [1], "marketplace_item": "MARKETPLACE-GOODS"},
        **changes,
    )
    house.ledger.items_table.append(an_item("MARKETPLACE-GOODS", "77", kind="NonInvtPart"))
    sell(house, *orders)
    if plan:
        weather = Weather(StrikeAt(plan), Random(0), Fibers(house.clock))
        ledger = cast("Any", Unreliable("ledger", house.ledger, weather))
        return replace(house, at=replace(house.at, ledger=ledger))
    return house


def an_others(order_id: str = "A-1", **details: Any) -> Order:
    return an_order(order_id, TWO, **{"seller_id": ANOTHER, **details})


def sell(house: House, *orders: Order) -> None:
    collect.record("brightside", [fetched(order) for order in orders], house.at)
    work(house, *(Key("brightside", order.order_id, Kind.SALES_ORDER, order.order_id) for order in orders))


def work(house: House, *keys: Key) -> list[Key]:
    return post_due(keys, house.at, house.clock.now + timedelta(minutes=5))


def key(shipment_id: str, order_id: str = "A-1") -> Key:
    return Key("brightside", order_id, Kind.FULFILMENT, shipment_id)


def posting_of(house: House, which: Key) -> Posting:
    posting = house.postings.posting(which)
    assert posting is not None
    return posting


def sent(house: House, units: dict[str, int], order_id: str = "A-1", **details: Any) -> Key:
    """A seller ships, and Tieout reads it."""
    shipment = house.market.sends(order_id, units, **details)
    house.clock.advance(minutes=1)
    collect_shipments("brightside", house.at)
    return key(shipment.id, order_id)


def until_rest(house: House, keys: Sequence[Key], rounds: int = 10) -> None:
    for _ in range(rounds):
        work(house, *keys)
        house.clock.advance(minutes=15)


def made(house: House) -> list[Fulfilment]:
    return list(house.ledger.item_fulfilments.values())


def test_a_sellers_shipment_is_fulfilled_with_only_its_lines_its_tracking_and_its_seller() -> None:
    house = an_operator(an_others())
    which = sent(house, {"line-MUG": 2}, tracking=Tracking(number="1Z7", carrier_code="UPS"))
    assert work(house, which) == []
    (fulfilment,) = made(house)
    assert fulfilment.lines == (FulfilledLine("line-MUG", 2),)
    assert (fulfilment.status, fulfilment.tracking_numbers) == ("C", ("1Z7",))
    assert fulfilment.external_id.startswith("T-brightside-IF-sent-1")
    draft = house.ledger._by_external_id[fulfilment.external_id.casefold()].draft
    assert isinstance(draft, FulfilmentDraft)
    assert (draft.memo, draft.all_lines) == ("Seller 2005", (1, 3))
    assert posting_of(house, which).state is State.CONFIRMED


def test_the_rest_of_the_order_follows_with_the_next_shipment() -> None:
    house = an_operator(an_others())
    keys = [sent(house, {"line-MUG": 2}), sent(house, {"line-MUG": 1, "line-BOWL": 1})]
    work(house, *keys)
    assert [posting_of(house, each).state for each in keys] == [State.CONFIRMED] * 2
    (booked,) = house.ledger.booked(["T-brightside-SO-A-1"]).values()
    assert [(line.quantity, line.shipped) for line in booked.lines] == [(3, 3), (1, 1)]


def test_a_shipment_that_has_not_left_is_nobodys_yet_and_one_that_was_cancelled_is_forgotten() -> None:
    house = an_operator(an_others())
    which = sent(house, {"line-MUG": 1}, state="SHIPPING")
    assert house.postings.posting(which) is None
    assert sent(house, {"line-MUG": 1}, id=which.source_id) == which
    assert sent(house, {"line-MUG": 1}, id=which.source_id, state="CANCELED") == which
    work(house, which)
    assert (posting_of(house, which).state, made(house)) == (State.SUPERSEDED, [])


def test_what_is_seen_again_or_moves_on_is_fulfilled_once() -> None:
    house = an_operator(an_others())
    which = sent(house, {"line-MUG": 1})
    work(house, which)
    sent(house, {"line-MUG": 1}, id=which.source_id, state="RECEIVED")
    sweep_shipments("brightside", house.at)
    work(house, which)
    assert len(made(house)) == 1


def test_the_operators_own_shops_shipments_are_netsuites_own() -> None:
    house = an_operator(an_others(seller_id=1))
    assert house.postings.posting(sent(house, {"line-MUG": 1}, seller_id=1)) is None


def test_a_seller_does_not_ask_for_shipments_nor_does_an_operator_whose_platform_has_none() -> None:
    house = a_house()
    collect_shipments("brightside", house.at)
    house = an_operator()
    house.market.features = Platform(multi_shipment=False)
    collect_shipments("brightside", house.at)
    assert house.market.calls["ST11"] == 0


def test_the_window_overlaps_the_last_one_and_the_watermark_moves_only_at_its_end() -> None:
    house = an_operator(an_others())
    collect_shipments("brightside", house.at)
    late = house.market.sends("A-1", {"line-MUG": 1}, updated_at=house.clock.now - timedelta(minutes=5))
    house.clock.advance(minutes=4)
    collect_shipments("brightside", house.at)
    assert posting_of(house, key(late.id)).state is State.DUE
    assert house.watermarks.read("brightside/shipments") == house.market.now()
    assert house.watermarks.read("brightside") is None


def test_a_shipment_that_does_not_read_parks_with_what_is_wrong() -> None:
    house = an_operator(an_others())
    house.market.unreadable.add("sent-1")
    posting = posting_of(house, sent(house, {"line-MUG": 1}))
    assert (posting.state, posting.reason) == (State.PARKED, Reason.UNREADABLE_DOCUMENT)
    assert posting.facts == {"problem": "lines is missing"}


def test_a_shipment_waits_for_its_sales_order() -> None:
    house = an_operator()
    which = sent(house, {"line-MUG": 1})
    work(house, which)
    assert (posting_of(house, which).state, posting_of(house, which).attempt) == (State.DUE, 0)
    sell(house, an_others())
    until_rest(house, [which])
    assert posting_of(house, which).state is State.CONFIRMED


def test_an_order_from_before_the_cut_over_is_let_go_in_the_end() -> None:
    house = an_operator()
    which = sent(house, {"line-MUG": 1}, order_id="OLD-1")
    for _ in range(5):
        house.clock.advance(minutes=24 * 60)
        work(house, which)
    posting = posting_of(house, which)
    assert (posting.state, made(house)) == (State.CONFIRMED, [])
    assert "older than" in posting.facts["order"]


def test_more_than_the_sales_order_has_left_parks_with_both_figures() -> None:
    house = an_operator(an_others())
    work(house, sent(house, {"line-MUG": 2}))
    which = sent(house, {"line-MUG": 2})
    work(house, which)
    posting = posting_of(house, which)
    assert (posting.state, posting.reason) == (State.PARKED, Reason.SHIPPED_TWICE)
    assert (posting.facts["ordered"], posting.facts["fulfilled"], posting.facts["shipped"]) == ("3", "2", "2")


def test_more_than_is_left_parks_too_when_both_shipments_come_in_one_batch() -> None:
    house = an_operator(an_others())
    keys = [sent(house, {"line-MUG": 2}), sent(house, {"line-MUG": 2})]
    until_rest(house, keys)
    assert [posting_of(house, each).state for each in keys] == [State.CONFIRMED, State.PARKED]


def test_a_line_that_netsuite_closed_is_not_fulfilled() -> None:
    house = an_operator(an_others())
    house.ledger.closed_lines["1000"].add(1)
    which = sent(house, {"line-MUG": 1})
    work(house, which)
    assert posting_of(house, which).reason == Reason.ALREADY_SHIPPED


@pytest.mark.parametrize(
    "fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.ZOMBIE, Fault.THROTTLED, Fault.DOWN, Fault.CREDENTIALS]
)
@pytest.mark.parametrize("call", ["create_fulfilment", "find_transactions", "booked", "fulfilments"])
def test_whatever_happens_to_a_call_each_shipment_is_fulfilled_once(fault: Fault, call: str) -> None:
    house = an_operator(an_others(), plan={(call, 1): fault})
    keys = [sent(house, {"line-MUG": 3}), sent(house, {"line-BOWL": 1})]
    until_rest(house, keys)
    assert [posting_of(house, each).state for each in keys] == [State.CONFIRMED] * 2
    fulfilled = [line for each in made(house) for line in each.lines]
    assert sorted((line.line_id, line.quantity) for line in fulfilled) == [("line-BOWL", 1), ("line-MUG", 3)]


def test_a_fulfilment_that_took_more_than_it_was_told_parks(monkeypatch: pytest.MonkeyPatch) -> None:
    house = an_operator(an_others())
    which = sent(house, {"line-MUG": 1})
    real = house.ledger.fulfilments

    def with_a_bowl(ids: Sequence[str]) -> list[Fulfilment]:
        return [replace(each, lines=(*each.lines, FulfilledLine("line-BOWL", 1))) for each in real(ids)]

    monkeypatch.setattr(house.ledger, "fulfilments", with_a_bowl)
    work(house, which)
    posting = posting_of(house, which)
    assert (posting.state, posting.reason) == (State.PARKED, Reason.TOTAL_MISMATCH)
    assert posting.facts["netsuite"].startswith("2 units")


# --- what the order itself tells -------------------------------------------------------------------------------------


def intents(house: House, order: Order) -> list[tuple[Kind, str]]:
    return [(each.key.kind, each.key.source_id) for each in fulfilment_intents(order, "orders/x.json", house.at)]


def whole_orders_only(**changes: Any) -> House:
    house = an_operator(**changes)
    house.market.features = Platform(multi_shipment=False)
    return house


@pytest.mark.parametrize(("state", "gone"), [("SHIPPING", 0), ("SHIPPED", 1), ("TO_COLLECT", 1), ("RECEIVED", 1)])
def test_without_shipments_of_its_own_a_platform_tells_by_the_orders_state(state: str, gone: int) -> None:
    assert intents(whole_orders_only(), an_others(state=state)) == [(Kind.FULFILMENT, "A-1")] * gone


def test_with_shipments_the_order_tells_nothing_of_what_left() -> None:
    assert intents(an_operator(), an_others(state="SHIPPED")) == []


def test_a_sellers_or_an_own_shops_order_tells_nothing() -> None:
    assert intents(a_house(), an_others(state="CLOSED")) == []
    assert intents(whole_orders_only(), an_others(state="CLOSED", seller_id=1)) == []


def test_a_whole_order_is_fulfilled_whole() -> None:
    house = whole_orders_only()
    sell(house, an_others())
    order = an_others(state="SHIPPED", version="2026-03-05T09:30:00.000Z", updated_at=house.clock.now)
    payload = "orders/brightside/A-1/shipped.json"
    house.archive.store({payload: fetched(order).raw})
    house.postings.record_order(
        marketplace="brightside",
        order_id="A-1",
        version=order.version,
        state=order.state,
        payload=payload,
        intents=fulfilment_intents(order, payload, house.at),
        retire=[],
        now=house.clock(),
    )
    work(house, key("A-1"))
    assert [each.lines for each in made(house)] == [(FulfilledLine("line-MUG", 3), FulfilledLine("line-BOWL", 1))]


@pytest.mark.parametrize(
    ("rule", "state", "closes"),
    [
        ("received", "SHIPPED", False),
        ("received", "RECEIVED", True),
        ("closed", "RECEIVED", False),
        ("closed", "CLOSED", True),
        ("never", "CLOSED", False),
    ],
)
def test_a_sales_order_is_closed_when_the_settings_say_it_is_over(rule: str, state: str, *, closes: bool) -> None:
    house = an_operator()
    operator = house.at.config.marketplaces["brightside"].operator.model_copy(update={"close_sales_orders": rule})
    market = house.at.config.marketplaces["brightside"].model_copy(update={"operator": operator})
    config = house.at.config.model_copy(update={"marketplaces": {"brightside": market}})
    house = replace(house, at=replace(house.at, config=config))
    assert intents(house, an_others(state=state)) == [(Kind.CLOSURE, "DONE")] * closes
