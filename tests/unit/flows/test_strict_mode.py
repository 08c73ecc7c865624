"""Strict mode: an order of an offer that the audit doubts is neither accepted nor booked until a person has looked."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from tests.fakes.listings import ONE, ListingsHouse, a_listings_house
from tests.fakes.orders import a_line, an_order, fetched, waiting
from tieout.domain.errors import Reason
from tieout.domain.listings.audit import Fault
from tieout.domain.orders.order import Order
from tieout.domain.postings import Key, Kind, Posting, State
from tieout.flows.listings.strict import REMEMBERED
from tieout.flows.listings.words import accept as let_stand
from tieout.flows.orders import accept, collect, post


def a_doubted_mug(**listings: Any) -> ListingsHouse:
    """Our offer MUG hangs on the bowl's product, and the morning's audit has found it."""
    shop = a_listings_house(**listings)
    shop.house.market.put_offer("MUG", 100, product="P-BOWL")
    shop.read_offers()
    shop.audit()
    return shop


def seen(shop: ListingsHouse, order: Order) -> None:
    shop.house.market.put(order)
    collect.record(ONE, [fetched(each) for each in shop.house.market.orders.values()], shop.house.at)


def an_order_of(sku: str) -> Order:
    return an_order("A-1", [a_line(sku)])


def booked(shop: ListingsHouse) -> Posting:
    key = Key(ONE, "A-1", Kind.SALES_ORDER, "A-1")
    shop.house.clock.advance(minutes=5)
    assert post.post_sales_orders([key], shop.house.at, shop.house.clock() + timedelta(minutes=5)) == []
    posting = shop.house.postings.posting(key)
    assert posting is not None
    return posting


def test_an_order_of_a_doubted_sku_parks_and_names_the_task():
    shop = a_doubted_mug(strict=True)
    seen(shop, an_order_of("MUG"))
    posting = booked(shop)
    assert (posting.state, posting.reason) == (State.PARKED, Reason.SKU_MISMATCHED)
    assert posting.facts == {"sku": "MUG", "task": "brightside/other_product/MUG"}
    assert shop.house.ledger.records == []


def test_orders_of_other_skus_are_booked_as_ever():
    shop = a_doubted_mug(strict=True)
    seen(shop, an_order_of("BOWL"))
    assert booked(shop).state is State.CONFIRMED


def test_once_a_person_lets_the_finding_stand_the_order_goes():
    shop = a_doubted_mug(strict=True)
    seen(shop, an_order_of("MUG"))
    assert booked(shop).state is State.PARKED
    (task,) = shop.tasks()
    let_stand(task.finding, "the operator merges the products", "kim", shop.house.clock(), shop.kept)
    shop.house.postings.resubmit(Key(ONE, "A-1", Kind.SALES_ORDER, "A-1"), shop.house.clock(), "kim")
    shop.house.clock.advance(seconds=REMEMBERED.total_seconds())
    assert booked(shop).state is State.CONFIRMED


def test_once_it_is_mended_the_next_audit_lets_the_order_go():
    shop = a_doubted_mug(strict=True)
    seen(shop, an_order_of("MUG"))
    assert booked(shop).state is State.PARKED
    shop.house.market.put_offer("MUG", 100, product="P-MUG")
    shop.read_offers()
    shop.audit()
    shop.house.postings.resubmit(Key(ONE, "A-1", Kind.SALES_ORDER, "A-1"), shop.house.clock(), "kim")
    assert booked(shop).state is State.CONFIRMED


def test_a_waiting_order_of_a_doubted_sku_is_not_accepted():
    shop = a_doubted_mug(strict=True)
    seen(shop, waiting(an_order_of("MUG")))
    shop.house.clock.advance(minutes=6)
    assert accept.accept_due(shop.house.at) == 0
    posting = shop.house.postings.posting(Key(ONE, "A-1", Kind.ACCEPTANCE, "A-1"))
    assert posting is not None
    assert (posting.state, posting.reason) == (State.PARKED, Reason.SKU_MISMATCHED)
    assert shop.house.market.decisions == []


def test_what_may_be_in_netsuite_already_is_proven_all_the_same():
    """The order was sent before the audit doubted its SKU, and no answer came: it is read back, not parked."""
    shop = a_listings_house(strict=True)
    seen(shop, an_order_of("MUG"))
    key = Key(ONE, "A-1", Kind.SALES_ORDER, "A-1")
    (claimed,) = shop.house.postings.claim([key], shop.house.clock())
    shop.house.postings.mark_posted(claimed, "7", shop.house.clock(), due_at=shop.house.clock())
    doubt = replace(shop.house.at, doubted=lambda _: {"MUG": "other_product"})
    shop.house.clock.advance(minutes=5)
    post.post_sales_orders([key], doubt, shop.house.clock() + timedelta(minutes=5))
    posting = shop.house.postings.posting(key)
    assert posting is not None
    assert posting.reason != Reason.SKU_MISMATCHED


def test_where_it_is_off_the_audit_only_tells():
    shop = a_doubted_mug(strict=False)
    assert [task.finding.fault for task in shop.tasks()] == [Fault.OTHER_PRODUCT]
    seen(shop, an_order_of("MUG"))
    assert booked(shop).state is State.CONFIRMED
