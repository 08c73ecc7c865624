"""Rows of the SuiteQL tables for a record: the same document seen from the query side."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.netsuite.record_types import ITEM_TYPES, RECORD_TYPES
from sandbox.netsuite.store import Record, Store, name_of
from sandbox.netsuite.suiteql.values import MARK, SqlValue, marked, number_in

Row = dict[str, SqlValue]
# Tables with the column that holds the record's id, for taking a record's rows out again.
TABLES_OF: dict[str, tuple[tuple[str, str], ...]] = {
    "transaction": (
        ("transaction", "id"),
        ("transactionline", "transaction"),
        ("transactiontaxdetail", "transaction"),
        ("transactionshippingaddress", "nkey"),
    ),
    "item": (("item", "id"), ("itemsubsidiarymap", "item"), ("aggregateitemlocation", "item")),
    "entity": (("customer", "id"), ("customersubsidiaryrelationship", "entity")),
}
_PLAIN_TABLES = ("subsidiary", "location", "currency", "account", "accountingPeriod", "salesTaxItem")
for _kind in _PLAIN_TABLES:
    TABLES_OF[_kind] = ((_kind.lower(), "id"),)

# Transactions that post to the ledger as soon as they are saved.
_NON_POSTING = ("SalesOrd", "RtnAuth")


class Rows:
    """Writes rows in one user's time zone."""

    def __init__(self, store: Store, zone: ZoneInfo) -> None:
        self._store = store
        self._zone = zone

    def of(self, record: Record) -> Iterator[tuple[str, Row]]:
        """Each row with the table it belongs to."""
        if record.group == "transaction":
            yield from self._transaction(record)
        elif record.group == "item":
            yield from self._item(record)
        elif record.kind == "customer":
            yield from self._customer(record)
        elif record.kind in _PLAIN_TABLES:
            row: Row = {"id": int(record.id), "isinactive": _flag(record.values.get("isInactive"))}
            if record.kind != "accountingPeriod":  # the one of them without external ids
                row["externalid"] = record.external_id
            yield record.kind.lower(), row | _PLAIN[record.kind](record)

    def moment(self, moment: datetime) -> str:
        return marked(moment.astimezone(self._zone))

    def _transaction(self, record: Record) -> Iterator[tuple[str, Row]]:
        values, kind = record.values, RECORD_TYPES[record.kind]
        total, tax = values.get("total", Decimal(0)), values.get("taxTotal", Decimal(0))
        rate = values.get("exchangeRate") or Decimal(1)
        number = int(record.id)
        # Purchases are negative in SuiteQL's header, sales positive.
        sign = -1 if kind.suiteql_type.startswith("Vend") else 1
        row: Row = {
            "id": number,
            "tranid": values.get("tranId"),
            "transactionnumber": values.get("transactionNumber"),
            "externalid": record.external_id,
            "type": kind.suiteql_type,
            "recordtype": record.kind.lower(),
            "abbrevtype": kind.suiteql_type,
            "status": values.get("status"),
            "entity": _id(values.get("entity")),
            "currency": _id(values.get("currency")),
            "exchangerate": number_in(rate),
            "trandate": _day(values.get("tranDate")),
            "trandisplayname": f"{kind.label} #{values.get('tranId')}",
            "foreigntotal": number_in(sign * total),
            "total": number_in(sign * (total * rate).quantize(Decimal("0.01"))),
            "taxtotal": number_in(tax),
            "otherrefnum": values.get("otherRefNum"),
            "memo": values.get("memo"),
            "createddate": self.moment(record.created),
            "lastmodifieddate": self.moment(record.modified),
            "posting": _flag(kind.suiteql_type not in _NON_POSTING),
            "voided": "F",
            "postingperiod": self._period(values.get("tranDate")),
            "source": values.get("source"),
            "shipdate": _day(values.get("shipDate")),
            "customform": _id(values.get("customForm")),
            "shipmethod": _id(values.get("shipMethod")),
        }
        if values.get("shippingAddress"):
            row["shippingaddress"] = number
            address = values["shippingAddress"]
            yield (
                "transactionshippingaddress",
                {"nkey": number} | {one.lower(): _text(address.get(one)) for one in _ADDRESS},
            )
        for name, known in self._store.body_fields.items():
            row[name] = self._custom(known.kind, values.get(name))
        yield "transaction", row
        if record.kind == "salesOrder":
            yield from self._lines(record, number)

    def _lines(self, record: Record, number: int) -> Iterator[tuple[str, Row]]:
        values = record.values
        subsidiary, entity = _id(values.get("subsidiary")), _id(values.get("entity"))
        rate = values.get("exchangeRate") or Decimal(1)
        modified = self.moment(record.modified)
        common: Row = {
            "transaction": number,
            "subsidiary": subsidiary,
            "entity": entity,
            "linelastmodifieddate": modified,
            **dict.fromkeys(("mainline", "taxline", "isclosed", "iscogs", "assemblycomponent", "kitcomponent"), "F"),
        }

        def amounts(amount: Decimal) -> Row:
            base = (amount * rate).quantize(Decimal("0.01"))
            return {"foreignamount": number_in(amount), "netamount": number_in(base)}

        main: Row = {"id": 0, "linesequencenumber": 0, "mainline": "T", "location": _id(values.get("location"))}
        yield "transactionline", common | main | amounts(values.get("total", Decimal(0)))
        last = 0
        for line in record.sublists.get("item", []):
            last = max(last, line["line"])
            row: Row = {
                "id": line["line"],
                "linesequencenumber": line["line"],
                "uniquekey": _id(line.get("lineUniqueKey")),
                "item": _id(line["item"]),
                "itemtype": line.get("itemType"),
                "quantity": number_in(-line["quantity"]),
                "rate": number_in(line.get("rate")),
                "location": _id(line.get("location") or values.get("location")),
                "isclosed": _flag(line.get("isClosed")),
                "memo": line.get("description"),
                "price": _id(line.get("price")),
                "taxamount": number_in(-line["taxAmount"]),
                "grossamt": number_in(-line["grossAmt"]),
                "taxdetailsreference": line.get("taxDetailsReference"),
                "quantityshiprecv": 0,
                "quantitybilled": 0,
                **amounts(-line["amount"]),
            }
            for name, known in self._store.line_fields.items():
                row[name] = self._custom(known.kind, line.get(name))
            yield "transactionline", common | row
        extras = [("ShipItem", values.get("shippingCost"), "F"), ("TaxItem", values.get("taxTotal"), "T")]
        for kind, amount, tax in extras:
            if amount:
                last += 1
                row = {"id": last, "linesequencenumber": last, "itemtype": kind, "taxline": tax}
                yield "transactionline", common | row | amounts(-amount)
        for place, detail in enumerate(record.sublists.get("taxDetails", []), start=1):
            yield (
                "transactiontaxdetail",
                {
                    "id": place,
                    "transaction": number,
                    "taxdetailsreference": detail["taxDetailsReference"],
                    "taxcode": _id(detail["taxCode"]),
                    "taxbasis": number_in(detail["taxBasis"]),
                    "taxrate": number_in(detail.get("taxRate")),
                    "taxamount": number_in(detail["taxAmount"]),
                },
            )

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
                "isinactive": _flag(values.get("isInactive")),
                "subsidiary": ", ".join(allowed),
                "createddate": self.moment(record.created),
                "lastmodifieddate": self.moment(record.modified),
            },
        )
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
                    "lastquantityavailablechange": self.moment(record.modified),
                },
            )

    def _customer(self, record: Record) -> Iterator[tuple[str, Row]]:
        values = record.values
        number, currency = int(record.id), _id(values.get("currency"))
        yield (
            "customer",
            {
                "id": number,
                "entityid": values["entityId"],
                "altname": name_of(record),
                "externalid": record.external_id,
                "companyname": values.get("companyName"),
                "firstname": values.get("firstName"),
                "lastname": values.get("lastName"),
                "isperson": _flag(values.get("isPerson")),
                "email": values.get("email"),
                "phone": values.get("phone"),
                "currency": currency,
                "isinactive": _flag(values.get("isInactive")),
                "datecreated": self.moment(record.created),
                "lastmodifieddate": self.moment(record.modified),
            },
        )
        yield (
            "customersubsidiaryrelationship",
            {
                "id": number,
                "entity": number,
                "subsidiary": _id(values["subsidiary"]),
                "isprimarysub": "T",
                "primarycurrency": currency,
            },
        )

    def _period(self, day: str | None) -> int | None:
        for period in self._store.by_kind.get("accountingPeriod", {}).values():
            values = period.values
            if (
                day
                and not values["isYear"]
                and not values["isQuarter"]
                and values["startDate"] <= day <= values["endDate"]
            ):
                return int(period.id)
        return None

    def _custom(self, kind: str, value: Any) -> SqlValue:
        if value is None:
            return None
        if kind == "moment":
            return self.moment(value) if isinstance(value, datetime) else None
        if kind == "day":
            return _day(value)
        if kind == "flag":
            return _flag(value)
        return number_in(value) if isinstance(value, Decimal) else value


