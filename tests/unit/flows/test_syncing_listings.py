"""Offers follow approved items: made, priced and taken off, each row once; what a person should see first waits."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace as struct_replace

from tests.fakes.listings import APPROVED, ListingsHouse, a_listings_house
from tests.fakes.orders import an_item
from tieout.domain.errors import NeedsAttention, OutcomeUnknown, Reason, SystemDown, Throttled
from tieout.domain.listings.audit import Fault
from tieout.domain.listings.listing import ItemPrice, PriceRow
from tieout.domain.stock.offer import Offer, Rejected
from tieout.flows.listings.sync import Synced
from tieout.flows.listings.words import accept


def a_synced_house(**listings: Any) -> ListingsHouse:
    shop = a_listings_house(sync=True, approval_field=APPROVED, **listings)
    shop.read_offers()
    return shop


def with_a_plate(shop: ListingsHouse, price: str = "7.50") -> None:
    """An approved item that is not offered yet."""
    item = an_item("PLATE", upc="5012345678931")
    shop.house.ledger.save_item(item)
    shop.approve("PLATE")
    shop.price("PLATE", price)


def test_offers_that_are_as_they_should_be_need_no_file():
    shop = a_synced_house()
    assert shop.sync() == Synced()
    assert not {"OF01", "PRI01"} & set(shop.house.market.calls)


def test_an_approved_item_is_offered_once_with_its_bar_code_its_price_and_nothing_in_stock():
    shop = a_synced_house()
    with_a_plate(shop)
    assert shop.sync().made == 1
    ((listing,), columns) = shop.house.market.offer_files[0]
    assert (listing.sku, listing.product_id, listing.price, listing.quantity) == (
        *("PLATE", "5012345678931"),
        *(Decimal("7.50"), 0),
    )
    assert columns == {"product_id", "product_id_type", "description", "price", "quantity", "state_code"}
    assert shop.sync() == Synced()
    shop.read_offers()
    assert shop.sync() == Synced()
    assert len(shop.house.market.offer_files) == 1


def test_while_a_file_is_on_its_way_no_other_of_its_kind_goes():
    shop = a_synced_house()
    shop.house.market.imports_take = 2
    with_a_plate(shop)
    assert [shop.sync().made for _ in range(4)] == [1, 0, 0, 0]
    assert len(shop.house.market.offer_files) == 1


def test_a_new_price_replaces_the_old_one_once():
    shop = a_synced_house()
    shop.price("MUG", "4.40")
    assert shop.sync().priced == 1
    assert shop.house.market.price_files == [[PriceRow("MUG", Decimal("4.40"))]]
    assert shop.sync() == Synced()
    assert shop.house.market.offers["MUG"].price == Decimal("4.40")
    shop.read_offers()
    assert shop.sync() == Synced()


def test_a_new_offer_that_is_priced_before_an_export_shows_it_is_not_made_again():
    shop = a_synced_house()
    with_a_plate(shop)
    shop.sync()
    shop.price("PLATE", "7.90")
    assert shop.sync().priced == 1
    assert shop.sync() == Synced()
    assert (len(shop.house.market.offer_files), shop.house.market.offers["PLATE"].price) == (1, Decimal("7.90"))


def test_a_price_out_of_band_waits_for_a_persons_word():
    shop = a_synced_house(price_band_percent=25)
    shop.price("MUG", "40.00")
    assert shop.sync() == Synced(held=1)
    assert shop.house.market.price_files == []
    (task,) = shop.tasks()
    assert (task.finding.fault, task.finding.evidence) == (Fault.PRICE_TO_REVIEW, "NetSuite 40.00, the offer 4.00 GBP")
    accept(task.finding, "a golden edition", "kim", shop.house.clock(), shop.kept)
    assert shop.sync().priced == 1
    assert shop.sync() == Synced()
    assert shop.tasks() == []


def test_a_word_for_one_price_is_none_for_the_next():
    shop = a_synced_house()
    shop.price("MUG", "40.00")
    shop.sync()
    accept(shop.tasks()[0].finding, "a golden edition", "kim", shop.house.clock(), shop.kept)
    shop.price("MUG", "400.00")
    assert shop.sync() == Synced(held=1)
    assert shop.tasks()[0].accepted == ""


def test_an_offer_with_a_discount_is_never_priced():
    shop = a_synced_house()
    shop.house.market.put_offer("MUG", 100, has_more_prices=True)
    shop.read_offers()
    shop.price("MUG", "4.40")
    assert shop.sync() == Synced(held=1)
    assert shop.faults() == [("MUG", Fault.OTHER_PRICES)]


def test_what_may_not_be_listed_any_more_shows_nothing_at_once_and_is_deleted_after_its_days():
    shop = a_synced_house(delete_after_days=5)
    shop.approve("MUG", yes=False)
    assert shop.sync() == Synced()
    since = shop.house.clock().date()
    shop.read_offers()
    assert shop.house.market.offers["MUG"].quantity == 0
    while shop.sync().deleted == 0:
        shop.read_offers()
    assert (shop.house.clock().date() - since).days == 5
    assert shop.house.market.offer_files[-1][1] == frozenset()
    assert shop.sync() == Synced()
    assert shop.house.market.offers["MUG"].is_deleted


def test_what_is_approved_again_starts_anew():
    shop = a_synced_house(delete_after_days=1)
    shop.approve("MUG", yes=False)
    shop.sync()
    shop.approve("MUG")
    shop.sync(after_minutes=24 * 60)
    shop.approve("MUG", yes=False)
    assert shop.sync().deleted == 0


def test_a_refused_row_becomes_a_task_with_mirakls_words_and_stops_no_other():
    shop = a_synced_house()
    shop.house.market.rejects = {"MUG": "The price is not allowed"}
    shop.price("MUG", "4.40")
    shop.price("JUG", "4.40")
    assert shop.sync().priced == 2
    assert shop.sync() == Synced()
    (task,) = shop.tasks()
    assert (task.finding.fault, task.finding.sku) == (Fault.REFUSED_BY_MIRAKL, "MUG")
    assert (task.finding.suggestion, task.finding.evidence) == ("price at 4.40", "The price is not allowed")
    assert shop.house.market.offers["JUG"].price == Decimal("4.40")


def test_a_refused_row_is_tried_again_the_next_day_or_when_it_changes():
    shop = a_synced_house()
    shop.house.market.rejects = {"MUG": "The price is not allowed"}
    shop.price("MUG", "4.40")
    shop.sync()
    assert [shop.sync().priced for _ in range(3)] == [0, 0, 0]
    shop.price("MUG", "4.30")
    assert shop.sync().priced == 1
    shop.sync()
    shop.house.market.rejects = {}
    assert shop.sync(after_minutes=24 * 60).priced == 1
    shop.sync()
    assert shop.tasks() == []


def test_a_file_that_failed_is_sent_again():
    shop = a_synced_house()
    shop.house.market.imports_fail = "internal error"
    shop.price("MUG", "4.40")
    assert [shop.sync().priced for _ in range(2)] == [1, 1]
    shop.house.market.imports_fail = ""
    assert shop.sync() == Synced()
    assert shop.house.market.offers["MUG"].price == Decimal("4.40")


def test_files_that_fail_again_and_again_are_a_task_until_one_ends_well():
    """Few rows an hour never page: without a task nobody would ever hear of them."""
    shop = a_synced_house()
    shop.house.market.imports_fail = "internal error"
    shop.price("MUG", "4.40")
    shop.sync()
    assert shop.tasks() == []
    shop.sync()
    (task,) = shop.tasks()
    assert (task.finding.fault, task.finding.sku) == (Fault.REFUSED_BY_MIRAKL, "file-of-prices")
    assert task.finding.evidence == "a whole file came to nothing: internal error"
    shop.house.market.imports_fail = ""
    shop.sync()
    assert shop.tasks() == []


def test_a_file_that_failed_is_nobodys_task_once_nothing_of_it_is_wanted():
    shop = a_synced_house()
    shop.house.market.imports_fail = "internal error"
    with_a_plate(shop)
    shop.sync()
    shop.approve("PLATE", yes=False)
    shop.sync()
    assert shop.tasks() == []


def no_names(_: str) -> list[Rejected]:
    return [Rejected("", "Something is wrong", 2)]


def no_report(_: str) -> list[Rejected]:
    raise NeedsAttention(Reason.UNREADABLE_DOCUMENT, {"file": "PRI03"})


@pytest.mark.parametrize("report", [no_names, no_report])
def test_a_report_that_does_not_say_which_rows_were_refused_leaves_all_of_them_to_be_sent_again(
    report: Callable[[str], list[Rejected]], monkeypatch: pytest.MonkeyPatch
):
    shop = a_synced_house()
    shop.house.market.rejects = {"MUG": "The price is not allowed"}
    shop.price("MUG", "4.40")
    shop.price("JUG", "4.40")
    with monkeypatch.context() as patched:
        patched.setattr(shop.house.market, "price_errors", report)
        assert [shop.sync().priced for _ in range(2)] == [2, 2]
    shop.house.market.rejects = {}
    shop.sync()
    assert shop.sync() == Synced()
    assert {shop.house.market.offers[sku].price for sku in ("MUG", "JUG")} == {Decimal("4.40")}


@pytest.mark.parametrize("lost", [OutcomeUnknown("no answer"), Throttled("not so fast"), SystemDown("away")])
def test_a_file_that_got_no_answer_is_sent_again_with_absolute_rows(lost: Exception, monkeypatch: pytest.MonkeyPatch):
    shop = a_synced_house()
    shop.price("MUG", "4.40")

    def no_answer(_: object) -> str:
        raise lost

    with monkeypatch.context() as patched:
        patched.setattr(shop.house.market, "send_prices", no_answer)
        assert shop.sync().priced == 0
    assert shop.sync().priced == 1
    shop.sync()
    assert shop.house.market.offers["MUG"].price == Decimal("4.40")


@pytest.mark.parametrize("ends_as", ["lost", "FAILED"])
def test_a_price_that_may_have_been_taken_is_sent_back_when_netsuite_goes_back(
    ends_as: str, monkeypatch: pytest.MonkeyPatch
):
    """4.40 went out, and nobody knows what came of it; NetSuite says 4.00 again, as the night's export does."""
    shop = a_synced_house()
    market = shop.house.market
    shop.price("MUG", "4.40")

    def took_it(rows: Iterable[PriceRow]) -> str:
        taken = list(rows)
        market.put_offer("MUG", 100, price=taken[0].price)
        if ends_as == "lost":
            raise OutcomeUnknown("no answer")
        market.imports_fail = "the machine went down at the end"
        return send(taken)

    send = market.send_prices
    with monkeypatch.context() as patched:
        patched.setattr(market, "send_prices", took_it)
        shop.sync()
    shop.price("MUG", "4.00")
    if ends_as == "FAILED":
        shop.sync()
        market.imports_fail = ""
    shop.sync()
    shop.sync()
    assert market.offers["MUG"].price == Decimal("4.00")
    assert shop.sync() == Synced()


