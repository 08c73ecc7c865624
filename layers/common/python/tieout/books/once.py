"""Each thing of an export once, whatever the order and however often its page was written.

A thing told twice alike is one. Of two versions the newer stays; two that contradict each other without saying which is
newer are a problem, and what they belong to is in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from tieout.books.rows import Problem

T = TypeVar("T", bound=Struct)
ENCODER = msgspec.json.Encoder(order="deterministic")


def once(
    found: Iterable[tuple[int, T]],
    key: Callable[[T], str],
    age: Callable[[T], Any],
    contradiction: Callable[[int, T, T], object],
    older: Callable[[T], object] = lambda _: None,
) -> dict[str, T]:
    """Things by key; those without one are all kept. `age` of a thing compares to that of its other versions.

    `contradiction` is told the line number of the second of two, and both; `older` each version that gave way to a
    newer one.
    """
    kept: dict[str, T] = {}
    nameless = 0
    for number, each in found:
        name = key(each)
        if not name:
            nameless += 1
            kept[f"\0{nameless}"] = each
            continue
        before = kept.setdefault(name, each)
        if before is each or before == each:
            continue
        ages = age(before), age(each)
        if ages[0] == ages[1]:
            contradiction(number, before, each)
            if ENCODER.encode(before) < ENCODER.encode(each):
                kept[name] = each
        elif ages[0] < ages[1]:
            kept[name] = each
            older(before)
        else:
            older(each)
    return kept


def told_twice(file: str, number: int, field: str, what: str) -> Problem:
    """Two versions that contradict each other."""
    return Problem(file, number, field, f"names {what} that is told twice, and differently: export it again")
