"""What a month is closed from, frozen; and each marketplace's account of one currency, as all reports look at it."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property

from msgspec import Struct

from tieout.books.close.manifest import InputFile
from tieout.books.rows import Problem
from tieout.domain.ledger.accrual import Accrual
from tieout.domain.ledger.gl import GlLine
from tieout.domain.ledger.line import Books, Cycle, Line
from tieout.domain.ledger.periods import local_day
from tieout.domain.ledger.proof import Proof, Status
from tieout.domain.ledger.record import Record, RecordType
from tieout.domain.ledger.rules import BookingRules
from tieout.domain.ledger.run import is_memo_only
from tieout.domain.ledger.side import side_of
from tieout.domain.money import ZERO, Money
from tieout.domain.reconcile.bank import AtBank
from tieout.domain.reconcile.breaks import Break
from tieout.domain.reconcile.history import CaseKey, Event
from tieout.domain.reconcile.workflow import Case, cases_of

_DOCUMENTS = frozenset({RecordType.VENDOR_BILL, RecordType.VENDOR_CREDIT, RecordType.INVOICE, RecordType.CREDIT_MEMO})
"""They name the lines of a legal document for the reader; what moves the control account is their payment."""


class Period(Struct, frozen=True, order=True):
    """A calendar month of the books."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Period:
        """`2026-09`. Raises ValueError."""
        if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", text):
            raise ValueError(f"{text!r} is not a month such as 2026-09")
        return cls(int(text[:4]), int(text[5:]))

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return date(self.year, self.month, monthrange(self.year, self.month)[1])

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02d}"


class Closing(Struct, frozen=True, kw_only=True):
    """Everything that a close pack is made from."""

    period: Period
    as_of: date
    """Day that the reconciliation looked at."""
    entity: str
    """Whose books: the deployment's name."""
    books: Mapping[str, Books]
    """By marketplace, as all that follows."""
    rules: Mapping[str, BookingRules]
    subsidiaries: Mapping[str, str]
    """NetSuite subsidiary."""
    records: Sequence[Record]
    """Of cycles that tie out, those that NetSuite has already included."""
    proofs: Sequence[Proof]
    accruals: Sequence[Accrual] = ()
    """At the month's end, each with its reversal day."""
    findings: Sequence[Break] = ()
    information: Sequence[Break] = ()
    """Findings that ask for nothing."""
    events: Sequence[Event] = ()
    """The break history, this run's included."""
    gl_lines: Sequence[GlLine] | None = None
    """What NetSuite's ledger says; None where it was not read."""
    at_bank: AtBank | None = None
    """What the bank statement shows of the payouts; None where there is none."""
    inputs: Sequence[InputFile] = ()
    rows: Mapping[str, int] = {}
    """Rows read, by what they are."""
    problems: Sequence[Problem] = ()
    run: str
    code_version: str
    config_hash: str

    @property
    def cases(self) -> dict[CaseKey, Case]:
        """The breaks as their history leaves them."""
        return cases_of(self.events)


class Account:
    """A marketplace's account in one currency."""

    def __init__(self, closing: Closing, marketplace: str, currency: str) -> None:
        self.closing = closing
        self.marketplace = marketplace
        self.currency = currency
        self.books = closing.books[marketplace]
        self.rules = closing.rules[marketplace]
        self.side = side_of(self.rules.mode)
        self.period = closing.period

    def money(self, amount: Decimal) -> Money:
        """In the account's currency."""
        return Money(amount, self.currency)

    @cached_property
    def all_lines(self) -> list[Line]:
        """Every line of the currency."""
        return [line for line in self.books.lines if line.currency == self.currency]

    @cached_property
    def lines(self) -> list[Line]:
        """Those that move the account: not what the customer paid to the seller."""
        return [line for line in self.all_lines if not is_memo_only(line)]

    @cached_property
    def line_by_id(self) -> dict[str, Line]:
        """By id."""
        return {line.id: line for line in self.all_lines}

    @cached_property
    def lines_of_cycle(self) -> dict[str, list[Line]]:
        """By cycle id; what is in none yet is under the empty one."""
        found: dict[str, list[Line]] = {}
        for line in self.all_lines:
            found.setdefault(line.cycle or "", []).append(line)
        return found

    @cached_property
    def cycles(self) -> dict[str, Cycle]:
        """All of the currency, as they closed."""
        return {cycle.id: cycle for cycle in self.books.cycles if cycle.currency == self.currency}

    @cached_property
    def proofs(self) -> dict[str, Proof]:
        """By cycle id."""
        return {
            proof.cycle: proof
            for proof in self.closing.proofs
            if proof.marketplace == self.marketplace and proof.currency == self.currency
        }

    @cached_property
    def records(self) -> list[Record]:
        """All records of the currency, whatever their day."""
        return [
            record
            for record in self.closing.records
            if record.marketplace == self.marketplace and record.currency == self.currency
        ]

    @cached_property
    def carrying(self) -> list[Record]:
        """Those that stand for lines on the control account: a principal's bills of goods among them."""
        control = self.side.control
        return [
            record
            for record in self.records
            if record.type not in _DOCUMENTS or any(entry.role is control for entry in record.entries)
        ]

    @cached_property
    def posted(self) -> dict[str, list[Record]]:
        """Records that stand for a line, by its id: exactly one each, if nothing is booked twice (I7)."""
        found: dict[str, list[Record]] = {}
        for record in self.carrying:
            for line_id in record.source_line_ids:
                found.setdefault(line_id, []).append(record)
        return found

    @cached_property
    def included(self) -> list[Cycle]:
        """Cycles of the period: closed in it, or with a line or a record of it."""
        booked = {record.cycle for record in self.records if record.day in self.period}
        touched = {line.cycle for line in self.all_lines if self.day(line) in self.period}
        return [
            cycle
            for cycle in self.cycles.values()
            if local_day(cycle.closed_at, self.rules.time_zone) in self.period or cycle.id in booked | touched
        ]

    def day(self, line: Line) -> date:
        """Day on which the line was made, in the books' zone."""
        return local_day(line.created, self.rules.time_zone)

    def control(self, record: Record) -> Decimal:
        """What a record moves the control account by, in the seller's favour."""
        return self.side.sign * record.movement(self.side.control)

    def is_held(self, cycle_id: str | None) -> bool:
        """Whether nothing of a cycle is posted."""
        proof = self.proofs.get(cycle_id or "")
        return proof is not None and proof.status is Status.HELD


def accounts_of(closing: Closing) -> list[Account]:
    """Every marketplace and currency that has a line, a cycle, or a record: a payout that was exchanged has one."""
    places: set[tuple[str, str]] = set()
    for name, books in closing.books.items():
        places |= {(name, line.currency) for line in books.lines}
        places |= {(name, cycle.currency) for cycle in books.cycles}
    places |= {(record.marketplace, record.currency) for record in closing.records}
    return [Account(closing, name, currency) for name, currency in sorted(places)]


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Their sum."""
    return sum(amounts, ZERO)


def kind_of(record: Record) -> str:
    """The kind in a record's external id: PMT, PO and so on."""
    rest = record.external_id[len(f"T-{record.marketplace}-") :]
    return rest.partition("-")[0]
