"""The running balance of a log (I2): where it breaks off, which findings that bears out, and what is left.

A finding that left no break was in the log from the start, and all that was added up from the log has it too; one that
did is missing from those sums by exactly its amount. So the balance tells what explains a cycle or a document, and
nothing has to be guessed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from datetime import datetime
from itertools import combinations

from msgspec import Struct

MOST_TOGETHER = 4
"""Findings that one break may be made of."""
MOST_ANYWHERE = 2
"""Findings that are looked for between places that are no neighbours."""
MOST_CANDIDATES = 24


class Loose(Struct, frozen=True, kw_only=True):
    """A balance from which a line starts that no other line reached, or the other way round (minor units)."""

    balance: int
    at: datetime
    cycle: str | None
    orders: frozenset[str]
    """Of the lines there."""
    line: str


class Suspected(Struct, frozen=True, kw_only=True):
    """What a finding would have moved the balance by too much: the log less what it should say."""

    name: Hashable
    amount: int
    order: str | None
    """None: its place is not known."""
    slack: int = 0
    """Minor units by which a worked-out amount may be beside."""


class BorneOut(Struct, frozen=True, kw_only=True):
    """A suspicion that left a break, and where."""

    name: Hashable
    cycles: tuple[str | None, ...]
    """Of the lines on both sides of the break."""


class Gap(Struct, frozen=True, kw_only=True):
    """A break that nothing explains."""

    start: Loose
    amount: int
    """What the missing lines come to; a line too many counts against it."""


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
        for each in [each for each in self._open if each.order is None]:
            self._alone(each)
        if not self._is_closed:
            if not self._starts or not self._ends:
                return Walk(tuple(self._borne_out), ())
            self._starts.pop(0)
            self._ends.pop()
        for size in range(2, MOST_TOGETHER + 1):
            for start in list(self._starts):
                self._several(start, size)
        gaps = []
        for start in list(self._starts):
            end = self._before(start)
            if end is None:
                break
            self._ends.remove(end)
            gaps.append(Gap(start=start, amount=start.balance - end.balance))
        return Walk(tuple(self._borne_out), tuple(gaps))

    def _alone(self, suspected: Suspected) -> None:
        """By itself it is exactly as wide as the way from a loose end to a loose start."""
        for slack in range(suspected.slack + 1):
            for width in {suspected.amount + slack, suspected.amount - slack}:
                found = self._pair(suspected, width)
                if found is not None:
                    start, end = found
                    self._remove(start, end)
                    self._bear_out(suspected, start, end)
                    return

    def _pair(self, suspected: Suspected, width: int) -> tuple[Loose, Loose] | None:
        if suspected.order is None:
            fitting = ((start, end) for start in self._starts for end in self._ends_at.get(start.balance + width, ()))
            # Amounts fit by chance too, the more so the more breaks there are: the nearest places are the likeliest.
            return min(fitting, key=lambda pair: abs(pair[0].at - pair[1].at), default=None)
        for start in self._starts_of.get(suspected.order, ()):
            for end in self._ends_at.get(start.balance + width, ()):
                return start, end
        for end in self._ends_of.get(suspected.order, ()):
            for start in self._starts_at.get(end.balance - width, ()):
                return start, end
        return None

    def _remove(self, start: Loose, end: Loose) -> None:
        self._starts.remove(start)
        self._starts_at[start.balance].remove(start)
        self._ends.remove(end)
        self._ends_at[end.balance].remove(end)
        for order in start.orders:
            self._starts_of[order].remove(start)
        for order in end.orders:
            self._ends_of[order].remove(end)

    def _bear_out(self, suspected: Suspected, start: Loose, end: Loose) -> None:
        self._open.remove(suspected)
        self._borne_out.append(BorneOut(name=suspected.name, cycles=(start.cycle, end.cycle)))

    def _before(self, start: Loose) -> Loose | None:
        if not self._ends:
            return None
        earlier = [end for end in self._ends if end.at <= start.at] or self._ends[:1]
        return max(earlier, key=lambda end: (end.at, bool(end.orders & start.orders), end.cycle == start.cycle))

    def _several(self, start: Loose, size: int) -> None:
        """Neighbours that are all missing leave one break as wide as all of them.

        Two may add up between any two places; three and more do so by chance too often, but between neighbours.
        """
        before = self._before(start)
        if before is None:
            return
        others = [end for end in self._ends if end is not before] if size == MOST_ANYWHERE else []
        for end in [before, *others]:
            chosen = self._together(start, end, size)
            if chosen:
                self._starts.remove(start)
                self._ends.remove(end)
                for each in chosen:
                    self._bear_out(each, start, end)
                return

    def _together(self, start: Loose, end: Loose, size: int) -> tuple[Suspected, ...]:
        """Several findings side by side: of the orders on both sides, and such as could be anywhere."""
        orders = start.orders | end.orders
        near = [each for each in self._open if each.order is not None and each.order in orders]
        near += [each for each in self._open if each.order is None]
        width = end.balance - start.balance
        for chosen in combinations(near[:MOST_CANDIDATES], size):
            if abs(sum(each.amount for each in chosen) - width) <= sum(each.slack for each in chosen):
                return chosen
        return ()


def _place(loose: Loose) -> tuple[datetime, str, int]:
    return loose.at, loose.line, loose.balance
