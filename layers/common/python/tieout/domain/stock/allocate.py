"""How one item's free units are split between the offers that sell it, at all marketplaces."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from math import lcm

from msgspec import Struct


class Taker(Struct, frozen=True):
    """An offer that sells from the pool."""

    location_ids: tuple[str, ...]
    weight: int
    """Its share, as a whole number against the other takers' (`weights`)."""
    most: int | None = None
    """What is of no use to it beyond (`buffers.most_of_use`); None: everything is of use."""


def weights(shares: tuple[Decimal, ...], offers: tuple[int, ...]) -> tuple[int, ...]:
    """Each offer's weight, by marketplace, where a marketplace's share is split evenly between its offers of an item.

    Exact: shares are brought to whole numbers first, so that no rounding favours anybody.
    """
    ratios = [share.as_integer_ratio() for share in shares]
    whole = lcm(*(below * max(1, count) for (_, below), count in zip(ratios, offers, strict=True)))
    return tuple(
        above * (whole // (below * max(1, count))) for (above, below), count in zip(ratios, offers, strict=True)
    )


def allocate(takers: Sequence[Taker], free: Mapping[str, int]) -> list[int]:
    """Each taker's part of the free units, in the takers' order.

    At each location the first takes its share of the units, rounded up, but no more than is of use to it; what is left
    goes to the next by the shares that remain, and so on. Those that soon have enough take first, so that what they
    leave is shared by the others. So a last unit is shown by somebody, the parts of a location never come to more than
    it has, and more units never make anybody's part smaller.
    """
    parts = [0] * len(takers)
    turns = _turns(takers)
    for location in _locations(takers, free):
        left = free[location]
        rest = sum(taker.weight for taker in takers if location in taker.location_ids)
        for turn in turns:
            taker = takers[turn]
            if location not in taker.location_ids:
                continue
            take = -(-left * taker.weight // rest)
            if taker.most is not None:
                take = min(take, max(0, taker.most - parts[turn]))
            parts[turn] += take
            left -= take
            rest -= taker.weight
    return parts


def _turns(takers: Sequence[Taker]) -> Sequence[int]:
    """Who takes first: those that have enough after fewer units a share, then the takers' order."""
    if all(taker.most is None for taker in takers):
        return range(len(takers))
    whole = lcm(*(taker.weight for taker in takers))
    soon = [(taker.most is None, (taker.most or 0) * (whole // taker.weight)) for taker in takers]
    return sorted(range(len(takers)), key=lambda turn: soon[turn])


def _locations(takers: Sequence[Taker], free: Mapping[str, int]) -> Collection[str]:
    """Where there is something to share, each once, in the takers' order: a cap is filled there first."""
    if len(free) == 1:
        return free
    return [
        place for place in dict.fromkeys(place for taker in takers for place in taker.location_ids) if place in free
    ]
