"""Every fulfilment that left is one shipment at the marketplace, with its carrier; never two, never none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes import House, a_house, a_line, an_order, fetched
from tests.fakes.dispatch import a_fulfilment
from tieout.domain.errors import NeedsAttention, OutcomeUnknown, Reason, SystemDown, Throttled
from tieout.domain.orders.order import Order
from tieout.domain.postings import Key, Kind, Lane, Posting, State
from tieout.domain.shipments.fulfilment import FulfilledLine, Fulfilment
from tieout.domain.shipments.shipment import Carrier, Platform, Shipment, Tracking
from tieout.flows.orders.collect import record
from tieout.flows.shipments.collect import collect_fulfilments
from tieout.flows.shipments.confirm import confirm_shipments

DHL = [{"ship_method": "7", "code": "DHL"}]
REFERENCE = "T-brightside-SHIP-"


def a_dispatch(*fulfilments: Fulfilment, orders: tuple[Order, ...] = (), in_parts: bool = True, **config: Any) -> House:
    """A house whose marketplace has these orders, each seen, and whose warehouse shipped these fulfilments."""
    shipments = {"carriers": DHL, "other_carrier": "Courier"} | config
    house = a_house(marketplaces__brightside__shipments=shipments)
    house.market.features = Platform(multi_shipment=in_parts)
    house.clock.advance(minutes=1)
    for order in orders or (an_order("A-1"),):
        house.market.put(order)
    see(house)
    ship(house, *fulfilments)
    return house


def see(house: House) -> None:
    record("brightside", [fetched(order) for order in house.market.orders.values()], house.at)


def ship(house: House, *fulfilments: Fulfilment) -> None:
    for fulfilment in fulfilments:
        house.ledger.save(fulfilment)
    collect_fulfilments(house.at)


def key(fulfilment_id: str = "501", order_id: str = "A-1") -> Key:
    return Key("brightside", order_id, Kind.SHIPMENT, fulfilment_id)


def posting_of(house: House, fulfilment_id: str = "501", order_id: str = "A-1") -> Posting:
    posting = house.postings.posting(key(fulfilment_id, order_id))
    assert posting is not None
    return posting


def work(house: House, *keys: Key, seconds: float = 300) -> list[Key]:
    """A worker's run over these keys, or over all that is due."""
    due = list(keys) or house.postings.due(Lane.SHIPMENTS_TO_CONFIRM, house.clock(), 10_000)
    house.market.calls.clear()
    return confirm_shipments(due, house.at, house.clock() + timedelta(seconds=seconds))


def shipments(house: House) -> list[Shipment]:
    return list(house.market.shipments.values())


def left_orders(house: House) -> dict[str, str]:
    return {order_id: order.state for order_id, order in house.market.orders.items()}


def mugs(order_id: str = "A-1", quantity: int = 1, **details: Any) -> Order:
    return an_order(order_id, [a_line("MUG", quantity=quantity)], **details)


def of_mugs(units: int, fulfilment_id: str = "501", order_id: str = "A-1", **details: Any) -> Fulfilment:
    lines = (FulfilledLine("line-MUG", units),)
    return a_fulfilment(order_id, fulfilment_id, lines=lines, ship_method="7", **details)


# --- what is told ----------------------------------------------------------------------------------------------------


def test_a_fulfilment_becomes_one_shipment_with_its_carrier_in_one_call_and_is_read_back() -> None:
    house = a_dispatch(of_mugs(1))
    assert work(house) == []
    (shipment,) = shipments(house)
    assert (shipment.state, shipment.reference, shipment.lines[0].quantity) == ("SHIPPED", f"{REFERENCE}501", 1)
    assert shipment.tracking == Tracking(number="1Z501", carrier_code="DHL")
    posting = posting_of(house)
    assert posting.state is State.CONFIRMED
    assert posting.facts == {"shipment": shipment.id, "state": "SHIPPED", "carrier": "DHL", "tracking": "1Z501"}
    assert (house.market.calls["ST01"], house.market.calls["ST11"]) == (1, 1)
    assert not {"ST23", "ST24", "OR23", "OR24", "OR11"} & set(house.market.calls)
    assert house.meter.counts["ShipmentsConfirmed"] == 1


def test_telling_makes_no_call_to_netsuite() -> None:
    house = a_dispatch(of_mugs(1))
    house.ledger.calls.clear()
    work(house)
    assert not house.ledger.calls


