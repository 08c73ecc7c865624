"""What goes into a marketplace's next file: fast movers and low stock first, then the rest as far as the file goes."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappush, heappushpop

from msgspec import Struct

from tieout.domain.stock.brakes import Held, Tally, held
from tieout.domain.stock.merge import Visit
from tieout.domain.stock.rules import Selling
from tieout.domain.stock.workings import Want, Worked


class Push(Struct, frozen=True, kw_only=True):
    """A marketplace's next file."""

    marketplace: str
    rows: tuple[Want, ...]
    """To send, urgent ones first."""
    waiting: int
    """Rows that did not fit; they come with the next run."""
    held: Held | None
    """Why nothing of it may be sent before a person said so."""


class Lanes:
    """Collects the wants of a pass: of each marketplace no more than its file takes, whatever number there is."""

    def __init__(self, sellings: Iterable[Selling]) -> None:
        self._sellings = {each.marketplace: each for each in sellings}
        self._rows: dict[str, list[tuple[tuple[bool, int], int, Want]]] = {name: [] for name in self._sellings}
        self._tallies = {name: Tally() for name in self._sellings}
        self._seen = 0

    def take(self, want: Want) -> None:
        """Note a row; the least urgent one falls out of a full file."""
        rows = self._rows[want.marketplace]
        self._tallies[want.marketplace].count(want)
        self._seen += 1
        # A heap's least is what falls out first: not urgent before urgent, a small change before a large one.
        row = ((want.is_urgent, _weight(want)), -self._seen, want)
        if len(rows) < self._sellings[want.marketplace].rows_an_import:
            heappush(rows, row)
        else:
            heappushpop(rows, row)

    def pushes(self, offers: dict[str, int]) -> list[Push]:
        """A file for each marketplace that has rows. `offers` is how many offers each has in the book."""
        pushes = []
        for name, rows in self._rows.items():
            if not rows:
                continue
            tally = self._tallies[name]
            pushes.append(
                Push(
                    marketplace=name,
                    rows=tuple(want for *_, want in sorted(rows, key=lambda row: row[:2], reverse=True)),
                    waiting=tally.rows - len(rows),
                    held=held(tally, offers.get(name, 0), self._sellings[name].brakes),
                )
            )
        return pushes


def planned(found: Iterable[bytes | Visit], sellings: Iterable[Selling], offers: dict[str, int]) -> list[Push]:
    """The files that a pass over the book asks for. New offers of the pass count among `offers`."""
    lanes = Lanes(sellings)
    counts = dict(offers)
    for each in found:
        if isinstance(each, bytes):
            continue
        for entry, step in ((each.before, -1), (each.worked and each.worked.entry, 1)):
            for shown in entry.offers if entry else ():
                counts[shown.marketplace] = counts.get(shown.marketplace, 0) + step
        for want in each.worked.wants if each.worked else ():
            lanes.take(want)
    return lanes.pushes(counts)


def raise_waits(worked: Worked) -> bool:
    """Whether an offer is to show more as soon as another one was lowered."""
    sent = {(want.marketplace, want.sku): want.quantity for want in worked.wants}
    return any(want.quantity < want.was for want in worked.wants) and any(
        shown.sent is None and target > sent.get((shown.marketplace, shown.sku), shown.quantity)
        for shown, target in zip(worked.entry.offers, worked.targets, strict=False)
    )


def _weight(want: Want) -> int:
    """Lowering first: what shows too much is sold too often; what shows too little is only sold later."""
    return want.was - want.quantity
