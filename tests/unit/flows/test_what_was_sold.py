"""What was sold and NetSuite does not hold yet is off the stock, exactly once, until it does."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from msgspec import structs

from tests.fakes import House, a_house, a_line, an_order, fetched
from tests.fakes.house import settings
from tests.fakes.orders import waiting
from tests.fakes.stock_book import MemoryStockBook
from tieout.config import config_from
from tieout.domain.orders.order import Cancelation, Order
from tieout.domain.postings import Key, Kind
from tieout.flows.orders.collect import collect_and_tell, collect_updates
from tieout.flows.stock.sold import SoldOrders

WINDOW = 900
MP = "brightside"


def read(house: House, sold: SoldOrders) -> int:
    """A run's look at the orders, with their items found."""
    _, until = collect_and_tell(MP, house.clock() - timedelta(seconds=WINDOW), sold.remember, house.at)
    sold.find(house.at)
    sold.name_items(lambda _, skus: {sku: f"id-{sku}" for sku in skus if sku != "UNHEARD-OF"})
    sold.settle(int(until.timestamp()) - WINDOW, int(house.clock().timestamp()), house.at)
    return int(until.timestamp())


def promised(sold: SoldOrders, read_at: int = 2**40) -> dict[str, int]:
    """Units by item id at the one marketplace."""
    units = sold.promised(read_at)
    assert {name for of_item in units.values() for name in of_item} <= {MP}
    return {item: int(of_item[MP]) for item, of_item in units.items()}


def a_list(house: House) -> SoldOrders:
    return SoldOrders((), house.at.config)


def booked(house: House, order_id: str) -> None:
    """NetSuite holds the sale."""
    key = Key(MP, order_id, Kind.SALES_ORDER, order_id)
    (posting,) = house.postings.claim([key], house.clock())
    house.postings.confirm(posting, {}, [], house.clock())


def two_mugs(order_id: str = "A-1", **details: object) -> Order:
    return an_order(order_id, [a_line("MUG", "24.00", "4.00", quantity=2)], **details)


def test_an_order_is_promised_from_when_it_is_seen_until_netsuite_holds_its_sale() -> None:
    house = a_house()
    sold = a_list(house)
    house.market.put(waiting(two_mugs()))
    read(house, sold)
    assert promised(sold) == {"id-MUG": 2}
    house.clock.advance(minutes=1)
    house.market.change("A-1", "SHIPPING")
    read(house, sold)
    assert promised(sold) == {"id-MUG": 2}
    booked(house, "A-1")
    read(house, sold)
    assert promised(sold) == {}


def test_where_sales_orders_hold_no_stock_an_order_is_promised_until_it_has_left() -> None:
    house = a_house(config_from(settings(netsuite__commits_stock=False)))
    sold = a_list(house)
    house.market.put(two_mugs())
    read(house, sold)
    booked(house, "A-1")
    read(house, sold)
    assert promised(sold) == {"id-MUG": 2}
    house.clock.advance(minutes=1)
    house.market.change("A-1", "SHIPPED")
    read(house, sold)
    assert promised(sold) == {}


def test_a_sale_that_was_booked_after_the_shelves_were_read_stays_promised() -> None:
    """As it does for hours, while NetSuite cannot be read."""
    house = a_house()
    sold = a_list(house)
    house.market.put(two_mugs())
    read(house, sold)
    read_at = int(house.clock().timestamp())
    house.clock.advance(minutes=1)
    booked(house, "A-1")
    read(house, sold)
    assert promised(sold, read_at) == {"id-MUG": 2}
    assert promised(sold, read_at + 60) == {}


def test_an_order_between_acceptance_and_debit_is_promised_though_it_has_no_posting() -> None:
    """A person accepted it in Mirakl: nothing is intended, and nothing is in NetSuite."""
    house = a_house()
    sold = a_list(house)
    house.market.put(two_mugs(state="WAITING_DEBIT"))
    read(house, sold)
    assert house.postings.all == {}
    house.clock.advance(hours=30)
    read(house, sold)
    assert promised(sold) == {"id-MUG": 2}


def test_an_order_that_is_parked_stays_promised() -> None:
    house = a_house()
    sold = a_list(house)
    house.market.put(two_mugs())
    read(house, sold)
    (posting,) = house.postings.claim([Key(MP, "A-1", Kind.SALES_ORDER, "A-1")], house.clock())
    house.postings.park(posting, "missing_address", {}, house.clock())
    house.clock.advance(hours=30)
    read(house, sold)
    assert promised(sold) == {"id-MUG": 2}