def test_a_part_is_told_as_a_part_and_the_rest_follows() -> None:
    house = a_dispatch(of_mugs(2), orders=(mugs(quantity=3),))
    work(house)
    assert left_orders(house) == {"A-1": "SHIPPING"}
    house.clock.advance(minutes=20)
    ship(house, of_mugs(1, "502"))
    work(house)
    assert left_orders(house) == {"A-1": "SHIPPED"}
    assert [each.lines[0].quantity for each in shipments(house)] == [2, 1]


def test_several_parcels_are_one_shipment_that_names_them_all() -> None:
    house = a_dispatch(of_mugs(2, tracking_numbers=("1ZA", "1ZB", "1ZC")), orders=(mugs(quantity=2),))
    work(house)
    (shipment,) = shipments(house)
    assert (shipment.tracking.number, shipment.reference) == ("1ZA", f"{REFERENCE}501 parcels: 1ZA, 1ZB, 1ZC")
    assert posting_of(house).facts["parcels"] == "1ZA, 1ZB, 1ZC"


def test_a_line_that_was_picked_from_two_bins_is_told_once() -> None:
    lines = (FulfilledLine("line-MUG", 1), FulfilledLine("line-MUG", 2))
    house = a_dispatch(a_fulfilment(lines=lines), orders=(mugs(quantity=3),))
    work(house)
    assert [(line.line_id, line.quantity) for line in shipments(house)[0].lines] == [("line-MUG", 3)]


def test_where_the_buyer_pays_on_shipment_prepared_is_told() -> None:
    house = a_dispatch(of_mugs(1), orders=(mugs(payment_workflow="PAY_ON_SHIPMENT"),))
    work(house)
    assert (posting_of(house).state, posting_of(house).facts["state"]) == (State.CONFIRMED, "SHIPMENT_PREPARED")


def test_a_backlog_goes_in_one_call_a_thousand_and_what_a_full_batch_leaves_is_done_with_it() -> None:
    orders = tuple(mugs(f"A-{n}") for n in range(1500))
    house = a_dispatch(*(of_mugs(1, str(n), f"A-{n}") for n in range(1500)), orders=orders)
    ten = house.postings.due(Lane.SHIPMENTS_TO_CONFIRM, house.clock(), 10)
    work(house, *ten)
    assert (house.market.calls["ST01"], house.market.calls["ST11"]) == (1, 10)
    work(house)
    assert (house.market.calls["ST01"], house.market.calls["ST11"]) == (1, 5)
    assert len(shipments(house)) == 1500
    assert {posting_of(house, str(n), f"A-{n}").state for n in range(1500)} == {State.CONFIRMED}


# --- carriers never stand in the way ---------------------------------------------------------------------------------


def test_a_carrier_that_mirakl_refuses_gives_way_to_a_poorer_one_in_the_same_run() -> None:
    """The settings say a standard code that does not exist: the shipment goes under the free-text name."""
    rule = [{"ship_method": "7", "standard_code": "NOPE"}]
    house = a_dispatch(of_mugs(1), carriers=rule)
    work(house)
    (shipment,) = shipments(house)
    assert (shipment.tracking.carrier_name, shipment.tracking.number) == ("Courier", "1Z501")
    assert posting_of(house).state is State.CONFIRMED


def test_without_any_carrier_that_it_takes_the_shipment_goes_without_tracking() -> None:
    house = a_dispatch(of_mugs(1), carriers=[], other_carrier=None)
    house.market.features = Platform(multi_shipment=True, alternative_carriers=False)
    work(house)
    assert (shipments(house)[0].tracking, posting_of(house).state) == (Tracking(), State.CONFIRMED)


def test_a_refused_carrier_keeps_no_other_order_back() -> None:
    house = a_dispatch(
        of_mugs(1), replace(of_mugs(1, "502", "A-2"), ship_method="8"), orders=(mugs("A-1"), mugs("A-2")),
        carriers=[*DHL, {"ship_method": "8", "standard_code": "NOPE"}],
    )  # fmt: skip
    work(house)
    assert left_orders(house) == {"A-1": "SHIPPED", "A-2": "SHIPPED"}
    assert house.market.calls["ST01"] == 2


