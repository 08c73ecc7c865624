"""Fakes that keep a diary for the checker: what was recorded, claimed and undone, and in which order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.fakes import MemoryMarketplace, MemoryPostings
from tieout.domain.orders.order import Order
from tieout.domain.postings import Key, Posting, State


class WatchedPostings(MemoryPostings):
    """Knows every version that was recorded, and since when a posting may have been sent.

    A moment is a count of writes.
    """

    def __init__(self, lease_seconds: float = 330) -> None:
        super().__init__(lease_seconds)
        self.moment = 0
        self.recorded: defaultdict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        """By order: moment and version."""
        self.sendable_since: dict[Key, int] = {}
        """Moment of the first claim that was not given back untouched: its version is the one that counts."""
        self.undone: list[Key] = []
        """Postings that were CONFIRMED and then something else."""

    def record_order(self, *, marketplace: str, order_id: str, version: str, **rest: Any) -> list[Key]:
        before = self.seen.get((marketplace, order_id))
        moment = self.moment
        due = super().record_order(marketplace=marketplace, order_id=order_id, version=version, **rest)
        if self.seen.get((marketplace, order_id)) is not before:
            self.recorded[marketplace, order_id].append((moment, version))
        return due

    def _put(self, posting: Posting, now: datetime, what: str, facts: Mapping[str, str] | None = None) -> None:
        self.moment += 1
        before = self.all.get(posting.key)
        if before and before.state is State.CONFIRMED and posting.state is not State.CONFIRMED:
            self.undone.append(posting.key)
        if what == "claimed":
            self.sendable_since.setdefault(posting.key, self.moment)
        elif what in ("parked", "replaced", "superseded") or (
            what in ("released", "held") and posting.ambiguous_since is None
        ):
            self.sendable_since.pop(posting.key, None)
        super()._put(posting, now, what, facts)


class WatchedMarketplace(MemoryMarketplace):
    """Knows every version of every order."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.versions: defaultdict[str, list[Order]] = defaultdict(list)

    def put(self, order: Order) -> Order:
        changed = super().put(order)
        self.versions[order.order_id].append(changed)
        return changed
