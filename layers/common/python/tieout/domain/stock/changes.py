"""What is told of items: a shelf, offers, a recipe; in the book's order, each item once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from heapq import merge as merged
from itertools import groupby
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.stock.blocks import Order
from tieout.domain.stock.book import order_of
from tieout.domain.stock.shelf import Member
from tieout.domain.stock.showing import Shown


class Listed(Struct, frozen=True, array_like=True):
    """An offer that is of an item, as the marketplace showed it when it was read."""

    marketplace: str
    sku: str
    quantity: int
    read_at: int
    """Seconds since 1970, by Mirakl's clock."""


class Change(Struct, frozen=True, kw_only=True, array_like=True):
    """What is told of one item; what is None stays as the book has it. Of a full reading they are kept (`night`)."""

    item_id: str
    shelves: Mapping[str, Decimal] | None = None
    """Units by location id; locations that are not named stay as they were, but in a full reading."""
    category: str | None = None
    offers: tuple[Listed, ...] | None = None
    """All offers of it, at all marketplaces. An item that has none, and is of no kit, is not kept."""
    new: tuple[Listed, ...] = ()
    """Offers that were made since all were read; where the book has one already, it knows better."""
    members: tuple[Member, ...] | None = None
    """Of a kit (`kits.recipe_of`)."""


class Told(NamedTuple):
    """An item that a run looks at; without a change it is only looked at."""

    order: Order
    change: Change | None


def as_listed(known: tuple[Shown, ...], listed: Iterable[Listed], told_since: int) -> tuple[Shown, ...]:
    """Offers as they were read, but where more is known of one since: a file on its way, a doubt, a later sale.

    `told_since` is where the window of the sales begins. Of an offer that was settled before it, nobody knows whether
    that was after the offers were read: where the two differ it is a doubt.
    """
    before = {(shown.marketplace, shown.sku): shown for shown in known}
    offers = []
    for each in listed:
        shown = before.get((each.marketplace, each.sku))
        quantity = max(0, each.quantity)
        if shown is None or (
            shown.sent is None and shown.doubt is None and (shown.since or told_since) <= each.read_at
        ):
            shown = Shown(each.marketplace, each.sku, quantity, each.read_at)
        elif shown.is_settled and shown.quantity != quantity:
            shown = replace(shown, doubt=max(quantity, shown.quantity))
        offers.append(shown)
    return tuple(offers)


def with_new(known: tuple[Shown, ...], new: Iterable[Listed]) -> tuple[Shown, ...]:
    """Known offers, and those that came since."""
    names = {(shown.marketplace, shown.sku) for shown in known}
    came = [each for each in new if (each.marketplace, each.sku) not in names]
    return (*known, *(Shown(each.marketplace, each.sku, each.quantity, each.read_at) for each in came))


def order_told(told: Told) -> Order:
    """For sorting."""
    return told.order


def in_order(changes: Iterable[Change]) -> Iterator[Told]:
    """Changes with their order. Raises ValueError where one is not behind the one before it."""
    last: Order = (False, 0, b"")
    for change in changes:
        order = order_of(change.item_id, is_kit=False)
        if order <= last:
            raise ValueError(f"changes of items are not sorted, each once: {change.item_id} came too late")
        last = order
        yield Told(order, change)


def together(*parts: Iterable[Change]) -> Iterator[Change]:
    """Of each item one change, of what several tell of it: units by location, later ones over earlier; its offers.

    Each part is sorted as the book is. Items of which none tells offers, not even that there are none, are left out.
    Raises ValueError for a part that is not sorted.
    """
    for _, told in groupby(merged(*map(in_order, parts), key=order_told), key=order_told):
        changes = [each.change for each in told if each.change is not None]
        if all(each.offers is None for each in changes):
            continue
        shelves: dict[str, Decimal] = {}
        for each in changes:
            shelves |= each.shelves or {}
        yield Change(
            item_id=changes[0].item_id,
            shelves=shelves,
            category=next((each.category for each in changes if each.category), ""),
            offers=next((each.offers for each in changes if each.offers), ()),
        )


def each_once(told: Iterable[Told]) -> Iterator[Told]:
    """Each item once, with its change if there is any."""
    held: Told | None = None
    for each in told:
        if held is None or each.order != held.order:
            if held is not None:
                yield held
            held = each
        elif each.change is not None:
            held = each
    if held is not None:
        yield held
