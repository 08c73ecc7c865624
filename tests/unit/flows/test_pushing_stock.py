"""What NetSuite has reaches the offers: only what changed, as absolute figures, and never more than there is."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec import structs

from tests.fakes import an_item
from tests.fakes.stockroom import ONE, TWO, StockHouse, a_stock_house, an_operators_stock_house
from tieout.config import config_from
from tieout.domain.errors import NeedsAttention, Reason, SystemDown, Throttled
from tieout.domain.stock.offer import Offer, OfferExport, Rejected
from tieout.domain.stock.shelf import Member, Shelf
from tieout.flows.orders.collect import collect_updates
from tieout.flows.stock.listed import kept_offers
from tieout.flows.stock.sellers import consolidate
from tieout.flows.stock.send import Pushed
from tieout.flows.stock.standing import Export, load, put

NO_BRAKES = {"from_offers": 1_000_000}


def rested(*, shops: int = 1, **stock: object) -> StockHouse:
    """Everything was pushed, and nothing is on its way."""
    house = a_stock_house(shops=shops, **stock)
    house.settle()
    return house


def files(house: StockHouse, marketplace: str = ONE) -> list[list[tuple[str, int]]]:
    return house.house.markets[marketplace].stock_files


# --- a day ---------------------------------------------------------------------------------------------------------


def test_offers_show_what_netsuite_has() -> None:
    house = rested()
    assert house.shows() == {"MUG": 100, "BOWL": 100, "JUG": 100}


def test_only_what_changed_is_sent_as_an_absolute_figure() -> None:
    house = rested()
    house.restock("MUG", 70)
    assert house.push() == Pushed(sent=1, changed=1)
    assert files(house)[-1] == [("MUG", 70)]
    house.settle()
    assert house.push() == Pushed()
    assert len(files(house)) == 2


def test_two_marketplaces_never_show_more_than_the_pool() -> None:
    house = rested(shops=2)
    for units in (7, 1, 0, 55, 3):
        house.restock("MUG", units)
        house.settle()
        assert house.shows()["MUG"] + house.shows(TWO)["MUG"] == units


def test_what_one_marketplace_sold_is_lowered_at_the_other_and_not_sent_to_the_one() -> None:
    """Mirakl takes an order's units off its offer by itself."""
    house = rested(shops=2)
    house.restock("MUG", 4)
    house.settle()
    assert (house.shows()["MUG"], house.shows(TWO)["MUG"]) == (2, 2)
    sent = len(files(house))
    house.buy("MUG", 2)
    house.settle()
    assert (house.shows()["MUG"], house.shows(TWO)["MUG"]) == (1, 1)
    house.buy("MUG", 1)
    house.push()
    house.settle()
    assert house.shows()["MUG"] + house.shows(TWO)["MUG"] == 1
    assert len(files(house)) - sent <= 2


def test_a_sale_of_the_only_marketplace_costs_no_file() -> None:
    house = rested()
    house.buy("MUG", 2)
    assert house.push() == Pushed()
    assert house.shows()["MUG"] == 98
    house.booked(f"{ONE}-0", "MUG", 2)
    assert house.push() == Pushed()
    assert house.push() == Pushed()
    assert house.shows()["MUG"] == 98


def test_a_sale_stays_promised_until_netsuite_shows_it() -> None:
    house = rested()
    house.buy("MUG", 2)
    house.push()
    house.restock("MUG", 110)
    house.settle()
    assert house.shows()["MUG"] == 108


def test_a_refused_order_is_shown_again() -> None:
    house = rested()
    order = house.buy("MUG", 2)
    house.push()
    house.house.market.change(order, "CANCELED")
    house.settle()
    assert house.shows()["MUG"] == 100


