"""Request bodies as this twin reads them: unknown fields and wrong types break the contract, null erases a value."""

from typing import Any

import msgspec

from sandbox.calls import ContractViolation
from sandbox.mirakl import dispatch_bodies as later
from sandbox.mirakl.operation import Persona

Json = dict[str, Any]


class Decision(msgspec.Struct, forbid_unknown_fields=True):
    id: str | None = None
    accepted: bool | None = None


class Acceptance(msgspec.Struct, forbid_unknown_fields=True):
    """OR21."""

    order_lines: list[Decision | None] | None = None


class SellerReferences(msgspec.Struct, forbid_unknown_fields=True):
    order_reference_for_seller: str | msgspec.UnsetType | None = msgspec.UNSET


class OperatorReferences(SellerReferences, forbid_unknown_fields=True):
    order_reference_for_customer: str | msgspec.UnsetType | None = msgspec.UNSET


class LineUpdate(msgspec.Struct, forbid_unknown_fields=True):
    order_line_id: str | None = None
    eco_contributions: list[Json] | None = None


class SellerUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """One order of OR04, as a seller may change it."""

    order_id: str | None = None
    references: SellerReferences | None = None
    order_lines: list[LineUpdate] | None = None


class OperatorUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """One order of OR04, as an operator may."""

    order_id: str | None = None
    references: OperatorReferences | None = None
    order_lines: list[LineUpdate] | None = None
    customer: Json | None = None
    invoice_details: Json | None = None
    payment_destination: Json | None = None
    payment_workflow: str | None = None
    shipping_deadline: str | None = None
    shop_statistics: Json | None = None


class SellerUpdates(msgspec.Struct, forbid_unknown_fields=True):
    orders: list[SellerUpdate] | None = None


class OperatorUpdates(msgspec.Struct, forbid_unknown_fields=True):
    orders: list[OperatorUpdate] | None = None


class CustomField(msgspec.Struct, forbid_unknown_fields=True):
    code: str
    type: str | None = None
    value: str | list[str] | None = None


class CustomFieldLine(msgspec.Struct, forbid_unknown_fields=True):
    order_line_id: str
    order_line_additional_fields: list[CustomField] | None = None


class CustomFields(msgspec.Struct, forbid_unknown_fields=True):
    """OR31."""

    order_additional_fields: list[CustomField] | None = None
    order_lines: list[CustomFieldLine] | None = None


_MODELS: dict[tuple[str, Persona], type[msgspec.Struct]] = {
    ("OR21", "seller"): Acceptance,
    ("OR21", "operator"): Acceptance,
    ("OR04", "seller"): SellerUpdates,
    ("OR04", "operator"): OperatorUpdates,
    ("OR31", "seller"): CustomFields,
    ("OR31", "operator"): CustomFields,
    ("OR28", "seller"): later.Refunds,
    ("OR28", "operator"): later.OperatorRefunds,
}
_ANYONES: dict[str, type[msgspec.Struct]] = {
    "OR23": later.OrderTracking,
    "OR30": later.Cancelations,
    "ST01": later.NewShipments,
    "ST06": later.NamedShipments,
    "ST23": later.TrackedShipments,
    "ST24": later.NamedShipments,
    "RT21": later.ReturnDecisions,
    "RT25": later.NamedReturns,
    "RT26": later.JudgedReturns,
}


def read_body(operation: str, persona: Persona, body: object) -> msgspec.Struct:
    """Raises ContractViolation naming the field that does not fit."""
    try:
        return msgspec.convert(body, _MODELS.get((operation, persona)) or _ANYONES[operation])
    except msgspec.ValidationError as wrong:
        raise ContractViolation(f"{operation}: {wrong}") from wrong
