"""Questions that `tieout doctor` asks an account: what the role sees, and whether what Tieout needs is set up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from tieout.domain.errors import NeedsAttention
from tieout.netsuite.connection import Connection
from tieout.netsuite.payloads import BODY_FIELDS, LINE_FIELDS
from tieout.netsuite.seller_stock import RECORD_FIELDS, SELLER_STOCK
from tieout.netsuite.suiteql import chunks, in_list, rows

TABLES: Mapping[str, str] = {
    "item": "Lists > Items (view)",
    "aggregateitemlocation": "Lists > Items (view), and Inventory by location",
    "customer": "Lists > Customers (edit)",
    "transaction": "Transactions > Sales Order (edit), Transactions > Find Transaction",
    "transactionline": "Transactions > Sales Order (edit), Transactions > Find Transaction",
    "previoustransactionlinelink": "Transactions > Find Transaction",
    "trackingnumber": "Transactions > Item Fulfillment (edit)",
    "trackingnumbermap": "Transactions > Item Fulfillment (edit)",
    "accountingperiod": "Setup > Manage Accounting Periods (view)",
    "deletedrecord": "Setup > Deleted Records (view)",
    "location": "Lists > Locations (view)",
    "currency": "Lists > Currency (view)",
    "subsidiary": "Lists > Subsidiaries (view)",
    "account": "Lists > Accounts (view)",
    "vendor": "Lists > Vendors (edit)",
    "transactionaccountingline": "Lists > Accounts (view), Transactions > Find Transaction",
    "itemmember": "Lists > Items (view)",
    "classification": "Lists > Classes (view)",
    "pricing": "Lists > Items (view)",
    "pricelevel": "Setup > Accounting Lists (view)",
    SELLER_STOCK: "Custom Record > Marketplace seller stock (edit), of the bundle",
}
"""What is read by SuiteQL, or written besides, and the permission that shows it to a role."""
OF_SETTLEMENT = frozenset({"account", "vendor", "transactionaccountingline"})
"""Tables that only a settlement asks."""
OF_STOCK = frozenset({"itemmember"})
"""Tables that only the flow of stock, and that of listings, asks."""
OF_CATEGORIES = frozenset({"classification"})
"""Tables that only a buffer by category needs; who has no classes works without."""
OF_LISTINGS = frozenset({"pricing", "pricelevel"})
"""Tables that only the flow of listings asks."""
OF_SELLERS = frozenset({SELLER_STOCK})
"""Tables that only other shops' stock is kept in."""

COLUMNS: Mapping[str, str] = {
    "aggregateitemlocation": "item, location, quantityavailable, lastquantityavailablechange",
    "item": "id, itemid, upccode, itemtype, isinactive, displayname, lastmodifieddate",
    "itemmember": "parentitem, item, quantity",
    "classification": "id, name",
    "pricing": "item, pricelevel, currency, quantity, unitprice",
    "pricelevel": "id, name",
    "transaction": (
        "id, tranid, externalid, type, status, trandate, lastmodifieddate, shipmethod, foreigntotal, currency, "
        "otherrefnum"
    ),
    "transactionline": (
        "id, transaction, item, itemtype, quantity, quantityshiprecv, quantitybilled, foreignamount, taxamount, "
        "isclosed, mainline, taxline, iscogs, kitcomponent"
    ),
    "account": "id, acctnumber, isinactive",
    "transactionaccountingline": (
        "transaction, transactionline, account, amount, debit, credit, posting, accountingbook"
    ),
    "previoustransactionlinelink": "previousdoc, previousline, nextdoc, nextline, nexttype",
    "trackingnumber": "id, trackingnumber",
    "trackingnumbermap": "transaction, trackingnumber",
    "accountingperiod": "id, periodname, startdate, enddate, closed, alllocked, arlocked, isquarter, isyear, isadjust",
    "deletedrecord": "recordid, type, deleteddate",
    SELLER_STOCK: ", ".join(RECORD_FIELDS),
}
"""What is asked of a table, of the others their id: a feature that is off, or a missing right, hides columns too."""

_FIELDS = {**dict.fromkeys(BODY_FIELDS, "transaction"), **dict.fromkeys(LINE_FIELDS, "transactionline")}


def hidden_tables(connection: Connection, tables: Collection[str]) -> dict[str, str]:
    """Tables that the role does not see, or not whole, with NetSuite's words."""
    return {table: words for table in tables if (words := _refusal(connection, COLUMNS.get(table, "id"), table))}


def missing_fields(connection: Connection, of_items: Collection[str] = ()) -> list[str]:
    """Custom fields of Tieout, and these of items, that the account does not have, or the role does not see."""
    fields = _FIELDS | dict.fromkeys(of_items, "item")
    return [name for name, table in fields.items() if _refusal(connection, name, table)]


def missing_tax_codes(connection: Connection, external_ids: Sequence[str]) -> list[str]:
    """Tax codes that no active tax code has as its external id. Raises NeedsAttention when the role sees none."""
    found: set[str] = set()
    for chunk in chunks(external_ids):
        # Only question marks are put into the text; the values are bound.
        query = f"SELECT externalid FROM salestaxitem WHERE isinactive = 'F' AND externalid IN ({in_list(chunk)})"  # noqa: S608
        found.update(row["externalid"] for row in rows(connection, query, chunk) if "externalid" in row)
    return [each for each in dict.fromkeys(external_ids) if each not in found]


def _refusal(connection: Connection, column: str, table: str) -> str:
    query = f"SELECT {column} FROM {table} FETCH FIRST 1 ROWS ONLY"  # noqa: S608  names of ours, never data
    try:
        rows(connection, query)
    except NeedsAttention as refused:
        return refused.facts.get("detail", str(refused))
    return ""
