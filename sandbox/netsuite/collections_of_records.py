"""Listing records: ids and links only, a page at a time, filtered by `q`."""

import contextlib
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from sandbox.netsuite.answer import Answer, Call, collection_answer
from sandbox.netsuite.fields import RecordType
from sandbox.netsuite.refusal import Refusal
from sandbox.netsuite.shown import Showing
from sandbox.netsuite.store import Record, Store

PAGE = 1000
_TERM = re.compile(
    r"""\s*(?P<field>[A-Za-z_][\w.]*)\s+(?P<operator>[A-Z_]+)
        (?:\s+(?P<value>"(?:[^"\\]|\\.)*"|\[[^\]]*\]|(?!AND\b|OR\b)[^\s"]+))?\s*(?P<joint>AND\b|OR\b|$)""",
    re.VERBOSE,
)
_WITHOUT_VALUE = ("EMPTY", "EMPTY_NOT")
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "IS": lambda held, said: held == said,
    "IS_NOT": lambda held, said: held != said,
    "CONTAIN": lambda held, said: said in held,
    "CONTAIN_NOT": lambda held, said: said not in held,
    "START_WITH": lambda held, said: held.startswith(said),
    "START_WITH_NOT": lambda held, said: not held.startswith(said),
    "END_WITH": lambda held, said: held.endswith(said),
    "END_WITH_NOT": lambda held, said: not held.endswith(said),
}
_NUMBERS: dict[str, Callable[[Any, Any], bool]] = {
    "EQUAL": lambda held, said: held == said,
    "EQUAL_NOT": lambda held, said: held != said,
    "GREATER": lambda held, said: held > said,
    "GREATER_OR_EQUAL": lambda held, said: held >= said,
    "LESS": lambda held, said: held < said,
    "LESS_OR_EQUAL": lambda held, said: held <= said,
}
_DAYS = {
    "ON": "EQUAL",
    "ON_NOT": "EQUAL_NOT",
    "AFTER": "GREATER",
    "ON_OR_AFTER": "GREATER_OR_EQUAL",
    "BEFORE": "LESS",
    "ON_OR_BEFORE": "LESS_OR_EQUAL",
}
Test = Callable[[Record], bool]


def listing(store: Store, kind: RecordType, call: Call) -> Answer:
    """GET /{type}?q=&limit=&offset=."""
    limit, offset = page_of(call)
    test = _filter(call.query["q"], kind) if call.query.get("q") else None
    found = [one for one in store.all(kind.name) if test is None or test(one)]
    page = found[offset : offset + limit]
    showing = Showing(store, call.base)
    items = [{"links": [{"rel": "self", "href": showing.link(one)}], "id": one.id} for one in page]
    return collection_answer(paged(items, call, limit, offset, len(found)))


def paged(items: list[dict[str, Any]], call: Call, limit: int, offset: int, total: int) -> dict[str, Any]:
    """The envelope of every page, with links to its neighbours."""
    more = offset + len(items) < total
    here = call.base + call.path
    rest = [(name, value) for name, value in call.parameters if name not in ("limit", "offset")]

    def link(rel: str, start: int) -> dict[str, str]:
        return {"rel": rel, "href": f"{here}?{urlencode([*rest, ('limit', limit), ('offset', start)])}"}

    links = []
    if offset:
        links += [link("previous", max(0, offset - limit)), link("first", 0)]
    if more:
        links += [link("next", offset + limit), link("last", (total - 1) // limit * limit)]
    links.append(link("self", offset))
    return {
        "links": links,
        "items": items,
        "count": len(items),
        "offset": offset,
        "hasMore": more,
        "totalResults": total,
    }


def page_of(call: Call) -> tuple[int, int]:
    """Limit and offset. Raises Refusal beyond 1000 a page, or for an offset that is no multiple of the limit."""
    limit, offset = _whole(call, "limit", PAGE), _whole(call, "offset", 0)
    if not 1 <= limit <= PAGE:
        raise _bad_parameter(f"Invalid value for limit: {limit}. Use a number from 1 to {PAGE}.", "limit")
    if offset < 0 or offset % limit:
        raise _bad_parameter(
            f"Invalid value for offset: {offset}. It must be divisible by the limit {limit}.", "offset"
        )
    return limit, offset


def _whole(call: Call, name: str, default: int) -> int:
    said = call.query.get(name)
    try:
        return default if said is None else int(said)
    except ValueError:
        raise _bad_parameter(f"Invalid value for {name}: {said}.", name) from None


def _bad_parameter(words: str, name: str) -> Refusal:
    return Refusal(400, "INVALID_PARAMETER", words, parameter=name)


def _filter(query: str, kind: RecordType) -> Test:
    """Terms joined by AND and OR, AND first; no brackets."""
    alternatives: list[list[Test]] = [[]]
    place = 0
    while True:
        term = _TERM.match(query, place)
        if term is None:
            raise _bad_parameter(f"Invalid search query: {query}", "q")
        alternatives[-1].append(_test(term["field"], term["operator"], term["value"], kind))
        place = term.end()
        if not term["joint"]:
            return lambda record: any(all(test(record) for test in tests) for tests in alternatives)
        if term["joint"] == "OR":
            alternatives.append([])


def _test(name: str, operator: str, said: str | None, kind: RecordType) -> Test:
    known = kind.fields.get(name)
    if known is None or (said is None) != (operator in _WITHOUT_VALUE):
        raise _bad_parameter(f"Invalid search query: {name} {operator}", "q")
    if said is None:
        return lambda record: (_held(record, name) is None) == (operator == "EMPTY")
    compare, wanted = _comparison(known.kind, operator, said)
    if name == "externalId":
        wanted = wanted.casefold()
    return lambda record: (held := _held(record, name)) is not None and compare(held, wanted)


def _comparison(kind: str, operator: str, said: str) -> tuple[Callable[[Any, Any], bool], Any]:
    value = said.strip('"')
    if kind in ("ref", "choice") and operator in ("ANY_OF", "ANY_OF_NOT"):
        wanted = {one.strip().strip('"') for one in value.strip("[]").split(",")}
        return (lambda held, asked: (held in asked) == (operator == "ANY_OF")), wanted
    if kind == "flag" and operator in ("IS", "IS_NOT") and value in ("true", "false"):
        return (lambda held, asked: (held == asked) == (operator == "IS")), value == "true"
    if kind == "text" and operator in _TEXTS:
        return _TEXTS[operator], value
    return _ordered(kind, operator, value)


def _ordered(kind: str, operator: str, value: str) -> tuple[Callable[[Any, Any], bool], Any]:
    with contextlib.suppress(InvalidOperation, ValueError):
        if kind in ("number", "integer") and operator in _NUMBERS:
            return _NUMBERS[operator], Decimal(value)
        if kind in ("day", "moment") and operator in _DAYS:
            # The user's date format; ISO dates and moments are refused here, unlike everywhere else.
            return _NUMBERS[_DAYS[operator]], datetime.strptime(value, "%m/%d/%Y").date()  # noqa: DTZ007 - a day
    raise _bad_parameter(f"Invalid search query: {operator} {value}", "q")


def _held(record: Record, name: str) -> Any:
    own = {
        "id": record.id,
        "externalId": record.external_id.casefold() if record.external_id else None,
        "createdDate": record.created,
        "dateCreated": record.created,
        "lastModifiedDate": record.modified,
    }
    value = own[name] if name in own else record.values.get(name)
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, str) and len(value) == 10 and name.lower().endswith("date"):
        return date.fromisoformat(value)
    return value
