"""PRI01 to PRI03: the prices of an offer are replaced as a whole; and OF21, OF22, OF61, P31, which are read."""

from collections.abc import Callable

import pytest

from sandbox import decimal_json
from tests.integration.twins.mirakl import Json, Mirakl
from tests.integration.twins.mirakl_offers import PRICES, Shop
from tests.shared import shared

HEADER = "offer-sku;price;discount-price;discount-start-date;discount-end-date"


@pytest.fixture
def shop(mirakl: Mirakl) -> Shop:
    return Shop(mirakl).open()


def taken(shop: Shop, *lines: str) -> Json:
    """Send a file of prices, wait until it is over; gives its row of PRI02."""
    answer = shop.send(PRICES, "\n".join(lines))
    assert answer.status_code == 201, answer.text
    shop.mirakl.wait(seconds=60)
    listed = shop.mirakl.seller("GET", PRICES, params={"import_id": answer.json()["import_id"]})
    (row,) = listed.json()["data"]
    return dict(row)


def prices(shop: Shop, sku: str = "MUG") -> list[Json]:
    (offer,) = shop.mirakl.seller("GET", "/api/offers", params={"sku": sku}).json()["offers"]
    return list(offer["all_prices"])


def test_a_price_is_replaced_and_nothing_else_of_the_offer(shop: Shop) -> None:
    before = shop.offers()
    told = taken(shop, HEADER, "MUG;11.90;;;")
    assert (told["status"], told["offers_updated"], told["lines_in_success"], told["origin"]) == (
        "COMPLETE",
        1,
        1,
        "API",
    )
    assert shop.offers() == {**before, "MUG": {**before["MUG"], "price": 11.9, "discount": None, "all_prices": []}}


def test_prices_that_are_not_listed_are_deleted(shop: Shop) -> None:
    """A channel's price, a discount: whoever sends one price sends them all."""
    taken(shop, "offer-sku;price;discount-price;channels", "MUG;10;8;", "MUG;12;;US|CA")
    assert [(one["price"], one["channel_code"]) for one in prices(shop)] == [(8, None), (12, "US,CA")]
    taken(shop, HEADER, "MUG;10;;;")
    assert [(one["price"], one["channel_code"]) for one in prices(shop)] == [(10, None)]


def test_of_a_former_discount_nothing_is_left(shop: Shop) -> None:
    ranges = [{"quantity_threshold": 5, "price": 6}]
    shop.change(offers=[{"shop_sku": "MUG", "discount": {"origin_price": 10, "discount_price": 8, "ranges": ranges}}])
    taken(shop, HEADER, "MUG;10;7;;")
    assert shop.offers()["MUG"]["discount"] == {
        "discount_price": 7,
        "origin_price": 10,
        "start_date": None,
        "end_date": None,
    }


def test_prices_of_offers_that_the_file_does_not_name_stand(shop: Shop) -> None:
    taken(shop, HEADER, "MUG;10;8;;")
    taken(shop, HEADER, "POT;20;;;")
    assert (shop.offers()["MUG"]["price"], shop.offers()["POT"]["price"]) == (8, 20)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["CUP;3;;;"], "There is no offer with SKU CUP"),
        ([";3;;;"], "offer-sku is required"),
        (["MUG;;;;"], "price is required"),
        (["MUG;x;;;"], "price is an amount, not x"),
        (["MUG;3;4;;"], "discount-price 4 is not below price 3"),
        (["MUG;3;2;tomorrow;"], "discount-start-date is a moment with its offset, not tomorrow"),
        (["MUG;3;2;2026-11-01T00:00:00;"], "discount-start-date is a moment with its offset, not 2026-11-01T00:00:00"),
    ],
)
def test_a_price_that_cannot_be_is_reported_and_the_others_stand(shop: Shop, lines: list[str], why: str) -> None:
    told = taken(shop, HEADER, *lines, "POT;20;;;")
    assert (told["lines_in_error"], told["offers_in_error"], told["offers_updated"]) == (1, 1, 1)
    header, line = shop.report(told["import_id"], PRICES)
    assert (header[2:], line[:2]) == (HEADER.split(";"), ["2", why])
    assert (shop.offers()["MUG"]["price"], shop.offers()["POT"]["price"]) == (10, 20)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (
            ["MUG;10;", "MUG;11;"],
            {"3": "The same price is listed twice", "2": "Another line of this offer is in error"},
        ),
        (["MUG;10;US", "MUG;11;CA"], dict.fromkeys(["2", "3"], "The price that holds for everybody is missing")),
        (["MUG;10;", "POT;9;", "MUG;11;CA"], dict.fromkeys(["2", "4"], "The lines of an offer stand together")),
        (
            ["MUG;10;", *[f"MUG;11;C{number}" for number in range(50)]],
            {str(line): "An offer has at most 50 prices, not 51" for line in range(2, 53)},
        ),
    ],
)
def test_the_prices_of_an_offer_are_taken_all_or_none(shop: Shop, lines: list[str], why: dict[str, str]) -> None:
    told = taken(shop, "offer-sku;price;channels", *lines)
    assert {line[0]: line[1] for line in shop.report(told["import_id"], PRICES)[1:]} == why
    assert shop.offers()["MUG"]["price"] == 10


