"""People who count goods and edit items in the NetSuite twin, kits, price lists, and what a world says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.netsuite import NetSuiteTwin
from sandbox.netsuite.seeds import seed_items
from sandbox.world import World
from tests.integration.twins.netsuite import MUG, PEN, NetSuite, line, refusal, rows_of
from tests.shared import shared

APPROVED = "custitem_tieout_approved"
_SHELVES = (
    "SELECT i.itemid, a.location, a.quantityavailable AS n FROM aggregateitemlocation a JOIN item i ON i.id = a.item "
    "ORDER BY i.id, a.location"
)


def shelves(netsuite: NetSuite) -> dict[tuple[str, str], str]:
    return {(row["itemid"], row["location"]): row["n"] for row in netsuite.rows(_SHELVES)}


def stock(netsuite: NetSuite, **change: Any) -> Any:
    return netsuite.control("POST", "stock", json={"changes": [change]})


def refused(netsuite: NetSuite, path: str, order: dict[str, Any]) -> str:
    answer = netsuite.session.post(f"{netsuite.url}/_twin/{path}", json=order, timeout=10)
    assert answer.status_code == 400
    return str(answer.json()["error"])


def a_world(folder: Path, items: list[dict[str, Any]], **offers: list[dict[str, Any]]) -> NetSuiteTwin:
    for place, rows in {
        "netsuite/items": items,
        **{f"mirakl/{name}/offers": rows for name, rows in offers.items()},
    }.items():
        file = folder / f"{place}.ndjson"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    twin = NetSuiteTwin(seed=1)
    twin.load(World(folder))
    return twin


def test_goods_come_and_are_counted(netsuite: NetSuite):
    assert stock(netsuite, itemid="MUG", location="Main warehouse", add=-2).json()["stock"] == [
        {"itemid": "MUG", "location": "1", "quantityavailable": 8}
    ]
    stock(netsuite, itemid=PEN, location="2", set="1.5")
    stock(netsuite, itemid="PEN", location="1", set=-3)
    assert shelves(netsuite) == {
        ("MUG", "1"): "8",
        ("MUG", "2"): "3",
        ("PEN", "1"): "-3",
        ("PEN", "2"): "1.5",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"itemid": "NONE", "location": "1", "add": 1},
        {"itemid": "MUG", "location": "Moon", "add": 1},
        {"itemid": "MUG", "location": "1"},
        {"itemid": "MUG", "location": "1", "add": 1, "set": 2},
        {"itemid": "MARKETPLACE-TAX", "location": "1", "add": 1},
        {"location": "1", "add": 1},
    ],
)
def test_a_change_that_cannot_be_followed_changes_nothing(netsuite: NetSuite, change: dict[str, Any]):
    before = shelves(netsuite)
    good = {"itemid": "MUG", "location": "1", "add": 5}
    assert refused(netsuite, "stock", {"changes": [good, change]})
    assert shelves(netsuite) == before


def test_what_orders_hold_stays_held_when_goods_are_counted(netsuite: NetSuite):
    netsuite.control("POST", "behaviours", json={"sales_orders_commit_stock": True})
    netsuite.customer()
    netsuite.create("salesOrder", netsuite.order(line(MUG, 4), location={"id": "1"}))
    stock(netsuite, itemid="MUG", location="1", set=6)
    assert shelves(netsuite)["MUG", "1"] == "2"


def test_an_item_is_edited_as_record_rest_would(netsuite: NetSuite):
    netsuite.control("POST", "items", json={"itemid": "MUG", "set": {"isInactive": True, APPROVED: True}})
    text = f"SELECT isinactive, {APPROVED} FROM item WHERE id = ?"
    assert netsuite.rows(text, MUG) == [{"isinactive": "T", APPROVED: "T"}]
    assert netsuite.rows(text, PEN) == [{"isinactive": "F", APPROVED: "F"}]
    assert netsuite.get("inventoryItem", MUG)[APPROVED] is True
    unknown = {"itemid": "MUG", "set": {"isInctive": True}}
    assert "isInctive" in refused(netsuite, "items", unknown)


def test_an_item_that_a_transaction_has_is_not_deleted(netsuite: NetSuite):
    netsuite.customer()
    netsuite.create("salesOrder", netsuite.order(line(MUG, 1)))
    assert "dependent records" in refused(netsuite, "items", {"itemid": "MUG", "delete": True})
    netsuite.control("POST", "items", json={"itemid": "PEN", "delete": True})
    assert [row["recordid"] for row in netsuite.rows("SELECT recordid FROM deletedrecord")] == [PEN]
    assert ("PEN", "1") not in shelves(netsuite)


def test_a_field_that_the_account_does_not_have_is_no_column(netsuite: NetSuite):
    netsuite.control("POST", "custom_fields", json={"custitem_other": "text"})
    assert "not found" in refusal(netsuite.query(f"SELECT {APPROVED} FROM item"))["detail"]
    assert netsuite.rows("SELECT custitem_other FROM item WHERE id = ?", MUG) == [{}]


def test_a_worlds_kit_is_made_of_its_members_wherever_they_stand(tmp_path: Path):
    kit = {"id": "9", "itemid": "SET", "itemtype": "Kit", "members": [{"itemid": "A", "quantity": 2}, {"itemid": "B"}]}
    twin = a_world(tmp_path, [kit, {"id": "1", "itemid": "A"}, {"id": "2", "itemid": "B"}])
    rows = rows_of(twin, "SELECT parentitem, item, quantity FROM itemmember ORDER BY item")
    assert rows == [
        {"parentitem": "9", "item": "1", "quantity": "2"},
        {"parentitem": "9", "item": "2", "quantity": "1"},
    ]
    with pytest.raises(ValueError, match="no member"):
        a_world(tmp_path / "other", [kit | {"members": [{"itemid": "GONE"}]}])


def test_prices_and_approval_are_a_worlds_own_or_what_its_offers_let_us_think(tmp_path: Path):
    items: list[dict[str, Any]] = [
        {"id": "1", "itemid": "OFFERED", "class": "Toys"},
        {"id": "2", "itemid": "SAID", "prices": {"GBP": "3.10"}, APPROVED: "F", "class": "Toys"},
        {"id": "3", "itemid": "KEPT", "baseprice": 7},
        {"id": "4", "itemid": "TWO", "prices": [{"level": "Base Price", "currency": "EUR", "price": 1}], APPROVED: "T"},
    ]
    uk = [{"shop_sku": sku, "price": 2.5, "currency_iso_code": "GBP"} for sku in ("OFFERED", "SAID")]
    eu = [{"shop_sku": "OFFERED", "price": 2.9, "currency_iso_code": "EUR"}]
    twin = a_world(tmp_path, items, uk=uk, eu=eu)
    prices = rows_of(
        twin,
        "SELECT p.item, l.name, c.symbol, p.unitprice FROM pricing p JOIN pricelevel l ON l.id = p.pricelevel "
        "JOIN currency c ON c.id = p.currency WHERE p.item < 10 ORDER BY p.item, c.symbol",
    )
    assert [(row["item"], row["name"], row["symbol"], row["unitprice"]) for row in prices] == [
        ("1", "Base Price", "EUR", "2.9"),
        ("1", "Base Price", "GBP", "2.5"),
        ("2", "Base Price", "GBP", "3.1"),
        ("3", "Base Price", "GBP", "7"),
        ("4", "Base Price", "EUR", "1"),
    ]
    text = f"SELECT i.id, c.name, i.{APPROVED} AS yes FROM item i LEFT JOIN classification c ON c.id = i.class"
    rows = {row["id"]: (row.get("name"), row["yes"]) for row in rows_of(twin, text)}
    assert [rows[number] for number in ("1", "2", "3", "4")] == [("Toys", "T"), ("Toys", "F"), (None, "F"), (None, "T")]
    wrong = [{"level": "Wholesale", "currency": "GBP", "price": 1}]
    with pytest.raises(ValueError, match="priceLevel Wholesale"):
        a_world(tmp_path / "other", [{"itemid": "X", "prices": wrong}])


@pytest.mark.parametrize("name", ["gift-shop-live", "gift-shop-breaks"])
def test_the_shared_worlds_have_a_price_for_what_they_offer(name: str):
    twin = NetSuiteTwin(seed=1)
    world = World(shared(f"worlds/{name}"))
    twin.load(world)
    offered = {row["shop_sku"] for mp in world.marketplaces() for row in world.mirakl(mp, "offers")}
    priced = rows_of(
        twin, "SELECT DISTINCT i.itemid FROM pricing p JOIN item i ON i.id = p.item WHERE i.itemtype = 'InvtPart'"
    )
    known = {row["itemid"] for row in rows_of(twin, "SELECT itemid FROM item")}
    assert {row["itemid"] for row in priced} == offered & known
    assert priced


def test_a_kit_that_is_shipped_takes_its_members_off_the_shelf(netsuite: NetSuite):
    kit = {
        "id": "9",
        "itemid": "SET",
        "itemtype": "Kit",
        "members": [{"itemid": "MUG", "quantity": 2}, {"itemid": "PEN"}],
    }
    seed_items(netsuite.twin.account.store, [kit], netsuite.twin.clock.now())
    netsuite.customer()
    order = netsuite.create("salesOrder", netsuite.order(line("9", 3), location={"id": "1"}))
    body = {"shipStatus": {"id": "C"}, "item": {"items": [{"orderLine": 1, "quantity": 3, "location": {"id": "1"}}]}}
    answer = netsuite.call("POST", f"/services/rest/record/v1/salesOrder/{order}/!transform/itemFulfillment", body)
    assert answer.status_code == 204, answer.text
    after = shelves(netsuite)
    assert (after["MUG", "1"], after["PEN", "1"]) == ("4", "2")
