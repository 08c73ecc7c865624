"""Readings that Mirakl allows once a day: tried every hour until they came, and then not before the next day.

Every listing has a watermark of its own, so that what failed is asked again that day and what came is not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from tieout.domain.errors import Retryable, Throttled
from tieout.flows.ports import At

logger = logging.getLogger(__name__)

DAY_BEGINS = timedelta(hours=4)
"""After midnight (UTC): a day's first try is then, when yesterday's lines have come."""
LONGEST_WAIT = timedelta(hours=24)
"""Whatever `Retry-After` says: no listing is allowed less often than once a day."""

A_TRY = timedelta(hours=1)
"""Between two tries: a listing that came some seconds into its reading is not given a second before."""


def day_of(moment: datetime) -> date:
    """The day that a reading belongs to."""
    return (moment.astimezone(UTC) - DAY_BEGINS).date()


class Listing(Struct, frozen=True):
    """Something that Mirakl gives once a day."""

    name: str
    """Of its watermark, behind the marketplace's name."""
    read: Callable[[], None]
    """Reads what there is and keeps it."""


class Today(Struct, frozen=True):
    """What has been read of a marketplace on this day of Mirakl's clock (V01)."""

    marketplace: str
    now: datetime
    at: At
    asked: bool = False
    """A person asked for this reading: it waits for nothing, and asks for what came today already too."""

    def came(self, name: str) -> bool:
        """Whether this was read today, to its end."""
        mark = self.at.watermarks.read(f"{self.marketplace}/{name}")
        return mark is not None and day_of(mark) == day_of(self.now)

    def note(self, name: str) -> None:
        """It was read to its end."""
        self.at.watermarks.advance(f"{self.marketplace}/{name}", self.now)

    def read(self, listing: Listing) -> Retryable | None:
        """Read a listing unless it came today; answers what kept it from coming.

        That Mirakl refuses a second reading to a person who asked keeps nothing, now or later: the first one has come.
        """
        came = self.came(listing.name)
        if came and not self.asked:
            return None
        kept = self.attempt(listing.name, listing.read, again=came)
        if kept is None:
            self.note(listing.name)
        return None if came and isinstance(kept, Throttled) else kept

    def attempt(self, name: str, read: Callable[[], None], *, again: bool = False) -> Retryable | None:
        """Read, unless Mirakl said to wait longer; answers what passing reason cut it off. `again`: it came today."""
        wait = f"{self.marketplace}/{name}/wait"
        until = self.at.watermarks.read(wait)
        if until is not None and until > self.now and not self.asked:
            return Throttled(f"Mirakl asked to wait for {name} until {until:%H:%M}", (until - self.now).total_seconds())
        try:
            read()
        except Retryable as error:
            logger.warning("not read", extra={"marketplace": self.marketplace, "what": name, "why": str(error)})
            if isinstance(error, Throttled) and error.after_seconds and not again:
                self.at.watermarks.advance(wait, self._ready(name, timedelta(seconds=error.after_seconds)))
            return error
        return None

    def _ready(self, name: str, told: timedelta) -> datetime:
        """When to ask again: some platforms say a day, whatever is left of it since the listing came."""
        ready, came = self.now + min(told, LONGEST_WAIT), self.at.watermarks.read(f"{self.marketplace}/{name}")
        allowed = None if came is None else came + LONGEST_WAIT + A_TRY
        return ready if allowed is None or allowed <= self.now else min(ready, allowed)
