"""OF01 to OF03 and OF24: offers made, changed and deleted; and why nobody should change a quantity with OF24."""

from decimal import Decimal

import pytest

from sandbox import decimal_json
from tests.integration.twins.mirakl import MARKETPLACE, Json, Mirakl
from tests.integration.twins.mirakl_offers import OFFERS, Shop
from tests.shared import shared

NEW = "sku;product-id;product-id-type;price;quantity;state;update-delete"
VASE = "VASE-1;5012345678900;EAN;12.50;4;11;"


@pytest.fixture
def shop(mirakl: Mirakl) -> Shop:
    return Shop(mirakl).open()


def sent(shop: Shop, *lines: str, mode: str = "NORMAL") -> int:
    answer = shop.send(OFFERS, "\n".join(lines), import_mode=mode)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["import_id"])


def taken(shop: Shop, *lines: str, mode: str = "NORMAL") -> Json:
    """Send a file of offers, wait until it is over; gives OF02's answer."""
    import_id = sent(shop, *lines, mode=mode)
    shop.mirakl.wait(seconds=60)
    answer = shop.mirakl.seller("GET", f"{OFFERS}/{import_id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def error(shop: Shop, *lines: str) -> str:
    """Why the one line of a file was refused."""
    told = taken(shop, *lines)
    assert (told["status"], told["has_error_report"], told["lines_in_error"]) == ("COMPLETE", True, 1)
    return shop.report(str(told["import_id"]), OFFERS)[1][1]


def called(shop: Shop, **offer: object) -> Json:
    """OF24, waited for."""
    whole = {"update_delete": "update", "state_code": "11", "product_id": "PMUG", "product_id_type": "SKU"}
    answer = shop.mirakl.seller("POST", "/api/offers", json={"offers": [{**whole, **offer}]})
    assert answer.status_code == 201, answer.text
    shop.mirakl.wait(seconds=60)
    return dict(shop.mirakl.seller("GET", f"{OFFERS}/{answer.json()['import_id']}").json())


def test_a_new_offer_is_of_a_product_that_the_marketplace_has(shop: Shop) -> None:
    told = taken(shop, NEW, VASE)
    assert (told["offer_inserted"], told["lines_read"], told["mode"]) == (1, 1, "NORMAL")
    made = shop.offers()["VASE-1"]
    assert (made["product_sku"], made["price"], made["quantity"], made["currency_iso_code"]) == (
        "PVASE",
        12.5,
        4,
        "GBP",
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("VASE-1;5000000000000;EAN;12.50;4;11;", "There is no product with EAN 5000000000000"),
        ("VASE-1;5012345678900;UPC;12.50;4;11;", "There is no product with UPC 5012345678900"),
        ("VASE-1;;;12.50;4;11;", "A new offer needs product-id, product-id-type"),
        ("VASE-1;PVASE;SKU;;4;11;", "A new offer needs price"),
        ("VASE-1;PVASE;SKU;12.50;4;;", "A new offer needs state"),
        ("VASE-1;PVASE;SKU;12.50;4;99;", "There is no condition 99"),
        ("VASE-1;PVASE;SKU;12.505;4;11;", "price is an amount from 0 on with at most 2 decimals, not 12.505"),
        ("VASE-1;PVASE;SKU;-1;4;11;", "price is an amount from 0 on with at most 2 decimals, not -1"),
        ("VASE-1;PVASE;SKU;12.50;-4;11;", "quantity is a whole number from 0 on, not -4"),
        (";PVASE;SKU;12.50;4;11;", "sku is required"),
        ("VASE-1;PVASE;SKU;12.50;4;11;delete", "There is no offer with SKU VASE-1"),
        ("VASE-1;PVASE;SKU;12.50;4;11;remove", "update-delete is update or delete, not remove"),
        ("MUG;PVASE;SKU;12.50;4;11;", "Offer MUG is of another product: PMUG"),
        ("MUG;PMUG;SKU;;4;11;", "price is required"),
    ],
)
def test_a_line_that_cannot_be_is_refused_with_its_reason(shop: Shop, line: str, why: str) -> None:
    before = shop.offers()
    assert error(shop, NEW, line) == why
    assert shop.offers() == before


def test_a_product_may_be_named_by_another_offer_of_the_shop(shop: Shop) -> None:
    assert taken(shop, NEW, "MUG-2;MUG;SHOP_SKU;9;1;11;")["offer_inserted"] == 1
    assert shop.offers()["MUG-2"]["product_sku"] == "PMUG"


def test_columns_that_a_file_does_not_have_are_left_alone(shop: Shop) -> None:
    shop.change(offers=[{"shop_sku": "MUG", "description": "A mug", "leadtime_to_ship": 3}])
    before = shop.offers()
    assert taken(shop, "sku;price", "MUG;11.90")["offer_updated"] == 1
    assert shop.offers() == {**before, "MUG": {**before["MUG"], "price": 11.9}}


