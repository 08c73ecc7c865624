"""OR23 and OR24, ST01 to ST24: what a shop ships, whole or in parts, and what the buyer's clock makes of it."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.clock import moment_of
from tests.integration.twins.mirakl import MARKETPLACE, Json, Mirakl, line, order

DHL = {"carrier_code": "DHL", "tracking_number": "JD014"}


def shipping(order_id: str = "A", *lines: Json, **fields: Any) -> Json:
    return order(order_id, *lines, **{"order_state": "SHIPPING", **fields})


def track(mirakl: Mirakl, order_id: str = "A", **tracking: Any) -> int:
    return mirakl.seller("PUT", f"/api/orders/{order_id}/tracking", json=tracking or DHL).status_code


def ship(mirakl: Mirakl, order_id: str = "A") -> int:
    return mirakl.seller("PUT", f"/api/orders/{order_id}/ship").status_code


def part(order_id: str, *quantities: int, **fields: Any) -> Json:
    """A shipment of an order: so many of its first line, of its second, ..."""
    lines = [{"order_line_id": f"{order_id}-{n}", "quantity": q} for n, q in enumerate(quantities, 1) if q]
    return {"order_id": order_id, "shipment_lines": lines, **fields}


def create(mirakl: Mirakl, *shipments: Json) -> tuple[list[Json], list[str]]:
    """ST01; gives the shipments made and what was said of those that were not."""
    answer = mirakl.seller("POST", "/api/shipments", json={"shipments": list(shipments)})
    assert answer.status_code == 201, answer.text
    return answer.json()["shipment_success"], [one["message"] for one in answer.json()["shipment_errors"]]


def each(mirakl: Mirakl, method: str, path: str, *shipments: Json) -> tuple[list[str], list[str]]:
    """ST06, ST23, ST24; gives the ids done and what was said of the others."""
    answer = mirakl.seller(method, f"/api/shipments/{path}", json={"shipments": list(shipments)})
    assert answer.status_code == 200, answer.text
    done = [one["id"] for one in answer.json()["shipment_success"]]
    return done, [one["message"] for one in answer.json()["shipment_errors"]]


def listed(mirakl: Mirakl, **asked: Any) -> list[Json]:
    answer = mirakl.seller("GET", "/api/shipments", params=asked)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def to_ship(mirakl: Mirakl, **asked: Any) -> dict[str, list[int]]:
    """ST12: the quantities left by order; five minutes pass first, as it may be asked no oftener."""
    mirakl.wait(minutes=5)
    answer = mirakl.seller("GET", "/api/shipments/items_to_ship", params=asked)
    assert answer.status_code == 200, answer.text
    return {row["order_id"]: [one["quantity"] for one in row["shipment_lines"]] for row in answer.json()["data"]}


@pytest.fixture
def in_parts(mirakl: Mirakl) -> Mirakl:
    """A platform where orders ship in parts, with an order of three mugs and two bowls."""
    mirakl.behave(multi_shipment=True)
    mirakl.place(shipping("A", line("MUG", 3), line("BOWL", 2)))
    return mirakl


def test_an_order_is_shipped_whole_with_its_carrier_and_number(mirakl: Mirakl) -> None:
    mirakl.place(shipping("A", line(), line()))
    assert mirakl.order("A")["can_shop_ship"] is True
    assert track(mirakl) == 204
    assert mirakl.order("A")["order_state"] == "SHIPPING"
    shipped_at = mirakl.now()
    assert ship(mirakl) == 204
    found = mirakl.order("A")
    assert (found["order_state"], found["can_shop_ship"]) == ("SHIPPED", False)
    assert found["shipping_company"] == "DHL Express"
    assert found["shipping_tracking_url"] == "https://tracking.dhl.example/JD014"
    for one in found["order_lines"]:
        assert one["order_line_state"] == "SHIPPED"
        assert moment_of(one["shipped_date"]) - shipped_at < timedelta(minutes=1)


def test_an_order_without_its_number_is_not_shipped_unless_the_platform_lets_it(mirakl: Mirakl) -> None:
    mirakl.place(shipping("A"))
    assert ship(mirakl) == 400
    assert mirakl.order("A")["order_state"] == "SHIPPING"
    mirakl.behave(ship_needs_tracking=False)
    assert ship(mirakl) == 204


@pytest.mark.parametrize("state", ["WAITING_ACCEPTANCE", "WAITING_DEBIT", "SHIPPED", "RECEIVED", "CANCELED"])
def test_only_an_order_that_is_to_ship_is_shipped(mirakl: Mirakl, state: str) -> None:
    mirakl.place(order("A", order_state=state, shipping_tracking="JD014"))
    assert ship(mirakl) == 400
    assert mirakl.order("A")["order_state"] == state


def test_an_order_is_shipped_once(mirakl: Mirakl) -> None:
    mirakl.place(shipping("A"))
    track(mirakl)
    assert [ship(mirakl), ship(mirakl)] == [204, 400]


def test_what_a_logistics_partner_ships_is_neither_tracked_nor_shipped_by_the_shop(mirakl: Mirakl) -> None:
    mirakl.place(shipping("A", fulfillment={"center": {"code": "HUB"}}))
    assert (track(mirakl), ship(mirakl)) == (400, 400)
    assert mirakl.order("A")["can_shop_ship"] is False


def test_another_shops_order_cannot_be_shipped(mirakl: Mirakl) -> None:
    mirakl.place(shipping("A", shop_id=2002))
    assert (track(mirakl), ship(mirakl)) == (404, 404)


@pytest.mark.parametrize(
    ("tracking", "status"),
    [
        ({"carrier_code": "DHL", "tracking_number": "JD014"}, 204),
        ({"carrier_code": "DHL"}, 400),
        ({"carrier_code": "DHL", "tracking_number": " "}, 400),
        ({"carrier_code": "VAN"}, 204),
        ({"carrier_code": "PIGEON", "tracking_number": "1"}, 400),
        ({"carrier_standard_code": "UPS", "tracking_number": "1Z"}, 204),
        ({"carrier_standard_code": "UPS"}, 400),
        ({"carrier_standard_code": "PIGEON", "carrier_name": "Pigeon"}, 400),
        ({"carrier_name": "Pigeon Post"}, 204),
        ({"tracking_number": "1"}, 400),
    ],
)
def test_a_registered_carrier_needs_its_number_and_another_its_name(
    mirakl: Mirakl, tracking: Json, status: int
) -> None:
    mirakl.place(shipping("A"))
    assert track(mirakl, **tracking) == status


def test_a_platform_may_take_registered_carriers_only(mirakl: Mirakl) -> None:
    mirakl.behave(alternative_carriers_disabled=True)
    mirakl.place(shipping("A"))
    features = mirakl.seller("GET", "/api/platform/configuration").json()["features"]
    assert features["disable_seller_alternative_carrier"] is True
    assert track(mirakl, carrier_name="Pigeon Post", tracking_number="1") == 400
    assert track(mirakl) == 204


def test_a_free_carriers_url_is_kept_and_a_registered_ones_is_mirakls_own(mirakl: Mirakl) -> None:
    mirakl.place(shipping("A"), shipping("B"))
    url = "https://pigeons.example/7"
    track(mirakl, "A", carrier_name="Pigeon Post", tracking_number="7", carrier_url=url)
    track(mirakl, "B", **DHL, carrier_url=url)
    assert mirakl.order("A")["shipping_tracking_url"] == url
    assert mirakl.order("B")["shipping_tracking_url"] == "https://tracking.dhl.example/JD014"


def test_a_shipped_order_is_received_and_closed_by_the_clock(mirakl: Mirakl) -> None:
    mirakl.behave(received_minutes=60, closed_minutes=120)
    mirakl.place(shipping("A"))
    track(mirakl)
    ship(mirakl)
    seen = []
    for _ in range(4):
        found = mirakl.order("A")
        seen.append((found["order_state"], found["order_lines"][0]["order_line_state"]))
        mirakl.wait(hours=1)
    assert seen == [(one, one) for one in ("SHIPPED", "RECEIVED", "RECEIVED", "CLOSED")]
    (closed,) = mirakl.order("A")["order_lines"]
    assert moment_of(closed["received_date"]) - moment_of(closed["shipped_date"]) == timedelta(hours=1)


@pytest.mark.parametrize(("workflow", "state"), [("PAY_ON_DELIVERY", "RECEIVED"), ("PAY_ON_DUE_DATE", "RECEIVED")])
def test_an_order_paid_later_is_debited_once_it_is_received(mirakl: Mirakl, workflow: str, state: str) -> None:
    mirakl.place(shipping("A", payment_workflow=workflow))
    track(mirakl)
    ship(mirakl)
    assert mirakl.order("A")["customer_debited_date"] is None
    mirakl.wait(days=3)
    found = mirakl.order("A")
    assert found["order_state"] == state
    assert found["customer_debited_date"] == found["order_lines"][0]["received_date"]


def test_a_platform_without_parts_takes_no_shipments(mirakl: Mirakl) -> None:
    mirakl.place(shipping("A"))
    assert mirakl.seller("POST", "/api/shipments", json={"shipments": [part("A", 1)]}).status_code == 400
    features = mirakl.seller("GET", "/api/platform/configuration").json()["features"]
    assert features["shipment"]["multi_shipment"] is False


def test_an_order_ships_in_parts_and_is_shipped_with_the_last_of_them(in_parts: Mirakl) -> None:
    created, errors = create(in_parts, part("A", 3, 1, shipped=True, tracking=DHL))
    assert (errors, created[0]["status"]) == ([], "SHIPPED")
    found = in_parts.order("A")
    assert [found["order_state"], *(one["order_line_state"] for one in found["order_lines"])] == [
        "SHIPPING",
        "SHIPPED",
        "SHIPPING",
    ]
    assert found["can_shop_ship"] is True
    assert to_ship(in_parts) == {"A": [1]}
    create(in_parts, part("A", 0, 1, shipped=True, tracking=DHL))
    assert in_parts.order("A")["order_state"] == "SHIPPED"
    assert to_ship(in_parts) == {}


def test_never_more_is_shipped_than_was_ordered(in_parts: Mirakl) -> None:
    invalid = ["Shipment quantity is invalid."]
    assert create(in_parts, part("A", 4)) == ([], invalid)
    assert create(in_parts, part("A", 2), part("A", 2))[1] == invalid
    assert create(in_parts, part("A", 1))[1] == []
    assert create(in_parts, part("A", 1))[1] == invalid
    twice = {"order_id": "A", "shipment_lines": [{"order_line_id": "A-2", "quantity": n} for n in (1, 2)]}
    assert create(in_parts, twice) == ([], invalid)
    nothing = {"order_id": "A", "shipment_lines": [{"order_line_id": "A-2", "quantity": 0}]}
    assert create(in_parts, nothing) == ([], invalid)


def test_the_same_call_again_ships_again(in_parts: Mirakl) -> None:
    """ST01 knows no key: who repeats it after a timeout without looking sends a second parcel."""
    for _ in range(2):
        assert create(in_parts, part("A", 1, shipped=True, tracking=DHL))[1] == []
    assert len(listed(in_parts, order_id="A")) == 2
    assert to_ship(in_parts) == {"A": [1, 2]}


def test_one_wrong_shipment_does_not_keep_the_others_from_leaving(in_parts: Mirakl) -> None:
    in_parts.place(order("EARLY"), shipping("THEIRS", shop_id=2002))
    created, errors = create(
        in_parts,
        part("EARLY", 1),
        part("NONE", 1),
        part("THEIRS", 1),
        part("A", 0, 0, 1),
        part("A", 1, tracking={"carrier_code": "DHL"}),
        part("A", 1, invoice_reference="x" * 256),
        part("A", 1, shipped=True),
    )
    assert [one["order_id"] for one in created] == ["A"]
    assert len(errors) == 6
    assert errors[0] == "The order status must be 'SHIPPING' but it is 'WAITING_ACCEPTANCE'."
    assert errors[1:3] == ["Order NONE does not exist.", "Order THEIRS does not exist."]


def test_at_most_a_thousand_shipments_are_sent_in_one_call(in_parts: Mirakl) -> None:
    many = {"shipments": [part("A", 1)] * 1001}
    assert in_parts.seller("POST", "/api/shipments", json=many).status_code == 400
    assert listed(in_parts) == []


def test_a_shipment_is_made_then_tracked_then_shipped(in_parts: Mirakl) -> None:
    ((made,), _) = create(in_parts, part("A", 3, 2, invoice_reference="INV1"))
    assert (made["status"], made["invoice_reference"]) == ("SHIPPING", "INV1")
    named = {"id": made["id"]}
    tracked = {**named, "tracking": DHL}
    assert each(in_parts, "POST", "tracking", tracked, {**tracked, "id": "none"}) == (
        [made["id"]],
        ["Shipment none does not exist."],
    )
    said = "The shipment status must be 'SHIPPING' but it is 'SHIPPED'."
    assert each(in_parts, "PUT", "ship", named, named) == ([made["id"]], [said])
    (found,) = listed(in_parts)
    assert (found["status"], found["tracking"]["tracking_number"]) == ("SHIPPED", "JD014")
    assert in_parts.order("A")["order_state"] == "SHIPPED"


def test_a_deleted_shipment_gives_its_goods_back_and_a_shipped_one_is_not_deleted(in_parts: Mirakl) -> None:
    (packed, left), _ = create(in_parts, part("A", 2), part("A", 1, shipped=True))
    assert to_ship(in_parts) == {"A": [2]}
    done, errors = each(in_parts, "PUT", "delete", {"id": packed["id"]}, {"id": left["id"]})
    assert (done, len(errors)) == ([packed["id"]], 1)
    assert to_ship(in_parts) == {"A": [2, 2]}


def test_shipping_the_order_as_a_whole_ships_whatever_is_left(in_parts: Mirakl) -> None:
    """OR24 on a platform of parts: packed or not, everything leaves."""
    create(in_parts, part("A", 1))
    track(in_parts)
    assert ship(in_parts) == 204
    assert in_parts.order("A")["order_state"] == "SHIPPED"
    shipped = listed(in_parts)
    assert [one["status"] for one in shipped] == ["SHIPPED", "SHIPPED"]
    assert sum(one["quantity"] for shipment in shipped for one in shipment["shipment_lines"]) == 5


def test_shipments_are_received_each_in_its_time_and_the_order_with_the_last(in_parts: Mirakl) -> None:
    create(in_parts, part("A", 3, shipped=True))
    in_parts.wait(days=2)
    create(in_parts, part("A", 0, 2, shipped=True))
    in_parts.wait(days=1)
    found = in_parts.order("A")
    assert [found["order_state"], *(one["order_line_state"] for one in found["order_lines"])] == [
        "SHIPPED",
        "RECEIVED",
        "SHIPPED",
    ]
    in_parts.wait(days=2)
    assert in_parts.order("A")["order_state"] == "RECEIVED"
    in_parts.wait(days=14)
    assert in_parts.order("A")["order_state"] == "CLOSED"


def test_a_shipment_paid_on_shipment_leaves_once_it_is_paid(mirakl: Mirakl) -> None:
    mirakl.behave(multi_shipment=True)
    mirakl.place(shipping("A", payment_workflow="PAY_ON_SHIPMENT"))
    create(mirakl, part("A", 1, shipped=True))
    seen = []
    for _ in range(3):
        (one,) = listed(mirakl)
        seen.append((one["status"], one["status_customer_debit"]))
        mirakl.wait(minutes=5)
    assert seen == [
        ("SHIPMENT_PREPARED", "WAITING_OPERATOR_SYSTEM_CONTACT"),
        ("SHIPMENT_PREPARED", "WAITING_DEBIT_CONFIRMATION"),
        ("SHIPPED", "DEBIT_OK"),
    ]
    assert mirakl.order("A")["order_lines"][0]["debited_date"] is not None


def test_shipments_are_listed_page_by_page_without_losing_one_that_changes(in_parts: Mirakl) -> None:
    made: list[str] = []
    for _ in range(5):
        in_parts.wait(seconds=1)
        made.append(create(in_parts, part("A", *([1, 0] if len(made) < 3 else [0, 1])))[0][0]["id"])
    first = in_parts.seller("GET", "/api/shipments", params={"limit": 2, "shipment_state_code": "SHIPPING"}).json()
    assert "previous_page_token" not in first
    each(in_parts, "PUT", "delete", {"id": made[0]})
    second = in_parts.seller("GET", "/api/shipments", params={"page_token": first["next_page_token"]}).json()
    third = in_parts.seller("GET", "/api/shipments", params={"page_token": second["next_page_token"]}).json()
    assert [one["id"] for page in (first, second, third) for one in page["data"]] == made
    assert "next_page_token" not in third
    back = in_parts.seller("GET", "/api/shipments", params={"page_token": third["previous_page_token"]}).json()
    assert back["data"] == second["data"]


def test_with_a_page_token_the_other_parameters_are_ignored(in_parts: Mirakl) -> None:
    create(in_parts, part("A", 1), part("A", 1))
    token = in_parts.seller("GET", "/api/shipments", params={"limit": 1}).json()["next_page_token"]
    assert len(listed(in_parts, page_token=token, shipment_state_code="CLOSED")) == 1
    assert in_parts.seller("GET", "/api/shipments", params={"page_token": "mine"}).status_code == 400


def test_a_page_has_ten_shipments_unless_asked_and_never_more_than_a_hundred(mirakl: Mirakl) -> None:
    mirakl.behave(multi_shipment=True)
    mirakl.place(shipping("A", line(quantity=12)))
    create(mirakl, *[part("A", 1)] * 12)
    assert (len(listed(mirakl)), len(listed(mirakl, limit=100))) == (10, 12)
    assert mirakl.seller("GET", "/api/shipments", params={"limit": 101}).status_code == 400


def test_shipments_are_found_by_order_state_and_update(in_parts: Mirakl) -> None:
    in_parts.place(shipping("B"))
    create(in_parts, part("A", 1))
    in_parts.wait(hours=1)
    since = in_parts.now().isoformat()
    create(in_parts, part("B", 1, shipped=True))
    assert [one["order_id"] for one in listed(in_parts, order_id=["A", "B"])] == ["A", "B"]
    assert [one["order_id"] for one in listed(in_parts, shipment_state_code="SHIPPED")] == ["B"]
    assert [one["order_id"] for one in listed(in_parts, last_updated_from=since)] == ["B"]
    assert [one["order_id"] for one in listed(in_parts, sort="dateCreated,DESC")] == ["B", "A"]


def test_what_there_is_to_ship_may_be_asked_every_five_minutes(in_parts: Mirakl) -> None:
    asked = [in_parts.seller("GET", "/api/shipments/items_to_ship").status_code for _ in range(2)]
    assert asked == [200, 429]
    in_parts.wait(minutes=5)
    assert in_parts.seller("GET", "/api/shipments/items_to_ship").status_code == 200


def test_what_there_is_to_ship_comes_with_its_address_and_its_deadline(in_parts: Mirakl) -> None:
    in_parts.place(shipping("HUB", fulfillment={"center": {"code": "HUB"}}))
    assert to_ship(in_parts, fulfillment_center_code="DEFAULT") == {"A": [3, 2]}
    in_parts.wait(minutes=5)
    (row,) = in_parts.seller("GET", "/api/shipments/items_to_ship", params={"order_id": "A"}).json()["data"]
    assert row["shipping_address"]["city"] == "Leeds"
    assert "internal_additional_info" not in row["shipping_address"]
    assert row["shipping_deadline"] == in_parts.order("A")["shipping_deadline"]


def test_an_operator_reads_the_sellers_shipments(in_parts: Mirakl) -> None:
    in_parts.place(shipping("THEIRS", shop_id=2002))
    body = {"shipments": [part("THEIRS", 1, shipped=True), part("A", 1, shipped=True)]}
    assert in_parts.operator("POST", "/api/shipments", json=body).json()["shipment_errors"] == []
    found = in_parts.operator("GET", "/api/shipments").json()["data"]
    assert sorted(one["order_id"] for one in found) == ["A", "THEIRS"]
    assert [one["order_id"] for one in listed(in_parts)] == ["A"]


def test_shipping_moves_the_orders_update_date(in_parts: Mirakl) -> None:
    before = moment_of(in_parts.order("A")["last_updated_date"])
    in_parts.wait(seconds=1)
    create(in_parts, part("A", 1))
    assert moment_of(in_parts.order("A")["last_updated_date"]) > before


def test_all_shipments_can_be_exported(in_parts: Mirakl) -> None:
    create(in_parts, part("A", 1))
    assert in_parts.twin.records("shipments", marketplace=MARKETPLACE) == listed(in_parts)


def test_a_page_of_shipments_may_come_twice(in_parts: Mirakl) -> None:
    create(in_parts, part("A", 1), part("A", 1))
    first = in_parts.seller("GET", "/api/shipments", params={"limit": 1}).json()
    in_parts.fault({"operation": "ST11", "kind": "duplicate_page", "times": 1})
    pages = [
        in_parts.seller("GET", "/api/shipments", params={"page_token": first["next_page_token"]}).json()["data"]
        for _ in range(2)
    ]
    assert pages[0] == first["data"] != pages[1]
