"""What leaves the house for a sales order, what it does to the order and to the shelves, and how it is found again."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.netsuite import NetSuiteTwin
from sandbox.world import World
from tests.integration.twins.netsuite import MUG, PEN, RECORD, NetSuite, line, refusal, write_world

SHIPPED = {"shipStatus": {"id": "C"}}
_SHELF = "SELECT quantityonhand AS h, quantitycommitted AS c, quantityavailable AS a, quantitybackordered AS b "


@pytest.fixture(autouse=True)
def marketplace(netsuite: NetSuite) -> None:
    netsuite.customer()


def order_of(netsuite: NetSuite, *lines: dict[str, Any], **more: Any) -> str:
    return netsuite.create("salesOrder", netsuite.order(*lines, **more))


def fulfil(netsuite: NetSuite, order: str, *lines: dict[str, Any], **more: Any) -> str:
    body = SHIPPED | ({"item": {"items": list(lines)}} if lines else {}) | more
    return netsuite.make("salesOrder", order, "itemFulfillment", body)


def shelf(netsuite: NetSuite, item: str = MUG, location: str = "1") -> tuple[int, int, int, int]:
    """On hand, committed, available, back-ordered."""
    text = f"{_SHELF}FROM aggregateitemlocation WHERE item = ? AND location = ?"
    (row,) = netsuite.rows(text, item, location)
    return int(row["h"]), int(row["c"]), int(row["a"]), int(row["b"])


def test_every_line_that_is_not_mentioned_is_fulfilled(netsuite: NetSuite):
    order = order_of(netsuite, line(MUG, 2), line(PEN, 3))
    shipment = netsuite.get("itemFulfillment", fulfil(netsuite, order, {"orderLine": 1, "quantity": 1}))
    assert [(one["orderLine"], one["quantity"]) for one in shipment["item"]["items"]] == [(1, 1), (2, 3)]
    assert shipment["createdFrom"]["id"] == order
    assert shipment["shipStatus"] == {"id": "C", "refName": "Shipped"}


def test_a_line_that_is_not_received_stays_behind(netsuite: NetSuite):
    netsuite.behave(line_numbers="gaps")
    order = order_of(netsuite, line(MUG, 2), line(PEN, 3))
    made = fulfil(netsuite, order, {"orderLine": 4, "itemReceive": False}, {"orderLine": 1, "itemReceive": True})
    assert [one["orderLine"] for one in netsuite.get("itemFulfillment", made)["item"]["items"]] == [1]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([{"orderLine": 1, "quantity": 3}], "more than the 2"),
        ([{"orderLine": 9, "quantity": 1}], "orderLine"),
        ([{"orderLine": 1, "quantity": -1}], "quantity"),
        ([{"quantity": 1}], "orderLine"),
        ([{"orderLine": 1, "itemReceive": False}], "at least one"),
        ([{"orderLine": 1, "location": {"id": "3"}}], "location"),
    ],
)
def test_what_cannot_be_fulfilled_is_refused_and_nothing_moves(netsuite: NetSuite, lines: list[Any], says: str):
    order = order_of(netsuite, line(MUG, 2))
    answer = netsuite.transform("salesOrder", order, "itemFulfillment", SHIPPED | {"item": {"items": lines}})
    assert says in refusal(answer)["detail"]
    assert (netsuite.status("salesOrder", order), shelf(netsuite)) == ("B", (10, 0, 10, 0))


def test_stock_without_a_place_cannot_leave(netsuite: NetSuite):
    order = order_of(netsuite, location=None)
    assert "Location" in refusal(netsuite.transform("salesOrder", order, "itemFulfillment", SHIPPED))["detail"]
    fulfil(netsuite, order, location={"id": "2"})
    assert shelf(netsuite, location="2") == (2, 0, 2, 0)


def test_a_shipment_is_made_by_transform_only(netsuite: NetSuite):
    assert "transforming" in refusal(netsuite.post("itemFulfillment", {"memo": "x"}))["detail"]
    answer = netsuite.call("PUT", f"{RECORD}itemFulfillment/eid:T-IF-1", {"memo": "x"})
    assert "transforming" in refusal(answer)["detail"]


def test_an_external_id_keeps_a_shipment_from_being_made_twice(netsuite: NetSuite):
    order = order_of(netsuite, line(MUG, 2), externalId="T-SO-1")
    made = fulfil(netsuite, order, {"orderLine": 1, "quantity": 1}, externalId="T-IF-1")
    body = SHIPPED | {"externalId": "t-if-1"}
    assert "already exists" in refusal(netsuite.transform("salesOrder", order, "itemFulfillment", body))["detail"]
    body = SHIPPED | {"externalId": "T-SO-1"}
    assert "already exists" in refusal(netsuite.transform("salesOrder", order, "itemFulfillment", body))["detail"]
    assert netsuite.get("itemFulfillment", "eid:T-IF-1")["id"] == made
    assert shelf(netsuite) == (9, 0, 9, 0)


def test_an_order_says_how_far_it_has_come(netsuite: NetSuite):
    """Pending Fulfillment, part shipped, all shipped; a fulfilled order has nothing left to make."""
    order = order_of(netsuite, line(MUG, 2), line(PEN, 1))
    assert netsuite.status("salesOrder", order) == "B"
    fulfil(netsuite, order, {"orderLine": 1, "quantity": 1}, {"orderLine": 2, "itemReceive": False})
    assert netsuite.status("salesOrder", order) == "E"
    fulfil(netsuite, order)
    assert netsuite.status("salesOrder", order) == "F"
    (row,) = netsuite.rows("SELECT status, BUILTIN.DF(status) AS said FROM transaction WHERE id = ?", order)
    assert row == {"status": "F", "said": "Sales Order : Pending Billing"}
    assert "initialize" in refusal(netsuite.transform("salesOrder", order, "itemFulfillment", SHIPPED))["detail"]


def test_an_order_that_is_not_approved_does_not_ship(netsuite: NetSuite):
    order = order_of(netsuite, orderStatus={"id": "A"})
    assert "initialize" in refusal(netsuite.transform("salesOrder", order, "itemFulfillment", SHIPPED))["detail"]
    netsuite.behave(transform_refusal_code="INVALID_INITIALIZE_REF")
    answer = netsuite.transform("salesOrder", order, "itemFulfillment", SHIPPED)
    assert refusal(answer)["o:errorCode"] == "INVALID_INITIALIZE_REF"


def test_goods_leave_the_shelf_when_they_are_shipped_not_when_they_are_picked(netsuite: NetSuite):
    order = order_of(netsuite, line(MUG, 2))
    made = fulfil(netsuite, order, shipStatus={"id": "A"})
    assert (netsuite.status("salesOrder", order), shelf(netsuite)) == ("B", (10, 0, 10, 0))
    netsuite.change("itemFulfillment", made, {"shipStatus": {"id": "B"}})
    assert shelf(netsuite) == (10, 0, 10, 0)
    netsuite.change("itemFulfillment", made, SHIPPED)
    assert (netsuite.status("salesOrder", order), shelf(netsuite)) == ("F", (8, 0, 8, 0))
    assert netsuite.get("itemFulfillment", made)["shippedDate"]


def test_what_is_picked_cannot_be_picked_again(netsuite: NetSuite):
    order = order_of(netsuite, line(MUG, 2))
    fulfil(netsuite, order, {"orderLine": 1, "quantity": 1}, shipStatus={"id": "A"})
    body = {"item": {"items": [{"orderLine": 1, "quantity": 2}]}}
    assert "more than the 1" in refusal(netsuite.transform("salesOrder", order, "itemFulfillment", body))["detail"]


def test_without_pick_pack_and_ship_everything_is_shipped_at_once(netsuite: NetSuite):
    order = order_of(netsuite)
    netsuite.behave(pick_pack_ship=False)
    made = fulfil(netsuite, order, shipStatus={"id": "A"})
    assert netsuite.get("itemFulfillment", made)["shipStatus"]["id"] == "C"


def test_a_shipment_that_is_unshipped_or_deleted_puts_its_goods_back(netsuite: NetSuite):
    order = order_of(netsuite, line(MUG, 2))
    made = fulfil(netsuite, order)
    netsuite.change("itemFulfillment", made, {"shipStatus": {"id": "A"}})
    assert (netsuite.status("salesOrder", order), shelf(netsuite)) == ("B", (10, 0, 10, 0))
    netsuite.change("itemFulfillment", made, SHIPPED)
    assert netsuite.call("DELETE", f"{RECORD}itemFulfillment/{made}").status_code == 204
    assert (netsuite.status("salesOrder", order), shelf(netsuite)) == ("B", (10, 0, 10, 0))
    assert netsuite.rows("SELECT recordid, type FROM deletedrecord") == [{"recordid": made, "type": "itemfulfillment"}]
    assert netsuite.rows("SELECT id FROM transaction WHERE type = 'ItemShip'") == []


def test_a_shipment_can_be_corrected_within_what_is_left(netsuite: NetSuite):
    order = order_of(netsuite, line(MUG, 5))
    made = fulfil(netsuite, order, {"orderLine": 1, "quantity": 2})
    netsuite.change("itemFulfillment", made, {"item": {"items": [{"line": 1, "quantity": 4}]}})
    assert shelf(netsuite) == (6, 0, 6, 0)
    too_many = netsuite.patch("itemFulfillment", made, {"item": {"items": [{"line": 1, "quantity": 6}]}})
    assert "more than the 5" in refusal(too_many)["detail"]
    added = netsuite.patch("itemFulfillment", made, {"item": {"items": [{"orderLine": 1, "quantity": 1}]}})
    assert "cannot be added" in refusal(added)["detail"]


def test_an_order_with_shipments_is_not_deleted_and_keeps_what_was_shipped(netsuite: NetSuite):
    order = order_of(netsuite, line(MUG, 2))
    fulfil(netsuite, order)
    assert "linked" in refusal(netsuite.call("DELETE", f"{RECORD}salesOrder/{order}"))["detail"]
    answer = netsuite.patch("salesOrder", order, {"item": {"items": [{"line": 1, "quantity": 1}]}})
    assert "cannot be less" in refusal(answer)["detail"]
    answer = netsuite.patch("salesOrder", order, {"item": {"items": [line(PEN)]}}, "?replace=item")
    assert "cannot be removed" in refusal(answer)["detail"]


def test_a_closed_line_does_not_ship_any_more(netsuite: NetSuite):
    order = order_of(netsuite, line(MUG, 2), line(PEN, 1))
    netsuite.change("salesOrder", order, {"item": {"items": [{"line": 2, "isClosed": True}]}})
    made = fulfil(netsuite, order)
    assert [one["orderLine"] for one in netsuite.get("itemFulfillment", made)["item"]["items"]] == [1]
    assert netsuite.status("salesOrder", order) == "F"


def test_a_closed_period_takes_no_shipment_but_lets_one_be_picked(netsuite: NetSuite):
    """Picking posts nothing."""
    order = order_of(netsuite)
    netsuite.close_period()
    assert "closed" in refusal(netsuite.transform("salesOrder", order, "itemFulfillment", SHIPPED))["detail"]
    made = fulfil(netsuite, order, shipStatus={"id": "A"})
    assert "closed" in refusal(netsuite.patch("itemFulfillment", made, SHIPPED))["detail"]


def test_a_shipment_of_a_closed_period_is_not_touched_any_more(netsuite: NetSuite):
    made = fulfil(netsuite, order_of(netsuite))
    netsuite.close_period()
    assert "closed" in refusal(netsuite.patch("itemFulfillment", made, {"memo": "late"}))["detail"]
    assert "closed" in refusal(netsuite.call("DELETE", f"{RECORD}itemFulfillment/{made}"))["detail"]


def test_parcels_carry_their_tracking_numbers(netsuite: NetSuite):
    order = order_of(netsuite, line(MUG, 2))
    parcels = {"items": [{"packageTrackingNumber": "1Z1", "packageWeight": 1.2}, {"packageTrackingNumber": "1Z2"}]}
    made = fulfil(netsuite, order, package=parcels)
    read = netsuite.get("itemFulfillment", made)["package"]["items"]
    assert [one["packageTrackingNumber"] for one in read] == ["1Z1", "1Z2"]
    assert read[0]["packageWeight"] == Decimal("1.2")
    text = (
        "SELECT tn.trackingnumber AS n FROM trackingnumbermap m JOIN trackingnumber tn ON tn.id = m.trackingnumber "
        "WHERE m.transaction = ? ORDER BY tn.id"
    )
    assert [row["n"] for row in netsuite.rows(text, made)] == ["1Z1", "1Z2"]
    netsuite.change("itemFulfillment", made, {"package": {"items": [{"packageTrackingNumber": "1Z3"}]}})
    assert [row["n"] for row in netsuite.rows(text, made)] == ["1Z1", "1Z2", "1Z3"]
    again = {"package": {"items": [{"packageTrackingNumber": "1Z4"}]}}
    netsuite.change("itemFulfillment", made, again, "?replace=package")
    assert [row["n"] for row in netsuite.rows(text, made)] == ["1Z4"]


def test_with_the_carriers_labels_parcels_stand_in_the_carriers_own_list(netsuite: NetSuite):
    order = order_of(netsuite, line(MUG, 2))
    netsuite.behave(carrier_integration="Ups")
    body = SHIPPED | {"package": {"items": [{"packageTrackingNumber": "1Z1"}]}}
    assert "package" in refusal(netsuite.transform("salesOrder", order, "itemFulfillment", body))["o:errorPath"]
    fulfil(netsuite, order, packageUps={"items": [{"packageTrackingNumberUps": "1Z1"}]})
    assert [row["trackingnumber"] for row in netsuite.rows("SELECT trackingnumber FROM trackingnumber")] == ["1Z1"]


def test_a_shipment_is_found_by_query_with_its_order_and_lines(netsuite: NetSuite):
    order = order_of(netsuite, line(MUG, 2, custcol_tieout_line="L-1"), custbody_tieout_order="ORD-1")
    made = fulfil(netsuite, order, externalId="T-IF-1")
    text = (
        "SELECT id, type, status, BUILTIN.DF(status) AS said, custbody_tieout_order AS o FROM transaction WHERE id = ?"
    )
    assert netsuite.rows(text, made) == [
        {"id": made, "type": "ItemShip", "status": "C", "said": "Item Fulfillment : Shipped", "o": "ORD-1"}
    ]
    text = (
        "SELECT id, quantity, createdfrom, location, custcol_tieout_line AS l FROM transactionline "
        "WHERE transaction = ? AND mainline = 'F' AND taxline = 'F' AND NVL(iscogs, 'F') = 'F'"
    )
    assert netsuite.rows(text, made) == [
        {"id": "1", "quantity": "-2", "createdfrom": order, "location": "1", "l": "L-1"}
    ]
    text = "SELECT DISTINCT previousdoc AS so, linktype AS how FROM previoustransactionlinelink WHERE nextdoc = ?"
    assert netsuite.rows(text, made) == [{"so": order, "how": "ShipRcpt"}]
    (ordered,) = netsuite.rows(
        "SELECT quantityshiprecv AS q FROM transactionline WHERE transaction = ? AND mainline = 'F'", order
    )
    assert ordered["q"] == "2"


def test_who_forgets_the_cost_lines_counts_a_shipment_twice(netsuite: NetSuite):
    made = fulfil(netsuite, order_of(netsuite, line(MUG, 2)))
    text = "SELECT SUM(ABS(quantity)) AS n FROM transactionline WHERE transaction = ? AND mainline = 'F'"
    assert netsuite.rows(text, made) == [{"n": "4"}]


def test_saving_a_shipment_moves_the_orders_date(netsuite: NetSuite):
    order = order_of(netsuite)
    text = "SELECT TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS lm FROM transaction WHERE id = ?"
    (before,) = netsuite.rows(text, order)
    netsuite.control("POST", "clock", json={"advance_seconds": 60})
    fulfil(netsuite, order)
    assert netsuite.rows(text, order)[0]["lm"] > before["lm"]


# -- stock that orders commit ------------------------------------------------------------------------------------


def test_an_order_takes_nothing_off_what_is_available_unless_the_account_commits(netsuite: NetSuite):
    order_of(netsuite, line(MUG, 4))
    assert shelf(netsuite) == (10, 0, 10, 0)


def test_an_approved_order_commits_what_is_available_and_waits_for_the_rest(netsuite: NetSuite):
    """10 mugs; the first order takes 7, the second asks 5 and gets 3."""
    netsuite.behave(sales_orders_commit_stock=True)
    first, second = order_of(netsuite, line(MUG, 7)), order_of(netsuite, line(MUG, 5))
    order_of(netsuite, line(MUG, 9), orderStatus={"id": "A"})
    assert shelf(netsuite) == (10, 10, 0, 2)
    (waits,) = netsuite.get("salesOrder", second)["item"]["items"]
    assert (waits["quantityCommitted"], waits["quantityBackOrdered"]) == (3, 2)
    answer = netsuite.transform(
        "salesOrder", second, "itemFulfillment", SHIPPED | {"item": {"items": [{"orderLine": 1, "quantity": 5}]}}
    )
    assert "more than the 3" in refusal(answer)["detail"]
    netsuite.change("salesOrder", first, {"item": {"items": [{"line": 1, "isClosed": True}]}})
    assert shelf(netsuite) == (10, 5, 5, 0)
    fulfil(netsuite, second)
    assert shelf(netsuite) == (5, 0, 5, 0)


def test_shipping_and_deleting_keep_what_is_committed_in_step(netsuite: NetSuite):
    netsuite.behave(sales_orders_commit_stock=True)
    first, second = order_of(netsuite, line(MUG, 6)), order_of(netsuite, line(MUG, 6))
    made = fulfil(netsuite, first)
    assert shelf(netsuite) == (4, 4, 0, 2)
    netsuite.call("DELETE", f"{RECORD}salesOrder/{second}")
    assert shelf(netsuite) == (4, 0, 4, 0)
    netsuite.call("DELETE", f"{RECORD}itemFulfillment/{made}")
    assert shelf(netsuite) == (10, 6, 4, 0)


def test_an_account_may_ship_whatever_is_committed(netsuite: NetSuite):
    netsuite.behave(sales_orders_commit_stock=True, fulfil_based_on_commitment="ignored")
    fulfil(netsuite, order_of(netsuite, line(MUG, 12)))
    assert shelf(netsuite) == (-2, 0, -2, 0)


def test_committing_can_be_switched_on_and_off_again(netsuite: NetSuite):
    order = order_of(netsuite, line(MUG, 4))
    netsuite.behave(sales_orders_commit_stock=True)
    assert shelf(netsuite) == (10, 4, 6, 0)
    netsuite.behave(sales_orders_commit_stock=False)
    assert shelf(netsuite) == (10, 0, 10, 0)
    assert "quantityCommitted" not in netsuite.get("salesOrder", order)["item"]["items"][0]


_STEP = st.tuples(st.sampled_from(["order", "ship", "unship", "close", "delete"]), st.integers(1, 7))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_STEP, max_size=14))
def test_shelves_and_orders_always_agree(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]):
    """On hand is what was there less what is shipped; what is committed is what the orders' lines say, and is there."""
    twin = NetSuiteTwin(seed=1)
    twin.load(World(write_world(tmp_path_factory.mktemp("world") / "w")))
    twin.behaviours.set({"sales_orders_commit_stock": True})
    ask = twin.account.request
    buyer = {"companyName": "Shop", "externalId": "C", "subsidiary": {"id": "1"}, "currency": {"id": "1"}}
    ask("POST", RECORD + "customer", buyer)
    for action, number in steps:
        orders, shipments = twin.account.store.all("salesOrder"), twin.account.store.all("itemFulfillment")
        order = orders[number % len(orders)].id if orders else "0"
        shipment = shipments[number % len(shipments)].id if shipments else "0"
        if action == "order":
            plain = {"entity": {"externalId": "C"}, "orderStatus": {"id": "B"}, "location": {"id": "1"}}
            ask("POST", RECORD + "salesOrder", plain | {"item": {"items": [line(MUG, number)]}})
        elif action == "ship":
            body = SHIPPED | {"item": {"items": [{"orderLine": 1, "quantity": number}]}}
            ask("POST", f"{RECORD}salesOrder/{order}/!transform/itemFulfillment", body)
        elif action == "unship":
            ask("DELETE", f"{RECORD}itemFulfillment/{shipment}")
        elif action == "close":
            closed = {"items": [{"line": 1, "isClosed": number % 2 == 0}]}
            ask("PATCH", f"{RECORD}salesOrder/{order}", {"item": closed})
        else:
            ask("DELETE", f"{RECORD}salesOrder/{order}")
    shipped = sum(one.sublists["item"][0]["quantity"] for one in twin.account.store.all("itemFulfillment"))
    ordered = [one.sublists["item"][0] for one in twin.account.store.all("salesOrder")]
    place = twin.account.store.by_id("item", MUG).sublists["locations"][0]
    assert place["quantityOnHand"] == 10 - shipped
    assert sum(one["quantityFulfilled"] for one in ordered) == shipped
    for one in ordered:
        open_still = 0 if one.get("isClosed") else one["quantity"] - one["quantityFulfilled"]
        assert one["quantityCommitted"] + one["quantityBackOrdered"] == open_still
    committed = sum(one["quantityCommitted"] for one in ordered)
    assert place.get("quantityCommitted", 0) == committed
    assert place["quantityAvailable"] == place["quantityOnHand"] - committed >= 0
    waiting = sum(one["quantityBackOrdered"] for one in ordered)
    assert place.get("quantityBackOrdered", 0) == waiting
    assert not (waiting and place["quantityAvailable"])
