"""What a plain connector does with a rush, on twins of its own: the measure that Tieout's flash sale stands beside."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.flash_sale.buyers import Attempt, Crowd, Sale
from sandbox.flash_sale.plain_run import PlainlySold, Shop, run_plainly
from tests.integration.two_twins.house import gift_shop

NEAR = datetime(2026, 11, 27, 8, 20, tzinfo=UTC)
SKU = "MUG"
CURRENCIES = {"brightside-uk": "GBP", "maison-eu": "EUR"}
ADDRESS = {"lastname": "Dubois", "street_1": "1 High Street", "city": "Leeds", "country_iso_code": "GBR"}
MODEL: dict[str, Any] = {
    "order_id": "1-A",
    "order_state": "SHIPPING",
    "customer": {"customer_id": "C1", "lastname": "Dubois", "shipping_address": ADDRESS},
    "order_lines": [
        {
            "order_line_id": "1-A-1",
            "order_line_state": "SHIPPING",
            "price": Decimal("4.00"),
            "quantity": 2,
            "taxes": [{"amount": Decimal("0.80"), "code": "VAT", "rate": 20}],
            "total_commission": Decimal("0.72"),
        }
    ],
}


def _attempt(number: int, market: str, minutes: float, quantity: int = 1) -> Attempt:
    return Attempt(number, timedelta(minutes=minutes), market, SKU, quantity)


def _shop(shows: int = 1) -> Shop:
    offer = {"shop_sku": SKU, "product_sku": "P-MUG", "price": Decimal(5), "state_code": "11", "quantity": shows}
    offers = {
        name: {SKU: {**offer, "offer_id": 1000 + place, "currency_iso_code": currency}}
        for place, (name, currency) in enumerate(CURRENCIES.items())
    }
    shelf = {"locationId": {"id": "1"}, "quantityAvailable": 3}
    return Shop(offers, [{"id": "1000", "itemId": SKU, "locations": {"items": [shelf]}}])


def _run(
    rush: Sequence[Attempt],
    *,
    restocked: int = 0,
    opens_after: timedelta = timedelta(),
    second_thoughts: dict[int, timedelta] | None = None,
) -> PlainlySold:
    """Three mugs on the shelf."""
    sale = Sale(skus=1, units=3, restocked=restocked, restocked_after=timedelta(minutes=2))
    crowd = Crowd(sale, rush, [SKU], {name: {**MODEL, "currency_iso_code": CURRENCIES[name]} for name in CURRENCIES})
    return run_plainly(gift_shop(), _shop(), crowd, NEAR, second_thoughts or {}, opens_after=opens_after)


def test_three_mugs_are_shown_at_both_marketplaces_and_sold_twice() -> None:
    buyers = [_attempt(place, name, 3) for place, name in enumerate(list(CURRENCIES) * 4, start=1)]
    run = _run(buyers)
    assert (run.sold.attempts, run.sold.orders, run.sold.oversold, run.sold.unsold) == (8, 6, 3, 0)
    assert run.back_ordered == 3, "NetSuite itself says so, once the orders are booked"
    told = run.told()
    assert (told["stock_pushed_every_minutes"], told["orders_polled_every_minutes"]) == (60, 15)
    assert told["files_of_stock"] == 4, "one a marketplace as the sale opens, and one an hour later"
    assert (told["orders_booked"], told["offers_refused"]) == (6, 0)
    assert told["slowest_file_landed_within_seconds"] > 0


def test_what_was_sold_at_one_marketplace_is_gone_at_the_other_after_the_full_hour() -> None:
    buyers = [_attempt(1, "brightside-uk", 1, 3), *(_attempt(number, "maison-eu", 9) for number in range(2, 5))]
    run = _run(buyers, opens_after=timedelta(minutes=54))
    assert (run.sold.orders, run.sold.oversold, run.done["orders booked"]) == (1, 0, 1)


def test_goods_that_come_in_are_not_shown_before_the_full_hour() -> None:
    buyers = [_attempt(number, "brightside-uk", 1 + number) for number in range(1, 6)]
    run = _run(buyers, restocked=4)
    assert (run.sold.orders, run.sold.oversold, run.sold.unsold) == (3, 0, 2)


def test_a_buyer_who_cancelled_with_tieout_cancels_here_too() -> None:
    buyers = [_attempt(place, name, 3) for place, name in enumerate(list(CURRENCIES) * 4, start=1)]
    run = _run(buyers, second_thoughts={1: timedelta(minutes=5)})
    assert (run.sold.orders, run.sold.oversold) == (5, 2)
    assert run.done["orders booked"] == 5