def says_only_that_there_are(_: str) -> list[Rejected]:
    return []


@pytest.mark.parametrize("report", [no_names, says_only_that_there_are])
def test_a_report_that_mirakl_counted_no_lines_for_leaves_no_row_landed(
    report: Callable[[str], list[Rejected]], monkeypatch: pytest.MonkeyPatch
):
    """`has_error_report` without `lines_in_error`, and a report that names none of our SKUs."""
    shop = a_synced_house()
    market = shop.house.market
    market.rejects = {"MUG": "The price is not allowed"}
    shop.price("MUG", "4.40")
    shop.price("JUG", "4.40")
    ask = market.price_import
    shop.sync()
    with monkeypatch.context() as patched:
        patched.setattr(market, "price_import", lambda file: struct_replace(ask(file), in_error=0))
        patched.setattr(market, "price_errors", report)
        assert shop.sync().priced == 2
    shop.sync()
    assert shop.faults() == [("MUG", Fault.REFUSED_BY_MIRAKL)]


def test_a_line_that_a_report_gives_two_reasons_for_is_one_line(monkeypatch: pytest.MonkeyPatch):
    shop = a_synced_house()
    shop.house.market.rejects = {"MUG": "The price is not allowed"}
    shop.price("MUG", "4.40")
    shop.price("JUG", "4.40")
    two = [Rejected("MUG", "The price is not allowed", 2), Rejected("MUG", "The offer is locked", 2)]
    monkeypatch.setattr(shop.house.market, "price_errors", lambda _: two)
    assert [shop.sync().priced for _ in range(2)] == [2, 0]
    assert shop.faults() == [("MUG", Fault.REFUSED_BY_MIRAKL)]