def test_a_blank_cell_is_taken_as_it_stands(shop: Shop) -> None:
    shop.change(offers=[{"shop_sku": "MUG", "description": "A mug"}])
    taken(shop, "sku;description;quantity", "MUG;;")
    assert (shop.offers()["MUG"]["description"], shop.quantity()) == (None, 0)


def test_a_discount_holds_from_its_start_to_its_end(shop: Shop) -> None:
    shop.mirakl.control("POST", "clock", json={"set": "2026-11-01T00:00:00Z"})
    header = "sku;price;discount-price;discount-start-date;discount-end-date"
    taken(shop, header, "MUG;10;8,50;2026-11-02T00:00:00+01;2026-11-03T00:00:00Z")
    prices = []
    for _ in range(3):
        prices.append(shop.offers()["MUG"]["price"])
        shop.mirakl.wait(days=1)
    assert prices == [10, 8.5, 10]
    assert taken(shop, header, "MUG;10;;;")["offer_updated"] == 1
    assert shop.offers()["MUG"]["discount"] is None


def test_a_discount_is_below_the_price(shop: Shop) -> None:
    assert error(shop, "sku;discount-price", "MUG;10") == "The discount price 10 is not below the price 10"


def test_delete_removes_an_offer(shop: Shop) -> None:
    assert taken(shop, "sku;update-delete", "MUG;delete")["offer_deleted"] == 1
    assert set(shop.offers()) == {"POT", "LAMP"}


def test_replace_deletes_every_offer_that_the_file_does_not_name(shop: Shop) -> None:
    shop.change(offers=[{"shop_sku": "CUP", "product_sku": "PCUP", "price": 9, "quantity": 2}], shop_id=3005)
    told = taken(shop, "sku;price", "MUG;11", "CUP;no", mode="REPLACE")
    assert (told["mode"], told["offer_deleted"], told["offer_updated"], told["lines_in_error"]) == ("REPLACE", 2, 1, 1)
    assert set(shop.offers()) == {"MUG", "CUP"}


def test_one_bad_line_among_good_ones_is_reported_alone(shop: Shop) -> None:
    told = taken(shop, "sku;price", "MUG;11", "POT;x", "LAMP;41")
    assert (told["lines_in_success"], told["lines_in_error"], told["lines_in_pending"]) == (2, 1, 0)
    header, line = shop.report(str(told["import_id"]), OFFERS)
    assert header == ["error-line", "error-message", "sku", "price"]
    assert line == ["3", "price is an amount, not x", "POT", "x"]
    assert {sku: row["price"] for sku, row in shop.offers().items()} == {"MUG": 11, "POT": 25, "LAMP": 41}


def test_a_sku_listed_twice_counts_once(shop: Shop) -> None:
    assert error(shop, "sku;price", "MUG;11", "MUG;12") == "The offer is listed twice"
    assert shop.offers()["MUG"]["price"] == 11


def test_other_columns_are_custom_fields(shop: Shop) -> None:
    taken(shop, "sku;gift-wrap", "MUG;true")
    (field,) = shop.offers()["MUG"]["offer_additional_fields"]
    assert (field["code"], field["value"]) == ("gift-wrap", "true")
    (file,) = shop.export(include_fields=["shop-sku", "gift-wrap"])
    assert "MUG;true" in file.text.splitlines()


def test_a_file_without_skus_fails_with_a_reason(shop: Shop) -> None:
    told = taken(shop, "offer-sku;price", "MUG;11")
    assert (told["status"], "sku" in told["reason_status"], told["lines_read"]) == ("FAILED", True, 0)


def test_mirakls_own_example_is_readable(shop: Shop) -> None:
    shop.change(products=[{"product_sku": "MKP100000000037254", "product_title": "Espresso machine"}])
    example = decimal_json.loads(shared("fixtures/mirakl/openapi-seller/OF01-req-0.json").read_bytes())["file"]
    told = taken(shop, *example.splitlines())
    assert (told["status"], told["offer_inserted"], told["lines_in_error"]) == ("COMPLETE", 1, 0)
    made = shop.offers()["OFFER_SKU_004"]
    assert (made["quantity"], made["leadtime_to_ship"], made["active"]) == (1_000_000, 15, False)


def test_the_same_file_sent_twice_is_one_import_while_it_is_under_way(shop: Shop) -> None:
    shop.mirakl.behave(frequencies_enforced=False)
    first = sent(shop, "sku;price", "MUG;11")
    assert sent(shop, "sku;price", "MUG;11") == first
    assert sent(shop, "sku;price", "MUG;12") != first
    assert sent(shop, "sku;price", "MUG;11", mode="REPLACE") != first
    shop.mirakl.wait(minutes=5)
    assert sent(shop, "sku;price", "MUG;11") != first


