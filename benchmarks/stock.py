"""A million items on two marketplaces, one in a hundred changed: from shelves to the rows to send and the new book.

`python -m benchmarks.stock WAY FOLDER` runs one way on a book at rest and prints what it took.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks import ROOT
from benchmarks.reconcile import peak
from benchmarks.result import Result
from tieout.domain.stock.book import first_line
from tieout.domain.stock.changes import Change, Listed
from tieout.domain.stock.lanes import planned
from tieout.domain.stock.merge import Visit, rewritten, visits
from tieout.domain.stock.rules import BufferRule, Selling
from tieout.domain.stock.velocity import sales_within
from tieout.domain.stock.workings import Run

ITEMS = 1_000_000
EVERY = 100
FIRST_ID = 1000
BLOCK = 1 << 20
LEEDS = "7"
NAMES = ("brightside-uk", "maison-eu")
SELLINGS = tuple(
    Selling(
        marketplace=name,
        location_ids=(LEEDS,),
        buffers=(BufferRule(sku="SKU-NOBODY-SELLS", units=5), BufferRule(category="Crockery", units=1)),
    )
    for name in NAMES
)
RUN = Run(sellings=SELLINGS, sales=sales_within(0, 3600, ()), lags=dict.fromkeys(NAMES, 120))


def units(number: int) -> int:
    """What the book knows of an item."""
    return 20 + number % 60


def now(number: int) -> int:
    """What NetSuite has of it: one in a hundred lost eight, which changes what both marketplaces should show."""
    return units(number) - 8 if number % EVERY == 0 else units(number)


def make(folder: Path, items: int = ITEMS) -> None:
    """A book at rest: each marketplace shows its half, less one that is held back."""
    with (folder / "book").open("wb") as book:
        book.write(first_line(NAMES))
        for number in range(FIRST_ID, FIRST_ID + items):
            first = (units(number) + 1) // 2
            second = units(number) - first
            offers = f"0:SKU-{number}:{first - 1}\t1:SKU-{number}:{second - 1}"
            book.write(f"{number}\t.\t\t=Crockery\t{LEEDS}:{units(number)}\t{offers}\n".encode())


def blocks(folder: Path) -> Iterator[bytes]:
    with (folder / "book").open("rb") as book:
        while block := book.read(BLOCK):
            yield block


def changes(items: int) -> list[Change]:
    return [
        Change(item_id=str(number), shelves={LEEDS: Decimal(now(number))})
        for number in range(FIRST_ID, FIRST_ID + items)
        if number % EVERY == 0
    ]


def everything(items: int) -> Iterator[Change]:
    for number in range(FIRST_ID, FIRST_ID + items):
        first = (units(number) + 1) // 2
        shown = (first - 1, units(number) - first - 1)
        offers = tuple(Listed(name, f"SKU-{number}", there, 0) for name, there in zip(NAMES, shown, strict=True))
        yield Change(item_id=str(number), shelves={LEEDS: Decimal(now(number))}, category="Crockery", offers=offers)


def run(way: str, folder: Path, items: int) -> dict[str, Any]:
    """Plan, and write the new book. `delta`: what changed; `every line`: the same, reading all; `full`: all is told."""
    delta = changes(items)

    def found() -> Iterator[bytes | Visit]:
        told = everything(items) if way == "full" else delta
        return visits(blocks(folder), told, (), RUN, is_full=way == "full", looks_at_all=way == "every line")

    began = time.perf_counter()
    pushes = planned(found(), SELLINGS, dict.fromkeys(NAMES, items))
    rows = {(want.marketplace, want.sku) for push in pushes for want in push.rows if push.held is None}
    counts: dict[str, int] = {}
    with (folder / "new").open("wb") as new:
        new.writelines(rewritten(found(), rows, counts))
    seconds = time.perf_counter() - began
    return {
        "seconds": seconds,
        "megabytes": peak(),
        "sent": len(rows),
        "files": len(pushes),
        "changed": len(NAMES) * len(delta),
        "bytes": (folder / "new").stat().st_size,
    }


def measure() -> list[Result]:
    """Each way in a process of its own, on the same book."""
    with tempfile.TemporaryDirectory() as name:
        make(Path(name))
        took = {way: _alone(way, name) for way in ("delta", "every line", "full")}
    delta, lines, full = took.values()
    how = f"{delta['sent']:,} rows in {delta['files']} files; planned, then written, each in one pass over the book"
    return [
        Result(
            what=f"{ITEMS:,} items on two marketplaces, 1 % changed",
            figure=delta["seconds"],
            unit="s",
            goal=10,
            at_least=False,
            how=how,
        ),
        Result(
            what="its peak memory", figure=delta["megabytes"], unit="MB", goal=150, at_least=False, how="whole process"
        ),
        Result(
            what="rows sent / rows changed",
            figure=delta["sent"] / delta["changed"],
            unit="",
            goal=1,
            at_least=False,
            digits=2,
            how=f"{delta['changed']:,} offers should show another figure",
        ),
        Result(
            what="the book", figure=delta["bytes"] / 1e6, unit="MB", how=f"{delta['bytes'] / ITEMS:.0f} bytes an item"
        ),
        Result(
            what="the same, every line worked out anew",
            figure=lines["seconds"],
            unit="s",
            how="as when a rule changed; also what it would take without copying what nobody told of",
        ),
        Result(what="full reading", figure=full["seconds"], unit="s", how="every shelf and every offer told anew"),
        Result(
            what="its peak memory", figure=full["megabytes"], unit="MB", goal=150, at_least=False, how="whole process"
        ),
    ]


def _alone(way: str, folder: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.stock", way, folder], cwd=ROOT, check=True, capture_output=True, text=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def main() -> None:
    """Run one way, and say what it took."""
    way, folder = sys.argv[1:]
    print(json.dumps(run(way, Path(folder), ITEMS)))


if __name__ == "__main__":
    main()
