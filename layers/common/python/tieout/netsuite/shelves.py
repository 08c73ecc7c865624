"""What stands where, what an item is, and what it costs, by SuiteQL. A part of `client.NetSuite`.

Every listing goes on behind the last item that came whole (see `suiteql.groups`): nothing is counted through twice,
what is saved meanwhile shifts nothing, and there is no end at 100,000 rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from tieout.domain.errors import NeedsAttention
from tieout.domain.listings.listing import ItemPrice
from tieout.domain.stock.shelf import Member, Shelf, StockItem
from tieout.netsuite.clock import SHAPE, Zone
from tieout.netsuite.connection import Connection
from tieout.netsuite.suiteql import Row, chunks, groups, in_list, rows

KIT = "Kit"
MOST_LOCATIONS = 200
"""Places that one question names; more of them are nobody's warehouses."""

LONGEST_FIELD = 80
_CLASSES = frozenset({"class", "i.class", "classification", "c.name"})
"""What NetSuite's words name where the account has no classes, or the role does not see them."""
_SHELVES = f"""
SELECT a.item AS id, a.location, a.quantityavailable AS units,
  TO_CHAR(a.lastquantityavailablechange, '{SHAPE}') AS changed
FROM aggregateitemlocation a JOIN item i ON i.id = a.item
WHERE a.location IN ({{}})"""  # noqa: S608  names of ours, never data
_CHANGED = f"{_SHELVES} AND a.lastquantityavailablechange >= TO_TIMESTAMP(?, '{SHAPE}')"
_ACTIVE = f"{_SHELVES} AND i.isinactive = 'F'"
_BY_ITEM = " AND a.item > ? ORDER BY a.item, a.location"
_OF_ITEMS = f"{_SHELVES} AND a.item IN ({{}}) ORDER BY a.item, a.location"

_ITEMS = """
SELECT i.id, i.itemid, i.upccode, i.itemtype, i.isinactive, i.displayname, {}
  m.item AS member, m.quantity AS member_units
FROM item i {}
LEFT JOIN itemmember m ON m.parentitem = i.id AND i.itemtype = 'Kit'
WHERE {} i.id > ? ORDER BY i.id, m.item
"""
_CLASS = ("c.name AS category, ", "LEFT JOIN classification c ON c.id = i.class")
_SAVED = f"i.lastmodifieddate >= TO_TIMESTAMP(?, '{SHAPE}') AND"
_DELETED = f"""
SELECT DISTINCT d.recordid AS id FROM deletedrecord d
WHERE LOWER(d.type) LIKE '%item%' AND d.deleteddate >= TO_TIMESTAMP(?, '{SHAPE}') ORDER BY d.recordid
"""  # noqa: S608  as above
_STANDING = "SELECT i.id FROM item i WHERE i.id IN ({})"
_PRICES = """
SELECT p.item AS id, p.quantity AS break, p.unitprice AS price
FROM pricing p
JOIN pricelevel l ON l.id = p.pricelevel
JOIN currency c ON c.id = p.currency
JOIN item i ON i.id = p.item
WHERE l.name = ? AND c.symbol = ? AND i.isinactive = 'F' AND {} p.item > ? ORDER BY p.item, p.quantity
"""


