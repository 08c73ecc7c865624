"""The account a world opens into: subsidiaries, locations, currencies, tax codes, accounts and periods.

A world may bring its own as netsuite/reference.json: an object of lists by record type, in record REST's property
names (plain ids for references), each list replacing the one here; also `custom_fields` ({"custbody_x": "text"}).
"""

import calendar
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.netsuite.chart import CHART
from sandbox.netsuite.countries import VAT_RATES
from sandbox.netsuite.customer_and_item_fields import ITEM_TYPES
from sandbox.netsuite.fields import DAY, FLAG, INTEGER, MOMENT, NUMBER, Field, text
from sandbox.netsuite.record_types import RECORD_TYPES
from sandbox.netsuite.store import Record, Store

ACCOUNT = "1234567_SB1"
Rows = list[dict[str, Any]]

CUSTOM_FIELDS = {
    "custbody_tieout_order": "text",
    "custbody_tieout_marketplace": "text",
    "custbody_tieout_key": "text",
    "custbody_tieout_deadline": "datetime",
    "custbody_tieout_commission": "decimal",
    "custbody_tieout_seller": "text",
    "custbody_tieout_vendor": "text",
    "custbody_tieout_refund": "text",
    "custcol_tieout_line": "text",
    "custcol_tieout_sku": "text",
    "custitem_tieout_approved": "checkbox",
    "custrecord_tieout_ss_marketplace": "text",
    "custrecord_tieout_ss_product": "text",
    "custrecord_tieout_ss_units": "integer",
    "custrecord_tieout_ss_offers": "integer",
    "custrecord_tieout_ss_price": "decimal",
    "custrecord_tieout_ss_currency": "text",
    "custrecord_tieout_ss_as_of": "datetime",
}
_CUSTOM_KINDS = {
    "text": text(300),
    "datetime": MOMENT,
    "date": DAY,
    "decimal": NUMBER,
    "integer": INTEGER,
    "checkbox": FLAG,
}

_SUBSIDIARIES: Rows = [
    {"id": "1", "name": "Gift Shop UK", "currency": "1", "country": "GB", "isElimination": False},
    {"id": "2", "name": "Gift Shop Europe", "currency": "2", "country": "NL", "isElimination": False},
]
_LOCATIONS: Rows = [
    {"id": "1", "name": "Main warehouse", "subsidiary": "1", "makeInventoryAvailable": True},
    {"id": "2", "name": "Shop", "subsidiary": "1", "makeInventoryAvailable": True},
    {"id": "3", "name": "Rotterdam", "subsidiary": "2", "makeInventoryAvailable": True},
]
_CURRENCIES: Rows = [
    {"id": "1", "name": "British Pound", "symbol": "GBP", "displaySymbol": "£", "currencyPrecision": 2, "rate": "1"},
    {"id": "2", "name": "Euro", "symbol": "EUR", "displaySymbol": "€", "currencyPrecision": 2, "rate": "0.85"},
    {"id": "3", "name": "US Dollar", "symbol": "USD", "displaySymbol": "$", "currencyPrecision": 2, "rate": "0.78"},
    {
        "id": "4",
        "name": "Japanese Yen",
        "symbol": "JPY",
        "displaySymbol": "¥",
        "currencyPrecision": 0,
        "rate": "0.0052",
    },
    {
        "id": "5",
        "name": "Kuwaiti Dinar",
        "symbol": "KWD",
        "displaySymbol": "KD",
        "currencyPrecision": 3,
        "rate": "2.54",
    },
]
_EXTRA_ITEMS: Rows = [
    {"id": "700", "kind": "shipItem", "itemId": "Standard delivery"},
    {"id": "701", "kind": "shipItem", "itemId": "Express delivery"},
    {"id": "710", "kind": "otherChargeSaleItem", "itemId": "MARKETPLACE-TAX", "displayName": "Tax of the marketplace"},
]
# Accounts that an item stands for, since forms of sale know no accounts.
_SOLD_BY_ITEM = (
    *("2200", "4000", "4010", "4020", "4090", "4100", "4110", "4200", "4210", "4220", "4230", "4290", "4300"),
    *("6200", "6210"),
)


def open_account(store: Store, now: datetime, given: Mapping[str, Any]) -> None:
    """Fill the reference tables: the world's where it brings them, else the ones here."""
    accounts = given.get("account", _accounts())
    defaults: dict[str, Rows] = {
        "currency": _CURRENCIES,
        "subsidiary": _SUBSIDIARIES,
        "location": _LOCATIONS,
        "account": accounts,
        "accountingPeriod": _periods(now.date()),
        "salesTaxItem": _tax_codes(),
        "priceLevel": [{"id": "1", "name": "Base Price"}, {"id": "-1", "name": "Custom"}],
        "classification": [],
        "customForm": [{"id": "68", "name": "Standard Sales Order"}, {"id": "100", "name": "Marketplace Sales Order"}],
        "item": [*_EXTRA_ITEMS, *_account_items(accounts)],
    }
    for kind, rows in (defaults | {name: given[name] for name in defaults.keys() & given.keys()}).items():
        for row in rows:
            add_row(store, str(row.get("kind", kind)), row, now)
    set_custom_fields(store, given.get("custom_fields", CUSTOM_FIELDS))


