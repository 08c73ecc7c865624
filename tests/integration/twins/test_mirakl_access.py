"""Who may call Mirakl, with which credential, and how often."""

import pytest
import requests

from tests.integration.twins.mirakl import Json, Mirakl, order


@pytest.fixture(autouse=True)
def _time_stands_still(mirakl: Mirakl) -> None:
    """Time passes when a test says so, however slow the machine."""
    mirakl.control("POST", "clock", json={"speed": 0})


def waits(answer: requests.Response) -> int:
    """The seconds a refused call must wait."""
    assert answer.status_code == 429, answer.text
    return int(answer.headers["Retry-After"])


def test_a_shop_sends_its_key_bare_and_an_operator_its_token_as_bearer(mirakl: Mirakl) -> None:
    key, token = mirakl.access.api_key, mirakl.access.operator_token
    answers = {
        sent: requests.get(f"{mirakl.access.url}/api/reasons", headers={"Authorization": sent}, timeout=5).status_code
        for sent in (key, f"Bearer {token}", f"Bearer {key}", token, "nobody", "")
    }
    assert list(answers.values()) == [200, 200, 401, 401, 401, 401]


def test_a_key_opens_its_own_marketplace_only(mirakl: Mirakl) -> None:
    other = mirakl.twin.access(mirakl.url).marketplaces["maison-eu"]
    answer = requests.get(f"{other.url}/api/reasons", headers={"Authorization": mirakl.access.api_key}, timeout=5)
    assert answer.status_code == 401
    assert requests.get(f"{mirakl.url}/nowhere/api/reasons", timeout=5).status_code == 404


def test_a_shop_that_is_not_the_keys_is_refused(mirakl: Mirakl) -> None:
    assert mirakl.seller("GET", "/api/orders", params={"shop_id": 2001}).status_code == 200
    assert mirakl.seller("GET", "/api/orders", params={"shop_id": 2002}).status_code == 403
    mirakl.behave(wrong_shop_status=404)
    assert mirakl.seller("GET", "/api/orders", params={"shop_id": 2002}).status_code == 404


def test_the_version_needs_no_credential(mirakl: Mirakl) -> None:
    assert requests.get(f"{mirakl.access.url}/api/version", timeout=5).json() == {"version": "3.210"}


def test_only_json_is_spoken(mirakl: Mirakl) -> None:
    assert mirakl.seller("PUT", "/api/orders", data="orders", headers={"Content-Type": "text/csv"}).status_code == 415
    assert mirakl.seller("GET", "/api/reasons", headers={"Accept": "text/csv"}).status_code == 406
    broken = mirakl.seller("PUT", "/api/orders", data="{", headers={"Content-Type": "application/json"})
    assert broken.status_code == 400


def test_orders_are_listed_once_a_minute(mirakl: Mirakl) -> None:
    mirakl.orders()
    mirakl.wait(seconds=20)
    assert waits(mirakl.seller("GET", "/api/orders")) == 40
    mirakl.wait(seconds=40)
    assert mirakl.orders() == []


def test_shops_and_operators_are_counted_apart(mirakl: Mirakl) -> None:
    mirakl.orders()
    assert mirakl.operator("GET", "/api/orders").status_code == 200
    assert waits(mirakl.operator("GET", "/api/orders")) > 0


def test_following_the_pages_of_a_listing_is_one_call(mirakl: Mirakl) -> None:
    mirakl.place(*[order(f"{number}-A") for number in range(3)])
    first = mirakl.seller("GET", "/api/orders", params={"max": 1})
    second = mirakl.seller("GET", first.links["next"]["url"].removeprefix(mirakl.access.url))
    assert second.status_code == 200
    assert waits(mirakl.seller("GET", "/api/orders", params={"max": 1, "offset": 1, "has_incident": "false"})) > 0


def test_every_page_may_count_as_a_call(mirakl: Mirakl) -> None:
    mirakl.behave(listing_pages_count=True)
    mirakl.place(*[order(f"{number}-A") for number in range(3)])
    mirakl.orders(max=1)
    assert waits(mirakl.seller("GET", "/api/orders", params={"max": 1, "offset": 1})) > 0


