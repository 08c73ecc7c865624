"""One pass over the book: what is told of some items meets what the book says of all.

Blocks of the old book go in, and come out as they were but for the lines that a run looks at: those that something is
told of (a shelf, a promise, a sale, a recipe), those that are open, and kits whose members are among them. Memory is
bounded by these and by the kits, not by the items.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from heapq import merge as merged

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.stock.blocks import end_of_line, first_from, order_at, whole_lines
from tieout.domain.stock.book import (
    OPEN,
    Entry,
    MemberStock,
    UnreadableBookError,
    entry_of,
    first_line,
    line_of,
    marketplaces_of,
    order_of,
)
from tieout.domain.stock.changes import Change, Told, as_listed, each_once, in_order, order_told, with_new
from tieout.domain.stock.workings import Run, Worked, Workings, sent


class Visit(Struct, frozen=True):
    """An item that comes out of a run other than it was, or with rows to send."""

    before: Entry | None
    """None: it is new."""
    worked: Worked | None
    """None: it is gone."""


def visits(
    blocks: Iterable[bytes],
    changes: Iterable[Change],
    kits: Collection[Change],
    run: Run,
    *,
    is_full: bool = False,
    looks_at_all: bool = False,
) -> Iterator[bytes | Visit]:
    """The book's first line, then unchanged lines as they are, and a visit for each item that is not as it was.

    `blocks` are the old book's bytes, cut anywhere; none where there is no book yet. `changes` are of items, each once
    and sorted as the book is (`book.order_of`); `kits` are of kits. `is_full`: everything is told, and what is not
    told of is gone. `looks_at_all`: every item is worked out anew, since a rule changed or NetSuite is away.

    Raises UnreadableBookError naming the line, and ValueError for changes that are not sorted.
    """
    return _Pass(changes, kits, run, is_full=is_full, looks_at_all=looks_at_all or is_full).over(blocks)


def rewritten(
    found: Iterable[bytes | Visit], rows: Collection[tuple[str, str]], counts: dict[str, int]
) -> Iterator[bytes]:
    """The new book, of the same pass again: `rows` (marketplace, SKU) of its wants are marked as in flight.

    `counts` is offers by marketplace, and is brought up to date.
    """
    numbers: dict[str, int] = {}
    for each in found:
        if isinstance(each, bytes):
            numbers = numbers or {name: number for number, name in enumerate(marketplaces_of(each))}
            yield each
            continue
        after = None if each.worked is None else sent(each.worked, rows)
        for entry, step in ((each.before, -1), (after, 1)):
            for shown in entry.offers if entry else ():
                counts[shown.marketplace] = counts.get(shown.marketplace, 0) + step
        if after is not None:
            yield line_of(after, numbers)


class _Pass:
    """One pass, and what it remembers on its way."""

    def __init__(
        self, changes: Iterable[Change], kits: Collection[Change], run: Run, *, is_full: bool, looks_at_all: bool
    ) -> None:
        self.run = run
        self.workings = Workings(run)
        self.is_full = is_full
        self.looks_at_all = looks_at_all
        self.of_kits = {member.item_id for kit in kits for member in kit.members or ()}
        self.parts: dict[str, Mapping[str, int]] = {}
        """What items that were looked at have for the kits made of them."""
        self.marketplaces: tuple[str, ...] = ()
        self.lines = 1
        """Lines before the block at hand."""
        ids = {*run.promised, *run.sales.item_ids, *run.seen, *self.of_kits}
        asked = sorted(Told(order_of(item_id, is_kit=is_kit), None) for item_id in ids for is_kit in (False, True))
        of_kits = sorted((Told(order_of(kit.item_id, is_kit=True), kit) for kit in kits), key=order_told)
        self.coming = each_once(merged(in_order(changes), asked, of_kits, key=order_told))
        self.told = next(self.coming, None)

    def over(self, blocks: Iterable[bytes]) -> Iterator[bytes | Visit]:
        """All of the book."""
        whole = whole_lines(blocks)
        block = next(whole, b"")
        start = end_of_line(block, 0) if block else 0
        known = marketplaces_of(block[:start]) if block else ()
        new = [each.marketplace for each in self.run.sellings if each.marketplace not in known]
        self.marketplaces = (*known, *new)
        yield first_line(self.marketplaces)
        yield from self._block(block[start:])
        for block in whole:
            yield from self._block(block)
        while self.told is not None:
            yield from self._look(None, self._next_told())

    def _block(self, block: bytes) -> Iterator[bytes | Visit]:
        end = len(block)
        kits_from = first_from(block, 0, (True, 0, b""))
        start = copied = 0
        open_at = told_at = -1
        while start < end:
            if told_at < start:
                told_at = end if self.told is None else first_from(block, start, self.told.order)
            if open_at < start:
                open_at = self._open_from(block, start, kits_from)
            at = min(told_at, open_at)
            if at > copied:
                yield block[copied:at]
            copied = start = at
            if at == end:
                break
            told = None
            if told_at == at and self.told is not None:
                is_there = order_at(block, at) == self.told.order
                told, told_at = self._next_told(), -1
                if not is_there:
                    yield from self._look(None, told)
                    continue
            start = end_of_line(block, at)
            try:
                yield from self._look(block[at:start], told)
            except UnreadableBookError as error:
                number = self.lines + block.count(b"\n", 0, at) + 1
                raise UnreadableBookError(f"line {number}: {error}") from error
            copied = start
        self.lines += block.count(b"\n")

    def _open_from(self, block: bytes, start: int, kits_from: int) -> int:
        """Where the next line begins that is looked at although nothing is told of it. Kits are few: each is."""
        if self.looks_at_all or start >= kits_from:
            return start
        found = block.find(OPEN, start, kits_from)
        return kits_from if found < 0 else block.rfind(b"\n", 0, found) + 1

    def _next_told(self) -> Told | None:
        told, self.told = self.told, next(self.coming, None)
        return told

    def _look(self, line: bytes | None, told: Told | None) -> Iterator[bytes | Visit]:
        before = None if line is None else entry_of(line, self.marketplaces)
        change = told.change if told else None
        if change is None and (before is None or self.is_full):
            if before is not None:
                yield Visit(before, None)
            return
        entry = before if change is None else self._changed(before, change)
        assert entry is not None
        if entry.is_kit:
            entry = self._with_members(entry)
            if told is None and entry == before and not entry.is_open and not self.looks_at_all and line is not None:
                yield line
                return
        if entry.offers or entry.item_id in self.of_kits or (before is not None and not self.is_full):
            worked = self.workings.of(entry)
            if worked.for_kits:
                self.parts[entry.item_id] = worked.for_kits
            if line is not None and not worked.wants and worked.entry == before:
                yield line
            else:
                yield Visit(before, worked)
        elif before is not None:
            yield Visit(before, None)

    def _changed(self, before: Entry | None, change: Change) -> Entry:
        is_kit = change.members is not None or (before is not None and before.is_kit)
        old = before or Entry(item_id=change.item_id, is_kit=is_kit)
        shelves = old.shelves
        if self.is_full:
            shelves = change.shelves or {}
        elif change.shelves is not None:
            shelves = {**old.shelves, **change.shelves}
        members = old.members
        if change.members is not None:
            known = {member.item_id: member.parts for member in old.members}
            members = tuple(MemberStock(m.item_id, m.units, known.get(m.item_id, {})) for m in change.members)
        offers = old.offers
        if change.offers is not None:
            offers = as_listed(old.offers, change.offers, self.run.sales.since)
        return replace(
            old,
            shelves=shelves,
            category=old.category if change.category is None else change.category,
            members=members,
            offers=with_new(offers, change.new) if change.new else offers,
        )

    def _with_members(self, kit: Entry) -> Entry:
        members = tuple(
            replace(member, parts=self.parts[member.item_id]) if member.item_id in self.parts else member
            for member in kit.members
        )
        return replace(kit, members=members)
