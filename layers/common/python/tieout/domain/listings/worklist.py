"""The audit's list from one day to the next: what is new, since when it stands, who has it, and what was mended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from tieout.domain.listings.audit import Finding


class Task(Struct, frozen=True, kw_only=True):
    """A finding that somebody has to see to."""

    finding: Finding
    owner: str
    since: date
    """Day of the audit that found it first."""
    accepted: str = ""
    """Why a person lets it stand; empty: it is open."""

    @property
    def name(self) -> tuple[str, str, str]:
        """What makes it the same task in the next audit."""
        return self.finding.marketplace, self.finding.fault, self.finding.sku


class Worklist(Struct, frozen=True):
    """After an audit."""

    tasks: tuple[Task, ...]
    """What is wrong now, oldest first."""
    fresh: int
    """How many of them are new."""
    mended: tuple[Task, ...]
    """What the last audit found and this one does not."""


def go_on(former: Iterable[Task], findings: Iterable[Finding], owner: str, day: date) -> Worklist:
    """Carry the list on: what is still wrong keeps its day, its owner and a person's word."""
    before = {task.name: task for task in former}
    tasks, fresh = [], 0
    for finding in findings:
        task = Task(finding=finding, owner=owner, since=day)
        known = before.pop(task.name, None)
        fresh += known is None
        if known is not None:
            task = Task(finding=finding, owner=known.owner, since=known.since, accepted=known.accepted)
        tasks.append(task)
    tasks.sort(key=lambda one: (one.since, one.name))
    return Worklist(tuple(tasks), fresh, tuple(sorted(before.values(), key=lambda one: one.name)))