def test_files_of_offers_are_sent_asked_for_and_reported_once_a_minute(shop: Shop) -> None:
    import_id = sent(shop, "sku;price", "MUG;x")
    assert shop.send(OFFERS, "sku;price\nPOT;9", import_mode="NORMAL").status_code == 429
    shop.mirakl.wait(seconds=60)
    for path in (f"{OFFERS}/{import_id}", f"{OFFERS}/{import_id}/error_report"):
        assert [shop.mirakl.seller("GET", path).status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(
    ("role", "status"), [("ROLE_PARTNER_OFFER_STOCK_WRITE", 403), ("ROLE_PARTNER_OFFER_WRITE", 201)]
)
def test_writing_offers_takes_a_role(shop: Shop, role: str, status: int) -> None:
    shop.mirakl.behave(seller_roles=role)
    assert shop.send(OFFERS, "sku;price\nMUG;9", import_mode="NORMAL").status_code == status


def test_a_mode_is_required(shop: Shop) -> None:
    refused = shop.send(OFFERS, "sku;price\nMUG;9")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "import_mode")


@pytest.mark.parametrize(
    "fields", [{"import_mode": "PARTIAL_UPDATE"}, {"import_mode": "NORMAL", "with_products": "true"}]
)
def test_what_is_deprecated_or_beyond_this_twin_is_a_violation(strict_mirakl: Mirakl, fields: dict[str, str]) -> None:
    answer = strict_mirakl.seller("POST", OFFERS, files={"file": ("o.csv", "sku")}, data=fields)
    assert answer.json()["twin"] == "contract violation"


def test_an_operator_has_no_such_operation(strict_mirakl: Mirakl) -> None:
    answer = strict_mirakl.operator("POST", OFFERS, files={"file": ("o.csv", "sku")}, data={"import_mode": "NORMAL"})
    assert answer.json()["twin"] == "contract violation"


def test_a_quantity_sent_by_of24_alone_resets_everything_else(shop: Shop) -> None:
    """The trap: every field counts. A discount, a description, a lead time are gone, and nobody asked for that."""
    shop.change(
        offers=[
            {
                "shop_sku": "MUG",
                "description": "A mug",
                "leadtime_to_ship": 3,
                "discount": {"origin_price": 10, "discount_price": 8},
                "all_prices": [{"channel_code": "US", "unit_origin_price": 12}],
            }
        ]
    )
    assert shop.offers()["MUG"]["price"] == 8
    assert called(shop, shop_sku="MUG", price=10, quantity=5)["offer_updated"] == 1
    left = shop.offers()["MUG"]
    assert (left["quantity"], left["price"], left["description"], left["leadtime_to_ship"]) == (5, 10, None, None)
    assert (left["discount"], left["all_prices"]) == (None, [])


def test_a_price_sent_by_of24_alone_sells_nothing_any_more(shop: Shop) -> None:
    called(shop, shop_sku="MUG", price=9)
    assert (shop.quantity(), shop.offers()["MUG"]["active"]) == (0, False)


def test_of24_makes_and_deletes_offers(shop: Shop) -> None:
    made = called(
        shop, shop_sku="VASE-1", product_id="5012345678900", product_id_type="EAN", price="12.5", quantity="4"
    )
    assert (made["offer_inserted"], shop.offers()["VASE-1"]["quantity"]) == (1, 4)
    shop.mirakl.wait(seconds=60)
    assert called(shop, shop_sku="VASE-1", price=12.5, update_delete="delete")["offer_deleted"] == 1
    assert "VASE-1" not in shop.offers()


def test_of24_reports_lines_as_files_do(shop: Shop) -> None:
    told = called(shop, shop_sku="CUP", product_id="PCUP", price=3)
    assert (told["lines_in_error"], told["offer_inserted"]) == (1, 0)
    assert shop.report(str(told["import_id"]), OFFERS)[1] == ["1", "There is no product with SKU PCUP", "CUP"]


@pytest.mark.parametrize("offers", [[], [{"price": 3, "update_delete": ""}], [{"shop_sku": "MUG", "price": 3}]])
def test_of24_wants_a_sku_and_what_to_do_of_each(shop: Shop, offers: list[Json]) -> None:
    assert shop.mirakl.seller("POST", "/api/offers", json={"offers": offers}).status_code == 400


def test_mirakls_own_example_of_of24_is_taken(shop: Shop) -> None:
    shop.change(products=[{"product_sku": "PX", "product_id": "9400016774345", "product_id_type": "EAN"}])
    example = decimal_json.loads(shared("fixtures/mirakl/openapi-seller/OF24-req-0.json").read_bytes())
    answer = shop.mirakl.seller(
        "POST", "/api/offers", data=decimal_json.dumps(example), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 201, answer.text
    shop.mirakl.wait(seconds=60)
    made = shop.mirakl.twin.records("offers", marketplace=MARKETPLACE)[-1]
    assert (made["shop_sku"], made["quantity"], made["discount"]["origin_price"]) == (
        "Offer_SKU_001",
        5000,
        Decimal(50),
    )
