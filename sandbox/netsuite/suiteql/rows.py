"""Rows of the SuiteQL tables for a record: the same document seen from the query side."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.netsuite.customer_and_item_fields import ITEM_TYPES
from sandbox.netsuite.fields import Field
from sandbox.netsuite.price_lists import prices_of
from sandbox.netsuite.record_types import CUSTOM_RECORDS
from sandbox.netsuite.store import Record, Store, name_of
from sandbox.netsuite.suiteql.tables import PARCELS
from sandbox.netsuite.suiteql.transaction_rows import TransactionRows
from sandbox.netsuite.suiteql.values import Row, SqlValue, day_in, flag_in, id_in, marked, number_in, text_in

# Tables with the column that holds the record's id, for taking a record's rows out again.
TABLES_OF: dict[str, tuple[tuple[str, str], ...]] = {
    "transaction": (
        ("transaction", "id"),
        ("transactionline", "transaction"),
        ("transactiontaxdetail", "transaction"),
        ("transactionshippingaddress", "nkey"),
        ("previoustransactionlinelink", "nextdoc"),
        ("transactionaccountingline", "transaction"),
        (PARCELS, "transaction"),
    ),
    "item": (
        ("item", "id"),
        ("itemsubsidiarymap", "item"),
        ("aggregateitemlocation", "item"),
        ("itemmember", "parentitem"),
        ("pricing", "item"),
    ),
    "entity": (
        ("customer", "id"),
        ("customersubsidiaryrelationship", "entity"),
        ("vendor", "id"),
        ("vendorsubsidiaryrelationship", "entity"),
    ),
}
_PLAIN_TABLES = (
    *("subsidiary", "location", "currency", "account", "accountingPeriod", "salesTaxItem"),
    *("priceLevel", "classification"),
)
for _kind in (*_PLAIN_TABLES, *CUSTOM_RECORDS):
    TABLES_OF[_kind] = ((_kind.lower(), "id"),)


class Rows:
    """Writes rows in one user's time zone."""

    def __init__(self, store: Store, zone: ZoneInfo) -> None:
        self._store = store
        self._zone = zone
        self._transactions = TransactionRows(store, self.moment)

    def of(self, record: Record) -> Iterator[tuple[str, Row]]:
        """Each row with the table it belongs to."""
        if record.group == "transaction":
            yield from self._transactions.of(record)
        elif record.group == "item":
            yield from self._item(record)
        elif record.group == "entity":
            yield from self._entity(record)
        elif record.kind in _PLAIN_TABLES:
            row: Row = {"id": int(record.id), "isinactive": flag_in(record.values.get("isInactive"))}
            if record.kind != "accountingPeriod":  # the one of them without external ids
                row["externalid"] = record.external_id
            yield record.kind.lower(), row | _PLAIN[record.kind](record)
        elif record.kind in CUSTOM_RECORDS:
            yield record.kind, self._custom_record(record)

    def moment(self, moment: datetime) -> str:
        return marked(moment.astimezone(self._zone))

    def _custom_record(self, record: Record) -> Row:
        return {
            "id": int(record.id),
            "externalid": record.external_id,
            "isinactive": flag_in(record.values.get("isInactive")),
            "created": self.moment(record.created),
            "lastmodified": self.moment(record.modified),
            **{name: self._shown(known, record.values.get(name)) for name, known in self._store.record_fields.items()},
        }

    def _shown(self, known: Field, value: Any) -> SqlValue:
        return self.moment(value) if known.kind == "moment" and value is not None else _custom(known, value)

    def _item(self, record: Record) -> Iterator[tuple[str, Row]]:
        values = record.values
        allowed = values.get("subsidiary") or [one.id for one in self._store.all("subsidiary")]
        yield (
            "item",
            {
                "id": int(record.id),
                "itemid": values["itemId"],
                "fullname": values["itemId"],
                "externalid": record.external_id,
                "displayname": values.get("displayName"),
                "description": values.get("description"),
                "upccode": values.get("upcCode"),
                "itemtype": ITEM_TYPES[record.kind],
                "isinactive": flag_in(values.get("isInactive")),
                "incomeaccount": id_in(values.get("incomeAccount")),
                "class": id_in(values.get("class")),
                "subsidiary": ", ".join(allowed),
                "createddate": self.moment(record.created),
                "lastmodifieddate": self.moment(record.modified),
                **{name: _custom(known, values.get(name)) for name, known in self._store.item_fields.items()},
            },
        )
        yield from self._of_item(record)
        for subsidiary in allowed:
            yield "itemsubsidiarymap", {"item": int(record.id), "subsidiary": int(subsidiary)}
        for place in record.sublists.get("locations", []):
            yield (
                "aggregateitemlocation",
                {
                    "item": int(record.id),
                    "location": int(place["locationId"]),
                    "quantityavailable": number_in(place.get("quantityAvailable")),
                    "quantityonhand": number_in(place.get("quantityOnHand")),
                    "quantitycommitted": number_in(place.get("quantityCommitted")),
                    "quantitybackordered": number_in(place.get("quantityBackOrdered")),
                    "lastquantityavailablechange": self.moment(place.get("_changed", record.created)),
                },
            )

    def _of_item(self, record: Record) -> Iterator[tuple[str, Row]]:
        """What a kit is made of, and what an item costs: one price a level and currency, for any quantity."""
        for number, member in enumerate(record.values.get("_members", ()), start=1):
            made_of = {"item": int(member["item"]), "quantity": number_in(member["quantity"]), "linenumber": number}
            yield "itemmember", {"parentitem": int(record.id), **made_of}
        for (level, currency), price in prices_of(self._store, record).items():
            costs = {"currency": int(currency), "quantity": 1, "unitprice": number_in(price)}
            yield "pricing", {"item": int(record.id), "pricelevel": int(level), **costs}

    def _entity(self, record: Record) -> Iterator[tuple[str, Row]]:
        values = record.values
        number, currency = int(record.id), id_in(values.get("currency"))
        yield (
            record.kind,
            {
                "id": number,
                "entityid": values["entityId"],
                "altname": name_of(record),
                "externalid": record.external_id,
                "companyname": values.get("companyName"),
                "firstname": values.get("firstName"),
                "lastname": values.get("lastName"),
                "isperson": flag_in(values.get("isPerson")),
                "email": values.get("email"),
                "phone": values.get("phone"),
                "currency": currency,
                "isinactive": flag_in(values.get("isInactive")),
                "datecreated": self.moment(record.created),
                "lastmodifieddate": self.moment(record.modified),
            },
        )
        yield (
            f"{record.kind}subsidiaryrelationship",
            {
                "id": number,
                "entity": number,
                "subsidiary": id_in(values["subsidiary"]),
                "isprimarysub": "T",
                "primarycurrency": currency,
            },
        )


