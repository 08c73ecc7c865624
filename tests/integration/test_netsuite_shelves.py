"""What our NetSuite client reads of stock, items and prices, from the NetSuite twin."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integration.netsuite_documents import Shop, a_sales_order
from tests.integration.running_twins import MARKETPLACE, Running, running
from tieout.domain.errors import NeedsAttention
from tieout.domain.listings.listing import ItemPrice
from tieout.domain.stock.shelf import Member, Shelf, StockItem
from tieout.netsuite import suiteql
from tieout.netsuite.client import NetSuite

APPROVED = "custitem_tieout_approved"
LITTLE = timedelta(seconds=1)


class Storehouse:
    """The twin, our client, and the people who work there."""

    def __init__(self, twins: Running) -> None:
        self.twins = twins
        self.client: NetSuite = twins.netsuite()

    def order(self, path: str, body: object) -> requests.Response:
        return requests.post(f"{self.twins.twins.netsuite.url}/_twin/{path}", json=body, timeout=5)

    def count(self, itemid: str, location: str, **change: int | str) -> None:
        answer = self.order("stock", {"changes": [{"itemid": itemid, "location": location, **change}]})
        assert answer.ok, answer.text

    def edit(self, itemid: str, **order: Any) -> None:
        answer = self.order("items", {"itemid": itemid, **order})
        assert answer.ok, answer.text

    def wait(self, seconds: int) -> None:
        assert self.order("clock", {"advance_seconds": seconds}).ok

    def queries(self) -> int:
        return sum(call["operation"] == "SuiteQL" for call in self.twins.calls("netsuite"))

    def changed(self, since: timedelta = LITTLE, *locations: str) -> list[Shelf]:
        at = self.client.now() - since
        return [shelf for page in self.client.shelves_changed(locations or ("1", "2"), at) for shelf in page]

    def all(self, *locations: str) -> list[Shelf]:
        return [shelf for page in self.client.shelves(locations or ("1", "2")) for shelf in page]

    def items(self, **asked: Any) -> dict[str, StockItem]:
        return {item.itemid: item for page in self.client.stock_items(**asked) for item in page}

    def prices(self, level: str = "Base Price", currency: str = "GBP") -> dict[str, Decimal]:
        return {price.item_id: price.price for page in self.client.item_prices(level, currency) for price in page}


WORLD: list[dict[str, Any]] = [
    {
        "id": "1000",
        "itemid": "MUG",
        "class": "Kitchen",
        "prices": {"GBP": "2.50", "EUR": "3.10"},
        "locations": [{"location": "1", "quantityavailable": 12}, {"location": "2", "quantityavailable": 3}],
    },
    {"id": "1001", "itemid": "PEN", "locations": [{"location": "1", "quantityavailable": -4}]},
    {"id": "1002", "itemid": "OLD", "isinactive": "T", "locations": [{"location": "1", "quantityavailable": 5}]},
    {
        "id": "1003",
        "itemid": "SET",
        "itemtype": "Kit",
        "members": [{"itemid": "MUG", "quantity": 2}, {"itemid": "PEN"}],
    },
    {"id": "1004", "itemid": "BAR", "baseprice": 7, "locations": [{"location": "3", "quantityavailable": "1.5"}]},
]


def a_house(folder: Path, *, ordered: bool = True) -> Iterator[Storehouse]:
    """A world of five items; with a sales order of ours, without which NetSuite's time zone cannot be told."""
    place = folder / "world"
    for name, rows in (("netsuite/items", WORLD), (f"mirakl/{MARKETPLACE}/orders", [])):
        file = place / f"{name}.ndjson"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with running(folder, []) as twins:
        load = requests.post(f"{twins.twins.netsuite.url}/_twin/world", json={"path": str(place)}, timeout=5)
        assert load.ok, load.text
        if ordered:
            Shop(twins).order(a_sales_order())
        house = Storehouse(twins)
        house.wait(3600)
        yield house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Storehouse]:
    yield from a_house(tmp_path)


# -- shelves -----------------------------------------------------------------------------------------------------------


def test_a_full_reading_has_the_shelves_of_active_items_where_the_marketplace_sells_from(house: Storehouse):
    assert [(shelf.item_id, shelf.location_id, int(shelf.units)) for shelf in house.all()] == [
        ("1000", "1", 12),
        ("1000", "2", 3),
        ("1001", "1", -4),
    ]
    assert [(shelf.item_id, shelf.units) for shelf in house.all("3")] == [("1004", Decimal("1.5"))]
    assert list(house.client.shelves(())) == []