def test_when_the_carriers_are_not_told_their_codes_are_just_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    house = a_dispatch(of_mugs(1))

    def throttled() -> dict[str, Carrier]:
        raise Throttled("SH21: once a day", 80_000)

    monkeypatch.setattr(house.market, "carriers", throttled)
    work(house)
    assert shipments(house)[0].tracking == Tracking(number="1Z501", carrier_code="DHL")


# --- what stands in the way ------------------------------------------------------------------------------------------


def test_an_order_whose_debit_is_still_to_come_comes_back_until_it_can_be_shipped() -> None:
    house = a_dispatch(of_mugs(1))
    house.market.put(replace(house.market.orders["A-1"], state="WAITING_DEBIT"))
    work(house)
    assert (posting_of(house).state, posting_of(house).attempt) == (State.DUE, 0)
    house.market.put(replace(house.market.orders["A-1"], state="SHIPPING"))
    house.clock.advance(minutes=11)
    work(house)
    assert posting_of(house).state is State.CONFIRMED


def test_a_cancelled_order_that_left_is_a_persons() -> None:
    house = a_dispatch(of_mugs(1))
    house.market.put(replace(house.market.orders["A-1"], state="CANCELED"))
    work(house)
    assert (posting_of(house).reason, posting_of(house).facts["state"]) == (Reason.NOT_SHIPPABLE, "CANCELED")


def test_an_order_that_somebody_shipped_in_the_back_office_is_confirmed_and_not_shipped_again() -> None:
    house = a_dispatch(of_mugs(1))
    house.market.somebody_ships("A-1", {"line-MUG": 1})
    work(house)
    assert len(shipments(house)) == 1
    assert (posting_of(house).state, posting_of(house).facts["found"]) == (
        State.CONFIRMED,
        "the order was SHIPPED already",
    )


def test_of_what_somebody_shipped_in_part_only_the_rest_is_told() -> None:
    house = a_dispatch(of_mugs(3), orders=(mugs(quantity=3),))
    house.market.somebody_ships("A-1", {"line-MUG": 2})
    work(house)
    assert [each.lines[0].quantity for each in shipments(house)] == [2, 1]
    assert posting_of(house).state is State.CONFIRMED


def test_more_shipped_than_the_line_has_is_a_persons_and_is_never_told() -> None:
    house = a_dispatch(of_mugs(2), orders=(mugs(quantity=2),))
    work(house)
    house.clock.advance(minutes=20)
    ship(house, of_mugs(1, "502"))
    work(house)
    posting = posting_of(house, "502")
    assert (posting.reason, len(shipments(house))) == (Reason.SHIPPED_TWICE, 1)
    assert (posting.facts["line"], posting.facts["netsuite"], posting.facts["mirakl"]) == ("line-MUG", "3", "2")


def test_a_refusal_for_reasons_of_mirakls_own_is_parked_with_its_words() -> None:
    house = a_dispatch(of_mugs(1), of_mugs(1, "502", "A-2"), orders=(mugs("A-1"), mugs("A-2")))
    house.market.refuses_to_ship["A-1"] = "An incident is open"
    work(house)
    assert (posting_of(house).reason, posting_of(house).facts["mirakl"]) == (
        Reason.REFUSED_BY_MIRAKL,
        "An incident is open",
    )
    assert posting_of(house, "502", "A-2").state is State.CONFIRMED


def test_a_call_that_is_refused_as_a_whole_is_taken_apart_until_one_order_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    orders = tuple(mugs(f"A-{n}") for n in range(8))
    house = a_dispatch(*(of_mugs(1, str(500 + n), f"A-{n}") for n in range(8)), orders=orders)
    create = house.market.create_shipments

    def picky(drafts: Any) -> Any:
        if any(draft.order_id == "A-5" for draft in drafts):
            raise NeedsAttention(Reason.REFUSED_BY_MIRAKL, {"message": "malformed"})
        return create(drafts)

    monkeypatch.setattr(house.market, "create_shipments", picky)
    work(house)
    assert {order_id for order_id, state in left_orders(house).items() if state == "SHIPPING"} == {"A-5"}
    assert posting_of(house, "505", "A-5").facts["mirakl"] == "malformed"


