"""A few calls at once, for batches whose calls do not depend on each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Answer = TypeVar("Answer")

AT_ONCE = 8
"""Below the ten connections that an AWS client keeps open."""


def in_parallel(do: Callable[[Given], Answer], things: Iterable[Given]) -> list[Answer]:
    """Answers in the order of `things`; the first failure is raised once all calls have ended."""
    things = list(things)
    if len(things) <= 1:
        return [do(thing) for thing in things]
    with ThreadPoolExecutor(min(AT_ONCE, len(things))) as pool:
        return list(pool.map(do, things))
