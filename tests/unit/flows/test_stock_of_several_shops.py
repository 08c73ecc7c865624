"""An operator with several own shops: they sell from one pool as marketplaces do, and each file names its shop."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.fakes.stockroom import ONE, TWO, StockHouse, an_operators_stock_house
from tieout.config import config_from
from tieout.domain.errors import Reason, SystemDown
from tieout.flows.stock.facts import offers_told
from tieout.flows.stock.send import Pushed
from tieout.flows.stock.standing import load

A, B, THEIRS = "2001", "2002", "2009"


def rested(**stock: object) -> StockHouse:
    house = an_operators_stock_house(**stock)  # type: ignore[arg-type]
    house.settle()
    return house


def both(house: StockHouse, sku: str = "MUG") -> tuple[int, int]:
    return house.shows(ONE, A)[sku], house.shows(ONE, B)[sku]


def raises(error: Exception) -> Callable[..., str]:
    def call(*_: object) -> str:
        raise error

    return call


def gauges_of(house: StockHouse, wanted: str) -> list[float]:
    """Every value that the alarms of the marketplace are told from now on."""
    meter, told = house.house.meter, list[float]()
    gauge = meter.gauge

    def noted(name: str, value: float, **dimensions: str) -> None:
        if (name, dimensions) == (wanted, {"marketplace": ONE}):
            told.append(value)
        gauge(name, value, **dimensions)

    meter.gauge = noted  # type: ignore[method-assign]
    return told


def test_the_shops_share_the_pool_and_another_sellers_shop_is_left_alone() -> None:
    house = rested()
    assert both(house) == (50, 50)
    assert house.shows(ONE, THEIRS) == {"MUG": 7, "BOWL": 7, "JUG": 7}


def test_an_odd_unit_is_shown_by_one_shop_only() -> None:
    house = rested()
    for units in (7, 1, 0, 55, 3):
        house.restock("MUG", units)
        house.settle()
        assert sum(both(house)) == units


def test_a_marketplaces_share_is_that_of_its_shops_together() -> None:
    """Two marketplaces with even shares: a hundred units are 50 for the seller's, and 25 for each shop of the other."""
    house = rested(beside=True)
    assert (*both(house), house.shows(TWO)["MUG"]) == (25, 25, 50)


def test_an_order_is_off_the_offer_of_the_shop_that_sold_it_and_off_the_pool_of_both() -> None:
    house = rested()
    house.restock("MUG", 10)
    house.settle()
    house.buy("MUG", 4, shop=A)
    house.settle()
    assert both(house) == (3, 3)


def test_files_of_two_shops_of_one_access_are_a_minute_apart_and_go_by_turns() -> None:
    """Mirakl counts calls by access: the second file of a minute would be refused (STO01)."""
    house = rested()
    house.restock("MUG", 40)
    assert house.push() == Pushed(sent=1, changed=1, waiting=1)
    assert house.push() == Pushed(sent=1, changed=1)
    house.push()
    assert both(house) == (20, 20)
    house.restock("MUG", 20)
    house.push(after_minutes=1)
    house.push(after_minutes=1)
    house.push(after_minutes=1)
    assert both(house) == (10, 10)


def test_a_run_that_waits_for_its_file_sends_the_other_shops_in_the_same_minute_after() -> None:
    house = rested(follow_seconds=45)
    house.restock("MUG", 40)
    assert house.push() == Pushed(sent=2, changed=2)
    assert both(house) == (20, 20)


def test_a_sku_that_one_shop_lacks_is_a_refused_row_of_that_shop() -> None:
    house = rested()
    market = house.house.market
    del market.shop_offers[B]["MUG"]
    house.restock("MUG", 40)
    for _ in range(4):
        house.push()
    (parked,) = house.parked()
    assert (parked.key.marketplace, parked.key.thread, parked.reason) == (ONE, "2002/MUG", Reason.OFFER_UNKNOWN)
    assert parked.facts["shop"] == B
    assert house.shows(ONE, A)["MUG"] == 20


