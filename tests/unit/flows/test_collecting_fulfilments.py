"""What NetSuite shipped is found, however often and in whatever order it is seen; what was undone is a person's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes import House, a_house, a_line, an_order, fetched
from tests.fakes.dispatch import a_fulfilment
from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.postings import Key, Kind, Lane, Posting, State
from tieout.domain.shipments.fulfilment import FulfilledLine, Fulfilment
from tieout.flows.orders.collect import record
from tieout.flows.shipments.collect import (
    READING,
    collect_fulfilments,
    collect_fulfilments_by_id,
    sweep_fulfilments,
)
from tieout.flows.shipments.confirm import confirm_shipments

PACKED, SHIPPED = "B", "C"


def a_warehouse(**config: Any) -> House:
    """A house with one order for three mugs, seen; its warehouse has shipped nothing."""
    house = a_house(**config)
    house.clock.advance(minutes=1)
    deadline = house.clock.now + timedelta(days=2)
    house.market.put(an_order("A-1", [a_line("MUG", quantity=3)], deadline=deadline))
    record("brightside", [fetched(order) for order in house.market.orders.values()], house.at)
    return house


def an_operator(*own_shops: int) -> House:
    return a_warehouse(
        marketplaces__brightside__role="operator",
        marketplaces__brightside__shop_id=None,
        marketplaces__brightside__operator={"own_shops": own_shops},
    )


def of_mugs(units: int = 3, fulfilment_id: str = "501", **details: Any) -> Fulfilment:
    return a_fulfilment("A-1", fulfilment_id, lines=(FulfilledLine("line-MUG", units),), **details)


def save(house: House, fulfilment: Fulfilment, minutes: float = 6) -> Fulfilment:
    """Time passes, and somebody saves a fulfilment."""
    house.clock.advance(minutes=minutes)
    return house.ledger.save(fulfilment)


def key(kind: Kind = Kind.SHIPMENT, source_id: str = "501") -> Key:
    return Key("brightside", "A-1", kind, source_id)


def undone(house: House) -> Posting | None:
    return house.postings.posting(key(source_id="UNDONE-501"))


def states(house: House) -> dict[str, State]:
    dispatch = {Kind.SHIPMENT, Kind.INVOICE}
    return {
        f"{each.kind} {each.source_id}": posting.state
        for each, posting in house.postings.all.items()
        if each.kind in dispatch
    }


def tell(house: House) -> None:
    due = house.postings.due(Lane.SHIPMENTS_TO_CONFIRM, house.clock(), 100)
    assert confirm_shipments(due, house.at, house.clock() + timedelta(minutes=5)) == []


def told(house: House, fulfilment: Fulfilment | None = None) -> House:
    """The house, with a fulfilment that its marketplace knows."""
    save(house, fulfilment or of_mugs())
    collect_fulfilments(house.at)
    tell(house)
    assert house.postings.all[key()].state is State.CONFIRMED
    return house


# --- what is found ---------------------------------------------------------------------------------------------------


def test_what_was_shipped_is_to_be_told_and_billed_and_its_workers_are_called() -> None:
    house = a_warehouse()
    save(house, of_mugs())
    collected = collect_fulfilments(house.at)
    assert (collected.seen, collected.fresh, collected.due) == (1, 1, 2)
    assert states(house) == {"SHIP 501": State.DUE, "INV 501": State.DUE}
    assert [each.key for each in house.doorbells.receive(Lane.SHIPMENTS_TO_CONFIRM)] == [key()]
    assert key(Kind.INVOICE) in [each.key for each in house.doorbells.receive(Lane.ORDERS_TO_POST)]
    assert house.postings.all[key(Kind.INVOICE)].external_id == "T-brightside-INV-501"
    assert house.postings.all[key()].payload in house.archive.documents


@pytest.mark.parametrize("status", ["A", PACKED])
def test_what_is_picked_or_packed_is_told_to_nobody(status: str) -> None:
    house = a_warehouse()
    save(house, of_mugs(status=status))
    collect_fulfilments(house.at)
    assert states(house) == {}


def test_what_was_packed_and_shipped_within_one_second_is_told() -> None:
    house = a_warehouse()
    packed = save(house, of_mugs(status=PACKED))
    collect_fulfilments(house.at)
    house.ledger.item_fulfilments["501"] = replace(packed, status=SHIPPED)
    collect_fulfilments(house.at)
    assert states(house)["SHIP 501"] is State.DUE


def test_nothing_is_billed_where_somebody_else_bills() -> None:
    house = a_warehouse(marketplaces__brightside__invoices={"trigger": "never"})
    save(house, of_mugs())
    collect_fulfilments(house.at)
    assert states(house) == {"SHIP 501": State.DUE}


def test_a_shipment_to_be_told_knows_the_orders_deadline() -> None:
    house = a_warehouse()
    save(house, of_mugs())
    collect_fulfilments(house.at)
    deadline = house.market.orders["A-1"].deadline
    assert deadline is not None
    assert house.postings.all[key()].facts == {"deadline": deadline.isoformat()}


@pytest.mark.parametrize(
    "details",
    [
        {"marketplace": "unheard-of"},
        {"marketplace": ""},
        {"external_id": "T-brightside-IF-9"},
        {"lines": ()},
        {"lines": (FulfilledLine("TAX-VAT", 1),)},
    ],
)
def test_what_is_of_nobodys_marketplace_or_made_by_tieout_or_of_no_line_of_ours_is_told_to_nobody(
    details: dict[str, Any],
) -> None:
    house = a_warehouse()
    save(house, replace(of_mugs(), **details))
    collect_fulfilments(house.at)
    assert states(house) == {}
    assert house.meter.counts["FulfilmentsIgnored"] == ("marketplace" in details)


def test_a_marketplace_whose_shipments_are_switched_off_is_told_nothing() -> None:
    house = a_warehouse(marketplaces__brightside__shipments={"enabled": False})
    save(house, of_mugs())
    assert collect_fulfilments(house.at).seen == 0
    assert (states(house), house.ledger.calls["fulfilments_changed"]) == ({}, 0)


@pytest.mark.parametrize(("own_shops", "expected"), [((2001,), {"SHIP 501", "INV 501"}), ((9,), set()), ((), set())])
def test_an_operator_tells_and_bills_for_its_own_shops_only(own_shops: tuple[int, ...], expected: set[str]) -> None:
    house = an_operator(*own_shops)
    save(house, of_mugs())
    collect_fulfilments(house.at)
    assert set(states(house)) == expected


# --- windows ---------------------------------------------------------------------------------------------------------


def test_a_poll_reads_from_the_last_one_on_with_an_overlap_on_netsuites_clock() -> None:
    house = a_warehouse()
    house.ledger.ledger_skew = timedelta(minutes=-3)
    save(house, of_mugs())
    house.clock.advance(minutes=5)
    assert collect_fulfilments(house.at).fresh == 1
    assert house.watermarks.read(READING) == house.ledger.now()
    house.clock.advance(minutes=11)
    assert collect_fulfilments(house.at).seen == 1  # five minutes before the last poll, again
    house.clock.advance(minutes=11)
    assert collect_fulfilments(house.at).seen == 0
    assert house.meter.gauges["WatermarkLagSeconds", READING] == 11 * 60


def test_the_watermark_stays_when_storing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    house = a_warehouse()
    save(house, of_mugs())

    def full(_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(house.archive, "store", full)
    with pytest.raises(OSError, match="disk full"):
        collect_fulfilments(house.at)
    assert house.watermarks.read(READING) is None


def test_the_nightly_sweep_finds_what_a_poll_missed_and_leaves_the_watermark() -> None:
    house = a_warehouse()
    save(house, of_mugs())
    house.clock.advance(hours=20)
    house.watermarks.advance(READING, house.clock())
    assert collect_fulfilments(house.at).seen == 0
    assert sweep_fulfilments(house.at).fresh == 1
    assert house.watermarks.read(READING) == house.clock()


def test_a_ring_brings_the_fulfilment_as_netsuite_has_it_and_an_unknown_id_brings_nothing() -> None:
    house = a_warehouse()
    save(house, of_mugs())
    assert collect_fulfilments_by_id(["501", "501", "999"], house.at).fresh == 1
    assert collect_fulfilments_by_id(["501"], house.at).fresh == 0
    assert states(house)["SHIP 501"] is State.DUE


def test_a_known_version_costs_one_look_and_no_write() -> None:
    house = a_warehouse()
    save(house, of_mugs())
    collect_fulfilments(house.at)
    before = dict(house.postings.all)
    stored = dict(house.archive.documents)
    house.doorbells.receive(Lane.SHIPMENTS_TO_CONFIRM)
    assert collect_fulfilments(house.at).fresh == 0
    assert (house.postings.all, house.archive.documents) == (before, stored)
    assert house.doorbells.waiting(Lane.SHIPMENTS_TO_CONFIRM) == 1


# --- undone before it was told: nobody's business --------------------------------------------------------------------


def test_a_fulfilment_that_was_unshipped_before_it_was_told_is_not_told() -> None:
    house = a_warehouse()
    save(house, of_mugs())
    collect_fulfilments(house.at)
    save(house, of_mugs(status=PACKED))
    collect_fulfilments(house.at)
    assert states(house) == {"SHIP 501": State.SUPERSEDED, "INV 501": State.SUPERSEDED}
    assert undone(house) is None


def test_a_fulfilment_that_was_changed_before_it_was_told_is_told_as_it_is() -> None:
    house = a_warehouse()
    save(house, of_mugs(3))
    collect_fulfilments(house.at)
    save(house, of_mugs(2))
    collect_fulfilments(house.at)
    tell(house)
    assert [line.quantity for each in house.market.shipments.values() for line in each.lines] == [2]


def test_a_fulfilment_that_was_deleted_before_it_was_told_is_not_told() -> None:
    house = a_warehouse()
    save(house, of_mugs())
    collect_fulfilments(house.at)
    house.clock.advance(minutes=1)
    house.ledger.remove("501")
    collect_fulfilments(house.at)
    assert states(house) == {"SHIP 501": State.SUPERSEDED, "INV 501": State.SUPERSEDED}


def test_a_fulfilment_that_was_parked_is_tried_again_in_its_newer_version() -> None:
    house = a_warehouse()
    save(house, of_mugs(5))
    collect_fulfilments(house.at)
    tell(house)
    assert house.postings.all[key()].reason == Reason.SHIPPED_TWICE
    save(house, of_mugs(3))
    collect_fulfilments(house.at)
    tell(house)
    assert house.postings.all[key()].state is State.CONFIRMED


# --- undone after it was told: a person's ----------------------------------------------------------------------------


def test_a_told_fulfilment_that_was_unshipped_is_parked_beside_its_shipment_and_counted() -> None:
    house = told(a_warehouse())
    save(house, of_mugs(status=PACKED))
    collect_fulfilments(house.at)
    posting = undone(house)
    assert posting is not None
    assert (posting.state, posting.reason) == (State.PARKED, Reason.FULFILMENT_UNDONE)
    assert posting.facts == {
        "fulfilment": "501",
        "shipment": "shipment-1",
        "undone": "not shipped any more",
        "status": PACKED,
    }
    assert house.postings.all[key()].state is State.CONFIRMED
    assert house.meter.counts["FulfilmentUndone"] == 1


def test_a_told_fulfilment_whose_units_changed_is_parked_with_both_figures() -> None:
    house = told(a_warehouse())
    save(house, of_mugs(2))
    collect_fulfilments(house.at)
    posting = undone(house)
    assert posting is not None
    assert (posting.facts["undone"], posting.facts["line-MUG"]) == ("its lines changed", "3 -> 2")


@pytest.mark.parametrize("by", ["poll", "ring"])
def test_a_told_fulfilment_that_was_deleted_is_parked_once(by: str) -> None:
    house = told(a_warehouse())
    house.clock.advance(minutes=6)
    house.ledger.remove("501")
    for _ in range(2):
        if by == "poll":
            collect_fulfilments(house.at)
        else:
            collect_fulfilments_by_id(["501"], house.at)
    posting = undone(house)
    assert posting is not None
    assert (posting.state, posting.facts["undone"]) == (State.PARKED, "deleted")
    assert house.meter.counts["FulfilmentUndone"] == 1


def test_a_deleted_fulfilment_of_somebody_elses_order_is_nobodys() -> None:
    house = a_warehouse()
    house.ledger.removed["999"] = house.ledger.now()
    collect_fulfilments(house.at)
    assert house.postings.parked() == []


def test_deletions_that_the_role_may_not_see_stop_no_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    house = a_warehouse()
    save(house, of_mugs())

    def refused(*_: object) -> list[str]:
        raise NeedsAttention(Reason.REFUSED_BY_NETSUITE, {"detail": "no permission"})

    monkeypatch.setattr(house.ledger, "fulfilments_deleted", refused)
    assert collect_fulfilments(house.at).fresh == 1
    assert house.watermarks.read(READING) is not None


def test_an_undone_fulfilment_that_was_put_right_waits_for_nobody() -> None:
    house = told(a_warehouse())
    save(house, of_mugs(status=PACKED))
    collect_fulfilments(house.at)
    save(house, of_mugs())
    collect_fulfilments(house.at)
    assert house.postings.parked() == []
    tell(house)
    assert len(house.market.shipments) == 1


def test_a_person_who_dealt_with_an_undone_fulfilment_sends_it_on_and_nothing_is_told() -> None:
    house = told(a_warehouse())
    save(house, of_mugs(status=PACKED))
    collect_fulfilments(house.at)
    house.postings.resubmit(key(source_id="UNDONE-501"), house.clock(), "ada")
    house.market.calls.clear()
    tell(house)
    posting = undone(house)
    assert posting is not None
    assert posting.state is State.CONFIRMED
    assert not house.market.calls


def test_a_fulfilment_that_is_unshipped_while_it_is_told_is_found_by_the_next_look() -> None:
    house = a_warehouse()
    save(house, of_mugs())
    collect_fulfilments(house.at)
    (held,) = house.postings.claim([key()], house.clock())
    save(house, of_mugs(status=PACKED), minutes=1)
    collect_fulfilments(house.at)
    assert undone(house) is None
    house.postings.confirm(held, {"shipment": "shipment-1"}, [], house.clock())
    house.clock.advance(minutes=5)
    collect_fulfilments(house.at)
    assert undone(house) is not None


def test_a_tracking_number_that_came_late_is_told_on_the_same_shipment() -> None:
    carriers = {"carriers": [{"ship_method": "7", "code": "VAN"}, {"ship_method": "8", "code": "DHL"}]}
    house = told(
        a_warehouse(marketplaces__brightside__shipments=carriers), of_mugs(tracking_numbers=(), ship_method="7")
    )
    save(house, of_mugs(tracking_numbers=("1ZLATE",), ship_method="8"))
    collect_fulfilments(house.at)
    tell(house)
    (shipment,) = house.market.shipments.values()
    assert (shipment.tracking.carrier_code, shipment.tracking.number) == ("DHL", "1ZLATE")
    assert (house.market.calls["ST01"], house.market.calls["ST23"], undone(house)) == (1, 1, None)
    assert {posting.state for posting in house.postings.all.values() if posting.key.kind is Kind.SHIPMENT} == {
        State.CONFIRMED
    }


VERSIONS = (
    (PACKED, 3, ("1Z501",)),
    (SHIPPED, 3, ("1Z501",)),
    (SHIPPED, 3, ("1Z501", "1Z502")),
    (SHIPPED, 2, ("1Z501",)),
)


@settings(deadline=None, max_examples=80)
@given(st.lists(st.tuples(st.sampled_from(VERSIONS), st.booleans(), st.booleans()), min_size=1, max_size=6))
def test_whatever_the_warehouse_does_nothing_is_told_twice_and_what_was_told_and_is_not_true_is_parked(
    saves: list[tuple[tuple[str, int, tuple[str, ...]], bool, bool]],
) -> None:
    """Each save may be missed by the ring, and by a poll; what stands at the end is what is judged."""
    house = a_warehouse()
    for (status, units, numbers), rung, worked in saves:
        save(house, of_mugs(units, status=status, tracking_numbers=numbers))
        if rung:
            collect_fulfilments_by_id(["501"], house.at)
        if worked:
            tell(house)
    collect_fulfilments(house.at)
    tell(house)
    sweep_fulfilments(house.at)
    (status, units, _), _, _ = saves[-1]
    made = list(house.market.shipments.values())
    assert len(made) <= 1
    is_true = bool(made) and status == SHIPPED and made[0].lines[0].quantity == units
    posting = undone(house)
    is_parked = posting is not None and posting.state is State.PARKED
    assert is_parked == (bool(made) and not is_true)
    assert made or status != SHIPPED