def test_only_what_changed_since_comes_again(house: Storehouse):
    house.changed()
    before = house.client.now()
    house.wait(10)
    assert house.changed() == []
    house.count("MUG", "Main warehouse", add=-2)
    (shelf,) = house.changed()
    assert (shelf.item_id, shelf.location_id, int(shelf.units)) == ("1000", "1", 10)
    assert shelf.changed_at is not None
    assert abs(shelf.changed_at - before - timedelta(seconds=10)) < timedelta(seconds=5)


def test_a_shelf_that_is_new_or_below_zero_is_told_as_it_is(house: Storehouse):
    house.wait(10)
    house.count("PEN", "Shop", set=9)
    house.count("MUG", "Shop", set=-1)
    assert [(shelf.item_id, shelf.location_id, int(shelf.units)) for shelf in house.changed()] == [
        ("1000", "2", -1),
        ("1001", "2", 9),
    ]


def test_an_item_that_is_only_edited_moves_no_shelf(house: Storehouse):
    house.wait(10)
    house.edit("MUG", set={"displayName": "A mug", "isInactive": True})
    assert house.changed() == []
    assert "1000" not in {shelf.item_id for shelf in house.all()}
    assert [shelf.units for shelf in house.client.shelves_of(["1000", "none", "77"], ["1", "2"])] == [12, 3]


@pytest.mark.parametrize("zone", ["GMT", "America/Los_Angeles", "Asia/Kolkata"])
def test_what_changed_is_found_in_whatever_zone_netsuite_shows_times(house: Storehouse, zone: str):
    house.twins.behave("netsuite", user_time_zone=zone)
    house.client = house.twins.netsuite()
    house.wait(60)
    house.count("MUG", "1", set=7)
    (shelf,) = house.changed()
    assert shelf.changed_at is not None
    assert abs(shelf.changed_at - house.client.now()) < timedelta(seconds=5)


def test_nothing_is_missed_where_no_order_tells_netsuites_zone_yet(tmp_path: Path):
    """Half a day is read twice then, which costs rows; a zone that is taken for another would cost a change."""
    for house in a_house(tmp_path, ordered=False):
        house.twins.behave("netsuite", user_time_zone="America/Los_Angeles")
        house.client = house.twins.netsuite()
        house.wait(60)
        house.count("MUG", "1", set=7)
        found = house.changed()
        assert ("1000", "1", 7, None) in {(s.item_id, s.location_id, int(s.units), s.changed_at) for s in found}


def test_a_listing_goes_on_behind_the_last_whole_item_and_never_skips_by_number(
    house: Storehouse, monkeypatch: pytest.MonkeyPatch
):
    whole = house.all("1", "2", "3")
    monkeypatch.setattr(suiteql, "PAGE", 3)
    assert house.all("1", "2", "3") == whole
    pages = list(house.client.shelves(("1", "2", "3")))
    assert len(pages) > 1
    items = [{shelf.item_id for shelf in page} for page in pages]
    assert not any(items[at] & items[at + 1] for at in range(len(items) - 1))


def test_a_listing_that_was_cut_off_goes_on_behind_the_last_item_that_came(house: Storehouse) -> None:
    shelves = [shelf for page in house.client.shelves(("1", "2", "3")) for shelf in page]
    behind = [shelf for page in house.client.shelves(("1", "2", "3"), after="1000") for shelf in page]
    assert behind == [shelf for shelf in shelves if shelf.item_id != "1000"] != shelves
    items = [item for page in house.client.stock_items() for item in page]
    assert [item for page in house.client.stock_items(after=items[1].id) for item in page] == items[2:]


