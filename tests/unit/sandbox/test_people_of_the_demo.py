"""The demo's people and sellers find something to do, and all they do is legal where they do it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox import Twins, generate, running
from sandbox.demo.afternoon import PACKED_AFTER
from sandbox.demo.people import People
from sandbox.demo.sellers import Sellers
from sandbox.demo.twin_control import TwinControl, rows

RECORD = "/services/rest/record/v1/"
NAMES = ("brightside-uk", "maison-eu")
IN_PARTS = frozenset({"brightside-uk"})


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[Twins]:
    generate.world(5, 60, tmp_path / "world")
    parts = {"multi_shipment": True, "multi_shipment_at": "brightside-uk"}
    with running(tmp_path / "world", seed=1, mirakl_behaviours=parts) as opened:
        yield opened


def in_netsuite(twins: Twins, method: str, what: str, body: dict[str, Any]) -> str:
    answer = twins.netsuite.state.request(method, RECORD + what, body)
    assert answer.status == 204, answer.body
    return str(dict(answer.headers)["Location"]).rsplit("/", 1)[-1]


def book(twins: Twins) -> dict[tuple[str, str], str]:
    """A sales order for each order that is to be shipped; gives their ids."""
    in_netsuite(twins, "POST", "customer", {"companyName": "M", "subsidiary": {"id": "1"}, "externalId": "C"})
    booked = {}
    for name in NAMES:
        for order in twins.mirakl.state.marketplaces[name].orders.values():
            lines = [
                {
                    "item": {"id": "1000"},
                    "quantity": line["quantity"],
                    "rate": line["price_unit"],
                    "price": {"id": "-1"},
                    "custcol_tieout_line": line["order_line_id"],
                }
                for line in order.lines()
                if line["order_line_state"] == "SHIPPING"
            ]
            if lines:
                body = {
                    "entity": {"externalId": "C"},
                    "orderStatus": {"id": "B"},
                    "location": {"id": "1"},
                    "custbody_tieout_order": order.id,
                    "custbody_tieout_marketplace": name,
                    "item": {"items": lines},
                }
                booked[name, order.id] = in_netsuite(twins, "POST", "salesOrder", body)
    return booked


def test_people_do_each_thing_they_mean_to(twins: Twins) -> None:
    control = TwinControl(twins)
    booked = book(twins)
    people = People(twins, control, NAMES, "seller", 1, PACKED_AFTER, acts=1)
    people.act(control.now(), last_call=True)
    assert people.done == {
        "buyers cancelled a line": 2,
        "buyers cancelled an order": 2,
        "clerks closed a line": 2,
    }
    for (name, order_id), sales_order in list(booked.items())[::2]:
        if (name, order_id) not in people.chosen:
            in_netsuite(
                twins, "POST", f"salesOrder/{sales_order}/!transform/itemFulfillment", {"shipStatus": {"id": "C"}}
            )
            in_netsuite(twins, "POST", f"salesOrder/{sales_order}/!transform/invoice", {})
            tracking = {"carrier_code": "DHL", "tracking_number": "1"}
            control.by_hand(name, "OR23", persona="seller", order_id=order_id, body=tracking)
            control.by_hand(name, "OR24", persona="seller", order_id=order_id)
    while people.act(control.advance(timedelta(minutes=1)), last_call=True):
        pass
    assert set(people.left.values()) == {0}
    assert people.refused == []
    while people.are_busy:
        people.act(control.now())
    states = {one["state"] for name in NAMES for one in rows(control.returns(name))}
    assert states == {"RECEIVED"}


def test_the_other_sellers_ship_everything_in_parts_where_they_may(twins: Twins) -> None:
    control = TwinControl(twins)
    sellers = Sellers(twins, control, NAMES, IN_PARTS, 3, timedelta(minutes=30), timedelta(hours=2))
    while sellers.waiting:
        sellers.work(control.advance(timedelta(minutes=10)))
    shipments = list(rows(control.shipments("brightside-uk")))
    assert len({one["order_id"] for one in shipments}) < len(shipments)
    numbers = [one["tracking"]["tracking_number"] for one in shipments]
    assert len(set(numbers)) == len(numbers)
    states = {order.state for name in NAMES for order in twins.mirakl.state.marketplaces[name].orders.values()}
    assert states <= {"SHIPPED", "WAITING_ACCEPTANCE"}
