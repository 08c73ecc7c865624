"""Reading a request body against a record type: unknown names, wrong kinds, references that lead nowhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sandbox.behaviours import Behaviours
from sandbox.calls import ContractViolation
from sandbox.netsuite.fields import Field, RecordType, Sublist
from sandbox.netsuite.refusal import Refusal, invalid_value, may_not_set, user_error
from sandbox.netsuite.store import Record, Store

# Which groups a reference may point into; whatever is not here does not exist in the twin's account.
_GROUPS = {
    "customer": "entity",
    "vendor": "entity",
    "item": "item",
    "shipItem": "item",
    "class": "classification",
}


@dataclass(slots=True)
class Taken:
    """What a body asks for: values by property (None clears), lines by sublist (None empties), and what was dropped."""

    values: dict[str, Any] = field(default_factory=dict)
    sublists: dict[str, list[dict[str, Any]] | None] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


class Intake:
    """Reads bodies for one account. `names` and `values` are the validation modes of one request's headers."""

    def __init__(self, store: Store, switches: Behaviours, *, names: str = "warning", values: str = "error") -> None:
        self._store = store
        self._names = names
        self._values = values
        self._any_case = switches.is_on("property_names_any_case")
        self._bare = switches.is_on("bare_references")
        self._read_only_refused = switches.is_on("read_only_refused")
        self._legacy_tax = switches.text("legacy_tax") == "computed"
        self.taken = Taken()

    def read(self, kind: RecordType, body: Mapping[str, Any]) -> Taken:
        """Raises Refusal at the first property that NetSuite would not take."""
        fields = {**kind.fields, **self._store.custom_of(kind)}
        plain: dict[str, Any] = {}
        for name, value in body.items():
            sublist = kind.sublists.get(name)
            if sublist is None:
                plain[name] = value
            else:
                self.taken.sublists[name] = None if value is None else self._lines(sublist, value, name)
        self.taken.values = self._properties(fields, plain, "")
        return self.taken

    def _lines(self, sublist: Sublist, value: Any, name: str) -> list[dict[str, Any]]:
        items = value.get("items") if isinstance(value, dict) else None
        if not isinstance(items, list):
            raise invalid_value(_short(value), name, name)
        fields = sublist.fields
        if sublist.custom_prefix == "custcol":
            fields = {**fields, **self._store.line_fields}
        return [self._line(fields, line, f"{name}.items[{place}]") for place, line in enumerate(items)]

    def _line(self, fields: Mapping[str, Field], line: Any, path: str) -> dict[str, Any]:
        if not isinstance(line, dict):
            raise invalid_value(_short(line), path, path)
        return self._properties(fields, line, path + ".")

    def _properties(self, fields: Mapping[str, Field], body: Mapping[str, Any], prefix: str) -> dict[str, Any]:
        taken: dict[str, Any] = {}
        for said, value in body.items():
            name, known = said, fields.get(said)
            if known is None and self._any_case:
                name = next((one for one in fields if one.casefold() == said.casefold()), said)
                known = fields.get(name)
            path = prefix + said
            if known is None:
                self._unknown_name(said, path)
            elif said in ("links", "refName"):
                continue
            elif known.read_only:
                if self._read_only_refused:
                    raise may_not_set(said, path)
            else:
                self._take(taken, name, known, value, path)
        return taken

    def _take(self, taken: dict[str, Any], name: str, known: Field, value: Any, path: str) -> None:
        if known.legacy_tax and not self._legacy_tax:
            raise may_not_set(name, path)
        if known.not_modelled and value is not None:
            raise ContractViolation(f"the twin does not calculate with {path}; NetSuite does")
        try:
            taken[name] = None if value is None else _READERS[known.kind](self, known, value, path)
        except WrongKind as wrong:
            if self._values == "error":
                raise wrong.refusal from None
            if self._values == "warning":
                self.taken.warnings.append(f"Invalid value of property ignored: {path}")

    def _unknown_name(self, name: str, path: str) -> None:
        if name == "links":
            return
        if self._names == "error":
            detail = f"Error while accessing a resource. Unknown property name: {name}"
            raise Refusal(400, "INVALID_CONTENT", detail, path=path)
        if self._names == "warning":
            self.taken.warnings.append(f"Unknown property ignored: {path}")

    # -- one reader a kind ---------------------------------------------------------------------------------------

    def _text(self, known: Field, value: Any, path: str) -> str | None:
        if not isinstance(value, str):
            raise WrongKind(value, path)
        if known.longest and len(value) > known.longest:
            name = path.rpartition(".")[2]
            raise user_error(
                f"The field {name} contained more than the maximum number ( {known.longest} ) of characters allowed.",
                path=path,
            )
        if "\n" in value or "\r" in value or "\\n" in value:
            # Line ends survive only when they are sent escaped.
            value = value.replace("\n", "").replace("\r", "").replace("\\r", "").replace("\\n", "\n")
        return value or None

    def _number(self, _: Field, value: Any, path: str) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise WrongKind(value, path)
        return Decimal(value)

    def _integer(self, _: Field, value: Any, path: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise WrongKind(value, path)
        return value

    def _flag(self, _: Field, value: Any, path: str) -> bool:
        if not isinstance(value, bool):
            raise WrongKind(value, path)
        return value

    def _day(self, _: Field, value: Any, path: str) -> str:
        try:
            return date.fromisoformat(value).isoformat()
        except (TypeError, ValueError):
            raise WrongKind(value, path) from None

    def _moment(self, _: Field, value: Any, path: str) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise WrongKind(value, path) from None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)

    def _choice(self, known: Field, value: Any, path: str) -> str:
        chosen = value.get("id") if isinstance(value, dict) else value
        if not isinstance(chosen, str) or not chosen:
            raise WrongKind(value, path)
        if known.choices and chosen not in known.choices:
            raise invalid_value(chosen, path.rpartition(".")[2], path)
        return chosen

    def _ref(self, known: Field, value: Any, path: str) -> str:
        name = path.rpartition(".")[2]
        if isinstance(value, str | int) and not isinstance(value, bool) and self._bare:
            value = {"id": value}
        if not isinstance(value, dict):
            raise WrongKind(value, path)
        group = _GROUPS.get(known.target, known.target)
        found: Record | None = None
        if "id" in value:
            said = value["id"]
            found = self._store.get(group, str(said))
        elif "externalId" in value:
            said = value["externalId"]
            found = self._store.by_external_id(group, str(said))
        else:
            raise WrongKind(value, path)
        wrong = found is not None and known.target in ("customer", "vendor") and found.kind != known.target
        if found is None or wrong or (known.target == "shipItem") != (found.kind == "shipItem"):
            raise invalid_value(said, name, path)
        return found.id

    def _refs(self, known: Field, value: Any, path: str) -> list[str]:
        items = value.get("items") if isinstance(value, dict) else None
        if not isinstance(items, list):
            raise WrongKind(value, path)
        return [self._ref(known, item, f"{path}.items[{place}]") for place, item in enumerate(items)]

    def _subrecord(self, known: Field, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise WrongKind(value, path)
        return self._properties(known.fields, value, path + ".")


class WrongKind(Exception):
    """A value that is not of the property's kind; how NetSuite takes it depends on the value validation header."""

    def __init__(self, value: Any, path: str) -> None:
        super().__init__(path)
        self.refusal = invalid_value(_short(value), path.rpartition(".")[2], path)


_READERS: dict[str, Callable[[Intake, Field, Any, str], Any]] = {
    "text": Intake._text,  # noqa: SLF001 - the table belongs to the class
    "number": Intake._number,  # noqa: SLF001
    "integer": Intake._integer,  # noqa: SLF001
    "flag": Intake._flag,  # noqa: SLF001
    "day": Intake._day,  # noqa: SLF001
    "moment": Intake._moment,  # noqa: SLF001
    "choice": Intake._choice,  # noqa: SLF001
    "ref": Intake._ref,  # noqa: SLF001
    "refs": Intake._refs,  # noqa: SLF001
    "subrecord": Intake._subrecord,  # noqa: SLF001
}


def _short(value: Any) -> str:
    return str(value)[:60]
