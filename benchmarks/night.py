"""A night's reading of a million items on two marketplaces: how many runs it takes, and what the last one needs.

NetSuite and Mirakl are fakes whose pages take half a second of a virtual clock; what is kept goes to files.
`python -m benchmarks.night` runs it and prints what it took.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec.json import encode
from msgspec.structs import replace

from benchmarks import ROOT
from benchmarks.reconcile import peak
from benchmarks.result import Result
from tests.fakes.stockroom import ONE, TWO, StockHouse, a_stock_house
from tieout.domain.stock.offer import Offer
from tieout.domain.stock.shelf import Shelf, StockItem
from tieout.flows.stock.listed import offers_name
from tieout.flows.stock.push import push_stock
from tieout.flows.stock.standing import Export, Standing, load, put

ITEMS = 1_000_000
A_PAGE = 1000
SECONDS_A_PAGE = 0.5
EVERY_MINUTES = 5
LAMBDA = 1769
"""Megabytes of the function."""
ABOUT = """\
NetSuite and Mirakl are fakes; pages take their time by a virtual clock, the last run by the machine's. Without AWS's
client, and what other modules a function loads."""


class Files:
    """Fits `flows.stock.store.StockBook`, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def blocks(self, name: str) -> Iterator[bytes] | None:
        file = self._file(name)
        return _blocks(file) if file.exists() else None

    def replace(self, name: str, blocks: Iterable[bytes]) -> None:
        new = self._file(f"{name}.new")
        with new.open("wb") as file:
            file.writelines(blocks)
        new.replace(self._file(name))

    def _file(self, name: str) -> Path:
        return self._folder / name.replace("/", "-")


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while block := opened.read(1 << 20):
            yield block


def a_million(house: StockHouse, items: int) -> None:
    """What NetSuite lists, a page at a time; nothing changes meanwhile."""
    ledger, clock = house.house.ledger, house.house.clock
    now = clock()

    def pages(one: Callable[[int], Any], after: str) -> Iterator[list[Any]]:
        for first in range(int(after), items, A_PAGE):
            clock.advance(seconds=SECONDS_A_PAGE)
            yield [one(number) for number in range(first + 1, min(first + A_PAGE, items) + 1)]

    def an_item(number: int) -> StockItem:
        return StockItem(id=str(number), itemid=f"SKU-{number}", upc=f"50{number:011}", category="Crockery")

    def a_shelf(number: int) -> Shelf:
        return Shelf(item_id=str(number), location_id="1", units=Decimal(30), changed_at=now)

    def stock_items(since: datetime | None = None, _: str | None = None, after: str = "0") -> Iterator[list[Any]]:
        return pages(an_item, after) if since is None else iter(())

    vars(ledger).update(
        stock_items=stock_items,
        shelves=lambda _, after="0": pages(a_shelf, after),
        shelves_changed=lambda *_: iter(()),
        items_deleted=lambda _: [],
    )


def run(folder: Path, items: int) -> dict[str, Any]:
    """The night, from its first run to the one that sends what it found."""
    logging.getLogger("tieout").setLevel(logging.CRITICAL)
    house = a_stock_house(shops=2, brakes={"from_offers": 10 * items}, rows_an_import=500_000)
    a_million(house, items)
    room = replace(house.room, book=Files(folder))
    now = house.house.clock()
    asked_at = int(now.timestamp())
    put(Standing(exports={name: Export("", asked_at) for name in (ONE, TWO)}), room.book)
    for name in (ONE, TWO):
        house.house.markets[name].put_offer("SKU-1", 0)
        offer: Offer = house.house.markets[name].offers["SKU-1"]
        listed = (encode(replace(offer, sku=f"SKU-{number}")) + b"\n" for number in range(1, items + 1))
        room.book.replace(offers_name(name), (line for lines in ([b"%d\n" % asked_at], listed) for line in lines))
        vars(house.house.markets[name])["send_stock"] = lambda *_: "1"
    runs, task = 0, "full"
    while runs == 0 or load(room.book).wants_full:
        began = time.perf_counter()
        pushed = push_stock(task, room)
        runs, task = runs + 1, "push"
        house.house.clock.advance(minutes=EVERY_MINUTES)
    return {
        "runs": runs,
        "last_seconds": time.perf_counter() - began,
        "megabytes": peak(),
        "rows": pushed.changed,
    }


def measure() -> list[Result]:
    """In a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.night", name], cwd=ROOT, check=True, capture_output=True, text=True
        )
    took = json.loads(done.stdout)
    what = f"{ITEMS:,} items on two marketplaces, a night's reading"
    return [
        Result(
            what=what,
            figure=took["runs"],
            unit="runs",
            digits=0,
            how=f"{EVERY_MINUTES} minutes apart, pages of {A_PAGE:,} rows at {SECONDS_A_PAGE} s; {took['rows']:,} rows",
        ),
        Result(
            what="its last run", figure=took["last_seconds"], unit="s", goal=900, at_least=False, how="put together"
        ),
        Result(
            what="peak memory",
            figure=took["megabytes"],
            unit="MB",
            goal=LAMBDA,
            at_least=False,
            how="whole process",
        ),
    ]


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else ITEMS)))
