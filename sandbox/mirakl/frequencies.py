"""Call frequencies: how often a credential may call an operation, judged on the twin's clock."""

import math
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta

from sandbox.mirakl.operation import Frequency

_HOUR = 3600.0


class Frequencies:
    """When each credential called each operation, and which listing it is paging through."""

    def __init__(self) -> None:
        self._counted: dict[str, deque[datetime]] = {}
        self._listing: dict[str, str] = {}

    def reset(self) -> None:
        self._counted.clear()
        self._listing.clear()

    def is_next_page(self, caller: str, listing: str, offset: int) -> bool:
        """A page after the first of the listing this caller last had counted."""
        return offset > 0 and self._listing.get(caller) == listing

    def seconds_to_wait(
        self, caller: str, allowed: Frequency | Sequence[Frequency], now: datetime, *, listing: str = ""
    ) -> float | None:
        """None, and the call is counted; or the whole seconds until it may be made, and it is not.

        Of several frequencies each must allow it.
        """
        limits = [allowed] if isinstance(allowed, Frequency) else list(allowed)
        counted = self._counted.setdefault(caller, deque())
        longest = timedelta(seconds=max(limit.seconds for limit in limits))
        # A clock set back would leave calls in the future: they bind nobody.
        while counted and (counted[0] <= now - longest or counted[0] > now):
            counted.popleft()
        waits = []
        for limit in limits:
            window = timedelta(seconds=limit.seconds)
            recent = [at for at in counted if at > now - window]
            if len(recent) >= limit.calls:
                waits.append(math.ceil((recent[-limit.calls] + window - now).total_seconds()))
        if waits:
            return max(waits)
        counted.append(now)
        self._listing[caller] = listing
        return None


def by_the_hour(allowed: Frequency) -> Frequency:
    """The same frequency judged over an hour: once a minute is sixty an hour, however they are spread."""
    return Frequency(int(allowed.calls * _HOUR / allowed.seconds), _HOUR) if allowed.seconds < _HOUR else allowed