def test_raising_one_waits_until_the_other_is_lowered() -> None:
    house = rested(shops=2)
    house.restock("MUG", 10)
    house.settle()
    house.buy("MUG", 5)
    house.push()
    assert house.shows()["MUG"] == 0
    assert [dict(each) for each in files(house, TWO)[-1:]] == [{"MUG": 2}]
    assert not [row for row in files(house)[-1] if row == ("MUG", 3)]
    house.settle()
    assert (house.shows()["MUG"], house.shows(TWO)["MUG"]) == (3, 2)


# --- odd figures ---------------------------------------------------------------------------------------------------


def test_a_negative_shelf_shows_nothing() -> None:
    house = rested()
    house.restock("MUG", -5)
    house.settle()
    assert house.shows()["MUG"] == 0


def test_a_part_of_a_unit_is_none() -> None:
    house = rested()
    house.restock("MUG", "3.75")
    house.settle()
    assert house.shows()["MUG"] == 3


def test_an_item_that_is_deleted_shows_nothing() -> None:
    house = rested()
    house.house.ledger.delete_item("id-MUG")
    house.settle()
    assert house.shows() == {"MUG": 0, "BOWL": 100, "JUG": 100}


def test_an_inactive_item_shows_nothing_until_it_is_active_again() -> None:
    house = rested()
    (mug,) = (each for each in house.house.ledger.items_table if each.itemid == "MUG")
    house.house.ledger.inactivate(mug.id)
    house.settle()
    assert house.shows()["MUG"] == 0
    house.restock("MUG", 90)
    house.settle()
    assert house.shows()["MUG"] == 0
    house.house.ledger.save_item(mug)
    house.settle()
    assert house.shows()["MUG"] == 90


def test_an_item_that_is_deleted_while_a_run_reads_it_stops_nobody() -> None:
    house = rested()
    ledger = house.house.ledger
    before = ledger.shelves_changed

    def gone(location_ids: Collection[str], since: datetime) -> Iterator[list[Shelf]]:
        ledger.delete_item("id-MUG")
        return before(location_ids, since)

    ledger.shelves_changed = gone  # type: ignore[method-assign]
    ledger.save_item(an_item("MUG"))
    house.restock("BOWL", 5)
    house.settle()
    assert house.shows() == {"MUG": 0, "BOWL": 5, "JUG": 100}


def test_kits_show_what_their_members_allow() -> None:
    house = a_stock_house()
    ledger, market = house.house.ledger, house.house.market
    ledger.items_table.append(an_item("SET", kind="Kit"))
    ledger.kits["id-SET"] = (Member("id-MUG", Decimal(4)), Member("id-BOWL", Decimal(1)))
    market.offers.pop("MUG")
    market.offers.pop("BOWL")
    market.put_offer("SET", 0)
    house.settle()
    assert house.shows()["SET"] == 25
    house.restock("MUG", 7)
    house.settle()
    assert house.shows()["SET"] == 1


def test_offers_that_are_of_no_item_are_never_touched() -> None:
    house = a_stock_house()
    house.house.market.put_offer("NOBODYS", 17)
    house.house.market.odd_offers.append(Offer(sku="", offer_id="1", quantity=3))
    house.restock("MUG", 1)
    house.settle()
    assert house.shows()["NOBODYS"] == 17
    assert {sku for file in files(house) for sku, _ in file} == {"MUG", "BOWL", "JUG"}


def test_an_alias_is_followed() -> None:
    house = a_stock_house()
    house.house.market.put_offer("MUG-OLD", 0)
    config = house.room.at.config
    data = config.model_dump(exclude_none=True)
    data["marketplaces"][ONE]["orders"]["sku"] = {"aliases": {"MUG-OLD": "MUG"}}
    at = structs.replace(house.room.at, config=config_from(data))
    aliased = structs.replace(house, room=structs.replace(house.room, at=at))
    aliased.settle()
    assert house.shows()["MUG"] + house.shows()["MUG-OLD"] == 100


# --- files that go wrong ---------------------------------------------------------------------------------------------


