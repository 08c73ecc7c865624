"""Payouts against the lines of a bank statement (I24): by the payout's reference, then by amount and day."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from tieout.domain.money import ZERO

PATIENCE = timedelta(days=7)
"""Days from Mirakl's payout to the bank's line: a transfer takes two to five, and a weekend may lie between."""
TOLERANCE = Decimal("0.03")
"""Of what the day's rate makes of a payout: as much as converters keep, at most."""
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
    original: Decimal | None = None
    """What the bank exchanged, where its statement tells: the amount before, with any sign."""
    original_currency: str = ""


class PaidOut(Struct, frozen=True, kw_only=True):
    """A cycle's payout that Mirakl calls paid."""

    marketplace: str
    cycle: str
    day: date
    amount: Decimal
    """As the statement should show it: above zero of a seller, below of an operator."""
    currency: str
    reference: str = ""
    into: str = ""
    """Currency in which it arrives, where that is another one."""
    expected: Decimal | None = None
    """What it should come to in that currency by the day's rate, signed as `amount`; None where no rate tells."""

    @property
    def is_exchanged(self) -> bool:
        """Whether it arrives in another currency."""
        return bool(self.into) and self.into != self.currency


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
    another currency was exchanged by the bank: its amount says nothing. Where no line names one that is exchanged, see
    `Pairs.of_exchanged`.
    """
    ordered = sorted(payouts, key=lambda each: (each.day, each.marketplace, each.cycle))
    lines = sorted(statement, key=lambda each: (each.day, each.currency, each.amount, each.reference))
    pairs = Pairs(ordered, lines)
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
    there = {(each.marketplace, each.cycle) for each in pairs.by_amounts(rest, patience)}
    left = [each for each in rest if (each.marketplace, each.cycle) not in there]
    there |= {(each.marketplace, each.cycle) for each, _, _ in pairs.of_exchanged(left, as_of, patience)}
    for payout in rest:
        if (payout.marketplace, payout.cycle) in there:
            found.append(payout)
        elif payout.day < first or payout.day + patience > min(reached, pairs.reached(payout)):
            waiting.append(payout)
        else:
            missing.append(payout)
    return AtBank(found=tuple(found), otherwise=tuple(otherwise), missing=tuple(missing), waiting=tuple(waiting))


class Rung(StrEnum):
    """How a line that names no payout was found to be the one of a payout that was exchanged."""

    ORIGINAL = "the amount before the exchange"
    RATE = "what the day's rate makes of it"


class Pairs:
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
        self._days: dict[str, tuple[date, date]] = {}
        """First and last day by currency."""
        for place, line in enumerate(lines):
            self._days[line.currency] = self._days.get(line.currency, (line.day, line.day))[0], line.day
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

    def by_amounts(self, payouts: Iterable[PaidOut], patience: timedelta = PATIENCE) -> list[PaidOut]:
        """Those of which a line shows the amount in their own currency."""
        return [payout for payout in payouts if self._by_amount_of(payout, patience)]

    def of_exchanged(
        self, payouts: Iterable[PaidOut], as_of: date, patience: timedelta = PATIENCE
    ) -> list[tuple[PaidOut, StatementLine, Rung]]:
        """Lines in another currency that name no payout, and can be one only, as that payout can be this line only.

        First by the amount before the exchange, where the statement tells it. Then by what the day's rate makes of the
        payout, give or take what a converter keeps; not before the statement has reached all days on which the line
        could stand, for until then the right one may be missing beside a like one. Accounts are imported one by one:
        what was reached is told by the lines in the currency that it arrives in.
        """
        left = [each for each in payouts if each.is_exchanged]
        found = self._alone(left, _is_original, Rung.ORIGINAL, patience)
        known = {id(payout) for payout, _, _ in found}
        left = [each for each in left if id(each) not in known and self._covers(each, as_of, patience)]
        return found + self._alone(left, _is_expected, Rung.RATE, patience)

    def reached(self, payout: PaidOut) -> date:
        """Last day of the lines in the currency that an exchanged payout arrives in, where there are any."""
        _, last = self._days.get(payout.into if payout.is_exchanged else "", (date.min, date.max))
        return last

    def _covers(self, payout: PaidOut, as_of: date, patience: timedelta) -> bool:
        first, last = self._days.get(payout.into, (date.max, date.min))
        return first <= payout.day and payout.day + patience <= min(as_of, last)

    def _alone(
        self,
        payouts: Sequence[PaidOut],
        fits: Callable[[PaidOut, StatementLine], bool],
        rung: Rung,
        patience: timedelta,
    ) -> list[tuple[PaidOut, StatementLine, Rung]]:
        pairs = [
            (payout, place)
            for payout in payouts
            for place in self._free
            if _is_near(payout, self._lines[place], patience) and fits(payout, self._lines[place])
        ]
        of_payout = Counter(id(payout) for payout, _ in pairs)
        of_line = Counter(place for _, place in pairs)
        taken = [(payout, place) for payout, place in pairs if of_payout[id(payout)] == of_line[place] == 1]
        self._free.difference_update(place for _, place in taken)
        return [(payout, self._lines[place], rung) for payout, place in taken]

    def _by_amount_of(self, payout: PaidOut, patience: timedelta) -> bool:
        """Takes the line that is nearest in time."""
        near = [
            place
            for place in self._by_amount.get((payout.currency, payout.amount), ())
            if place in self._free and _is_near(payout, self._lines[place], patience)
        ]
        if not near:
            return False
        self._free.remove(min(near, key=lambda place: abs(self._lines[place].day - payout.day)))
        return True


def _is_near(payout: PaidOut, line: StatementLine, patience: timedelta) -> bool:
    return payout.day - _BEFORE <= line.day <= payout.day + patience


def _is_original(payout: PaidOut, line: StatementLine) -> bool:
    return (
        _came_as_expected(payout, line)
        and line.original is not None
        and (line.original_currency, abs(line.original)) == (payout.currency, abs(payout.amount))
    )


def _is_expected(payout: PaidOut, line: StatementLine) -> bool:
    """A line that tells another amount before the exchange is not it, however near it comes."""
    return (
        _came_as_expected(payout, line)
        and line.original is None
        and payout.expected is not None
        and abs(line.amount - payout.expected) <= TOLERANCE * abs(payout.expected)
    )


def _came_as_expected(payout: PaidOut, line: StatementLine) -> bool:
    """In the currency that it arrives in, and in its direction."""
    return line.currency == payout.into and (line.amount > ZERO) == (payout.amount > ZERO)


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