def test_what_a_page_holds_stays_whole_when_stock_moves_while_it_is_read(
    house: Storehouse, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(suiteql, "PAGE", 3)
    coming = house.client.shelves(("1", "2", "3"))
    first = next(coming)
    house.count("MUG", "2", set=0)
    house.edit("SET", delete=True)
    rest = [shelf for page in coming for shelf in page]
    everything = [("1000", "1"), ("1000", "2"), ("1001", "1"), ("1004", "3")]
    assert [(shelf.item_id, shelf.location_id) for shelf in [*first, *rest]] == everything


def test_a_change_of_a_few_shelves_is_one_question(house: Storehouse):
    house.changed()
    house.wait(10)
    house.count("MUG", "1", add=1)
    before = house.queries()
    house.changed()
    assert house.queries() == before + 1


# -- items -------------------------------------------------------------------------------------------------------------


def test_an_item_is_told_with_its_class_and_a_kit_with_what_it_is_made_of(house: Storehouse):
    items = house.items()
    assert items["MUG"] == StockItem(id="1000", itemid="MUG", category="Kitchen")
    assert items["OLD"].is_inactive
    assert items["SET"].kind == "Kit"
    assert items["SET"].members == (Member("1000", Decimal(2)), Member("1001", Decimal(1)))


def test_only_what_the_checkbox_is_set_for_is_approved(house: Storehouse):
    assert {item.is_approved for item in house.items().values()} == {True}
    house.edit("MUG", set={APPROVED: True})
    asked = house.items(approval_field=APPROVED)
    assert [itemid for itemid, item in asked.items() if item.is_approved] == ["MUG"]


def test_an_approval_field_that_netsuite_does_not_have_needs_attention(house: Storehouse):
    with pytest.raises(NeedsAttention, match="custitem_class_of_it"):
        house.items(approval_field="custitem_class_of_it")
    assert house.items()["MUG"].category == "Kitchen"


@pytest.mark.parametrize(
    "name", ["custitem_x FROM item --", "custitem-x", "CUSTITEM_X", "(SELECT 1)", "x" * 81, "1x", "", "é", "_x"]
)
def test_nothing_but_a_name_gets_into_a_query(house: Storehouse, name: str):
    with pytest.raises(ValueError, match="not the name of a field"):
        house.items(approval_field=name)


def test_items_that_were_saved_since_come_again_and_those_alone(house: Storehouse):
    house.client.now()
    house.wait(10)
    house.edit("PEN", set={"isInactive": True})
    assert {
        name: item.is_inactive for name, item in house.items(changed_since=house.client.now() - LITTLE).items()
    } == {"PEN": True}


def test_an_item_that_was_deleted_is_told_and_one_that_stands_is_not(house: Storehouse):
    house.wait(10)
    since = house.client.now() - LITTLE
    assert house.client.items_deleted(since) == []
    house.edit("OLD", delete=True)
    assert house.client.items_deleted(since) == ["1002"]
    assert house.client.shelves_of(["1002"], ["1"]) == []


def test_an_account_without_classes_has_no_categories(house: Storehouse):
    house.twins.behave("netsuite", role_lacks="classification")
    items = house.items()
    assert items["MUG"].category == ""
    assert items["SET"].members


# -- prices ------------------------------------------------------------------------------------------------------------


def test_a_price_is_that_of_its_level_in_its_currency(house: Storehouse):
    assert house.prices() == {"1000": Decimal("2.5"), "1004": Decimal(7)}
    assert house.prices(currency="EUR") == {"1000": Decimal("3.1")}
    assert house.prices(level="Online") == {}
    (page,) = house.client.item_prices("Base Price", "EUR")
    assert page == [ItemPrice(item_id="1000", currency="EUR", price=Decimal("3.1"))]


def test_a_price_that_somebody_changes_is_read_as_it_is_then(house: Storehouse):
    house.edit("MUG", set={"prices": {"GBP": "2.75"}})
    assert house.prices()["1000"] == Decimal("2.75")


def test_prices_of_items_that_were_saved_since_then(house: Storehouse):
    house.wait(10)
    house.edit("MUG", set={"prices": {"GBP": "2.75"}})
    since = house.client.now() - LITTLE
    (page,) = house.client.item_prices("Base Price", "GBP", since)
    assert page == [ItemPrice(item_id="1000", currency="GBP", price=Decimal("2.75"))]
    house.wait(10)
    assert list(house.client.item_prices("Base Price", "GBP", house.client.now() - LITTLE)) == []


def test_an_item_whose_rows_tell_two_prices_for_one_piece_has_none(house: Storehouse):
    engine = house.twins.twins.netsuite.state.suiteql
    engine.page("SELECT id FROM item")
    insert = "INSERT INTO pricing (item, pricelevel, currency, quantity, unitprice) VALUES (1000, 1, 1, ?, ?)"
    execute = engine._connection.execute  # rows that no record of the twin has
    execute(insert, (10, 1.9))
    assert house.prices()["1000"] == Decimal("2.5"), "a price for ten pieces is another quantity's"
    execute(insert, (1, 2.6))
    assert "1000" not in house.prices()
