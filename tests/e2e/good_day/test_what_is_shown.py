"""After the day every offer shows what NetSuite's stock allows, nothing else was touched, and a rush oversells nothing.

The run itself fails where more is shown than there is, where a price changed, or where an offer of no item was touched.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ndjson


@pytest.fixture(scope="module")
def summary(good: Path) -> dict[str, Any]:
    return dict(json.loads((good / "summary.json").read_text()))


def test_every_offer_of_an_item_shows_what_the_stock_allows(summary: dict[str, Any]) -> None:
    told = summary["stock"]
    assert told["as_they_should_be"] == told["mapped"] > 0
    assert told["offers"] > told["mapped"], "the world has offers of no item, which nobody touches"


def test_a_connections_first_push_waits_until_a_person_has_looked(summary: dict[str, Any]) -> None:
    assert summary["stock"]["pushes_let_go"] == 2


def test_both_marketplaces_together_show_what_one_shelf_holds(good: Path) -> None:
    shown: dict[str, int] = {}
    for marketplace in ("brightside-uk", "maison-eu"):
        for offer in ndjson(good / "mirakl" / marketplace / "offers.ndjson"):
            shown[offer["shop_sku"]] = shown.get(offer["shop_sku"], 0) + offer["quantity"]
    items = {one["itemId"]: one for one in ndjson(good / "netsuite/inventoryItem.ndjson") if not one["isInactive"]}
    assert len(items) > 100
    for itemid, item in items.items():
        there = sum(place["quantityAvailable"] for place in item["locations"]["items"])
        assert shown.get(itemid, 0) <= max(0, there), itemid


def test_a_flash_sale_sells_no_unit_that_is_not_there_and_a_plain_hourly_push_does(summary: dict[str, Any]) -> None:
    ours, plain = summary["flash_sale"]["tieout"], summary["flash_sale"]["plain_hourly_push"]
    assert ours["orders"] > 50
    assert ours["oversold_units"] == ours["orders_beyond_stock"] == 0
    assert plain["oversold_units"] > 0


def test_the_plain_push_ran_on_twins_and_netsuite_has_back_ordered_what_it_oversold(summary: dict[str, Any]) -> None:
    plain = summary["flash_sale"]["plain_hourly_push"]
    assert plain["orders_booked"] == plain["orders"] > 50
    assert plain["units_back_ordered_in_netsuite"] == plain["oversold_units"]
