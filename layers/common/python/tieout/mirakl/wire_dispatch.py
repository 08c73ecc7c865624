"""What we read of carriers and shipments, as leniently as of orders (see `wire`)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.json import Decoder


class Carrier(Struct, frozen=True):
    """A carrier of SH21."""

    code: str | None = None
    label: str | None = None
    standard_code: str | None = None
    tracking_url: str | None = None


class Carriers(Struct, frozen=True):
    """SH21."""

    carriers: list[Carrier]


class Tracking(Struct, frozen=True):
    """How to follow a shipment, as ST11 and ST01 tell it."""

    carrier_code: str | None = None
    carrier_name: str | None = None
    carrier_standard_code: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None


class ShipmentLine(Struct, frozen=True):
    """Units of an order line in a shipment."""

    order_line_id: str | None = None
    quantity: Decimal | None = None
    package_reference: str | None = None


class Shipment(Struct, frozen=True):
    """A shipment of ST11, or of ST01's answer."""

    id: str | None = None
    order_id: str | None = None
    status: str | None = None
    shipment_lines: list[ShipmentLine] | None = None
    tracking: Tracking | None = None
    invoice_reference: str | None = None
    last_updated_date: datetime | None = None
    shipped_date: datetime | None = None
    shop_id: int | str | None = None


class ShipmentHead(Struct, frozen=True):
    """What names a shipment when the rest does not read."""

    id: str | None = None
    order_id: str | None = None
    last_updated_date: datetime | None = None


class RefusedShipment(Struct, frozen=True):
    """Why one shipment of a call was not made: ST01 names the order only."""

    order_id: str | None = None
    message: str | None = None


class CreatedShipments(Struct, frozen=True):
    """ST01: HTTP 201, also where every shipment was refused."""

    shipment_success: list[Shipment]
    shipment_errors: list[RefusedShipment] | None = None


class Done(Struct, frozen=True):
    """An item that was done."""

    id: str | None = None


class Refused(Struct, frozen=True):
    """An item that was not, and why."""

    id: str | None = None
    message: str | None = None


class ChangedShipments(Struct, frozen=True):
    """ST23 and ST24: HTTP 200, also where every shipment was refused."""

    shipment_success: list[Done] | None = None
    shipment_errors: list[Refused] | None = None


SHIPMENT = Decoder(Shipment)
SHIPMENT_HEAD = Decoder(ShipmentHead)
