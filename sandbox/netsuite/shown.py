"""A record as a GET shows it: references with names and links, amounts as numbers, moments in UTC."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sandbox.netsuite.fields import Field, RecordType
from sandbox.netsuite.record_types import RECORD_TYPES
from sandbox.netsuite.store import Record, Store, name_of

_GROUPS = {
    "customer": "entity",
    "vendor": "entity",
    "item": "item",
    "shipItem": "item",
    "class": "classification",
}


class Showing:
    """Shows records of one account, with links under `base` (scheme and host)."""

    def __init__(self, store: Store, base: str) -> None:
        self._store = store
        self._root = f"{base}/services/rest/record/v1"

    def link(self, record: Record) -> str:
        return f"{self._root}/{record.kind}/{record.id}"

    def record(
        self, record: Record, *, expanded: bool, only: Collection[str] = (), plain_choices: bool = False
    ) -> dict[str, Any]:
        """`expanded`: sublists and subrecords in full, else as links. `only`: these properties and no others."""
        kind = RECORD_TYPES[record.kind]
        here = self.link(record)
        shown: dict[str, Any] = {"links": [_self(here)], "id": record.id}
        if record.external_id is not None:
            shown["externalId"] = record.external_id
        fields = self._fields(kind)
        for name, value in self._values(record).items():
            known = fields.get(name)
            if known is None or value is None:
                continue
            if known.kind == "subrecord" and not expanded:
                shown[name] = {"links": [_self(f"{here}/{name}")]}
            else:
                shown[name] = self._value(known, value, plain_choices=plain_choices)
        for name in kind.sublists:
            shown[name] = self.sublist(record, name) if expanded else {"links": [_self(f"{here}/{name}")]}
        if only:
            shown = {name: value for name, value in shown.items() if name in only or name in ("links", "id")}
        return shown

    def sublist(self, record: Record, name: str) -> dict[str, Any]:
        lines = record.sublists.get(name, [])
        items = [self.line(record, name, line, place) for place, line in enumerate(lines, start=1)]
        return {
            "links": [_self(f"{self.link(record)}/{name}")],
            "items": items,
            "count": len(items),
            "hasMore": False,
            "offset": 0,
            "totalResults": len(items),
        }

    def line(self, record: Record, name: str, line: Mapping[str, Any], place: int) -> dict[str, Any]:
        sublist = RECORD_TYPES[record.kind].sublists[name]
        fields = {**sublist.fields, **self._store.line_fields} if sublist.custom_prefix else sublist.fields
        key = line.get(sublist.key, place)
        shown: dict[str, Any] = {"links": [_self(f"{self.link(record)}/{name}/{key}")]}
        for said, value in line.items():
            known = fields.get(said)
            if known is not None and value is not None:
                shown[said] = self._value(known, value)
        return shown

    def subrecord(self, record: Record, name: str) -> dict[str, Any] | None:
        known = RECORD_TYPES[record.kind].fields.get(name)
        value = record.values.get(name)
        if known is None or known.kind != "subrecord" or value is None:
            return None
        return {"links": [_self(f"{self.link(record)}/{name}")], **self._value(known, value)}

    def _fields(self, kind: RecordType) -> Mapping[str, Field]:
        return {**kind.fields, **self._store.custom_of(kind)}

    def _values(self, record: Record) -> dict[str, Any]:
        created = "dateCreated" if record.kind == "customer" else "createdDate"
        return {**record.values, created: _minute(record.created), "lastModifiedDate": _minute(record.modified)}

    def _value(self, known: Field, value: Any, *, plain_choices: bool = False) -> Any:
        if known.kind == "ref":
            return self._reference(known.target, value)
        if known.kind == "refs":
            return {"items": [self._reference(known.target, one) for one in value]}
        if known.kind == "choice":
            return value if plain_choices else {"id": value, "refName": known.choices.get(value, value)}
        if known.kind == "moment":
            return value.strftime("%Y-%m-%dT%H:%M:%SZ")
        if known.kind == "subrecord":
            inner = known.fields
            return {name: self._value(inner[name], one) for name, one in value.items() if one is not None}
        return value

    def _reference(self, target: str, record_id: str) -> dict[str, Any]:
        found = self._store.get(_GROUPS.get(target, target), record_id)
        if found is None:
            return {"links": [], "id": record_id}
        return {"links": [_self(self.link(found))], "id": record_id, "refName": name_of(found)}


def _self(href: str) -> dict[str, str]:
    return {"rel": "self", "href": href}


def _minute(moment: datetime) -> datetime:
    """Live responses show these two to the minute."""
    return moment.replace(second=0, microsecond=0)
