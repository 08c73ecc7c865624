"""TL03, TL04, TL05: the log as files. They are made after a while, in chunks, and stand as they were asked for."""

from datetime import timedelta
from typing import Any

from starlette.responses import Response

from sandbox import decimal_json
from sandbox.calls import ContractViolation
from sandbox.clock import moment_of, text_of
from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.desk import Desk
from sandbox.mirakl.money.filters import LINE_FILTERS, OPERATORS_LINE_FILTERS
from sandbox.mirakl.money.log import Export
from sandbox.mirakl.money.queries import as_seen_by, lines_found
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.state import Json

LINES_A_FILE = 10_000
_MEGABYTE = 1_000_000
_SHAPE = ("format", "items_per_chunk", "megabytes_per_chunk")
_UNKNOWN_TO_FILES = ("limit", "page_token", "sort")
_SIGNATURE = "as-signed"


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
    size = _whole("megabytes_per_chunk", shape, 0) * _MEGABYTE
    call.marketplace.log.exports[tracking_id] = Export(ready_at, kind, _files(rows, items, size))
    return {"tracking_id": tracking_id}


def export_state(call: Admitted, desk: Desk) -> Json:
    """TL04."""
    tracking_id = call.asked.path_values["tracking_id"]
    export = _known(call, tracking_id)
    told: Json = {"last_updated": text_of(min(call.at, export.ready_at))}
    if call.at < export.ready_at:
        return told | {"status": "PENDING"}
    if desk.behaviours.is_on("exports_fail"):
        return told | {"status": "FAILED", "error": {"code": "INTERNAL_ERROR", "detail": "The export failed"}}
    base = call.asked.url.removesuffix(f"/status/{tracking_id}").removesuffix("/async")
    end = export.format.lower()
    urls = [f"{base}/export/async/file/{tracking_id}?file={place}.{end}" for place in range(len(export.files))]
    if desk.behaviours.is_on("export_files_are_signed"):
        # Another host name is another place to whoever calls: a storage, to which no credential of ours belongs.
        urls = [f"{url.replace('//127.0.0.1:', '//localhost:')}&signature={_SIGNATURE}" for url in urls]
    return told | {"status": "COMPLETED", "urls": urls}


def export_file(call: Admitted, desk: Desk) -> Response:
    """TL05. A signed address takes no credential beside its signature, as storages do."""
    export = _known(call, call.asked.path_values["file_id"])
    signed = desk.behaviours.is_on("export_files_are_signed")
    if signed and "authorization" in call.asked.headers:
        raise MiraklRefusal(400, "Only one way of authorization is allowed")
    if signed and call.parameters.get("signature") != _SIGNATURE:
        raise MiraklRefusal(403, "The address is not signed")
    if not signed and call.asked.persona is None:
        raise MiraklRefusal(401, "Unauthorized")
    place = str(call.parameters.get("file", "")).partition(".")[0]
    if not place.isdigit() or int(place) >= len(export.files):
        raise MiraklRefusal(404, f"There is no file {call.parameters.get('file')}")
    rows = export.files[int(place)]
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


def _files(rows: list[Json], items: int, size: int) -> list[list[Json]]:
    """Files of at most so many rows, and of about so many bytes where a size was asked for."""
    files: list[list[Json]] = [[]]
    held = 0
    for row in rows:
        length = len(decimal_json.dumps(row)) if size else 0
        if len(files[-1]) >= items or (size and files[-1] and held + length > size):
            files.append([])
            held = 0
        files[-1].append(row)
        held += length
    return files
