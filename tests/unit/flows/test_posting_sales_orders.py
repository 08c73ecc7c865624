"""Sales orders out: what goes well, what comes back, what is parked, and what a person reads about it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any, cast

import pytest
from msgspec.structs import replace

from tests.fakes import House, a_house, a_line, an_address, an_item, an_order, fetched
from tests.simulation.faults import Fault, StrikeAt
from tests.simulation.fibers import Fibers
from tests.simulation.unreliable import Unreliable, Weather
from tieout.domain.errors import Reason
from tieout.domain.orders.order import Order
from tieout.domain.postings import Key, Kind, Posting, State
from tieout.flows.orders import collect, post
from tieout.flows.orders.rules import is_own_shop


def key(order_id: str, kind: Kind = Kind.SALES_ORDER) -> Key:
    return Key("brightside", order_id, kind, order_id)


def with_trouble(house: House, plan: dict[tuple[str, int], Fault]) -> House:
    """The same house, with NetSuite failing as planned."""
    weather = Weather(StrikeAt(plan), Random(0), Fibers(house.clock))
    ledger = cast("Any", Unreliable("ledger", house.ledger, weather))
    return replace(house, at=replace(house.at, ledger=ledger))


def post_all(house: House, *orders: Order, minutes: float = 5) -> list[Key]:
    collect.record("brightside", [fetched(order) for order in orders], house.at)
    return again(house, *(order.order_id for order in orders), minutes=minutes)


def again(house: House, *order_ids: str, minutes: float = 5) -> list[Key]:
    keys = [key(each) for each in order_ids]
    return post.post_sales_orders(keys, house.at, house.clock.now + timedelta(minutes=minutes))


def posting_of(house: House, order_id: str = "A-1") -> Posting:
    posting = house.postings.posting(key(order_id))
    assert posting is not None
    return posting


def parked(order: Order, house: House | None = None) -> tuple[str | None, dict[str, str]]:
    house = house or a_house()
    assert post_all(house, order) == []
    assert house.ledger.records == []
    posting = posting_of(house, order.order_id)
    assert posting.state is State.PARKED
    return posting.reason, posting.facts


def test_a_posted_order_is_confirmed_with_its_number_and_total_and_mirakl_is_to_be_told() -> None:
    house = a_house()
    assert post_all(house, an_order("A-1")) == []
    posting = posting_of(house)
    assert (posting.state, posting.facts) == (
        State.CONFIRMED,
        {"id": "1000", "number": "SO1000", "total": "12.00 GBP"},
    )
    told = house.postings.posting(key("A-1", Kind.SELLER_REFERENCE))
    assert told is not None
    assert (told.state, told.facts) == (State.DUE, {"reference": "SO1000"})


def test_a_batch_costs_one_look_up_one_create_an_order_and_one_reading_back() -> None:
    house = a_house()
    post_all(house, *(an_order(f"A-{number}") for number in range(10)))
    assert house.ledger.calls == {
        "items": 1,
        "ensure_customer": 1,
        "create_sales_order": 10,
        "find_transactions": 1,
    }


def test_an_order_that_does_not_suit_parks_and_the_others_of_its_batch_are_posted() -> None:
    house = a_house()
    post_all(house, an_order("A-1"), an_order("A-2", [a_line("NOBODY-KNOWS")]), an_order("A-3"))
    assert [record.draft.order_id for record in house.ledger.records] == ["A-1", "A-3"]
    assert posting_of(house, "A-2").reason == Reason.UNKNOWN_SKU


def test_an_unknown_sku_is_named_with_what_may_have_been_meant() -> None:
    house = a_house()
    house.ledger.items_table.append(an_item("Te a pot"))
    reason, facts = parked(an_order("A-1", [a_line("TEAPOT")]), house)
    assert (reason, facts) == (Reason.UNKNOWN_SKU, {"sku": "TEAPOT", "suggestion": "Te a pot"})


def test_a_country_address_or_currency_that_is_missing_parks() -> None:
    assert parked(an_order(ship_to=None))[0] == Reason.MISSING_ADDRESS
    assert parked(an_order(ship_to=an_address(country_iso3="XXX")))[0] == Reason.UNKNOWN_COUNTRY
    assert parked(an_order(currency="USD"))[0] == Reason.CURRENCY_NOT_CONFIGURED


def test_a_subsidiary_or_location_that_netsuite_does_not_have_parks() -> None:
    house = a_house(netsuite__subsidiaries={"uk": {"name": "Nowhere Ltd", "time_zone": "UTC"}})
    assert parked(an_order(), house) == (Reason.SUBSIDIARY_NOT_CONFIGURED, {"subsidiary": "Nowhere Ltd"})
    house = a_house(marketplaces__brightside__orders__sales_orders__locations=[{"location": "Attic"}])
    assert parked(an_order(), house) == (Reason.LOCATION_NOT_CONFIGURED, {"location": "Attic"})


def test_a_refusal_is_parked_with_netsuites_words_and_posted_once_it_is_mended() -> None:
    house = a_house()
    house.ledger.refuse("A-1", "Please enter a value for Department.")
    reason, facts = parked(an_order(), house)
    assert (reason, facts["detail"]) == (Reason.REFUSED_BY_NETSUITE, "Please enter a value for Department.")
    house.ledger.refuses.clear()
    house.postings.resubmit(key("A-1"), house.clock(), "ada")
    again(house, "A-1")
    assert posting_of(house).state is State.CONFIRMED


def test_a_record_of_somebody_elses_under_our_external_id_is_told_and_left_alone() -> None:
    house = a_house()
    other = a_house()
    post_all(other, an_order("A-1"))
    house.ledger.commit(replace(other.ledger.records[0].draft, order_id="PO-77"), kind="CashSale")
    post_all(house, an_order("A-1"))
    posting = posting_of(house)
    assert (posting.reason, posting.facts["type"]) == (Reason.EXTERNAL_ID_TAKEN, "CashSale")
    assert len(house.ledger.records) == 1


@pytest.mark.parametrize(
    "fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.ZOMBIE, Fault.THROTTLED, Fault.DOWN, Fault.CREDENTIALS]
)
def test_whatever_happens_to_a_create_the_order_is_in_netsuite_once_in_the_end(fault: Fault) -> None:
    house = with_trouble(a_house(), {("create_sales_order", 1): fault})
    post_all(house, an_order("A-1"))
    for _ in range(4):
        house.clock.advance(minutes=10)
        again(house, "A-1")
    assert posting_of(house).state is State.CONFIRMED
    assert len(house.ledger.records) == 1


def test_after_a_lost_answer_the_record_is_found_and_nothing_is_sent_again() -> None:
    house = with_trouble(a_house(), {("create_sales_order", 1): Fault.TIMEOUT_AFTER})
    post_all(house, an_order("A-1"))
    assert posting_of(house).state is State.CONFIRMED
    assert house.ledger.calls["create_sales_order"] == 1


@pytest.mark.parametrize(("fault", "sales_orders"), [(Fault.TIMEOUT_BEFORE, 0), (Fault.TIMEOUT_AFTER, 1)])
def test_an_order_that_is_cancelled_while_a_create_has_no_answer_is_not_sent_again(
    fault: Fault, sales_orders: int
) -> None:
    """What NetSuite may still finish is waited for: then it is either there, or was never sent and is dropped."""
    house = with_trouble(a_house(), {("create_sales_order", 1): fault, ("find_transactions", 1): Fault.DOWN})
    order = an_order("A-1")
    post_all(house, order)
    dead = replace(
        order, state="CANCELED", version="2026-10-09T09:00:00.000Z", updated_at=order.updated_at + timedelta(days=3)
    )
    collect.record("brightside", [fetched(dead)], house.at)
    for _ in range(8):
        house.clock.advance(minutes=10)
        again(house, "A-1")
    assert posting_of(house).state is (State.CONFIRMED if sales_orders else State.SUPERSEDED)
    assert len(house.ledger.records) == sales_orders
    assert house.ledger.calls["create_sales_order"] == sales_orders


def test_until_netsuite_can_no_longer_finish_it_a_cancelled_orders_create_is_looked_for() -> None:
    house = with_trouble(a_house(), {("create_sales_order", 1): Fault.TIMEOUT_BEFORE})
    order = an_order("A-1")
    post_all(house, order)
    dead = replace(
        order, state="CANCELED", version="2026-10-09T09:00:00.000Z", updated_at=order.updated_at + timedelta(days=3)
    )
    collect.record("brightside", [fetched(dead)], house.at)
    house.clock.advance(minutes=10)
    again(house, "A-1")
    posting = posting_of(house)
    assert posting.state is State.ATTEMPTED
    assert posting.ambiguous_since is not None
    assert posting.due_at is not None
    assert posting.due_at >= posting.ambiguous_since + timedelta(minutes=20)


def test_an_order_that_netsuite_neither_takes_nor_refuses_is_told_after_an_hour_and_ever_after() -> None:
    endless = {("create_sales_order", number): Fault.TIMEOUT_BEFORE for number in range(1, 40)}
    house = with_trouble(a_house(), endless)
    post_all(house, an_order("A-1"))
    for _ in range(5):
        house.clock.advance(minutes=10)
        again(house, "A-1")
    assert "DoubtHours" not in {name for name, *_ in house.meter.gauges}
    for _ in range(26):
        house.clock.advance(minutes=10)
        again(house, "A-1")
    posting = posting_of(house)
    assert (posting.state, len(house.ledger.records)) == (State.ATTEMPTED, 0)
    assert posting.ambiguous_since is not None
    in_doubt = (house.clock() - posting.ambiguous_since).total_seconds() / 3600
    assert house.meter.gauges["DoubtHours",] == pytest.approx(in_doubt, abs=0.1)


def test_an_order_that_was_late_already_when_it_was_sent_first_is_in_no_doubt() -> None:
    house = with_trouble(a_house(), {("create_sales_order", 1): Fault.DOWN, ("find_transactions", 2): Fault.DOWN})
    collect.record("brightside", [fetched(an_order("A-1"))], house.at)
    house.clock.advance(minutes=60 * 30)
    for _ in range(4):
        again(house, "A-1")
        house.clock.advance(minutes=10)
    assert posting_of(house).state is State.CONFIRMED
    assert "DoubtHours" not in {name for name, *_ in house.meter.gauges}


def test_a_throttled_order_waits_as_long_as_netsuite_says_and_keeps_its_attempts() -> None:
    house = with_trouble(a_house(), {("create_sales_order", 1): Fault.THROTTLED})
    post_all(house, an_order("A-1"))
    posting = posting_of(house)
    assert (posting.state, posting.attempt, posting.ambiguous_since) == (State.DUE, 0, None)
    assert posting.due_at is not None
    assert posting.due_at - house.clock() >= timedelta(seconds=29)


def test_revoked_credentials_hold_everything_and_are_not_tried_for_each_order() -> None:
    """Each refused login would be a line in NetSuite's audit trail."""
    house = with_trouble(a_house(), {("create_sales_order", 1): Fault.CREDENTIALS})
    post_all(house, *(an_order(f"A-{number}") for number in range(5)))
    assert house.ledger.calls["create_sales_order"] == 0
    assert {posting.state for posting in house.postings.all.values()} == {State.HELD}
    again(house, "A-1", "A-2")
    assert house.ledger.calls["items"] == 1