_ADDRESS = ("addressee", "attention", "addr1", "addr2", "city", "state", "zip", "country", "addrPhone")


def _columns(names: Mapping[str, str]) -> Callable[[Record], Row]:
    """Rows of a reference table: column and the property it shows."""

    def row(record: Record) -> Row:
        return {column: _scalar(record.values.get(name)) for column, name in names.items()}

    return row


def _scalar(value: Any) -> SqlValue:
    if isinstance(value, bool):
        return _flag(value)
    if isinstance(value, Decimal):
        return number_in(value)
    if isinstance(value, list):
        return ", ".join(value)
    return value if isinstance(value, int) else _text(value)


_PERIOD_FLAGS = ("closed", "allLocked", "arLocked", "apLocked", "allowNonGLChanges", "isAdjust", "isPosting")


def _period_row(record: Record) -> Row:
    values = record.values
    flags = {name.lower(): _flag(values.get(name)) for name in (*_PERIOD_FLAGS, "isQuarter", "isYear")}
    days = {"startdate": _day(values["startDate"]), "enddate": _day(values["endDate"])}
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
    "salesTaxItem": _columns({"itemid": "itemId", "name": "itemId", "description": "description", "rate": "rate"}),
}


def _flag(value: object) -> str:
    return "T" if value else "F"


def _id(value: str | None) -> int | None:
    return None if value is None else int(value)


def _day(value: str | None) -> str | None:
    return f"{MARK}{value} 00:00:00" if value else None


def _text(value: object) -> str | None:
    return None if value is None or value == "" else str(value)
