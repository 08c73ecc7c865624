"""What is asked of NetSuite in SuiteQL about transactions and about the account itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal

from tieout.domain.errors import NeedsAttention
from tieout.domain.exchange import PostedTransaction, References
from tieout.domain.money import Money
from tieout.netsuite.connection import Connection
from tieout.netsuite.suiteql import MOST_PARAMETERS, Row, chunks, in_list, rows

_TRANSACTIONS = """
SELECT t.id, t.externalid, t.type, t.tranid, t.otherrefnum, t.foreigntotal, c.symbol
FROM transaction t JOIN currency c ON c.id = t.currency
WHERE t.externalid IN ({})
"""
_SUBSIDIARIES = "SELECT 'subsidiary' AS kind, id, name FROM subsidiary WHERE isinactive = 'F'"
_LOCATIONS = "SELECT 'location' AS kind, id, name FROM location WHERE isinactive = 'F'"
_CURRENCIES = "SELECT 'currency' AS kind, id, symbol AS name FROM currency WHERE isinactive = 'F'"
_SPELLINGS = 3


def transactions(connection: Connection, external_ids: Collection[str]) -> dict[str, PostedTransaction]:
    """Transactions of any type, by the external id that was asked for.

    External ids are unique without regard to case, while SuiteQL compares with it: each is asked for as written, in
    upper and in lower case. (`UPPER(externalid)` would read the whole table of a large account.)
    """
    asked = {external_id.upper(): external_id for external_id in external_ids}
    found: dict[str, PostedTransaction] = {}
    for chunk in chunks(external_ids, MOST_PARAMETERS // _SPELLINGS):
        spelt = list(dict.fromkeys(way for each in chunk for way in (each, each.upper(), each.lower())))
        for row in rows(connection, _TRANSACTIONS.format(in_list(spelt)), spelt):
            transaction = _transaction(row)
            wanted = asked.get(transaction.external_id.upper())
            if wanted is not None:
                found[wanted] = transaction
    return found


def _transaction(row: Row) -> PostedTransaction:
    """`foreigntotal` is in the transaction's currency; `total` would be in the subsidiary's."""
    return PostedTransaction(
        id=row["id"],
        external_id=row["externalid"],
        kind=row["type"],
        number=row.get("tranid", ""),
        reference=row.get("otherrefnum", ""),
        total=Money(Decimal(row["foreigntotal"]), row["symbol"]),
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
