"""What stops us: a person's pause, and the breaker of a system that does not answer. Kept in the postings table.

| row | sk | attributes |
|---|---|---|
| pause | `pause#<flow>`, `pause#all` | who, since |
| breaker | `breaker#<system>` | failures in a row; while it is open: open_until, and probe_until of the one who tries |

A process looks at a row every 15 seconds at most, so that an order costs no read; a pause is in force everywhere by
then. Rows are emptied, never deleted: functions may not delete from this table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import uuid4

from msgspec import Struct

from tieout.aws.rows import instant, maybe_instant, read_instant
from tieout.aws.table import RefusedError, Row, Table, Update, changes

KEPT = timedelta(seconds=15)
ALL = "all"
_SWITCH = "SWITCH"
_PAUSE = "pause#"
_BREAKER = "breaker#"


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
        self._kept: dict[str, tuple[datetime, Row]] = {}

    # --- a person's ------------------------------------------------------------------------------------------------

    def paused(self, flow: str) -> bool:
        """Whether a person paused this flow, or all."""
        return any("since" in self._row(f"{_PAUSE}{name}") for name in (ALL, flow))

    def pause(self, flow: str, who: str, now: datetime) -> None:
        """Stop a flow (or `all`) within 15 seconds; one that is paused already stays as it was paused first."""
        fields = {"who": who, "since": instant(now)}
        with suppress(RefusedError):
            self._write(f"{_PAUSE}{flow}", changes(fields), fields, "attribute_not_exists(#since)")

    def resume(self, flow: str) -> None:
        """Let a flow go on."""
        with suppress(RefusedError):
            self._write(f"{_PAUSE}{flow}", "REMOVE #who, #since", {}, "attribute_exists(#since)")

    def pauses(self) -> list[Pause]:
        """Who paused what, and when; as last written."""
        rows = self._table.query(_SWITCH, sk=_PAUSE)
        return [
            Pause(row["sk"].removeprefix(_PAUSE), row["who"], read_instant(row["since"]))
            for row in rows
            if "since" in row
        ]

    # --- a system's ------------------------------------------------------------------------------------------------

    def closed_until(self, system: str, now: datetime) -> datetime | None:
        """None when calls may go; else when to look again. Of all callers one is let through to probe."""
        row = self._row(f"{_BREAKER}{system}")
        if "open_until" not in row:
            return None
        if instant(now) < row["open_until"]:
            return read_instant(row["open_until"])
        return self._probe(system, now)

    def _probe(self, system: str, now: datetime) -> datetime | None:
        fields = {"probe_until": instant(now + self._open_for), "prober": uuid4().hex}
        free = "#open_until <= :now AND (attribute_not_exists(#probe_until) OR #probe_until <= :now)"
        try:
            self._write(f"{_BREAKER}{system}", changes(fields), {**fields, "now": instant(now)}, free)
        except RefusedError as refused:
            found = refused.found or {}
            # The client repeats a call whose answer was lost: the prober in our way may be ourselves.
            if "open_until" not in found or found.get("prober") == fields["prober"]:
                return None
            return read_instant(max(found["open_until"], found.get("probe_until", "")))
        return None

    def worked(self, system: str, now: datetime) -> None:  # noqa: ARG002  the port tells when; a success needs no time
        """The system answered: its breaker closes and its count starts anew. Free when nothing failed."""
        if "failures" in self._row(f"{_BREAKER}{system}"):
            with suppress(RefusedError):
                change = "REMOVE #failures, #open_until, #probe_until, #prober"
                self._write(f"{_BREAKER}{system}", change, {}, "attribute_exists(#failures)")

    def failed(self, system: str, now: datetime, *, at_once: bool = False) -> None:
        """The system did not answer; enough of that in a row, or a failed probe, opens its breaker."""
        name = f"{_BREAKER}{system}"
        failures = self._table.add((_SWITCH, name), "failures")
        self._kept.pop(name, None)
        if not (at_once or failures >= self._failures or "open_until" in self._row(name)):
            return
        fields = {"open_until": instant(now + self._open_for)}
        longer = "attribute_not_exists(#open_until) OR #open_until < :open_until"
        with suppress(RefusedError):
            self._write(name, changes(fields, "probe_until", "prober"), fields, longer)

    def breakers(self) -> list[Breaker]:
        """Systems that failed lately; as last written."""
        return [
            Breaker(row["sk"].removeprefix(_BREAKER), row["failures"], maybe_instant(row.get("open_until")))
            for row in self._table.query(_SWITCH, sk=_BREAKER)
            if "failures" in row
        ]

    # --- rows ------------------------------------------------------------------------------------------------------

    def _row(self, name: str) -> Row:
        now = self._clock()
        looked_at, row = self._kept.get(name, (None, {}))
        if looked_at is None or not timedelta(0) <= now - looked_at < KEPT:
            row = self._table.read((_SWITCH, name)) or {}
            self._kept[name] = now, row
        return row

    def _write(self, name: str, change: str, values: Mapping[str, str], condition: str) -> None:
        self._kept.pop(name, None)
        self._table.update(Update(key=(_SWITCH, name), change=change, values=values, condition=condition))
