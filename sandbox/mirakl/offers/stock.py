"""STO01, STO02, STO03: quantities of offers from a file, as a whole or by warehouse; nothing else of an offer moves."""

import re
from collections.abc import Collection
from datetime import datetime

from starlette.responses import Response

from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.desk import Desk
from sandbox.mirakl.offers.catalogue import Catalogue
from sandbox.mirakl.offers.imports import Outcome
from sandbox.mirakl.offers.sheets import Row, Sheet, read_sheet
from sandbox.mirakl.offers.submission import hand_in, import_named, report_of, shop_of, state_of
from sandbox.mirakl.offers.told import Created
from sandbox.mirakl.state import Json

_SKU, _QUANTITY, _WAREHOUSE, _DO = COLUMNS = ("offer-sku", "quantity", "warehouse-code", "update-delete")
_WHOLE = re.compile(r"\d{1,9}")
_PATH = "/api/offers/stock/imports"


def import_stock(call: Admitted, desk: Desk) -> Created:
    """STO01. The file is read when its turn comes: the answer says only that it was taken."""
    assert call.form is not None
    content, shop, catalogue = call.form.file, shop_of(call), call.marketplace.catalogue
    warehouses = {code.strip() for code in desk.behaviours.text("warehouses").split(",") if code.strip()}

    def apply(at: datetime) -> Outcome:
        return apply_stock(catalogue, shop, read_sheet(content, (_SKU, _QUANTITY), COLUMNS), warehouses, at)

    made = hand_in(call, desk, "stock", request=content, rows=content.count(b"\n"), apply=apply)
    return Created({"import_id": made.id}, f"{_PATH}/{made.id}/status")


def stock_import(call: Admitted, _: Desk) -> Json:
    """STO02."""
    one = import_named(call, "stock", "import_id")
    told = {**state_of(call, one), "import_id": one.id, "shop_id": one.shop}
    if one.is_over(call.at):
        told |= {"lines_in_success": one.outcome.in_success, "lines_in_error": one.outcome.in_error}
    return told


def stock_errors(call: Admitted, _: Desk) -> Response:
    """STO03."""
    return Response(report_of(call, import_named(call, "stock", "import_id")), media_type="text/csv")


def apply_stock(catalogue: Catalogue, shop: int, sheet: Sheet, warehouses: Collection[str], at: datetime) -> Outcome:
    """Set quantities. Of an offer with one line in error no line is taken, and all are reported."""
    errors: dict[int, str] = {}
    applied = 0
    for sku, rows in by_offer(sheet.rows, _SKU).items():
        offer = catalogue.by_sku(shop, sku)
        found = _problems_among(rows)
        for row in rows:
            problem = row.problem or _problem(row, warehouses, is_known=offer is not None)
            if problem:
                found[row.line] = problem
        if found:
            errors |= {row.line: found.get(row.line, "Another line of this offer is in error") for row in rows}
            continue
        assert offer is not None
        for row in rows:
            warehouse = row.values.get(_WAREHOUSE, "")
            if row.values.get(_DO) == "delete" and warehouse:
                offer.drop_warehouse(warehouse, at)
            else:
                offer.set_quantity(0 if row.values.get(_DO) == "delete" else int(row.values[_QUANTITY]), at, warehouse)
        applied += len(rows)
    return Outcome(in_success=applied, in_error=len(errors), report=sheet.report(errors) if errors else b"")


def by_offer(rows: list[Row], column: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.values[column], []).append(row)
    return found


def _problems_among(rows: list[Row]) -> dict[int, str]:
    """What is wrong with lines of one offer because of each other."""
    where = [row.values.get(_WAREHOUSE, "") for row in rows]
    if len(set(where)) < len(where):
        twice = {one for one in where if where.count(one) > 1}
        return {row.line: "The offer is listed twice" for row, one in zip(rows, where, strict=True) if one in twice}
    if "" in where and len(where) > 1:
        return {row.line: "A quantity by warehouse and one without, of the same offer" for row in rows}
    if rows[-1].line - rows[0].line >= len(rows):
        return {row.line: "The lines of an offer stand together" for row in rows}
    return {}


def _problem(row: Row, warehouses: Collection[str], *, is_known: bool) -> str:
    """The first thing that is wrong with a line by itself."""
    sku, quantity = row.values[_SKU], row.values[_QUANTITY]
    warehouse, do = row.values.get(_WAREHOUSE, ""), row.values.get(_DO, "")
    found = (
        (not sku, "offer-sku is required"),
        (not is_known, f"There is no offer with SKU {sku}"),
        (do not in ("", "update", "delete"), f"update-delete is update or delete, not {do}"),
        (warehouse and warehouse not in warehouses, f"There is no warehouse {warehouse}"),
        (not quantity and do != "delete", "quantity is required"),
        (quantity and not _WHOLE.fullmatch(quantity), f"quantity is a whole number from 0 on, not {quantity}"),
    )
    return next((problem for is_so, problem in found if is_so), "")
