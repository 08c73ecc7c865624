"""Newest wins: of two readings of a shelf, and of two readings of the stock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from tieout.domain.stock.shelf import Shelf

_NEVER = datetime.min.replace(tzinfo=UTC)


def is_stale(read_at: int, applied: int) -> bool:
    """Whether a reading of NetSuite is older than the one that was applied last, by NetSuite's clock."""
    return read_at < applied


def newest_of(shelves: Iterable[Shelf]) -> dict[str, dict[str, Decimal]]:
    """Units by item and location, of pages that may tell a shelf twice, in any order.

    Later changes win; of two with one instant the lower figure does, so that the order of the pages means nothing.
    """
    newest: dict[tuple[str, str], Shelf] = {}
    for shelf in shelves:
        place = (shelf.item_id, shelf.location_id)
        known = newest.get(place)
        if known is None or _rank(shelf) > _rank(known):
            newest[place] = shelf
    by_item: dict[str, dict[str, Decimal]] = {}
    for (item_id, location_id), shelf in sorted(newest.items()):
        by_item.setdefault(item_id, {})[location_id] = shelf.units
    return by_item


def _rank(shelf: Shelf) -> tuple[datetime, Decimal]:
    return shelf.changed_at or _NEVER, -shelf.units
