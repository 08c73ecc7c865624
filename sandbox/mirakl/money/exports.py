"""TL03, TL04, TL05: the log as files. They are made after a while, in chunks, and stand as they were asked for."""

from datetime import timedelta
from typing import Any

from starlette.responses import Response

from sandbox import decimal_json
from sandbox.calls import ContractViolation
from sandbox.clock import moment_of
from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.desk import Desk
from sandbox.mirakl.exports import file_named, in_files, may_fetch, state_told
from sandbox.mirakl.money.filters import LINE_FILTERS, OPERATORS_LINE_FILTERS
from sandbox.mirakl.money.log import Export
from sandbox.mirakl.money.queries import as_seen_by, lines_found
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.state import Json

LINES_A_FILE = 10_000
_SHAPE = ("format", "items_per_chunk", "megabytes_per_chunk")
_UNKNOWN_TO_FILES = ("limit", "page_token", "sort")


def start_export(call: Admitted, desk: Desk) -> Json:
    """TL03. Raises MiraklRefusal for a value that is none, ContractViolation for what the contract does not know."""
    sent = dict(call.sent or {})
    shape = {name: sent.pop(name) for name in _SHAPE if name in sent}
    sent.pop("shop_domain", None)
    known = {name: reader for name, reader in LINE_FILTERS.items() if name not in _UNKNOWN_TO_FILES}
    known |= OPERATORS_LINE_FILTERS
    asked: Json = {}
    for name, value in sent.items():
        if name not in known:
            raise ContractViolation(f"TL03 has no field {name!r}")
        values = value if isinstance(value, list) else [value]
        asked[name] = known[name](name, [str(one) for one in values])
    kind = str(shape.get("format", "JSON"))
    if kind not in ("JSON", "NDJSON"):
        raise MiraklRefusal(400, f"format is JSON or NDJSON, not {kind}")
    found = sorted(lines_found(call, asked), key=lambda row: moment_of(row["date_created"]))
    rows = [dict(as_seen_by(call, row)) for row in found]
    tracking_id = desk.state.uuid()
    ready_at = call.at + timedelta(minutes=desk.behaviours.number("export_minutes"))
    items = max(1, _whole("items_per_chunk", shape, LINES_A_FILE))
    megabytes = _whole("megabytes_per_chunk", shape, 0)
    call.marketplace.log.exports[tracking_id] = Export(ready_at, kind, list(in_files(rows, items, megabytes)))
    return {"tracking_id": tracking_id}


def export_state(call: Admitted, desk: Desk) -> Json:
    """TL04."""
    tracking_id = call.asked.path_values["tracking_id"]
    export = _known(call, tracking_id)
    base = call.asked.url.removesuffix(f"/status/{tracking_id}").removesuffix("/async")
    end = export.format.lower()
    urls = [f"{base}/export/async/file/{tracking_id}?file={place}.{end}" for place in range(len(export.files))]
    error: Json = {"code": "INTERNAL_ERROR", "detail": "The export failed"}
    return state_told(call, desk, export.ready_at, urls, error)


def export_file(call: Admitted, desk: Desk) -> Response:
    """TL05."""
    export = _known(call, call.asked.path_values["file_id"])
    may_fetch(call, desk)
    rows = file_named(call, export.files)
    if export.format == "NDJSON":
        return Response(decimal_json.ndjson(rows), media_type="application/x-ndjson")
    return Response(decimal_json.dumps({"data": rows}), media_type="application/json")


def _known(call: Admitted, named: str) -> Export:
    export = call.marketplace.log.exports.get(named)
    if export is None:
        raise MiraklRefusal(404, f"Export {named} does not exist")
    return export


def _whole(name: str, shape: Json, otherwise: int) -> int:
    value: Any = shape.get(name, otherwise)
    try:
        return int(value)
    except (TypeError, ValueError) as wrong:
        raise MiraklRefusal(400, f"{name} is a whole number, not {value}") from wrong
