"""Our Mirakl client against the Mirakl twin, over real HTTP: files of stock, offers and prices, and exports."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.structures import CaseInsensitiveDict

from tests.integration.running_twins import MARKETPLACE, Running, running
from tests.shared import shared
from tieout.calls import Answer, Call, Caller, Sign
from tieout.domain.errors import NeedsAttention, OutcomeUnknown, Reason, SystemDown, Throttled
from tieout.domain.listings.listing import Listing, PriceRow
from tieout.domain.stock.offer import Import, Offer
from tieout.mirakl.client import Connection, Mirakl
from tieout.mirakl.refusals import GRANTED_APART

MINUTE = 61


class ShopWindow:
    """The twin, our client, and whoever stands in front of the window."""

    def __init__(self, twins: Running) -> None:
        self.twins = twins
        self.client = twins.mirakl()

    def order(self, path: str, **order: Any) -> None:
        self.twins._control("mirakl", "POST", path, {"marketplace": MARKETPLACE, **order})

    def shows(self) -> dict[str, dict[str, Any]]:
        url = f"{self.twins.twins.mirakl.url}/_twin/records/offers"
        lines = requests.get(url, {"marketplace": MARKETPLACE}, timeout=5).text.splitlines()
        rows = [json.loads(line) for line in lines if line]
        return {row["shop_sku"]: row for row in rows}

    def quantities(self) -> dict[str, int]:
        return {sku: row["quantity"] for sku, row in self.shows().items()}

    def end_of(self, ask: Callable[[str], Import], import_id: str) -> Import:
        """As a schedule looks: a minute apart."""
        for _ in range(5):
            self.twins.wait(MINUTE)
            found = ask(import_id)
            if found.is_over:
                return found
        raise AssertionError("the import did not end")

    def exported(self, changed_since: Any = None) -> list[Offer]:
        tracking_id = self.client.export_offers(changed_since)
        self.twins.wait(MINUTE)
        export = self.client.offer_export(tracking_id)
        assert export.state == "COMPLETED"
        return [offer for url in export.urls for offer in self.client.offers_of(url)]


OFFERS = [
    {"shop_sku": "MUG", "quantity": 5, "price": 9.9, "state_code": "11", "product_sku": "P-MUG"},
    {"shop_sku": 'A;"B" C', "quantity": 2, "price": 1, "state_code": "11", "product_sku": "P-ABC"},
    {"shop_sku": "=1+1", "quantity": 0, "price": 2.5, "state_code": "11", "product_sku": "P-SUM"},
]


@pytest.fixture
def window(tmp_path: Path) -> Iterator[ShopWindow]:
    with running(tmp_path, []) as twins:
        window = ShopWindow(twins)
        window.order(
            "offers",
            offers=OFFERS,
            products=[{"product_sku": "P-NEW", "product_id": "5012345678900", "product_id_type": "EAN"}],
        )
        yield window


# -- stock -------------------------------------------------------------------------------------------------------------


def test_a_file_of_stock_sets_quantities_and_touches_nothing_else(window: ShopWindow):
    before = window.shows()
    import_id = window.client.send_stock([("MUG", 12), ('A;"B" C', 0), ("=1+1", 7)])
    assert window.client.stock_import(import_id).state in {"WAITING", "RUNNING"}
    found = window.end_of(window.client.stock_import, import_id)
    assert (found.state, found.in_success, found.in_error, found.has_errors) == ("COMPLETE", 3, 0, False)
    assert found.created_at is not None
    assert window.quantities() == {"MUG": 12, 'A;"B" C': 0, "=1+1": 7}
    changing = {"quantity", "active", "last_updated", "inactivity_reasons"}
    for sku, row in window.shows().items():
        assert {k: v for k, v in row.items() if k not in changing} == {
            k: v for k, v in before[sku].items() if k not in changing
        }


def test_one_broken_line_is_told_and_stops_no_other(window: ShopWindow):
    import_id = window.client.send_stock([("GONE", 4), ("MUG", 1)])
    found = window.end_of(window.client.stock_import, import_id)
    assert (found.in_success, found.in_error, found.has_errors) == (1, 1, True)
    (rejected,) = window.client.stock_errors(import_id)
    assert (rejected.sku, rejected.line) == ("GONE", 2)
    assert rejected.why
    assert window.quantities()["MUG"] == 1


def test_a_file_that_fails_says_so(window: ShopWindow):
    window.twins.behave("mirakl", imports_fail=True)
    import_id = window.client.send_stock([("MUG", 1)])
    found = window.end_of(window.client.stock_import, import_id)
    assert (found.state, found.is_over) == ("FAILED", True)
    assert window.quantities()["MUG"] == 5


def test_a_second_file_within_a_minute_waits(window: ShopWindow):
    window.client.send_stock([("MUG", 1)])
    with pytest.raises(Throttled) as throttled:
        window.client.send_stock([("MUG", 2)])
    assert throttled.value.after_seconds is not None
    assert 0 < throttled.value.after_seconds <= 60


@pytest.mark.parametrize("kind", ["timeout_after", "reset", "500"])
def test_a_file_without_an_answer_may_have_been_taken(window: ShopWindow, kind: str):
    window.twins.fault("mirakl", {"operation": "STO01", "kind": kind, "times": 1, "seconds": 0.1})
    with pytest.raises(OutcomeUnknown):
        window.client.send_stock([("MUG", 1)])


def test_an_import_that_nobody_knows_needs_attention(window: ShopWindow):
    with pytest.raises(NeedsAttention) as refused:
        window.client.stock_import("11111111-1111-1111-1111-111111111111")
    assert refused.value.reason is Reason.REFUSED_BY_MIRAKL


class OldInstance(Caller):
    """A platform that is older than an operation."""

    def send(self, call: Call, sign: Sign | None, attempt: int = 1) -> Answer:  # noqa: ARG002  the shape of a caller
        return Answer(404, CaseInsensitiveDict(), b'{"message": "Not Found", "status": 404}')


def test_an_instance_without_stock_imports_says_what_to_do():
    connection = Connection(marketplace="uk", base_url="https://old.mirakl.net", role="seller", shop_id=1)
    with pytest.raises(NeedsAttention) as refused:
        Mirakl(connection, lambda: {"api_key": "x"}, caller=OldInstance(1, 1)).send_stock([("MUG", 1)])
    assert refused.value.reason is Reason.REFUSED_BY_MIRAKL
    assert refused.value.facts["message"] == "Not Found"
    assert "STO01" in refused.value.facts["hint"]
    assert "stock.enabled" in refused.value.facts["hint"]


@pytest.mark.parametrize("lines", [[], [("", 1)], [("MUG", -1)]])
def test_what_cannot_be_said_in_a_file_is_our_mistake(window: ShopWindow, lines: list[tuple[str, int]]):
    with pytest.raises(ValueError):  # noqa: PT011  each says its own
        window.client.send_stock(lines)
    assert not [call for call in window.twins.calls("mirakl") if call["operation"] == "STO01"]


def an_operator(window: ShopWindow) -> Mirakl:
    here = window.twins.twins.mirakl.marketplaces[MARKETPLACE]
    connection = Connection(marketplace=MARKETPLACE, base_url=here.url, role="operator", shop_id=None)
    return Mirakl(connection, lambda: {"bearer_token": here.operator_token})


def test_an_operator_says_for_which_shop_a_file_is(window: ShopWindow):
    shop = window.twins.twins.mirakl.marketplaces[MARKETPLACE].shop_id
    operator = an_operator(window)
    import_id = operator.send_stock([("MUG", 8)], str(shop))
    assert window.end_of(operator.stock_import, import_id).in_success == 1
    assert window.quantities()["MUG"] == 8
    with pytest.raises(NeedsAttention, match="own_shops"):
        operator.send_stock([("MUG", 9)])


def test_a_shop_that_the_marketplace_does_not_have_is_named_to_a_person(window: ShopWindow):
    with pytest.raises(NeedsAttention) as refused:
        an_operator(window).send_stock([("MUG", 9)], "9999")
    assert refused.value.facts["message"] == "Shop 9999 does not exist"
    assert "no shop 9999: correct operator.own_shops" in refused.value.facts["hint"]
    assert window.quantities()["MUG"] == 5


@pytest.mark.parametrize("operation", sorted(GRANTED_APART))
def test_a_role_that_is_named_to_a_person_is_one_that_opens_the_operation(operation: str):
    contract = json.loads(shared("contracts/mirakl-seller.openapi.json").read_bytes())
    (found,) = (
        each for path in contract["paths"].values() for each in path.values() if each.get("operationId") == operation
    )
    roles = {role for way in found["security"] for some in way.values() for role in some}
    assert {GRANTED_APART[operation], "ROLE_SHOP_ADMIN"} <= roles


@pytest.mark.parametrize("operation", ["send_stock", "send_offers", "send_prices", "products_of"])
def test_a_key_that_may_not_change_offers_stops_nothing_but_that(window: ShopWindow, operation: str):
    """Orders go on with the same key: the breaker of the marketplace is not for this."""
    window.twins.behave("mirakl", seller_roles="ROLE_SHOP_ACCOUNTANCY")
    ask: dict[str, Callable[[], object]] = {
        "send_stock": lambda: window.client.send_stock([("MUG", 1)]),
        "send_offers": lambda: window.client.send_offers([a_listing()], EVERYTHING),
        "send_prices": lambda: window.client.send_prices([PriceRow("MUG", Decimal(1))]),
        "products_of": lambda: window.client.products_of([("EAN", "5012345678900")]),
    }
    with pytest.raises(NeedsAttention, match="ROLE_PARTNER_") as refused:
        ask[operation]()
    assert refused.value.facts["status"] == "403"


# -- exports -----------------------------------------------------------------------------------------------------------


def test_an_export_has_every_offer_the_inactive_ones_too(window: ShopWindow):
    window.order("offers", offers=[{"shop_sku": "HIDDEN", "quantity": 1, "price": 3, "active": False}])
    found = {offer.sku: offer for offer in window.exported()}
    assert {sku: offer.quantity for sku, offer in found.items()} == window.quantities()
    mug = found["MUG"]
    assert (mug.price, mug.currency, mug.product, mug.state_code) == (Decimal("9.9"), "GBP", "P-MUG", "11")
    assert mug.shop_id == str(window.twins.twins.mirakl.marketplaces[MARKETPLACE].shop_id)
    assert mug.updated_at is not None


def test_an_export_of_changes_has_what_changed_and_what_is_gone(window: ShopWindow):
    window.twins.wait(3600)
    since = window.client.now() - timedelta(seconds=1)
    window.order("offers", offers=[{"shop_sku": "MUG", "quantity": 4}], delete=["=1+1"])
    window.twins.wait(60)
    assert {offer.sku: offer.is_deleted for offer in window.exported(since)} == {"MUG": False, "=1+1": True}


def test_everything_may_be_asked_for_once_a_day(window: ShopWindow):
    window.exported()
    window.twins.wait(3600)
    with pytest.raises(Throttled):
        window.client.export_offers()
    window.client.export_offers(window.client.now() - timedelta(hours=1))


def test_an_export_that_is_asked_for_twice_is_one(window: ShopWindow):
    since = window.client.now() - timedelta(hours=1)
    first = window.client.export_offers(since)
    window.twins.behave("mirakl", offer_export_seconds=600)
    window.twins.wait(MINUTE)
    second = window.client.export_offers(since)
    window.twins.wait(MINUTE)
    assert window.client.export_offers(since) == second != first


def test_a_file_of_an_export_that_is_not_there_any_more_is_no_list_of_nothing(window: ShopWindow):
    here = window.twins.twins.mirakl.marketplaces[MARKETPLACE].url
    with pytest.raises((NeedsAttention, SystemDown)):
        list(window.client.offers_of(f"{here}/api/offers/export/async/file/none"))


def test_a_products_sku_is_found_by_its_bar_code(window: ShopWindow):
    asked = [("EAN", "5012345678900"), ("EAN", "4006381333931"), ("EAN", "a|b"), ("EAN", "")]
    assert window.client.products_of(asked) == {("EAN", "5012345678900"): "P-NEW"}
    many = [("EAN", f"{number:013d}") for number in range(150)]
    assert window.client.products_of(many) == {}
    assert sum(call["operation"] == "P31" for call in window.twins.calls("mirakl")) == 3


# -- offers ------------------------------------------------------------------------------------------------------------


def a_listing(sku: str = "NEW", **facts: Any) -> Listing:
    plain: dict[str, Any] = {
        "product_id": "5012345678900",
        "product_id_type": "EAN",
        "price": Decimal("4.50"),
        "quantity": 6,
        "state_code": "11",
    }
    return Listing(sku=sku, **(plain | facts))


EVERYTHING = {"product_id", "product_id_type", "price", "quantity", "state_code", "description"}


def test_an_offer_is_created_from_a_listing(window: ShopWindow):
    import_id = window.client.send_offers([a_listing(description="=A; mug")], EVERYTHING)
    found = window.end_of(window.client.offer_import, import_id)
    assert (found.state, found.in_success, found.in_error) == ("COMPLETE", 1, 0)
    made = window.shows()["NEW"]
    assert (made["quantity"], Decimal(str(made["price"])), made["state_code"]) == (6, Decimal("4.5"), "11")
    assert made["product_sku"] == "P-NEW"
    assert made["description"] == "'=A; mug"


def test_what_has_no_column_is_not_touched(window: ShopWindow):
    import_id = window.client.send_offers([a_listing("MUG", price=Decimal("8.75"), quantity=0)], {"price"})
    assert window.end_of(window.client.offer_import, import_id).in_success == 1
    mug = window.shows()["MUG"]
    assert (mug["quantity"], Decimal(str(mug["price"])), mug["product_sku"]) == (5, Decimal("8.75"), "P-MUG")


def test_an_offer_is_deleted_by_its_sku(window: ShopWindow):
    import_id = window.client.send_offers([a_listing("MUG", is_deletion=True)], {"price"})
    assert window.end_of(window.client.offer_import, import_id).in_success == 1
    assert "MUG" not in window.shows()


def test_an_offer_of_a_product_that_nobody_knows_is_told(window: ShopWindow):
    import_id = window.client.send_offers([a_listing(product_id="4711"), a_listing("MUG")], EVERYTHING)
    found = window.end_of(window.client.offer_import, import_id)
    assert found.has_errors
    assert ("NEW", 2) in {(each.sku, each.line) for each in window.client.offer_errors(import_id)}


# -- prices ------------------------------------------------------------------------------------------------------------


def test_a_price_is_replaced_and_no_quantity_moves(window: ShopWindow):
    import_id = window.client.send_prices([PriceRow("MUG", Decimal("7.25"))])
    found = window.end_of(window.client.price_import, import_id)
    assert (found.state, found.in_success, found.in_error) == ("COMPLETE", 1, 0)
    mug = window.shows()["MUG"]
    assert (Decimal(str(mug["price"])), mug["quantity"]) == (Decimal("7.25"), 5)


def test_a_price_of_an_offer_that_is_not_there_is_told(window: ShopWindow):
    import_id = window.client.send_prices([PriceRow("GONE", Decimal(1)), PriceRow("MUG", Decimal(2))])
    assert window.end_of(window.client.price_import, import_id).in_error == 1
    assert [(each.sku, each.line) for each in window.client.price_errors(import_id)] == [("GONE", 2)]
    assert Decimal(str(window.shows()["MUG"]["price"])) == 2


def test_an_import_of_prices_that_nobody_knows_needs_attention(window: ShopWindow):
    with pytest.raises(NeedsAttention):
        window.client.price_import("11111111-1111-1111-1111-111111111111")


@pytest.mark.parametrize("rows", [[], [("MUG", "0")], [("MUG", "NaN")], [("", "1")], [("MUG", "1"), ("MUG", "2")]])
def test_prices_that_would_delete_others_by_mistake_are_not_sent(window: ShopWindow, rows: list[tuple[str, str]]):
    with pytest.raises(ValueError):  # noqa: PT011  each says its own
        window.client.send_prices([PriceRow(sku, Decimal(price)) for sku, price in rows])
