"""Transactions with their lines, by SuiteQL: what is left of a sales order, an invoice or a return authorisation."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal

from tieout.domain.orders.booked import Booked, BookedLine
from tieout.netsuite.connection import Connection
from tieout.netsuite.payloads import LINE_ID
from tieout.netsuite.suiteql import MOST_PARAMETERS, Row, chunks, in_list, rows

SPELLINGS = 3
UNSHIPPED = frozenset(
    {
        *("OthCharge", "Service", "Discount", "Markup", "Payment", "Subtotal", "Description", "Group", "EndGroup"),
        *("DwnLdItem", "TaxItem", "TaxGroup", "ShipItem"),
    }
)
"""Item types that no warehouse handles."""
_NEGATIVE = frozenset({"SalesOrd", "CustInvc"})
"""Types whose lines SuiteQL shows below zero; what comes back is above."""

_LINES = f"""
SELECT t.id, t.externalid, t.type, t.tranid, t.status, tl.id AS line, tl.item, tl.itemtype, tl.quantity,
  tl.quantityshiprecv, tl.quantitybilled, tl.isclosed, tl.foreignamount, tl.{LINE_ID} AS line_id
FROM transaction t JOIN transactionline tl ON tl.transaction = t.id
WHERE t.externalid IN ({{}}) AND tl.mainline = 'F' AND tl.taxline = 'F' AND NVL(tl.iscogs, 'F') = 'F'
  AND NVL(tl.kitcomponent, 'F') = 'F' AND NVL(tl.itemtype, 'x') NOT IN ('ShipItem', 'TaxItem', 'TaxGroup')
ORDER BY t.id, tl.id
"""  # noqa: S608  names of ours, never data


def spellings(external_ids: Collection[str]) -> Iterable[list[str]]:
    """External ids in lists that one query can bind, each as written, in upper and in lower case.

    They are unique without regard to case, while SuiteQL compares with it. (`UPPER(externalid)` would read the whole
    table of a large account.)
    """
    for chunk in chunks(external_ids, MOST_PARAMETERS // SPELLINGS):
        yield list(dict.fromkeys(way for each in chunk for way in (each, each.upper(), each.lower())))


def booked(connection: Connection, external_ids: Collection[str]) -> dict[str, Booked]:
    """Transactions of any type, by the external id that was asked for."""
    asked = {external_id.upper(): external_id for external_id in external_ids}
    lines: dict[str, list[Row]] = {}
    for spelt in spellings(external_ids):
        for row in rows(connection, _LINES.format(in_list(spelt)), spelt):
            wanted = asked.get(row["externalid"].upper())
            if wanted is not None:
                lines.setdefault(wanted, []).append(row)
    return {external_id: _booked(found) for external_id, found in lines.items()}


def _booked(lines: list[Row]) -> Booked:
    head = lines[0]
    return Booked(
        id=head["id"],
        external_id=head["externalid"],
        kind=head["type"],
        number=head.get("tranid", ""),
        status=head.get("status", ""),
        lines=tuple(_line(row) for row in lines),
    )


def _line(row: Row) -> BookedLine:
    amount = Decimal(row.get("foreignamount", "0"))
    return BookedLine(
        number=int(row["line"]),
        line_id=row.get("line_id", ""),
        item_id=row.get("item", ""),
        quantity=units(row, "quantity"),
        shipped=units(row, "quantityshiprecv"),
        billed=units(row, "quantitybilled"),
        is_closed=row.get("isclosed") == "T",
        net=-amount if row["type"] in _NEGATIVE else amount,
        ships=row.get("itemtype", "") not in UNSHIPPED,
    )


def units(row: Row, column: str) -> int:
    """A quantity, whichever sign SuiteQL gives it."""
    return int(abs(Decimal(row.get(column, "0"))))
