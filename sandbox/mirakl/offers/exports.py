"""OF52, OF53, OF54: offers as files, all of them or what changed. They stand as they were when they were asked for."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from sandbox import decimal_json
from sandbox.clock import moment_of
from sandbox.mirakl.admission import Admitted, raise_problems
from sandbox.mirakl.desk import Desk
from sandbox.mirakl.exports import file_named, in_files, may_fetch, state_told
from sandbox.mirakl.offers.catalogue import Offer, OfferExport
from sandbox.mirakl.offers.columns import COLUMNS, FIELDS, as_csv, custom_columns
from sandbox.mirakl.offers.shown import exported
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.state import Json

CSV, JSON = "text/csv", "application/json"
_ENDS = {CSV: "csv", JSON: "json"}
_ITEMS = (10_000, 1_000_000)
_MEGABYTES = (10, 1_000)
_USUAL_ITEMS = 100_000
_FOLDER = "of52-export/offers/"


def start_export(call: Admitted, desk: Desk) -> Json:
    """OF52. A shop's key exports the shop's own offers, an operator's token those of all."""
    asked: Json = dict(call.sent or {})
    request = decimal_json.dumps(asked)
    shop = call.shop if call.persona == "seller" else None
    exports = call.marketplace.catalogue.exports
    if desk.behaviours.is_on("duplicate_requests_share_an_id"):
        for tracking_id, one in exports.items():
            if (one.request, one.shop) == (request, shop) and call.at < one.ready_at:
                return {"tracking_id": tracking_id}
    kind = str(asked.get("export_type") or CSV)
    files = _files(call, asked, kind, smallest=not desk.behaviours.is_on("export_chunks_of_any_size"))
    tracking_id = desk.state.uuid()
    ready_at = call.at + timedelta(seconds=desk.behaviours.number("offer_export_seconds"))
    exports[tracking_id] = OfferExport(request, call.at, ready_at, kind, files, shop)
    return {"tracking_id": tracking_id}


def export_state(call: Admitted, desk: Desk) -> Json:
    """OF53."""
    tracking_id = call.asked.path_values["tracking_id"]
    export = _known(call, tracking_id)
    base = call.asked.url.removesuffix(f"/status/{tracking_id}")
    end = _ENDS[export.media_type]
    urls = [f"{base}/file/{tracking_id}?file={_FOLDER}{place}.{end}" for place in range(len(export.files))]
    return state_told(call, desk, export.ready_at, urls, {"code": "1", "detail": "Internal error"})


def export_file(call: Admitted, desk: Desk) -> Response:
    """OF54. A signed address is anybody's."""
    may_fetch(call, desk)
    file_id = call.asked.path_values["file_id"]
    export = _known(call, file_id, anybody=desk.behaviours.is_on("export_files_are_signed"))
    file = file_named(call, export.files, _FOLDER)
    if call.at >= export.ready_at + timedelta(hours=desk.behaviours.number("offer_export_hours")):
        raise MiraklRefusal(410, f"The files of export {file_id} are gone")
    return Response(file, media_type=export.media_type)


def _known(call: Admitted, named: str, *, anybody: bool = False) -> OfferExport:
    export = call.marketplace.catalogue.exports.get(named)
    if export is None or (not anybody and call.persona == "seller" and export.shop != call.shop):
        raise MiraklRefusal(404, f"Export {named} does not exist")
    return export


def _files(call: Admitted, asked: Json, kind: str, *, smallest: bool) -> list[bytes]:
    items = _size("items_per_chunk", asked, _ITEMS, smallest=smallest) or _USUAL_ITEMS
    megabytes = _size("megabytes_per_chunk", asked, _MEGABYTES, smallest=smallest)
    if kind not in _ENDS:
        raise _refused("export_type", f"export_type is {CSV} or {JSON}, not {kind}")
    if kind == JSON and asked.get("rename_fields"):
        raise _refused("rename_fields", "rename_fields is for CSV only")
    rows = (exported(call.marketplace, one, call.at) for one in _found(call, asked))
    wanted = list(asked.get("include_fields") or [])
    if kind == CSV:
        every = list(rows)
        known = [*COLUMNS, *custom_columns(every)]
        _check_fields(wanted, known)
        columns, renamed = wanted or known, asked.get("rename_fields") or {}
        _check_fields(renamed, known)
        return [as_csv(part, columns, renamed) for part in in_files(every, items, megabytes)]
    _check_fields(wanted, FIELDS)
    names = wanted or FIELDS
    return [_as_json(call, part, names) for part in in_files(rows, items, megabytes)]


def _as_json(call: Admitted, rows: list[Json], names: Collection[str]) -> bytes:
    """Hold rows to the contract: one of each shape, as a hundred thousand of them differ in their values only."""
    if call.contract:
        check = call.contract.schema_check("OF54_Response_200_Ext_FileStructure")
        shapes = {frozenset((name, type(value)) for name, value in row.items()): row for row in rows}
        for row in shapes.values():
            raise_problems(check(row), f"offer {row['offer_id']}")
    return decimal_json.dumps([{name: row[name] for name in names if name in row} for row in rows])


def _found(call: Admitted, asked: Json) -> list[Offer]:
    catalogue = call.marketplace.catalogue
    shop = call.shop if call.persona == "seller" else None
    if (since := asked.get("last_request_date")) is not None:
        if asked.get("include_inactive_offers"):
            said = "include_inactive_offers is not for an export of changes, which has them anyway"
            raise _refused("include_inactive_offers", said)
        found = [one for one in catalogue.offers.values() if shop in (None, one.shop) and one.updated >= _moment(since)]
    else:
        everyone = bool(asked.get("include_inactive_offers"))
        found = [one for one in catalogue.live(shop) if everyone or one.is_active(call.at)]
    if channels := set(asked.get("channel_codes") or []):
        found = [one for one in found if not one.body.get("channels") or channels & set(one.body["channels"])]
    if campaigns := set(asked.get("ongoing_discount_campaign_identifiers") or []):
        found = [one for one in found if campaigns & _campaigns(one)]
    return sorted(found, key=lambda one: one.id)


def _campaigns(offer: Offer) -> set[str]:
    return {str(one.get("identifier")) for one in offer.body.get("ongoing_discount_campaigns") or []}


def _size(name: str, asked: Json, bounds: tuple[int, int], *, smallest: bool) -> int | None:
    value: Any = asked.get(name)
    if value is None:
        return None
    least = bounds[0] if smallest else 1
    if not least <= int(value) <= bounds[1]:
        raise _refused(name, f"{name} lies between {least} and {bounds[1]}, not {value}")
    return int(value)


def _check_fields(named: Iterable[str], known: Collection[str]) -> None:
    if odd := [name for name in named if name not in known]:
        raise _refused("include_fields", f"There is no field {', '.join(odd)}")


def _moment(value: object) -> datetime:
    try:
        return moment_of(str(value))
    except ValueError as wrong:
        raise _refused("last_request_date", f"last_request_date is a moment with its offset, not {value}") from wrong


def _refused(field: str, message: str) -> MiraklRefusal:
    return MiraklRefusal(400, message, code="VALIDATION_ERROR", field=field)