def test_a_refused_row_waits_for_a_person_and_stops_nothing_else() -> None:
    house = a_stock_house()
    house.house.market.rejects["MUG"] = "The offer is locked by the operator"
    house.settle()
    assert house.shows() == {"MUG": 0, "BOWL": 100, "JUG": 100}
    (posting,) = house.parked()
    assert (posting.key.thread, posting.reason) == ("MUG", Reason.OFFER_REFUSED)
    assert posting.facts["mirakl"] == "The offer is locked by the operator"


def test_a_refused_row_is_tried_again_every_hour_and_taken_back_when_it_is_taken() -> None:
    house = a_stock_house()
    house.house.market.rejects["MUG"] = "not now"
    house.settle()
    sent = len(files(house))
    for _ in range(5):
        assert house.push() == Pushed()
    assert house.push(after_minutes=60) == Pushed(sent=1, changed=1)
    house.push()
    assert len(files(house)) == sent + 1
    assert len(house.parked()) == 1
    del house.house.market.rejects["MUG"]
    house.push(after_minutes=61)
    house.push()
    assert house.shows()["MUG"] == 100
    assert house.parked() == []


def test_a_refused_row_that_a_person_gives_back_goes_with_the_next_file() -> None:
    house = a_stock_house()
    house.house.market.rejects["MUG"] = "not now"
    house.settle()
    (posting,) = house.parked()
    house.house.postings.resubmit(posting.key, house.house.clock(), "ada")
    house.push()
    house.push()
    (again,) = house.parked()
    assert again.key == posting.key
    del house.house.market.rejects["MUG"]
    house.house.postings.resubmit(posting.key, house.house.clock(), "ada")
    house.settle()
    assert house.shows()["MUG"] == 100
    assert house.parked() == []
    assert house.house.postings.all[posting.key].state == "CONFIRMED"


def test_an_offer_that_mirakl_does_not_know_has_a_reason_of_its_own() -> None:
    house = rested()
    del house.house.market.offers["MUG"]
    house.restock("MUG", 1)
    house.settle()
    (posting,) = house.parked()
    assert posting.reason == Reason.OFFER_UNKNOWN
    house.push("full")
    house.settle()
    assert "MUG" not in house.shows()


def test_rows_of_a_failed_file_are_sent_again() -> None:
    house = rested()
    house.restock("MUG", 5)
    house.house.market.imports_fail = "internal error"
    house.push()
    house.push()
    assert house.shows()["MUG"] == 100
    house.house.market.imports_fail = ""
    house.settle()
    assert house.shows()["MUG"] == 5
    assert house.house.meter.counts["StockRowsRefused"] >= 1


def test_one_file_is_in_flight_at_a_time_and_the_newest_figure_wins() -> None:
    house = rested()
    house.house.market.imports_take = 3
    house.restock("MUG", 5)
    house.push()
    house.restock("MUG", 9)
    for _ in range(3):
        assert house.push().sent == 0
    house.settle()
    assert house.shows()["MUG"] == 9


def test_a_file_that_never_ends_is_given_up_and_sent_again() -> None:
    house = rested()
    house.house.market.imports_take = 10_000
    house.restock("MUG", 5)
    house.push()
    house.push()
    assert load(house.book).flights
    house.house.market.imports_take = 0
    house.push(after_minutes=70)
    house.settle()
    assert house.shows()["MUG"] == 5


def test_a_marketplace_that_takes_no_such_file_is_told_to_a_person() -> None:
    house = rested()
    before = house.house.market.send_stock

    def refuse(quantities: object, shop: str = "") -> str:
        raise NeedsAttention(Reason.REFUSED_BY_MIRAKL, {"status": "404"})

    house.house.market.send_stock = refuse  # type: ignore[method-assign]
    house.restock("MUG", 5)
    house.push()
    (posting,) = house.parked()
    assert (posting.key.thread, posting.facts["status"]) == ("stock", "404")
    house.push()
    assert len(house.parked()) == 1  # it is tried every time, and told once
    house.house.postings.resubmit(posting.key, house.house.clock(), "ada")
    house.push()
    assert len(house.parked()) == 1
    house.house.market.send_stock = before  # type: ignore[method-assign]
    house.settle()
    assert house.parked() == []
    assert house.shows()["MUG"] == 5


