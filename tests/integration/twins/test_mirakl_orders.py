"""OR11: which orders a shop or an operator is given, how many at a time, and what of them it may see."""

from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox.clock import text_of
from tests.integration.twins.mirakl import Json, Mirakl, line, order

VAT = {"code": "VAT-GBR-20", "rate": 20, "tax_calculation_rule": "PROPORTIONAL_TO_AMOUNT"}


def numbered(count: int) -> list[Json]:
    return [order(f"{1000 + number}-A") for number in range(count)]


def test_a_page_has_ten_orders_unless_asked(mirakl: Mirakl) -> None:
    mirakl.place(*numbered(11))
    answer = mirakl.seller("GET", "/api/orders", params={"shop_id": 2001})
    assert len(answer.json()["orders"]) == 10
    assert answer.json()["total_count"] == 11


def test_the_twenty_first_order_is_on_the_third_page_the_links_lead_to(mirakl: Mirakl) -> None:
    mirakl.place(*numbered(21))
    seen, answer = [], mirakl.seller("GET", "/api/orders", params={"start_update_date": "2020-01-01T00:00:00+01:00"})
    for _ in range(2):
        seen += [one["order_id"] for one in answer.json()["orders"]]
        path = answer.links["next"]["url"].removeprefix(mirakl.access.url)
        answer = mirakl.seller("GET", path)
    assert [one["order_id"] for one in answer.json()["orders"]] == ["1020-A"]
    assert len(set(seen)) == 20
    assert "next" not in answer.links


def test_a_page_of_more_than_a_hundred_is_refused(mirakl: Mirakl) -> None:
    assert mirakl.seller("GET", "/api/orders", params={"max": 101}).status_code == 400
    mirakl.wait(minutes=1)
    assert mirakl.seller("GET", "/api/orders", params={"max": 100}).status_code == 200


def test_orders_come_oldest_first_unless_the_newest_are_asked_for(mirakl: Mirakl) -> None:
    old, new = order("OLD-A", created_date="2026-10-01T09:00:00Z"), order("NEW-A", created_date="2026-10-02T09:00:00Z")
    mirakl.place(new, old)
    assert mirakl.ids() == ["OLD-A", "NEW-A"]
    mirakl.wait(minutes=1)
    assert mirakl.ids(sort="dateCreated", order="desc") == ["NEW-A", "OLD-A"]


def test_an_address_is_hidden_until_the_order_is_accepted(mirakl: Mirakl) -> None:
    mirakl.place(order())
    waiting = mirakl.order("1001-A")["customer"]
    assert (waiting["shipping_address"], waiting["billing_address"]) == (None, None)
    assert waiting["lastname"] == "Dubois"
    mirakl.seller("PUT", "/api/orders/1001-A/accept", json={"order_lines": [{"id": "1001-A-1", "accepted": True}]})
    assert mirakl.order("1001-A")["customer"]["shipping_address"]["city"] == "Leeds"


def test_an_address_shows_before_acceptance_where_the_platform_says_so(mirakl: Mirakl) -> None:
    mirakl.behave(details_before_acceptance=True)
    mirakl.place(order())
    workflows = mirakl.seller("GET", "/api/platform/configuration").json()["features"]["order_workflows"]
    assert workflows["shipping_and_billing_details_before_acceptance"] is True
    assert mirakl.order("1001-A")["customer"]["shipping_address"]["city"] == "Leeds"


def test_only_an_operator_sees_the_shop_and_the_buyers_email(mirakl: Mirakl) -> None:
    mirakl.place(order(order_state="SHIPPING", customer_notification_email="relay@notification.example"))
    (shops,) = mirakl.orders()
    (operators,) = mirakl.operator("GET", "/api/orders").json()["orders"]
    assert "shop_id" not in shops
    assert "email" not in shops["customer"]
    assert "internal_additional_info" not in shops["customer"]["shipping_address"]
    assert operators["shop_id"] == 2001
    assert "@" in operators["customer"]["email"]
    assert operators["customer"]["shipping_address"]["internal_additional_info"] == "gate code 12"
    assert shops["customer_notification_email"] == "relay@notification.example"
    assert "customer_notification_email" not in operators


