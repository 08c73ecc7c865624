"""Marketplace orders in: nothing is missed or taken twice, and the watermark moves only after all is stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes import House, a_house, a_line, an_order, fetched
from tests.fakes.orders import waiting
from tieout.domain.errors import Reason
from tieout.domain.exchange import FetchedOrder
from tieout.domain.orders.order import Order
from tieout.domain.postings import Key, Kind, Lane, State, version_of
from tieout.flows.orders.collect import collect_by_id, collect_updates, record, sweep


def key(order_id: str, kind: Kind = Kind.SALES_ORDER) -> Key:
    return Key("brightside", order_id, kind, order_id)


def states(house: House) -> dict[str, State]:
    return {f"{each.kind} {each.source_id}": posting.state for each, posting in house.postings.all.items()}


def seen(house: House, *orders: Order) -> House:
    record("brightside", [fetched(order) for order in orders], house.at)
    return house


def later(order: Order, minutes: int = 1, **details: object) -> Order:
    updated_at = order.updated_at + timedelta(minutes=minutes)
    return replace(order, updated_at=updated_at, version=version_of(updated_at), **details)


def test_a_sold_order_is_to_be_posted_and_its_worker_is_called() -> None:
    house = seen(a_house(), an_order("A-1"))
    assert states(house) == {"SO A-1": State.DUE}
    assert [each.key for each in house.doorbells.receive(Lane.ORDERS_TO_POST)] == [key("A-1")]


@pytest.mark.parametrize("state", ["SHIPPING", "SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"])
def test_an_order_is_posted_from_shipping_on(state: str) -> None:
    assert states(seen(a_house(), an_order("A-1", state=state))) == {"SO A-1": State.DUE}


@pytest.mark.parametrize("state", ["STAGING", "WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "REFUSED", "CANCELED"])
def test_an_order_whose_payment_is_not_secured_is_not_posted(state: str) -> None:
    assert states(seen(a_house(), an_order("A-1", state=state))) == {}


def test_an_order_with_no_live_line_left_is_not_posted() -> None:
    assert states(seen(a_house(), an_order("A-1", [a_line(state="CANCELED")]))) == {}


@pytest.mark.parametrize(
    ("mode", "expected"), [("auto", {"ACC A-1": State.DUE}), ("manual", {"ACC A-1": State.PARKED}), ("off", {})]
)
def test_who_accepts_decides_what_a_waiting_order_becomes(mode: str, expected: dict[str, State]) -> None:
    house = a_house(marketplaces__brightside__orders__acceptance={"mode": mode})
    assert states(seen(house, waiting(an_order("A-1")))) == expected


def test_an_operator_never_accepts_for_its_sellers() -> None:
    house = a_house(marketplaces__brightside__role="operator", marketplaces__brightside__shop_id=None)
    assert states(seen(house, waiting(an_order("A-1")))) == {}


def test_the_same_version_seen_again_changes_nothing() -> None:
    house = seen(a_house(), an_order("A-1"))
    before = dict(house.postings.all)
    house.doorbells.receive(Lane.ORDERS_TO_POST)
    assert record("brightside", [fetched(an_order("A-1"))] * 3, house.at).fresh == 0
    assert house.postings.all == before
    assert house.doorbells.waiting(Lane.ORDERS_TO_POST) == 1


def test_an_older_version_never_overwrites_a_newer_one() -> None:
    order = an_order("A-1")
    house = seen(a_house(), later(order), order)
    assert house.postings.all[key("A-1")].source_version == later(order).version


def test_a_newer_version_takes_the_place_of_one_that_was_not_sent() -> None:
    order = an_order("A-1")
    house = seen(a_house(), order)
    seen(house, later(order))
    posting = house.postings.all[key("A-1")]
    assert (posting.source_version, posting.payload) == (
        later(order).version,
        f"orders/brightside/A-1/{later(order).version}.json",
    )


def test_an_order_canceled_before_it_was_posted_is_not_posted_any_more() -> None:
    order = an_order("A-1")
    house = seen(a_house(), order)
    seen(house, later(order, state="CANCELED"))
    assert states(house) == {"SO A-1": State.SUPERSEDED, "CLOSE A-1": State.DUE}


def test_an_order_canceled_while_a_throttled_worker_held_it_is_not_posted_by_the_next() -> None:
    order = an_order("A-1")
    house = seen(a_house(), order)
    house.clock.advance(minutes=1)
    (held,) = house.postings.claim([key("A-1")], house.clock())
    seen(house, later(order, state="CANCELED"))
    house.postings.release(held, house.clock(), "429", house.clock(), untouched=True)
    assert states(house) == {"SO A-1": State.SUPERSEDED, "CLOSE A-1": State.DUE}


def test_an_order_that_does_not_read_is_parked_with_the_field_and_its_bytes_are_kept() -> None:
    house = a_house()
    raw = FetchedOrder("A-1", datetime(2026, 3, 2, tzinfo=UTC), b"{}", None, "price is missing")
    record("brightside", [raw], house.at)
    posting = house.postings.all[key("A-1")]
    assert (posting.reason, posting.facts) == (Reason.UNREADABLE_ORDER, {"problem": "price is missing"})
    assert house.archive.documents[posting.payload] == b"{}"


def test_orders_from_before_the_cut_over_stay_where_they_were() -> None:
    old = an_order("A-1", created_at=datetime(2025, 12, 31, 23, 59, tzinfo=UTC))
    assert states(seen(a_house(), old)) == {}


def test_the_archive_names_an_order_safely() -> None:
    house = seen(a_house(), an_order("A/1 é"))
    assert list(house.archive.documents) == [f"orders/brightside/A%2F1%20%C3%A9/{an_order().version}.json"]


def test_a_poll_reads_from_the_last_one_on_with_an_overlap_on_mirakls_clock() -> None:
    house = a_house()
    house.market.put(an_order("A-1"))
    assert collect_updates("brightside", house.at).fresh == 1
    assert house.watermarks.read("brightside") == house.clock()
    house.clock.advance(minutes=15)
    house.market.put(an_order("A-2"))
    collected = collect_updates("brightside", house.at)
    assert (collected.seen, collected.fresh) == (2, 1)  # ten minutes before the last poll, A-1 again
    house.clock.advance(minutes=5)
    assert collect_updates("brightside", house.at).seen == 1


def test_the_watermark_stays_when_storing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    house = a_house()
    house.market.put(an_order("A-1"))

    def full(_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(house.archive, "store", full)
    with pytest.raises(OSError, match="disk full"):
        collect_updates("brightside", house.at)
    assert house.watermarks.read("brightside") is None


def test_the_nightly_sweep_finds_what_a_poll_missed_and_leaves_the_watermark() -> None:
    house = a_house()
    house.market.put(an_order("A-1"))
    house.clock.advance(hours=48)
    house.watermarks.advance("brightside", house.clock())
    assert collect_updates("brightside", house.at).seen == 0
    assert sweep("brightside", house.at).fresh == 1
    assert house.watermarks.read("brightside") == house.clock()


def test_a_webhook_brings_the_order_as_mirakl_has_it_and_an_unknown_id_brings_nothing() -> None:
    house = a_house()
    house.market.put(an_order("A-1"))
    assert collect_by_id("brightside", ["A-1", "NOBODY"], house.at).fresh == 1
    assert states(house) == {"SO A-1": State.DUE}


VERSIONS = [
    waiting(an_order("A-1")),
    later(an_order("A-1"), 1, state="WAITING_DEBIT"),
    later(an_order("A-1"), 2),
    later(an_order("A-1"), 3, state="SHIPPED"),
    later(an_order("A-2"), 1),
    later(an_order("A-2"), 2, state="CANCELED"),
    an_order("a-1"),
]


@settings(deadline=None)
@given(st.permutations(VERSIONS), st.lists(st.sampled_from(VERSIONS), max_size=6), st.integers(1, 4))
def test_pages_in_any_order_and_any_number_leave_the_same_postings(
    pages: list[Order], again: list[Order], size: int
) -> None:
    """As long as the newest version of each order comes at all."""
    house = a_house()
    everything = pages + again
    for start in range(0, len(everything), size):
        seen(house, *everything[start : start + size])
    sales = {each: posting for each, posting in house.postings.all.items() if each.kind is Kind.SALES_ORDER}
    assert sales[key("A-1")].state is State.DUE
    assert sales[key("A-1")].source_version == VERSIONS[3].version
    assert sales[key("a-1")].state is State.DUE
    assert key("A-2") not in sales or sales[key("A-2")].state is State.SUPERSEDED
    assert house.postings.posting(key("A-1", Kind.ACCEPTANCE)) is None or (
        house.postings.all[key("A-1", Kind.ACCEPTANCE)].state is State.SUPERSEDED
    )
