"""Record REST: create, read, patch, upsert and delete one record."""

from collections.abc import Collection
from typing import Any

from sandbox import decimal_json
from sandbox.behaviours import Behaviours
from sandbox.calls import ContractViolation
from sandbox.clock import Clock
from sandbox.netsuite.answer import Answer, Call, json_answer
from sandbox.netsuite.documents import Documents
from sandbox.netsuite.entities_and_items import settle_customer, settle_item, settle_vendor
from sandbox.netsuite.fields import RecordType
from sandbox.netsuite.intake import Intake, Taken
from sandbox.netsuite.record_types import CUSTOM_RECORDS, DOCUMENTS, KNOWN_ELSEWHERE, MADE, RECORD_TYPES
from sandbox.netsuite.refusal import Refusal, invalid_request, no_permission, no_such_record, role_may_not, user_error
from sandbox.netsuite.sales_order import Line, SalesOrderRules, merge_line, number_order, start_order
from sandbox.netsuite.settlement import refuse_other_than_by_transform
from sandbox.netsuite.settlement_fields import SETTLED
from sandbox.netsuite.shown import Showing
from sandbox.netsuite.store import Record, Store

BODY_LIMIT = 104 * 1024 * 1024
_SINGULAR = ("application/json", "application/vnd.oracle.resource+json")
_HAS_DEPENDENTS = "This record cannot be deleted because it has dependent records."
_GOODS_ONLY = ("itemFulfillment", "itemReceipt")
_MODES = ("error", "warning", "ignore")


