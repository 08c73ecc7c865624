"""OF52 to OF54: offers as files, all of them or what changed since."""

import csv
import io
from pathlib import Path

import pytest
import requests

from sandbox.clock import text_of
from sandbox.mirakl.contract import Contract, official_contract
from tests.integration.twins.mirakl import Json, Mirakl, line, order
from tests.integration.twins.mirakl_offers import EXPORT, Shop
from tests.shared import shared


@pytest.fixture
def shop(mirakl: Mirakl) -> Shop:
    return Shop(mirakl).open()


def refused(shop: Shop, **asked: object) -> str:
    """The field that is wrong."""
    answer = shop.mirakl.seller("POST", EXPORT, json=asked)
    assert answer.status_code == 400, answer.text
    return str(answer.json()["errors"][0]["field"])


def test_a_full_export_has_what_is_for_sale_and_inactive_offers_if_asked_to(shop: Shop) -> None:
    shop.change(offers=[{"shop_sku": "POT", "quantity": 0}], delete=["LAMP"])
    assert set(shop.exported()) == {"MUG"}
    shop.mirakl.wait(days=1)
    everything = shop.exported(include_inactive_offers=True)
    assert {sku: (row["active"], row["quantity"], row["deleted"]) for sku, row in everything.items()} == {
        "MUG": (True, 10, False),
        "POT": (False, 0, False),
    }


def test_an_export_of_changes_has_inactive_and_deleted_offers_too(shop: Shop) -> None:
    shop.mirakl.wait(hours=1)
    since = text_of(shop.mirakl.now())
    shop.change(offers=[{"shop_sku": "POT", "quantity": 0}], delete=["LAMP"])
    changed = shop.exported(last_request_date=since)
    assert {sku: (row["active"], row["deleted"]) for sku, row in changed.items()} == {
        "POT": (False, False),
        "LAMP": (False, True),
    }
    assert changed["POT"]["last_updated"] >= since


def test_whatever_moves_a_quantity_is_a_change(shop: Shop) -> None:
    shop.mirakl.wait(hours=1)
    since = text_of(shop.mirakl.now())
    shop.mirakl.place(order("1-A", line("MUG")))
    shop.take_stock("POT;3;;")
    assert {sku: row["quantity"] for sku, row in shop.exported(last_request_date=since).items()} == {"MUG": 9, "POT": 3}


def test_a_file_changes_offers_when_it_is_over_not_when_it_was_sent(shop: Shop) -> None:
    shop.send_stock("MUG;3;;")
    shop.mirakl.wait(seconds=10)
    since = text_of(shop.mirakl.now())
    shop.mirakl.wait(seconds=20)
    assert set(shop.exported(last_request_date=since)) == {"MUG"}


def test_inactive_offers_are_no_question_of_an_export_of_changes(shop: Shop) -> None:
    since = text_of(shop.mirakl.now())
    assert refused(shop, last_request_date=since, include_inactive_offers=True) == "include_inactive_offers"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"items_per_chunk": 9_999}, "items_per_chunk"),
        ({"items_per_chunk": 1_000_001}, "items_per_chunk"),
        ({"megabytes_per_chunk": 9}, "megabytes_per_chunk"),
        ({"include_fields": ["offer-id", "stars"]}, "include_fields"),
        ({"export_type": "application/json", "include_fields": ["offer-id"]}, "include_fields"),
        ({"export_type": "application/json", "rename_fields": {"offer-id": "id"}}, "rename_fields"),
    ],
)
def test_what_an_export_cannot_be_is_refused(shop: Shop, asked: Json, field: str) -> None:
    assert refused(shop, **asked) == field


@pytest.mark.parametrize("asked", [{"export_type": "text/xml"}, {"max": 100}, {"last_request_date": "yesterday"}])
def test_what_the_contract_does_not_know_is_a_violation(asked: Json) -> None:
    shared("contracts/mirakl-seller.openapi.json")
    contract = official_contract("seller")
    assert isinstance(contract, Contract)
    assert contract.request_problems("POST", EXPORT, [], asked) != []


