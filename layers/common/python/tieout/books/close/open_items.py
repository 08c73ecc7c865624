"""What is not settled at the month's end: invoices, reserves, negative balances, open currencies."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tieout.books.close.closing import Account, kind_of, total
from tieout.books.close.roll_forward import RollForward
from tieout.books.close.sheet import Cell, Sheet, a_sheet, counts, days, moneys, texts
from tieout.domain.ledger.line import Booked, Line
from tieout.domain.ledger.types import Group, rule_of
from tieout.domain.money import ZERO
from tieout.domain.reconcile.ageing import age_of, bucket_of

INVOICES = frozenset({"CustInvc", "invoice"})


def receivables_sheet(accounts: list[Account]) -> Sheet:
    """Report 8."""
    columns = (
        *texts("Marketplace", "Currency", "Invoice", "External id", "Order", "Order state"),
        *days("Invoiced"),
        *moneys("Total", "Open"),
        *texts("Expected in"),
        *counts("Days"),
        *texts("Age"),
    )
    rows = [row for account in accounts for row in _receivables(account)]
    return a_sheet(
        "8",
        "Unsettled receivables",
        "Invoices up to the month's end whose order has no line in a cycle that is booked by then, or less than the "
        "invoice.",
        columns,
        rows,
    )


def _receivables(account: Account) -> Iterator[tuple[Cell, ...]]:
    last = account.period.last
    settled: dict[str, Decimal] = {}
    cycles: dict[str, set[str]] = {}
    for line in account.lines:
        if not line.order_id or not _is_sale(line):
            continue
        if any(record.day <= last for record in account.posted.get(line.id, ())):
            settled[line.order_id] = settled.get(line.order_id, ZERO) + line.amount
        else:
            cycles.setdefault(line.order_id, set()).add(line.cycle or "the cycle that is open")
    for each in account.books.booked:
        if each.type in INVOICES and each.currency == account.currency and each.day <= last and each.order_id:
            paid = min(each.total, settled.get(each.order_id, ZERO))
            settled[each.order_id] = settled.get(each.order_id, ZERO) - paid
            if each.total > paid:
                yield _receivable(account, each, each.total - paid, cycles.get(each.order_id, set()))


def _is_sale(line: Line) -> bool:
    rule = rule_of(line.type)
    return rule is not None and rule.group in {Group.SALE, Group.REMITTED, Group.PURCHASE}


def _receivable(account: Account, invoice: Booked, open_: Decimal, cycles: set[str]) -> tuple[Cell, ...]:
    order = account.books.orders.get(invoice.order_id or "")
    days_open = age_of(invoice.day, account.period.last)
    return (
        account.marketplace,
        account.currency,
        invoice.number,
        invoice.external_id,
        invoice.order_id,
        order.state if order else "not in Mirakl's orders",
        invoice.day,
        account.money(invoice.total),
        account.money(open_),
        ", ".join(sorted(cycles)) or "no line yet",
        days_open,
        str(bucket_of(days_open)),
    )


def balances_sheet(accounts: list[Account], months: list[RollForward]) -> Sheet:
    """Report 12."""
    columns = (*texts("Marketplace", "Currency", "What", "Cycle or record"), *moneys("Amount"), *texts("Note"))
    rows: list[tuple[Cell, ...]] = []
    for account, month in zip(accounts, months, strict=True):
        rows += [
            (account.marketplace, account.currency, what, key, account.money(amount), note)
            for what, key, amount, note in _balances(account, month)
        ]
    return a_sheet(
        "12",
        "Reserve and negatives",
        "The reserve that the operator keeps back (I18), cycles that ended below zero, and what is shown as a debt at "
        "the month's end because the clearing account would be negative.",
        columns,
        rows,
    )


def _balances(account: Account, month: RollForward) -> Iterator[tuple[str, str, Decimal, str]]:
    first, last = account.period.first, account.period.last
    reserve = [line for line in account.lines if (rule := rule_of(line.type)) and rule.group is Group.RESERVE]
    before = -total(line.amount for line in reserve if account.day(line) < first)
    moved = -total(line.amount for line in reserve if first <= account.day(line) <= last)
    if reserve:
        yield "Reserve, opening", "", before, "withheld so far"
        yield "Reserve, movement", "", moved, "withheld less given back"
        yield "Reserve, closing", "", before + moved, "compare with the shop's reserve balance in Mirakl"
    for cycle in account.included:
        proof = account.proofs.get(cycle.id)
        if proof is not None and proof.carried_out:
            yield "Negative cycle", cycle.id, proof.carried_out, "carried on to the next cycle"
    for record in account.records:
        if kind_of(record) == "RCL" and record.day in account.period:
            yield "Shown as payable", record.external_id, -account.control(record), f"reversed {record.reversal_day}"
    if month.closing < 0:
        yield "Negative clearing", "", month.closing, "an asset may not end in credit: show it as a payable"
