"""OR04 and OR31: what a shop or an operator writes on orders; what is wrong is said per item, inside HTTP 200."""

from datetime import datetime
from typing import Any

import msgspec

from sandbox.clock import moment_of, text_of
from sandbox.mirakl.bodies import CustomField, CustomFields, OperatorUpdate, SellerReferences, SellerUpdate
from sandbox.mirakl.state import Json, Marketplace, MiraklState, Order

LONGEST_REFERENCE = 2000


def update_order(
    state: MiraklState,
    marketplace: Marketplace,
    order: Order | None,
    asked: SellerUpdate | OperatorUpdate,
    *,
    at: datetime,
) -> Json:
    """One entry of OR04's updated_orders. An order with an error is left as it was."""
    if order is None:
        return _failed(
            asked.order_id, [_error("ORDER_NOT_FOUND", "order_id", f"Order {asked.order_id} does not exist")]
        )
    errors = [*_reference_errors(asked.references), *_line_errors(order, asked), *_workflow_errors(order, asked)]
    if errors:
        return _failed(asked.order_id, errors)
    updated: Json = {}
    if asked.references is not None:
        given = {name: value for name, value in _given(asked.references).items() if value is not msgspec.UNSET}
        order.body["references"] = {**(order.body.get("references") or {}), **given}
        updated["references"] = order.body["references"]
    if asked.order_lines:
        updated["order_lines"] = [_with_eco_contributions(order, line) for line in asked.order_lines]
    if isinstance(asked, OperatorUpdate):
        updated |= _operators_changes(order, asked)
    state.changed(marketplace, order, at, tell=False)
    return {"order_id": order.id, "updated": updated, "errors": []}


def write_custom_fields(
    state: MiraklState, marketplace: Marketplace, order: Order, asked: CustomFields, *, at: datetime, known: set[str]
) -> Json:
    """OR31's body: all custom fields after the update, or the errors with what was sent. `known` empty: any code."""
    lines = {line["order_line_id"]: line for line in order.lines()}
    errors = []
    for place, field in enumerate(asked.order_additional_fields or []):
        errors += _field_errors(field, f"order_additional_fields[{place}]", known)
    for place, line in enumerate(asked.order_lines or []):
        at_line = f"order_lines[{place}]"
        if line.order_line_id not in lines:
            said = f"Order line {line.order_line_id} is not one of order {order.id}"
            errors.append(_error("ORDER_LINE_NOT_FOUND", f"{at_line}.order_line_id", said))
        for number, field in enumerate(line.order_line_additional_fields or []):
            errors += _field_errors(field, f"{at_line}.order_line_additional_fields[{number}]", known)
    if errors:
        return {"order_update_errors": {"errors": errors, "input": msgspec.to_builtins(asked)}}
    order.body["order_additional_fields"] = _merged(
        order.body.get("order_additional_fields"), asked.order_additional_fields
    )
    for line in asked.order_lines or []:
        held = lines[line.order_line_id]
        held["order_line_additional_fields"] = _merged(
            held.get("order_line_additional_fields"), line.order_line_additional_fields
        )
    state.changed(marketplace, order, at, tell=False)
    shown = [
        {name: line.get(name) or [] for name in ("order_line_additional_fields",)} | {"order_line_id": line_id}
        for line_id, line in lines.items()
    ]
    result = {"order_additional_fields": order.body["order_additional_fields"], "order_lines": shown}
    return {"order_update_result": result}


def _operators_changes(order: Order, asked: OperatorUpdate) -> Json:
    changed: Json = {}
    if asked.customer is not None:
        order.body["customer"] = _patched(order.body.get("customer") or {}, asked.customer)
        changed["customer"] = {name: order.body["customer"].get(name) for name in asked.customer}
    if asked.shipping_deadline is not None:
        order.body["shipping_deadline"] = text_of(moment_of(asked.shipping_deadline))
        changed["shipping_deadline"] = order.body["shipping_deadline"]
    for name in ("invoice_details", "payment_destination", "payment_workflow", "shop_statistics"):
        if (value := getattr(asked, name)) is not None:
            order.body[name] = value
            changed[name] = value
    return changed


def _patched(held: Json, patch: Json) -> Json:
    """Field by field: what is not named stays, null erases, objects are patched in turn."""
    result = dict(held)
    for name, value in patch.items():
        result[name] = _patched(result.get(name) or {}, value) if isinstance(value, dict) else value
    return result


def _with_eco_contributions(order: Order, asked: Any) -> Json:
    line = next(one for one in order.lines() if one["order_line_id"] == asked.order_line_id)
    line["eco_contributions"] = asked.eco_contributions or []
    return {"order_line_id": asked.order_line_id, "eco_contributions": line["eco_contributions"]}


def _given(references: SellerReferences) -> dict[str, Any]:
    return {name: getattr(references, name) for name in references.__struct_fields__}


def _reference_errors(references: SellerReferences | None) -> list[Json]:
    errors = []
    for name, value in (_given(references) if references else {}).items():
        if isinstance(value, str) and not value.strip():
            errors.append(_error("NOT_BLANK", f"references.{name}", "may not be blank"))
        elif isinstance(value, str) and len(value) > LONGEST_REFERENCE:
            errors.append(_error("SIZE", f"references.{name}", f"at most {LONGEST_REFERENCE} characters"))
    return errors


def _line_errors(order: Order, asked: SellerUpdate | OperatorUpdate) -> list[Json]:
    known = {line["order_line_id"] for line in order.lines()}
    return [
        _error("ORDER_LINE_NOT_FOUND", f"order_lines[{place}].order_line_id", f"Order line {line.order_line_id}")
        for place, line in enumerate(asked.order_lines or [])
        if line.order_line_id not in known
    ]


def _workflow_errors(order: Order, asked: SellerUpdate | OperatorUpdate) -> list[Json]:
    if not isinstance(asked, OperatorUpdate) or asked.payment_workflow in (None, order.body.get("payment_workflow")):
        return []
    if (order.body.get("payment_workflow"), asked.payment_workflow) == ("PAY_ON_DUE_DATE", "PAY_ON_ACCEPTANCE"):
        return []
    said = "can only be updated from PAY_ON_DUE_DATE to PAY_ON_ACCEPTANCE"
    return [_error("PAYMENT_WORKFLOW_NOT_UPDATABLE", "payment_workflow", said)]


def _field_errors(field: CustomField, place: str, known: set[str]) -> list[Json]:
    if known and field.code not in known:
        return [_error("CUSTOM_FIELD_NOT_FOUND", f"{place}.code", f"There is no custom field {field.code}")]
    return []


def _merged(held: list[Json] | None, asked: list[CustomField] | None) -> list[Json]:
    """Only the fields sent change; null or an empty text deletes one."""
    fields = {field["code"]: field for field in held or []}
    for field in asked or []:
        if field.value in (None, ""):
            fields.pop(field.code, None)
        else:
            guessed = "MULTIPLE_VALUES_LIST" if isinstance(field.value, list) else "STRING"
            kind = field.type or fields.get(field.code, {}).get("type") or guessed
            fields[field.code] = {"code": field.code, "type": kind, "value": field.value}
    return list(fields.values())


def _failed(order_id: str | None, errors: list[Json]) -> Json:
    return {"order_id": order_id, "errors": errors}


def _error(code: str, field: str, message: str) -> Json:
    return {"code": code, "field": field, "message": message}