def test_a_refused_order_gives_its_units_back() -> None:
    house = a_house()
    sold = a_list(house)
    house.market.put(waiting(two_mugs()))
    read(house, sold)
    house.clock.advance(minutes=2)
    house.market.change("A-1", "REFUSED")
    until = read(house, sold)
    assert promised(sold) == {}
    assert [(each.units, each.at) for each in sold.sales(until - WINDOW, until).of(MP, "MUG")] == [
        (2, until - 120),
        (-2, until),
    ]


def test_a_refused_order_that_changes_later_gives_nothing_back_again() -> None:
    house = a_house()
    sold = a_list(house)
    house.market.put(waiting(two_mugs()))
    read(house, sold)
    house.clock.advance(minutes=2)
    house.market.change("A-1", "REFUSED")
    refused_at = read(house, sold)
    house.clock.advance(minutes=2)
    house.market.put(house.market.orders["A-1"])
    until = read(house, sold)
    assert [(each.units, each.at) for each in sold.sales(until - WINDOW, until).of(MP, "MUG")][1] == (-2, refused_at)


def test_a_line_that_is_canceled_in_part_is_promised_in_part() -> None:
    house = a_house()
    sold = a_list(house)
    house.market.put(two_mugs())
    read(house, sold)
    line = structs.replace(
        a_line("MUG", "12.00", "2.00", quantity=1), cancelations=(Cancelation(id="1", amount=Decimal(12), quantity=1),)
    )
    house.clock.advance(minutes=1)
    house.market.put(structs.replace(house.market.orders["A-1"], lines=(line,)))
    until = read(house, sold)
    assert promised(sold) == {"id-MUG": 1}
    assert [each.units for each in sold.sales(until - WINDOW, until).of(MP, "MUG")] == [2, -1]


def test_orders_that_no_reading_told_of_are_found_by_their_postings() -> None:
    """The first run ever: what was sold before it is owed all the same."""
    house = a_house()
    house.market.put(two_mugs("OLD"))
    collect_updates(MP, house.at)
    house.clock.advance(hours=30)
    sold = a_list(house)
    read(house, sold)
    assert promised(sold) == {"id-MUG": 2}


def test_an_order_that_came_by_an_event_between_two_runs_is_seen() -> None:
    """The poll has moved the watermark past it."""
    house = a_house()
    sold = a_list(house)
    read(house, sold)
    house.clock.advance(minutes=1)
    house.market.put(two_mugs())
    house.clock.advance(minutes=12)
    collect_updates(MP, house.at)
    until = read(house, sold)
    assert [each.units for each in sold.sales(until - WINDOW, until).of(MP, "MUG")] == [2]


def test_told_twice_and_out_of_order_an_order_counts_once_and_as_it_was_last() -> None:
    house = a_house()
    sold = a_list(house)
    first = house.market.put(waiting(two_mugs()))
    house.clock.advance(minutes=1)
    last = house.market.change("A-1", "CANCELED")
    for each in (last, first, last, first):
        sold.remember([fetched(each)])
    assert [(order.order_id, order.state) for order in sold] == [("A-1", "CANCELED")]


def test_a_sku_without_an_item_promises_nothing_until_it_has_one() -> None:
    house = a_house()
    sold = a_list(house)
    house.market.put(an_order("A-1", [a_line("UNHEARD-OF")]))
    read(house, sold)
    assert promised(sold) == {}
    sold.name_items(lambda _, skus: dict.fromkeys(skus, "id-NEW"))
    assert promised(sold) == {"id-NEW": 1}


def test_the_list_is_kept_and_forgets_what_counts_for_nothing_any_more() -> None:
    house, book = a_house(), MemoryStockBook()
    sold = a_list(house)
    house.market.put(two_mugs())
    read(house, sold)
    sold.keep(book)
    assert b"Ada" not in book.kept["sold"]
    again = SoldOrders.load(book, house.at.config)
    assert promised(again) == {"id-MUG": 2}
    booked(house, "A-1")
    house.clock.advance(hours=2)
    read(house, again)
    house.clock.advance(hours=2)
    read(house, again)
    assert list(again) == []


def test_another_sellers_order_takes_nothing_of_our_stock() -> None:
    house = a_house(
        marketplaces__brightside__role="operator",
        marketplaces__brightside__operator={"own_shops": [2001]},
        marketplaces__brightside__shop_id=None,
    )
    sold = a_list(house)
    house.market.put(two_mugs("OURS"))
    house.market.put(two_mugs("THEIRS", seller_id=2002))
    read(house, sold)
    assert [order.order_id for order in sold] == ["OURS"]
