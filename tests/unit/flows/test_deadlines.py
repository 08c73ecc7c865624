"""An order whose deadline is near while the next step is ours is at risk; everything else is somebody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from tests.fakes import House, a_house, an_order, fetched
from tests.fakes.dispatch import a_fulfilment
from tests.fakes.orders import waiting
from tieout.domain.errors import Reason
from tieout.domain.postings import Key, Kind, Lane
from tieout.flows.orders.accept import accept_due
from tieout.flows.orders.collect import record
from tieout.flows.shipments.collect import collect_fulfilments
from tieout.flows.shipments.confirm import confirm_shipments
from tieout.flows.shipments.deadlines import deadlines, report_deadlines


def a_day(*orders: tuple[str, float], waits: bool = False, **config: Any) -> House:
    """Orders by id with the hours that are left to ship them; each was seen."""
    house = a_house(**config)
    house.clock.advance(minutes=1)
    for order_id, hours in orders:
        order = an_order(order_id, deadline=house.clock.now + timedelta(hours=hours))
        house.market.put(waiting(order) if waits else order)
    record("brightside", [fetched(order) for order in house.market.orders.values()], house.at)
    return house


def at_risk(house: House) -> float:
    report_deadlines(house.at)
    return house.meter.gauges["OrdersAtRisk", "brightside"]


def test_an_order_is_at_risk_when_its_deadline_is_near_and_its_sales_order_is_not_written() -> None:
    assert at_risk(a_day(("A-1", 3.9), ("A-2", 4.1), ("A-3", -1))) == 2


def test_how_near_is_near_is_a_setting() -> None:
    near = {"at_risk_minutes": 60}
    assert at_risk(a_day(("A-1", 0.9), ("A-2", 2), marketplaces__brightside__shipments=near)) == 1


def test_an_order_without_a_deadline_is_never_at_risk() -> None:
    house = a_house()
    house.market.put(an_order("A-1"))
    record("brightside", [fetched(order) for order in house.market.orders.values()], house.at)
    assert at_risk(house) == 0


def test_an_order_that_waits_for_our_answer_is_at_risk_until_it_has_it() -> None:
    house = a_day(("A-1", 1), waits=True)
    assert at_risk(house) == 1
    accept_due(house.at)
    assert at_risk(house) == 0  # the marketplace's debit is next


def test_an_order_that_the_warehouse_has_not_shipped_is_the_warehouses() -> None:
    house = a_day(("A-1", 1))
    sale = Key("brightside", "A-1", Kind.SALES_ORDER, "A-1")
    (posting,) = house.postings.claim([sale], house.clock())
    house.postings.confirm(posting, {}, [], house.clock())
    assert at_risk(house) == 0


def test_a_shipped_order_is_at_risk_until_the_marketplace_knows_and_counts_once() -> None:
    house = a_day(("A-1", 1))
    house.ledger.save(a_fulfilment("A-1"))
    collect_fulfilments(house.at)
    assert at_risk(house) == 1
    sale = Key("brightside", "A-1", Kind.SALES_ORDER, "A-1")
    (posting,) = house.postings.claim([sale], house.clock())
    house.postings.confirm(posting, {}, [], house.clock())
    assert at_risk(house) == 1
    due = house.postings.due(Lane.SHIPMENTS_TO_CONFIRM, house.clock(), 10)
    confirm_shipments(due, house.at, house.clock() + timedelta(minutes=5))
    assert at_risk(house) == 0


def test_a_parked_order_is_at_risk_too() -> None:
    house = a_day(("A-1", 1))
    (posting,) = house.postings.claim([Key("brightside", "A-1", Kind.SALES_ORDER, "A-1")], house.clock())
    house.postings.park(posting, Reason.UNKNOWN_SKU, {"sku": "NOPE"}, house.clock())
    assert at_risk(house) == 1


def test_the_list_shows_every_open_order_nearest_first_and_whose_the_next_step_is() -> None:
    house = a_day(("LATER", 30), ("SOON", 1), ("OURS-LATER", 50))
    sale = Key("brightside", "SOON", Kind.SALES_ORDER, "SOON")
    (posting,) = house.postings.claim([sale], house.clock())
    house.postings.confirm(posting, {}, [], house.clock())
    house.market.put(replace(house.market.orders["OURS-LATER"], state="WAITING_ACCEPTANCE"))
    house.market.put(an_order("GONE", state="SHIPPED", deadline=house.clock.now))
    found = deadlines("brightside", house.at)
    assert [(each.order_id, each.step, each.at_risk) for each in found] == [
        ("SOON", "ship", False),
        ("LATER", "ship", False),
        ("OURS-LATER", "accept", False),
    ]
    house.clock.advance(hours=27)
    assert [each.order_id for each in deadlines("brightside", house.at) if each.at_risk] == ["LATER"]