def test_an_export_stands_as_it_was_asked_for(shop: Shop) -> None:
    tracking_id = shop.mirakl.seller("POST", EXPORT, json={"export_type": "application/json"}).json()["tracking_id"]
    path = f"{EXPORT}/status/{tracking_id}"
    assert shop.mirakl.seller("GET", path).json()["status"] == "PENDING"
    shop.change(offers=[{"shop_sku": "MUG", "quantity": 1}])
    shop.mirakl.wait(seconds=40)
    told = shop.mirakl.seller("GET", path).json()
    (url,) = told["urls"]
    assert (told["status"], f"/api/offers/export/async/file/{tracking_id}?file=" in url) == ("COMPLETED", True)
    assert {row["shop_sku"]: row["quantity"] for row in shop.fetch(url).json()}["MUG"] == 10


def test_files_hold_so_many_offers_each(shop: Shop) -> None:
    shop.mirakl.behave(export_chunks_of_any_size=True)
    files = shop.export(export_type="application/json", items_per_chunk=2)
    assert [len(file.json()) for file in files] == [2, 1]
    assert [file.headers["Content-Type"] for file in files] == ["application/json"] * 2


def test_an_export_of_nothing_is_one_empty_file(shop: Shop) -> None:
    shop.mirakl.wait(hours=1)
    since = text_of(shop.mirakl.now())
    (file,) = shop.export(export_type="application/json", last_request_date=since)
    assert file.json() == []


def test_files_are_gone_after_a_while(shop: Shop) -> None:
    (file,) = shop.export()
    shop.mirakl.wait(hours=25)
    assert shop.fetch(file.url).status_code == 410


def test_csv_is_the_usual_kind_of_file_with_the_columns_of_mirakls_example(shop: Shop) -> None:
    shop.change(offers=[{"shop_sku": "MUG", "description": 'A "big"; mug', "price": 9.5}])
    (file,) = shop.export()
    rows = list(csv.DictReader(io.StringIO(file.text), delimiter=";"))
    example = shared("fixtures/mirakl/openapi-seller/OF54-resp200-2.csv").read_text().splitlines()[0].split(";")
    standing = [name for name in example if "[" not in name]
    of_their_own = {"ecotax", "gift-wrap", "min-quantity-ordered", "ongoing-discount-campaigns", "measurement-units"}
    assert [name for name in standing if name not in {*rows[0], *of_their_own}] == []
    mug = next(row for row in rows if row["shop-sku"] == "MUG")
    assert (mug["description"], mug["price"], mug["origin-price"], mug["quantity"]) == (
        'A "big"; mug',
        "9.50",
        "9.50",
        "10",
    )
    assert (mug["active"], mug["deleted"], mug["shop-id"], mug["currency-iso-code"]) == ("true", "false", "2001", "GBP")


def test_columns_may_be_chosen_and_renamed(shop: Shop) -> None:
    (file,) = shop.export(include_fields=["shop-sku", "quantity"], rename_fields={"shop-sku": "sku"})
    assert file.text.splitlines()[:2] == ["sku;quantity", "MUG;10"]


def test_fields_may_be_chosen(shop: Shop) -> None:
    (file,) = shop.export(export_type="application/json", include_fields=["shop_sku", "quantity"])
    assert file.json()[0] == {"shop_sku": "MUG", "quantity": 10}


def test_prices_of_an_offer_stand_beside_each_other(shop: Shop) -> None:
    shop.change(
        offers=[
            {
                "shop_sku": "MUG",
                "discount": {"origin_price": 10, "discount_price": 8, "start_date": "2020-01-01T00:00:00Z"},
                "all_prices": [{"channel_code": "US", "context": {"channel_codes": ["US"]}, "unit_origin_price": 12}],
            }
        ]
    )
    standing, abroad = shop.exported()["MUG"]["prices"]
    assert (standing["origin_price"], standing["discount_price"], "context" in standing) == (10, 8, False)
    assert (abroad["origin_price"], abroad["context"]) == (12, {"channel_codes": ["US"]})


def test_the_same_request_shares_an_export_while_it_is_made(shop: Shop) -> None:
    shop.mirakl.behave(frequencies_enforced=False)

    def asked() -> str:
        return str(shop.mirakl.seller("POST", EXPORT, json={"export_type": "text/csv"}).json()["tracking_id"])

    first = asked()
    assert asked() == first
    shop.mirakl.wait(seconds=40)
    assert asked() != first


