"""The afternoon on the deployed stack: what leaves is confirmed once, what is given back is on both sides."""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.demo.run import SHOPS
from sandbox.demo.twin_control import rows
from tests.e2e.conftest import Evening, demo, ndjson

IN_PARTS = "brightside-uk"


def listed(evening: Evening, kind: str) -> list[dict[str, Any]]:
    """NetSuite's records of a type that belong to an order of a marketplace."""
    return [one for one in rows(evening.stack.control.records(kind)) if one.get("custbody_tieout_order")]


def shipped(fulfilments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in fulfilments if one["shipStatus"]["id"] == "C"]


def test_both_sides_agree(evening: Evening) -> None:
    assert evening.outcome.agreement.problems == []


def test_every_parcel_is_confirmed_once_although_events_are_lost_doubled_and_reordered(evening: Evening) -> None:
    told = evening.stack.control.warehouse()
    assert told["waiting"] == 0
    assert min(told["hook"][what] for what in ("delivered", "lost", "doubled", "reordered")) > 0
    assert told["hook"]["refused"] == told["hook"]["failed"] == 0
    left = [one for one in shipped(listed(evening, "itemFulfillment")) if _marketplace(one) == IN_PARTS]
    shipments = list(rows(evening.stack.control.shipments(IN_PARTS)))
    assert len(left) > 20
    assert Counter(one["order_id"] for one in shipments) == Counter(one["custbody_tieout_order"] for one in left)
    assert {one["status"] for one in shipments} == {"SHIPPED"}


def test_the_warehouse_did_all_that_warehouses_do(evening: Evening) -> None:
    """Without this, the tests here could pass on an afternoon without trouble."""
    left = shipped(listed(evening, "itemFulfillment"))
    by_order = Counter((_marketplace(one), one["custbody_tieout_order"]) for one in left)
    assert max(by_order.values()) == 2, "no order was shipped in parts"
    assert max(len(one["package"]["items"]) for one in left) == 2, "nothing left in two parcels"
    assert len({one["shipMethod"]["id"] for one in left}) == 2, "nothing left with the wrong carrier"


def test_what_the_warehouse_called_by_another_carrier_has_that_carriers_name(evening: Evening) -> None:
    names = {one["tracking"]["carrier_name"] for one in rows(evening.stack.control.shipments(IN_PARTS))}
    assert names == {"Royal Mail", "Courier of the shop"}


def test_each_fulfilment_that_left_has_its_invoice(evening: Evening) -> None:
    invoices = Counter(str(one["externalId"]).rpartition("-")[2] for one in listed(evening, "invoice"))
    assert invoices == Counter(str(one["id"]) for one in shipped(listed(evening, "itemFulfillment")))


def test_people_did_all_that_people_do(evening: Evening) -> None:
    people = evening.day.afternoon.people
    assert people.refused == []
    assert [what for what, times in people.done.items() if not times] == []
    assert {what for (what, _), left in people.left.items() if left == people.acts} == set()


def test_no_money_is_given_back_twice(evening: Evening) -> None:
    """What clerks credited was refunded by Mirakl, what operators refunded is credited: one refund a credit memo."""
    memos = listed(evening, "creditMemo")
    groups = {
        refund.get("order_refund_id") or refund["id"]
        for order in evening.orders().values()
        for line in order["order_lines"]
        for refund in line["refunds"]
        if line["shipped_date"]
    }
    assert len(memos) == len(groups) > 0
    ours = [one for one in memos if str(one.get("externalId") or "").startswith("T-")]
    assert len(memos) - len(ours) == evening.day.afternoon.people.done["clerks made a credit memo"]


def test_goods_that_came_back_are_received(evening: Evening) -> None:
    returns = [one for name in evening.stack.settings.config.marketplaces for one in _returns(evening, name)]
    assert len(returns) == evening.day.afternoon.people.done["buyers returned goods"]
    assert {one["state"] for one in returns} == {"RECEIVED"}
    assert len(listed(evening, "returnAuthorization")) == len(listed(evening, "itemReceipt")) == len(returns)


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


@pytest.fixture(scope="module")
def operators_evening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo(tmp_path_factory.mktemp("operator"), "--role", "operator", "--seed", "11", "--orders", "40")


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


def _returns(evening: Evening, marketplace: str) -> list[dict[str, Any]]:
    return list(rows(evening.stack.control.returns(marketplace)))


def _marketplace(record: dict[str, Any]) -> str:
    return str(record["custbody_tieout_marketplace"])