def test_a_throttled_marketplace_is_left_alone_until_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    house = a_dispatch(of_mugs(1))

    def throttled(drafts: Any) -> Any:
        raise Throttled("429", 400)

    monkeypatch.setattr(house.market, "create_shipments", throttled)
    work(house)
    posting = posting_of(house)
    assert (posting.state, posting.attempt, posting.ambiguous_since) == (State.DUE, 0, None)
    assert posting.due_at == house.clock() + timedelta(seconds=400)


def test_a_marketplace_that_is_down_counts_once_for_its_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = tuple(mugs(f"A-{n}") for n in range(20))
    house = a_dispatch(*(of_mugs(1, str(500 + n), f"A-{n}") for n in range(20)), orders=orders)

    def down(drafts: Any) -> Any:
        raise SystemDown("503")

    monkeypatch.setattr(house.market, "create_shipments", down)
    work(house)
    assert house.switches.closed_until("mirakl-brightside", house.clock()) is None


def test_a_paused_flow_tells_nothing() -> None:
    house = a_dispatch(of_mugs(1))
    house.switches.paused_flows.add("shipments")
    work(house)
    assert (posting_of(house).state, shipments(house)) == (State.HELD, [])


def test_what_does_not_fit_in_the_time_left_is_not_begun() -> None:
    house = a_dispatch(of_mugs(1))
    work(house, seconds=30)
    assert (posting_of(house).state, shipments(house)) == (State.DUE, [])


def test_an_archived_fulfilment_that_is_gone_is_a_persons_and_stops_nobody() -> None:
    house = a_dispatch(of_mugs(1), of_mugs(1, "502", "A-2"), orders=(mugs("A-1"), mugs("A-2")))
    del house.archive.documents[posting_of(house).payload]
    work(house)
    assert posting_of(house).reason == Reason.UNREADABLE_DOCUMENT
    assert posting_of(house, "502", "A-2").state is State.CONFIRMED


# --- nothing twice ---------------------------------------------------------------------------------------------------


def lost_answers(house: House, monkeypatch: pytest.MonkeyPatch, *, done: bool) -> list[Any]:
    """ST01 gives no answer; it was carried out, or it is kept to be carried out later."""
    create, late = house.market.create_shipments, list[Any]()

    def call(drafts: Any) -> Any:
        if done:
            create(drafts)
        late.append(lambda: create(drafts))
        raise OutcomeUnknown("no answer")

    monkeypatch.setattr(house.market, "create_shipments", call)
    return late


def test_a_shipment_whose_answer_was_lost_is_found_in_the_same_run(monkeypatch: pytest.MonkeyPatch) -> None:
    house = a_dispatch(of_mugs(1), orders=(mugs(quantity=3),))
    lost_answers(house, monkeypatch, done=True)
    work(house)
    assert (posting_of(house).state, len(shipments(house))) == (State.CONFIRMED, 1)


