"""TL02, SBC11, DR11, DR12: the log, billing cycles and document requests by their filters, in seek pages."""

from collections.abc import Callable
from typing import Any

from sandbox.clock import moment_of
from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.money.filters import (
    CYCLE_FILTERS,
    LINE_FILTERS,
    OPERATORS_CYCLE_FILTERS,
    OPERATORS_LINE_FILTERS,
    OPERATORS_REQUEST_FILTERS,
    REQUEST_FILTERS,
    REQUEST_LINE_FILTERS,
)
from sandbox.mirakl.parameters import Reader, read_parameters
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.seek import Place, page, place_of
from sandbox.mirakl.shipment_listing import is_between, sortable
from sandbox.mirakl.state import Json

LONGEST_LINE_PAGE, LONGEST_CYCLE_PAGE = 2000, 1000
_OPERATORS_ALONE = ("shop", "payment_voucher_number")
Test = Callable[[Json, Any], bool]


def _inner(*path: str) -> Callable[[Json], str]:
    def value(row: Json) -> str:
        found: Any = row
        for name in path:
            found = (found or {}).get(name)
        return "" if found is None else str(found)

    return value


def _is(*path: str) -> Test:
    value = _inner(*path)
    return lambda row, wanted: value(row) == str(wanted)


def _is_one_of(*path: str) -> Test:
    value = _inner(*path)
    return lambda row, wanted: value(row) in {str(one) for one in wanted}


def _other_reference(row: Json, wanted: Any) -> bool:
    item = (row.get("entities") or {}).get("one_off_item") or {}
    return any(str(one.get("value")) in wanted for one in item.get("references") or [])


_LINE_TESTS: dict[str, Test] = {
    "seller_billing_cycle_id": _is_one_of("seller_billing_cycle_id"),
    "payment_state": _is_one_of("payment_state"),
    "transaction_type": _is_one_of("type"),
    "accounting_document_number": _is("accounting_document_number"),
    "accounting_document_id": _is("accounting_document_id"),
    "order_id": _is_one_of("entities", "order", "id"),
    "order_line_id": _is_one_of("entities", "order_line", "id"),
    "order_reference_for_customer": _is_one_of("entities", "order", "references", "order_reference_for_customer"),
    "order_reference_for_seller": _is_one_of("entities", "order", "references", "order_reference_for_seller"),
    "shop_model": _is_one_of("shop", "model"),
    "pay_out_psp_codes": _is_one_of("pay_out_psp_code"),
    "other_reference": _other_reference,
    "shop_id": _is("shop", "id"),
    "payment_voucher_number": _is("payment_voucher_number"),
}
_CYCLE_TESTS: dict[str, Test] = {
    "id": _is_one_of("id"),
    "pay_out_state": _is_one_of("pay_out", "state"),
    "currency": _is_one_of("currency_iso_code"),
    "pay_out_psp_code": _is_one_of("pay_out_psp_code"),
    "shop_id": _is_one_of("shop", "shop_id"),
    "payment_voucher_number": _is_one_of("payment_voucher_number"),
}
_REQUEST_TESTS: dict[str, Test] = {
    "id": _is("id"),
    "document_number": _is("document_number"),
    "state": _is_one_of("state"),
    "type": _is_one_of("type"),
    "issuer_type": _is_one_of("issuer", "type"),
    "entity_id": _is_one_of("entity_id"),
    "entity_type": _is_one_of("entity_type"),
    "shop_billing_cycle_id": _is("entities", "shop_billing_cycle", "id"),
    "payment_state": _is("payment", "state"),
}


def list_lines(call: Admitted) -> Json:
    """TL02: by creation or by change, the newest first unless told otherwise."""
    place, asked = _read(call, "TL02", LINE_FILTERS, OPERATORS_LINE_FILTERS, by_shop=True)
    asked.setdefault("sort", "dateCreated,DESC")
    moment = "last_updated" if str(asked["sort"]).startswith("lastUpdated") else "date_created"
    # Lines of one moment follow one another as they were written: by their balances, that is.
    places = {id(row): f"{number:09d}" for number, row in enumerate(call.marketplace.log.lines)}

    def key(row: Json) -> list[str]:
        return [sortable(row[moment]), places[id(row)]]

    found = page(lines_found(call, asked), key, asked, place, LONGEST_LINE_PAGE)
    return found | {"data": [as_seen_by(call, row) for row in found["data"]]}