def test_nothing_is_sent_for_an_order_that_was_given_back_even_if_giving_back_the_others_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = with_trouble(a_house(), {("create_sales_order", 1): Fault.DOWN})
    house.switches.failed("netsuite", house.clock())
    release = house.postings.release

    def fail_for_the_third(posting: Posting, *rest: Any, **details: Any) -> None:
        if posting.key == key("A-3"):
            raise ConnectionError("no DynamoDB")
        release(posting, *rest, **details)

    monkeypatch.setattr(house.postings, "release", fail_for_the_third)
    with pytest.raises(ConnectionError):
        post_all(house, *(an_order(f"A-{number}") for number in range(1, 6)))
    assert house.ledger.records == []


def test_a_paused_flow_sends_nothing_and_loses_nothing() -> None:
    house = a_house()
    house.switches.paused_flows.add("orders")
    post_all(house, an_order("A-1"))
    assert posting_of(house).state is State.HELD
    assert house.ledger.calls == {}
    house.switches.paused_flows.clear()
    house.clock.advance(minutes=2)
    again(house, "A-1")
    assert posting_of(house).state is State.CONFIRMED


def test_nothing_is_begun_that_could_outlive_the_function() -> None:
    house = a_house()
    post_all(house, an_order("A-1"), minutes=1)
    assert (posting_of(house).state, house.ledger.records) == (State.DUE, [])