@pytest.mark.parametrize("example", range(4))
def test_mirakls_own_examples_are_readable(shop: Shop, example: int) -> None:
    file = shared(f"fixtures/mirakl/openapi-seller/PRI01-req-{example}.json").read_bytes()
    shop.change(offers=[{"shop_sku": "SKU001", "product_sku": "PS", "price": 1, "quantity": 1}])
    told = taken(shop, *decimal_json.loads(file)["file"].splitlines())
    assert (told["status"], told["lines_in_error"], told["offers_updated"]) == ("COMPLETE", 0, 1)


def test_where_prices_are_approved_the_ongoing_ones_remain(shop: Shop) -> None:
    shop.mirakl.behave(price_approval=True)
    assert taken(shop, HEADER, "MUG;9;;;")["status"] == "COMPLETE"
    assert shop.offers()["MUG"]["price"] == 10


def test_a_file_of_prices_that_cannot_be_read_fails_with_a_reason(shop: Shop) -> None:
    told = taken(shop, "sku;price", "MUG;9")
    assert (told["status"], "offer-sku" in told["reason_status"]) == ("FAILED", True)


def test_imports_of_prices_are_listed_page_by_page(shop: Shop) -> None:
    shop.mirakl.behave(frequencies_enforced=False)
    ids = [shop.send(PRICES, f"{HEADER}\nMUG;{price};;;").json()["import_id"] for price in (5, 6, 7)]
    shop.mirakl.wait(minutes=5)
    first = shop.mirakl.seller("GET", PRICES, params={"limit": 2, "status": "COMPLETE"}).json()
    rest = shop.mirakl.seller("GET", PRICES, params={"page_token": first["next_page_token"]}).json()
    assert sorted(row["import_id"] for row in [*first["data"], *rest["data"]]) == sorted(ids)
    assert "next_page_token" not in rest
    assert shop.mirakl.seller("GET", PRICES, params={"status": "FAILED"}).json()["data"] == []
    assert shop.offers()["MUG"]["price"] == 7


def test_prices_are_sent_asked_for_and_reported_once_a_minute(shop: Shop) -> None:
    import_id = taken(shop, HEADER, "CUP;3;;;")["import_id"]
    assert shop.mirakl.seller("GET", PRICES).status_code == 429
    assert [shop.send(PRICES, HEADER).status_code for _ in range(2)] == [201, 429]
    path = f"{PRICES}/{import_id}/error_report"
    assert [shop.mirakl.seller("GET", path).status_code for _ in range(2)] == [200, 429]


def test_prices_take_roles_of_their_own(shop: Shop) -> None:
    shop.mirakl.behave(seller_roles="ROLE_PARTNER_OFFER_PRICING_READ")
    assert shop.send(PRICES, HEADER).status_code == 403
    assert shop.mirakl.seller("GET", PRICES).status_code == 200
    shop.mirakl.behave(seller_roles="ROLE_PARTNER_OFFER_PRICING_WRITE")
    assert shop.send(PRICES, HEADER).status_code == 201
    assert shop.mirakl.seller("GET", PRICES).status_code == 403


