"""Every fault at one call in ten, workers killed, every message doubled: the books are those of a good day."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.demo.opening import invented_morning
from sandbox.faults import KINDS
from tests.e2e.conftest import SEED, demo, expected, ndjson, posted

ORDERS = 50


@pytest.fixture(scope="module")
def bad_evening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """OUT of a run of the command, with the same world and seed, on a day when everything goes wrong."""
    place = tmp_path_factory.mktemp("bad-day")
    return demo(place, "--seed", str(SEED), "--orders", str(ORDERS), "--faults", "0.10")


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a good day of the same world and seed comes to."""
    morning = invented_morning(tmp_path_factory.mktemp("same-world") / "world", SEED, ORDERS)
    return dict(json.loads((morning.folder / "truth.json").read_text()))


def test_the_same_sales_orders_none_twice_none_lost(bad_evening: Path, truth: dict[str, Any]) -> None:
    booked = posted(ndjson(bad_evening / "netsuite/salesOrder.ndjson"))
    assert {order_id: booked.get(order_id) for order_id in expected(truth)} == expected(truth)
    assert set(booked) - set(truth["waiting_acceptance"]) == set(expected(truth))


def test_the_day_really_was_bad(bad_evening: Path) -> None:
    """Without this, the test above could pass on a good day."""
    faults = json.loads((bad_evening / "summary.json").read_text())["faults"]
    # A page can only come twice where a listing has more than one; two dozen orders have not.
    assert set(KINDS) - {"duplicate_page"} <= set(faults["struck"])
    assert faults["workers_killed"] > 0


def test_a_flash_sale_on_a_bad_day_sells_less_but_nothing_that_is_not_there(bad_evening: Path) -> None:
    ours = json.loads((bad_evening / "summary.json").read_text())["flash_sale"]["tieout"]
    assert ours["faults_struck"] > 0
    assert ours["orders"] > 50
    assert ours["oversold_units"] == ours["orders_beyond_stock"] == 0


def test_what_needs_a_person_is_parked_on_a_bad_day_too(bad_evening: Path, truth: dict[str, Any]) -> None:
    parked = {line["order_id"] for line in ndjson(bad_evening / "parked.ndjson")}
    assert set(truth["orders_with_unmapped_sku"]) <= parked


def test_the_books_are_written_as_a_get_gives_them(bad_evening: Path) -> None:
    for name in ("brightside-uk", "maison-eu"):
        for kind in ("orders", "shipments", "returns"):
            assert (bad_evening / "mirakl" / name / f"{kind}.ndjson").is_file()
    orders = {one["id"] for one in ndjson(bad_evening / "netsuite/salesOrder.ndjson")}
    fulfilments = ndjson(bad_evening / "netsuite/itemFulfillment.ndjson")
    assert {one["createdFrom"]["id"] for one in fulfilments} <= orders
    assert {one["shipStatus"]["id"] for one in fulfilments} == {"C"}
    for kind in ("invoice", "creditMemo", "returnAuthorization"):
        assert all(one["createdFrom"]["id"] for one in ndjson(bad_evening / f"netsuite/{kind}.ndjson"))


def test_on_a_bad_day_both_sides_agree_too(bad_evening: Path) -> None:
    summary = json.loads((bad_evening / "summary.json").read_text())
    assert summary["problems"] == []
    assert all(counted["fulfilments"] > 0 for counted in summary["counts"]["dispatch_and_returns"].values())


def test_on_a_bad_day_every_fulfilment_is_billed_but_of_what_was_cancelled_too_late_to_stop_it(
    bad_evening: Path,
) -> None:
    billed = [str(one["externalId"]).rpartition("-")[2] for one in ndjson(bad_evening / "netsuite/invoice.ndjson")]
    assert len(billed) == len(set(billed))
    parked = [(*one["key"].split("|"), one["reason"]) for one in ndjson(bad_evening / "parked.ndjson")]
    for_a_person = {source for *_, kind, source, reason in parked if (kind, reason) == ("INV", "already_shipped")}
    left = {str(one["id"]) for one in ndjson(bad_evening / "netsuite/itemFulfillment.ndjson")}
    assert left - set(billed) == for_a_person


def test_on_a_bad_day_the_same_money_is_booked_once(bad_evening: Path) -> None:
    """Faults strike while it is agreed to and posted, too: writes that time out after they were done among them."""
    settled = json.loads((bad_evening / "summary.json").read_text())["settlement"]
    assert settled["held"] == {}
    for name, after in settled["after_payout"].items():
        assert Decimal(after["clearing"]) == 0, name
        assert Decimal(after["settled"]) > 0
