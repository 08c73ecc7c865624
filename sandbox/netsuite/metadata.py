"""The metadata catalogue: which record types there are, and a JSON Schema of each, custom fields included."""

from collections.abc import Mapping
from typing import Any

from sandbox import decimal_json
from sandbox.netsuite.answer import Answer, Call, json_answer
from sandbox.netsuite.fields import Field, RecordType
from sandbox.netsuite.record_types import RECORD_TYPES
from sandbox.netsuite.store import Store

_TYPES: Mapping[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "number": {"type": "number", "format": "double"},
    "integer": {"type": "integer", "format": "int64"},
    "flag": {"type": "boolean"},
    "day": {"type": "string", "format": "date"},
    "moment": {"type": "string", "format": "date-time"},
}
_REFERENCE = {"type": "object", "properties": {"id": {"type": "string"}, "refName": {"type": "string"}}}


def catalogue(call: Call) -> Answer:
    """GET /metadata-catalog."""
    here = call.base + call.path.rstrip("/")
    items = [{"name": name, "links": [{"rel": "canonical", "href": f"{here}/{name}"}]} for name in sorted(RECORD_TYPES)]
    return json_answer({"items": items})


def schema_of(kind: RecordType, store: Store) -> Answer:
    """GET /metadata-catalog/{type} as application/schema+json."""
    properties = _properties({**kind.fields, **store.custom_of(kind)})
    for name, sublist in kind.sublists.items():
        custom = store.line_fields if sublist.custom_prefix else {}
        line = {"type": "object", "properties": _properties({**sublist.fields, **custom})}
        properties[name] = {"type": "object", "properties": {"items": {"type": "array", "items": line}}}
    schema = {"type": "object", "x-ns-filterable": [], "properties": properties}
    return Answer(200, decimal_json.dumps(schema), {"Content-Type": "application/schema+json"})


def _properties(fields: Mapping[str, Field]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, known in fields.items():
        if known.kind == "subrecord":
            plain: dict[str, Any] = {"type": "object", "properties": _properties(known.fields)}
        else:
            plain = dict(_TYPES.get(known.kind, _REFERENCE))
        shown[name] = plain | {"title": name, "nullable": True} | ({"readOnly": True} if known.read_only else {})
        if name.startswith("cust"):
            shown[name]["x-ns-custom-field"] = True
    return shown