def test_a_bug_of_ours_goes_back_to_the_queue_and_stops_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    house = a_house()
    draft = post._draft

    def fail(order: Order, *rest: Any) -> Any:
        if order.order_id == "A-2":
            raise ZeroDivisionError
        return draft(order, *rest)

    monkeypatch.setattr(post, "_draft", fail)
    assert post_all(house, an_order("A-1"), an_order("A-2"), an_order("A-3")) == [key("A-2")]
    assert [record.draft.order_id for record in house.ledger.records] == ["A-1", "A-3"]
    returned = [key("A-1"), key("A-2")]
    assert post.post_sales_orders(returned, house.at, house.clock.now, returned) == [key("A-2")]


def test_an_archived_copy_that_is_gone_is_told() -> None:
    house = a_house()
    collect.record("brightside", [fetched(an_order("A-1"))], house.at)
    house.archive.documents.clear()
    again(house, "A-1")
    assert posting_of(house).reason == Reason.UNREADABLE_ORDER


# --- the operator's role ---------------------------------------------------------------------------------------------


def an_operator() -> House:
    """Runs the marketplace; shop 1 is its own; the goods of others are one non-inventory item."""
    house = a_house(
        marketplaces__brightside__role="operator",
        marketplaces__brightside__shop_id=None,
        marketplaces__brightside__operator={"own_shops": [1], "marketplace_item": "MARKETPLACE-GOODS"},
    )
    house.ledger.items_table.append(an_item("MARKETPLACE-GOODS", "77", kind="NonInvtPart"))
    return house


