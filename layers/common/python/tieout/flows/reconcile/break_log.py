"""The history of breaks as runs and people write it, wherever it is stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from tieout.domain.reconcile.breaks import Break
from tieout.domain.reconcile.history import Action, Event, LogMovedOnError, chained, check_chain
from tieout.domain.reconcile.workflow import (
    RUN,
    Case,
    RefusedError,
    Run,
    advance,
    cases_of,
    decide,
    latest_run,
)

__all__ = ["BreakLog", "LogMovedOnError", "decide_on", "take_in", "the_case"]


class BreakLog(Protocol):
    """The one history of a deployment's breaks, append-only."""

    def read(self) -> Sequence[Event]:
        """All events in order."""

    def append(self, events: Sequence[Event]) -> None:
        """Add events chained onto the last one, all or none. Raises LogMovedOnError when it no longer is the last."""


def take_in(log: BreakLog, breaks: Iterable[Break], run: Run) -> tuple[Event, ...]:
    """Write what a run's findings do to the cases, and give the whole history. The same run again writes nothing.

    Raises BrokenChainError when the history was changed, RefusedError when it knows a later day than the run looked at.
    """
    events = tuple(log.read())
    check_chain(events)
    last = latest_run(events)
    if last is not None and last.as_of is not None and last.as_of > run.as_of:
        raise RefusedError(
            f"the break history has gone on to {last.as_of}; a run as of {run.as_of} needs the history of that day"
        )
    news = advance(cases_of(events), breaks, run)
    if last is None or last.run != run.id:
        news.insert(0, Event(action=Action.RAN, actor=RUN, at=run.at, run=run.id, as_of=run.as_of))
    links = chained(news, events)
    if links:
        log.append(links)
    return (*events, *links)


def decide_on(log: BreakLog, key: str, action: Action, *, by: str, at: datetime, reason: str) -> Case:
    """Write a person's step on the case that `key` names, and give the case as it is then.

    Raises RefusedError when the step may not be taken, or `key` names none or several.
    """
    events = tuple(log.read())
    check_chain(events)
    case = the_case(cases_of(events).values(), key)
    last = latest_run(events)
    step = decide(case, action, by=by, at=at, reason=reason, run=last.run if last else "")
    links = chained([step], events)
    log.append(links)
    return cases_of((*case.events, *links))[case.key]


def the_case(cases: Iterable[Case], key: str) -> Case:
    """The case of `marketplace/CODE/key`, or of a key alone where only one has it. Raises RefusedError."""
    cases = tuple(cases)
    found = [case for case in cases if str(case.key) == key] or [case for case in cases if case.key.key == key]
    if not found:
        raise RefusedError(f"there is no break {key}")
    if len(found) > 1:
        names = ", ".join(sorted(str(case.key) for case in found))
        raise RefusedError(f"{key} has {len(found)} breaks; name one of them: {names}")
    return found[0]
