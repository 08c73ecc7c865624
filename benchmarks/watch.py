"""Who shows which change since when: the judge of how fresh offers are. It knows nothing of Tieout's book or rules.

Two marketplaces sell one pool in equal parts, the odd unit is the first one's, and nothing is held back. So at every
instant it is plain what each should show; from then on the marketplace takes its own sales off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Change:
    """Units that came onto a shelf, or left it other than by a sale."""

    sku: str
    at: datetime
    shown: dict[str, float] = field(default_factory=dict)
    """Seconds until each marketplace's offer had the change in its figure."""
    exact: dict[str, float] = field(default_factory=dict)
    """Seconds until it showed, to the unit, what it should: with every sale that came while a file was on its way."""


@dataclass
class _Item:
    units: int
    moments: list[tuple[datetime, int]] = field(default_factory=list)
    """What there was to be sold, from each moment on."""
    sales: list[tuple[datetime, str, int]] = field(default_factory=list)


class Watch:
    """Keeps what there is of each item, and looks at what is shown of it."""

    def __init__(self, names: Sequence[str], units: Mapping[str, int], began: datetime) -> None:
        self._names = names
        self._items = {sku: _Item(there, [(began, there)]) for sku, there in units.items()}
        self.changes: list[Change] = []
        self._open: dict[str, list[Change]] = {}

    @property
    def open_skus(self) -> list[str]:
        """Items with a change that is not shown exactly by every marketplace."""
        return list(self._open)

    def changed(self, sku: str, units: int, at: datetime) -> None:
        """Units were added to the shelf (negative: taken)."""
        change = Change(sku, at)
        self._move(sku, units, at)
        self.changes.append(change)
        self._open.setdefault(sku, []).append(change)

    def sold(self, sku: str, marketplace: str, units: int, at: datetime) -> None:
        """A marketplace sold units, and has them off its offer."""
        self._items[sku].sales.append((at, marketplace, units))
        self._move(sku, -units, at)

    def look(self, sku: str, marketplace: str, quantity: int, at: datetime) -> None:
        """What a marketplace's offer shows now."""
        item = self._items[sku]
        for change in self._open.get(sku, ()):
            took = (at - change.at).total_seconds()
            right = self._right_since(item, marketplace, change.at, at)
            if marketplace not in change.shown and any(low <= quantity <= high for low, high in right):
                change.shown[marketplace] = took
            if marketplace not in change.exact and any(quantity == low for low, _ in right):
                change.exact[marketplace] = took
        self._open[sku] = [one for one in self._open.get(sku, ()) if len(one.exact) < len(self._names)]
        if not self._open[sku]:
            del self._open[sku]

    def _right_since(self, item: _Item, marketplace: str, since: datetime, at: datetime) -> list[tuple[int, int]]:
        """Figures that were right at a moment since the change: less all that was sold there since, and less nothing.

        A sale that comes between a file's making and its landing is overwritten by the file.
        """
        found = []
        for number, (moment, units) in enumerate(item.moments):
            is_last = number + 1 == len(item.moments)
            if not is_last and item.moments[number + 1][0] <= since:
                continue
            part = part_of(units, self._names.index(marketplace))
            left = sum(
                sold for when, where, sold in item.sales if where == marketplace and max(moment, since) < when <= at
            )
            found.append((max(0, part - left), part))
        return found

    def _move(self, sku: str, units: int, at: datetime) -> None:
        item = self._items[sku]
        item.units += units
        item.moments.append((at, item.units))


def part_of(units: int, place: int) -> int:
    """Half of what there is, the odd unit at the first of two marketplaces."""
    return (max(0, units) + 1 - place) // 2


def latest(seconds: Mapping[str, float]) -> float:
    """Until the last marketplace had it."""
    return max(seconds.values())


def centile(seconds: Sequence[float], percent: int) -> float:
    """The value that so many of a hundred do not exceed."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
