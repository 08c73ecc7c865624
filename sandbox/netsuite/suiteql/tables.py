"""The tables SuiteQL shows and their columns; a table or column that is not here is unknown, as for a role."""

from collections.abc import Mapping
from dataclasses import dataclass

# How a column is stored: integers and numbers compare as numbers, dates carry a mark (see `values`).
_AFFINITY = {"id": "INTEGER", "number": "NUMERIC", "text": "TEXT", "flag": "TEXT", "date": "TEXT"}


@dataclass(frozen=True, slots=True)
class Column:
    """`shows` is the group of records whose name BUILTIN.DF gives for this column."""

    kind: str
    shows: str = ""


def _columns(spec: str) -> dict[str, Column]:
    """From words such as `id:id entity:id>entity memo:text`."""
    found: dict[str, Column] = {}
    for word in spec.split():
        name, _, rest = word.partition(":")
        kind, _, shows = rest.partition(">")
        found[name] = Column(kind or "text", shows)
    return found


CUSTOM_RECORD = "customrecord_tieout_seller_stock"
_TABLES = {
    "transaction": _columns(
        "id:id tranid transactionnumber externalid type:text>type recordtype abbrevtype status:text>status "
        "entity:id>entity currency:id>currency exchangerate:number trandate:date trandisplayname foreigntotal:number "
        "total:number taxtotal:number otherrefnum memo createddate:date lastmodifieddate:date posting:flag voided:flag "
        "postingperiod:id>accountingPeriod source shippingaddress:id billingaddress:id shipdate:date customform:id "
        "shipmethod:id>item approvalstatus:id reversaldate:date reversal:id isreversal:flag"
    ),
    "transactionline": _columns(
        "id:id transaction:id linesequencenumber:number uniquekey:id item:id>item itemtype quantity:number rate:number "
        "foreignamount:number netamount:number mainline:flag taxline:flag location:id>location "
        "subsidiary:id>subsidiary entity:id>entity createdfrom:id isclosed:flag iscogs:flag assemblycomponent:flag "
        "kitcomponent:flag memo price:id taxamount:number grossamt:number taxdetailsreference quantityshiprecv:number "
        "quantitybilled:number linelastmodifieddate:date expenseaccount:id>account foreignamountunpaid:number "
        "foreignpaymentamountunused:number"
    ),
    "transactionaccountingline": _columns(
        "accountingbook:id transaction:id transactionline:id account:id>account amount:number netamount:number "
        "debit:number credit:number exchangerate:number posting:flag"
    ),
    "transactiontaxdetail": _columns(
        "id:id transaction:id taxdetailsreference taxcode:id>salesTaxItem taxbasis:number taxrate:number "
        "taxamount:number"
    ),
    "previoustransactionlinelink": _columns(
        "previousdoc:id previousline:id previoustype:text>type nextdoc:id nextline:id nexttype:text>type linktype "
        "foreignamount:number"
    ),
    "trackingnumber": _columns("id:id trackingnumber"),
    "trackingnumbermap": _columns("transaction:id trackingnumber:id"),
    "transactionshippingaddress": _columns("nkey:id addressee attention addr1 addr2 city state zip country addrphone"),
    "item": _columns(
        "id:id itemid fullname externalid displayname description upccode itemtype isinactive:flag subsidiary "
        "incomeaccount:id>account class:id>classification "
        "createddate:date lastmodifieddate:date"
    ),
    "itemsubsidiarymap": _columns("item:id>item subsidiary:id>subsidiary"),
    "aggregateitemlocation": _columns(
        "item:id>item location:id>location quantityavailable:number quantityonhand:number quantitycommitted:number "
        "quantitybackordered:number lastquantityavailablechange:date"
    ),
    "itemmember": _columns("parentitem:id>item item:id>item quantity:number linenumber:number"),
    "pricing": _columns("item:id>item pricelevel:id>priceLevel currency:id>currency quantity:number unitprice:number"),
    "pricelevel": _columns("id:id name externalid isinactive:flag"),
    "classification": _columns("id:id name fullname externalid isinactive:flag"),
    "customer": _columns(
        "id:id entityid altname externalid companyname firstname lastname isperson:flag email phone "
        "currency:id>currency isinactive:flag datecreated:date lastmodifieddate:date"
    ),
    "customersubsidiaryrelationship": _columns(
        "id:id entity:id>entity subsidiary:id>subsidiary isprimarysub:flag primarycurrency:id>currency"
    ),
    "subsidiary": _columns(
        "id:id name fullname externalid currency:id>currency country iselimination:flag isinactive:flag parent:id"
    ),
    "location": _columns(
        "id:id name fullname externalid subsidiary:id>subsidiary isinactive:flag makeinventoryavailable:flag"
    ),
    "currency": _columns(
        "id:id name symbol displaysymbol externalid currencyprecision:number exchangerate:number isbasecurrency:flag "
        "isinactive:flag"
    ),
    "account": _columns(
        "id:id acctnumber accountsearchdisplayname fullname accttype currency:id>currency subsidiary externalid "
        "isinactive:flag"
    ),
    "accountingperiod": _columns(
        "id:id periodname startdate:date enddate:date closed:flag alllocked:flag arlocked:flag aplocked:flag "
        "allownonglchanges:flag isadjust:flag isposting:flag isquarter:flag isyear:flag isinactive:flag"
    ),
    "salestaxitem": _columns("id:id itemid name externalid description rate:number isinactive:flag"),
    "deletedrecord": _columns("recordid:id recordtypeid:id type name deleteddate:date deletedby:id context scriptid"),
    CUSTOM_RECORD: _columns("id:id externalid isinactive:flag created:date lastmodified:date"),
    "dual": _columns("dummy"),
}
for _kind in ("", "subsidiaryrelationship"):
    _TABLES[f"vendor{_kind}"] = _TABLES[f"customer{_kind}"]
