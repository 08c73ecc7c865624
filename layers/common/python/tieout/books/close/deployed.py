"""A month closed from what a deployment keeps: its archive and NetSuite as an export folder, and that one closed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tieout.books.close.closing import Closing, Period
from tieout.books.close.folder import closing_of
from tieout.books.deployed import ArchivedSources
from tieout.domain.reconcile.breaks import Break
from tieout.flows.ports import At
from tieout.flows.reconcile.break_log import BreakLog
from tieout.flows.reconcile.compare import gathered, settled_marketplaces
from tieout.flows.reconcile.posted import changed_since_booked
from tieout.flows.reconcile.turns import InTurn
from tieout.flows.settlement.log import LINES


def has_read_money(at: At) -> bool:
    """Whether the log of any marketplace that is settled has a line."""
    return any(at.settlement_log.partitions(name, LINES) for name in settled_marketplaces(at))


def closing_of_deployment(
    at: At, folder: Path, period: Period, log: BreakLog, in_turn: InTurn, *, as_of: date | None = None
) -> Closing:
    """The month of all marketplaces that are settled, with what this run found written to the breaks' history.

    `folder`, which is empty, then holds what the closing was made from. `as_of`: left out, today: the nightly
    comparison has taken the history there. Raises what `closing_of` and calls raise.
    """
    known: list[Break] = []
    sources = ArchivedSources(at)
    for name in settled_marketplaces(at):
        theirs = gathered(name, at, in_turn)
        sources.write(folder, name, theirs.documents, theirs.posted.general_ledger)
        # No folder shows them, and a run that knew nothing of them would end them.
        known += [*theirs.posted.breaks, *changed_since_booked(name, at)]
    return closing_of(folder, at.config, period, log, as_of=as_of or at.clock().date(), known=known)