def test_where_every_line_is_refused_none_has_to_be_named(monkeypatch: pytest.MonkeyPatch):
    """Otherwise the last row of a file would be sent every hour for ever, and nobody told why."""
    shop = a_synced_house()
    shop.house.market.rejects = {"MUG": "The price is not allowed"}
    shop.price("MUG", "4.40")
    monkeypatch.setattr(shop.house.market, "price_errors", no_names)
    assert [shop.sync().priced for _ in range(3)] == [1, 0, 0]
    (task,) = shop.tasks()
    assert (task.finding.sku, task.finding.evidence) == ("MUG", "Something is wrong")


def test_an_offer_that_an_export_tells_twice_stops_no_file():
    shop = a_synced_house()
    market = shop.house.market
    market.odd_offers.append(market.offers["MUG"])
    shop.read_offers()
    shop.price("MUG", "4.40")
    shop.price("JUG", "4.40")
    assert shop.sync().priced == 2


def test_a_file_that_is_refused_whole_becomes_tasks(monkeypatch: pytest.MonkeyPatch):
    shop = a_synced_house()
    shop.price("MUG", "4.40")

    def refuse(_: object) -> str:
        raise NeedsAttention(Reason.REFUSED_BY_MIRAKL, {"message": "The shop is suspended"})

    monkeypatch.setattr(shop.house.market, "send_prices", refuse)
    assert shop.sync().priced == 0
    assert [task.finding.evidence for task in shop.tasks()] == ["The shop is suspended"]
    assert shop.house.meter.counts["ListingRowsRefused"] == 1