def set_custom_fields(store: Store, kinds: Mapping[str, str]) -> None:
    """Raises ValueError for a name or kind that NetSuite does not have."""
    known: dict[str, Field] = {}
    for name, kind in kinds.items():
        if not name.startswith(("custbody_", "custcol_", "custitem_", "custrecord_")) or kind not in _CUSTOM_KINDS:
            raise ValueError(
                "a custom field is custbody_..., custcol_..., custitem_... or custrecord_... of "
                f"{', '.join(_CUSTOM_KINDS)}: {name}, {kind}"
            )
        known[name] = _CUSTOM_KINDS[kind]
    store.body_fields = {name: field for name, field in known.items() if name.startswith("custbody_")}
    store.line_fields = {name: field for name, field in known.items() if name.startswith("custcol_")}
    store.item_fields = {name: field for name, field in known.items() if name.startswith("custitem_")}
    store.record_fields = {name: field for name, field in known.items() if name.startswith("custrecord_")}


def add_row(store: Store, kind: str, row: Mapping[str, Any], now: datetime) -> Record:
    """One record from plain values. Raises KeyError for a record type the twin does not hold."""
    group = RECORD_TYPES[kind].group
    known = RECORD_TYPES[kind].fields
    values = {name: _plain(known[name], value) for name, value in row.items() if name in known and value is not None}
    values.pop("externalId", None)
    values.pop("id", None)
    if kind == "currency":
        values["exchangeRate"] = Decimal(str(row.get("rate", row.get("exchangeRate", "1"))))
        values["isBaseCurrency"] = row["id"] == "1"
    if group == "item":
        values["itemType"] = ITEM_TYPES[kind]
    values.setdefault("isInactive", False)
    record = Record(kind, str(row.get("id") or store.new_id(group)), row.get("externalId"), now, now, values)
    store.add(record)
    return record


def _plain(known: Field, value: Any) -> Any:
    if known.kind == "number":
        return Decimal(str(value))
    if known.kind in ("ref", "text", "choice"):
        return str(value)
    return value


def _tax_codes() -> Rows:
    rows = [{"id": "5001", "itemId": "VAT-MARKETPLACE", "externalId": "VAT-MARKETPLACE", "rate": "0"}]
    for country, rates in VAT_RATES.items():
        for rate in rates:
            # Mirakl writes its codes with the rate; a point cannot stand in an external id.
            code = f"VAT-{country}-{rate.replace('.', '_')}"
            rows.append({"id": str(5001 + len(rows)), "itemId": code, "externalId": code, "rate": rate})
    return rows


def _accounts() -> Rows:
    return [
        {
            "id": str(200 + place),
            "acctNumber": number,
            "acctName": name,
            "acctType": kind,
            "currency": currency,
            "subsidiary": ["1", "2"],
        }
        for place, (number, name, kind, currency) in enumerate(CHART)
    ]


def _account_items(accounts: Rows) -> Rows:
    ids = {str(row.get("acctNumber")): str(row["id"]) for row in accounts}
    return [
        {
            "id": str(720 + place),
            "kind": "otherChargeSaleItem",
            "itemId": f"TIEOUT-{number}",
            "displayName": f"Account {number}",
            "incomeAccount": ids[number],
        }
        for place, number in enumerate(_SOLD_BY_ITEM)
        if number in ids
    ]


def _periods(today: date) -> Rows:
    """The months of the clock's year; those before last month are closed."""
    year = today.year
    last_month = date(year - 1, 12, 1) if today.month == 1 else date(year, today.month - 1, 1)
    rows: Rows = [
        {
            "id": "300",
            "periodName": f"FY {year}",
            "startDate": f"{year}-01-01",
            "endDate": f"{year}-12-31",
            "isYear": True,
            "isQuarter": False,
            "closed": False,
        }
    ]
    for month in range(1, 13):
        first = date(year, month, 1)
        closed = first < last_month
        rows.append(
            {
                "id": str(300 + month),
                "periodName": first.strftime("%b %Y"),
                "startDate": first.isoformat(),
                "endDate": date(year, month, calendar.monthrange(year, month)[1]).isoformat(),
                "closed": closed,
                "isYear": False,
                "isQuarter": False,
            }
            | dict.fromkeys(("allLocked", "arLocked", "apLocked"), closed)
        )
    for row in rows:
        row |= {"isAdjust": False, "isPosting": not row["isYear"], "allowNonGLChanges": False}
        for flag in ("allLocked", "arLocked", "apLocked"):
            row.setdefault(flag, False)
    return rows
