"""What the tests of the book share: a run over a book in memory, as a push makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from tieout.domain.stock.book import Entry, entry_of, marketplaces_of
from tieout.domain.stock.changes import Change, Listed
from tieout.domain.stock.lanes import Push, planned
from tieout.domain.stock.merge import rewritten, visits
from tieout.domain.stock.rules import Selling
from tieout.domain.stock.showing import Landing
from tieout.domain.stock.velocity import Sale, sales_within
from tieout.domain.stock.workings import Run

LEEDS = "7"
BRIGHTSIDE = Selling(marketplace="brightside-uk", location_ids=(LEEDS,))
MAISON = Selling(marketplace="maison-eu", location_ids=(LEEDS,))
BOTH = (BRIGHTSIDE, MAISON)
LANDED = Landing(read_at=1000, ended_at=1060, is_complete=True)
ALL_LANDED = {"brightside-uk": LANDED, "maison-eu": LANDED}


def a_run(sales: Iterable[Sale] = (), *, since: int = 2000, until: int = 5600, **more: Any) -> Run:
    return Run(**{"sellings": BOTH, "sales": sales_within(since, until, sales), **more})


def a_change(
    number: int, units: int | str, *, shown: int = 0, at: Sequence[str] = ("brightside-uk", "maison-eu")
) -> Change:
    """An item with its offers, as a full reading tells it."""
    return Change(
        item_id=str(number),
        shelves={LEEDS: Decimal(units)},
        category="Crockery",
        offers=tuple(Listed(name, f"SKU-{number}", shown, 100) for name in at),
    )


def units_of(number: int, units: int | str) -> Change:
    """A shelf that changed."""
    return Change(item_id=str(number), shelves={LEEDS: Decimal(units)})


def push(
    book: bytes,
    changes: Sequence[Change],
    run: Run,
    *,
    kits: Sequence[Change] = (),
    cut: int = 0,
    sends: Callable[[Push], bool] = lambda each: each.held is None,
    **more: bool,
) -> tuple[bytes, list[Push]]:
    """Plan, then write the new book with what was sent; `cut`: the old book comes in blocks of so many bytes."""
    size = cut or max(1, len(book))
    blocks = [book[start : start + size] for start in range(0, len(book), size)]
    counts: dict[str, int] = {}
    pushes = planned(visits(blocks, changes, kits, run, **more), run.sellings, offers_in(book))
    rows = {(want.marketplace, want.sku) for each in pushes if sends(each) for want in each.rows}
    return b"".join(rewritten(visits(blocks, changes, kits, run, **more), rows, counts)), pushes


def entries(book: bytes) -> dict[str, Entry]:
    first, *lines = book.splitlines(keepends=True)
    return {entry.item_id: entry for entry in (entry_of(line, marketplaces_of(first)) for line in lines)}


def offers_in(book: bytes) -> dict[str, int]:
    counts: dict[str, int] = {}
    for entry in entries(book).values() if book else ():
        for shown in entry.offers:
            counts[shown.marketplace] = counts.get(shown.marketplace, 0) + 1
    return counts


def shows(book: bytes) -> dict[tuple[str, str], int]:
    return {(shown.marketplace, shown.sku): shown.quantity for each in entries(book).values() for shown in each.offers}


def rows(pushes: Iterable[Push]) -> dict[tuple[str, str], int]:
    return {(want.marketplace, want.sku): want.quantity for each in pushes for want in each.rows}