def test_a_row_that_a_person_gave_back_goes_to_its_shop() -> None:
    house = rested()
    market, back = house.house.market, house.house.market.shop_offers[B]["MUG"]
    del market.shop_offers[B]["MUG"]
    house.restock("MUG", 40)
    for _ in range(4):
        house.push()
    (parked,) = house.parked()
    market.shop_offers[B]["MUG"] = back
    house.house.postings.resubmit(parked.key, house.house.clock(), "ada")
    for _ in range(3):
        house.push()
    assert house.parked() == []
    assert both(house) == (20, 20)


def test_a_push_is_held_by_shop_and_the_alarm_of_the_marketplace_rings_for_either() -> None:
    house = an_operators_stock_house(brakes={"from_offers": 3, "changed_percent": 60})
    for sku in ("MUG", "BOWL", "JUG"):  # what shop A shows is right already
        house.house.market.put_offer(sku, 50, shop=A)
    told = gauges_of(house, "StockPushHeld")
    house.push()
    (parked,) = house.parked()
    assert (parked.key.thread, parked.reason, parked.facts["shop"]) == ("2002/stock", Reason.STOCK_HELD, B)
    assert max(told) == 1  # which is what the alarm looks at
    assert (both(house), house.shows(ONE, A)["BOWL"]) == ((50, 0), 50)
    house.house.postings.resubmit(parked.key, house.house.clock(), "ada")
    house.settle()
    assert both(house) == (50, 50)


def test_one_shop_that_is_up_to_date_does_not_hide_another_that_is_behind() -> None:
    """The alarm looks at the least that it was told: of the two shops, the worst is."""
    house = rested()
    house.restock("MUG", 40)
    told = gauges_of(house, "StockBehindSeconds")
    house.house.market.send_stock = raises(SystemDown("away"))  # type: ignore[method-assign]
    for _ in range(3):
        house.push()
    assert min(told[1:]) >= 300


def test_each_offer_is_told_with_its_shop() -> None:
    house = rested()
    told = offers_told(load(house.book), house.book, house.room.at.config, house.house.clock(), {"MUG"})
    assert [(each.marketplace, each.sku, each.target) for each in told] == [
        (f"{ONE}/{A}", "MUG", 50),
        (f"{ONE}/{B}", "MUG", 50),
    ]


def test_a_shop_that_is_added_shares_from_the_next_reading_of_offers_on() -> None:
    house = an_operators_stock_house(own=(2001,))
    house.settle()
    assert house.shows(ONE, A)["MUG"] == 100
    data = house.room.at.config.model_dump(exclude_none=True)
    data["marketplaces"][ONE]["operator"]["own_shops"] = [2009, 2001]
    grown = structs.replace(
        house,
        room=structs.replace(house.room, at=structs.replace(house.room.at, config=config_from(data))),
    )
    grown.restock("BOWL", 60)
    grown.settle()
    assert (house.shows(ONE, A)["BOWL"], house.shows(ONE, THEIRS)["BOWL"]) == (60, 7)
    grown.push("full", after_minutes=24 * 60)
    grown.settle()
    assert (house.shows(ONE, A)["BOWL"], house.shows(ONE, THEIRS)["BOWL"]) == (30, 30)


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from([A, B]), st.integers(0, 3)), max_size=5))
@settings(max_examples=25, deadline=None)
def test_whatever_is_sold_and_restocked_the_shops_end_up_showing_what_is_left(
    days: list[tuple[int, str, int]],
) -> None:
    house = rested()
    sold = 0
    for units, shop, bought in days:
        house.restock("MUG", units + sold)  # NetSuite holds none of these orders yet
        house.settle()
        assert sum(both(house)) == units
        taken = min(bought, house.shows(ONE, shop)["MUG"])
        if taken:
            house.buy("MUG", taken, shop=shop)
            sold += taken
        house.settle()
        assert sum(both(house)) == units - taken