def lines_found(call: Admitted, asked: Json) -> list[Json]:
    """All that the filters find of the accounts this persona may see; TL03 takes the same filters."""
    own = call.marketplace.own_shop()
    tests = [(test, asked[name]) for name, test in _LINE_TESTS.items() if name in asked]
    if call.persona == "seller":
        tests = [(test, wanted) for test, wanted in tests if test is not _LINE_TESTS["shop_id"]]
    dated = any(name.endswith(("_from", "_to")) for name in asked)
    return [
        row
        for row in call.marketplace.log.lines
        if (call.persona == "operator" or (row.get("shop") or {}).get("id", own) == own)
        and all(test(row, wanted) for test, wanted in tests)
        and (not dated or _is_dated(row, asked))
    ]


def as_seen_by(call: Admitted, row: Json) -> Json:
    """The shop and the voucher are in the operator's documents only."""
    if call.persona == "operator":
        return row
    return {name: value for name, value in row.items() if name not in _OPERATORS_ALONE}


def list_cycles(call: Admitted) -> Json:
    """SBC11: by creation, the oldest first unless told otherwise."""
    place, asked = _read(call, "SBC11", CYCLE_FILTERS, OPERATORS_CYCLE_FILTERS, by_shop=call.persona == "operator")
    own = call.marketplace.own_shop()
    start, end = asked.get("start_date"), asked.get("end_date")
    rows = [
        row
        for row in call.marketplace.log.cycles
        if (call.persona == "operator" or row["shop"]["shop_id"] == own)
        and (start is None or moment_of(row["date_created"]) >= start)
        and (end is None or moment_of(row["date_created"]) <= end)
        and _passes(row, asked, _CYCLE_TESTS)
    ]
    return page(rows, lambda row: [sortable(row["date_created"]), row["id"]], asked, place, LONGEST_CYCLE_PAGE)


def list_requests(call: Admitted) -> Json:
    """DR11: by creation, the newest first unless told otherwise."""
    place, asked = _read(call, "DR11", REQUEST_FILTERS, OPERATORS_REQUEST_FILTERS)
    asked.setdefault("sort", "dateCreated,DESC")
    if ("entity_id" in asked) and "entity_type" not in asked:
        raise MiraklRefusal(400, "entity_id needs entity_type")
    rows = [
        row
        for row in _visible_requests(call)
        if _passes(row, asked, _REQUEST_TESTS)
        and ("shop_ids" not in asked or str(row["recipient"]["id"]) in asked["shop_ids"])
        and all(
            is_between(moment_of(row[name]), asked, name) for name in ("date_created", "last_updated", "issue_date")
        )
    ]
    return page(rows, lambda row: [sortable(row["date_created"]), row["id"]], asked, place)


def list_request_lines(call: Admitted) -> Json:
    """DR12: the rows of one document."""
    place, asked = _read(call, "DR12", REQUEST_LINE_FILTERS, {})
    named = call.asked.path_values["document_request_id"]
    if named not in {row["id"] for row in _visible_requests(call)}:
        raise MiraklRefusal(404, f"Document request {named} does not exist")
    held = next(one for one in call.marketplace.log.requests if one["request"]["id"] == named)
    return page(held["lines"], lambda row: [f"{row['id']}"], asked, place)


def _visible_requests(call: Admitted) -> list[Json]:
    own = str(call.marketplace.own_shop())
    requests = [one["request"] for one in call.marketplace.log.requests]
    if call.persona == "operator":
        return requests
    return [row for row in requests if str((row.get("recipient") or {}).get("id", own)) == own]


def _read(
    call: Admitted, code: str, filters: dict[str, Reader], operators: dict[str, Reader], *, by_shop: bool = False
) -> tuple[Place, Json]:
    """The page's place, and its filters: those of the first call, which its token carries."""
    place = place_of(call.asked.query, by_shop=by_shop and call.persona == "operator")
    known = filters | operators if call.persona == "operator" else filters
    return place, read_parameters(known, place.query, code)


def _passes(row: Json, asked: Json, tests: dict[str, Test]) -> bool:
    return all(name not in asked or test(row, asked[name]) for name, test in tests.items())


def _is_dated(row: Json, asked: Json) -> bool:
    if not is_between(moment_of(row["date_created"]), asked, "date_created"):
        return False
    if "last_updated_from" in asked and moment_of(row["last_updated"]) < asked["last_updated_from"]:
        return False
    if not any(name.startswith("transaction_date") for name in asked):
        return True
    dated = ((row.get("entities") or {}).get("transaction_info") or {}).get("date")
    return bool(dated) and is_between(moment_of(str(dated)), asked, "transaction_date")
