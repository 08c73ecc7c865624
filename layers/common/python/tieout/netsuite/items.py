"""Items and their stock, by SuiteQL. Active items are kept for five minutes; a miss is asked for again each time."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from decimal import Decimal

from tieout.domain.money import ZERO
from tieout.domain.orders.matching import Item, folded
from tieout.netsuite.connection import Connection
from tieout.netsuite.suiteql import Row, chunks, in_list, rows

KEPT = timedelta(minutes=5)
"""A person who adds or mends an item sees it work at once; one who inactivates it waits so long at most."""
STOCKED = frozenset({"InvtPart", "Assembly"})
"""Item types with a quantity of their own. A kit's follows from its members, and it is not looked up here."""

_COLUMNS = "SELECT i.id, i.itemid, i.upccode, i.itemtype, i.isinactive FROM item i"
_AVAILABLE = """
SELECT a.item, SUM(a.quantityavailable) AS available FROM aggregateitemlocation a
WHERE a.item IN ({}) AND a.location IN ({}) GROUP BY a.item
"""

_Found = dict[str, tuple[datetime, list[Item]]]


class Items:
    """Looks items up for one account."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._clock = clock
        self._by_itemid: _Found = {}
        self._by_upc: _Found = {}

    def exact(self, itemids: Collection[str], upcs: Collection[str]) -> list[Item]:
        """Items whose `itemid` or UPC is exactly one of these, inactive ones too."""
        self._look_up("itemid", itemids, self._by_itemid)
        self._look_up("upccode", upcs, self._by_upc)
        found = [item for itemid in itemids for item in _kept(self._by_itemid, itemid)]
        found += [item for upc in upcs for item in _kept(self._by_upc, upc)]
        return list({item.id: item for item in found}.values())

    def similar(self, itemids: Collection[str]) -> list[Item]:
        """Active items that differ from these by case or blanks only."""
        wanted = {folded(itemid) for itemid in itemids}
        found: list[Item] = []
        for chunk in chunks(sorted(wanted)):
            where = f"i.isinactive = 'F' AND UPPER(REPLACE(i.itemid, ' ', '')) IN ({in_list(chunk)})"
            found += [_item(row) for row in rows(self._connection, f"{_COLUMNS} WHERE {where}", chunk)]
        return [item for item in found if folded(item.itemid) in wanted]

    def available(self, items: Collection[Item], location_ids: Collection[str]) -> dict[str, Decimal]:
        """Units free to promise by item id; zero where stock was never kept, absent where an item carries none."""
        units = {item.id: ZERO for item in items if item.kind in STOCKED}
        places = list(dict.fromkeys(location_ids))
        if not places:
            return units
        for chunk in chunks(list(units)):
            query = _AVAILABLE.format(in_list(chunk), in_list(places))
            for row in rows(self._connection, query, [*chunk, *places]):
                units[row["item"]] = max(ZERO, Decimal(row.get("available", "0")))
        return units

    def _look_up(self, column: str, values: Collection[str], known: _Found) -> None:
        now = self._clock()
        for value in [value for value, (until, items) in known.items() if until <= now or not _has_active(items)]:
            del known[value]
        for chunk in chunks(value for value in values if value and value not in known):
            query = f"{_COLUMNS} WHERE i.{column} IN ({in_list(chunk)})"
            for row in rows(self._connection, query, chunk):
                _, items = known.setdefault(row.get(column, ""), (now + KEPT, []))
                items.append(_item(row))


def _has_active(items: Collection[Item]) -> bool:
    return any(not item.is_inactive for item in items)


def _kept(known: _Found, value: str) -> list[Item]:
    return known[value][1] if value in known else []


def _item(row: Row) -> Item:
    return Item(
        id=row["id"],
        itemid=row["itemid"],
        upc=row.get("upccode", ""),
        kind=row.get("itemtype", ""),
        is_inactive=row.get("isinactive") == "T",
    )
