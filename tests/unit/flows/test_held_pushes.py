"""A push that looks like a mistake is held whole, and a person lets exactly that push go."""

from __future__ import annotations

from tests.fakes import an_item
from tests.fakes.stockroom import ONE, TWO, StockHouse, a_stock_house
from tieout.domain.errors import Reason
from tieout.domain.postings import Kind, Posting, State
from tieout.flows.stock.send import Pushed

OFFERS = 100
BRAKES = {"zeroed_percent": 20, "changed_percent": 60, "from_offers": 10}


def a_shop_of(offers: int = OFFERS, *, shops: int = 1, rows_an_import: int = 50_000) -> StockHouse:
    """So many offers with thirty units each at NetSuite, and nothing shown yet."""
    house = a_stock_house(shops=shops, brakes=BRAKES, rows_an_import=rows_an_import)
    ledger = house.house.ledger
    ledger.items_table.clear()
    ledger.stock.clear()
    for market in house.house.markets.values():
        market.offers.clear()
    for number in range(offers):
        sku = f"P{number:03}"
        ledger.items_table.append(an_item(sku))
        ledger.set_stock(f"id-{sku}", "1", 30 * shops)
        for market in house.house.markets.values():
            market.put_offer(sku, 0)
    return house


def released(house: StockHouse) -> None:
    """The person on call looks, and lets it go."""
    for posting in house.parked():
        house.house.postings.resubmit(posting.key, house.house.clock(), "ada")


def open_for_business(house: StockHouse) -> StockHouse:
    house.push()
    released(house)
    house.settle()
    return house


def total(house: StockHouse, marketplace: str = ONE) -> int:
    return sum(house.shows(marketplace).values())


def test_the_first_push_of_a_connection_waits_for_a_persons_word() -> None:
    house = a_shop_of()
    assert house.push() == Pushed(waiting=OFFERS)
    (posting,) = house.parked()
    assert (posting.key.kind, posting.reason) == (Kind.STOCK_PUSH, Reason.STOCK_HELD)
    assert posting.facts["changed"] == "100"
    assert posting.facts["why"] == "100.0 % of the offers would be changed, the brake is at 60 %"
    assert total(house) == 0
    released(house)
    house.settle()
    assert total(house) == 30 * OFFERS
    assert house.house.postings.all[posting.key].state is State.CONFIRMED
    assert house.parked() == []


def test_a_push_that_would_zero_many_offers_is_held_and_kept_as_it_was_seen_first() -> None:
    house = open_for_business(a_shop_of())
    for number in range(25):
        house.restock(f"P{number:03}", 0)
    for _ in range(3):
        house.push()
    (posting,) = house.parked()
    assert posting.facts["zeroed"] == "25"
    assert house.house.meter.counts["Parked"] == 2
    assert house.house.meter.gauges["StockPushHeld", ONE] == 1
    assert total(house) == 30 * OFFERS


def test_what_was_mended_goes_by_itself() -> None:
    house = open_for_business(a_shop_of())
    for number in range(25):
        house.restock(f"P{number:03}", 0)
    house.push()
    for number in range(25):
        house.restock(f"P{number:03}", 30 if number else 4)
    house.settle()
    assert house.parked() == []
    assert total(house) == 30 * OFFERS - 26
    assert house.house.meter.gauges["StockPushHeld", ONE] == 0


def test_only_the_push_that_a_person_saw_goes() -> None:
    """Between the look and the word, much more went to zero: that is another push."""
    house = open_for_business(a_shop_of())
    for number in range(25):
        house.restock(f"P{number:03}", 0)
    house.push()
    released(house)
    for number in range(25, 75):
        house.restock(f"P{number:03}", 0)
    house.push()
    house.push()
    assert total(house) == 30 * OFFERS
    (posting,) = house.parked()
    assert posting.facts["zeroed"] == "75"
    released(house)
    house.settle()
    assert total(house) == 30 * 25


def test_a_little_that_comes_besides_goes_with_it() -> None:
    house = open_for_business(a_shop_of())
    for number in range(25):
        house.restock(f"P{number:03}", 0)
    house.push()
    released(house)
    house.restock("P050", 0)
    house.settle()
    assert total(house) == 30 * 74


def test_while_it_is_held_the_facts_follow_what_is_held() -> None:
    house = open_for_business(a_shop_of())
    for number in range(25):
        house.restock(f"P{number:03}", 0)
    house.push()
    for number in range(25, 75):
        house.restock(f"P{number:03}", 0)
    house.push()
    (posting,) = house.parked()
    assert posting.facts["zeroed"] == "75"


def test_a_push_of_several_files_is_let_go_once() -> None:
    house = a_shop_of(250, rows_an_import=100)
    open_for_business(house)
    assert total(house) == 30 * 250
    assert [len(each) for each in house.house.market.stock_files] == [100, 100, 50]
    for number in range(250):
        house.restock(f"P{number:03}", 0)
    house.push()
    assert len(house.parked()) == 1  # the word was for that push, and not for ever


def test_one_marketplace_is_held_and_the_other_is_not() -> None:
    house = open_for_business(a_shop_of(shops=2))
    for number in range(25):
        house.restock(f"P{number:03}", 1)  # a last unit is the first one's, and the second one's are zero
    for _ in range(3):
        house.push()
    assert {posting.key.marketplace for posting in house.parked()} == {TWO}
    assert (house.shows()["P000"], house.shows(TWO)["P000"]) == (1, 30)
    assert house.house.meter.gauges["StockPushHeld", ONE] == 0


def test_sales_go_on_while_a_push_is_held_and_are_never_given_back() -> None:
    house = open_for_business(a_shop_of())
    for number in range(25):
        house.restock(f"P{number:03}", 0)
    house.push()
    house.buy("P099", 5)
    for _ in range(3):
        house.push()
    assert house.shows()["P099"] == 25


def test_what_waits_for_a_person_is_looked_up_twice_a_run_whatever_is_pushed() -> None:
    """Once for orders nobody told of, once for pushes and files: the list may be long of other things."""
    house = open_for_business(a_shop_of(shops=2))
    looked: list[int] = []
    parked = house.house.postings.parked

    def looking(limit: int | None = None) -> list[Posting]:
        looked.append(1)
        return parked(limit)

    house.house.postings.parked = looking  # type: ignore[method-assign]
    house.restock("P001", 10)
    assert house.push().sent == 2
    assert len(looked) == 2
