"""Between nights a sync asks NetSuite for what was saved since its last run, and knows as much as if it asked for all.

Only what saves no item, such as a price level's percentage, waits for the night.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes.listings import APPROVED, ONE, ListingsHouse, a_listings_house
from tests.fakes.orders import an_item
from tieout.config import Config
from tieout.domain.listings.listing import ItemPrice
from tieout.domain.listings.wanted import Wanted, wanted
from tieout.domain.stock.shelf import StockItem
from tieout.flows.listings.items import SHAPES, ItemsAndPrices, read_changes, read_whole
from tieout.flows.listings.reading import read_sides
from tieout.flows.listings.rules import listing_rules
from tieout.flows.listings.sync import Synced

TONIGHT, TOMORROW = 1, 2


def a_shop() -> ListingsHouse:
    """MUG, BOWL and JUG, which nobody has read yet."""
    return a_listings_house(sync=True, approval_field=APPROVED)


def by_changes(shop: ListingsHouse, night: int = TONIGHT) -> ItemsAndPrices:
    """A run reads, a quarter of an hour after the last."""
    shop.house.clock.advance(minutes=15)
    return read_changes(ONE, night, shop.room)


def whole(shop: ListingsHouse) -> ItemsAndPrices:
    return read_whole(ONE, TONIGHT, shop.room)


def by_id(read: ItemsAndPrices) -> tuple[dict[str, StockItem], dict[str, ItemPrice]]:
    items, prices = read
    assert len({each.id for each in items}) == len(items)
    return {each.id: each for each in items}, {each.item_id: each for each in prices}


def questions(shop: ListingsHouse) -> dict[str, int]:
    """How many pages of what were asked for since the last look."""
    calls = shop.house.ledger.calls
    asked = {what: calls[what] for what in ("stock_items", "item_prices", "items_deleted")}
    calls.clear()
    return asked


def test_a_price_that_is_saved_is_read_with_the_next_run() -> None:
    shop = a_shop()
    by_changes(shop)
    shop.price("MUG", "4.40")
    items, prices = by_id(by_changes(shop))
    assert (set(items), prices["id-MUG"]) == (
        {"id-MUG", "id-BOWL", "id-JUG"},
        replace(by_id(whole(shop))[1]["id-MUG"], price=Decimal("4.40")),
    )


def test_the_second_run_of_a_night_asks_for_changes_only_and_for_what_is_deleted() -> None:
    shop = a_shop()
    by_changes(shop)
    assert questions(shop)["items_deleted"] == 0
    by_changes(shop)
    assert questions(shop) == {"stock_items": 1, "item_prices": 1, "items_deleted": 1}


def test_an_item_that_is_deleted_is_known_no_more() -> None:
    shop = a_shop()
    by_changes(shop)
    shop.house.ledger.delete_item("id-MUG")
    items, prices = by_id(by_changes(shop))
    assert "id-MUG" not in items.keys() | prices.keys()


def test_an_item_without_a_price_any_more_has_none() -> None:
    shop = a_shop()
    by_changes(shop)
    del shop.house.ledger.prices["Base Price", "GBP", "id-MUG"]
    shop.house.ledger.touch("id-MUG")
    items, prices = by_id(by_changes(shop))
    assert ("id-MUG" in items, "id-MUG" in prices) == (True, False)


def test_what_changes_prices_without_saving_items_comes_with_the_night() -> None:
    """Somebody changes the percentage of the price level."""
    shop = a_shop()
    by_changes(shop)
    shop.house.ledger.prices["Base Price", "GBP", "id-MUG"] = Decimal("4.40")
    assert by_id(by_changes(shop)) != by_id(whole(shop))
    assert by_id(by_changes(shop, TOMORROW)) == by_id(whole(shop))


def test_where_nights_do_not_come_all_is_read_after_a_day() -> None:
    shop = a_shop()
    by_changes(shop)
    shop.house.ledger.prices["Base Price", "GBP", "id-MUG"] = Decimal("4.40")
    shop.house.clock.advance(hours=24)
    assert by_id(by_changes(shop)) == by_id(whole(shop))


def test_other_settings_read_everything_anew() -> None:
    shop = a_shop()
    by_changes(shop)
    other = with_price_level(shop.house.at.config, "Online")
    shop = replace(shop, room=replace(shop.room, at=replace(shop.room.at, config=other)))
    shop.house.ledger.prices["Online", "GBP", "id-JUG"] = Decimal("3.60")
    _, prices = by_id(by_changes(shop))
    assert set(prices) == {"id-JUG"}


def test_what_another_version_kept_is_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its items have other fields: the sync would have died of them until the night."""
    shop = a_shop()
    by_changes(shop)
    head, *_ = shop.kept.kept[f"{ONE}/items"].splitlines(keepends=True)
    shop.kept.replace(f"{ONE}/items", [head, b'[{"what": "an earlier version called an item"},null]\n'])
    monkeypatch.setattr("tieout.flows.listings.items.SHAPES", (*SHAPES, "a field of this version"))
    assert by_id(by_changes(shop)) == by_id(whole(shop))