def test_changes_are_exported_once_a_minute_and_everything_once_a_day(shop: Shop) -> None:
    def status(**asked: str) -> int:
        return shop.mirakl.seller("POST", EXPORT, json=asked).status_code

    since = text_of(shop.mirakl.now())
    assert [status(), status(last_request_date=since), status(), status(last_request_date=since)] == [
        200,
        200,
        429,
        429,
    ]
    shop.mirakl.wait(seconds=61)
    assert [status(), status(last_request_date=since)] == [429, 200]
    shop.mirakl.wait(days=1)
    assert status() == 200


def test_an_export_is_asked_for_every_ten_seconds(shop: Shop) -> None:
    tracking_id = shop.mirakl.seller("POST", EXPORT, json={}).json()["tracking_id"]
    path = f"{EXPORT}/status/{tracking_id}"
    assert [shop.mirakl.seller("GET", path).status_code for _ in range(2)] == [200, 429]
    shop.mirakl.wait(seconds=10)
    assert shop.mirakl.seller("GET", path).status_code == 200


def test_an_export_may_fail(shop: Shop) -> None:
    shop.mirakl.behave(exports_fail=True)
    tracking_id = shop.mirakl.seller("POST", EXPORT, json={}).json()["tracking_id"]
    shop.mirakl.wait(seconds=40)
    told = shop.mirakl.seller("GET", f"{EXPORT}/status/{tracking_id}").json()
    assert (told["status"], told["error"]["detail"], "urls" in told) == ("FAILED", "Internal error", False)


def test_files_want_a_credential_unless_their_address_is_signed(shop: Shop) -> None:
    (file,) = shop.export()
    assert requests.get(file.url, timeout=5).status_code == 401
    shop.mirakl.behave(export_files_are_signed=True)
    shop.mirakl.wait(days=1)
    tracking_id = shop.mirakl.seller("POST", EXPORT, json={}).json()["tracking_id"]
    shop.mirakl.wait(seconds=40)
    (url,) = shop.mirakl.seller("GET", f"{EXPORT}/status/{tracking_id}").json()["urls"]
    assert [requests.get(url, timeout=5).status_code, shop.fetch(url).status_code] == [200, 400]
    assert requests.get(url.partition("&signature")[0], timeout=5).status_code == 403


def test_a_shop_exports_its_own_offers_an_operator_everybodys(shop: Shop) -> None:
    shop.change(offers=[{"shop_sku": "MUG", "product_sku": "PMUG", "price": 9, "quantity": 2}], shop_id=3005)
    assert {row["shop_id"] for row in shop.exported().values()} == {2001}
    tracking_id = shop.mirakl.operator("POST", EXPORT, json={"export_type": "application/json"}).json()["tracking_id"]
    shop.mirakl.wait(seconds=40)
    assert shop.mirakl.seller("GET", f"{EXPORT}/status/{tracking_id}").status_code == 404
    (url,) = shop.mirakl.operator("GET", f"{EXPORT}/status/{tracking_id}").json()["urls"]
    token = {"Authorization": f"Bearer {shop.mirakl.access.operator_token}"}
    rows = requests.get(url, headers=token, timeout=5).json()
    assert sorted((row["shop_id"], row["shop_sku"], row["quantity"]) for row in rows) == [
        (2001, "LAMP", 10),
        (2001, "MUG", 10),
        (2001, "POT", 10),
        (3005, "MUG", 2),
    ]


def test_an_offer_without_a_sku_is_exported_without_one(mirakl: Mirakl, tmp_path: Path) -> None:
    folder = tmp_path / "mirakl" / "brightside-uk"
    folder.mkdir(parents=True)
    (folder / "offers.ndjson").write_text('{"offer_id": 7, "product_sku": "P7", "price": 3, "quantity": 4}\n')
    mirakl.control("POST", "world", json={"path": str(tmp_path)})
    (file,) = Shop(mirakl).export(export_type="application/json")
    (row,) = file.json()
    assert (row["offer_id"], row["quantity"], "shop_sku" in row) == (7, 4, False)
