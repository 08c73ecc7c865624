"""The afternoon on the deployed stack: what leaves is confirmed once, what is given back is on both sides."""

from collections import Counter
from typing import Any

from sandbox.demo.twin_control import rows
from tests.e2e.evening.conftest import Evening

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


def _returns(evening: Evening, marketplace: str) -> list[dict[str, Any]]:
    return list(rows(evening.stack.control.returns(marketplace)))


def _marketplace(record: dict[str, Any]) -> str:
    return str(record["custbody_tieout_marketplace"])