def _columns(names: Mapping[str, str]) -> Callable[[Record], Row]:
    """Rows of a reference table: column and the property it shows."""

    def row(record: Record) -> Row:
        return {column: _scalar(record.values.get(name)) for column, name in names.items()}

    return row


def _custom(known: Field, value: Any) -> SqlValue:
    """A custom field of an item; a checkbox that nobody touched is not set."""
    return flag_in(value) if known.kind == "flag" else _scalar(value)


def _scalar(value: Any) -> SqlValue:
    if isinstance(value, bool):
        return flag_in(value)
    if isinstance(value, Decimal):
        return number_in(value)
    if isinstance(value, list):
        return ", ".join(value)
    return value if isinstance(value, int) else text_in(value)


_PERIOD_FLAGS = ("closed", "allLocked", "arLocked", "apLocked", "allowNonGLChanges", "isAdjust", "isPosting")


def _period_row(record: Record) -> Row:
    values = record.values
    flags = {name.lower(): flag_in(values.get(name)) for name in (*_PERIOD_FLAGS, "isQuarter", "isYear")}
    days = {"startdate": day_in(values["startDate"]), "enddate": day_in(values["endDate"])}
    return {"periodname": values["periodName"], **days, **flags}


_PLAIN: dict[str, Callable[[Record], Row]] = {
    "subsidiary": _columns(
        {
            "name": "name",
            "fullname": "name",
            "currency": "currency",
            "country": "country",
            "iselimination": "isElimination",
        }
    ),
    "location": _columns(
        {
            "name": "name",
            "fullname": "name",
            "subsidiary": "subsidiary",
            "makeinventoryavailable": "makeInventoryAvailable",
        }
    ),
    "currency": _columns(
        {
            "name": "name",
            "symbol": "symbol",
            "displaysymbol": "displaySymbol",
            "currencyprecision": "currencyPrecision",
            "exchangerate": "exchangeRate",
            "isbasecurrency": "isBaseCurrency",
        }
    ),
    "account": _columns(
        {
            "acctnumber": "acctNumber",
            "accountsearchdisplayname": "acctName",
            "fullname": "acctName",
            "accttype": "acctType",
            "currency": "currency",
            "subsidiary": "subsidiary",
        }
    ),
    "accountingPeriod": _period_row,
    "priceLevel": _columns({"name": "name"}),
    "classification": _columns({"name": "name", "fullname": "name"}),
    "salesTaxItem": _columns({"itemid": "itemId", "name": "itemId", "description": "description", "rate": "rate"}),
}
