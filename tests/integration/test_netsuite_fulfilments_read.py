"""What our NetSuite client reads of goods that leave, and of the account's clock, from the NetSuite twin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.integration.netsuite_documents import Shop, a_sales_order, parcels
from tests.integration.running_twins import running
from tieout.domain.orders.sales_order import TaxStrategy
from tieout.domain.shipments.fulfilment import FulfilledLine, Fulfilment
from tieout.netsuite import suiteql

HOUR = timedelta(hours=1)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running(tmp_path, []) as twins:
        yield Shop(twins)


def changed(shop: Shop, since: timedelta = -HOUR, until: timedelta = timedelta(seconds=2)) -> list[Fulfilment]:
    now = shop.client.now()
    return [each for page in shop.client.fulfilments_changed(now + since, now + until) for each in page]


# -- fulfilments -------------------------------------------------------------------------------------------------------


def test_a_fulfilment_names_the_marketplaces_order_its_lines_and_its_parcels(shop: Shop):
    order = shop.order(a_sales_order())
    made = shop.ship(order, {1: 2}, shipMethod={"id": "700"}, tranDate="2026-11-20", **parcels("1Z1", "1Z2", "1Z1"))
    (found,) = changed(shop)
    assert (found.id, found.sales_order_id, found.order_id, found.marketplace) == (
        made,
        order.id,
        "A-1",
        "brightside-uk",
    )
    assert (found.status, found.is_shipped, found.ship_method) == ("C", True, "700")
    assert found.day.isoformat() == "2026-11-20"
    assert found.lines == (FulfilledLine("A-1-1", 2),)
    assert found.tracking_numbers == ("1Z1", "1Z2")
    assert abs(found.modified_at - shop.client.now()) < timedelta(seconds=30)
    assert shop.client.fulfilments([made, "999999", "none"]) == [found]


def test_each_part_of_an_order_that_leaves_is_told_with_its_own_units(shop: Shop):
    order = shop.order(a_sales_order())
    shop.ship(order, {1: 2})
    shop.ship(order, {1: 1, 2: 3})
    assert [each.lines for each in changed(shop)] == [
        (FulfilledLine("A-1-1", 2),),
        (FulfilledLine("A-1-1", 1), FulfilledLine("A-1-2", 3)),
    ]


@pytest.mark.parametrize("letter", ["A", "B"])
def test_a_fulfilment_that_is_picked_or_packed_is_told_as_such(shop: Shop, letter: str):
    shop.ship(shop.order(a_sales_order()), letter=letter)
    (found,) = changed(shop)
    assert (found.status, found.is_shipped) == (letter, False)


def test_a_fulfilment_of_somebody_elses_order_is_not_ours(shop: Shop):
    order = shop.order(a_sales_order())
    shop.hand.change("salesOrder", order.id, {"custbody_tieout_order": None})
    made = shop.ship(order)
    assert changed(shop) == []
    assert shop.client.fulfilments([made]) == []


def test_a_fulfilment_outside_of_the_window_is_left_out(shop: Shop):
    shop.ship(shop.order(a_sales_order()))
    assert changed(shop, since=-2 * HOUR, until=-HOUR) == []


def test_parcels_are_found_in_a_carriers_own_list_too(shop: Shop):
    shop.hand.behave(carrier_integration="Ups")
    numbers: dict[str, Any] = {"packageUps": {"items": [{"packageTrackingNumberUps": "1Z9"}]}}
    shop.ship(shop.order(a_sales_order()), **numbers)
    assert [each.tracking_numbers for each in changed(shop)] == [("1Z9",)]


def test_a_fulfilment_that_was_deleted_is_gone_and_told_as_deleted(shop: Shop):
    made = shop.ship(shop.order(a_sales_order()))
    assert shop.hand.call("DELETE", f"/services/rest/record/v1/itemFulfillment/{made}").status_code == 204
    now = shop.client.now()
    assert shop.client.fulfilments([made]) == []
    assert shop.client.fulfilments_deleted(now - HOUR, now + timedelta(seconds=2)) == [made]
    assert shop.client.fulfilments_deleted(now - 2 * HOUR, now - HOUR) == []


def test_pages_cut_between_records_and_never_within_one(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    """Five fulfilments of two lines each, three rows a page."""
    monkeypatch.setattr(suiteql, "PAGE", 3)
    shop.hand.behave(line_numbers="gaps")
    made = [shop.ship(shop.order(a_sales_order(f"P-{number}"))) for number in range(5)]
    found = changed(shop)
    assert [each.id for each in found] == made
    assert {len(each.lines) for each in found} == {2}


def test_a_record_with_more_lines_than_a_page_comes_whole(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(suiteql, "PAGE", 1)
    made = [shop.ship(shop.order(a_sales_order(f"P-{number}"))) for number in range(2)]
    found = changed(shop)
    assert [(each.id, len(each.lines)) for each in found] == [(made[0], 2), (made[1], 2)]


def test_a_reading_costs_two_questions_a_page_once_the_zone_is_known(shop: Shop):
    shop.ship(shop.order(a_sales_order()), **parcels("1Z1"))
    changed(shop)
    before = len(shop.twins.calls("netsuite"))
    now = datetime.now(UTC)
    list(shop.client.fulfilments_changed(now - HOUR, now + HOUR))
    assert [call["operation"] for call in shop.twins.calls("netsuite")[before:]] == ["SuiteQL", "SuiteQL"]


# -- the clock ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["GMT", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland"])
def test_a_window_is_the_same_whatever_zone_the_integrations_user_has(shop: Shop, zone: str):
    shop.hand.behave(user_time_zone=zone, sysdate_time_zone="America/Los_Angeles")
    made = shop.ship(shop.order(a_sales_order()))
    (found,) = changed(shop, since=timedelta(minutes=-2))
    assert found.id == made
    assert abs(found.modified_at - shop.client.now()) < timedelta(minutes=1)
    assert changed(shop, since=-HOUR, until=timedelta(minutes=-2)) == []


def test_netsuites_clock_is_its_own(shop: Shop):
    shop.hand.control("POST", "clock", json={"advance_seconds": 7200})
    assert timedelta(hours=1.9) < shop.client.now() - datetime.now(UTC) < timedelta(hours=2.1)


def test_without_any_order_of_ours_there_is_nothing_to_read(shop: Shop):
    shop.hand.behave(user_time_zone="Asia/Tokyo")
    assert changed(shop) == []


# -- how a transaction stands ------------------------------------------------------------------------------------------


def test_a_sales_order_is_read_with_the_numbers_that_transforms_take(shop: Shop):
    shop.hand.behave(line_numbers="gaps")
    order = shop.order(a_sales_order())
    assert [(line.number, line.line_id, line.quantity) for line in order.lines] == [(1, "A-1-1", 3), (4, "A-1-2", 3)]
    assert [str(line.net) for line in order.lines] == ["100", "100"]
    assert (order.kind, order.status, order.is_over) == ("SalesOrd", "B", False)
    assert order.line_numbers == (1, 4)


def test_a_sales_order_tells_what_is_shipped_billed_and_closed(shop: Shop):
    draft = a_sales_order()
    order = shop.order(draft)
    shop.ship(order, {1: 2})
    items = [{"orderLine": 1, "quantity": 1}, {"orderLine": 2, "quantity": 0}]
    shop.hand.make("salesOrder", order.id, "invoice", {"item": {"items": items}})
    shop.hand.change("salesOrder", order.id, {"item": {"items": [{"line": 2, "isClosed": True}]}})
    found = shop.client.booked([draft.external_id])[draft.external_id]
    assert [(line.shipped, line.billed, line.is_closed) for line in found.lines] == [(2, 1, False), (0, 0, True)]


def test_a_line_that_carries_a_tax_is_no_ware(shop: Shop):
    order = shop.order(a_sales_order(strategy=TaxStrategy.OTHER_CHARGE, charge_item="710"))
    assert [(line.line_id, line.ships) for line in order.lines] == [
        ("A-1-1", True),
        ("A-1-2", True),
        ("TAX-VAT-GBR-20", False),
    ]


def test_transactions_are_found_in_another_spelling_and_unknown_ones_are_not_there(shop: Shop):
    draft = a_sales_order()
    asked = draft.external_id
    order = shop.order(structs.replace(draft, external_id=asked.upper()), asked)
    assert {each: found.id for each, found in shop.client.booked([asked, "T-none"]).items()} == {asked: order.id}
