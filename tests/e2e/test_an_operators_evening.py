"""A day and its billing cycle as the operator of both marketplaces, an agent at one and a principal at the other."""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.demo.run import SHOPS
from tests.e2e.conftest import demo, ndjson

IN_PARTS = "brightside-uk"


@pytest.fixture(scope="module")
def operators_evening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo(
        tmp_path_factory.mktemp("operator"), "--role", "operator", "--seed", "11", "--orders", "40", "--no-flash-sale"
    )


def test_an_operator_books_what_other_sellers_ship(operators_evening: Path) -> None:
    fulfilments = ndjson(operators_evening / "netsuite/itemFulfillment.ndjson")
    shipments = ndjson(operators_evening / f"mirakl/{IN_PARTS}/shipments.ndjson")
    booked = Counter(_units(one) for one in fulfilments if _marketplace(one) == IN_PARTS)
    posted = {one["otherRefNum"] for one in ndjson(operators_evening / "netsuite/salesOrder.ndjson")}
    assert booked == Counter(_sent(one) for one in shipments if one["order_id"] in posted)
    assert all(str(one["externalId"]).startswith("T-") for one in fulfilments)
    assert {one["shipStatus"]["id"] for one in fulfilments} == {"C"}
    assert any(_marketplace(one) != IN_PARTS for one in fulfilments), "no whole order was shipped"
    invoices = {str(one["externalId"]) for one in ndjson(operators_evening / "netsuite/invoice.ndjson")}
    assert all("-SINV-" in one for one in invoices), "fees of the shops, and none of their goods"


def test_an_operator_owes_each_shop_its_cycle_and_has_nothing_left_to_pay(operators_evening: Path) -> None:
    """The run itself fails where an account, or a shop, is not what the log says; here: that there was money."""
    settled = json.loads((operators_evening / "summary.json").read_text())["settlement"]
    assert settled["held"] == {}
    assert settled["agreed_to"]
    for name, before in settled["before_payout"].items():
        assert Decimal(before["clearing"]) > 0, name
        assert Decimal(settled["after_payout"][name]["clearing"]) == 0, name
    vendors = {str(one.get("externalId")) for one in ndjson(operators_evening / "netsuite/vendor.ndjson")}
    assert len({f"T-{IN_PARTS}-VEN-{shop}" for shop in SHOPS} & vendors) > 1, "shops have cycles of their own"
    manifest = json.loads((operators_evening / "close-pack/manifest.json").read_text())
    assert manifest["ready"] is True


def _units(fulfilment: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    lines = ((str(line["custcol_tieout_line"]), int(line["quantity"])) for line in fulfilment["item"]["items"])
    return tuple(sorted(lines))


def _sent(shipment: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((str(line["order_line_id"]), int(line["quantity"])) for line in shipment["shipment_lines"]))


def _marketplace(record: dict[str, Any]) -> str:
    return str(record["custbody_tieout_marketplace"])
