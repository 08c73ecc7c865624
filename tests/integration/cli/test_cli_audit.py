"""`tieout audit`, after runs of the flow of listings against both twins: audit, sync and a look at quantities."""

from __future__ import annotations

import json
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

import boto3
import pytest
import requests

from tests.integration.cli.terminal import REGION, Deployed
from tests.integration.running_twins import CUSTOM_FIELDS, MARKETPLACE
from tieout.aws.stock_book import S3StockBook
from tieout.config import config_from
from tieout.flows.listings.audit import Audited, audit_mapping
from tieout.flows.listings.drift import detect_drift
from tieout.flows.listings.store import ListingsRoom
from tieout.flows.listings.sync import Synced, sync_listings
from tieout.flows.stock.push import push_stock
from tieout.flows.stock.store import Stockroom
from tieout.wiring import runtime_for

APPROVED = "custitem_tieout_approved"
EAN = "5012345678900"


@pytest.fixture
def shop(deployed: Deployed) -> Deployed:
    """MUG and PEN are for sale; LAMP is approved, its bar code is a product's there, and it is not offered yet."""
    settings = deployed.settings["marketplaces"][MARKETPLACE]
    settings["stock"] = {"follow_seconds": 0, "risk": {"enabled": False}}
    settings["listings"] = {"sync": True, "approval_field": APPROVED, "currency": "GBP"}
    deployed.save()
    deployed.twins.set_custom_fields(CUSTOM_FIELDS | {APPROVED: "checkbox"})
    for sku in ("MUG", "PEN"):
        in_netsuite(deployed, sku, {APPROVED: True, "prices": {"GBP": "10.00"}})
    in_netsuite(deployed, "LAMP", {APPROVED: True, "prices": {"GBP": "30.00"}})
    at_the_marketplace(
        deployed,
        offers=[
            {"shop_sku": sku, "product_sku": f"P-{sku}", "product_title": sku, "price": 10, "quantity": 3}
            for sku in ("MUG", "PEN")
        ],
        products=[{"product_sku": "P-LAMP", "product_id": EAN, "product_id_type": "EAN", "product_title": "Lamp"}],
    )
    for _ in range(3):
        push(deployed)
    return deployed


def at_the_marketplace(deployed: Deployed, **body: Any) -> None:
    url = f"{deployed.twins.twins.mirakl.url}/_twin/offers"
    answer = requests.post(url, json={"marketplace": MARKETPLACE, **body}, timeout=5)
    assert answer.status_code == 200, answer.text


def in_netsuite(deployed: Deployed, itemid: str, fields: dict[str, Any]) -> None:
    url = f"{deployed.twins.twins.netsuite.url}/_twin/items"
    answer = requests.post(url, json={"itemid": itemid, "set": fields}, timeout=5)
    assert answer.status_code == 200, answer.text


def offers(deployed: Deployed) -> dict[str, dict[str, Any]]:
    """What buyers find."""
    url = f"{deployed.twins.twins.mirakl.url}/_twin/records/offers"
    lines = requests.get(url, {"marketplace": MARKETPLACE}, timeout=5).text.splitlines()
    return {row["shop_sku"]: row for row in map(json.loads, filter(None, lines))}


def rooms(deployed: Deployed) -> tuple[ListingsRoom, Stockroom]:
    at = runtime_for(config_from(deployed.settings), deployed.outputs)
    client, bucket = boto3.client("s3", region_name=REGION), deployed.outputs["ArchiveBucket"]
    stock, kept = S3StockBook(client, bucket), S3StockBook(client, bucket, "listings")
    room = ListingsRoom(at=at, stock=stock, kept=kept, in_turn=lambda ask: ask())
    return room, Stockroom(at=at, book=stock, in_turn=lambda ask: ask(), pause=lambda _: None)


def push(deployed: Deployed, task: str = "push") -> None:
    deployed.twins.wait(600)
    push_stock(task, rooms(deployed)[1])


def audit(deployed: Deployed) -> Audited:
    deployed.twins.wait(600)
    return audit_mapping(MARKETPLACE, rooms(deployed)[0])


def sync(deployed: Deployed) -> Synced:
    """The hour's run of sync-listings."""
    deployed.twins.wait(3600)
    return sync_listings(MARKETPLACE, rooms(deployed)[0])


def drift(deployed: Deployed) -> None:
    room, stockroom = rooms(deployed)
    for _ in range(2):
        deployed.twins.wait(60)
        detect_drift("sample", room, stockroom, nullcontext)


def test_before_the_first_audit_there_is_nothing_to_see_to(shop: Deployed) -> None:
    assert "Every offer is of the item" in shop.says("audit", "mapping")
    assert "was not looked at yet" in shop.says("audit", "drift")