class Records:
    """The record endpoints of one account."""

    def __init__(self, store: Store, switches: Behaviours, clock: Clock, documents: Documents) -> None:
        self._store = store
        self._switches = switches
        self._clock = clock
        self._documents = documents

    def type_named(self, name: str) -> RecordType:
        """Raises Refusal for a type NetSuite does not know, or that the role may not see."""
        kind = RECORD_TYPES.get(name)
        if kind is None or (name in CUSTOM_RECORDS and not self._store.record_fields):
            if name in KNOWN_ELSEWHERE:
                raise ContractViolation(f"the twin holds no {name} records; NetSuite does")
            raise Refusal(404, "NONEXISTENT_ID", f"Record type '{name}' does not exist.")
        if name in self._switches.text("role_lacks").replace(" ", "").split(","):
            raise role_may_not()
        return kind

    def find(self, kind: RecordType, key: str) -> Record:
        """By internal id or `eid:`. Raises Refusal 404."""
        if key.startswith("eid:"):
            found = self._store.by_external_id(kind.group, key.removeprefix("eid:"))
        else:
            found = self._store.get(kind.group, key)
        if found is None or found.kind != kind.name:
            raise no_such_record()
        return found

    def create(self, kind: RecordType, call: Call) -> Answer:
        """POST: 204 and where the record is; no body."""
        _refuse_unwritable(kind)
        _refuse_making(kind)
        taken = self.taken(kind, call)
        record = self._save(kind, taken, taken.values.pop("externalId", None), None, _replaced(call))
        return self.written(record, taken, call)

    def read(self, kind: RecordType, key: str, call: Call) -> Answer:
        record = self.find(kind, key)
        only = [name.strip() for name in call.query.get("fields", "").split(",") if name.strip()]
        shown = Showing(self._store, call.base).record(
            record,
            expanded=_flag(call, "expandSubResources"),
            only=only,
            plain_choices=_flag(call, "simpleEnumFormat"),
        )
        return json_answer(shown)

    def part(self, kind: RecordType, key: str, name: str, line: str | None, call: Call) -> Answer:
        """GET of a sublist, of one line of it, or of a subrecord."""
        record = self.find(kind, key)
        showing = Showing(self._store, call.base)
        if name not in kind.sublists:
            subrecord = None if line else showing.subrecord(record, name)
            if subrecord is None:
                raise no_such_record()
            return json_answer(subrecord)
        if line is None:
            return json_answer(showing.sublist(record, name))
        by = kind.sublists[name].key
        for place, one in enumerate(record.sublists.get(name, []), start=1):
            if str(one.get(by, place)) == line:
                return json_answer(showing.line(record, name, one, place))
        raise no_such_record()

    def patch(self, kind: RecordType, key: str, call: Call) -> Answer:
        _refuse_unwritable(kind)
        former = self.find(kind, key)
        taken = self.taken(kind, call)
        external_id = taken.values.pop("externalId", former.external_id)
        record = self._save(kind, taken, external_id, former, _replaced(call))
        return self.written(record, taken, call)

    def upsert(self, kind: RecordType, key: str, call: Call) -> Answer:
        """PUT by external id. A replay appends its lines once more, as NetSuite's does."""
        _refuse_unwritable(kind)
        if not key.startswith("eid:"):
            raise invalid_request("An upsert needs an external ID: PUT .../eid:<external id>.")
        external_id = key.removeprefix("eid:")
        taken = self.taken(kind, call)
        said = taken.values.pop("externalId", external_id)
        if said is None or said.casefold() != external_id.casefold():
            raise user_error("The external ID in the body is not the one in the URL.", path="externalId")
        former = self._store.by_external_id(kind.group, external_id)
        if former is not None and former.kind != kind.name:
            former = None  # another type holds it: saving will say that it exists
        if former is None:
            _refuse_making(kind)
        record = self._save(kind, taken, external_id, former, _replaced(call))
        return self.written(record, taken, call)

    def delete(self, kind: RecordType, key: str) -> Answer:
        _refuse_unwritable(kind)
        record = self.find(kind, key)
        if kind.name == "customer" and any(o.values.get("entity") == record.id for o in self._store.all("salesOrder")):
            raise user_error(_HAS_DEPENDENTS)
        if kind.group == "item" and self._is_used(record.id):
            raise user_error(_HAS_DEPENDENTS)
        self._documents.refuse_deletion(record)
        free = self._switches.is_on("delete_frees_external_id")
        self._store.delete(record, self._clock.now(), free_external_id=free)
        self._documents.deleted(record)
        return Answer(204)

    def _is_used(self, item_id: str) -> bool:
        """Whether a transaction has the item, or a kit is made of it."""
        if any(one["item"] == item_id for kit in self._store.items() for one in kit.values.get("_members", ())):
            return True
        return any(
            line.get("item") == item_id
            for kind in RECORD_TYPES.values()
            if kind.group == "transaction"
            for record in self._store.all(kind.name)
            for line in record.sublists.get("item", [])
        )

    # -- writing -------------------------------------------------------------------------------------------------

    def taken(self, kind: RecordType, call: Call) -> Taken:
        intake = Intake(
            self._store,
            self._switches,
            names=_mode(call, "x-netsuite-propertynamevalidation", "warning"),
            values=_mode(call, "x-netsuite-propertyvaluevalidation", "error"),
        )
        return intake.read(kind, body_of(call))

    def _save(
        self, kind: RecordType, taken: Taken, external_id: str | None, former: Record | None, replaced: Collection[str]
    ) -> Record:
        now = self._clock.now()
        if former is None:
            record = Record(kind.name, self._store.new_id(kind.group), external_id, now, now)
        else:
            record = former.copy()
            record.external_id, record.modified = external_id, now
        for name, value in taken.values.items():
            if value is None:
                record.values.pop(name, None)
            elif isinstance(value, dict):
                record.values[name] = {**record.values.get(name, {}), **value}
            else:
                record.values[name] = value
        priced = self._merge(kind, record, taken, replaced)
        self._settle(record, former, priced, tax_touched="taxDetails" in taken.sublists)
        code = self._switches.text("duplicate_code")
        if former is not None:
            self._store.replace(record, code)
            self._documents.saved(record, former)
            return record
        self._store.check_external_id(record, code)
        if kind.name == "salesOrder":
            number_order(self._store, record)
        elif kind.group == "transaction":
            self._documents.number(record)
        self._store.add(record, code)
        self._documents.saved(record, None)
        return record

    def _merge(self, kind: RecordType, record: Record, taken: Taken, replaced: Collection[str]) -> list[Line]:
        """Lines whose key matches are updated, all others are added; `replace` takes away what was not named."""
        priced: list[Line] = []
        for name, sent_lines in taken.sublists.items():
            key = kind.sublists[name].key
            standing = record.sublists.setdefault(name, [])
            if sent_lines is None:
                standing.clear()
                continue
            by_key = {line[key]: line for line in standing if line.get(key) is not None} if key else {}
            kept: list[Line] = [] if name in replaced else standing
            for sent in sent_lines:
                line = by_key.get(sent.get(key)) if key else None
                if line is None:
                    line = {}
                    kept.append(line)
                elif name in replaced:
                    kept.append(line)
                if record.kind in _GOODS_ONLY:
                    line.update(sent)
                elif merge_line(line, sent) and name == "item":
                    priced.append(line)
                if record.kind == "salesOrder" and name == "item" and line.get("item") is None:
                    priced.append(line)
            record.sublists[name] = kept
        return priced

    def _settle(self, record: Record, former: Record | None, priced: list[Line], *, tax_touched: bool) -> None:
        if record.kind == "salesOrder":
            if former is None:
                start_order(record, self._clock.now().date().isoformat())
            SalesOrderRules(self._store, self._switches, record).settle(priced, tax_touched=tax_touched)
            self._documents.check_order(record, former)
        elif record.kind in SETTLED:
            self._documents.settlement.settle(record, former)
        elif record.kind in MADE:
            self._documents.settle(record, former, priced, tax_sent=tax_touched)
        elif record.kind == "customer":
            settle_customer(self._store, self._switches, record, former)
        elif record.kind == "vendor":
            settle_vendor(self._store, self._switches, record)
        elif record.group == "item":
            settle_item(self._store, self._switches, record)

    def written(self, record: Record, taken: Taken, call: Call) -> Answer:
        headers = {"Location": Showing(self._store, call.base).link(record)}
        if taken.warnings:
            headers["X-NetSuite-Warning"] = "; ".join(taken.warnings)
        return Answer(204, headers=headers)


