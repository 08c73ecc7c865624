"""Journals: what moves the control account without a document of its own, summed up, under the limit of lines.

A journal is made of units that stay together; each carries its lines' ids, so any number of journals hold every line
once, and each balances through the control account. Source of the limit: NetSuite takes 1,000 lines a journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct

from tieout.domain.ledger.line import Cycle
from tieout.domain.ledger.piles import Pile
from tieout.domain.ledger.record import Entry, Record, RecordType
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.run import Run
from tieout.domain.ledger.side import entry
from tieout.domain.money import ZERO

_CONTROL_ENTRIES = 2


class Part(Struct, frozen=True, kw_only=True, order=True):
    """An account that a unit moves."""

    role: Role
    account: str
    tax_code: str = ""
    entity: str = ""
    memo: str = ""
    leg: int = 0
    """1 or -1 where both directions are shown."""
    is_fee: bool = False
    """A service of the operator's, without its VAT."""


class Unit(Struct, frozen=True, kw_only=True):
    """Lines that are booked together: accounts and amounts as of the log, which add up to the pile."""

    parts: tuple[tuple[Part, Decimal], ...]
    pile: Pile
    own: tuple[Entry, ...] = ()
    """Entries that balance in themselves, such as VAT that is owed and deducted at once."""


def journals(
    run: Run,
    cycle: Cycle,
    units: Sequence[Unit],
    *,
    day: date,
    source: str,
    entity: str | None,
    memo: str,
    after: tuple[str, ...] = (),
) -> list[Record]:
    """The journals of these units; external ids `JE <source>-1` and so on. Raises UnmappedRoleError."""
    account = run.accounts.account(run.side.control, cycle.currency, day)
    made: list[Record] = []
    for number, chunk in enumerate(_chunks(units, run.rules.most_journal_lines - _CONTROL_ENTRIES), start=1):
        control = _control(run, chunk, account, entity)
        entries = (*control, *_contra(run, chunk), *(each for unit in chunk for each in unit.own))
        made.append(
            Record(
                external_id=run.id_of("JE", f"{source}-{number}"),
                type=RecordType.JOURNAL,
                marketplace=run.rules.marketplace,
                cycle=cycle.id,
                day=day,
                currency=cycle.currency,
                entries=entries,
                source_line_ids=tuple(sorted(each for unit in chunk for each in unit.pile.ids)),
                memo=memo,
                after=after,
            )
        )
    return made


def _chunks(units: Sequence[Unit], most: int) -> Iterable[list[Unit]]:
    """Units in the order of their accounts, as many as fit."""
    chunk: list[Unit] = []
    size = 0
    for unit in sorted(units, key=lambda unit: [part for part, _ in unit.parts]):
        length = len(unit.parts) + len(unit.own)
        if chunk and size + length > most:
            yield chunk
            chunk, size = [], 0
        chunk.append(unit)
        size += length
    if chunk:
        yield chunk


def _control(run: Run, chunk: Iterable[Unit], account: str, entity: str | None) -> list[Entry]:
    """One entry; where the lines cancel each other out, both directions, so that the record still shows them."""
    piles = [unit.pile for unit in chunk]
    total = sum((pile.amount for pile in piles), ZERO)
    amounts = (
        [total] if total else [sum((pile.credited for pile in piles), ZERO), sum((p.charged for p in piles), ZERO)]
    )
    return [entry(run.side.control, account, amount * run.side.sign, entity=entity) for amount in amounts if amount]


def _contra(run: Run, chunk: Iterable[Unit]) -> list[Entry]:
    sums: dict[Part, Decimal] = {}
    for unit in chunk:
        for part, amount in unit.parts:
            sums[part] = sums.get(part, ZERO) + amount
    return [
        entry(
            part.role,
            part.account,
            -amount * run.side.sign,
            entity=part.entity or None,
            memo=part.memo,
            tax_code=part.tax_code or None,
        )
        for part, amount in sorted(sums.items())
        if amount
    ]
