"""What differs by the rules of booking, and not by sums: ledger, payments, manual items, late lines, reserves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from msgspec import Struct

from tieout.books.accounts import reserves
from tieout.books.applied import under_applied
from tieout.books.changed import changed_since
from tieout.books.export import Export
from tieout.books.periods import read_closed_periods
from tieout.books.read_back import tampered
from tieout.books.rows import Problem
from tieout.config import Config
from tieout.domain.ledger.line import Books
from tieout.domain.ledger.proof import Settled
from tieout.domain.ledger.rules import BookingRules
from tieout.domain.ledger.settle import settle
from tieout.domain.reconcile.breaks import Break
from tieout.domain.reconcile.late import late_lines
from tieout.domain.reconcile.manual import unclassified


class ByRules(Struct, frozen=True, kw_only=True):
    """What was found."""

    breaks: list[Break]
    information: list[Break]
    not_compared: list[str]
    """What was not looked at, in a sentence each."""
    reserves: frozenset[tuple[str, str]]
    """Marketplaces and shops whose reserve was compared."""


def found_by_rules(
    folder: Path,
    export: Export,
    config: Config,
    rules: Mapping[str, BookingRules],
    problems: list[Problem],
    *,
    with_ledger: bool = True,
) -> ByRules:
    """Everything of these rules. `with_ledger`: false for who knows what was posted, and what of it is there still."""
    books = [export.books[name] for name in rules]
    settled = partial(_once, {})
    breaks: list[Break] = []
    if with_ledger:
        changed = changed_since(books, rules, export.replaced, export.gl_lines, settled)
        told = {(each.marketplace, each.cycle) for each in changed}
        edited = tampered(books, rules, export.gl_lines, settled)
        breaks += [*changed, *(each for each in edited if (each.marketplace, each.cycle) not in told)]
        breaks += under_applied(books, rules, settled)
    for each in books:
        breaks += unclassified(each, rules[each.marketplace])
    held = reserves(folder, books, config.marketplaces, problems)
    closed = read_closed_periods(folder, problems)
    posted_on = {line.external_id.upper(): line.day for line in export.gl_lines if line.day is not None}
    information: list[Break] = []
    if closed or posted_on:
        there = {each.external_id.upper(): each.day for name in rules for each in export.books[name].booked}
        for each in books:
            information += late_lines(settled(each, rules[each.marketplace]).records, there | posted_on, closed)
    return ByRules(
        breaks=[*breaks, *held.breaks],
        information=information,
        not_compared=held.not_compared,
        reserves=held.compared,
    )


def _once(known: dict[int, tuple[Books, Settled]], books: Books, rules: BookingRules) -> Settled:
    """Settled once, whoever asks: a month takes seconds."""
    if id(books) not in known:
        known[id(books)] = books, settle(books, rules)
    return known[id(books)][1]