class Shelves:
    """The account's stock, items and prices."""

    def __init__(self, connection: Connection, zone: Zone) -> None:
        self._reads = connection
        self._in_zone = zone
        self._classes = True

    def shelves_changed(self, location_ids: Collection[str], since: datetime) -> Iterator[list[Shelf]]:
        """Pages of shelves whose units changed since then, on NetSuite's clock; those of inactive items too.

        A shelf that changed in the second of `since` comes again, and whoever asks goes back a little further: what is
        saved for long shows late. That an item becomes inactive, or a location is mapped anew, moves no shelf's time.
        """
        return self._shelf_pages(_CHANGED, location_ids, (self._in_zone.no_later(since),))

    def shelves(self, location_ids: Collection[str], after: str = "0") -> Iterator[list[Shelf]]:
        """Pages of all shelves of active items at these locations; whole items, by id, those behind `after`."""
        return self._shelf_pages(_ACTIVE, location_ids, (), after)

    def shelves_of(self, item_ids: Collection[str], location_ids: Collection[str]) -> list[Shelf]:
        """The shelves of these items, inactive ones too; none of an item that carries no stock, or is gone."""
        places = _places(location_ids)
        if not places:
            return []
        found: list[Shelf] = []
        for chunk in chunks((each for each in item_ids if each.isdigit()), 300):
            query = _OF_ITEMS.format(in_list(places), in_list(chunk))
            found += [self._shelf(row) for row in rows(self._reads, query, [*places, *chunk])]
        return found

    def stock_items(
        self, changed_since: datetime | None = None, approval_field: str | None = None, after: str = "0"
    ) -> Iterator[list[StockItem]]:
        """Pages of items by id, inactive ones too, kits with their members; or those that were saved since then.

        Those behind the item with the id `after`. Who has no classes (a feature) has no categories. Raises
        NeedsAttention where `approval_field` is none of the item's, or not one that the role sees; ValueError for what
        is no field's name.
        """
        approved = f"i.{_field(approval_field)} AS approved, " if approval_field is not None else ""
        where = _SAVED if changed_since else ""
        parameters = (self._in_zone.no_later(changed_since),) if changed_since else ()
        if self._classes:
            try:
                yield from self._item_pages(f"{approved}{_CLASS[0]}", _CLASS[1], where, parameters, after)
            except NeedsAttention as refused:
                if _CLASSES.isdisjoint(refused.facts.get("detail", "").lower().replace("'", " ").split()):
                    raise
                self._classes = False  # a query is refused before its first page: nothing came yet
        if not self._classes:
            yield from self._item_pages(approved, "", where, parameters, after)

    def items_deleted(self, since: datetime) -> list[str]:
        """Ids of items that were deleted since then, and that no item has now.

        What NetSuite calls the record in its list of deletions differs by type and is not documented: whatever has
        `item` in its name is taken, and the second question leaves out what is no item's id, or one of a standing item.
        """
        told = [row["id"] for row in rows(self._reads, _DELETED, (self._in_zone.no_later(since),))]
        standing: set[str] = set()
        for chunk in chunks(told):
            standing.update(row["id"] for row in rows(self._reads, _STANDING.format(in_list(chunk)), chunk))
        return [each for each in dict.fromkeys(told) if each not in standing]

    def item_prices(
        self, level: str, currency: str, changed_since: datetime | None = None
    ) -> Iterator[list[ItemPrice]]:
        """Pages of unit prices of active items for one piece, by item, at a price level (by name) in a currency.

        Of all of them, or of items that were saved since then: a price has no time of its own. One that changes with
        its price level's percentage is not told so.

        With quantity pricing an item has a row a quantity: the first is for one piece. An item whose rows tell two
        prices for that is left out, as either would be a guess; so is one without a price.
        """
        where = _SAVED if changed_since else ""
        parameters = (self._in_zone.no_later(changed_since),) if changed_since else ()
        for page in groups(self._reads, _PRICES.format(where), (level, currency, *parameters)):
            found = [price for lines in page if (price := _price(lines, currency)) is not None]
            if found:
                yield found

    def _shelf_pages(
        self, query: str, location_ids: Collection[str], parameters: tuple[str, ...], after: str = "0"
    ) -> Iterator[list[Shelf]]:
        places = _places(location_ids)
        if places:
            asked = query.format(in_list(places)) + _BY_ITEM
            for page in groups(self._reads, asked, (*places, *parameters), after=after):
                yield [self._shelf(row) for lines in page for row in lines]

    def _item_pages(
        self, columns: str, joined: str, where: str, parameters: Sequence[str], after: str
    ) -> Iterator[list[StockItem]]:
        for page in groups(self._reads, _ITEMS.format(columns, joined, where), parameters, after=after):
            yield [_item(lines, has_approval=" AS approved" in columns) for lines in page]

    def _shelf(self, row: Row) -> Shelf:
        changed = row.get("changed")
        return Shelf(
            item_id=row["id"],
            location_id=row["location"],
            units=Decimal(row.get("units", "0")),
            changed_at=self._in_zone.instant(changed) if changed and self._in_zone.is_known else None,
        )


def _places(location_ids: Collection[str]) -> list[str]:
    places = list(dict.fromkeys(location_ids))
    if len(places) > MOST_LOCATIONS:
        raise ValueError(f"{len(places)} locations at once: {MOST_LOCATIONS} at most")
    return places


def _field(name: str) -> str:
    """A field's name, which is put into the query's text: nothing but a name gets there."""
    plain = name.isascii() and name.isidentifier() and name == name.lower() and name[:1].isalpha()
    if not plain or len(name) > LONGEST_FIELD:
        raise ValueError(f"{name!r} is not the name of a field")
    return name


def _item(lines: Sequence[Row], *, has_approval: bool) -> StockItem:
    head = lines[0]
    members: dict[str, Decimal] = {}
    for row in lines:
        if member := row.get("member"):
            members[member] = members.get(member, Decimal(0)) + Decimal(row.get("member_units", "1"))
    return StockItem(
        id=head["id"],
        itemid=head["itemid"],
        upc=head.get("upccode", ""),
        kind=head.get("itemtype", ""),
        is_inactive=head.get("isinactive") == "T",
        is_approved=not has_approval or head.get("approved") == "T",
        category=head.get("category", ""),
        title=head.get("displayname", ""),
        members=tuple(Member(item, units) for item, units in members.items()),
    )


def _price(lines: Sequence[Row], currency: str) -> ItemPrice | None:
    first = [row for row in lines if row.get("break") == lines[0].get("break")]
    prices = {Decimal(row["price"]) for row in first if "price" in row}
    if len(prices) != 1:
        return None
    return ItemPrice(item_id=lines[0]["id"], currency=currency, price=prices.pop())
