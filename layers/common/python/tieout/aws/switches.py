"""What stops us: a person's pause, and the breaker of a system that does not answer. Kept in the postings table.

| row | sk | attributes |
|---|---|---|
| pause | `pause#<flow>`, `pause#all` | who, since |
| breaker | `breaker#<system>` | failures in a row; while it is open: open_until, and probe_until of the one who tries |

A process looks at the rows every 15 seconds at most, so that an order costs no read; a pause is in force everywhere by
then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import uuid4

from msgspec import Struct

from tieout.aws.rows import instant, read_instant
from tieout.aws.table import RefusedError, Row, RowKey, Table, Update, changes

KEPT = timedelta(seconds=15)
ALL = "all"


class Pause(Struct, frozen=True):
    """A person stopped a flow (or `all`)."""

    flow: str
    who: str
    since: datetime


class Breaker(Struct, frozen=True):
    """A system that failed lately; `open_until` None means that calls still go."""

    system: str
    failures: int
    open_until: datetime | None


class DynamoSwitches:
    """Fits `flows.ports.Switches`, and throws the switches for the command line.

    `failures` in a row open a breaker for `open_for`; then one caller may try, and if its call works, all may.
    """

    def __init__(self, table: Table, clock: Callable[[], datetime], *, failures: int, open_for: timedelta) -> None:
        self._table = table
        self._clock = clock
        self._failures = failures
        self._open_for = open_for
        self._rows: Mapping[str, Row] = {}
        self._looked_at: datetime | None = None

    # --- a person's ------------------------------------------------------------------------------------------------

    def paused(self, flow: str) -> bool:
        """Whether a person paused this flow, or all."""
        rows = self._look()
        return f"pause#{flow}" in rows or f"pause#{ALL}" in rows

    def pause(self, flow: str, who: str, now: datetime) -> None:
        """Stop a flow (or `all`) within 15 seconds; a flow that is paused already stays as it was paused first."""
        fields = {"who": who, "since": instant(now)}
        first = "attribute_not_exists(#pk)"
        with suppress(RefusedError):
            self._table.update(
                Update(key=_key(f"pause#{flow}"), change=changes(fields), values=fields, condition=first)
            )
        self._looked_at = None

    def resume(self, flow: str) -> None:
        """Let a flow go on."""
        self._table.delete(_key(f"pause#{flow}"))
        self._looked_at = None

    def pauses(self) -> list[Pause]:
        """Who paused what, and when; as last written."""
        self._looked_at = None
        return [
            Pause(name.removeprefix("pause#"), row["who"], read_instant(row["since"]))
            for name, row in sorted(self._look().items())
            if name.startswith("pause#")
        ]

    # --- a system's ------------------------------------------------------------------------------------------------

    def closed_until(self, system: str, now: datetime) -> datetime | None:
        """None when calls may go; else when to look again. Of all callers one is let through to probe."""
        row = self._look().get(f"breaker#{system}", {})
        if "open_until" not in row:
            return None
        if instant(now) < row["open_until"]:
            return read_instant(row["open_until"])
        return self._probe(system, now)

    def _probe(self, system: str, now: datetime) -> datetime | None:
        prober = uuid4().hex
        until = now + self._open_for
        fields = {"probe_until": instant(until), "prober": prober}
        free = "#open_until <= :now AND (attribute_not_exists(#probe_until) OR #probe_until <= :now)"
        values = {**fields, "now": instant(now)}
        try:
            self._table.update(Update(key=_breaker(system), change=changes(fields), values=values, condition=free))
        except RefusedError as refused:
            found = refused.found or {}
            if "open_until" not in found or found.get("prober") == prober:
                return None
            return read_instant(max(found["open_until"], found.get("probe_until", "")))
        return None

    def worked(self, system: str, now: datetime) -> None:  # noqa: ARG002  the port tells when; a success needs no time
        """The system answered: its breaker closes and its count starts anew. Free when nothing failed."""
        if f"breaker#{system}" not in self._look():
            return
        self._table.delete(_breaker(system))
        self._looked_at = None

    def failed(self, system: str, now: datetime, *, at_once: bool = False) -> None:
        """The system did not answer; enough of that in a row, or a failed probe, opens its breaker."""
        failures = self._table.add(_breaker(system), "failures")
        self._looked_at = None
        was_open = "open_until" in self._look().get(f"breaker#{system}", {})
        if not (at_once or was_open or failures >= self._failures):
            return
        fields = {"open_until": instant(now + self._open_for)}
        change = changes(fields, "probe_until", "prober")
        longer = "attribute_not_exists(#open_until) OR #open_until < :open_until"
        with suppress(RefusedError):
            self._table.update(Update(key=_breaker(system), change=change, values=fields, condition=longer))
        self._looked_at = None

    def breakers(self) -> list[Breaker]:
        """Systems that failed lately; as last written."""
        self._looked_at = None
        return [
            Breaker(
                name.removeprefix("breaker#"),
                row.get("failures", 0),
                read_instant(row["open_until"]) if "open_until" in row else None,
            )
            for name, row in sorted(self._look().items())
            if name.startswith("breaker#")
        ]

    def _look(self) -> Mapping[str, Row]:
        now = self._clock()
        if self._looked_at is None or not timedelta(0) <= now - self._looked_at < KEPT:
            self._rows = {row["sk"]: row for row in self._table.query("SWITCH")}
            self._looked_at = now
        return self._rows


def _key(name: str) -> RowKey:
    return "SWITCH", name


def _breaker(system: str) -> RowKey:
    return _key(f"breaker#{system}")