def test_a_report_that_may_not_be_read_makes_the_whole_file_doubtful() -> None:
    house = rested()
    market = house.house.market
    market.rejects["MUG"] = "locked"
    before = market.stock_errors

    def refuse(import_id: str) -> list[Rejected]:
        raise NeedsAttention(Reason.REFUSED_BY_MIRAKL, {"status": "403"})

    market.stock_errors = refuse  # type: ignore[method-assign]
    house.restock("MUG", 5)
    house.restock("BOWL", 6)
    house.push()
    house.push()
    assert files(house)[-1] == files(house)[-2]
    market.stock_errors = before  # type: ignore[method-assign]
    house.settle()
    assert house.shows() == {"MUG": 100, "BOWL": 6, "JUG": 100}
    assert [posting.key.thread for posting in house.parked()] == ["MUG"]


def test_a_report_that_names_no_offer_makes_the_whole_file_doubtful() -> None:
    """A lowering that was refused is not taken for landed because its line says nothing of its SKU."""
    house = rested()
    market = house.house.market
    market.rejects["MUG"] = "locked"
    before = market.stock_errors
    market.stock_errors = lambda import_id: [Rejected("", each.why) for each in before(import_id)]  # type: ignore[method-assign]
    house.restock("MUG", 5)
    house.push()
    house.push()
    assert files(house)[-1] == files(house)[-2] == [("MUG", 5)]


def test_rows_that_do_not_fit_follow_with_fast_movers_first() -> None:
    house = a_stock_house(rows_an_import=100, brakes=NO_BRAKES)
    ledger, market = house.house.ledger, house.house.market
    for number in range(150):
        ledger.items_table.append(an_item(f"P{number:03}"))
        ledger.stock[f"id-P{number:03}", "1"] += 50 if number else 2
        market.put_offer(f"P{number:03}", 0)
    house.settle()
    first, second = files(house)
    assert (len(first), len(second)) == (100, 53)
    assert first[0] == ("P000", 2)


def test_the_run_waits_for_its_own_file_where_it_is_told_to() -> None:
    house = a_stock_house(follow_seconds=60)
    house.house.market.imports_take = 2
    house.push()
    standing = load(house.book)
    assert standing.landings[ONE].is_complete
    assert standing.lags[ONE] >= 45


def test_a_marketplace_that_is_switched_off_and_on_again_with_a_file_on_its_way() -> None:
    house = rested(shops=2)
    house.restock("MUG", 10)
    house.push()
    data = house.room.at.config.model_dump(exclude_none=True)
    data["marketplaces"][TWO]["stock"]["enabled"] = False
    at = structs.replace(house.room.at, config=config_from(data))
    without = structs.replace(house, room=structs.replace(house.room, at=at))
    for _ in range(3):
        without.push()
    assert house.shows()["MUG"] == 10  # whoever is switched off counts for nothing
    house.settle()
    assert (house.shows()["MUG"], house.shows(TWO)["MUG"]) == (5, 5)


def test_a_lag_is_never_longer_than_runs_and_a_file_take() -> None:
    """A function that stood still for days says nothing of how fast Mirakl is."""
    house = a_stock_house()
    house.push()
    house.push(after_minutes=3 * 24 * 60)
    assert load(house.book).lags[ONE] == 900


# --- one broken row in a hundred thousand ----------------------------------------------------------------------------


def test_a_hundred_thousand_offers_with_one_broken_row() -> None:
    house = a_stock_house(rows_an_import=200_000, brakes=NO_BRAKES)
    ledger, market = house.house.ledger, house.house.market
    now = house.house.clock()
    ledger.items_table.clear()
    market.offers.clear()
    for number in range(100_000):
        sku = f"P{number:06}"
        ledger.items_table.append(an_item(sku, str(number + 1)))
        ledger.stock[str(number + 1), "1"] = Decimal(30)
        market.offers[sku] = Offer(sku=sku, offer_id=sku, quantity=0, currency="GBP", updated_at=now)
    market.rejects["P050000"] = "broken"
    assert house.push() == Pushed(sent=100_000, changed=100_000)
    house.push()
    assert sum(offer.quantity for offer in market.offers.values()) == 30 * 99_999
    (posting,) = house.parked()
    assert posting.key.thread == "P050000"


