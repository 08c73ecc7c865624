"""What the account holds: records by id and external id, and a note of each change for SuiteQL to follow."""

import itertools
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.netsuite.fields import Field, RecordType
from sandbox.netsuite.record_types import ITEMS, RECORD_TYPES
from sandbox.netsuite.refusal import Refusal, user_error

# Letters, digits, underscore and hyphen; anything else cannot be addressed by eid: afterwards.
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
_FIRST_IDS = {"transaction": 10001, "entity": 501, "item": 90001}


@dataclass(slots=True)
class Record:
    """A record: references are kept as internal ids, amounts as Decimal, days as ISO text, moments aware in UTC."""

    kind: str
    id: str
    external_id: str | None
    created: datetime
    modified: datetime
    values: dict[str, Any] = field(default_factory=dict)
    sublists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def group(self) -> str:
        return RECORD_TYPES[self.kind].group

    def copy(self) -> "Record":
        lines = {name: [dict(line) for line in lines] for name, lines in self.sublists.items()}
        return Record(self.kind, self.id, self.external_id, self.created, self.modified, dict(self.values), lines)


@dataclass(frozen=True, slots=True)
class Change:
    """A record was written or deleted; `at` is real (monotonic) time."""

    at: float
    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """A row of the deleted-records list."""

    kind: str
    id: str
    name: str
    at: datetime


class Store:
    """The records of one account. Ids and external ids are unique in a group: all transactions share one."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.generation = 0
        self.clear()

    def clear(self) -> None:
        self.generation += 1
        self.by_kind: dict[str, dict[str, Record]] = {}
        self._by_id: dict[tuple[str, str], Record] = {}
        self._by_external_id: dict[tuple[str, str], Record] = {}
        self._taken: set[tuple[str, str]] = set()
        self._made_from: dict[str, dict[str, Record]] = {}
        self._ids = {group: itertools.count(first) for group, first in _FIRST_IDS.items()}
        self._numbers: dict[str, Iterator[int]] = {}
        self.changes: list[Change] = []
        self.deleted: list[Deleted] = []
        self.body_fields: dict[str, Field] = {}
        self.line_fields: dict[str, Field] = {}
        self.item_fields: dict[str, Field] = {}
        self.record_fields: dict[str, Field] = {}

    def custom_of(self, kind: RecordType) -> dict[str, Field]:
        """The custom fields that records of a type have."""
        known = {"custbody": self.body_fields, "custitem": self.item_fields, "custrecord": self.record_fields}
        return known.get(kind.custom_prefix, {})

    def new_id(self, group: str) -> str:
        ids = self._ids.setdefault(group, itertools.count(1))
        return next(str(one) for one in ids if (group, str(one)) not in self._by_id)

    def next_number(self, series: str, first: int = 1) -> int:
        """The next of a running series, such as document numbers or line keys."""
        return next(self._numbers.setdefault(series, itertools.count(first)))

    def add(self, record: Record, duplicate_code: str = "USER_ERROR") -> None:
        """Save a new record. Raises Refusal when its external id is taken in its group."""
        self.check_external_id(record, duplicate_code)
        self.by_kind.setdefault(record.kind, {})[record.id] = record
        self._by_id[record.group, record.id] = record
        self._index(record)

    def replace(self, record: Record, duplicate_code: str = "USER_ERROR") -> None:
        """Save a changed record over its former self."""
        self.check_external_id(record, duplicate_code)
        former = self._by_id[record.group, record.id]
        if former.external_id:
            self._by_external_id.pop((former.group, former.external_id.casefold()), None)
        self.by_kind[record.kind][record.id] = record
        self._by_id[record.group, record.id] = record
        self._index(record)

    def delete(self, record: Record, now: datetime, *, free_external_id: bool = True) -> None:
        del self.by_kind[record.kind][record.id]
        del self._by_id[record.group, record.id]
        self._made_from.get(record.values.get("createdFrom", ""), {}).pop(record.id, None)
        if record.external_id:
            key = (record.group, record.external_id.casefold())
            del self._by_external_id[key]
            if not free_external_id:
                self._taken.add(key)
        self.deleted.append(Deleted(record.kind, record.id, name_of(record), now))
        self.changes.append(Change(time.monotonic(), record.kind, record.id))

    def check_external_id(self, record: Record, duplicate_code: str = "USER_ERROR") -> None:
        external_id = record.external_id
        if external_id is None:
            return
        if not _EXTERNAL_ID.fullmatch(external_id):
            raise user_error(f"Invalid external ID: {external_id}", path="externalId")
        key = (record.group, external_id.casefold())
        holder = self._by_external_id.get(key)
        if key in self._taken or (holder is not None and (holder.kind, holder.id) != (record.kind, record.id)):
            raise already_exists(record.group, duplicate_code)

    def get(self, group: str, record_id: str) -> Record | None:
        return self._by_id.get((group, record_id))

    def by_id(self, group: str, record_id: str) -> Record:
        """Raises KeyError where there is none: for references that were checked when they were saved."""
        return self._by_id[group, record_id]

    def by_external_id(self, group: str, external_id: str) -> Record | None:
        return self._by_external_id.get((group, external_id.casefold()))

    def all(self, kind: str) -> list[Record]:
        return list(self.by_kind.get(kind, {}).values())

    def made_from(self, source_id: str, *kinds: str) -> list[Record]:
        """The documents of these types that were made out of another one."""
        return [one for one in self._made_from.get(source_id, {}).values() if one.kind in kinds]

    def note(self, record: Record) -> None:
        """A record was changed where it stands, by what happened to another one."""
        self.changes.append(Change(time.monotonic(), record.kind, record.id))

    def items(self) -> Iterator[Record]:
        for kind in ITEMS:
            yield from self.by_kind.get(kind, {}).values()

    def _index(self, record: Record) -> None:
        if record.external_id:
            self._by_external_id[record.group, record.external_id.casefold()] = record
        if "createdFrom" in record.values:
            self._made_from.setdefault(record.values["createdFrom"], {})[record.id] = record
        self.note(record)


def already_exists(group: str, code: str = "USER_ERROR") -> Refusal:
    thing = "entity" if group == "entity" else "record"
    if code == "USER_ERROR":
        return user_error(f"This {thing} already exists.")
    return Refusal(400, code, f"Error while accessing a resource. This {thing} already exists.")


_NAMED_BY = {
    "customer": "entityId",
    "vendor": "entityId",
    "account": "acctName",
    "accountingPeriod": "periodName",
    "salesTaxItem": "itemId",
    "salesOrder": "tranId",
}


def name_of(record: Record) -> str:
    """What NetSuite shows for a record (`refName`, BUILTIN.DF)."""
    group = record.group
    known = "itemId" if group == "item" else "tranId" if group == "transaction" else _NAMED_BY.get(record.kind, "name")
    return str(record.values.get(known) or record.id)
