"""A difference of sums, as far as findings explain it: what remains is a break of its own, the rest was told before."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

MOST_SUMS = 100_000
"""Sums that are tried before a difference is taken as what all findings leave of it."""


MOST_UNSEEN = 30
MOST_TOGETHER = 6
"""Findings of unknown place of which any sum is tried; of more than these, pairs are."""


def left_over(difference: int, certain: Sequence[int], possible: Sequence[int] = (), *, exact: bool = False) -> int:
    """What of a difference (minor units) no finding explains; 0 when some of them add up to it.

    `certain` are effects of findings that came about after the sum was made, `possible` those of which nobody can tell
    whether they are in it, or where they belong. With `exact` the running balance tells the certain ones, and of the
    others at most two were at its very beginning or end.
    """
    rest = difference - sum(certain)
    if exact:
        few = [each for each in possible if each][:MOST_UNSEEN]
        most = len(few) if len(few) <= MOST_TOGETHER else 2
        sums = {sum(chosen) for size in range(most + 1) for chosen in combinations(few, size)}
        return 0 if rest in sums else rest
    if difference == 0 or _reaches(difference, [*certain, *possible]):
        return 0
    return rest


def _reaches(difference: int, effects: Sequence[int]) -> bool:
    """Whether some of the effects add up to the difference; the largest are tried first."""
    sums = {0}
    for effect in sorted((each for each in effects if each), key=abs, reverse=True):
        sums |= {known + effect for known in sums}
        if difference in sums:
            return True
        if len(sums) > MOST_SUMS:
            return False
    return False