# --- NetSuite is away ------------------------------------------------------------------------------------------------


def away(house: StockHouse) -> None:
    def down(*_: object) -> None:
        raise SystemDown("maintenance")

    house.house.ledger.shelves_changed = down  # type: ignore[method-assign,assignment]


def test_while_netsuite_is_away_figures_stay_and_are_lowered_after_a_while() -> None:
    house = rested(outage={"after_minutes": 30, "percent": 20})
    away(house)
    for _ in range(6):
        house.push()
    assert house.shows()["MUG"] == 100
    for _ in range(3):
        house.push()
    assert house.shows() == {"MUG": 80, "BOWL": 80, "JUG": 80}
    del house.house.ledger.shelves_changed
    house.house.clock.advance(minutes=5)
    house.settle()
    assert house.shows() == {"MUG": 100, "BOWL": 100, "JUG": 100}


def test_while_netsuite_is_away_sales_are_taken_off_all_the_same() -> None:
    house = rested(shops=2)
    away(house)
    house.buy("MUG", 30)
    for _ in range(12):
        house.push()
        assert house.shows()["MUG"] + house.shows(TWO)["MUG"] <= 70
    assert house.shows()["MUG"] + house.shows(TWO)["MUG"] == 56


def test_what_was_booked_while_netsuite_is_away_is_not_shown_again() -> None:
    house = rested()
    order = house.buy("MUG", 30)
    house.push()
    away(house)
    house.booked(order, "MUG", 30)
    for _ in range(3):
        house.push()
        assert house.shows()["MUG"] == 70
    del house.house.ledger.shelves_changed
    house.house.clock.advance(minutes=5)
    house.settle()
    assert house.shows()["MUG"] == 70


def test_figures_that_are_older_than_those_that_were_applied_are_refused() -> None:
    house = rested()
    house.house.ledger.ledger_skew = timedelta(hours=-1)
    house.restock("MUG", 3)
    house.push()
    assert house.shows()["MUG"] == 100
    house.house.ledger.ledger_skew = timedelta()
    house.restock("MUG", 4)
    house.settle()
    assert house.shows()["MUG"] == 4


# --- what else stops it ----------------------------------------------------------------------------------------------


def test_a_paused_flow_sends_nothing() -> None:
    house = rested()
    house.house.switches.paused_flows.add("stock")
    house.restock("MUG", 1)
    assert house.push() == Pushed()
    assert house.shows()["MUG"] == 100


def test_a_marketplace_that_is_down_stops_no_other() -> None:
    house = rested(shops=2)

    def down(*_: object) -> None:
        raise SystemDown("no answer")

    for name in ("orders_updated", "send_stock", "stock_import"):
        setattr(house.house.markets[ONE], name, down)
    house.restock("MUG", 10)
    for _ in range(4):
        house.push()
    assert house.shows(TWO)["MUG"] == 5


def test_orders_are_not_listed_more_often_than_mirakl_allows() -> None:
    house = rested()
    collect_updates(ONE, house.room.at)
    listed = house.house.market.calls["OR11"]
    house.push(after_minutes=0.5)
    assert house.house.market.calls["OR11"] == listed


