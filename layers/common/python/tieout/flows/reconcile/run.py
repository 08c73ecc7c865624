"""The steps of a comparison: lines are prepared cycle by cycle, and all is then compared.

Below a threshold one function prepares what has changed; above it Step Functions prepare everything, many at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Protocol

from msgspec import Struct, json

from tieout.domain.errors import Retryable
from tieout.flows.ports import At
from tieout.flows.reconcile.break_log import BreakLog
from tieout.flows.reconcile.compare import (
    DONE,
    Engine,
    Gathered,
    compare,
    gathered,
    is_due,
    settled_marketplaces,
)
from tieout.flows.reconcile.turns import InTurn
from tieout.flows.settlement.log import LINES, NO_CYCLE, UNREAD, touched_since

logger = logging.getLogger(__name__)

MEGABYTE = 1_000_000
LATE = timedelta(hours=1)
"""What a reading found changed may be written down so long after its lines are."""


class Sources(Engine, Protocol):
    """An engine over what the archive keeps."""

    def stage(self, marketplace: str, cycle: str) -> int:
        """Keep the newest version of the lines of one cycle, alone and as Parquet; answers how many."""

    def export(self, folder: str, books: Mapping[str, Gathered]) -> list[str]:
        """Keep an export folder of these marketplaces in the archive; answers its files."""


class Comparison(Struct, frozen=True, kw_only=True):
    """What a comparison works with, and its steps."""

    at: At
    sources: Sources
    log: BreakLog
    in_turn: InTurn
    start_by_cycle: Callable[[str], None]
    """Starts Step Functions under a name; twice under the same name starts it once."""

    def step(self, event: Mapping[str, str]) -> dict[str, Any]:
        """Do what a schedule, a person (`now`, `export`) or Step Functions (`cycles`, `stage`, `match`) asks for."""
        match event["task"]:
            case "look":
                return self._look(event["schedule"])
            case "cycles":
                return self._cycles()
            case "stage":
                return {"lines": self.sources.stage(event["marketplace"], event["cycle"])}
            case "now":
                self._stage_touched()
                return self._match()
            case "match":
                return self._match()
            case "export":
                return self._export()
            case unknown:
                raise ValueError(f"{unknown!r} is no task of a comparison")

    def _look(self, schedule: str) -> dict[str, Any]:
        """A comparison that failed for a passing reason is still due at the next look."""
        outcome: dict[str, Any] = {}
        try:
            if is_due(self.at):
                if self._is_large():
                    self.start_by_cycle(self._name())
                    outcome = {"by_cycle": True}
                else:
                    self._stage_touched()
                    outcome = self._match()
        except Retryable as error:
            logger.warning("not compared", extra={"why": str(error)})
            return {}
        self.at.meter.count("RunCompleted", schedule=schedule)
        return outcome

    def _stage_touched(self) -> None:
        """Of what has changed since the last comparison; what is in no cycle yet changes with every reading."""
        done = self.at.watermarks.read(DONE)
        since = done and done - LATE
        for name in settled_marketplaces(self.at):
            touched = touched_since(name, since, self.at) | {NO_CYCLE, UNREAD}
            for cycle in self.at.settlement_log.partitions(name, LINES):
                if cycle in touched:
                    self.sources.stage(name, cycle)

    def _match(self) -> dict[str, Any]:
        compared = compare(self.at, self.sources, self.log, self.in_turn)
        outcome = {
            "breaks": compared.breaks,
            "information": compared.information,
            "blocking": compared.blocking,
            "problems": compared.problems,
        }
        logger.info("sources compared", extra=outcome)
        return outcome

    def _export(self) -> dict[str, Any]:
        """Everything as files: for a close pack, an auditor, or whoever wants to look for themselves."""
        books = {name: gathered(name, self.at, self.in_turn) for name in settled_marketplaces(self.at)}
        folder = f"settlement/export/{self.at.clock():%Y-%m-%dT%H-%M}"
        return {"folder": folder, "files": self.sources.export(folder, books)}

    def _cycles(self) -> dict[str, Any]:
        """Archive the list of what is to be staged, which may be longer than a state of Step Functions takes."""
        found = [
            {"marketplace": name, "cycle": cycle}
            for name in settled_marketplaces(self.at)
            for cycle in self.at.settlement_log.partitions(name, LINES)
        ]
        place = f"settlement/_by_cycle/{self.at.clock():%Y-%m-%dT%H-%M-%S}.json"
        self.at.archive.store({place: json.encode(found)})
        return {"cycles": place, "number": len(found)}

    def _is_large(self) -> bool:
        size = sum(self.at.settlement_log.size(name, LINES) for name in settled_marketplaces(self.at))
        return size > self.at.config.reconcile.by_cycle_above_megabytes * MEGABYTE

    def _name(self) -> str:
        """One run for what is due now; where it failed, another one the next day."""
        done, today = self.at.watermarks.read(DONE), f"{self.at.clock():%Y-%m-%d}"
        return f"{today}-after-{done:%Y%m%d%H%M}" if done else f"{today}-first"
