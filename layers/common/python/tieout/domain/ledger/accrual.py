"""Fees of a month that no record of the month has: accrued on its last day, reversed on the next, without VAT.

VAT waits for the operator's document. What is accrued: fee lines of the month that are booked later or not yet, and the
commission that OR11 names for goods that are invoiced (an agent: shipped) and have no line at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from msgspec import Struct

from tieout.domain.ledger.line import Books, Line
from tieout.domain.ledger.periods import local_day, next_first, period_of
from tieout.domain.ledger.record import Record, RecordType
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import BookingRules, Mode
from tieout.domain.ledger.run import Run
from tieout.domain.ledger.side import entry
from tieout.domain.ledger.types import Group, rule_of
from tieout.domain.money import ZERO, rounded

_PAYMENTS = frozenset({RecordType.VENDOR_PAYMENT, RecordType.CUSTOMER_PAYMENT, RecordType.CUSTOMER_REFUND})


class Basis(Struct, frozen=True, kw_only=True):
    """One amount that is accrued; above zero it is a cost of the seller's."""

    order_id: str | None
    line_id: str | None
    """The line; None where OR11 alone knows of the commission."""
    role: Role
    amount: Decimal


class Accrual(Struct, frozen=True, kw_only=True):
    """The accrual of a month and currency, with all that it is made of."""

    record: Record
    basis: tuple[Basis, ...]


def accrue(
    books: Books, rules: BookingRules, records: Iterable[Record], month_end: date, currency: str
) -> Accrual | None:
    """The accrual; None where nothing is open. `records` are those of the same books. Raises UnmappedRoleError."""
    run = Run(books, rules)
    in_month = {
        line_id
        for record in records
        if record.day <= month_end and record.type not in _PAYMENTS
        for line_id in record.source_line_ids
    }
    basis = [*_of_lines(run, month_end, currency, in_month), *_of_orders(run, month_end, currency)]
    sums: dict[Role, Decimal] = {}
    for each in basis:
        sums[each.role] = sums.get(each.role, ZERO) + each.amount
    total = sum(sums.values(), ZERO)
    if not any(sums.values()):
        return None
    owed = Role.ACCRUED_MARKETPLACE_FEES if run.side.sign > 0 else Role.ACCRUED_COMMISSION_RECEIVABLE
    moves = [(role, amount * run.side.sign) for role, amount in sorted(sums.items())]
    record = Record(
        external_id=run.id_of("ACR", f"{period_of(month_end)}-{currency}"),
        type=RecordType.JOURNAL,
        marketplace=rules.marketplace,
        cycle=period_of(month_end),
        day=month_end,
        currency=currency,
        entries=tuple(
            entry(role, run.accounts.account(role, currency, month_end), rounded(amount, currency))
            for role, amount in (*moves, (owed, -total * run.side.sign))
            if amount
        ),
        source_line_ids=tuple(sorted(each.line_id for each in basis if each.line_id)),
        memo=f"Marketplace fees of {period_of(month_end)} that are booked later",
        reversal_day=next_first(month_end),
    )
    return Accrual(record=record, basis=tuple(basis))


def _of_lines(run: Run, month_end: date, currency: str, in_month: set[str]) -> Iterable[Basis]:
    for lines in run.lines.values():
        for line in lines:
            rule = rule_of(line.type)
            if rule is None or rule.group is not Group.FEE or rule.is_tax or not line.amount:
                continue
            if line.currency != currency or line.id in in_month:
                continue
            if local_day(line.created, run.rules.time_zone) <= month_end and _is_earned(run, line, month_end):
                yield Basis(
                    order_id=line.order_id, line_id=line.id, role=rule.contra(run.rules.mode), amount=-line.amount
                )


def _is_earned(run: Run, line: Line, month_end: date) -> bool:
    return line.order_id is None or _is_performed(run, line.order_id, line.currency, month_end)


def _is_performed(run: Run, order_id: str, currency: str, month_end: date) -> bool:
    """A seller's revenue is booked by the invoice; an operator has done its part when the goods are shipped."""
    if run.rules.mode is Mode.RECORD_LEVEL:
        return bool(run.invoices_of(order_id, currency, month_end))
    if run.side.sign > 0:
        return False
    sold = run.books.orders.get(order_id)
    shipped = (line.shipped_at for line in sold.lines) if sold else ()
    return any(at is not None and local_day(at, run.rules.time_zone) <= month_end for at in shipped)


def _of_orders(run: Run, month_end: date, currency: str) -> Iterable[Basis]:
    """A principal earns no commission: what OR11 calls so is its margin, and lowers what the goods cost."""
    if run.rules.mode is Mode.OPERATOR_PRINCIPAL:
        return
    charged = {line.order_id for lines in run.lines.values() for line in lines if line.type == "COMMISSION_FEE"}
    rule = rule_of("COMMISSION_FEE")
    assert rule is not None
    for order_id, sold in sorted(run.books.orders.items()):
        if order_id in charged or sold.currency != currency or not _is_performed(run, order_id, currency, month_end):
            continue
        amount = sum((line.commission or ZERO for line in sold.lines), ZERO)
        if amount:
            yield Basis(order_id=order_id, line_id=None, role=rule.contra(run.rules.mode), amount=amount)