def test_it_comes_to_rest_where_the_poll_always_reads_the_orders_first() -> None:
    """Both schedules fire in the same minute: the push finds the orders by their postings."""
    house = rested(shops=2)

    def poll_and_push() -> Pushed:
        house.house.clock.advance(minutes=5)
        for name in (ONE, TWO):
            collect_updates(name, house.room.at)
        return house.push(after_minutes=0.2)

    poll_and_push()
    listed = house.house.market.calls["OR11"]
    for _ in range(4):
        house.buy("MUG", 3)
        house.buy("MUG", 2, TWO)
        poll_and_push()
        assert house.shows()["MUG"] + house.shows(TWO)["MUG"] <= 100
    for _ in range(6):
        poll_and_push()
    assert house.shows()["MUG"] + house.shows(TWO)["MUG"] == 80
    assert poll_and_push() == Pushed()
    assert house.house.market.calls["OR11"] - listed == 11  # the poll's own


def test_a_book_that_does_not_read_is_made_anew() -> None:
    house = rested()
    house.book.kept[load(house.book).book] += b"1\tnot\ta line\n"
    house.restock("MUG", 3)
    house.push()
    house.house.clock.advance(hours=13)
    house.settle()
    assert house.shows() == {"MUG": 3, "BOWL": 100, "JUG": 100}


def test_a_new_offer_and_a_deleted_one_are_found_by_the_nightly_reading() -> None:
    house = rested()
    house.house.ledger.items_table.append(an_item("NEW"))
    house.house.ledger.stock["id-NEW", "1"] += 8
    house.house.market.put_offer("NEW", 1)
    house.house.market.put_offer("BOWL", 0, is_deleted=True)
    house.push("full")
    house.settle()
    assert house.shows()["NEW"] == 8
    assert load(house.book).offers == {ONE: 3}


def test_what_somebody_changed_in_mirakl_is_put_right_by_the_nightly_reading() -> None:
    house = rested()
    house.house.market.put_offer("MUG", 55)
    house.push("full")
    house.settle()
    assert house.shows()["MUG"] == 100


def test_the_nightly_offers_are_kept_for_whoever_wants_to_look_at_them() -> None:
    house = rested()
    kept = kept_offers(house.book, ONE)
    assert kept is not None
    assert sorted(offer.sku for offer in kept[1]) == ["BOWL", "JUG", "MUG"]


def test_a_nights_offers_are_asked_for_once_though_netsuite_gives_nothing_meanwhile() -> None:
    """Mirakl gives every offer once a day: what was asked for is kept until a reading of NetSuite goes with it."""
    house = rested()
    asked = house.house.market.calls["OF52"]
    whole = house.house.ledger.shelves

    def down(*_: object) -> None:
        raise SystemDown("maintenance")

    house.house.ledger.shelves = down  # type: ignore[method-assign,assignment]
    house.push("full")
    for _ in range(3):
        house.push()
    house.house.ledger.shelves = whole  # type: ignore[method-assign]
    house.settle()
    assert house.house.market.calls["OF52"] == asked + 1
    assert not load(house.book).wants_full


def test_a_night_is_done_when_everything_was_read() -> None:
    house = rested()
    done = house.house.meter.counts["RunCompleted"]
    house.house.market.exports_fail = "internal error"
    house.push("full")
    assert house.house.meter.counts["RunCompleted"] == done
    house.house.market.exports_fail = ""
    house.settle()
    assert house.house.meter.counts["RunCompleted"] == done + 1


def test_items_that_were_never_off_are_not_asked_for_their_shelves() -> None:
    """A mass update of items says nothing of their stock."""
    house = rested()
    for item in list(house.house.ledger.items_table):
        house.house.ledger.save_item(item)
    asked = house.house.ledger.calls["shelves_of"]
    house.push()
    assert house.house.ledger.calls["shelves_of"] == asked


def test_an_export_that_fails_is_asked_for_again_and_the_push_goes_on_meanwhile() -> None:
    house = rested()
    house.house.market.exports_fail = "internal error"
    house.restock("MUG", 4)
    house.push("full")
    house.push()
    assert house.shows()["MUG"] == 4
    assert load(house.book).wants_full
    house.house.market.exports_fail = ""
    house.settle()
    assert not load(house.book).wants_full


