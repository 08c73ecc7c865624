"""The dispatch flow against the Mirakl twin, over real HTTP: fulfilments that left are shipments there, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.fakes import House, a_house
from tests.fakes.dispatch import a_fulfilment
from tests.fakes.house import settings
from tests.fakes.or11 import a_wire_order
from tests.integration.running_twins import MARKETPLACE, Running, running
from tieout.config import config_from
from tieout.domain.errors import Reason
from tieout.domain.postings import Kind, Lane, Posting, State
from tieout.domain.shipments.fulfilment import FulfilledLine, Fulfilment
from tieout.flows.orders.collect import collect_by_id
from tieout.flows.shipments.collect import collect_fulfilments
from tieout.flows.shipments.confirm import confirm_shipments

CARRIERS = [
    {"ship_method": "1", "code": "DHL"},
    {"ship_method": "2", "code": "GONE", "standard_code": "PIGEON"},
    {"ship_method": "3", "standard_code": "ROYAL_MAIL"},
]


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, [a_wire_order(f"{name}-1") for name in "ABCD"]) as both:
        yield both


def a_shop(twins: Running, **shipments: Any) -> House:
    """A house that tells this twin, whose orders it has seen."""
    data = settings(marketplaces__brightside__shipments={"carriers": CARRIERS, "other_carrier": "Courier", **shipments})
    data["marketplaces"] = {MARKETPLACE: data["marketplaces"]["brightside"]}
    house = a_house(config_from(data))
    client = twins.mirakl()
    house = replace(house, at=replace(house.at, marketplace=lambda _: client))
    collect_by_id(MARKETPLACE, ["A-1", "B-1", "C-1", "D-1"], house.at)
    return house


def of(order_id: str, units: int, fulfilment_id: str, ship_method: str = "1", **details: Any) -> Fulfilment:
    lines = (FulfilledLine(f"{order_id}-1", units),)
    return a_fulfilment(
        order_id, fulfilment_id, marketplace=MARKETPLACE, lines=lines, ship_method=ship_method, **details
    )


def tell(house: House, *fulfilments: Fulfilment) -> dict[str, Posting]:
    """The warehouse ships, and a worker runs; answers the postings by fulfilment."""
    for fulfilment in fulfilments:
        house.ledger.save(fulfilment)
    collect_fulfilments(house.at)
    due = house.postings.due(Lane.SHIPMENTS_TO_CONFIRM, house.clock(), 100)
    assert confirm_shipments(due, house.at, house.clock() + timedelta(minutes=5)) == []
    return {key.source_id: each for key, each in house.postings.all.items() if key.kind is Kind.SHIPMENT}


def asked(twins: Running) -> list[str]:
    return [call["operation"] for call in twins.calls("mirakl") if call["operation"].startswith(("ST", "OR2"))]


def test_parts_go_in_one_call_with_their_carriers_and_one_that_is_refused_finds_another(twins: Running) -> None:
    twins.behave("mirakl", multi_shipment=True)
    house = a_shop(twins)
    postings = tell(house, of("A-1", 2, "1"), of("B-1", 3, "2", "2"), of("C-1", 1, "3", "3"), of("D-1", 3, "4", "9"))
    assert {each.state for each in postings.values()} == {State.CONFIRMED}
    assert [postings[each].facts["carrier"] for each in "1234"] == ["DHL", "Courier", "RMAIL", "Courier"]
    assert asked(twins) == ["ST01", "ST11", "ST01", "ST11"]
    shipments = twins.mirakl().shipments_of(["A-1", "B-1", "C-1", "D-1"])
    assert sorted((each.order_id, each.state, each.lines[0].quantity) for each in shipments) == [
        ("A-1", "SHIPPED", 2),
        ("B-1", "SHIPPED", 3),
        ("C-1", "SHIPPED", 1),
        ("D-1", "SHIPPED", 3),
    ]


def test_a_shipment_whose_answer_was_lost_is_found_and_not_made_again(twins: Running) -> None:
    twins.behave("mirakl", multi_shipment=True)
    house = a_shop(twins)
    twins.fault("mirakl", {"operation": "ST01", "kind": "timeout_after", "seconds": 0.1})
    postings = tell(house, of("A-1", 1, "1"))
    assert postings["1"].state is State.CONFIRMED
    assert len(twins.mirakl().shipments_of(["A-1"])) == 1


def test_a_part_too_many_is_a_persons_and_a_late_number_is_told_on_the_same_shipment(twins: Running) -> None:
    twins.behave("mirakl", multi_shipment=True)
    house = a_shop(twins)
    tell(house, of("A-1", 3, "1"), of("B-1", 3, "2", "9", tracking_numbers=()))
    house.clock.advance(minutes=20)
    postings = tell(house, of("A-1", 1, "3"), of("B-1", 3, "2", "1"))
    assert (postings["3"].state, postings["3"].reason) == (State.PARKED, Reason.SHIPPED_TWICE)
    (shipment,) = twins.mirakl().shipments_of(["B-1"])
    assert (shipment.tracking.carrier_code, shipment.tracking.number) == ("DHL", "1Z2")


def test_whole_orders_are_tracked_and_shipped_and_a_part_waits(twins: Running) -> None:
    house = a_shop(twins)
    postings = tell(house, of("A-1", 3, "1"), of("B-1", 1, "2", "2"))
    assert (postings["1"].state, postings["1"].facts["carrier"]) == (State.CONFIRMED, "DHL")
    assert postings["2"].state is State.DUE
    house.clock.advance(minutes=20)
    postings = tell(house, of("B-1", 2, "3", "2"))
    assert (postings["2"].state, postings["3"].state) == (State.CONFIRMED, State.CONFIRMED)
    states = {each.order_id: each.order.state for each in twins.mirakl().orders_by_id(["A-1", "B-1"]) if each.order}
    assert states == {"A-1": "SHIPPED", "B-1": "SHIPPED"}
