"""Turns: something that one process at a time may do, kept in the postings table (pk `TURN`, sk its name).

Whoever takes a turn may keep it for `lasts`, which is longer than any function runs: a process that died gives way by
then. A turn is given back by emptying its row, never by deleting it: functions may not delete from this table.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from uuid import uuid4

from tieout.aws.rows import instant
from tieout.aws.table import RefusedError, Table, Update, changes

_TURN = "TURN"
_LOOK_AGAIN_SECONDS = 0.25


class DynamoTurns:
    """Hands turns out."""

    def __init__(
        self,
        table: Table,
        clock: Callable[[], datetime],
        *,
        lasts: timedelta,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table = table
        self._clock = clock
        self._lasts = lasts
        self._sleep = sleep

    @contextmanager
    def taken(self, name: str, patience: timedelta) -> Iterator[bool]:
        """Whether the turn is ours, after waiting `patience` for it at most; it is given back at the end."""
        holder = uuid4().hex
        mine = self._wait_for(name, holder, patience)
        try:
            yield mine
        finally:
            if mine:
                self._give_back(name, holder)

    def _wait_for(self, name: str, holder: str, patience: timedelta) -> bool:
        until = self._clock() + patience
        while not self._take(name, holder):
            if self._clock() >= until:
                return False
            self._sleep(_LOOK_AGAIN_SECONDS)
        return True

    def _take(self, name: str, holder: str) -> bool:
        now = self._clock()
        fields = {"holder": holder, "until": instant(now + self._lasts)}
        # Ours already: the client repeats a call whose answer was lost.
        free = "attribute_not_exists(#until) OR #until <= :now OR #holder = :holder"
        values = {**fields, "now": instant(now)}
        try:
            self._table.update(Update(key=(_TURN, name), change=changes(fields), values=values, condition=free))
        except RefusedError:
            return False
        return True

    def _give_back(self, name: str, holder: str) -> None:
        change = Update(
            key=(_TURN, name),
            change="REMOVE #holder, #until",
            values={"holder": holder},
            condition="#holder = :holder",
        )
        with suppress(RefusedError):
            self._table.update(change)