def with_price_level(config: Config, level: str) -> Config:
    market = config.marketplaces[ONE]
    assert market.listings
    listings = market.listings.model_copy(update={"price_level": level})
    return config.model_copy(update={"marketplaces": {ONE: market.model_copy(update={"listings": listings})}})


def test_what_is_saved_between_the_two_questions_is_read_at_last() -> None:
    """Items are asked for before prices: an item of which only the price was told has the rest by the next run."""
    shop = a_shop()
    by_changes(shop)
    deleted = shop.house.ledger.items_deleted

    def saved_meanwhile(since: datetime) -> list[str]:
        shop.house.ledger.save_item(an_item("PLATE"))
        shop.price("PLATE", "7.50")
        shop.price("MUG", "4.40")
        shop.approve("MUG", yes=False)
        return deleted(since)

    shop.house.ledger.items_deleted = saved_meanwhile  # type: ignore[method-assign]
    items, prices = by_id(by_changes(shop))
    assert "id-PLATE" not in items.keys() | prices.keys()
    shop.house.ledger.items_deleted = deleted  # type: ignore[method-assign]
    assert by_id(by_changes(shop)) == by_id(whole(shop))


SKUS = ("MUG", "BOWL", "PLATE", "VASE")
steps = st.lists(
    st.one_of(
        st.tuples(st.just("save"), st.sampled_from(SKUS), st.sampled_from(["", "5012345678931"])),
        st.tuples(st.just("price"), st.sampled_from(SKUS), st.sampled_from(["4.00", "4.40", "90.00"])),
        st.tuples(st.just("approve"), st.sampled_from(SKUS), st.sampled_from(["", "yes"])),
        st.tuples(st.just("inactivate"), st.sampled_from(SKUS), st.just("")),
        st.tuples(st.just("delete"), st.sampled_from(SKUS), st.just("")),
        st.tuples(st.just("read"), st.just(""), st.sampled_from(["", "TOMORROW"])),
        st.tuples(st.just("wait"), st.just(""), st.sampled_from(["1", "20"])),
    ),
    max_size=15,
)


def step(shop: ListingsHouse, what: str, sku: str, value: str) -> None:
    ledger, item_id = shop.house.ledger, f"id-{sku}"
    is_there = any(item.id == item_id for item in ledger.items_table)
    match what:
        case "save":
            ledger.save_item(an_item(sku, upc=value))
        case "price":
            shop.price(sku, value)
        case "approve":
            shop.approve(sku, yes=bool(value))
        case "inactivate" if is_there:
            ledger.inactivate(item_id)
        case "delete" if is_there:
            ledger.delete_item(item_id)
        case "read":
            by_changes(shop, TOMORROW if value else TONIGHT)
        case "wait":
            shop.house.clock.advance(minutes=int(value))


@how(max_examples=80, deadline=None)
@given(steps)
def test_a_reading_of_changes_and_a_whole_one_agree(taken: list[tuple[str, str, str]]) -> None:
    shop = a_shop()
    by_changes(shop)
    for each in taken:
        step(shop, *each)
    assert by_id(by_changes(shop)) == by_id(whole(shop))


def changes_of(shop: ListingsHouse, *, is_whole: bool) -> Wanted:
    sides = read_sides(ONE, shop.room, read_whole if is_whole else read_changes)
    today = shop.house.clock().date()
    rules = listing_rules(shop.house.at.config, ONE)
    return wanted(sides.offers, sides.items, sides.prices, rules, today=today, discontinued={})


@how(max_examples=25, deadline=None)
@given(steps)
def test_and_so_do_the_changes_that_come_of_them(taken: list[tuple[str, str, str]]) -> None:
    shop = a_shop()
    shop.read_offers()
    assert shop.sync() == Synced()
    for each in taken:
        step(shop, *each)
    shop.house.clock.advance(minutes=15)
    assert changes_of(shop, is_whole=False) == changes_of(shop, is_whole=True)
