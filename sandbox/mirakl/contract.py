"""The official OpenAPI documents, where they are at hand: paths, parameters, enums and types are held to them.

Mirakl's own examples carry nulls and leave required properties out, so both pass; values that the documents call
closed in prose (`x-documented-values`) bind requests only, as Mirakl may answer with new ones any day.
"""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from sandbox import decimal_json
from sandbox.clock import moment_of
from sandbox.mirakl.operation import Persona

Check = Callable[[Any], list[str]]
OFFICIAL = Path(__file__).resolve().parents[3] / "shared" / "contracts"
_NUMERIC = re.compile(r"[+-]?\d+(\.\d+)?")
_BRANCHES = {"discriminator", "allOf"}


class Contract:
    """One persona's document. Checks are compiled when first used; a problem reads "order_lines.price: ..."."""

    def __init__(self, file: Path) -> None:
        document = decimal_json.loads(file.read_bytes())
        self._schemas: dict[str, Any] = document["components"]["schemas"]
        self._operations: dict[tuple[str, str], Any] = {
            (method.upper(), path): operation
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if isinstance(operation, dict)
        }
        self._compiled: dict[tuple[str, bool], Check] = {}

    def request_problems(self, method: str, path: str, query: Iterable[tuple[str, str]], body: object) -> list[str]:
        operation = self._operations.get((method, path))
        if operation is None:
            return [f"the contract has no {method} {path}"]
        declared = {one["name"]: one["schema"] for one in operation.get("parameters", []) if one["in"] == "query"}
        problems = [problem for name, value in query for problem in _parameter_problems(declared, name, value)]
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is not None and body is not None:
            problems += self._check_of(schema, closed=True)(body)
        return problems

    def form_problems(self, method: str, path: str, fields: Iterable[tuple[str, str]]) -> list[str]:
        """What is wrong with the fields of a form, beside its file."""
        content = self._operations.get((method, path), {}).get("requestBody", {}).get("content", {})
        declared = content.get("multipart/form-data", {}).get("schema", {}).get("properties", {})
        return [problem for name, value in fields for problem in _parameter_problems(declared, name, value)]

    def response_check(self, method: str, path: str) -> Check:
        """The check of the operation's 200 or 201 body; of nothing where the document models none."""
        responses = self._operations.get((method, path), {}).get("responses", {})
        done = responses.get("200") or responses.get("201") or {}
        content = done.get("content", {}).get("application/json", {})
        return self._check_of(content.get("schema", {}), closed=False)

    def schema_check(self, name: str) -> Check:
        """The check of one named schema, such as one order of OR11."""
        return self._check_of({"$ref": f"#/components/schemas/{name}"}, closed=False)

    def _check_of(self, schema: dict[str, Any], *, closed: bool) -> Check:
        if "$ref" in schema:
            name = str(schema["$ref"]).rsplit("/", 1)[-1]
            if (name, closed) not in self._compiled:
                self._compiled[name, closed] = _nothing_wrong
                self._compiled[name, closed] = self._check_of(self._schemas[name], closed=closed)
            return self._compiled[name, closed]
        match schema.get("type"):
            case "object":
                return self._object_check(schema, closed=closed)
            case "array":
                return _array_check(self._check_of(schema.get("items", {}), closed=closed))
            case None:
                return _nothing_wrong
            case kind:
                return _scalar_check(str(kind), schema, closed=closed)

    def _object_check(self, schema: dict[str, Any], *, closed: bool) -> Check:
        properties = {
            name: self._check_of(inner, closed=closed) for name, inner in schema.get("properties", {}).items()
        }
        branches = {
            value: self._check_of({"$ref": ref}, closed=False)
            for value, ref in schema.get("discriminator", {}).get("mapping", {}).items()
        }
        kind = schema.get("discriminator", {}).get("propertyName", "")
        complete = closed and bool(properties) and not _BRANCHES & schema.keys()

        def check(value: Any) -> list[str]:
            if not isinstance(value, dict):
                return [f": an object, not {_shown(value)}"]
            problems = []
            for name, inner in value.items():
                if name in properties:
                    if inner is not None:
                        problems += [_under(name, problem) for problem in properties[name](inner)]
                elif complete:
                    problems.append(f"{name}: the contract knows no such field")
            if value.get(kind) in branches:
                problems += branches[value[kind]](value)
            return problems

        return check


@cache
def official_contract(persona: Persona, folder: Path = OFFICIAL) -> Contract | None:
    """The persona's official document; None where it is not at hand (a user's machine)."""
    file = folder / f"mirakl-{persona}.openapi.json"
    return Contract(file) if file.is_file() else None


def _nothing_wrong(_: Any) -> list[str]:
    return []


def _array_check(each: Check) -> Check:
    def check(value: Any) -> list[str]:
        if not isinstance(value, list):
            return [f": a list, not {_shown(value)}"]
        return [
            _under(str(place), problem)
            for place, inner in enumerate(value)
            if inner is not None
            for problem in each(inner)
        ]

    return check


def _scalar_check(kind: str, schema: dict[str, Any], *, closed: bool) -> Check:
    known = schema.get("enum") or (schema.get("x-documented-values") if closed else None)
    is_moment = schema.get("format") == "date-time"

    def check(value: Any) -> list[str]:
        # Mirakl's own examples quote some booleans of answers; a request has no such excuse.
        if not _is(kind, value) and not (kind == "boolean" and value in ("true", "false") and not closed):
            return [f": a {kind}, not {_shown(value)}"]
        if known and value not in known:
            return [f": one of {', '.join(map(str, known))}, not {value}"]
        return [f": a moment with its offset, not {value}"] if is_moment and not _is_moment(value) else []

    return check


def _is(kind: str, value: Any) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "string":
        return isinstance(value, str)
    if isinstance(value, str):
        return bool(_NUMERIC.fullmatch(value)) and (kind == "number" or "." not in value)
    return not isinstance(value, bool) and isinstance(value, int if kind == "integer" else int | float | Decimal)


def _is_moment(value: str) -> bool:
    try:
        moment_of(value)
    except ValueError:
        return False
    return True


def _parameter_problems(declared: dict[str, Any], name: str, value: str) -> list[str]:
    if name not in declared:
        return [f"{name}: the contract knows no such parameter"]
    schema = declared[name]
    kind = schema.get("type")
    values = value.split(",") if kind == "string" and "enum" in schema else [value]
    inner = schema.get("items", {}) if kind == "array" else schema
    if kind == "boolean":
        return [] if value in ("true", "false") else [f"{name}: true or false, not {value}"]
    check = _scalar_check(str(inner.get("type", "string")), inner, closed=True)
    return [_under(name, problem) for one in values for problem in check(one)]


def _under(name: str, problem: str) -> str:
    return f"{name}{problem}" if problem.startswith(":") else f"{name}.{problem}"


def _shown(value: Any) -> str:
    return f"{type(value).__name__} {str(value)[:40]!r}"
