"""An offer that does not show what it should is found with its cause, and what somebody else wrote is written over."""

from contextlib import AbstractContextManager

import pytest
from msgspec.structs import replace

from tests.fakes.listings import ONE, ListingsHouse, a_listings_house
from tests.fakes.orders import a_line, an_order
from tieout.domain.errors import Retryable
from tieout.domain.stock.drift import Cause
from tieout.domain.stock.offer import OfferExport
from tieout.flows.listings.drift import detect_drift
from tieout.flows.orders import collect
from tieout.flows.stock.push import push_stock


def a_watched_house() -> ListingsHouse:
    """Every offer shows its hundred, and the marketplace was looked at once."""
    shop = a_listings_house()
    shop.read_offers()
    shop.push()
    shop.drift()
    return shop


def outside(shop: ListingsHouse) -> float:
    return shop.house.meter.gauges["StockDrift", ONE, Cause.CHANGED_OUTSIDE]


def test_offers_that_show_what_they_should_are_no_drift():
    shop = a_watched_house()
    assert (shop.causes(), outside(shop)) == ({}, 0)


def test_what_somebody_else_wrote_is_found_within_the_hour_and_the_next_push_writes_over_it():
    shop = a_watched_house()
    shop.house.market.put_offer("MUG", 500)
    shop.push()
    assert shop.house.market.offers["MUG"].quantity == 500
    assert shop.drift().drifted == 1
    assert (shop.causes(), outside(shop)) == ({"MUG": Cause.CHANGED_OUTSIDE}, 1)
    shop.push()
    shop.push()
    assert shop.house.market.offers["MUG"].quantity == 100
    shop.drift()
    assert (shop.causes(), outside(shop)) == ({}, 0)


def test_a_figure_that_somebody_lowered_is_raised_again():
    shop = a_watched_house()
    shop.house.market.put_offer("MUG", 3)
    shop.push()
    shop.drift()
    shop.push()
    shop.push()
    assert shop.house.market.offers["MUG"].quantity == 100


def test_an_order_that_nobody_has_read_yet_is_no_drift():
    shop = a_watched_house()
    market = shop.house.market
    shop.house.clock.advance(seconds=30)
    market.put(an_order("A-1", [a_line("MUG", quantity=2)]))
    market.sell("MUG", 2)
    shop.drift()
    assert shop.causes() == {}
    shop.push()
    shop.drift()
    assert shop.causes() == {}


def test_an_offer_that_could_not_be_judged_is_told_again_the_next_time():
    """Somebody changes an offer after the orders were read: whether a buyer did is known with the next push only."""
    shop = a_watched_house()
    shop.push()
    shop.house.clock.advance(seconds=30)
    shop.house.market.put_offer("JUG", 500)
    assert shop.drift().looked == 0
    shop.push()
    assert shop.drift().drifted == 1
    assert shop.causes() == {"JUG": Cause.CHANGED_OUTSIDE}


def test_what_the_poll_read_just_before_the_push_counts_as_read():
    """Both schedules fire in the same minute, always: the push does not read the orders itself."""
    shop = a_watched_house()
    shop.house.market.put_offer("MUG", 500)
    shop.house.clock.advance(minutes=5)
    collect.collect_updates(ONE, shop.house.at)
    shop.push(after_minutes=0.2)
    shop.drift()
    assert shop.causes() == {"MUG": Cause.CHANGED_OUTSIDE}


def test_a_file_that_is_on_its_way_explains_a_difference():
    shop = a_watched_house()
    shop.house.market.imports_take = 9
    shop.house.ledger.set_stock("id-MUG", "1", 50)
    shop.push()
    shop.push()
    shop.drift("full", after_minutes=24 * 60)
    assert shop.causes() == {"MUG": Cause.PUSH_PENDING}


def test_a_refused_row_explains_a_difference():
    shop = a_watched_house()
    shop.house.market.rejects = {"MUG": "The offer is locked"}
    shop.house.ledger.set_stock("id-MUG", "1", 50)
    for _ in range(3):
        shop.push()
    shop.drift("full", after_minutes=30)
    assert shop.causes() == {"MUG": Cause.REFUSED}


def test_offers_of_no_item_are_counted_at_night():
    shop = a_watched_house()
    shop.house.market.put_offer("STRANGER", 9)
    shop.push()
    shop.drift()
    assert shop.causes() == {}
    shop.drift("full", after_minutes=24 * 60)
    assert shop.causes() == {"STRANGER": Cause.NOT_MAPPED}
    assert shop.house.meter.gauges["StockDrift", ONE, Cause.NOT_MAPPED] == 1


