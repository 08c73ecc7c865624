"""Our Mirakl client against the Mirakl twin, over real HTTP: what leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.or11 import a_wire_line, a_wire_order
from tests.integration.running_twins import Running, running
from tieout.domain.errors import NeedsAttention, OutcomeUnknown, Throttled
from tieout.domain.shipments.shipment import Created, ShipmentDraft, ShippedLine, Tracking

DHL = Tracking(carrier_code="DHL", number="JD014")


def draft(order_id: str, quantity: int = 1, **details: Any) -> ShipmentDraft:
    """Some mugs of an order's first line."""
    given: dict[str, Any] = {
        "reference": f"T-brightside-uk-SHIP-{order_id}",
        "lines": (ShippedLine(f"{order_id}-1", quantity),),
        "tracking": DHL,
    }
    return ShipmentDraft(order_id=order_id, **(given | details))


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Running]:
    """A platform that ships whole orders."""
    with running(tmp_path, [a_wire_order(f"{name}-1") for name in "ABC"]) as both:
        yield both


@pytest.fixture
def in_parts(whole: Running) -> Running:
    """The same, where orders ship in parts."""
    whole.behave("mirakl", multi_shipment=True)
    return whole


def state_of(twins: Running, order_id: str) -> str:
    (found,) = twins.mirakl().orders_by_id([order_id])
    assert found.order is not None
    return found.order.state


def asked(twins: Running, operation: str) -> int:
    return sum(call["operation"] == operation for call in twins.calls("mirakl"))


@pytest.mark.parametrize("role", ["seller", "operator"])
def test_the_platform_says_how_orders_leave_and_is_asked_once(whole: Running, role: str):
    client = whole.mirakl(role)
    assert client.platform() is client.platform()
    assert (client.platform().multi_shipment, client.platform().alternative_carriers) == (False, True)
    assert client.platform().tax_included
    assert asked(whole, "PC01") == 1
    whole.behave("mirakl", multi_shipment=True, alternative_carriers_disabled=True)
    assert not client.platform().multi_shipment, "kept for the life of the process"
    assert whole.mirakl(role).platform().multi_shipment
    assert not whole.mirakl(role).platform().alternative_carriers


def test_carriers_are_asked_for_once_a_day(whole: Running):
    client = whole.mirakl()
    assert client.carriers()["RMAIL"].standard_code == "ROYAL_MAIL"
    assert "{trackingId}" in client.carriers()["DHL"].tracking_url
    assert client.carriers()["EVRI"].standard_code == ""
    another_process = whole.mirakl()
    for _ in range(2):
        with pytest.raises(Throttled) as refused:
            another_process.carriers()
        assert 23 * 3600 < (refused.value.after_seconds or 0) <= 24 * 3600
    assert asked(whole, "SH21") == 2, "who was told to wait does not ask again"


@pytest.mark.parametrize("role", ["seller", "operator"])
def test_an_order_is_tracked_and_shipped_whole(whole: Running, role: str):
    client = whole.mirakl(role)
    client.track_order("A-1", DHL)
    client.ship_order("A-1")
    assert state_of(whole, "A-1") == "SHIPPED"
    with pytest.raises(NeedsAttention) as refused:
        client.ship_order("A-1")
    assert "SHIPPED" in refused.value.facts["message"]


def test_a_carrier_that_is_not_registered_is_named_with_its_address(whole: Running):
    own = Tracking(carrier_name="Pigeon Post", number="7", url="https://pigeons.example/7")
    whole.mirakl().track_order("A-1", own)
    (tracked,) = whole.mirakl().orders_by_id(["A-1"])
    assert b"https://pigeons.example/7" in tracked.raw
    with pytest.raises(NeedsAttention, match="PIGEON"):
        whole.mirakl().track_order("B-1", Tracking(carrier_code="PIGEON", number="7"))


def test_tracking_and_shipping_without_an_answer_may_have_happened_and_are_not_repeated(whole: Running):
    client = whole.mirakl()
    whole.fault("mirakl", *({"operation": each, "kind": "timeout_after", "seconds": 0.1} for each in ("OR23", "OR24")))
    with pytest.raises(OutcomeUnknown):
        client.track_order("A-1", DHL)
    with pytest.raises(OutcomeUnknown):
        client.ship_order("A-1")
    assert (asked(whole, "OR23"), asked(whole, "OR24")) == (1, 1)
    assert state_of(whole, "A-1") == "SHIPPED"


