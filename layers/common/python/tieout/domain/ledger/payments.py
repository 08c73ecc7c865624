"""Customer payments of the invoices of a cycle, and customer refunds of its credit memos, through clearing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar

from tieout.domain.ledger.journal import Part, Unit
from tieout.domain.ledger.line import Booked
from tieout.domain.ledger.periods import period_of
from tieout.domain.ledger.piles import Pile, together
from tieout.domain.ledger.record import Application, Record, RecordType
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.run import Run
from tieout.domain.ledger.side import entry
from tieout.domain.ledger.sorting import Sorter
from tieout.domain.money import ZERO

_T = TypeVar("_T")
Item = tuple[str, Pile, Sequence[Booked]]
"""Order id, its lines, and what they settle."""


class Payments:
    """What a cycle's goods become in record-level mode. Raises UnmappedRoleError."""

    def __init__(self, run: Run, sorter: Sorter) -> None:
        self._run = run
        self._sorter = sorter
        self._cycle = sorter.cycle
        self._unapplied: dict[str, list[tuple[str, Decimal]]] = {}
        """By order: payments of this cycle with a rest, which a refund may use."""
        self.records: list[Record] = []
        self.rest: dict[date, list[Unit]] = {}
        """Units for the journals: what no document takes."""

    def make(self) -> None:
        """Payments first: a refund may use what a payment leaves."""
        sales = self._sorter.out.sales
        for day in sorted({day for day, _ in sales}):
            items: list[Item] = []
            for order_id in sorted(order for on, order in sales if on == day):
                pile = sales[day, order_id]
                if pile.amount > 0:
                    items.append((order_id, pile, self._run.invoices_of(order_id, self._cycle.currency, day)))
                else:
                    self._to_receivables(day, pile)
            self._pay(day, items)
        refunds = self._sorter.out.refunds
        for day in sorted({key[0] for key in refunds}):
            items = []
            for key in sorted(key for key in refunds if key[0] == day):
                pile = refunds[key]
                memos = self._run.memos_of(key[1], self._cycle.currency, day)
                if pile.amount < 0 and memos:
                    items.append((key[2], pile, memos))
                else:
                    self._to_receivables(day, pile)
            self._refund(day, items)

    def _pay(self, day: date, items: Sequence[Item]) -> None:
        for number, chunk in enumerate(_chunks(items, self._run.rules.most_applications), start=1):
            name = self._run.id_of("PMT", f"{self._cycle.id}-{period_of(day)}-{number}")
            applications: list[Application] = []
            for order_id, pile, invoices in chunk:
                made, left = self._run.rooms.apply(invoices, pile.amount, by=name)
                applications += made
                if left:
                    self._unapplied.setdefault(order_id, []).append((name, left))
            self._add(RecordType.CUSTOMER_PAYMENT, name, day, [pile for _, pile, _ in chunk], applications)

    def _refund(self, day: date, items: Sequence[Item]) -> None:
        name = self._run.id_of("RFD", f"{self._cycle.id}-{period_of(day)}-1")
        covered: list[tuple[Pile, list[Application]]] = []
        for order_id, pile, memos in items:
            room = self._run.rooms.room(memos, by=name)
            spare = sum((left for _, left in self._unapplied.get(order_id, ())), ZERO)
            if room + spare < -pile.amount:
                self._to_receivables(day, pile)
                continue
            applications, left = self._run.rooms.apply(memos, -pile.amount, by=name)
            covered.append((pile, applications + self._from_payments(order_id, left)))
        for number, chunk in enumerate(_chunks(covered, self._run.rules.most_applications), start=1):
            name = self._run.id_of("RFD", f"{self._cycle.id}-{period_of(day)}-{number}")
            applications = [each for _, made in chunk for each in made]
            ours = {record.external_id for record in self.records}
            after = tuple(sorted({each.external_id for each in applications} & ours))
            self._add(RecordType.CUSTOMER_REFUND, name, day, [pile for pile, _ in chunk], applications, after=after)

    def _from_payments(self, order_id: str, amount: Decimal) -> list[Application]:
        """The order flow applies a memo to its invoice while that is open: then the payment has the rest to refund."""
        made: list[Application] = []
        left: list[tuple[str, Decimal]] = []
        for name, spare in self._unapplied.get(order_id, ()):
            part = min(spare, amount)
            if part > 0:
                made.append(Application(external_id=name, number="", amount=part))
                amount -= part
            if spare > part:
                left.append((name, spare - part))
        if order_id in self._unapplied:
            self._unapplied[order_id] = left
        return made

    def _add(
        self,
        kind: RecordType,
        name: str,
        day: date,
        piles: Sequence[Pile],
        applications: Sequence[Application],
        *,
        after: tuple[str, ...] = (),
    ) -> None:
        run, currency = self._run, self._cycle.currency
        pile = together(piles)
        clearing = run.accounts.account(run.side.control, currency, day)
        receivable = run.accounts.account(Role.MARKETPLACE_AR, currency, day)
        customer = run.rules.customer or None
        self.records.append(
            Record(
                external_id=name,
                type=kind,
                marketplace=run.rules.marketplace,
                cycle=self._cycle.id,
                day=day,
                currency=currency,
                entries=(
                    entry(run.side.control, clearing, pile.amount),
                    entry(Role.MARKETPLACE_AR, receivable, -pile.amount, entity=customer),
                ),
                source_line_ids=tuple(sorted(pile.ids)),
                applications=tuple(applications),
                entity=customer,
                memo=memo_of(self._cycle.voucher, self._cycle.id),
                after=after,
            )
        )

    def _to_receivables(self, day: date, pile: Pile) -> None:
        """No document takes it whole: the customer's account shows it until somebody looks."""
        account = self._run.accounts.account(Role.MARKETPLACE_AR, self._cycle.currency, day)
        part = Part(role=Role.MARKETPLACE_AR, account=account, entity=self._run.rules.customer)
        self.rest.setdefault(day, []).append(Unit(parts=((part, pile.amount),), pile=pile))


def memo_of(voucher: str | None, cycle_id: str) -> str:
    """What the records of a cycle have in common, for who reads them in NetSuite."""
    return f"Billing cycle {voucher or cycle_id}"


def _chunks(items: Sequence[_T], most: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), most):
        yield items[start : start + most]
