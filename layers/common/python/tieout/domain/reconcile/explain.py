"""A difference of sums, as far as findings explain it: what remains is a break of its own, the rest was told before."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

MOST_SUMS = 100_000
"""Sums that are tried before a difference is taken as what all findings leave of it."""


def left_over(difference: int, certain: Sequence[int], possible: Sequence[int] = ()) -> int:
    """What of a difference (minor units) no finding explains; 0 when some of them add up to it.

    `certain` are effects of findings that came about after the sum was made, `possible` those of which nobody can tell
    whether they are in it, or where they belong.
    """
    if difference == 0 or _reaches(difference, [*certain, *possible]):
        return 0
    return difference - sum(certain)


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


def breaks_in(
    visits: Iterable[tuple[int, int]], widths: Mapping[Hashable, Iterable[int]]
) -> tuple[list[int], set[Hashable]]:
    """Balances after which the chain of a log breaks off unexplained, and the findings that it bears out.

    `visits` are balances (minor units) that are not left as often as they are reached, with how often more; `widths`
    how wide a break each finding would leave. A log has one beginning and one end; between them each place where it
    breaks off must be as wide as a finding. A finding that left no break was in the log from the start: what was added
    up from the log has it, too.
    """
    ends = [balance for balance, more in visits for _ in range(more)]
    starts = [balance for balance, more in visits for _ in range(-more)]
    borne_out: set[Hashable] = set()
    fitting = sorted(((width, name) for name, each in widths.items() for width in each if width), key=_widest_first)
    for width, name in fitting:
        if name in borne_out:
            continue
        end = next((end for end in ends if end - width in starts), None)
        if end is not None:
            ends.remove(end)
            starts.remove(end - width)
            borne_out.add(name)
    gaps = max(len(ends), len(starts)) - 1
    return (sorted(starts)[-gaps:] if gaps > 0 else []), borne_out


def _widest_first(width_and_name: tuple[int, Hashable]) -> tuple[int, str]:
    return -abs(width_and_name[0]), str(width_and_name[1])