def test_a_part_without_an_answer_is_not_sent_again_while_it_may_still_be_carried_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One mug of three: a second shipment of it would be taken, so the first is waited out."""
    house = a_dispatch(of_mugs(1), orders=(mugs(quantity=3),))
    late = lost_answers(house, monkeypatch, done=False)
    work(house)
    monkeypatch.undo()
    assert posting_of(house).state is State.ATTEMPTED
    house.clock.advance(minutes=10)
    work(house)
    assert shipments(house) == []
    late[0]()
    house.clock.advance(minutes=10)
    work(house)
    assert (posting_of(house).state, len(shipments(house))) == (State.CONFIRMED, 1)


def test_a_part_that_never_came_is_sent_again_after_the_horizon_with_doubts_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = a_dispatch(of_mugs(1), orders=(mugs(quantity=3),))
    lost_answers(house, monkeypatch, done=False)
    work(house)
    monkeypatch.undo()
    house.clock.advance(seconds=20 * 60 + 1)
    work(house)
    assert (posting_of(house).state, posting_of(house).ambiguous_since) == (State.DUE, None)
    work(house)
    assert (posting_of(house).state, len(shipments(house))) == (State.CONFIRMED, 1)


def test_a_whole_order_without_an_answer_is_sent_again_at_once_since_mirakl_takes_it_only_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = a_dispatch(of_mugs(2), orders=(mugs(quantity=3),))
    late = lost_answers(house, monkeypatch, done=False)
    work(house)
    monkeypatch.undo()
    house.clock.advance(minutes=6)
    work(house)
    assert (posting_of(house).state, len(shipments(house))) == (State.CONFIRMED, 1)
    late[0]()
    assert len(shipments(house)) == 1


def test_a_shipment_that_an_earlier_attempt_only_created_is_tracked_and_shipped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = a_dispatch(of_mugs(1))
    create = house.market.create_shipments

    def only_creates(drafts: Any) -> Any:
        create([replace(draft, shipped=False, tracking=Tracking()) for draft in drafts])
        raise OutcomeUnknown("no answer")

    monkeypatch.setattr(house.market, "create_shipments", only_creates)
    work(house)
    (shipment,) = shipments(house)
    assert (shipment.state, shipment.tracking) == ("SHIPPED", Tracking(number="1Z501", carrier_code="DHL"))
    assert posting_of(house).state is State.CONFIRMED


def test_a_shipment_that_mirakl_named_and_does_not_list_yet_is_proven_later_and_not_made_again() -> None:
    house = a_dispatch(of_mugs(1), orders=(mugs(quantity=3),))
    house.market.unlisted.add("shipment-1")
    work(house)
    assert (posting_of(house).state, posting_of(house).target_id) == (State.POSTED, "shipment-1")
    house.clock.advance(hours=1)
    work(house)
    house.market.unlisted.clear()
    house.clock.advance(hours=1)
    work(house)
    assert (posting_of(house).state, len(shipments(house))) == (State.CONFIRMED, 1)


def test_a_shipment_with_other_units_than_were_sent_is_a_persons(monkeypatch: pytest.MonkeyPatch) -> None:
    house = a_dispatch(of_mugs(2), orders=(mugs(quantity=2),))
    create = house.market.create_shipments

    def takes_one(drafts: Any) -> Any:
        return create([replace(draft, lines=(replace(draft.lines[0], quantity=1),)) for draft in drafts])

    monkeypatch.setattr(house.market, "create_shipments", takes_one)
    work(house)
    posting = posting_of(house)
    assert (posting.reason, posting.facts["sent"], posting.facts["found"]) == (Reason.REFUSED_BY_MIRAKL, "2", "1")


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from(["ok", "lost before", "lost after", "late", "throttled", "dies"]), max_size=8),
    st.lists(st.integers(1, 3), min_size=1, max_size=3),
)
def test_whatever_becomes_of_the_calls_each_fulfilment_is_told_exactly_once(
    troubles: list[str], parts: list[int]
) -> None:
    """Parts of one order; calls are lost before or after they were carried out, or are carried out minutes later."""
    house = a_dispatch(orders=(mugs(quantity=sum(parts) + 1),))
    create, late = house.market.create_shipments, list[tuple[Any, Any]]()

    def troubled(drafts: Any) -> Any:
        trouble = troubles.pop(0) if troubles else "ok"
        if trouble == "throttled":
            raise Throttled("429", 5)
        if trouble == "late":
            late.append((house.clock.now + timedelta(minutes=14), drafts))
        if trouble in {"lost after", "dies"}:
            create(drafts)
        if trouble == "dies":
            raise KeyboardInterrupt
        if trouble != "ok":
            raise OutcomeUnknown("no answer")
        return create(drafts)

    house.market.create_shipments = troubled  # type: ignore[method-assign]
    ship(house, *(of_mugs(units, str(501 + n)) for n, units in enumerate(parts)))
    for _ in range(60):
        house.clock.advance(minutes=7)
        for when, drafts in [each for each in late if each[0] <= house.clock.now]:
            late.remove((when, drafts))
            create(drafts)
        try:
            work(house)
        except KeyboardInterrupt:
            continue
    told = {each.reference: each.lines[0].quantity for each in shipments(house)}
    assert len(told) == len(shipments(house))
    assert told == {f"{REFERENCE}{501 + n}": units for n, units in enumerate(parts)}
    assert {posting.state for posting in house.postings.all.values() if posting.key.kind is Kind.SHIPMENT} == {
        State.CONFIRMED
    }


# --- marketplaces that take whole orders only ------------------------------------------------------------------------


def test_a_whole_order_is_tracked_then_shipped_and_read_back() -> None:
    house = a_dispatch(of_mugs(1), in_parts=False)
    work(house)
    assert left_orders(house) == {"A-1": "SHIPPED"}
    assert house.market.order_tracking == {"A-1": Tracking(number="1Z501", carrier_code="DHL")}
    assert posting_of(house).facts == {"state": "SHIPPED", "carrier": "DHL", "tracking": "1Z501"}
    assert dict(house.market.calls) == {"PC01": 1, "SH21": 1, "OR23": 1, "OR24": 1, "OR11": 1}


def test_a_part_waits_for_the_rest_and_both_are_confirmed_by_one_call() -> None:
    house = a_dispatch(of_mugs(1), orders=(mugs(quantity=3),), in_parts=False)
    work(house)
    assert (left_orders(house), posting_of(house).attempt) == ({"A-1": "SHIPPING"}, 0)
    house.clock.advance(minutes=30)
    ship(house, of_mugs(2, "502"))
    work(house)
    assert left_orders(house) == {"A-1": "SHIPPED"}
    assert (posting_of(house).state, posting_of(house, "502").state) == (State.CONFIRMED, State.CONFIRMED)
    assert house.market.calls["OR24"] == 1


def test_a_part_ships_the_order_once_the_rest_was_cancelled() -> None:
    house = a_dispatch(of_mugs(1), orders=(mugs(quantity=3),), in_parts=False)
    work(house)
    house.clock.advance(minutes=30)
    house.market.put(replace(house.market.orders["A-1"], lines=(a_line("MUG", quantity=1),)))
    see(house)
    work(house)
    assert (left_orders(house), posting_of(house).state) == ({"A-1": "SHIPPED"}, State.CONFIRMED)


def test_a_part_ships_the_order_where_the_settings_say_so_and_the_rest_is_no_mistake() -> None:
    house = a_dispatch(of_mugs(1), orders=(mugs(quantity=3),), in_parts=False, partial="ship")
    work(house)
    assert left_orders(house) == {"A-1": "SHIPPED"}
    house.clock.advance(minutes=20)
    ship(house, of_mugs(2, "502"))
    work(house)
    assert posting_of(house, "502").facts["found"] == "the order was SHIPPED already"


def test_a_part_is_a_persons_where_the_settings_say_so() -> None:
    house = a_dispatch(of_mugs(1), orders=(mugs(quantity=3),), in_parts=False, partial="park")
    work(house)
    assert (posting_of(house).reason, posting_of(house).facts["line-MUG"]) == (Reason.PARTIAL_SHIPMENT, "2 to follow")


def test_a_whole_order_of_which_more_was_shipped_than_it_has_is_a_persons() -> None:
    house = a_dispatch(of_mugs(2), orders=(mugs(quantity=1),), in_parts=False)
    work(house)
    assert (posting_of(house).reason, left_orders(house)) == (Reason.SHIPPED_TWICE, {"A-1": "SHIPPING"})


def test_a_carrier_that_is_refused_keeps_no_whole_order_back() -> None:
    house = a_dispatch(of_mugs(1), in_parts=False, carriers=[{"ship_method": "7", "standard_code": "NOPE"}])
    work(house)
    assert house.market.order_tracking["A-1"].carrier_name == "Courier"
    assert posting_of(house).state is State.CONFIRMED


@pytest.mark.parametrize("done", [True, False])
def test_a_whole_order_whose_answer_was_lost_is_shipped_once(done: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    house = a_dispatch(of_mugs(1), in_parts=False)
    ship_order = house.market.ship_order

    def lost(order_id: str) -> None:
        if done:
            ship_order(order_id)
        raise OutcomeUnknown("no answer")

    monkeypatch.setattr(house.market, "ship_order", lost)
    work(house)
    monkeypatch.undo()
    house.clock.advance(minutes=20)
    work(house)
    assert (left_orders(house), posting_of(house).state) == ({"A-1": "SHIPPED"}, State.CONFIRMED)


def test_a_whole_order_that_is_cancelled_or_not_debited_is_not_shipped() -> None:
    house = a_dispatch(
        of_mugs(1), of_mugs(1, "502", "A-2"), orders=(mugs("A-1"), mugs("A-2")), in_parts=False
    )  # fmt: skip
    house.market.put(replace(house.market.orders["A-1"], state="CANCELED"))
    house.market.put(replace(house.market.orders["A-2"], state="WAITING_DEBIT"))
    work(house)
    assert (posting_of(house).reason, posting_of(house).facts["state"]) == (Reason.NOT_SHIPPABLE, "CANCELED")
    assert posting_of(house, "502", "A-2").state is State.DUE
