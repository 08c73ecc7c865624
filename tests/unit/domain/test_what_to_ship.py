"""What a marketplace is still to be told, seen what it has: never more than was shipped, never more than is left."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.fakes import a_line, an_order
from tests.fakes.dispatch import a_fulfilment
from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.orders.order import Order
from tieout.domain.shipments.fulfilment import FulfilledLine, Fulfilment
from tieout.domain.shipments.shipment import Shipment, ShippedLine
from tieout.domain.shipments.what_to_ship import (
    LONGEST_REFERENCE,
    Later,
    Send,
    Told,
    is_refused_twice,
    own_shipment,
    what_to_ship,
    with_parcels,
)

OURS = "T-brightside-SHIP-"
SKUS = ("MUG", "BOWL")
UNITS = st.fixed_dictionaries({sku: st.integers(0, 4) for sku in SKUS})


def an_order_for(units: dict[str, int], state: str = "SHIPPING") -> Order:
    return an_order("A-1", [a_line(sku, quantity=count) for sku, count in units.items() if count], state=state)


def a_fulfilment_of(units: dict[str, int]) -> Fulfilment:
    lines = tuple(FulfilledLine(f"line-{sku}", count) for sku, count in units.items() if count)
    return a_fulfilment("A-1", lines=lines)


def a_shipment(units: dict[str, int], reference: str = "", state: str = "SHIPPED") -> Shipment:
    lines = tuple(ShippedLine(f"line-{sku}", count) for sku, count in units.items() if count)
    return Shipment(id=f"s{reference}", order_id="A-1", state=state, lines=lines, reference=reference)


@given(UNITS, UNITS, UNITS, UNITS)
def test_what_is_sent_is_what_left_as_far_as_the_order_has_room_for_it(
    room: dict[str, int], left: dict[str, int], ours: dict[str, int], theirs: dict[str, int]
) -> None:
    ordered = {sku: ours[sku] + theirs[sku] + room[sku] for sku in SKUS}
    assume(any(ordered.values()) and any(left.values()))
    shipments = [a_shipment(ours, f"{OURS}1"), a_shipment(theirs), a_shipment(ordered, f"{OURS}9", "CANCELED")]
    fulfilment, order = a_fulfilment_of(left), an_order_for(ordered)
    if any(left[sku] and ours[sku] + left[sku] > ordered[sku] for sku in SKUS):
        with pytest.raises(NeedsAttention) as caught:
            what_to_ship(fulfilment, OURS, order, shipments)
        assert caught.value.reason is Reason.SHIPPED_TWICE
        return
    verdict = what_to_ship(fulfilment, OURS, order, shipments)
    sent = Counter({line.line_id: line.quantity for line in verdict.lines} if isinstance(verdict, Send) else {})
    for sku in SKUS:
        assert sent[f"line-{sku}"] == min(left[sku], room[sku])


@given(UNITS, UNITS)
def test_where_a_second_copy_is_said_to_be_refused_there_is_no_room_for_two(
    rest: dict[str, int], left: dict[str, int]
) -> None:
    assume(any(left.values()))
    ordered = {sku: left[sku] + rest[sku] for sku in SKUS}
    fits_twice = all(2 * left[sku] <= ordered[sku] for sku in SKUS)
    assert is_refused_twice(a_fulfilment_of(left), an_order_for(ordered), []) == (not fits_twice)


def test_an_order_that_is_not_to_be_shipped_yet_is_told_later_and_one_that_is_shipped_is_told() -> None:
    one = {"MUG": 1, "BOWL": 0}
    fulfilment = a_fulfilment_of(one)
    assert what_to_ship(fulfilment, OURS, an_order_for(one, "WAITING_DEBIT"), []) == Later("the order is WAITING_DEBIT")
    assert what_to_ship(fulfilment, OURS, None, []) == Later("Mirakl does not list the order")
    assert what_to_ship(fulfilment, OURS, an_order_for(one, "RECEIVED"), []) == Told("the order was RECEIVED already")


@given(st.lists(st.text("0123456789AZ", min_size=1, max_size=40), max_size=20))
def test_a_shipment_is_found_by_its_reference_however_many_parcels_it_names(numbers: list[str]) -> None:
    reference = with_parcels(f"{OURS}50", numbers)
    assert len(reference) <= LONGEST_REFERENCE
    shipments = [a_shipment({"MUG": 1}, with_parcels(f"{OURS}501", numbers)), a_shipment({"MUG": 1}, reference)]
    found = own_shipment(f"{OURS}50", shipments)
    assert found is not None
    assert found.reference == reference
