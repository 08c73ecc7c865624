"""A Mirakl shipment in the words of the domain (ST11), and what is told to Mirakl of one (ST01, ST23, OR23)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import DecodeError, ValidationError

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.shipments.shipment import (
    Created,
    FetchedShipment,
    Shipment,
    ShipmentDraft,
    ShippedLine,
    Tracking,
)
from tieout.mirakl import wire_dispatch as wire
from tieout.mirakl.refusals import NOT_ANSWERED, item_words
from tieout.mirakl.values import NEVER, Unreadable, name_of_their_own, needed, shop_of, units, utc


def fetched_shipment(raw: bytes, shop_id: int | None) -> FetchedShipment:
    """A shipment of a page with its bytes. One that does not read is kept with its problem, so that it parks."""
    try:
        shipment = read_shipment(raw, shop_id)
    except NeedsAttention as why:
        shipment_id, order_id, updated_at = _head(raw)
        return FetchedShipment(shipment_id, order_id, updated_at, raw, None, why.facts["problem"])
    return FetchedShipment(shipment.id, shipment.order_id, shipment.updated_at or NEVER, raw, shipment)


def _head(raw: bytes) -> tuple[str, str, datetime]:
    try:
        head = wire.SHIPMENT_HEAD.decode(raw)
    except (ValidationError, DecodeError):
        head = wire.ShipmentHead()
    updated_at = head.last_updated_date
    return head.id or name_of_their_own(raw), head.order_id or "", utc(updated_at) if updated_at else NEVER


def read_shipment(raw: bytes, shop_id: int | None) -> Shipment:
    """A shipment from its bytes. Raises NeedsAttention(UNREADABLE_DOCUMENT), with the ids as far as they read."""
    try:
        return _shipment(wire.SHIPMENT.decode(raw), shop_id)
    except (ValidationError, DecodeError, Unreadable) as error:
        shipment_id, order_id, _ = _head(raw)
        facts = {"shipment_id": shipment_id, "order_id": order_id, "problem": str(error)}
        raise NeedsAttention(Reason.UNREADABLE_DOCUMENT, facts) from error


def _shipment(theirs: wire.Shipment, shop_id: int | None) -> Shipment:
    if theirs.shipment_lines is None:
        raise Unreadable("shipment_lines is missing")
    told = theirs.tracking or wire.Tracking()
    lines = tuple([_line(line, f"shipment_lines[{index}]") for index, line in enumerate(theirs.shipment_lines)])
    packed = next((line.package_reference for line in lines if line.package_reference), "")
    return Shipment(
        id=needed(theirs.id, "id"),
        order_id=needed(theirs.order_id, "order_id"),
        state=needed(theirs.status, "status"),
        lines=lines,
        tracking=Tracking(
            number=told.tracking_number or "",
            carrier_code=told.carrier_code or "",
            carrier_standard_code=told.carrier_standard_code or "",
            carrier_name=told.carrier_name or "",
            url=told.tracking_url or "",
        ),
        reference=packed or theirs.invoice_reference or "",
        updated_at=utc(theirs.last_updated_date) if theirs.last_updated_date else None,
        shipped_at=utc(theirs.shipped_date) if theirs.shipped_date else None,
        seller_id=shop_of(theirs.shop_id, shop_id),
    )


def _line(line: wire.ShipmentLine, at: str) -> ShippedLine:
    return ShippedLine(
        needed(line.order_line_id, f"{at}.order_line_id"),
        units(line.quantity, f"{at}.quantity"),
        line.package_reference or "",
    )


def shipment_body(draft: ShipmentDraft) -> dict[str, Any]:
    """One shipment of ST01; the draft's reference goes into each of its lines."""
    body: dict[str, Any] = {
        "order_id": draft.order_id,
        "shipment_lines": [
            {"order_line_id": line.line_id, "quantity": line.quantity, "package_reference": draft.reference}
            for line in draft.lines
        ],
        "shipped": draft.shipped,
    }
    if tracking := tracking_body(draft.tracking):
        body["tracking"] = tracking
    if draft.invoice_reference:
        body["invoice_reference"] = draft.invoice_reference
    return body


def tracking_body(tracking: Tracking, url: str = "tracking_url") -> dict[str, str]:
    """What is set; `url` is what the operation calls the address (OR23: `carrier_url`)."""
    told = {
        "carrier_code": tracking.carrier_code,
        "carrier_standard_code": tracking.carrier_standard_code,
        "carrier_name": tracking.carrier_name,
        "tracking_number": tracking.number,
        url: tracking.url,
    }
    return {name: value for name, value in told.items() if value}


def created_of(answer: wire.CreatedShipments, drafts: Sequence[ShipmentDraft]) -> Created:
    """ST01's answer by our references.

    A shipment that was made names its reference; one that does not is known by its order and lines. A refusal names
    its order only: those of an order are taken to be of its drafts that were not made, in the order they were sent.
    """
    left = {draft.reference: draft for draft in drafts}
    ids: dict[str, str] = {}
    for known in (_by_reference, _by_lines):
        for made in answer.shipment_success:
            reference = known(made, left) if made.id and made.id not in ids.values() else None
            if reference is not None and made.id:
                ids[reference] = made.id
                del left[reference]
    words: dict[str, list[str]] = {}
    for error in answer.shipment_errors or []:
        words.setdefault(error.order_id or "", []).append(item_words(error.message))
    refused = {}
    for reference, draft in left.items():
        of_order = words.get(draft.order_id) or []
        refused[reference] = of_order.pop(0) if of_order else NOT_ANSWERED
    return Created(ids, refused)


def _by_reference(made: wire.Shipment, left: dict[str, ShipmentDraft]) -> str | None:
    named = {line.package_reference for line in made.shipment_lines or []} & left.keys()
    return next((each for each in named if each is not None and left[each].order_id == made.order_id), None)


def _by_lines(made: wire.Shipment, left: dict[str, ShipmentDraft]) -> str | None:
    """Only where it names no reference: a reference that is not ours is a shipment that is not ours."""
    if any(line.package_reference for line in made.shipment_lines or []):
        return None
    packed = {line.order_line_id: line.quantity for line in made.shipment_lines or []}
    for reference, draft in left.items():
        wanted = {line.line_id: line.quantity for line in draft.lines}
        if draft.order_id == made.order_id and packed.items() == wanted.items():
            return reference
    return None
