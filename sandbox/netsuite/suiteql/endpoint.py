"""POST /services/rest/query/v1/suiteql."""

from typing import Any

from sandbox import decimal_json
from sandbox.behaviours import Behaviours
from sandbox.netsuite.answer import Answer, Call, collection_answer
from sandbox.netsuite.collections_of_records import page_of, paged
from sandbox.netsuite.refusal import Refusal, invalid_request
from sandbox.netsuite.suiteql.engine import Engine
from sandbox.netsuite.suiteql.refused import QueryRefused

_INVALID = "Invalid search query. Detailed unprocessed description follows. Search error occurred: "


def query(engine: Engine, switches: Behaviours, call: Call) -> Answer:
    """A page of a query: every scalar a string, nulls left out."""
    if "transient" not in [part.strip() for part in call.headers.get("prefer", "").split(",")]:
        raise Refusal(
            400,
            "INVALID_HEADER",
            "The required request header 'Prefer' is missing in the request or its value is invalid. Use 'transient'.",
        )
    text, parameters = _asked(call)
    limit, offset = page_of(call)
    try:
        rows, total = engine.page(text, parameters, limit, offset)
    except QueryRefused as refused:
        raise _refusal(refused, switches.text("suiteql_error_words")) from None
    items: list[dict[str, Any]] = [{"links": [], **row} for row in rows]
    return collection_answer(paged(items, call, limit, offset, total))


def _asked(call: Call) -> tuple[str, list[Any]]:
    if call.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, "INVALID_HEADER", "Invalid Content-Type: application/json is expected.")
    try:
        body = decimal_json.loads(call.body)
    except ValueError:
        raise invalid_request() from None
    if not isinstance(body, dict) or not isinstance(body.get("q"), str) or not isinstance(body.get("params", []), list):
        raise invalid_request()
    return body["q"], body.get("params", [])


def _refusal(refused: QueryRefused, words: str) -> Refusal:
    if refused.unknown_column and words == "unknown_identifier":
        said = f"{_INVALID}Unknown identifier '{refused.unknown_column}'."
        return Refusal(400, "INVALID_PARAMETER", said, parameter="q")
    if refused.unknown_column:
        return Refusal(400, "USER_ERROR", f"Search error occurred: Field '{refused.unknown_column}' not found.")
    return Refusal(400, "INVALID_PARAMETER", _INVALID + str(refused), parameter="q")
