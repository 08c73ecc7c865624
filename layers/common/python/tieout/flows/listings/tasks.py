"""The worklist of a marketplace, as it is kept: one list by the audit, one by the sync, each written by that alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from msgspec.json import decode, encode

from tieout.domain.listings.audit import Finding
from tieout.domain.listings.worklist import Task, Worklist, go_on
from tieout.domain.stock.blocks import whole_lines
from tieout.flows.listings.words import with_words, words_of
from tieout.flows.stock.store import StockBook

AUDITED, SYNCED = "audited", "synced"


def carry_on(
    which: str, marketplace: str, findings: Iterable[Finding], *, owner: str, day: date, book: StockBook
) -> Worklist:
    """Keep what is wrong now: known findings keep their day, and what is not found any more is mended."""
    worklist = go_on(_kept(which, marketplace, book), findings, owner, day)
    book.replace(_name(which, marketplace), (encode(task) + b"\n" for task in worklist.tasks))
    return worklist


def tasks_of(book: StockBook, marketplace: str) -> list[Task]:
    """Everything that is wrong, oldest first, with people's words; what both lists have is told once."""
    tasks = {task.name: task for which in (AUDITED, SYNCED) for task in _kept(which, marketplace, book)}
    return with_words(sorted(tasks.values(), key=lambda one: (one.since, one.name)), words_of(book, marketplace))


def is_open(task: Task) -> bool:
    """Whether somebody has to see to it."""
    return not task.accepted


def _kept(which: str, marketplace: str, book: StockBook) -> list[Task]:
    blocks = book.blocks(_name(which, marketplace)) or ()
    return [decode(line, type=Task) for block in whole_lines(blocks) for line in block.splitlines()]


def _name(which: str, marketplace: str) -> str:
    return f"{marketplace}/{which}"
