"""An export settled: each marketplace's cycles by its rules, held against what NetSuite already has."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from tieout.books.export import Export
from tieout.books.rows import Problem
from tieout.domain.ledger.line import Books
from tieout.domain.ledger.proof import Proof, Settled, Status
from tieout.domain.ledger.record import Record, RecordType
from tieout.domain.ledger.rules import BookingRules
from tieout.domain.ledger.settle import settle
from tieout.domain.money import ZERO

_RANK = {kind: place for place, kind in enumerate(RecordType)}


class Waiting(Struct, frozen=True, kw_only=True):
    """Lines that no cycle of the export has: of the next one, or of one whose SBC11 object is not there."""

    marketplace: str
    currency: str
    cycle: str | None
    lines: int
    amount: Decimal


class Outcome(Struct, frozen=True, kw_only=True):
    """What is to be reviewed: the proofs, and all records of cycles that tie out, in one order whatever the input's."""

    proofs: tuple[Proof, ...]
    records: tuple[Record, ...]
    existing: frozenset[str]
    """External ids of records that NetSuite holds already, in capitals."""
    waiting: tuple[Waiting, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def held(self) -> tuple[Proof, ...]:
        """Cycles of which nothing is posted."""
        return tuple(proof for proof in self.proofs if proof.status is Status.HELD)

    def exists(self, record: Record) -> bool:
        """Whether NetSuite has it: external ids do not differ by case."""
        return record.external_id.upper() in self.existing


def settle_export(export: Export, rules: Mapping[str, BookingRules]) -> Outcome:
    """Settle every marketplace that has rules."""
    proofs: list[Proof] = []
    records: list[Record] = []
    waiting: list[Waiting] = []
    existing = {each.external_id.upper() for each in export.strangers}
    for name, rule in rules.items():
        books = export.books[name]
        settled = settle(books, rule)
        proofs += settled.proofs
        records += in_order(settled)
        waiting += _waiting(books)
        existing |= {each.external_id.upper() for each in books.booked}
    return Outcome(
        proofs=tuple(proofs),
        records=tuple(records),
        existing=frozenset(existing),
        waiting=tuple(waiting),
        problems=tuple(export.problems),
    )


def in_order(settled: Settled) -> Sequence[Record]:
    """Records as a person reads them: by cycle as they closed, then by kind and day."""
    place = {proof.cycle: number for number, proof in enumerate(settled.proofs)}
    return sorted(
        settled.records,
        key=lambda each: (place.get(each.cycle, len(place)), each.cycle, _RANK[each.type], each.day, each.external_id),
    )


def _waiting(books: Books) -> list[Waiting]:
    known: Collection[str] = {cycle.id for cycle in books.cycles}
    found: dict[tuple[str, str], list[Decimal]] = {}
    for line in books.lines:
        if line.cycle is None or line.cycle not in known:
            found.setdefault((line.cycle or "", line.currency), []).append(line.amount)
    return [
        Waiting(
            marketplace=books.marketplace,
            currency=currency,
            cycle=cycle or None,
            lines=len(amounts),
            amount=sum(amounts, ZERO),
        )
        for (cycle, currency), amounts in sorted(found.items())
    ]
