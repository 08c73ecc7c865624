"""Request bodies from shipping on: tracking, shipments, cancelations, refunds, returns."""

from decimal import Decimal
from typing import Any, Literal

import msgspec

Json = dict[str, Any]
TaxMode = Literal["TAX_INCLUDED", "TAX_EXCLUDED"]
Rejection = Literal["RETURN_REJECTION_NOT_ELIGIBLE", "RETURN_REJECTION_NOT_NEEDED", "RETURN_REJECTION_WINDOW_CLOSED"]
NonCompliance = Literal[
    "RETURN_NON_COMPLIANT_MISSING_ITEM",
    "RETURN_NON_COMPLIANT_WRONG_PRODUCT",
    "RETURN_NON_COMPLIANT_DAMAGED_PRODUCT",
    "RETURN_NON_COMPLIANT_WINDOW_CLOSED",
    "RETURN_NON_COMPLIANT_OTHER",
]


class OrderTracking(msgspec.Struct, forbid_unknown_fields=True):
    """OR23."""

    carrier_code: str | None = None
    carrier_name: str | None = None
    carrier_standard_code: str | None = None
    carrier_url: str | None = None
    tracking_number: str | None = None


class Tracking(msgspec.Struct, forbid_unknown_fields=True):
    carrier_code: str | None = None
    carrier_name: str | None = None
    carrier_standard_code: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None


class ShipmentLine(msgspec.Struct, forbid_unknown_fields=True):
    order_line_id: str | None = None
    offer_sku: str | None = None
    package_reference: str | None = None
    quantity: int | None = None


class NewShipment(msgspec.Struct, forbid_unknown_fields=True):
    order_id: str | None = None
    shipment_lines: list[ShipmentLine] | None = None
    shipped: bool | None = None
    tracking: Tracking | None = None
    invoice_reference: str | None = None
    shipping_from: Json | None = None
    shipment_additional_information: list[Json] | None = None


class NewShipments(msgspec.Struct, forbid_unknown_fields=True):
    """ST01."""

    shipments: list[NewShipment] | None = None


class Named(msgspec.Struct, forbid_unknown_fields=True):
    id: str | None = None


class NamedShipments(msgspec.Struct, forbid_unknown_fields=True):
    """ST06 and ST24."""

    shipments: list[Named] | None = None


class TrackedShipment(msgspec.Struct, forbid_unknown_fields=True):
    id: str | None = None
    tracking: Tracking | None = None


class TrackedShipments(msgspec.Struct, forbid_unknown_fields=True):
    """ST23."""

    shipments: list[TrackedShipment] | None = None


class Amount(msgspec.Struct, forbid_unknown_fields=True):
    """A tax or a fee."""

    code: str
    amount: Decimal


class Cancelation(msgspec.Struct, forbid_unknown_fields=True):
    order_line_id: str | None = None
    amount: Decimal | None = None
    shipping_amount: Decimal | None = None
    reason_code: str | None = None
    quantity: int | None = None
    currency_iso_code: str | None = None
    taxes: list[Amount] | None = None
    shipping_taxes: list[Amount] | None = None
    fees: list[Amount] | None = None


class Cancelations(msgspec.Struct, forbid_unknown_fields=True):
    """OR30."""

    cancelations: list[Cancelation] | None = None
    order_tax_mode: TaxMode | None = None


class Refund(Cancelation, forbid_unknown_fields=True):
    """As a seller sends it."""

    excluded_from_shipment: bool | None = None


class OperatorRefund(Refund, forbid_unknown_fields=True):
    tax_legal_notice: str | None = None


class Refunds(msgspec.Struct, forbid_unknown_fields=True):
    """OR28."""

    refunds: list[Refund] | None = None
    order_tax_mode: TaxMode | None = None


class OperatorRefunds(msgspec.Struct, forbid_unknown_fields=True):
    refunds: list[OperatorRefund] | None = None
    order_tax_mode: TaxMode | None = None


class ReturnDecision(msgspec.Struct, forbid_unknown_fields=True):
    id: str | None = None
    accepted: bool | None = None
    rejection_reason_code: Rejection | None = None


class ReturnDecisions(msgspec.Struct, forbid_unknown_fields=True):
    """RT21."""

    returns: list[ReturnDecision] | None = None


class NamedReturns(msgspec.Struct, forbid_unknown_fields=True):
    """RT25."""

    returns: list[Named] | None = None


class JudgedLine(msgspec.Struct, forbid_unknown_fields=True):
    order_line_id: str | None = None
    compliant: bool | None = None
    non_compliance_reason_code: NonCompliance | None = None
    non_compliance_additional_info: str | None = None


class JudgedReturn(msgspec.Struct, forbid_unknown_fields=True):
    id: str | None = None
    return_lines: list[JudgedLine] | None = None


class JudgedReturns(msgspec.Struct, forbid_unknown_fields=True):
    """RT26."""

    returns: list[JudgedReturn] | None = None
