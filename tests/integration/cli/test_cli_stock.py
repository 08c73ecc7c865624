"""`tieout stock`: what an offer shows and why, after runs of the deployed flow against both twins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import requests

from tests.integration.cli.terminal import REGION, Deployed
from tests.integration.running_twins import MARKETPLACE
from tieout.aws.stock_book import S3StockBook
from tieout.config import config_from
from tieout.flows.stock.push import push_stock
from tieout.flows.stock.send import Pushed
from tieout.flows.stock.store import Stockroom
from tieout.wiring import runtime_for


@pytest.fixture
def shop(deployed: Deployed) -> Deployed:
    """Its stock is kept: three mugs are for sale at the marketplace, twelve are in the main warehouse."""
    deployed.settings["marketplaces"][MARKETPLACE]["stock"] = {"follow_seconds": 0, "risk": {"enabled": False}}
    deployed.save()
    control(
        deployed,
        "offers",
        marketplace=MARKETPLACE,
        offers=[
            {"shop_sku": sku, "product_sku": f"P-{sku}", "product_title": sku, "price": 10, "quantity": 3}
            for sku in ("MUG", "NOBODYS")
        ],
    )
    return deployed


def control(deployed: Deployed, what: str, **body: Any) -> None:
    answer = requests.post(f"{deployed.twins.twins.mirakl.url}/_twin/{what}", json=body, timeout=5)
    assert answer.status_code == 200, answer.text


def push(deployed: Deployed) -> Pushed:
    """A run of push-stock, ten minutes after the one before."""
    deployed.twins.wait(600)
    at = runtime_for(config_from(deployed.settings), deployed.outputs)
    book = S3StockBook(boto3.client("s3", region_name=REGION), deployed.outputs["ArchiveBucket"])
    return push_stock("push", Stockroom(at=at, book=book, in_turn=lambda ask: ask(), pause=lambda _: None))


def offer(deployed: Deployed, sku: str = "MUG") -> dict[str, Any]:
    (found,) = deployed.answer("stock", sku)["offers"]
    assert isinstance(found, dict)
    return found


def test_before_the_first_run_there_is_nothing_to_tell(shop: Deployed) -> None:
    assert "was not read yet" in shop.says("stock")


def test_an_offer_tells_how_its_figure_came_about(shop: Deployed) -> None:
    for _ in range(4):
        push(shop)
    told = offer(shop)
    assert (told["pool"], told["target"], told["shows"]) == ("12", 12 - int(told["promised"]), told["target"])
    assert (told["in_flight"], told["doubtful"], told["refused"], told["off"]) == (None, False, None, False)
    assert "Every offer shows what it should." in shop.says("stock")
    assert "MUG" in shop.says("stock", "MUG")
    listed = shop.answer("stock")
    assert [each["sku"] for each in listed["offers"]] == ["MUG"]
    (market,) = listed["marketplaces"]
    assert (market["offers"], market["file"], market["held"], market["refused"]) == (1, None, 0, 0)
    assert datetime.fromisoformat(listed["read_at"]) <= datetime.now(UTC) + timedelta(minutes=1)


def test_a_sku_that_is_of_no_item_is_said_to_be_so(shop: Deployed) -> None:
    for _ in range(2):
        push(shop)
    assert "of no NetSuite item" in shop.refuses("stock", "NOBODYS")


def test_a_held_push_is_listed_explained_and_let_go(shop: Deployed) -> None:
    shop.settings["marketplaces"][MARKETPLACE]["stock"]["brakes"] = {"from_offers": 1}
    shop.save()
    for _ in range(2):
        push(shop)
    (held,) = shop.answer("parked", "--reason", "stock_held")["parked"]
    assert held["facts"]["changed"] == "1"
    assert shop.answer("stock")["marketplaces"][0]["held"] == 1
    assert offer(shop)["shows"] == 3
    assert "Push of stock" in shop.says("explain", "stock")
    shop.says("resubmit", held["key"])
    for _ in range(2):
        push(shop)
    assert offer(shop)["shows"] == offer(shop)["target"] > 3
    assert shop.answer("parked")["count"] == 0


def test_without_stock_in_the_settings_the_command_says_so(deployed: Deployed) -> None:
    assert "No marketplace's stock is kept" in deployed.refuses("stock")
