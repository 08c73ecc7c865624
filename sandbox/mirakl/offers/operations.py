"""The operations about offers. OF01, OF24 and prices are a shop's alone, OF22 an operator's: so the contract has it."""

from sandbox.mirakl.offers.filters import (
    CONDITION_FILTERS,
    FILE_FILTERS,
    OFFER_FILTERS,
    OFFER_FORM,
    PRICE_FORM,
    PRICE_IMPORT_FILTERS,
    PRICING_FILTERS,
    PRODUCT_FILTERS,
    STOCK_FORM,
)
from sandbox.mirakl.offers.roles import (
    OFFER_READ_ROLES,
    OFFER_SETTINGS_ROLES,
    OFFER_TRACKING_ROLES,
    OFFER_WRITE_ROLES,
    PRICE_READ_ROLES,
    PRICE_WRITE_ROLES,
    PRODUCT_ROLES,
    STOCK_ROLES,
)
from sandbox.mirakl.operation import DAY, MINUTE, Frequency, Operation, Persona, both, seek
from sandbox.mirakl.parameters import Reader, one_of, whole

_OFFER_PAGING: dict[str, Reader] = {
    "max": whole,
    "offset": whole,
    "sort": one_of("totalPrice", "price", "productTitle"),
    "order": one_of("asc", "desc"),
}
_STOCK, _PRICES, _FILES = "/api/offers/stock/imports", "/api/offers/pricing/imports", "/api/offers/imports"
_EXPORT = "/api/offers/export/async"
_EVERY_MINUTE, _EVERY_DAY = Frequency(1, MINUTE), Frequency(1, DAY)
_CSV = ("text/csv", "text/*")
_SELLER: tuple[Persona, ...] = ("seller",)

ABOUT_OFFERS = (
    Operation("STO01", "POST", _STOCK, frequency=_EVERY_MINUTE, roles=STOCK_ROLES, form=STOCK_FORM),
    Operation("STO02", "GET", f"{_STOCK}/{{import_id}}/status", frequency=Frequency(1, 15.0), roles=STOCK_ROLES),
    Operation(
        "STO03",
        "GET",
        f"{_STOCK}/{{import_id}}/error_report",
        frequency=_EVERY_MINUTE,
        roles=STOCK_ROLES,
        accept=_CSV,
    ),
    Operation("OF52", "POST", _EXPORT, frequency=_EVERY_MINUTE),
    Operation("OF53", "GET", f"{_EXPORT}/status/{{tracking_id}}", frequency=Frequency(1, 10.0)),
    Operation(
        "OF54",
        "GET",
        f"{_EXPORT}/file/{{file_id}}",
        needs_credential=False,
        filters=both(FILE_FILTERS),
        in_contract=False,
        accept=(*_CSV, "application/json", "application/*"),
    ),
    Operation(
        "OF61",
        "GET",
        "/api/offers/states",
        frequency=_EVERY_DAY,
        filters=both(CONDITION_FILTERS),
        roles=OFFER_SETTINGS_ROLES,
    ),
    Operation("P31", "GET", "/api/products", filters=both(PRODUCT_FILTERS), roles=PRODUCT_ROLES),
    Operation(
        "OF21",
        "GET",
        "/api/offers",
        personas=_SELLER,
        filters={"seller": OFFER_FILTERS | _OFFER_PAGING},
        roles=OFFER_READ_ROLES,
    ),
    Operation("OF22", "GET", "/api/offers/{offer}", personas=("operator",), filters={"operator": PRICING_FILTERS}),
    Operation("OF24", "POST", "/api/offers", personas=_SELLER, frequency=_EVERY_MINUTE, roles=OFFER_WRITE_ROLES),
    Operation(
        "OF01", "POST", _FILES, personas=_SELLER, frequency=_EVERY_MINUTE, roles=OFFER_WRITE_ROLES, form=OFFER_FORM
    ),
    Operation(
        "OF02", "GET", f"{_FILES}/{{import}}", personas=_SELLER, frequency=_EVERY_MINUTE, roles=OFFER_TRACKING_ROLES
    ),
    Operation(
        "OF03",
        "GET",
        f"{_FILES}/{{import}}/error_report",
        personas=_SELLER,
        frequency=_EVERY_MINUTE,
        roles=OFFER_TRACKING_ROLES,
        accept=("application/octet-stream", "application/*"),
    ),
    Operation(
        "PRI01", "POST", _PRICES, personas=_SELLER, frequency=_EVERY_MINUTE, roles=PRICE_WRITE_ROLES, form=PRICE_FORM
    ),
    Operation(
        "PRI02",
        "GET",
        _PRICES,
        personas=_SELLER,
        frequency=_EVERY_MINUTE,
        filters={"seller": PRICE_IMPORT_FILTERS | seek("dateCreated")},
        roles=PRICE_READ_ROLES,
    ),
    Operation(
        "PRI03",
        "GET",
        f"{_PRICES}/{{import_id}}/error_report",
        personas=_SELLER,
        frequency=_EVERY_MINUTE,
        roles=PRICE_READ_ROLES,
        accept=_CSV,
    ),
)
