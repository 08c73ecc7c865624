"""PRI01, PRI02, PRI03: all prices of the offers a file names. One that it does not list is deleted."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from starlette.responses import Response

from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.desk import Desk
from sandbox.mirakl.offers.catalogue import Catalogue, Offer
from sandbox.mirakl.offers.fields import amount, moment, write_fields
from sandbox.mirakl.offers.imports import Import, Outcome
from sandbox.mirakl.offers.sheets import Row, Sheet, read_sheet
from sandbox.mirakl.offers.stock import by_offer
from sandbox.mirakl.offers.submission import hand_in, import_named, report_of, shop_of, state_of
from sandbox.mirakl.offers.told import Created
from sandbox.mirakl.parameters import read_parameters
from sandbox.mirakl.seek import page, place_of
from sandbox.mirakl.state import Json

T = TypeVar("T")
_SKU, _PRICE, _LOWERED = "offer-sku", "price", "discount-price"
_DISCOUNT = {"discount-start-date": "discount_start_date", "discount-end-date": "discount_end_date"}
_RANGES = ("price-ranges", "discount-ranges")
_LISTS = {
    "channels": "channel_codes",
    "customer-organization-ids": "customer_organization_ids",
    "customer-group-ids": "customer_group_ids",
}
_DATES = {"start-date": "start_date", "end-date": "end_date"}
COLUMNS = (_SKU, "price-type", _PRICE, _LOWERED, *_DISCOUNT, *_RANGES, *_LISTS, *_DATES)
MOST_PRICES = 50
_PATH = "/api/offers/pricing/imports"


def import_prices(call: Admitted, desk: Desk) -> Created:
    """PRI01. Where the operator approves prices, those of the file wait for that and the ongoing ones remain."""
    assert call.form is not None
    content, shop, catalogue = call.form.file, shop_of(call), call.marketplace.catalogue
    approved_later = desk.behaviours.is_on("price_approval")

    def apply(at: datetime) -> Outcome:
        return apply_prices(catalogue, shop, read_sheet(content, (_SKU, _PRICE), COLUMNS), at, waits=approved_later)

    made = hand_in(call, desk, "prices", request=content, rows=content.count(b"\n"), apply=apply)
    return Created({"import_id": made.id, "importId": made.id}, f"{_PATH}?import_id={made.id}")


def list_price_imports(call: Admitted, _: Desk) -> Json:
    """PRI02."""
    place = place_of(call.asked.query)
    asked = read_parameters(call.operation.parameters(call.persona), place.query, "PRI02")
    found = [
        one for one in call.marketplace.catalogue.imports.values() if one.kind == "prices" and one.shop == call.shop
    ]
    rows = [_told(call, one) for one in found if _is_asked_for(call, one, asked)]
    asked.setdefault("sort", "dateCreated,DESC")
    return page(rows, lambda row: [str(row["date_created"]), str(row["import_id"])], asked, place)


def price_errors(call: Admitted, _: Desk) -> Response:
    """PRI03."""
    return Response(report_of(call, import_named(call, "prices", "import_id")), media_type="text/csv")


def apply_prices(catalogue: Catalogue, shop: int, sheet: Sheet, at: datetime, *, waits: bool = False) -> Outcome:
    """Of an offer with one line in error no line is taken, and all are reported."""
    outcome = Outcome()
    errors: dict[int, str] = {}
    for sku, rows in by_offer(sheet.rows, _SKU).items():
        offer = catalogue.by_sku(shop, sku)
        read, found = _read(rows, sku, offer)
        if found:
            errors |= {row.line: found.get(row.line, "Another line of this offer is in error") for row in rows}
            outcome.offers_in_error += 1
            continue
        assert offer is not None
        outcome.in_success += len(rows)
        outcome.updated += 1
        if not waits:
            _replace_prices(offer, read, at)
    outcome.in_error = len(errors)
    outcome.report = sheet.report(errors) if errors else b""
    return outcome


def _replace_prices(offer: Offer, prices: list[Json], at: datetime) -> None:
    standing = next(one for one in prices if "context" not in one)
    offer.body["discount"] = None
    write_fields(
        offer,
        {
            "price": standing["unit_origin_price"],
            "discount_price": standing["unit_discount_price"],
            "start_date": standing["discount_start_date"],
            "end_date": standing["discount_end_date"],
            "all_prices": [one for one in prices if "context" in one],
        },
    )
    offer.updated = max(offer.updated, at)


def _read(rows: list[Row], sku: str, offer: Offer | None) -> tuple[list[Json], dict[int, str]]:
    """The prices that the lines of one offer say, and what is wrong with lines."""
    prices: list[Json] = []
    found = _problems_among(rows, sku, offer)
    seen: list[Json | None] = []
    for row in rows:
        try:
            price = _price(row)
        except ValueError as wrong:
            found.setdefault(row.line, row.problem or str(wrong))
            continue
        if price.get("context") in seen:
            found.setdefault(row.line, "The same price is listed twice")
        seen.append(price.get("context"))
        prices.append(price)
    if not found and None not in seen:
        found = {row.line: "The price that holds for everybody is missing" for row in rows}
    return prices, found


def _problems_among(rows: list[Row], sku: str, offer: Offer | None) -> dict[int, str]:
    problem = ""
    if not sku:
        problem = "offer-sku is required"
    elif offer is None:
        problem = f"There is no offer with SKU {sku}"
    elif len(rows) > MOST_PRICES:
        problem = f"An offer has at most {MOST_PRICES} prices, not {len(rows)}"
    elif rows[-1].line - rows[0].line >= len(rows):
        problem = "The lines of an offer stand together"
    return {row.line: problem for row in rows} if problem else {}


def _price(row: Row) -> Json:
    """Raises ValueError saying what is wrong."""
    if row.problem:
        raise ValueError(row.problem)
    if row.values.get("price-type", "") not in ("", "PRICE"):
        raise ValueError(f"price-type {row.values['price-type']} is for dropship offers")
    if not row.values[_PRICE]:
        raise ValueError("price is required")
    origin = _cell(row, _PRICE, amount) or Decimal(0)
    lowered = _cell(row, _LOWERED, amount)
    if lowered is not None and lowered >= origin:
        raise ValueError(f"discount-price {lowered} is not below price {origin}")
    price: Json = {"channel_code": None, "unit_origin_price": origin, "unit_discount_price": lowered, "price": origin}
    price |= {field: _cell(row, name, moment) for name, field in _DISCOUNT.items()}
    price["volume_prices"] = _volume(row, origin, lowered)
    context: Json = {field: row.values[name].split("|") for name, field in _LISTS.items() if row.values.get(name)}
    context |= {field: _cell(row, name, moment) for name, field in _DATES.items() if row.values.get(name)}
    if context:
        price["context"] = context
        price["channel_code"] = ",".join(context.get("channel_codes", [])) or None
    return price


def _volume(row: Row, origin: Decimal, lowered: Decimal | None) -> list[Json]:
    ranges = [_ranges(row, name) for name in _RANGES]
    thresholds = {1, *ranges[0], *ranges[1]}
    first = {"unit_origin_price": origin, "unit_discount_price": lowered}
    return [
        {
            "quantity_threshold": threshold,
            "unit_origin_price": ranges[0].get(threshold, first["unit_origin_price"]),
            "unit_discount_price": ranges[1].get(threshold, first["unit_discount_price"]),
            "price": ranges[0].get(threshold, origin),
        }
        for threshold in sorted(thresholds)
    ]


def _ranges(row: Row, name: str) -> dict[int, Decimal]:
    """ "1|20,10|15" by threshold."""
    found: dict[int, Decimal] = {}
    for one in filter(None, row.values.get(name, "").split(",")):
        threshold, bar, price = one.partition("|")
        if not bar or not threshold.isdigit():
            raise ValueError(f"{name} is threshold|price,threshold|price, not {row.values[name]}")
        try:
            found[int(threshold)] = amount(price)
        except ValueError as wrong:
            raise ValueError(f"{name} has {wrong}") from wrong
    return found


def _cell(row: Row, name: str, read: Callable[[str], T]) -> T | None:
    if not (value := row.values.get(name, "")):
        return None
    try:
        return read(value)
    except ValueError as wrong:
        raise ValueError(f"{name} is {wrong}") from wrong


def _told(call: Admitted, one: Import) -> Json:
    outcome = one.outcome
    return {
        **state_of(call, one),
        "import_id": one.id,
        "shop_id": one.shop,
        "origin": "API",
        "lines_in_success": outcome.in_success,
        "lines_in_error": outcome.in_error,
        "offers_updated": outcome.updated,
        "offers_in_error": outcome.offers_in_error,
        **({"reason_status": outcome.failed} if outcome.failed else {}),
    }


def _is_asked_for(call: Admitted, one: Import, asked: Json) -> bool:
    return (
        ("import_id" not in asked or one.id in asked["import_id"])
        and ("start_date" not in asked or one.created >= asked["start_date"])
        and ("end_date" not in asked or one.created <= asked["end_date"])
        and ("status" not in asked or one.status(call.at) == asked["status"])
        and ("origins" not in asked or "API" in asked["origins"])
    )
