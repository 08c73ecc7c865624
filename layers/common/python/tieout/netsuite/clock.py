"""NetSuite's clock, and the zone in which SuiteQL shows and takes times.

SuiteQL counts `lastmodifieddate` in the time zone of the integration's user, and says nowhere which one that is
(`SYSDATE` is in the server's). A record read by REST tells the same moment in UTC: the difference is the zone's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from msgspec import Struct, field
from msgspec.json import Decoder

from tieout.netsuite.connection import Connection
from tieout.netsuite.payloads import ORDER_ID
from tieout.netsuite.refusals import read
from tieout.netsuite.suiteql import rows

SERVER_TIME = "/services/rest/system/v1/serverTime"
SHAPE = "YYYY-MM-DD HH24:MI:SS"
KEPT = timedelta(minutes=10)
"""As long as the shortest overlap of the readings: a zone that changes to winter time in between loses nothing."""
STEP = timedelta(minutes=15)
"""Zones differ by quarters of an hour, so that what a record was saved in between does not matter."""
FARTHEST = timedelta(hours=14)
_ATTEMPTS = 3

_PYTHON_SHAPE = "%Y-%m-%d %H:%M:%S"
_OURS = f"""
SELECT t.id, TO_CHAR(t.lastmodifieddate, '{SHAPE}') AS modified
FROM transaction t
WHERE t.type = 'SalesOrd' AND t.{ORDER_ID} IS NOT NULL"""  # noqa: S608  names of ours, never data
_SAVED_LATELY = (
    f"{_OURS} AND t.lastmodifieddate >= SYSDATE - 2 ORDER BY t.lastmodifieddate DESC FETCH FIRST 1 ROWS ONLY"
)
_NEWEST = f"{_OURS} ORDER BY t.id DESC FETCH FIRST 1 ROWS ONLY"
"""Where nothing was saved lately. Whoever saves a fulfilment saves its sales order with it."""


class _ServerTime(Struct, frozen=True, rename="camel"):
    server_time: str | int


class _Modified(Struct, frozen=True):
    at: datetime = field(name="lastModifiedDate")


_SERVER_TIME = Decoder(_ServerTime)
_MODIFIED = Decoder(_Modified)


def server_time(connection: Connection) -> datetime:
    """NetSuite's clock: the first call that needs a token, and no right of the role."""
    call, answer = connection.read("GET serverTime", SERVER_TIME)
    told = read(_SERVER_TIME, call, answer).server_time
    if isinstance(told, str) and not told.isdigit():
        return datetime.fromisoformat(told)
    return datetime.fromtimestamp(int(told) / 1000, UTC)


class Zone:
    """Puts instants into SuiteQL's words and back. Asked of the account, at most every ten minutes."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._clock = clock
        self._offset: timedelta | None = None
        self._until: datetime | None = None

    def shown(self, instant: datetime) -> str:
        """An instant as a parameter of `TO_TIMESTAMP(?, SHAPE)`, cut to the second."""
        return (instant.astimezone(UTC) + self._now()).strftime(_PYTHON_SHAPE)

    def instant(self, shown: str) -> datetime:
        """The instant of a `TO_CHAR(..., SHAPE)`."""
        return datetime.strptime(shown, _PYTHON_SHAPE).replace(tzinfo=UTC) - self._now()

    def no_later(self, instant: datetime) -> str:
        """`shown`, of what nothing may be missed since: as early as in any zone where this one is not known yet."""
        return self.shown(instant if self.is_known else instant - FARTHEST)

    @property
    def is_known(self) -> bool:
        """Whether there is a sales order of ours to tell the zone by; until then it is taken for UTC."""
        self._now()
        return self._offset is not None

    def _now(self) -> timedelta:
        now = self._clock()
        if self._until is None or now >= self._until:
            self._offset, self._until = self._asked(), now + KEPT
        return self._offset or timedelta()

    def _asked(self) -> timedelta | None:
        """How far the zone is ahead of UTC; None where there is no sales order of ours to read yet."""
        for _ in range(_ATTEMPTS):
            newest = rows(self._connection, _SAVED_LATELY) or rows(self._connection, _NEWEST)
            if not newest:
                return None
            path = f"/services/rest/record/v1/salesOrder/{newest[0]['id']}"
            call, answer = self._connection.read("GET salesOrder", path, params={"fields": "lastModifiedDate"})
            utc = read(_MODIFIED, call, answer).at.astimezone(UTC).replace(tzinfo=None)
            apart = datetime.strptime(newest[0]["modified"], _PYTHON_SHAPE) - utc  # noqa: DTZ007  what is asked for
            steps = round(apart / STEP)
            # REST tells whole minutes; anything else means that the order was saved between the two questions.
            if abs(apart) <= FARTHEST and abs(apart - steps * STEP) <= timedelta(minutes=1):
                return steps * STEP
        return self._offset
