"""Payouts against the lines of a bank statement (I24): by the payout's reference, then by amount and day."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from msgspec import Struct

from tieout.domain.ledger.line import Cycle
from tieout.domain.ledger.rates import Arrival
from tieout.domain.money import ZERO

PAID = "PAID"
PATIENCE = timedelta(days=7)
"""Days from Mirakl's payout to the bank's line: a transfer takes two to five, and a weekend may lie between."""
_BEFORE = timedelta(days=1)
"""A bank's day may be the one before Mirakl's."""
_SHORTEST = 4
"""Letters and digits of a reference that is looked for within a longer text."""


class StatementLine(Struct, frozen=True, kw_only=True):
    """A line of a bank statement; what came in is above zero."""

    day: date
    amount: Decimal
    currency: str
    reference: str = ""


class PaidOut(Struct, frozen=True, kw_only=True):
    """A cycle's payout that Mirakl calls paid."""

    marketplace: str
    cycle: str
    day: date
    amount: Decimal
    """As the statement should show it: above zero of a seller, below of an operator."""
    currency: str
    reference: str = ""


class AtBank(Struct, frozen=True, kw_only=True):
    """What the statement says of each payout."""

    found: tuple[PaidOut, ...] = ()
    otherwise: tuple[tuple[PaidOut, Decimal], ...] = ()
    """Found by its reference, with the amount that the bank shows instead."""
    missing: tuple[PaidOut, ...] = ()
    waiting: tuple[PaidOut, ...] = ()
    """Not there yet, or of days that the statement does not reach."""


def at_the_bank(
    payouts: Iterable[PaidOut], statement: Sequence[StatementLine], as_of: date, *, patience: timedelta = PATIENCE
) -> AtBank:
    """Each line stands for one payout at most.

    A transfer in parts, or one that came back, is the sum of the lines that name its reference. One that came in
    another currency was exchanged by the bank: its amount says nothing.
    """
    ordered = sorted(payouts, key=lambda each: (each.day, each.marketplace, each.cycle))
    lines = sorted(statement, key=lambda each: (each.day, each.currency, each.amount, each.reference))
    pairs = _Pairs(ordered, lines)
    found: list[PaidOut] = []
    otherwise: list[tuple[PaidOut, Decimal]] = []
    rest: list[PaidOut] = []
    for payout in ordered:
        shown = pairs.by_reference(payout)
        if shown is None:
            rest.append(payout)
        elif shown == payout.amount:
            found.append(payout)
        else:
            otherwise.append((payout, shown))
    first = lines[0].day if lines else date.max
    reached = min(as_of, lines[-1].day) if lines else date.min
    missing: list[PaidOut] = []
    waiting: list[PaidOut] = []
    for payout in rest:
        if pairs.by_amount(payout, patience):
            found.append(payout)
        elif payout.day < first or payout.day + patience > reached:
            waiting.append(payout)
        else:
            missing.append(payout)
    return AtBank(found=tuple(found), otherwise=tuple(otherwise), missing=tuple(missing), waiting=tuple(waiting))


class _Pairs:
    """Lines that are not yet some payout's."""

    def __init__(self, payouts: Sequence[PaidOut], lines: Sequence[StatementLine]) -> None:
        self._lines = lines
        self._free = set(range(len(lines)))
        self._sharing: defaultdict[tuple[str, ...], int] = defaultdict(int)
        for payout in payouts:
            self._sharing[_words(payout.reference)] += 1
        names = {words for words in self._sharing if words}
        self._naming: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        lengths = sorted({len(words) for words in names}, reverse=True)
        self._by_amount: defaultdict[tuple[str, Decimal], list[int]] = defaultdict(list)
        for place, line in enumerate(lines):
            self._by_amount[line.currency, line.amount].append(place)
            named = _named(_words(line.reference), names, lengths)
            if named:
                self._naming[named].append(place)

    def naming(self, payout: PaidOut) -> list[StatementLine]:
        """The lines that name it, in the order of their days; none where they may be other payouts'."""
        words = _words(payout.reference)
        naming = [place for place in self._naming.get(words, ()) if place in self._free]
        # A reference that every payout bears says whose it is, and not which one.
        if self._sharing[words] > 1:
            return []
        self._free.difference_update(naming)
        return [self._lines[place] for place in naming]

    def by_reference(self, payout: PaidOut) -> Decimal | None:
        """What the lines that name it come to; None where none does, or where they may be other payouts'."""
        naming = self.naming(payout)
        if not naming:
            return None
        shown = [line.amount for line in naming if line.currency == payout.currency]
        return sum(shown, ZERO) if shown else payout.amount

    def by_amount(self, payout: PaidOut, patience: timedelta) -> bool:
        """Takes the line that is nearest in time."""
        near = [
            place
            for place in self._by_amount.get((payout.currency, payout.amount), ())
            if place in self._free and payout.day - _BEFORE <= self._lines[place].day <= payout.day + patience
        ]
        if not near:
            return False
        self._free.remove(min(near, key=lambda place: abs(self._lines[place].day - payout.day)))
        return True


def without_others(
    statement: Iterable[StatementLine], own: Iterable[str], others: Iterable[str]
) -> list[StatementLine]:
    """Lines that may show payouts with one's own references: those that name another's stand for that one's."""
    mine = {_words(reference) for reference in own}
    theirs = {_words(reference) for reference in others} - mine - {()}
    names = {words for words in mine | theirs if words}
    lengths = sorted({len(words) for words in names}, reverse=True)
    return [line for line in statement if _named(_words(line.reference), names, lengths) not in theirs]


def exchanged_at_the_bank(
    cycles: Mapping[str, Iterable[Cycle]], statement: Sequence[StatementLine]
) -> dict[str, dict[str, Arrival]]:
    """By marketplace and cycle, payouts that lines of one other currency name, and what those lines come to.

    An amount in another currency can be told by its reference only. Where lines name it in its own currency, or in
    several others, it is none of these. `cycles`: all of every marketplace, so that a reference of two is nobody's.
    """
    payouts = [
        PaidOut(
            marketplace=marketplace,
            cycle=cycle.id,
            day=(cycle.pay_out.paid_at or cycle.closed_at).date(),
            amount=cycle.to_seller,
            currency=cycle.currency,
            reference=cycle.pay_out.reference or "",
        )
        for marketplace, theirs in cycles.items()
        for cycle in theirs
        if cycle.pay_out.state == PAID and cycle.to_seller
    ]
    pairs = _Pairs(payouts, sorted(statement, key=lambda each: (each.day, each.currency, each.amount, each.reference)))
    found: dict[str, dict[str, Arrival]] = {marketplace: {} for marketplace in cycles}
    for payout in payouts:
        naming = pairs.naming(payout)
        currencies = {line.currency for line in naming}
        if len(currencies) == 1 and payout.currency not in currencies:
            amount = sum((line.amount for line in naming), ZERO)
            arrival = Arrival(day=naming[-1].day, currency=naming[-1].currency, amount=amount)
            found[payout.marketplace][payout.cycle] = arrival
    return found


def _words(reference: str) -> tuple[str, ...]:
    """Banks change case, blanks and dashes."""
    return tuple(re.findall(r"[A-Z0-9]+", reference.upper()))


def _named(text: tuple[str, ...], names: set[tuple[str, ...]], lengths: Sequence[int]) -> tuple[str, ...] | None:
    """The longest reference that stands in the text as whole words."""
    for length in lengths:
        for start in range(len(text) - length + 1):
            part = text[start : start + length]
            if part in names and (part == text or sum(map(len, part)) >= _SHORTEST):
                return part
    return None
