"""Item fulfilments of our sales orders, by SuiteQL: a row a line, and the parcels in a second question.

A fulfilment is ours by the sales order that its lines are linked to, and its lines are the marketplace's by the line id
that the sales order's line carries; nothing is asked of the warehouse.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from tieout.domain.shipments.fulfilment import FulfilledLine, Fulfilment
from tieout.netsuite.clock import SHAPE, Zone
from tieout.netsuite.connection import Connection
from tieout.netsuite.payloads import LINE_ID, MARKETPLACE, ORDER_ID
from tieout.netsuite.suiteql import Row, chunks, groups, in_list, rows

_FULFILMENTS = f"""
SELECT f.id, f.tranid, f.externalid, f.status, f.shipmethod,
  TO_CHAR(f.trandate, 'YYYY-MM-DD') AS day, TO_CHAR(f.lastmodifieddate, '{SHAPE}') AS modified,
  so.id AS sales_order, so.{ORDER_ID} AS order_id, so.{MARKETPLACE} AS marketplace,
  fl.id AS line, ABS(fl.quantity) AS quantity, sl.{LINE_ID} AS line_id
FROM transaction f
JOIN previoustransactionlinelink l ON l.nextdoc = f.id
JOIN transaction so ON so.id = l.previousdoc
JOIN transactionline fl ON fl.transaction = f.id AND fl.id = l.nextline
JOIN transactionline sl ON sl.transaction = so.id AND sl.id = l.previousline
WHERE f.type = 'ItemShip' AND so.type = 'SalesOrd' AND so.{ORDER_ID} IS NOT NULL AND so.{MARKETPLACE} IS NOT NULL
  AND fl.mainline = 'F' AND NVL(fl.iscogs, 'F') = 'F' AND NVL(fl.kitcomponent, 'F') = 'F' AND """  # noqa: S608  names of ours, never data
_CHANGED = f"""{_FULFILMENTS}
f.lastmodifieddate >= TO_TIMESTAMP(?, '{SHAPE}') AND f.lastmodifieddate <= TO_TIMESTAMP(?, '{SHAPE}')
  AND f.id > ? ORDER BY f.id, fl.id"""
_BY_ID = _FULFILMENTS + "f.id IN ({}) ORDER BY f.id, fl.id"
_PARCELS = """
SELECT m.transaction AS id, n.trackingnumber AS tracking
FROM trackingnumbermap m JOIN trackingnumber n ON n.id = m.trackingnumber
WHERE m.transaction IN ({}) ORDER BY m.transaction, n.id
"""
_DELETED = f"""
SELECT d.recordid AS id FROM deletedrecord d
WHERE LOWER(d.type) IN ('itemfulfillment', 'itemship', 'item fulfillment')
  AND d.deleteddate >= TO_TIMESTAMP(?, '{SHAPE}') AND d.deleteddate <= TO_TIMESTAMP(?, '{SHAPE}')
ORDER BY d.recordid
"""  # noqa: S608  as above


class Fulfilments:
    """Reads the fulfilments of one account."""

    def __init__(self, connection: Connection, zone: Zone) -> None:
        self._connection = connection
        self._zone = zone

    def changed(self, since: datetime, until: datetime) -> Iterator[list[Fulfilment]]:
        """Pages of fulfilments that were saved in the window, oldest record first; two questions a page."""
        window = (self._zone.shown(since), self._zone.shown(until))
        for page in groups(self._connection, _CHANGED, window):
            yield self._read(page)

    def by_id(self, ids: Collection[str]) -> list[Fulfilment]:
        """Those of these ids that exist and are of an order of ours."""
        found: list[Fulfilment] = []
        for chunk in chunks(each for each in ids if each.isdigit()):
            lines = rows(self._connection, _BY_ID.format(in_list(chunk)), chunk)
            by_id: defaultdict[str, list[Row]] = defaultdict(list)
            for row in lines:
                by_id[row["id"]].append(row)
            found += self._read(list(by_id.values()))
        return found

    def deleted(self, since: datetime, until: datetime) -> list[str]:
        """Ids of fulfilments, anybody's, that were deleted in the window."""
        window = (self._zone.shown(since), self._zone.shown(until))
        return list(dict.fromkeys(row["id"] for row in rows(self._connection, _DELETED, window)))

    def _read(self, page: Sequence[Sequence[Row]]) -> list[Fulfilment]:
        parcels = self._parcels([lines[0]["id"] for lines in page])
        return [self._fulfilment(lines, parcels[lines[0]["id"]]) for lines in page]

    def _parcels(self, ids: Iterable[str]) -> defaultdict[str, list[str]]:
        """Tracking numbers as they were typed, wherever NetSuite keeps a parcel (its own list, or a carrier's)."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for chunk in chunks(ids):
            for row in rows(self._connection, _PARCELS.format(in_list(chunk)), chunk):
                if number := row.get("tracking", "").strip():
                    found[row["id"]].append(number)
        return found

    def _fulfilment(self, lines: Sequence[Row], parcels: Iterable[str]) -> Fulfilment:
        head = lines[0]
        return Fulfilment(
            id=head["id"],
            number=head.get("tranid", ""),
            external_id=head.get("externalid", ""),
            marketplace=head["marketplace"],
            order_id=head["order_id"],
            sales_order_id=head["sales_order"],
            status=head.get("status", ""),
            ship_method=head.get("shipmethod", ""),
            day=date.fromisoformat(head["day"]),
            modified_at=self._zone.instant(head["modified"]),
            tracking_numbers=tuple(dict.fromkeys(parcels)),
            lines=_lines_of(lines),
        )


def _lines_of(lines: Iterable[Row]) -> tuple[FulfilledLine, ...]:
    """Units by the marketplace's order line; lines that somebody added to the order are nobody's there.

    A line that is linked twice (each link is a row) counts once.
    """
    units: dict[str, Decimal] = {}
    for row in {row["line"]: row for row in lines}.values():
        if line_id := row.get("line_id"):
            units[line_id] = units.get(line_id, Decimal(0)) + Decimal(row.get("quantity", "0"))
    return tuple(FulfilledLine(line_id, int(quantity)) for line_id, quantity in units.items() if quantity)
