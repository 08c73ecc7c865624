"""What is asked of NetSuite in SuiteQL about transactions and about the account itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal

from tieout.domain.errors import NeedsAttention
from tieout.domain.exchange import PostedTransaction, References
from tieout.domain.money import Money
from tieout.netsuite.booked import spellings
from tieout.netsuite.connection import Connection
from tieout.netsuite.payloads import LONGEST_REFERENCE, ORDER_ID
from tieout.netsuite.suiteql import Row, in_list, rows

_TRANSACTIONS = f"""
SELECT t.id, t.externalid, t.type, t.tranid, t.otherrefnum, t.{ORDER_ID} AS order_id, t.foreigntotal, c.symbol
FROM transaction t LEFT JOIN currency c ON c.id = t.currency
WHERE t.externalid IN ({{}})
"""  # noqa: S608  names of ours, never data
_SUBSIDIARIES = "SELECT 'subsidiary' AS kind, id, name FROM subsidiary WHERE isinactive = 'F'"
_LOCATIONS = "SELECT 'location' AS kind, id, name FROM location WHERE isinactive = 'F'"
_CURRENCIES = "SELECT 'currency' AS kind, id, symbol AS name FROM currency WHERE isinactive = 'F'"
_BELOW_ZERO = frozenset({"CustCred", "RtnAuth", "CashRfnd", "CustRfnd", "VendBill", "VendCred", "VendPymt"})
"""Types whose total may be shown below zero, as it takes away from what is owed."""


def transactions(connection: Connection, external_ids: Collection[str]) -> dict[str, PostedTransaction]:
    """Transactions of any type, by the external id that was asked for."""
    asked = {external_id.upper(): external_id for external_id in external_ids}
    found: dict[str, PostedTransaction] = {}
    for spelt in spellings(external_ids):
        for row in rows(connection, _TRANSACTIONS.format(in_list(spelt)), spelt):
            transaction = _transaction(row)
            wanted = asked.get(transaction.external_id.upper())
            if wanted is not None:
                found[wanted] = transaction
    return found


def _transaction(row: Row) -> PostedTransaction:
    """`foreigntotal` is in the transaction's currency; `total` would be in the subsidiary's.

    Fulfilments and receipts have neither a total nor the customer's reference: the order's field stands in for that.
    """
    total = Decimal(row.get("foreigntotal", "0"))
    return PostedTransaction(
        id=row["id"],
        external_id=row["externalid"],
        kind=row["type"],
        number=row.get("tranid", ""),
        reference=row.get("otherrefnum", "") or row.get("order_id", "")[:LONGEST_REFERENCE],
        total=Money(abs(total) if row["type"] in _BELOW_ZERO else total, row.get("symbol", "")),
    )


def references(connection: Connection) -> References:
    """Ids by name, in one query; without subsidiaries where the account has none (no OneWorld)."""
    try:
        found = rows(connection, f"{_SUBSIDIARIES} UNION ALL {_LOCATIONS} UNION ALL {_CURRENCIES}")
    except NeedsAttention as refused:
        if "subsidiary" not in refused.facts.get("detail", "").lower():
            raise
        found = rows(connection, f"{_LOCATIONS} UNION ALL {_CURRENCIES}")
    return References(
        subsidiaries=_by_name(found, "subsidiary"),
        locations=_by_name(found, "location"),
        currencies=_by_name(found, "currency"),
    )


def _by_name(found: Iterable[Row], kind: str) -> dict[str, str]:
    """Id by name. A name that two records share is left out: which one is meant would be a guess."""
    ids: dict[str, set[str]] = {}
    for row in found:
        if row["kind"] == kind and "name" in row:
            ids.setdefault(row["name"], set()).add(row["id"])
    return {name: next(iter(several)) for name, several in ids.items() if len(several) == 1}
