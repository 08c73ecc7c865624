"""A rush on few SKUs: what a plain hourly push sells that is not there, and how that is counted."""

from datetime import timedelta
from decimal import Decimal

from sandbox.flash_sale.buyers import Attempt, Sale, attempts, order_of
from sandbox.flash_sale.count import count
from sandbox.flash_sale.plain import serve_plainly

MARKETS, SKUS = ["brightside-uk", "maison-eu"], ["A", "B"]
SALE = Sale(minutes=10, orders_a_minute=50, skus=2, units=15, restocked=10)


def _attempt(number: int, market: str, quantity: int, minutes: float = 1) -> Attempt:
    return Attempt(number, timedelta(minutes=minutes), market, "A", quantity)


def test_the_same_seed_gives_the_same_rush() -> None:
    rush = attempts(SALE, 7, MARKETS, SKUS)
    assert rush == attempts(SALE, 7, MARKETS, SKUS)
    assert len(rush) == 500
    assert rush == sorted(rush, key=lambda one: one.at)
    assert {one.sku for one in rush} == set(SKUS)


def test_units_beyond_those_that_ever_were_there_are_oversold() -> None:
    rush = [_attempt(1, "brightside-uk", 2), _attempt(2, "maison-eu", 2)]
    sold = count(rush, rush, {"A": 3})
    assert (sold.orders, sold.units, sold.oversold, sold.unsold) == (2, 4, 1, 0)


def test_units_that_stay_though_somebody_wanted_them_are_counted() -> None:
    rush = [_attempt(1, "brightside-uk", 2), _attempt(2, "maison-eu", 2)]
    assert count(rush, rush[:1], {"A": 3}).unsold == 1


def test_a_plain_push_shows_the_whole_shelf_twice_and_sells_it_twice() -> None:
    sale = Sale(units=3, restocked=0)
    rush = [_attempt(place, market, 1) for place, market in enumerate(MARKETS * 4, start=1)]
    placed = serve_plainly(sale, rush, MARKETS, {"A": 3})
    assert count(rush, placed, {"A": 3}).oversold == 3


def test_a_plain_push_learns_of_sales_with_the_full_hour() -> None:
    sale = Sale(units=3, restocked=0)
    rush = [
        *(_attempt(place, "brightside-uk", 1, 1) for place in range(3)),
        *(_attempt(place, "maison-eu", 1, 61) for place in range(3, 6)),
    ]
    assert len(serve_plainly(sale, rush, MARKETS, {"A": 3})) == 3


def test_an_order_of_the_rush_adds_up() -> None:
    line = {
        "order_line_id": "1-A-1",
        "order_line_state": "SHIPPING",
        "price": Decimal("4.00"),
        "quantity": 2,
        "taxes": [{"amount": Decimal("0.80"), "code": "VAT", "rate": 20}],
        "total_commission": Decimal("0.72"),
    }
    model = {"order_id": "1-A", "order_state": "SHIPPING", "order_lines": [line], "customer": {"locale": "en"}}
    offer = {"offer_id": 77, "product_sku": "PB", "product_title": "A bowl", "price": Decimal("2.50")}
    order = order_of(Attempt(9, timedelta(), "maison-eu", "B", 3), model, offer)
    only = order["order_lines"][0]
    assert (only["offer_id"], only["offer_sku"], only["product_sku"]) == (77, "B", "PB")
    assert (order["order_id"], order["total_price"], only["price"]) == (
        "FLASH-maison-eu-9",
        Decimal("7.50"),
        Decimal("7.50"),
    )
    assert only["taxes"][0]["amount"] == Decimal("1.50")
    assert only["commission_fee"] + only["commission_vat"] == only["total_commission"] == Decimal("1.35")
    assert line["price"] == Decimal("4.00"), "the model is not changed"