def test_a_finding_is_shown_given_to_somebody_and_accepted(shop: Deployed) -> None:
    at_the_marketplace(shop, offers=[{"shop_sku": "MUG", "price": 20}])
    shop.twins.wait(24 * 3600)
    for _ in range(2):
        push(shop, "full")
    assert audit(shop).mismatched == 0
    name = f"{MARKETPLACE}/price_out_of_band/MUG"
    shop.answer("audit", "mapping", "--assign", name, "--owner", "kim", code=1)
    told = shop.answer("audit", "mapping", "--accept", name, "--reason", "a golden edition", code=1)
    (task,) = [each for each in told["tasks"] if each["task"] == name]
    assert (task["owner"], task["accepted"].partition(" (")[0]) == ("kim", "a golden edition")
    assert task["evidence"] == "20 against 10 GBP (+100.0 %)"
    assert told["open"] == len(told["tasks"]) - 1


def test_a_bar_code_that_is_another_products_is_told(shop: Deployed) -> None:
    in_netsuite(shop, "PEN", {"upcCode": "4006381333931"})
    other = {"product_sku": "P-BIRO", "product_id": "4006381333931", "product_id_type": "EAN", "product_title": "Biro"}
    at_the_marketplace(shop, offers=[], products=[other])
    assert audit(shop).mismatched == 1
    tasks = shop.answer("audit", "mapping", code=1)["tasks"]
    (task,) = [each for each in tasks if each["fault"] == "other_product"]
    assert (task["sku"], task["evidence"]) == ("PEN", "product P-PEN, item 4006381333931, which is product P-BIRO")


def test_a_task_that_is_not_on_the_list_is_said_to_be_none(shop: Deployed) -> None:
    assert "has no task" in shop.refuses("audit", "mapping", "--accept", "nobody/no_item/X", "--reason", "because")


def test_an_approved_item_is_offered_and_follows_netsuites_price(shop: Deployed) -> None:
    assert sync(shop).made == 1
    assert sync(shop) == Synced()
    lamp = offers(shop)["LAMP"]
    assert (Decimal(str(lamp["price"])), lamp["quantity"], lamp["product_sku"]) == (Decimal(30), 0, "P-LAMP")
    in_netsuite(shop, "LAMP", {"prices": {"GBP": "33.00"}})
    in_netsuite(shop, "MUG", {"prices": {"GBP": "11.00"}})
    assert sync(shop).priced == 2
    assert sync(shop) == Synced()
    prices = {sku: Decimal(str(row["price"])) for sku, row in offers(shop).items()}
    assert prices == {"LAMP": Decimal(33), "MUG": Decimal(11), "PEN": Decimal(10)}
    shop.twins.wait(24 * 3600)
    for _ in range(3):
        push(shop, "full")
    assert sync(shop) == Synced()


def test_an_item_that_may_not_be_listed_shows_nothing_and_its_offer_goes(shop: Deployed) -> None:
    shop.settings["marketplaces"][MARKETPLACE]["listings"]["delete_after_days"] = 1
    in_netsuite(shop, "MUG", {APPROVED: False})
    assert sync(shop).deleted == 0
    for _ in range(3):
        push(shop)
    assert offers(shop)["MUG"]["quantity"] == 0
    shop.twins.wait(24 * 3600)
    for _ in range(3):
        push(shop, "full")
    room, _ = rooms(shop)
    document = json.loads(b"".join(room.kept.blocks(f"{MARKETPLACE}/sent") or ()))
    document["discontinued"]["MUG"] = "2020-01-01"
    room.kept.replace(f"{MARKETPLACE}/sent", [json.dumps(document).encode()])
    while sync(shop).deleted == 0:
        pass
    sync(shop)
    assert "MUG" not in offers(shop)


def test_a_row_that_mirakl_refuses_is_a_task_with_its_words(shop: Deployed) -> None:
    in_netsuite(shop, "LAMP", {"upcCode": "4006381333931"})
    sync(shop)
    sync(shop)
    told = shop.answer("audit", "mapping", code=1)
    (task,) = [each for each in told["tasks"] if each["fault"] == "refused_by_mirakl"]
    assert (task["sku"], bool(task["evidence"])) == ("LAMP", True)


def test_a_quantity_that_somebody_else_wrote_is_told(shop: Deployed) -> None:
    drift(shop)
    assert shop.answer("audit", "drift")["marketplaces"][0]["counts"] == {}
    shop.twins.wait(3600)
    at_the_marketplace(shop, offers=[{"shop_sku": "MUG", "quantity": 77}])
    push(shop)
    drift(shop)
    told = shop.answer("audit", "drift", code=1)
    (offer,) = told["marketplaces"][0]["offers"]
    assert (offer["sku"], offer["shows"], offer["cause"]) == ("MUG", 77, "changed_outside")
    for _ in range(3):
        push(shop)
    assert offers(shop)["MUG"]["quantity"] == offer["should"]


def test_without_listings_in_the_settings_the_commands_say_so(deployed: Deployed) -> None:
    for command in ("mapping", "drift"):
        assert "the settings have no `listings`" in deployed.refuses("audit", command)
