"""The running balance of a log (I2): where it breaks off, which findings that bears out, and what is left.

A finding that left no break was in the log from the start, and all that was added up from the log has it too; one that
did is missing from those sums by exactly its amount. So the balance tells what explains a cycle or a document, and
nothing has to be guessed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import combinations

from msgspec import Struct

MOST_TOGETHER = 4
"""Findings that one break may be made of."""
MOST_WHOLE = 2
"""Of them such as may lie anywhere: more add up to any width by chance."""
MOST_CANDIDATES = 24
NEAREST_WHOLE = 8


class Loose(Struct, frozen=True, kw_only=True):
    """A balance from which a line starts that no other line reached, or the other way round (minor units)."""

    balance: int
    at: datetime
    cycle: str | None
    orders: frozenset[str]
    """Of the lines there."""
    line: str
    place: int = 0
    """Of its cycle among the cycles, where lines stand by cycle and not by time alone."""
    is_payout: bool = False


class Suspected(Struct, frozen=True, kw_only=True):
    """What a finding would have moved the balance by too much: the log less what it should say."""

    name: Hashable
    amount: int
    order: str | None
    """None: its place is not known."""
    slack: int = 0
    """Minor units by which a worked-out amount may be beside."""
    day: date | None = None
    """When it should have been, if that is known."""
    finding: Hashable = None
    """What it is a part of: several lines may be lacking by one mistake."""


class BorneOut(Struct, frozen=True, kw_only=True):
    """A suspicion that left a break, and where."""

    name: Hashable
    cycles: tuple[str | None, ...]
    """That it may belong to: the one of the line after the break first."""
    beside: int = 0
    """Minor units that the break is wider than what was worked out."""


class Gap(Struct, frozen=True, kw_only=True):
    """A break that nothing explains."""

    start: Loose
    end: Loose
    amount: int
    """What the missing lines come to; a line too many counts against it."""

    @property
    def cycles(self) -> tuple[str | None, ...]:
        """Those that the missing lines may belong to."""
        return _cycles(self.start, self.end)


class Walk(Struct, frozen=True):
    """What a log's balance says."""

    borne_out: tuple[BorneOut, ...]
    gaps: tuple[Gap, ...]


def walk(
    starts: Sequence[Loose], ends: Sequence[Loose], suspected: Sequence[Suspected], *, is_closed: bool = False
) -> Walk:
    """Explain the loose starts and ends of a log. Its own beginning and end are among them unless `is_closed`."""
    return _Walking(starts, ends, suspected, is_closed=is_closed).walk()