def test_a_marketplace_that_refuses_to_list_its_offers_is_not_asked_again_before_it_said() -> None:
    house = a_stock_house(follow_seconds=60)
    market = house.house.market
    before, asked = market.export_offers, []

    def refuse(changed_since: object = None) -> str:
        asked.append(changed_since)
        raise Throttled("once a day", 3600)

    market.export_offers = refuse  # type: ignore[method-assign]
    for _ in range(11):
        house.push()
    assert len(asked) == 1
    market.export_offers = before  # type: ignore[method-assign]
    house.push(after_minutes=10)
    house.settle()
    assert house.shows()["MUG"] == 100


def test_whoever_began_in_the_afternoon_reads_every_offer_at_night_from_the_next_one_on() -> None:
    """Mirakl gives every offer once in 24 hours. What it refuses at one in the morning is not asked for at three in the
    afternoon, or every night would come too early."""
    house = a_stock_house()
    market, clock = house.house.market, house.house.clock
    before, given = market.export_offers, list[datetime]()

    def once_a_day(changed_since: datetime | None = None) -> str:
        left = given[-1] + timedelta(hours=24) - clock() if given else timedelta(0)
        if left > timedelta(0):
            raise Throttled("once a day", left.total_seconds())
        given.append(clock())
        return before(changed_since)

    market.export_offers = once_a_day  # type: ignore[method-assign]
    house.settle()
    house.push("full", after_minutes=10 * 60)
    for _ in range(23):
        house.push(after_minutes=60)
    assert len(given) == 1
    for _ in range(3):
        house.push("full", after_minutes=60 if len(given) == 1 else 24 * 60)
        house.settle()
    assert len(given) == 4


def test_offers_of_yesterday_are_not_taken_for_todays() -> None:
    """They came, and NetSuite did not answer all day."""
    house = rested()
    standing = load(house.book)
    standing.exports[ONE] = Export("", int(house.house.clock().timestamp()))
    put(standing, house.book)
    house.push("full", after_minutes=24 * 60)
    assert house.house.market.calls["OF52"] == 2


def the_night_lacks(house: StockHouse, *skus: str, marketplace: str = ONE) -> None:
    """Mirakl's export is without these, and they are there."""
    market = house.house.markets[marketplace]
    there = dict(market.offers)
    for sku in skus:
        del market.offers[sku]
    house.push("full", after_minutes=24 * 60)
    market.offers.update(there)
    house.settle()


def test_half_an_export_takes_no_offer_out_of_the_pushes() -> None:
    """They would be in no file before the next night, and sell what is not there any more."""
    house = rested()
    nights = house.house.meter.counts["RunCompleted"]
    the_night_lacks(house, "MUG", "BOWL", "JUG")
    house.restock("MUG", 3)
    house.settle()
    assert house.shows() == {"MUG": 3, "BOWL": 100, "JUG": 100}
    assert house.house.meter.counts["RunCompleted"] == nights, "and that pages: the night is not read yet"
    kept = kept_offers(house.book, ONE)
    assert kept is not None
    assert {offer.sku for offer in kept[1]} == {"MUG", "BOWL", "JUG"}
    the_night_lacks(house)
    assert house.house.meter.counts["RunCompleted"] == nights + 1


def test_what_two_nights_lack_is_gone() -> None:
    house = rested()
    for _ in range(2):
        the_night_lacks(house, "MUG", "BOWL", "JUG")
    house.restock("MUG", 3)
    house.settle()
    assert house.shows() == {"MUG": 100, "BOWL": 100, "JUG": 100}, "not ours to write any more"
    the_night_lacks(house)
    assert house.shows()["MUG"] == 3


def test_a_few_offers_may_go_in_one_night() -> None:
    house = rested()
    the_night_lacks(house, "MUG", "BOWL")
    assert load(house.book).offers == {ONE: 1}