def test_a_file_that_was_acknowledged_and_never_applied_is_found_at_night():
    """The offer never changed, so no look at changes tells of it; the whole export does, before the book is rebuilt."""
    shop = a_watched_house()
    before = shop.house.market.offers["MUG"]
    shop.house.ledger.set_stock("id-MUG", "1", 50)
    shop.push()
    shop.push()
    shop.house.market.offers["MUG"] = before
    shop.drift()
    assert shop.causes() == {}
    shop.drift("full", after_minutes=24 * 60)
    assert shop.causes() == {"MUG": Cause.CHANGED_OUTSIDE}
    shop.push()
    shop.push()
    assert shop.house.market.offers["MUG"].quantity == 50


def test_the_night_asks_for_every_offer_once():
    shop = a_watched_house()
    asked = shop.house.market.calls["OF52"]
    shop.drift("full", after_minutes=10)
    shop.house.clock.advance(minutes=10)
    push_stock("full", shop.stockroom)
    assert shop.house.market.calls["OF52"] == asked + 1


def test_a_look_at_changes_meanwhile_does_not_keep_the_night_from_its_own(monkeypatch: pytest.MonkeyPatch):
    """The night's export takes longer than a run waits, and the hourly look falls in between."""
    shop = a_watched_house()
    market = shop.house.market
    with monkeypatch.context() as patched:
        patched.setattr(market, "offer_export", lambda _: OfferExport("PENDING"))
        assert shop.drift("full", after_minutes=24 * 60).unread == 1
    assert shop.drift("sample").unread == 0
    assert shop.drift("full").looked == 3
    assert shop.drift("full").unread == 1


def test_an_old_export_is_not_held_against_a_book_that_went_on(monkeypatch: pytest.MonkeyPatch):
    """The night's push came first, the mug was lowered since, and the marketplace gives no newer file."""
    shop = a_watched_house()
    shop.read_offers()
    shop.house.ledger.set_stock("id-MUG", "1", 50)
    for _ in range(12):
        shop.push()
    monkeypatch.setattr(shop.house.market, "offer_export", lambda _: OfferExport("PENDING"))
    assert shop.drift("full").looked == 0
    assert shop.causes() == {}


def test_a_deleted_offer_and_one_without_a_sku_stop_nothing():
    shop = a_watched_house()
    market = shop.house.market
    market.put_offer("BOWL", 0, is_deleted=True)
    market.odd_offers.append(replace(market.offers["JUG"], sku="", offer_id="77", updated_at=market.now()))
    market.put_offer("MUG", 500)
    shop.push()
    assert shop.drift().drifted == 1
    assert shop.causes() == {"MUG": Cause.CHANGED_OUTSIDE}


def test_an_export_that_fails_is_told_and_asked_for_again():
    shop = a_watched_house()
    shop.house.market.put_offer("MUG", 500)
    shop.house.market.exports_fail = "internal error"
    shop.push()
    assert shop.drift().unread == 1
    shop.house.market.exports_fail = ""
    assert shop.drift().drifted == 1


def test_while_a_push_writes_the_book_nothing_is_judged():
    shop = a_watched_house()

    def taken() -> AbstractContextManager[None]:
        raise Retryable("another run writes the book of stock")

    shop.house.market.put_offer("MUG", 500)
    shop.push()
    assert detect_drift("sample", shop.room, shop.stockroom, taken).unread == 1
    assert shop.drift().drifted == 1


def test_marking_an_offer_that_left_the_book_does_no_harm():
    shop = a_watched_house()
    shop.house.market.put_offer("MUG", 500)
    shop.push()
    shop.drift()
    shop.house.market.put_offer("MUG", 500, is_deleted=True)
    shop.read_offers()
    shop.push()
    assert not shop.house.postings.parked()


@pytest.mark.parametrize("quantity", [0, 100, 101])
def test_whatever_somebody_wrote_two_pushes_later_the_offer_is_right(quantity: int):
    shop = a_watched_house()
    shop.house.market.put_offer("MUG", quantity)
    for _ in range(2):
        shop.push()
        shop.drift()
    shop.push()
    shop.push()
    assert shop.house.market.offers["MUG"].quantity == 100
