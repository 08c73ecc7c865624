"""An offer that was made during the day shows its stock with the next push; it need not wait for the night."""

from __future__ import annotations

from tests.fakes.listings import APPROVED, ONE, ListingsHouse, a_listings_house
from tests.fakes.orders import a_line, an_item, an_order
from tieout.flows.stock.listed import kept_offers
from tieout.flows.stock.standing import Export, load, put


def a_synced_house() -> ListingsHouse:
    shop = a_listings_house(sync=True, approval_field=APPROVED)
    shop.read_offers()
    return shop


def offer_a_plate(shop: ListingsHouse, units: int = 9) -> None:
    """An item is approved in the morning; its offer is there (OF01) and was seen to be (OF02)."""
    shop.house.ledger.save_item(an_item("PLATE", upc="5012345678931"))
    shop.house.ledger.set_stock("id-PLATE", "1", units)
    shop.approve("PLATE")
    shop.price("PLATE", "7.50")
    assert shop.sync().made == 1
    shop.sync()


def shows(shop: ListingsHouse, sku: str = "PLATE") -> int:
    return shop.house.market.offers[sku].quantity


def the_nights_export_is(shop: ListingsHouse) -> None:
    """Everything is to be read anew, out of a file of offers that is from before the plate was offered."""
    kept = kept_offers(shop.stock, ONE)
    assert kept is not None
    standing = load(shop.stock)
    standing.wants_full, standing.exports = True, {ONE: Export("", kept[0])}
    put(standing, shop.stock)


def test_a_new_offer_shows_its_stock_with_the_next_push():
    shop = a_synced_house()
    offer_a_plate(shop)
    assert shows(shop) == 0
    shop.push()
    shop.push()
    assert shows(shop) == 9


def test_from_then_on_it_follows_the_stock_as_any_offer_does():
    shop = a_synced_house()
    offer_a_plate(shop)
    for _ in range(2):
        shop.push()
    shop.house.ledger.set_stock("id-PLATE", "1", 4)
    for _ in range(2):
        shop.push()
    assert shows(shop) == 4
    asked = shop.house.ledger.calls["shelves_of"]
    shop.push()
    assert shop.house.ledger.calls["shelves_of"] == asked  # it is asked for once, not with every push


def test_an_order_of_it_is_off_what_it_shows():
    shop = a_synced_house()
    offer_a_plate(shop)
    for _ in range(2):
        shop.push()
    shop.house.clock.advance(seconds=1)
    shop.house.market.put(an_order("A-1", [a_line("PLATE", quantity=2)]))
    shop.house.market.sell("PLATE", 2)
    for _ in range(3):
        shop.push()
    assert shows(shop) == 7


def test_a_file_that_is_not_seen_to_have_landed_shows_nothing_yet():
    shop = a_synced_house()
    shop.house.market.imports_take = 5
    shop.house.ledger.save_item(an_item("PLATE", upc="5012345678931"))
    shop.house.ledger.set_stock("id-PLATE", "1", 9)
    shop.approve("PLATE")
    shop.price("PLATE", "7.50")
    shop.sync()
    shop.push()
    assert "PLATE" not in dict(_sent(shop))


def test_a_night_whose_export_was_made_before_the_offer_keeps_it():
    """The file was asked for, the offer came, and then everything is read: it must not be forgotten."""
    shop = a_synced_house()
    offer_a_plate(shop)
    for _ in range(3):
        shop.push()
    the_nights_export_is(shop)
    before = load(shop.stock).full_at
    for _ in range(3):
        shop.push()
    assert load(shop.stock).full_at > before
    assert shows(shop) == 9
    shop.house.ledger.set_stock("id-PLATE", "1", 5)
    for _ in range(2):
        shop.push()
    assert shows(shop) == 5


def test_once_an_export_shows_it_nothing_of_it_is_remembered():
    shop = a_synced_house()
    offer_a_plate(shop)
    for _ in range(2):
        shop.push()
    shop.read_offers()
    shop.sync()
    assert list(shop.stockroom.made(ONE)) == []
    shop.house.ledger.set_stock("id-PLATE", "1", 3)
    for _ in range(2):
        shop.push()
    assert shows(shop) == 3


def test_an_offer_that_was_unapproved_meanwhile_shows_nothing():
    shop = a_synced_house()
    offer_a_plate(shop)
    shop.approve("PLATE", yes=False)
    shop.house.ledger.save_item(an_item("PLATE", upc="5012345678931"))
    for _ in range(3):
        shop.push()
    assert shows(shop) == 0


def _sent(shop: ListingsHouse) -> list[tuple[str, int]]:
    return [row for file in shop.house.market.stock_files for row in file]