def test_a_shop_never_sees_another_shops_orders(mirakl: Mirakl) -> None:
    mirakl.place(order("OURS-A"), order("THEIRS-A", shop_id=2002))
    assert mirakl.ids() == ["OURS-A"]
    both = mirakl.operator("GET", "/api/orders").json()["orders"]
    assert {one["order_id"]: one["shop_id"] for one in both} == {"OURS-A": 2001, "THEIRS-A": 2002}
    mirakl.wait(minutes=1)
    theirs = mirakl.operator("GET", "/api/orders", params={"shop_ids": "2002,2003"}).json()["orders"]
    assert [one["order_id"] for one in theirs] == ["THEIRS-A"]


@pytest.mark.parametrize(
    ("fields", "finds", "misses"),
    [
        ({"order_state": "SHIPPING"}, {"order_state_codes": "SHIPPING,SHIPPED"}, {"order_state_codes": "CLOSED"}),
        ({"channel": {"code": "US"}}, {"channel_codes": "US,FR"}, {"only_null_channel": "true"}),
        ({"order_state": "SHIPPING"}, {"customer_debited": "true"}, {"customer_debited": "false"}),
        ({"has_incident": True}, {"has_incident": "true"}, {"has_incident": "false"}),
        (
            {"payment_workflow": "PAY_ON_DUE_DATE"},
            {"payment_workflow": "PAY_ON_DUE_DATE"},
            {"payment_workflow": "PAY_ON_DELIVERY"},
        ),
        (
            {"fulfillment": {"center": {"code": "HUB"}}},
            {"fulfillment_center_code": ["HUB", "X"]},
            {"fulfillment_center_code": "DEFAULT"},
        ),
        (
            {"references": {"order_reference_for_seller": "SO1"}},
            {"order_references_for_seller": "SO1"},
            {"order_references_for_seller": "SO2"},
        ),
        (
            {"references": {"order_reference_for_customer": "W1"}},
            {"order_references_for_customer": "W1"},
            {"order_references_for_customer": "W2"},
        ),
        (
            {"created_date": "2026-10-05T12:00:00Z"},
            {"start_date": "2026-10-05T12:00:00Z"},
            {"start_date": "2026-10-05T14:00:01+02:00"},
        ),
        (
            {"created_date": "2026-10-05T12:00:00Z"},
            {"end_date": "2026-10-05T12:00:00Z"},
            {"end_date": "2026-10-05T11:59:59Z"},
        ),
        (
            {"created_date": "2026-10-05T12:00:00Z"},
            {"end_update_date": "2026-10-05T12:00:00Z"},
            {"end_update_date": "2026-10-05T11:59:59Z"},
        ),
    ],
)
def test_a_filter_finds_what_it_says(mirakl: Mirakl, fields: Json, finds: Json, misses: Json) -> None:
    mirakl.behave(frequencies_enforced=False)
    mirakl.place(order(**fields))
    assert mirakl.ids(**finds) == ["1001-A"]
    assert mirakl.ids(**misses) == []


@pytest.mark.parametrize(
    ("finds", "misses"),
    [
        ({"commercial_ids": "1001"}, {"commercial_ids": "1002"}),
        ({"customer_ids": "C1,C2"}, {"customer_ids": "C2"}),
        ({"offer_ids": "77"}, {"offer_ids": "78"}),
        ({"product_skus": "PMUG"}, {"product_skus": "MUG"}),
        ({"commissionable": "true"}, {"commissionable": "false"}),
        ({"waiting_tax_confirmation": "false"}, {"waiting_tax_confirmation": "true"}),
        ({"customer_organization_ids": "ORG"}, {"customer_organization_ids": "OTHER"}),
    ],
)
def test_an_operator_has_filters_of_its_own(mirakl: Mirakl, finds: Json, misses: Json) -> None:
    mirakl.behave(frequencies_enforced=False)
    placed = order("1001-A", line(offer_id=77))
    placed["customer"]["organization"] = {"organization_id": "ORG"}
    mirakl.place(placed)
    assert mirakl.operator("GET", "/api/orders", params=finds).json()["total_count"] == 1
    assert mirakl.operator("GET", "/api/orders", params=misses).json()["total_count"] == 0


