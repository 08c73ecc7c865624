"""How a shipment's bytes become a shipment, and what a created one is known by."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.shared import shared
from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.shipments.shipment import ShipmentDraft, ShippedLine, Tracking
from tieout.mirakl import wire_dispatch as wire
from tieout.mirakl.shipments import (
    created_of,
    fetched_shipment,
    read_shipment,
    shipment_body,
    tracking_body,
)


def a_wire_shipment(**details: Any) -> dict[str, Any]:
    return {
        "id": "S-1",
        "order_id": "A-1",
        "status": "SHIPPED",
        "last_updated_date": "2026-10-03T09:00:00Z",
        "shipped_date": "2026-10-03T08:59:59.5Z",
        "invoice_reference": None,
        "shipment_lines": [{"order_line_id": "A-1-1", "quantity": 2, "package_reference": "T-m-SHIP-7"}],
        "tracking": {"carrier_code": "DHL", "tracking_number": "JD014", "carrier_name": None},
        **details,
    }


def a_draft(reference: str, order_id: str = "A-1", quantity: int = 1, line: str = "1", **details: Any) -> ShipmentDraft:
    lines = (ShippedLine(f"{order_id}-{line}", quantity),)
    return ShipmentDraft(reference=reference, order_id=order_id, lines=lines, **details)


def made(shipment_id: str | None, order_id: str = "A-1", reference: str | None = None, **line: Any) -> wire.Shipment:
    packed = {"order_line_id": f"{order_id}-1", "quantity": 1, **line}
    return wire.Shipment(
        id=shipment_id,
        order_id=order_id,
        shipment_lines=[wire.ShipmentLine(package_reference=reference, **packed)],
    )


def refused(order_id: str, message: str | None) -> wire.RefusedShipment:
    return wire.RefusedShipment(order_id, message)


def test_a_shipment_says_what_left_how_and_when():
    shipment = read_shipment(json.dumps(a_wire_shipment()).encode(), 2001)
    assert (shipment.id, shipment.order_id, shipment.state) == ("S-1", "A-1", "SHIPPED")
    assert shipment.lines == (ShippedLine("A-1-1", 2, "T-m-SHIP-7"),)
    assert shipment.tracking == Tracking(carrier_code="DHL", number="JD014")
    assert (shipment.reference, shipment.seller_id) == ("T-m-SHIP-7", 2001)
    assert shipment.updated_at == datetime(2026, 10, 3, 9, tzinfo=UTC)
    assert shipment.shipped_at == datetime(2026, 10, 3, 8, 59, 59, 500000, tzinfo=UTC)


def test_a_shipment_is_known_by_its_packages_else_by_its_invoice():
    lines = [{"order_line_id": "A-1-1", "quantity": 1}]
    by_invoice = a_wire_shipment(shipment_lines=lines, invoice_reference="INV-7")
    assert read_shipment(json.dumps(by_invoice).encode(), None).reference == "INV-7"
    both = a_wire_shipment(invoice_reference="INV-7")
    assert read_shipment(json.dumps(both).encode(), None).reference == "T-m-SHIP-7"
    by_nothing = a_wire_shipment(shipment_lines=lines)
    assert read_shipment(json.dumps(by_nothing).encode(), None).reference == ""


def test_nulls_unknown_states_and_fields_are_no_reason_to_stop():
    bare = a_wire_shipment(status="A_NEW_STATE", tracking=None, shipped_date=None, last_updated_date=None, newcomer=[1])
    shipment = read_shipment(json.dumps(bare).encode(), None)
    assert (shipment.state, shipment.tracking, shipment.shipped_at, shipment.updated_at) == (
        "A_NEW_STATE",
        Tracking(),
        None,
        None,
    )


@pytest.mark.parametrize(
    ("problem", "details"),
    [
        ("id is missing", {"id": None}),
        ("order_id is missing", {"order_id": ""}),
        ("status is missing", {"status": None}),
        ("shipment_lines is missing", {"shipment_lines": None}),
        ("shipment_lines[0].order_line_id is missing", {"shipment_lines": [{"quantity": 1}]}),
        ("shipment_lines[0].quantity is missing", {"shipment_lines": [{"order_line_id": "A-1-1"}]}),
    ],
)
def test_a_shipment_that_does_not_read_is_kept_with_what_is_wrong(problem: str, details: dict[str, Any]):
    """A quantity that is missing is not zero: it would be shipped once more."""
    raw = json.dumps(a_wire_shipment(**details)).encode()
    with pytest.raises(NeedsAttention) as unreadable:
        read_shipment(raw, None)
    assert (unreadable.value.reason, unreadable.value.facts["problem"]) == (Reason.UNREADABLE_DOCUMENT, problem)
    kept = fetched_shipment(raw, None)
    assert (kept.shipment, kept.problem, kept.raw) == (None, problem, raw)
    assert kept.shipment_id
    assert kept.updated_at == datetime(2026, 10, 3, 9, tzinfo=UTC)


def test_bytes_that_are_no_shipment_get_a_name_of_their_own():
    kept, other = (fetched_shipment(raw, None) for raw in (b"{}", b"null"))
    assert kept.shipment_id == fetched_shipment(b"{}", None).shipment_id != other.shipment_id


@pytest.mark.parametrize("persona", ["seller", "operator"])
def test_the_official_example_of_st11_reads(persona: str):
    example = json.loads(shared(f"fixtures/mirakl/openapi-{persona}/ST11-resp200-0.json").read_bytes())
    shipment = read_shipment(json.dumps(example["data"][0]).encode(), None)
    assert (shipment.state, shipment.reference, shipment.tracking.number) == ("SHIPPED", "package_ref_1", "1315A26")
    assert [(line.line_id, line.quantity) for line in shipment.lines] == [("ORDER_01-A-1", 1), ("ORDER_01-A-2", 3)]


def test_our_reference_goes_into_every_line_and_nothing_empty_is_sent():
    lines = (ShippedLine("A-1-1", 2), ShippedLine("A-1-2", 1))
    assert shipment_body(ShipmentDraft(reference="T-m-SHIP-7", order_id="A-1", lines=lines, shipped=False)) == {
        "order_id": "A-1",
        "shipped": False,
        "shipment_lines": [
            {"order_line_id": "A-1-1", "quantity": 2, "package_reference": "T-m-SHIP-7"},
            {"order_line_id": "A-1-2", "quantity": 1, "package_reference": "T-m-SHIP-7"},
        ],
    }
    whole = shipment_body(a_draft("T-m-SHIP-7", tracking=Tracking(number="JD014"), invoice_reference="INV-7"))
    assert (whole["shipped"], whole["tracking"], whole["invoice_reference"]) == (
        True,
        {"tracking_number": "JD014"},
        "INV-7",
    )


def test_each_operation_has_its_own_word_for_a_carriers_address():
    own = Tracking(carrier_name="Pigeon Post", url="https://pigeons.example")
    assert tracking_body(own)["tracking_url"] == tracking_body(own, "carrier_url")["carrier_url"]
    assert set(tracking_body(own, "carrier_url")) == {"carrier_name", "carrier_url"}


def test_shipments_are_told_apart_by_our_reference_in_whatever_order_they_come():
    drafts = [a_draft("first"), a_draft("second"), a_draft("third", "B-1")]
    answer = wire.CreatedShipments(
        [made("S-3", "B-1", "third"), made("S-2", reference="second"), made("S-1", reference="first")]
    )
    created = created_of(answer, drafts)
    assert (created.ids, created.refused) == ({"first": "S-1", "second": "S-2", "third": "S-3"}, {})


def test_a_shipment_that_comes_without_our_reference_is_known_by_its_lines():
    drafts = [a_draft("two", quantity=2), a_draft("one", quantity=1)]
    created = created_of(wire.CreatedShipments([made("S-1"), made("S-2", quantity=2)]), drafts)
    assert created.ids == {"two": "S-2", "one": "S-1"}


def test_a_shipment_with_another_reference_or_order_is_none_of_ours():
    answer = wire.CreatedShipments(
        [made("S-1", reference="theirs"), made("S-2", "B-1", "ours"), made(None, reference="ours")]
    )
    created = created_of(answer, [a_draft("ours")])
    assert (created.ids, created.refused) == ({}, {"ours": "not in Mirakl's answer"})


def test_a_refusal_is_of_the_drafts_of_its_order_that_were_not_made():
    drafts = [a_draft("made"), a_draft("much"), a_draft("late"), a_draft("lost"), a_draft("other", "B-1")]
    answer = wire.CreatedShipments(
        [made("S-1", reference="made")], [refused("A-1", "too much"), refused("B-1", None), refused("A-1", "x" * 500)]
    )
    created = created_of(answer, drafts)
    assert created.ids == {"made": "S-1"}
    assert created.refused == {
        "much": "too much",
        "late": "x" * 300,
        "lost": "not in Mirakl's answer",
        "other": "refused without a word",
    }
