"""A difference of sums, as far as findings explain it: what remains is a break of its own, the rest was told before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MOST_SUMS = 100_000
"""Sums that are tried before a difference is taken as what all findings leave of it."""


def left_over(difference: int, here: Sequence[int], elsewhere: Iterable[int] = ()) -> int:
    """What of a difference (minor units) no finding explains; 0 when some of them add up to it.

    `here` are effects of findings that belong to it, `elsewhere` those of which nobody can tell where they belong. A
    source may have been added up before or after a fault came about, so any of them may count or not.
    """
    if difference == 0:
        return 0
    whole = difference - sum(here)
    if whole == 0 or _reaches(difference, [*here, *elsewhere]) or _reaches(whole, list(elsewhere)):
        return 0
    return whole


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


def unpaired(visits: Iterable[tuple[int, int]], effects: Iterable[int]) -> list[int]:
    """Balances after which the chain of a log breaks off unexplained; empty for a complete log.

    `visits` are balances (minor units) that are not left as often as they are reached, with how often more. A log has
    one beginning and one end; between them each place where it breaks off must be as wide as a finding.
    """
    ends = [balance for balance, more in visits for _ in range(more)]
    starts = [balance for balance, more in visits for _ in range(-more)]
    widths = {-effect for effect in effects if effect}
    for end in list(ends):
        fitting = next((start for start in starts if start - end in widths), None)
        if fitting is not None:
            ends.remove(end)
            starts.remove(fitting)
    gaps = max(len(ends), len(starts)) - 1
    return sorted(starts)[-gaps:] if gaps > 0 else []