@pytest.mark.parametrize("role", ["seller", "operator"])
def test_a_part_leaves_in_one_call_and_is_found_by_our_reference(in_parts: Running, role: str):
    client = in_parts.mirakl(role)
    sent = draft("A-1", 2, reference="T-brightside-uk-SHIP-77 parcels: X1, X2", invoice_reference="INV1")
    created = client.create_shipments([sent])
    assert created.refused == {}
    (found,) = client.shipments_of(["A-1", "B-1"])
    assert created.ids == {sent.reference: found.id}
    assert (found.reference, found.state, found.order_id) == (sent.reference, "SHIPPED", "A-1")
    assert found.lines == (ShippedLine("A-1-1", 2, sent.reference),)
    assert (found.tracking.carrier_code, found.tracking.number) == ("DHL", "JD014")
    assert found.shipped_at is not None
    assert found.updated_at is not None
    assert found.seller_id == (2001 if role == "seller" else None)
    assert state_of(in_parts, "A-1") == "SHIPPING", "a mug is left"


def test_what_mirakl_refuses_is_named_by_our_reference_and_keeps_nothing_else_from_leaving(in_parts: Running):
    """Of two shipments of one order the second is too much: its error names the order only."""
    client = in_parts.mirakl()
    answer = client.create_shipments(
        [
            draft("A-1", 2, reference="first"),
            draft("A-1", 2, reference="too much"),
            draft("B-1", reference="no number", tracking=Tracking(carrier_code="DHL")),
            draft("C-1", reference="plain", tracking=Tracking()),
            draft("NONE", reference="lost"),
        ]
    )
    assert set(answer.ids) == {"first", "plain"}
    assert answer.refused == {
        "too much": "Shipment quantity is invalid.",
        "no number": "Tracking number is mandatory for carrier DHL",
        "lost": "Order NONE does not exist.",
    }
    assert {each.id for each in client.shipments_of(["A-1", "B-1", "C-1"])} == set(answer.ids.values())


def test_a_creation_whose_answer_is_lost_is_not_repeated_and_is_found_by_its_reference(in_parts: Running):
    in_parts.fault("mirakl", {"operation": "ST01", "kind": "timeout_after", "seconds": 0.1})
    with pytest.raises(OutcomeUnknown):
        in_parts.mirakl().create_shipments([draft("A-1")])
    assert asked(in_parts, "ST01") == 1
    in_parts.fault("mirakl")
    assert [each.reference for each in in_parts.mirakl().shipments_of(["A-1"])] == ["T-brightside-uk-SHIP-A-1"]


def test_a_shipment_may_be_made_then_tracked_then_shipped(in_parts: Running):
    client = in_parts.mirakl()
    made = client.create_shipments([draft("A-1", 3, shipped=False, tracking=Tracking())])
    (shipment_id,) = made.ids.values()
    assert client.shipments_of(["A-1"])[0].state == "SHIPPING"
    assert client.track_shipments({shipment_id: DHL, "none": DHL}) == {"none": "Shipment none does not exist."}
    assert client.ship_shipments([shipment_id, "none"]) == {"none": "Shipment none does not exist."}
    again = client.ship_shipments([shipment_id])
    assert "SHIPPED" in again[shipment_id]
    assert state_of(in_parts, "A-1") == "SHIPPED"


def test_nothing_to_ship_is_no_call(in_parts: Running):
    client = in_parts.mirakl()
    assert client.create_shipments([]) == Created({}, {})
    assert (client.track_shipments({}), client.ship_shipments([]), client.shipments_of([])) == ({}, {}, [])
    assert in_parts.calls("mirakl") == []


def test_every_shipment_of_a_window_comes_page_by_page(tmp_path: Path):
    names = [f"{n:03d}-A" for n in range(120)]
    orders = [a_wire_order(name, [a_wire_line(f"{name}-1")]) for name in names]
    with running(tmp_path, orders) as twins:
        twins.behave("mirakl", multi_shipment=True)
        client = twins.mirakl("operator")
        start = client.now()
        assert not client.create_shipments([draft(name) for name in names]).refused
        end = client.now() + timedelta(seconds=1)
        pages = list(client.shipments_updated(start - timedelta(seconds=1), end))
        found = [each for page in pages for each in page]
        assert {each.order_id for each in found} == set(names)
        assert all(each.shipment and each.shipment.reference.endswith(each.order_id) for each in found)
        assert client.read_shipment(found[7].raw) == found[7].shipment
        assert list(client.shipments_updated(end + timedelta(hours=1), end + timedelta(hours=2))) == []
        assert len(client.shipments_of(names)) == 120
