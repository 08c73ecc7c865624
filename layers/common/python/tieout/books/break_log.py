"""The break history in a file: a line an event, and lines are only ever added."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from msgspec import DecodeError, ValidationError, json

from tieout.domain.reconcile.history import BEGINNING, BrokenChainError, Event, head_of
from tieout.flows.reconcile.break_log import LogMovedOnError


class FileBreakLog:
    """`path` need not exist yet."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Sequence[Event]:
        """All events in order. Raises BrokenChainError naming the line that does not read."""
        if not self._path.exists():
            return ()
        events: list[Event] = []
        with self._path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    events.append(json.decode(line, type=Event))
                except (DecodeError, ValidationError) as error:
                    raise BrokenChainError(
                        f"{self._path}:{number}: not an event of a break history: {error}"
                    ) from error
        return tuple(events)

    def append(self, events: Sequence[Event]) -> None:
        """Add events in one write. Raises LogMovedOnError when they do not follow on the last one."""
        head = head_of(self.read())
        if not events or events[0].previous != head:
            last = "its beginning" if head == BEGINNING else head[:12]
            raise LogMovedOnError(f"{self._path} has gone on to {last}: run the command again")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            file.write(b"".join(json.encode(each) + b"\n" for each in events))
            file.flush()
            os.fsync(file.fileno())
