"""NetSuite's items and prices, for the flow of listings: read whole, or of what changed since the run before.

A sync keeps what it read, and asks for what was saved since (`item.lastmodifieddate`), which prices of an item are
saved with. What changes prices and saves no item, such as a price level's percentage, comes with the night: each new
reading of all offers is followed by one of all items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct
from msgspec.json import decode, encode
from msgspec.structs import replace

from tieout.domain.listings.listing import ItemPrice
from tieout.domain.stock.blocks import whole_lines
from tieout.domain.stock.shelf import Member, StockItem
from tieout.flows.listings.rules import audit_rules, settings_of
from tieout.flows.listings.store import ListingsRoom
from tieout.flows.stock.items import OVERLAP, pages_of

A_DAY = 24 * 3600
SHAPES: tuple[str, ...] = (*StockItem.__struct_fields__, *Member.__struct_fields__)
"""What is kept of an item: what another version kept may not read."""
Told = TypeVar("Told")
ItemsAndPrices = tuple[list[StockItem], list[ItemPrice]]


class Asked(Struct, frozen=True):
    """What the settings ask for, and this version keeps."""

    approval_field: str | None
    price_level: str
    currency: str
    shapes: tuple[str, ...] = ()


class Head(Struct, frozen=True):
    """What stands before the items that are kept."""

    asked: Asked
    offers_of: int
    """The reading of all offers that everything was read for: seconds since 1970 by Mirakl's clock."""
    whole_at: int
    """When everything was read, seconds since 1970 by NetSuite's clock."""
    read_at: int
    """When changes were last asked for; so too."""


class Known(Struct, frozen=True, array_like=True):
    """An item, as it is kept."""

    item: StockItem
    price: Decimal | None


def read_whole(marketplace: str, offers_of: int, room: ListingsRoom) -> ItemsAndPrices:  # noqa: ARG001
    """All of them, as they are now. Raises NeedsAttention where NetSuite knows no such field or price level."""
    return _everything(_asked(marketplace, room), room)


def read_changes(marketplace: str, offers_of: int, room: ListingsRoom) -> ItemsAndPrices:
    """The same by what changed since the run before, where offers are those of the same night and settings are as then.

    `offers_of` says when the offers were asked for that these are held against. Only one run at a time may do this.
    """
    asked, book = _asked(marketplace, room), _name(marketplace)
    began = int(room.in_turn(room.at.ledger.now).timestamp())
    head = _head(book, room)
    if head is None or (head.asked, head.offers_of) != (asked, offers_of) or began - head.whole_at >= A_DAY:
        items, prices = _everything(asked, room)
        price_of = {each.item_id: each.price for each in prices}
        known = {item.id: Known(item, price_of.get(item.id)) for item in items}
        head = Head(asked, offers_of, began, began)
    else:
        known = {each.item.id: each for each in _kept(book, room)}
        _bring_up(known, asked, datetime.fromtimestamp(head.read_at, UTC) - OVERLAP, room)
        head = replace(head, read_at=began)
    room.kept.replace(book, _lines(head, known))
    return [each.item for each in known.values()], [
        ItemPrice(item_id=item_id, currency=asked.currency, price=each.price)
        for item_id, each in known.items()
        if each.price is not None
    ]


def _bring_up(known: dict[str, Known], asked: Asked, since: datetime, room: ListingsRoom) -> None:
    ledger = room.at.ledger
    items = _all(lambda: ledger.stock_items(since, asked.approval_field), room)
    deleted = room.in_turn(lambda: ledger.items_deleted(since))
    # Prices last: what is saved in between has its new price now, and all else of it with the next run.
    told = _all(lambda: ledger.item_prices(asked.price_level, asked.currency, since), room)
    prices = {each.item_id: each.price for each in told}
    for item in items:
        known[item.id] = Known(item, prices.get(item.id))
    for item_id in prices.keys() & known.keys():
        known[item_id] = replace(known[item_id], price=prices[item_id])
    for item_id in deleted:
        known.pop(item_id, None)


def _everything(asked: Asked, room: ListingsRoom) -> ItemsAndPrices:
    ledger = room.at.ledger
    items = _all(lambda: ledger.stock_items(None, asked.approval_field), room)
    return items, _all(lambda: ledger.item_prices(asked.price_level, asked.currency), room)


def _all(ask: Callable[[], Iterator[list[Told]]], room: ListingsRoom) -> list[Told]:
    return [each for page in pages_of(ask, room) for each in page]


def _asked(marketplace: str, room: ListingsRoom) -> Asked:
    config = room.at.config
    listings = settings_of(config, marketplace)
    return Asked(listings.approval_field, listings.price_level, audit_rules(config, marketplace).currency, SHAPES)


# --- kept from run to run --------------------------------------------------------------------------------------------


def _head(book: str, room: ListingsRoom) -> Head | None:
    line = next(_read(book, room), None)
    return None if line is None else decode(line, type=Head)


def _kept(book: str, room: ListingsRoom) -> Iterator[Known]:
    lines = _read(book, room)
    next(lines)
    return (decode(line, type=Known) for line in lines)


def _read(book: str, room: ListingsRoom) -> Iterator[bytes]:
    return (line for block in whole_lines(room.kept.blocks(book) or ()) for line in block.splitlines())


def _lines(head: Head, known: dict[str, Known]) -> Iterator[bytes]:
    yield encode(head) + b"\n"
    for each in known.values():
        yield encode(each) + b"\n"


def _name(marketplace: str) -> str:
    return f"{marketplace}/items"