@pytest.mark.parametrize("cut_at", range(1, 20))
def test_wherever_a_run_is_cut_off_the_offers_come_out_right(cut_at: int):
    """A process dies while it writes down what it knows, before or after a file was sent."""
    shop = a_synced_house()
    with_a_plate(shop)
    shop.price("MUG", "4.40")
    writes = iter(range(1, 1000))
    replace = shop.kept.replace

    def dies(name: str, blocks: Iterable[bytes]) -> None:
        if next(writes) == cut_at:
            raise KeyboardInterrupt(name)
        replace(name, blocks)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shop.kept, "replace", dies)
        for _ in range(4):
            with suppress(KeyboardInterrupt):
                shop.sync()
    assert shop.sync() == Synced()
    market = shop.house.market
    assert {sku: offer.price for sku, offer in market.offers.items()} == {
        **dict.fromkeys(("BOWL", "JUG"), Decimal("4.00")),
        "MUG": Decimal("4.40"),
        "PLATE": Decimal("7.50"),
    }
    assert len(market.price_files) <= 2
    assert len(market.offer_files) <= 2


def the_night_lacks(shop: ListingsHouse, *skus: str) -> None:
    """Mirakl's export is without these, and they are there."""
    market = shop.house.market
    there = dict(market.offers)
    for sku in skus:
        del market.offers[sku]
    shop.read_offers()
    market.offers.update(there)


