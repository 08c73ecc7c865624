"""What a person looks at before records are made: the proof of each cycle, what is new, and what it moves by account.

The same for an export and for a deployment: records that NetSuite already holds are told apart from those to come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from tieout.books.postings_out import proof_row, shown
from tieout.books.settling import Outcome
from tieout.domain.ledger.record import Record
from tieout.domain.ledger.settle import review_hash
from tieout.domain.money import ZERO


class CycleReview(Struct, frozen=True, kw_only=True):
    """A cycle with what it becomes. `hash` is what a person agrees to; empty where it is held."""

    proof: Mapping[str, Any]
    hash: str
    records: int
    in_netsuite: int
    source_lines: int
    """Lines of the log that its records stand for; those of zero, and those that the customer paid to the seller, are
    in none.
    """

    @property
    def to_create(self) -> int:
        """Records that are not there yet."""
        return self.records - self.in_netsuite


class AccountReview(Struct, frozen=True, kw_only=True):
    """What records to come move an account by, in all."""

    marketplace: str
    currency: str
    account: str
    roles: tuple[str, ...]
    debit: str
    credit: str
    records: int
    in_netsuite: int
    """Records on this account that are there already; their amounts are not in `debit` and `credit`."""


class KindReview(Struct, frozen=True, kw_only=True):
    """Records of a kind."""

    marketplace: str
    record_type: str
    records: int
    in_netsuite: int
    source_lines: int


class Review(Struct, frozen=True, kw_only=True):
    """All of it."""

    cycles: tuple[CycleReview, ...]
    accounts: tuple[AccountReview, ...]
    kinds: tuple[KindReview, ...]


def review(outcome: Outcome) -> Review:
    """An outcome in figures."""
    by_cycle: dict[tuple[str, str], list[Record]] = {}
    for record in outcome.records:
        by_cycle.setdefault((record.marketplace, record.cycle), []).append(record)
    return Review(
        cycles=tuple(
            _cycle(proof_row(proof), by_cycle.get((proof.marketplace, proof.cycle), []), outcome)
            for proof in outcome.proofs
        ),
        accounts=_accounts(outcome),
        kinds=_kinds(outcome),
    )


def _cycle(proof: Mapping[str, Any], records: Sequence[Record], outcome: Outcome) -> CycleReview:
    return CycleReview(
        proof=proof,
        hash=review_hash(records) if records else "",
        records=len(records),
        in_netsuite=sum(map(outcome.exists, records)),
        source_lines=len({line for record in records for line in record.source_line_ids}),
    )


def _accounts(outcome: Outcome) -> tuple[AccountReview, ...]:
    roles: dict[tuple[str, str, str], set[str]] = {}
    sums: dict[tuple[str, str, str], list[Decimal]] = {}
    counts: Counter[tuple[str, str, str, bool]] = Counter()
    for record in outcome.records:
        there = outcome.exists(record)
        touched = set()
        for entry in record.entries:
            key = (record.marketplace, record.currency, entry.account)
            roles.setdefault(key, set()).add(entry.role.value)
            moved = sums.setdefault(key, [ZERO, ZERO])
            touched.add(key)
            if not there:
                moved[0] += entry.debit
                moved[1] += entry.credit
        counts.update((*key, there) for key in touched)
    return tuple(
        AccountReview(
            marketplace=marketplace,
            currency=currency,
            account=account,
            roles=tuple(sorted(roles[marketplace, currency, account])),
            debit=shown(debit, currency),
            credit=shown(credit, currency),
            records=counts[marketplace, currency, account, False],
            in_netsuite=counts[marketplace, currency, account, True],
        )
        for (marketplace, currency, account), (debit, credit) in sorted(sums.items())
    )


def _kinds(outcome: Outcome) -> tuple[KindReview, ...]:
    """In the order in which records are shown."""
    found: dict[tuple[str, str], list[Record]] = {}
    for record in outcome.records:
        found.setdefault((record.marketplace, record.type.value), []).append(record)
    return tuple(
        KindReview(
            marketplace=marketplace,
            record_type=kind,
            records=len(records),
            in_netsuite=sum(map(outcome.exists, records)),
            source_lines=len({line for record in records for line in record.source_line_ids}),
        )
        for (marketplace, kind), records in found.items()
    )
