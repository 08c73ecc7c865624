"""What NetSuite tells of stock, items and prices, in memory: shelves that remember when they changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from tieout.domain.errors import OutcomeUnknown, TieoutError
from tieout.domain.listings.listing import ItemPrice
from tieout.domain.money import ZERO
from tieout.domain.stock.sellers import SellerStock
from tieout.domain.stock.shelf import Member, Shelf, StockItem

if TYPE_CHECKING:
    from tests.fakes.clock import VirtualClock
    from tieout.domain.orders.matching import Item

A_PAGE = 100
STOCKED = frozenset({"InvtPart", "Assembly"})
T = TypeVar("T")


class MemoryShelves:
    """The part of `ports.Ledger` that is about stock and items.

    What an item is comes from `items_table`; `kits`, `categories`, `approved_items`, `titles` and `prices` say more of
    it, by item id. A shelf that a sales order changed says so the next time that it is read.
    """

    _clock: VirtualClock
    calls: Counter[str]
    items_table: list[Item]
    stock: defaultdict[tuple[str, str], Decimal]
    _committed: defaultdict[tuple[str, str], Decimal]

    def __init__(self) -> None:
        super().__init__()
        self.kits: dict[str, tuple[Member, ...]] = {}
        self.categories: dict[str, str] = {}
        self.titles: dict[str, str] = {}
        self.approved_items: dict[str, set[str]] = {}
        """Ids of the items whose checkbox is set, by the field's name."""
        self.prices: dict[tuple[str, str, str], Decimal] = {}
        """By price level, currency and item id."""
        self.seller_stock: dict[str, SellerStock] = {}
        """Records of other shops' stock, by external id."""
        self.refused_products: dict[str, TieoutError] = {}
        """What comes of writing the record of a product; an OutcomeUnknown comes of one that was written."""
        self._last_units: dict[tuple[str, str], Decimal] = {}
        self._changed: dict[tuple[str, str], datetime] = {}
        self._saved: dict[str, datetime] = {}
        self._deleted: dict[str, datetime] = {}

    # --- the account's own life --------------------------------------------------------------------------------------

    def set_stock(self, item_id: str, location_id: str, units: int | str) -> None:
        """So many are on hand now; a negative number is possible, as at NetSuite."""
        self.stock[item_id, location_id] = Decimal(units)
        self._changed[item_id, location_id] = self._clock.now

    def save_item(self, item: Item) -> None:
        """An item comes, or is changed, now."""
        self.items_table[:] = [each for each in self.items_table if each.id != item.id] + [item]
        self._saved[item.id] = self._clock.now

    def touch(self, item_id: str) -> None:
        """Somebody saves an item with another price, or its checkbox set."""
        self._saved[item_id] = self._clock.now

    def inactivate(self, item_id: str) -> None:
        """Somebody makes an item inactive, which moves no shelf's time."""
        (item,) = (each for each in self.items_table if each.id == item_id)
        self.save_item(replace(item, is_inactive=True))

    def delete_item(self, item_id: str) -> None:
        """Somebody deletes an item, and its shelves with it."""
        self.items_table[:] = [each for each in self.items_table if each.id != item_id]
        self._deleted[item_id] = self._clock.now
        for place in [each for each in self.stock if each[0] == item_id]:
            del self.stock[place]

    # --- what Tieout asks --------------------------------------------------------------------------------------------

    def shelves_changed(self, location_ids: Collection[str], since: datetime) -> Iterator[list[Shelf]]:
        self.calls["shelves_changed"] += 1
        found = [shelf for shelf in self._shelves(location_ids) if shelf.changed_at and shelf.changed_at >= since]
        yield from pages(found)

    def shelves(self, location_ids: Collection[str], after: str = "0") -> Iterator[list[Shelf]]:
        self.calls["shelves"] += 1
        active = {item.id for item in self.items_table if not item.is_inactive}
        found = [shelf for shelf in self._shelves(location_ids) if shelf.item_id in active]
        yield from pages([shelf for shelf in found if _is_behind(shelf.item_id, after)])

    def shelves_of(self, item_ids: Collection[str], location_ids: Collection[str]) -> list[Shelf]:
        self.calls["shelves_of"] += 1
        return [shelf for shelf in self._shelves(location_ids) if shelf.item_id in item_ids]

    def stock_items(
        self, changed_since: datetime | None = None, approval_field: str | None = None, after: str = "0"
    ) -> Iterator[list[StockItem]]:
        self.calls["stock_items"] += 1
        yield from pages(
            [
                self._stock_item(item, approval_field)
                for item in sorted(self.items_table, key=lambda each: _number(each.id))
                if self._is_of(item.id, changed_since) and _is_behind(item.id, after)
            ]
        )

    def items_deleted(self, since: datetime) -> list[str]:
        self.calls["items_deleted"] += 1
        standing = {item.id for item in self.items_table}
        return [item_id for item_id, at in self._deleted.items() if at >= since and item_id not in standing]

    def item_prices(
        self, level: str, currency: str, changed_since: datetime | None = None
    ) -> Iterator[list[ItemPrice]]:
        self.calls["item_prices"] += 1
        active = sorted(
            (item.id for item in self.items_table if not item.is_inactive and self._is_of(item.id, changed_since)),
            key=_number,
        )
        asked = [(item_id, self.prices.get((level, currency, item_id))) for item_id in active]
        yield from pages(
            [
                ItemPrice(item_id=item_id, currency=currency, price=price)
                for item_id, price in asked
                if price is not None
            ]
        )

    def keep_seller_stock(self, stock: SellerStock) -> None:
        self.calls["keep_seller_stock"] += 1
        problem = self.refused_products.get(stock.product)
        if problem is None or isinstance(problem, OutcomeUnknown):
            self.seller_stock[stock.external_id] = stock
        if problem:
            raise problem

    def _is_of(self, item_id: str, changed_since: datetime | None) -> bool:
        return changed_since is None or (item_id in self._saved and self._saved[item_id] >= changed_since)

    def _shelves(self, location_ids: Collection[str]) -> list[Shelf]:
        """As they stand; one that changed since it was last looked at changed now, at the latest."""
        kinds = {item.id: item.kind for item in self.items_table}
        found: list[Shelf] = []
        for item_id, location_id in sorted(self.stock, key=lambda place: (_number(place[0]), place[1])):
            if location_id not in location_ids or kinds.get(item_id) not in STOCKED:
                continue
            place = (item_id, location_id)
            units = self.stock[place] - self._committed.get(place, ZERO)
            if self._last_units.get(place) != units:
                self._last_units[place] = units
                self._changed[place] = self._clock.now
            found.append(
                Shelf(item_id=item_id, location_id=location_id, units=units, changed_at=self._changed.get(place))
            )
        return found

    def _stock_item(self, item: Item, approval_field: str | None) -> StockItem:
        return StockItem(
            id=item.id,
            itemid=item.itemid,
            upc=item.upc,
            kind=item.kind,
            is_inactive=item.is_inactive,
            is_approved=approval_field is None or item.id in self.approved_items.get(approval_field, ()),
            category=self.categories.get(item.id, ""),
            title=self.titles.get(item.id, ""),
            members=self.kits.get(item.id, ()),
        )


def _number(item_id: str) -> tuple[int, str]:
    return (int(item_id), "") if item_id.isdecimal() else (0, item_id)


def _is_behind(item_id: str, after: str) -> bool:
    return after == "0" or _number(item_id) > _number(after)


def pages(found: Sequence[T]) -> Iterator[list[T]]:
    """As a listing comes."""
    for start in range(0, len(found), A_PAGE):
        yield list(found[start : start + A_PAGE])
