"""OF01, OF02, OF03, OF24: offers made, changed and deleted, by file or by call."""

from datetime import datetime

from starlette.responses import Response

from sandbox import decimal_json
from sandbox.calls import ContractViolation
from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.desk import Desk
from sandbox.mirakl.offers.changes import Change, apply_changes
from sandbox.mirakl.offers.fields import COLUMNS, DEFAULTS, logistic_class
from sandbox.mirakl.offers.imports import Outcome
from sandbox.mirakl.offers.sheets import Row, read_sheet
from sandbox.mirakl.offers.submission import hand_in, import_named, report_of, shop_of, state_of
from sandbox.mirakl.offers.told import Created
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.state import Json

_SKU, _PRODUCT, _TYPE, _DO = "sku", "product-id", "product-id-type", "update-delete"
_PATH = "/api/offers/imports"
_NOT_CSV = (b"PK\x03\x04", b"<")
_NEEDED = ("shop_sku", "price", "state_code")
_RENAMED = {"available_started": "available_start_date", "available_ended": "available_end_date"}
_ELSEWHERE = ("shop_sku", "product_id", "product_id_type", "update_delete")


def import_offers(call: Admitted, desk: Desk) -> Created:
    """OF01. Columns that the file does not have are left alone; a blank cell is taken as it stands."""
    assert call.form is not None
    content, form = call.form.file, call.form.values
    if "import_mode" not in form:
        raise MiraklRefusal(400, "import_mode is required", code="VALIDATION_ERROR", field="import_mode")
    if form.get("with_products"):
        raise ContractViolation("OF01: this twin takes no products along with offers")
    if content.lstrip().startswith(_NOT_CSV):
        raise ContractViolation("OF01: this twin reads CSV, neither XLSX nor XML")
    shop, marketplace, mode = shop_of(call), call.marketplace, form["import_mode"]

    def apply(at: datetime) -> Outcome:
        sheet = read_sheet(content, (_SKU,))
        changes = map(_change, sheet.rows)
        outcome, errors = apply_changes(
            marketplace.catalogue, shop, marketplace.currency(), changes, at, replace=mode == "REPLACE"
        )
        outcome.report = sheet.report(errors) if errors else b""
        return outcome

    rows = content.count(b"\n")
    made = hand_in(call, desk, "offers", request=content, rows=rows, apply=apply, mode=mode, number=True)
    return Created({"import_id": int(made.id)}, f"{_PATH}/{made.id}")


def change_offers(call: Admitted, desk: Desk) -> Created:
    """OF24. Every field counts: what is not sent is reset, a quantity to zero, a discount and other prices to none."""
    sent: Json = dict(call.sent or {})
    offers = sent.get("offers")
    if not offers:
        raise MiraklRefusal(400, "offers must not be empty", code="VALIDATION_ERROR", field="offers")
    changes = [_change_sent(place, one) for place, one in enumerate(offers)]
    shop, marketplace, request = shop_of(call), call.marketplace, decimal_json.dumps(sent)

    def apply(at: datetime) -> Outcome:
        outcome, errors = apply_changes(marketplace.catalogue, shop, marketplace.currency(), changes, at)
        lines = [f"{line};{why};{changes[line - 1].sku}\n" for line, why in errors.items()]
        outcome.report = "".join(["error-line;error-message;sku\n", *lines]).encode() if errors else b""
        return outcome

    made = hand_in(call, desk, "offers", request=request, rows=len(changes), apply=apply, number=True)
    return Created({"import_id": int(made.id)}, f"{_PATH}/{made.id}")


def offer_import(call: Admitted, _: Desk) -> Json:
    """OF02."""
    one = import_named(call, "offers", "import")
    outcome = one.outcome
    return {
        **state_of(call, one),
        "import_id": int(one.id),
        "mode": one.mode,
        "lines_read": outcome.read,
        "lines_in_success": outcome.in_success,
        "lines_in_error": outcome.in_error,
        "lines_in_pending": 0,
        "offer_inserted": outcome.inserted,
        "offer_updated": outcome.updated,
        "offer_deleted": outcome.deleted,
        **({"reason_status": outcome.failed} if outcome.failed else {}),
    }


def offer_errors(call: Admitted, _: Desk) -> Response:
    """OF03."""
    return Response(report_of(call, import_named(call, "offers", "import")), media_type="application/octet-stream")


def _change(row: Row) -> Change:
    fields: Json = {}
    custom: dict[str, str] = {}
    problem = row.problem
    for name, value in row.values.items():
        if name in COLUMNS:
            field, read = COLUMNS[name]
            try:
                fields[field] = read(value) if value else DEFAULTS.get(field)
            except ValueError as wrong:
                problem = problem or f"{name} is {wrong}"
        elif name not in (_SKU, _PRODUCT, _TYPE, _DO):
            custom[name] = value
    if fields.get("state_code", "") is None:
        del fields["state_code"]
    if custom:
        fields["custom"] = custom
    sku, product, kind, do = (row.values.get(name, "") for name in (_SKU, _PRODUCT, _TYPE, _DO))
    return Change(row.line, sku, product, kind, fields, do, problem)


def _change_sent(place: int, sent: Json) -> Change:
    for name in ("shop_sku", "update_delete"):
        if sent.get(name) is None:
            raise MiraklRefusal(400, f"{name} is required", code="VALIDATION_ERROR", field=f"offers[{place}].{name}")
    given = {_RENAMED.get(name, name): value for name, value in sent.items() if name not in _ELSEWHERE}
    discount = given.pop("discount", None) or {}
    fields: Json = {**DEFAULTS, "all_prices": [], **given}
    fields["quantity"] = int(fields["quantity"] or 0)
    fields["discount_price"] = discount.get("price")
    fields |= {name: discount.get(name) for name in ("start_date", "end_date")}
    if isinstance(fields["logistic_class"], str):
        fields["logistic_class"] = logistic_class(fields["logistic_class"])
    missing = [name for name in _NEEDED if sent.get(name) is None]
    problem = f"{', '.join(missing)} required" if missing and sent["update_delete"] != "delete" else ""
    sku, product, kind, do = (str(sent.get(name) or "") for name in _ELSEWHERE)
    return Change(place + 1, sku, product, kind, fields, do, problem)