# A second name for the same stock.
_TABLES["inventoryitemlocations"] = _TABLES["aggregateitemlocation"]

# What parcels have for tracking numbers is kept in one table that no query can name, and shown as the two NetSuite has.
PARCELS = "ns_parcel"
_OF_PARCELS = {
    "trackingnumber": "id, number AS trackingnumber",
    "trackingnumbermap": "transaction_, id AS trackingnumber",
}

# Which record type a role must see for a table to be there.
GUARDED_BY = {
    "item": "inventoryItem",
    "aggregateitemlocation": "inventoryItem",
    "inventoryitemlocations": "inventoryItem",
    "itemmember": "inventoryItem",
    "pricing": "inventoryItem",
    "pricelevel": "priceLevel",
    "transaction": "salesOrder",
    "transactionline": "salesOrder",
    "transactionaccountingline": "salesOrder",
    "trackingnumber": "itemFulfillment",
    "trackingnumbermap": "itemFulfillment",
    "accountingperiod": "accountingPeriod",
    "salestaxitem": "salesTaxItem",
    CUSTOM_RECORD: CUSTOM_RECORD,
}
_CUSTOM = {"number": "number", "integer": "number", "flag": "flag", "day": "date", "moment": "date"}
# Words SQLite keeps for itself and Oracle leaves to names.
_RESERVED = frozenset(
    (
        *("transaction", "nothing", "index", "references", "returning", "autoincrement", "isnull", "notnull", "add"),
        *("check", "collate", "commit", "constraint", "default", "deferrable", "escape", "foreign", "primary", "to"),
        *("using", "values", "if", "replace"),
    )
)
_INDEXED = {
    "transaction": ("id", "externalid"),
    "transactionline": ("transaction",),
    "transactiontaxdetail": ("transaction",),
    "transactionaccountingline": ("transaction",),
    "transactionshippingaddress": ("nkey",),
    "previoustransactionlinelink": ("nextdoc", "previousdoc"),
    "item": ("id", "itemid"),
    "aggregateitemlocation": ("item",),
    "itemsubsidiarymap": ("item",),
    "itemmember": ("parentitem",),
    "pricing": ("item",),
    "customer": ("id", "externalid"),
    "customersubsidiaryrelationship": ("entity",),
    "vendor": ("id", "externalid"),
    "vendorsubsidiaryrelationship": ("entity",),
}


class Catalogue:
    """The tables of one account, its custom fields among the columns."""

    def __init__(
        self,
        body_fields: Mapping[str, str],
        line_fields: Mapping[str, str],
        item_fields: Mapping[str, str],
        record_fields: Mapping[str, str],
    ) -> None:
        self.tables = {name: dict(columns) for name, columns in _TABLES.items()}
        if not record_fields:
            del self.tables[CUSTOM_RECORD]
        of_tables = (
            ("transaction", body_fields),
            ("transactionline", line_fields),
            ("item", item_fields),
            (CUSTOM_RECORD, record_fields),
        )
        for table, custom in of_tables:
            for name, kind in custom.items():
                self.tables[table][name] = Column(_CUSTOM.get(kind, "text"))

    def ddl(self) -> list[str]:
        """Statements that make the tables; some are views of others."""
        made = [
            f"CREATE TABLE {PARCELS} (transaction_ INTEGER, id INTEGER, number TEXT)",
            f"CREATE INDEX {PARCELS}_by_transaction ON {PARCELS} (transaction_)",
        ]
        for table, columns in self.tables.items():
            if table == "inventoryitemlocations":
                made.append(f"CREATE VIEW {table} AS SELECT * FROM aggregateitemlocation")
                continue
            if table in _OF_PARCELS:
                made.append(f"CREATE VIEW {table} AS SELECT {_OF_PARCELS[table]} FROM {PARCELS}")
                continue
            stored = ", ".join(f"{physical(name)} {_AFFINITY[column.kind]}" for name, column in columns.items())
            made.append(f"CREATE TABLE {physical(table)} ({stored})")
            made += [
                f"CREATE INDEX {table}_by_{name} ON {physical(table)} ({physical(name)})"
                for name in _INDEXED.get(table, ())
            ]
        made.append("INSERT INTO dual VALUES ('X')")
        return made


def physical(name: str) -> str:
    """The name a word goes by inside: SQLite keeps some for itself, `transaction` among them."""
    return f"{name}_" if name in _RESERVED else name


def logical(name: str) -> str:
    return name[:-1] if name[:-1] in _RESERVED and name.endswith("_") else name