def test_the_goods_of_another_shop_are_the_marketplaces_item_with_seller_and_vendor() -> None:
    house = an_operator()
    post_all(house, an_order("A-1", [a_line("WHATEVER")], seller_id=2005))
    (record,) = house.ledger.records
    assert [line.item_id for line in record.draft.lines] == ["77"]
    assert [line.sku for line in record.draft.lines] == ["WHATEVER"]
    assert (record.draft.seller, record.draft.vendor) == ("2005", "T-brightside-VEN-2005")


def test_the_operators_own_shop_sells_stock_items() -> None:
    house = an_operator()
    post_all(house, an_order("A-1", [a_line("MUG")], seller_id=1))
    assert [line.item_id for line in house.ledger.records[0].draft.lines] == ["id-MUG"]
    assert is_own_shop(house.at.config, an_order(seller_id=1))
    assert not is_own_shop(house.at.config, an_order(seller_id=2))


def test_a_tax_charge_item_that_netsuite_lacks_parks_with_its_name() -> None:
    tax = {"strategy": "other_charge", "charge_item": "VAT-LINE"}
    house = a_house(marketplaces__brightside__orders__sales_orders__tax=tax)
    assert parked(an_order(), house) == (Reason.UNKNOWN_SKU, {"sku": "VAT-LINE"})
    house.ledger.items_table.append(an_item("VAT-LINE", "90", kind="OthCharge"))
    post_all(house, an_order("A-2"))
    assert [(line.item_id, line.net) for line in house.ledger.records[0].draft.lines] == [
        ("id-MUG", Decimal(10)),
        ("90", Decimal(2)),
    ]