def test_looking_up_orders_by_id_has_no_maximum_unless_told(mirakl: Mirakl) -> None:
    for _ in range(3):
        mirakl.orders(order_ids="1001-A")
    mirakl.behave(order_lookups_count=True)
    mirakl.orders(order_ids="1001-A")
    assert waits(mirakl.seller("GET", "/api/orders", params={"order_ids": "1001-A"})) > 0


def test_an_external_partner_waits_a_quarter_of_an_hour(mirakl: Mirakl) -> None:
    mirakl.behave(external_partner=True)
    mirakl.orders()
    mirakl.wait(minutes=14)
    assert waits(mirakl.seller("GET", "/api/orders")) == 60
    mirakl.wait(minutes=1)
    mirakl.orders()


def test_judged_by_the_hour_sixty_calls_may_come_at_once(mirakl: Mirakl) -> None:
    mirakl.behave(frequencies_by_the_hour=True)
    statuses = [mirakl.seller("GET", "/api/orders").status_code for _ in range(61)]
    assert statuses == [200] * 60 + [429]


@pytest.mark.parametrize("path", ["/api/account", "/api/shipping/carriers", "/api/orders/taxes"])
def test_what_changes_seldom_is_read_once_a_day(mirakl: Mirakl, path: str) -> None:
    assert mirakl.seller("GET", path).status_code == 200
    mirakl.wait(hours=23)
    assert waits(mirakl.seller("GET", path)) == 3600
    mirakl.wait(hours=1)
    assert mirakl.seller("GET", path).status_code == 200


def test_references_are_written_once_a_minute_and_custom_fields_five_times_a_second(mirakl: Mirakl) -> None:
    mirakl.place(order("A"))
    body: Json = {"orders": [{"order_id": "A"}]}
    assert mirakl.seller("PUT", "/api/orders", json=body).status_code == 200
    assert waits(mirakl.seller("PUT", "/api/orders", json=body)) > 0
    statuses = [mirakl.seller("PUT", "/api/orders/A/additional_fields", json={}).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    mirakl.wait(seconds=1)
    assert mirakl.seller("PUT", "/api/orders/A/additional_fields", json={}).status_code == 200


def test_a_refused_call_does_not_make_the_wait_longer(mirakl: Mirakl) -> None:
    mirakl.orders()
    mirakl.wait(seconds=59)
    assert waits(mirakl.seller("GET", "/api/orders")) == 1
    mirakl.wait(seconds=1)
    mirakl.orders()


def test_frequencies_can_be_left_out(mirakl: Mirakl) -> None:
    mirakl.behave(frequencies_enforced=False)
    for _ in range(3):
        mirakl.orders()


def test_the_shop_and_its_platform_introduce_themselves(mirakl: Mirakl) -> None:
    account = mirakl.seller("GET", "/api/account", params={"shop_id": 2001}).json()
    assert (account["shop_id"], account["shop_state"], account["currency_iso_code"]) == (2001, "OPEN", "GBP")
    features = mirakl.operator("GET", "/api/platform/configuration").json()["features"]
    assert features["order_tax_mode"] == "TAX_INCLUDED"
    carriers = mirakl.seller("GET", "/api/shipping/carriers").json()["carriers"]
    assert [one["label"] for one in carriers] == sorted(one["label"] for one in carriers)
    assert {"CANCELATION", "REFUND"} <= {one["type"] for one in mirakl.seller("GET", "/api/reasons").json()["reasons"]}


def test_order_taxes_are_the_codes_that_orders_carry(mirakl: Mirakl) -> None:
    taxed = {"offer_sku": "X", "taxes": [{"code": "VAT-GBR-20", "amount": 1, "tax_calculation_rule": "NONE"}]}
    mirakl.place(order("A", taxed))
    (tax,) = mirakl.seller("GET", "/api/orders/taxes").json()["taxes"]
    assert (tax["code"], tax["tax_calculation_rule"]) == ("VAT-GBR-20", "NONE")