def body_of(call: Call) -> dict[str, Any]:
    """The JSON object of a write. Raises Refusal for another content type, another shape, or too much of it."""
    sort, _, rest = call.headers.get("content-type", "").partition(";")
    if "type=collection" in rest.replace(" ", ""):
        raise ContractViolation("the twin takes no batches")
    if sort.strip().lower() not in _SINGULAR:
        raise Refusal(415, "INVALID_HEADER", "Invalid Content-Type: application/json is expected.")
    if len(call.body) > BODY_LIMIT:
        raise Refusal(413, "INVALID_REQUEST", "The request body is larger than 104 MB.")
    if "respond-async" in call.headers.get("prefer", ""):
        raise ContractViolation("the twin answers record calls synchronously only")
    try:
        body = decimal_json.loads(call.body)
    except ValueError:
        raise invalid_request() from None
    if not isinstance(body, dict):
        raise invalid_request()
    return body


def _refuse_unwritable(kind: RecordType) -> None:
    if kind.name in DOCUMENTS:
        raise ContractViolation(f"the twin does not write {kind.name} records yet; NetSuite does")
    if not kind.writable:
        raise no_permission()


def _refuse_making(kind: RecordType) -> None:
    """Fulfilments and receipts exist only as transforms; the others NetSuite makes out of nothing too, the twin not."""
    if kind.name in _GOODS_ONLY:
        raise user_error(f"A record of type {kind.name} can only be created by transforming another record.")
    refuse_other_than_by_transform(kind.name)


def _mode(call: Call, header: str, default: str) -> str:
    mode = call.headers.get(header, default).lower()
    if mode not in _MODES:
        raise Refusal(400, "INVALID_HEADER", f"Invalid value of header {header}: use Error, Warning or Ignore.")
    return mode


def _replaced(call: Call) -> list[str]:
    return [name.strip() for name in call.query.get("replace", "").split(",") if name.strip()]


def _flag(call: Call, name: str) -> bool:
    return call.query.get(name, "false").lower() == "true"