class _Walking:
    def __init__(
        self, starts: Sequence[Loose], ends: Sequence[Loose], suspected: Sequence[Suspected], *, is_closed: bool
    ) -> None:
        self._is_closed = is_closed
        self._starts = sorted(starts, key=_place)
        self._ends = sorted(ends, key=_place)
        self._open = sorted((each for each in suspected if each.amount), key=lambda e: (-abs(e.amount), str(e.name)))
        self._borne_out: list[BorneOut] = []
        self._starts_at: defaultdict[int, list[Loose]] = defaultdict(list)
        self._ends_at: defaultdict[int, list[Loose]] = defaultdict(list)
        self._starts_of: defaultdict[str, list[Loose]] = defaultdict(list)
        self._ends_of: defaultdict[str, list[Loose]] = defaultdict(list)
        for start in self._starts:
            self._starts_at[start.balance].append(start)
            for order in start.orders:
                self._starts_of[order].append(start)
        for end in self._ends:
            self._ends_at[end.balance].append(end)
            for order in end.orders:
                self._ends_of[order].append(end)

    def walk(self) -> Walk:
        for each in [each for each in self._open if each.order is not None]:
            self._alone(each)
        if not self._is_closed:
            if not self._starts or not self._ends:
                return Walk(tuple(self._borne_out), ())
            self._remove(self._starts[0], None)
            self._remove(None, self._ends[-1])
        self._in_a_row(1)
        for each in [each for each in self._open if each.order is None]:
            self._alone(each)
        for size in range(2, MOST_TOGETHER + 1):
            self._in_a_row(size)
        gaps = [Gap(start=start, end=end, amount=start.balance - end.balance) for end, start in self._pairs()]
        return Walk(tuple(self._borne_out), tuple(gap for gap in gaps if gap.amount))

    def _pairs(self) -> list[tuple[Loose, Loose]]:
        """A log that breaks off goes on at the next start: what is left of both, in their order."""
        return list(zip(self._ends, self._starts, strict=False))

    def _alone(self, suspected: Suspected) -> None:
        """By itself it is exactly as wide as the way from a loose end to a loose start."""
        for width in _widths(suspected):
            found = self._pair(suspected, width)
            if found is not None:
                self._bear_out([suspected], *found)
                return

    def _pair(self, suspected: Suspected, width: int) -> tuple[Loose, Loose] | None:
        if suspected.order is None:
            fitting: Iterable[tuple[Loose, Loose]] = (
                (start, end) for start in self._starts for end in self._ends_at.get(start.balance + width, ())
            )
        else:
            fitting = [
                *(
                    (start, end)
                    for start in self._starts_of.get(suspected.order, ())
                    for end in self._ends_at.get(start.balance + width, ())
                ),
                *(
                    (start, end)
                    for end in self._ends_of.get(suspected.order, ())
                    for start in self._starts_at.get(end.balance - width, ())
                ),
            ]
        # Amounts fit by chance too, the more so the more breaks there are: the nearest places are the likeliest.
        return min(fitting, key=lambda pair: _distance(*pair), default=None)

    def _remove(self, start: Loose | None, end: Loose | None) -> None:
        if start is not None:
            self._starts.remove(start)
            self._starts_at[start.balance].remove(start)
            for order in start.orders:
                self._starts_of[order].remove(start)
        if end is not None:
            self._ends.remove(end)
            self._ends_at[end.balance].remove(end)
            for order in end.orders:
                self._ends_of[order].remove(end)

    def _bear_out(self, chosen: Sequence[Suspected], start: Loose, end: Loose) -> None:
        self._remove(start, end)
        beside = end.balance - start.balance - sum(each.amount for each in chosen)
        for each in chosen:
            self._open.remove(each)
            self._borne_out.append(BorneOut(name=each.name, cycles=_cycles(start, end), beside=beside))
            beside = 0

    def _in_a_row(self, size: int) -> None:
        """Neighbours that are all missing leave one break as wide as all of them.

        More than one add up by chance too often between places that are no neighbours.
        """
        for end, start in self._pairs():
            ends = [end, *(each for each in self._ends if each is not end and _moment(each) == _moment(end))]
            for other in ends:
                chosen = self._together(start, other, size)
                if chosen:
                    self._bear_out(chosen, start, other)
                    break

    def _together(self, start: Loose, end: Loose, size: int) -> tuple[Suspected, ...]:
        """Several findings side by side: of the orders on both sides, and such as could be anywhere."""
        orders = start.orders | end.orders
        near = [each for each in self._open if each.order is not None and each.order in orders]
        whole = sorted(
            (each for each in self._open if each.order is None), key=lambda each: _days_off(each, end, start)
        )
        width = end.balance - start.balance
        fitting = (
            chosen
            for chosen in combinations([*near[:MOST_CANDIDATES], *whole[:NEAREST_WHOLE]], size)
            if sum(each.order is None for each in chosen) <= MOST_WHOLE
            and abs(sum(each.amount for each in chosen) - width) <= sum(each.slack for each in chosen)
        )
        return min(fitting, key=_mistakes, default=())


def _mistakes(chosen: Sequence[Suspected]) -> tuple[int, int]:
    """Of several that are as wide, the likeliest is what as few mistakes with as few orders make up."""
    return len({each.finding or each.name for each in chosen}), len({each.order or each.name for each in chosen})


def _cycles(start: Loose, end: Loose) -> tuple[str | None, ...]:
    """Of the lines on both sides of a break: after a payout the next cycle has begun."""
    if start.place and end.is_payout:
        return (start.cycle,)
    return tuple(dict.fromkeys((start.cycle, end.cycle)))


def _widths(suspected: Suspected) -> list[int]:
    """The nearest first."""
    return [suspected.amount + beside for beside in sorted(range(-suspected.slack, suspected.slack + 1), key=abs)]


def _days_off(suspected: Suspected, end: Loose, start: Loose) -> timedelta:
    """How long before or after a break it should have been; what nobody can date is no nearer than anything."""
    if suspected.day is None:
        return timedelta(0)
    first, last = sorted((end.at.date(), start.at.date()))
    return max(first - suspected.day, suspected.day - last, timedelta(0))


def _distance(start: Loose, end: Loose) -> tuple[int, timedelta]:
    return abs(start.place - end.place), abs(start.at - end.at)


def _moment(loose: Loose) -> tuple[int, datetime]:
    return loose.place, loose.at


def _place(loose: Loose) -> tuple[int, datetime, str, int]:
    return loose.place, loose.at, loose.line, loose.balance