def test_offers_are_listed_a_hundred_a_page_at_most(shop: Shop) -> None:
    first = shop.mirakl.seller("GET", "/api/offers", params={"max": 2})
    assert [one["shop_sku"] for one in first.json()["offers"]] == ["MUG", "POT"]
    rest = shop.mirakl.seller("GET", first.links["next"]["url"].removeprefix(shop.mirakl.access.url))
    assert ([one["shop_sku"] for one in rest.json()["offers"]], rest.json()["total_count"]) == (["LAMP"], 3)
    assert shop.mirakl.seller("GET", "/api/offers", params={"max": 101}).status_code == 400


@pytest.mark.parametrize(
    ("asked", "skus"),
    [
        ({"sku": "POT"}, {"POT"}),
        ({"sku": "pot"}, set()),
        ({"product_id": "PLAMP"}, {"LAMP"}),
        ({"offer_state_codes": "11,1"}, {"MUG", "POT", "LAMP"}),
        ({"offer_state_codes": "1"}, set()),
        ({"favorite": "true"}, set()),
    ],
)
def test_offers_are_found_by_what_they_are(shop: Shop, asked: Json, skus: set[str]) -> None:
    listed = shop.mirakl.seller("GET", "/api/offers", params=asked).json()
    assert {one["shop_sku"] for one in listed["offers"]} == skus


def test_an_inactive_offer_says_why(shop: Shop) -> None:
    shop.change(offers=[{"shop_sku": "MUG", "quantity": 0, "house_code": "H-7"}])
    (offer,) = shop.mirakl.seller("GET", "/api/offers", params={"sku": "MUG"}).json()["offers"]
    assert (offer["active"], offer["inactivity_reasons"], offer["house_code"]) == (False, ["ZERO_QUANTITY"], "H-7")


def test_an_operator_reads_one_offer_of_any_shop(shop: Shop) -> None:
    offer_id = shop.offers()["MUG"]["offer_id"]
    offer = shop.mirakl.operator("GET", f"/api/offers/{offer_id}").json()
    assert (offer["shop_sku"], offer["shop_id"], offer["quantity"]) == ("MUG", 2001, 10)
    assert shop.mirakl.operator("GET", "/api/offers/1").status_code == 404


def test_products_are_found_by_the_marketplaces_references(shop: Shop) -> None:
    found = shop.mirakl.seller("GET", "/api/products", params={"product_references": "EAN|5012345678900,EAN|1"})
    (product,) = found.json()["products"]
    assert (product["product_sku"], product["product_id_type"], product["product_title"]) == ("PVASE", "EAN", "Vase")


@pytest.mark.parametrize(
    "asked",
    [{}, {"product_references": "SKU|PVASE"}, {"product_references": "SHOP_SKU|MUG"}, {"product_references": "1"}],
)
def test_products_are_not_found_by_skus(shop: Shop, asked: Json) -> None:
    assert shop.mirakl.seller("GET", "/api/products", params=asked).status_code == 400
    many = ",".join(f"EAN|{number}" for number in range(101))
    assert shop.mirakl.seller("GET", "/api/products", params={"product_references": many}).status_code == 400


@pytest.mark.parametrize("persona", ["seller", "operator"])
def test_conditions_are_read_once_a_day(shop: Shop, persona: str) -> None:
    ask: Callable[..., object] = getattr(shop.mirakl, persona)
    first, second = ask("GET", "/api/offers/states"), ask("GET", "/api/offers/states")
    assert first.json()["offer_states"] == [{"code": "11", "label": "New"}]  # type: ignore[attr-defined]
    assert second.status_code == 429  # type: ignore[attr-defined]


def test_a_shop_knows_how_many_offers_it_has(shop: Shop) -> None:
    shop.change(delete=["LAMP"])
    assert shop.mirakl.seller("GET", "/api/account").json()["offers_count"] == 2
