"""All items and shelves of NetSuite are read over as many runs as that takes: what came is kept, and read on from.

Runs in between push what changed as ever. What is kept is older than what they pushed: whoever uses it lays over it
what changed since the night began (`everything.read_everything`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.json import Decoder, decode, encode

from tieout.domain.stock.blocks import whole_lines
from tieout.domain.stock.changes import Change
from tieout.domain.stock.rules import Selling
from tieout.domain.stock.shelf import Member, Shelf, StockItem
from tieout.flows.stock.items import clock_of, pages_of
from tieout.flows.stock.rules import approval_fields
from tieout.flows.stock.standing import Night, Standing, put
from tieout.flows.stock.store import StockBook, Stockroom

logger = logging.getLogger(__name__)

READS_ON_SECONDS = 120
"""So long a run reads on; then it pushes what changed, and the next run goes on."""
A_BLOCK = 20_000
"""Records that are kept at once: so many are read again at most when a run is cut off."""
TOO_OLD_SECONDS = 12 * 3600
"""A night that is not over by then begins anew."""
CHANGES = "night/changes"
SHAPES: tuple[str, ...] = tuple(name for each in (StockItem, Member, Shelf) for name in each.__struct_fields__)
"""What the records that are kept tell: those of another version may not read."""


def read_on(standing: Standing, sellings: Collection[Selling], room: Stockroom) -> bool:
    """Read further; answers whether all is there. Raises Retryable, with what came before kept."""
    listings = _listings(sellings, room)
    night = standing.night
    if night is None or not 0 <= room.now - night.began_here < TOO_OLD_SECONDS or night.asked != _asked(sellings, room):
        began, _ = clock_of(room)
        night = standing.night = Night(began=began, began_here=room.now, asked=_asked(sellings, room))
    until = room.now + READS_ON_SECONDS
    while len(night.kept) < len(listings):
        if room.now >= until:
            logger.info("everything is read on with the next run", extra={"of": len(night.kept), "after": night.after})
            return False
        _read_a_block(night, listings[len(night.kept)], until, room)
        put(standing, room.book)
    return True


def items_kept(night: Night, approval_field: str | None, room: Stockroom) -> Iterator[StockItem]:
    """All items as the night has them, by id."""
    number = _fields(room).index(approval_field)
    return (decode(line, type=StockItem) for block in _kept(night, number, room) for line in block.splitlines())


def shelves_kept(night: Night, room: Stockroom) -> Iterator[list[Shelf]]:
    """All shelves of items that were active, by item; each item's in one block."""
    for block in _kept(night, len(_fields(room)), room):
        yield [decode(line, type=Shelf) for line in block.splitlines()]


class ChangesKept(Struct, frozen=True):
    """What a whole night is put together to: read from where it is kept each time that one goes through it."""

    book: StockBook

    def __iter__(self) -> Iterator[Change]:
        """In the order in which they were kept."""
        blocks = self.book.blocks(CHANGES)
        assert blocks is not None, "it was kept"
        decoder = Decoder(Change)
        return (decoder.decode(line) for block in whole_lines(blocks) for line in block.splitlines())


def keep_changes(changes: Iterable[Change], room: Stockroom) -> ChangesKept:
    """Keep what is told of all items."""
    room.book.replace(CHANGES, (encode(change) + b"\n" for change in changes))
    return ChangesKept(room.book)


# ---------------------------------------------------------------------------------------------------------------------


class _Listing(NamedTuple):
    """Something of which there is a record, or several, an item."""

    pages: Callable[[str], Iterator[Sequence[Any]]]
    """Those behind an item."""
    item_of: Callable[[Any], str]


def _fields(room: Stockroom) -> list[str | None]:
    """Checkboxes by which items are asked for, each of them once."""
    return sorted(set(approval_fields(room.at.config).values()), key=str)


def places_of(sellings: Collection[Selling]) -> list[str]:
    """Locations that anything is sold from."""
    return list(dict.fromkeys(place for each in sellings for place in each.location_ids))


def _listings(sellings: Collection[Selling], room: Stockroom) -> list[_Listing]:
    ledger, places = room.at.ledger, places_of(sellings)

    def items(name: str | None) -> _Listing:
        return _Listing(lambda after: ledger.stock_items(None, name, after), lambda item: item.id)

    of_shelves = _Listing(lambda after: ledger.shelves(places, after), lambda shelf: shelf.item_id)
    return [*map(items, _fields(room)), of_shelves]


def _asked(sellings: Collection[Selling], room: Stockroom) -> str:
    """What is asked for, and how it is kept: where that changes, what was kept is of no use."""
    return sha256(encode([places_of(sellings), _fields(room), SHAPES])).hexdigest()[:16]


def _read_a_block(night: Night, listing: _Listing, until: int, room: Stockroom) -> None:
    found: list[Any] = []
    is_over = True
    for page in pages_of(lambda: listing.pages(night.after), room):
        found += page
        if len(found) >= A_BLOCK or room.now >= until:
            is_over = False
            break
    number = len(night.kept)
    if found:
        room.book.replace(_name(number, night.blocks), (encode(each) + b"\n" for each in found))
        night.blocks += 1
        night.after = listing.item_of(found[-1])
    if is_over:
        night.kept.append(night.blocks)
        night.blocks, night.after = 0, "0"


def _kept(night: Night, number: int, room: Stockroom) -> Iterator[bytes]:
    for block in range(night.kept[number]):
        blocks = room.book.blocks(_name(number, block))
        assert blocks is not None, "it was kept before the night was written down"
        yield b"".join(whole_lines(blocks))


def _name(listing: int, block: int) -> str:
    return f"night/{listing}-{block}"
