"""A rush on few SKUs: who comes, and how it is counted what was sold that was not there."""

from datetime import timedelta
from decimal import Decimal

from sandbox.flash_sale.buyers import Attempt, Sale, attempts, order_of
from sandbox.flash_sale.count import Till

MARKETS, SKUS = ["brightside-uk", "maison-eu"], ["A", "B"]
SALE = Sale(minutes=10, orders_a_minute=50, skus=2, units=15, restocked=10)


def _attempt(number: int, market: str, quantity: int) -> Attempt:
    return Attempt(number, timedelta(minutes=1), market, "A", quantity)


def _rung_up(till: Till, orders: list[Attempt]) -> Till:
    for each in orders:
        till.sell(each)
    return till


def test_the_same_seed_gives_the_same_rush() -> None:
    rush = attempts(SALE, 7, MARKETS, SKUS)
    assert rush == attempts(SALE, 7, MARKETS, SKUS)
    assert len(rush) == 500
    assert rush == sorted(rush, key=lambda one: one.at)
    assert {one.sku for one in rush} == set(SKUS)


def test_units_beyond_those_that_ever_were_there_are_oversold() -> None:
    rush = [_attempt(1, "brightside-uk", 2), _attempt(2, "maison-eu", 2)]
    sold = _rung_up(Till({"A": 3}), rush).closed(rush)
    assert (sold.orders, sold.units, sold.oversold, sold.beyond, sold.unsold) == (2, 4, 1, 1, 0)


def test_an_order_that_goods_which_come_in_later_cover_was_beyond_the_stock_all_the_same() -> None:
    rush = [_attempt(1, "brightside-uk", 2), _attempt(2, "maison-eu", 2)]
    till = _rung_up(Till({"A": 3}), rush)
    till.come_in("A", 5)
    sold = till.closed(rush)
    assert (sold.oversold, sold.beyond) == (0, 1)


def test_units_that_a_buyer_called_off_may_be_sold_again() -> None:
    rush = [_attempt(1, "brightside-uk", 3), _attempt(2, "maison-eu", 2)]
    till = _rung_up(Till({"A": 3}), rush[:1])
    till.call_off(rush[0])
    till.sell(rush[1])
    sold = till.closed(rush)
    assert (sold.orders, sold.units, sold.oversold, sold.beyond) == (1, 2, 0, 0)


def test_units_that_stay_though_somebody_wanted_them_are_counted() -> None:
    rush = [_attempt(1, "brightside-uk", 2), _attempt(2, "maison-eu", 2)]
    assert _rung_up(Till({"A": 3}), rush[:1]).closed(rush).unsold == 1


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