def test_refunds_are_searched_within_a_month_only(mirakl: Mirakl) -> None:
    mirakl.behave(frequencies_enforced=False)
    mirakl.place(order("1001-A", line(refunds=[{"id": "R1", "amount": 10, "refund_state": "REFUNDED"}])))
    asked = {"refund_state_codes": "REFUNDED"}
    assert mirakl.operator("GET", "/api/orders", params=asked).status_code == 400
    now = mirakl.now()
    month = {"start_update_date": text_of(now - timedelta(days=30)), "end_update_date": text_of(now)}
    assert mirakl.operator("GET", "/api/orders", params=asked | month).json()["total_count"] == 1


def test_at_most_a_hundred_ids_a_call(mirakl: Mirakl) -> None:
    ids = ",".join(f"{number}-A" for number in range(101))
    assert mirakl.seller("GET", "/api/orders", params={"order_ids": ids}).status_code == 400
    assert mirakl.seller("GET", "/api/orders", params={"order_ids": ids.rsplit(",", 1)[0]}).status_code == 200


def test_an_update_window_reaches_back_a_little_so_that_nothing_is_missed(mirakl: Mirakl) -> None:
    mirakl.behave(frequencies_enforced=False, update_window_delta_seconds=60)
    mirakl.place(order(created_date="2026-10-05T12:00:00Z"))
    assert mirakl.ids(start_update_date="2026-10-05T12:01:00Z") == ["1001-A"]
    assert mirakl.ids(start_update_date="2026-10-05T12:01:01Z") == []
    mirakl.behave(update_window_delta_seconds=0)
    assert mirakl.ids(start_update_date="2026-10-05T12:01:00Z") == []


def test_ten_pounds_with_tax_are_eight_thirty_three_without(mirakl: Mirakl) -> None:
    """TAX_INCLUDED 2 x 5.00 with 1.67 VAT and 6.00 shipping with 1.00 VAT: net 8.33 and 5.00."""
    taxed = line(
        quantity=2, price_unit=5, shipping_price=6, taxes=[VAT | {"amount": 1.67}], shipping_taxes=[VAT | {"amount": 1}]
    )
    mirakl.behave(frequencies_enforced=False)
    mirakl.place(order("1001-A", taxed, order_tax_mode="TAX_INCLUDED", order_state="SHIPPING"))
    own = mirakl.order("1001-A")
    net = mirakl.orders(order_ids="1001-A", order_tax_mode="TAX_EXCLUDED")[0]
    assert (own["order_tax_mode"], own["total_price"]) == ("TAX_INCLUDED", 16)
    assert (net["order_tax_mode"], net["price"], net["shipping_price"], net["total_price"]) == (
        "TAX_EXCLUDED",
        8.33,
        5,
        13.33,
    )
    assert net["order_lines"][0]["taxes"][0]["amount"] == 1.67


def test_net_prices_gain_their_tax_when_asked_with_tax(mirakl: Mirakl) -> None:
    mirakl.behave(frequencies_enforced=False)
    mirakl.place(order("1001-A", line(price_unit=10, taxes=[VAT | {"amount": 2}]), order_tax_mode="TAX_EXCLUDED"))
    gross = mirakl.orders(order_ids="1001-A", order_tax_mode="TAX_INCLUDED")[0]
    assert (gross["price"], gross["order_lines"][0]["price_unit"]) == (12, 12)


def test_totals_leave_refused_and_cancelled_lines_out(mirakl: Mirakl) -> None:
    mirakl.place(order("1001-A", line(price_unit=10), line(price_unit=5), line(price_unit=1), order_state="SHIPPING"))
    change = {"marketplace": "brightside-uk", "order_id": "1001-A", "cancel_lines": ["1001-A-2"]}
    mirakl.control("POST", "orders/changes", json=change)
    found = mirakl.order("1001-A")
    assert found["total_price"] == 11
    assert [one["order_line_state"] for one in found["order_lines"]] == ["SHIPPING", "CANCELED", "SHIPPING"]
    assert found["order_lines"][1]["cancelations"][0]["amount"] == 5


def test_amounts_are_numbers_to_the_cent_never_rounded_binary_ones(mirakl: Mirakl) -> None:
    mirakl.place(order("1001-A", line(quantity=3, price_unit=0.1)))
    answer = mirakl.seller("GET", "/api/orders")
    assert '"price":0.3,' in answer.text
    assert mirakl.held("1001-A").body["price"] == Decimal("0.3")