def test_an_own_shop_without_offers_is_doubted_among_many_other_shops() -> None:
    house = an_operators_stock_house(own=(2001, 2002))
    house.settle()
    before = load(house.book).offers
    theirs = house.house.market.shop_offers
    lacking, theirs["2002"] = theirs["2002"], {}
    house.push("full", after_minutes=24 * 60)
    theirs["2002"] = lacking
    house.settle()
    assert load(house.book).offers == before


def test_half_an_export_takes_no_other_shops_offers_away() -> None:
    """The report of sellers' stock, and NetSuite's records of it, would say that nobody sells any of it."""
    house = an_operators_stock_house(own=(2001,))
    theirs = house.house.market.shop_offers
    for number in range(10):
        house.house.market.put_offer(f"CUP-{number}", 5, shop="2009")
    house.settle()
    theirs["2009"] = {}
    house.push("full", after_minutes=24 * 60)
    kept = kept_offers(house.book, ONE)
    assert kept is not None
    assert {offer.shop_id for offer in kept[1]} == {"2001", "2009"}


def test_an_export_is_waited_for_over_several_runs_and_asked_for_once() -> None:
    house = a_stock_house(follow_seconds=0)
    market = house.house.market
    told = market.offer_export
    market.offer_export = lambda _: OfferExport("PENDING")  # type: ignore[method-assign,assignment]
    for _ in range(3):
        assert house.push() == Pushed()
    assert house.house.meter.gauges["StockBehindSeconds", ONE] == 600  # and that pages, if it goes on
    market.offer_export = told  # type: ignore[method-assign]
    house.settle()
    assert market.calls["OF52"] == 1
    assert house.shows()["MUG"] == 100


def test_prices_are_never_sent() -> None:
    house = rested(shops=2)
    house.restock("MUG", 9)
    house.settle()
    for market in house.house.markets.values():
        assert {operation for operation in market.calls if operation.startswith(("PRI", "OF01"))} == set()


def test_a_marketplace_whose_clock_is_weeks_from_ours() -> None:
    """Sales, files and windows are dated by Mirakl's clock, shelves by NetSuite's."""
    house = a_stock_house(shops=2)
    for market in house.house.markets.values():
        market._skew = timedelta(days=-45)
    house.house.ledger.ledger_skew = timedelta(days=20)
    house.restock("MUG", 10)
    house.settle()
    assert (house.shows()["MUG"], house.shows(TWO)["MUG"]) == (5, 5)
    house.buy("MUG", 4)
    house.settle()
    assert house.shows()["MUG"] + house.shows(TWO)["MUG"] == 6
    assert load(house.book).lags[ONE] < 600


# --- what an operator's other shops have -----------------------------------------------------------------------------


def test_an_operators_other_shops_are_left_alone_and_added_up() -> None:
    house = a_stock_house(sellers="report")
    data = house.room.at.config.model_dump(exclude_none=True)
    data["marketplaces"][ONE] |= {"role": "operator", "operator": {"own_shops": [2001]}}
    config = config_from(data)
    operator = structs.replace(
        house, room=structs.replace(house.room, at=structs.replace(house.room.at, config=config))
    )
    market = house.house.market
    for sku, offer in market.offers.items():
        market.offers[sku] = structs.replace(offer, shop_id="2001", product=f"P-{sku}")
    market.put_offer("THEIR-MUG", 7, shop_id="2002", product="P-MUG")
    market.put_offer("THEIR-BLUE-MUG", 2, shop_id="2002", product="P-MUG")
    market.put_offer("THEIR-OLD-MUG", 9, shop_id="2002", product="P-MUG", is_active=False)
    assert consolidate(ONE, config, house.book) is None
    operator.settle()
    assert house.shows()["THEIR-MUG"] == 7
    found = consolidate(ONE, config, house.book)
    assert found is not None
    assert (found.shops, found.rows, found.units) == (2, 4, 9)
    rows = house.book.kept[f"reports/{ONE}/sellers-2026-03-02"].splitlines()
    assert b'{"marketplace":"brightside","shop":"2002","product":"P-MUG","is_own":false,"offers":3,"units":9}' in rows