def test_an_export_without_any_offer_makes_none_anew():
    """They are there: made again, each would show nothing, at NetSuite's price, without its discounts."""
    shop = a_synced_house()
    shop.sync()
    before = dict(shop.house.market.offers)
    the_night_lacks(shop, *before)
    for _ in range(3):
        assert shop.sync() == Synced()
    assert shop.house.market.offer_files == []
    assert shop.house.market.offers == before


def test_half_an_export_is_not_believed_before_the_next_night_says_the_same():
    shop = a_synced_house()
    market = shop.house.market
    many = [f"CUP-{number}" for number in range(30)]
    for sku in many:
        market.put_offer(sku, 5)
    shop.read_offers()
    shop.sync()
    the_night_lacks(shop, "MUG", *many)
    assert shop.sync() == Synced()
    for sku in ("MUG", *many):
        del market.offers[sku]
    shop.read_offers()
    assert shop.sync().made == 1
    assert [listing.sku for listing in market.offer_files[0][0]] == ["MUG"]


def test_an_offer_that_a_person_deleted_among_others_is_made_again_the_next_night():
    shop = a_synced_house()
    shop.sync()
    del shop.house.market.offers["MUG"]
    shop.read_offers()
    assert shop.sync().made == 1


def test_what_we_deleted_ourselves_is_not_missed():
    shop = a_synced_house(delete_after_days=1)
    for sku in ("MUG", "BOWL", "JUG"):
        shop.approve(sku, yes=False)
    shop.sync()
    shop.read_offers()  # they show nothing from now on
    shop.read_offers()
    assert shop.sync().deleted == 3
    shop.sync()
    shop.read_offers()
    assert shop.sync() == Synced()


def test_an_item_without_a_bar_code_or_a_price_is_not_offered_and_told():
    shop = a_synced_house()
    shop.house.ledger.save_item(an_item("BARE"))
    shop.approve("BARE")
    assert shop.sync().made == 0
    (task,) = shop.tasks()
    assert (task.finding.fault, task.finding.evidence) == (Fault.NOT_LISTED, "item id-BARE has no UPC and no price")


def test_an_item_that_is_deleted_while_a_run_reads_and_an_offer_without_a_sku_stop_nothing(
    monkeypatch: pytest.MonkeyPatch,
):
    shop = a_synced_house()
    market, ledger = shop.house.market, shop.house.ledger
    market.odd_offers.append(Offer(sku="", offer_id="77", quantity=5, price=Decimal(1), currency="GBP"))
    shop.read_offers()
    with_a_plate(shop)
    shop.price("MUG", "4.40")
    prices = ledger.item_prices

    def deleted_meanwhile(*asked: Any) -> Iterator[list[ItemPrice]]:
        ledger.delete_item("id-PLATE")
        return prices(*asked)

    monkeypatch.setattr(ledger, "item_prices", deleted_meanwhile)
    assert shop.sync() == Synced(priced=1, held=1)
    assert shop.sync() == Synced()
    assert market.offers["MUG"].price == Decimal("4.40")


def test_while_listings_are_paused_nothing_goes():
    shop = a_synced_house()
    shop.price("MUG", "4.40")
    shop.house.switches.paused_flows.add("listings")
    assert shop.sync() == Synced()
    assert shop.house.market.price_files == []


def test_what_was_sent_never_touches_offers_that_are_of_no_item():
    shop = a_synced_house()
    shop.house.market.put_offer("STRANGER", 9, price=Decimal("1.00"))
    shop.read_offers()
    before = shop.house.market.offers["STRANGER"]
    shop.price("MUG", "4.40")
    shop.sync()
    shop.sync()
    assert shop.house.market.offers["STRANGER"] == before
