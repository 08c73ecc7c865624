"""Every morning somebody is told which offers are not what NetSuite says they are, and the list goes on."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.fakes.listings import APPROVED, ONE, UPCS, a_listings_house
from tieout.domain.errors import Retryable
from tieout.domain.listings.audit import Fault
from tieout.domain.stock.offer import Offer
from tieout.flows.listings.audit import audit_mapping
from tieout.flows.listings.strict import doubted
from tieout.flows.listings.words import accept, give_to


def test_offers_that_are_what_they_should_be_leave_nothing_to_do():
    shop = a_listings_house()
    shop.read_offers()
    audited = shop.audit()
    assert (audited.offers, audited.open, audited.mismatched) == (3, 0, 0)
    assert shop.house.meter.gauges["MappingMismatches", ONE] == 0


def test_no_audit_before_the_offers_were_read():
    with pytest.raises(Retryable, match="were not read yet"):
        a_listings_house().audit()


def test_a_product_of_another_bar_code_is_found_by_asking_the_marketplace():
    """The mug's bar code is product P-MUG there, and our offer MUG hangs on P-BOWL."""
    shop = a_listings_house()
    shop.house.market.put_offer("MUG", 100, product="P-BOWL")
    shop.read_offers()
    assert shop.audit().mismatched == 1
    (task,) = [task for task in shop.tasks() if task.finding.fault is Fault.OTHER_PRODUCT]
    assert (task.finding.sku, task.finding.suggestion, task.owner) == ("MUG", "BOWL", "operations")
    assert task.finding.evidence == (
        f"product {UPCS['BOWL']}, item {UPCS['MUG']}, which is product P-MUG; "
        f"item id-BOWL has UPC {UPCS['BOWL']}, the product's EAN"
    )


def test_an_offer_without_a_sku_is_a_task_and_stops_no_other():
    shop = a_listings_house()
    odd = Offer(sku="", offer_id="77", quantity=5, product="P-JUG", currency="GBP")
    shop.house.market.odd_offers.append(odd)
    shop.read_offers()
    shop.audit()
    (task,) = shop.tasks()
    assert (task.finding.fault, task.finding.sku, task.finding.suggestion) == (Fault.OFFER_WITHOUT_SKU, "77", "JUG")


def test_a_task_keeps_its_day_until_it_is_mended():
    shop = a_listings_house()
    shop.house.market.put_offer("MUG", 100, price=Decimal("8.00"))
    shop.read_offers()
    shop.audit()
    (first,) = shop.tasks()
    shop.read_offers()
    shop.audit()
    (again,) = shop.tasks()
    assert (again.finding.fault, again.since) == (Fault.PRICE_OUT_OF_BAND, first.since)
    shop.price("MUG", "8.00")
    shop.read_offers()
    assert shop.audit().mended == 1
    assert shop.tasks() == []


def test_what_a_person_lets_stand_is_open_again_when_its_figures_change():
    shop = a_listings_house()
    shop.house.market.put_offer("MUG", 100, price=Decimal("8.00"))
    shop.read_offers()
    shop.audit()
    accept(shop.tasks()[0].finding, "summer price", "kim", shop.house.clock(), shop.kept)
    shop.read_offers()
    assert shop.audit().open == 0
    assert shop.tasks()[0].accepted.startswith("summer price (kim, ")
    shop.price("MUG", "5.00")
    assert shop.audit().open == 1


def test_a_task_may_be_somebodys():
    shop = a_listings_house(owner="catalogue")
    shop.house.market.put_offer("PLATE", 5)
    shop.read_offers()
    shop.audit()
    assert shop.tasks()[0].owner == "catalogue"
    give_to(shop.tasks()[0].finding, "kim", shop.kept)
    shop.audit()
    assert shop.tasks()[0].owner == "kim"


def test_an_offer_that_was_made_anew_stays_on_the_list_until_somebody_looked():
    shop = a_listings_house()
    shop.read_offers()
    shop.audit()
    market = shop.house.market
    market.offers["MUG"] = replace(market.offers["MUG"], offer_id="anew")
    for _ in range(2):
        shop.read_offers()
        shop.audit()
        assert shop.faults() == [("MUG", Fault.OFFER_RE_CREATED)]
    accept(shop.tasks()[0].finding, "same mug", "kim", shop.house.clock(), shop.kept)
    shop.audit()
    shop.audit()
    assert shop.tasks() == []


def test_an_item_that_is_deleted_while_the_pages_are_read_is_a_task():
    shop = a_listings_house()
    shop.read_offers()
    shop.house.ledger.delete_item("id-JUG")
    shop.audit()
    assert shop.faults() == [("JUG", Fault.NO_ITEM)]


def test_one_odd_offer_among_many_is_one_task():
    shop = a_listings_house()
    market = shop.house.market
    market.odd_offers += [replace(market.offers["MUG"], sku=f"PLATE-{n}", offer_id=f"p{n}") for n in range(2000)]
    shop.house.ledger.items_table += [
        replace(shop.house.ledger.items_table[0], id=f"1{n:05d}", itemid=f"PLATE-{n}", upc="") for n in range(1, 2000)
    ]
    shop.read_offers()
    shop.audit()
    assert shop.faults() == [("PLATE-0", Fault.NO_ITEM)]


def test_an_export_without_any_offer_mends_nothing_and_takes_no_doubt_back():
    shop = a_listings_house(strict=True)
    shop.house.market.put_offer("MUG", 100, product="P-BOWL")
    shop.read_offers()
    assert shop.audit().mismatched == 1
    shop.house.market.offers.clear()
    shop.read_offers()
    assert shop.audit().mismatched == 1
    assert shop.faults() == [("MUG", Fault.OTHER_PRODUCT)]
    assert doubted(shop.kept, ONE) == {"MUG": Fault.OTHER_PRODUCT}


def test_a_netsuite_that_lists_no_item_stops_no_orders():
    """A role that lost its sight of items, say: each offer would be of no item, and strict mode stop every order."""
    shop = a_listings_house(strict=True)
    shop.read_offers()
    shop.house.ledger.items_table.clear()
    with pytest.raises(Retryable, match="no item at all"):
        shop.audit()
    assert doubted(shop.kept, ONE) == {}


def test_where_the_sync_is_switched_off_its_tasks_go_with_the_next_audit():
    """A price that waited for a word to be sent is not sent any more; the audit has its own view of it."""
    synced = a_listings_house(sync=True, approval_field=APPROVED)
    synced.read_offers()
    synced.price("MUG", "40.00")
    synced.sync()
    assert synced.faults() == [("MUG", Fault.PRICE_TO_REVIEW)]
    watched = a_listings_house()
    audit_mapping(ONE, replace(synced.room, at=watched.room.at))
    assert synced.tasks() == []
