"""What is not settled at the month's end: breaks and their ages, invoices, accruals, reserves, open currencies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from tieout.books.close.closing import Account, Closing, kind_of, total
from tieout.books.close.roll_forward import RollForward
from tieout.books.close.sheet import Cell, Sheet, a_sheet, counts, days, moneys, texts
from tieout.domain.ledger.line import Booked, Line
from tieout.domain.ledger.periods import local_day
from tieout.domain.ledger.types import Group, rule_of
from tieout.domain.money import ZERO, Money
from tieout.domain.reconcile.ageing import ESCALATE, PROVIDE, age_of, bucket_of, roll_forward
from tieout.domain.reconcile.breaks import Break, Code
from tieout.domain.reconcile.history import Event
from tieout.domain.reconcile.workflow import Case

INVOICES = frozenset({"CustInvc", "invoice"})
_PAID = frozenset({"paidinfull", "fullyapplied", "closed", "voided"})


def transaction_days(closing: Closing) -> dict[tuple[str, str], date]:
    """Marketplace and key to the day of the transaction behind it, for breaks that do not say."""
    found: dict[tuple[str, str], date] = {}

    def first(marketplace: str, key: str | None, day: date) -> None:
        if key:
            found[marketplace, key] = min(day, found.get((marketplace, key), day))

    for name, books in closing.books.items():
        zone = closing.rules[name].time_zone
        for line in books.lines:
            day = local_day(line.created, zone)
            first(name, line.order_id, day)
            first(name, line.refund_id, day)
        for cycle in books.cycles:
            first(name, cycle.id, local_day(cycle.closed_at, zone))
        for document in books.documents:
            first(name, document.number, local_day(document.issued, zone))
        for each in books.booked:
            if (name, each.order_id or "") not in found:
                first(name, each.order_id, each.day)
            if (name, each.refund_id or "") not in found:
                first(name, each.refund_id, each.day)
    return found


def breaks_sheets(closing: Closing) -> list[Sheet]:
    """Reports 7 (open breaks), 7b (how their number came about) and 7c (what was done)."""
    dated = transaction_days(closing)
    cases = [case for case in closing.cases.values() if not case.is_closed]
    cases.sort(key=lambda case: (not case.blocks_close, case.first_seen, case.key))
    columns = (
        *texts("Marketplace", "Currency", "Code", "Key", "Order", "Cycle"),
        *moneys("Amount"),
        *texts("Blocks close", "State", "Owner"),
        *days("First seen", "Transaction day"),
        *counts("Days since seen", "Days since transaction"),
        *texts("Age", "Escalation", "Explanation", "Proposal", "Last word"),
    )
    return [
        a_sheet(
            "7",
            "Breaks",
            "Every difference that is open, those that block the close first. From 31 days on it goes up, from 91 on "
            "a provision is proposed.",
            columns,
            [_case(case, closing, dated) for case in cases],
        ),
        _roll_forward_of_breaks(closing),
        _history(closing.events),
        _information(closing.information),
    ]


def _case(case: Case, closing: Closing, dated: dict[tuple[str, str], date]) -> tuple[Cell, ...]:
    found = case.found
    day = found.day or dated.get((found.marketplace, found.key)) or dated.get((found.marketplace, found.order_id or ""))
    seen = age_of(case.first_seen, closing.as_of)
    old = age_of(day, closing.as_of) if day else None
    return (
        found.marketplace,
        found.currency,
        case.key.code,
        found.key,
        found.order_id,
        found.cycle,
        Money(found.amount, found.currency),
        "yes" if case.blocks_close else "no",
        str(case.state),
        case.owner,
        case.first_seen,
        day,
        seen,
        old,
        str(bucket_of(seen)),
        _escalation(found.code, seen),
        found.explanation,
        found.proposal,
        case.events[-1].reason,
    )


def _escalation(code: Code, days_open: int) -> str:
    claim = code in {Code.MISSING_IN_TL, Code.COMMISSION_RATE, Code.COMMISSION_NOT_REFUNDED}
    if days_open >= PROVIDE and claim:
        return "provision proposed"
    return "escalate" if days_open >= ESCALATE else ""


def _roll_forward_of_breaks(closing: Closing) -> Sheet:
    columns = (
        *texts("Marketplace", "Code", "Currency"),
        *counts("Opening", "New", "Resolved", "Closing"),
        *moneys("Opening amount", "New amount", "Changed", "Resolved amount", "Closing amount", "Difference"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            row.marketplace,
            row.code,
            row.currency,
            row.opening,
            row.new,
            row.resolved,
            row.closing,
            *(
                Money(each, row.currency)
                for each in (
                    row.opening_amount,
                    row.new_amount,
                    row.changed_amount,
                    row.resolved_amount,
                    row.closing_amount,
                    row.difference[1],
                )
            ),
        )
        for row in roll_forward(closing.events, closing.period.first)
    ]
    return a_sheet(
        "7b",
        "Breaks roll-forward",
        "Opening and new, less resolved, is closing, by number and by amount (I23): the difference has to be 0.",
        columns,
        rows,
    )


def _history(events: Sequence[Event]) -> Sheet:
    columns = (
        *counts("Number"),
        *texts("At", "Who", "Run", "Break", "Action", "Before", "After", "Reason", "Owner", "Hash"),
    )
    rows = [
        (
            event.number,
            f"{event.at:%Y-%m-%dT%H:%M:%SZ}",
            event.actor,
            event.run,
            str(event.case) if event.case else "",
            str(event.action),
            str(event.before or ""),
            str(event.after or ""),
            event.reason or (str(event.as_of) if event.as_of else ""),
            event.owner,
            event.hash,
        )
        for event in events
    ]
    return a_sheet(
        "7c",
        "Break history",
        "Every step of every break, in order. Each hash covers the one before it, so that nothing can be taken out or "
        "changed unseen.",
        columns,
        rows,
    )


def _information(information: Sequence[Break]) -> Sheet:
    columns = (*texts("Marketplace", "Currency", "Code", "Key", "Order"), *moneys("Amount"), *texts("Explanation"))
    rows = [_informed(each) for each in information]
    return a_sheet("7d", "Information", "What is worth knowing and asks for nothing.", columns, rows)


def _informed(each: Break) -> tuple[Cell, ...]:
    return (
        each.marketplace,
        each.currency,
        str(each.code),
        each.key,
        each.order_id,
        Money(each.amount, each.currency),
        each.explanation,
    )


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


def currencies_sheet(accounts: list[Account], months: list[RollForward]) -> Sheet:
    """Report 13."""
    columns = (*texts("Marketplace", "Currency"), *moneys("Closing", "Not booked", "Ledger"), *texts("Rate"))
    rows = [
        (
            account.marketplace,
            account.currency,
            account.money(month.closing),
            account.money(total(month.unposted.values())),
            None if month.ledger is None else account.money(month.ledger),
            "NetSuite revalues open balances at its own rate of the month's end",
        )
        for account, month in zip(accounts, months, strict=True)
    ]
    return a_sheet(
        "13",
        "Currencies",
        "What is open in each transaction currency. Payments, refunds and payouts are booked in the currency of the "
        "cycle: no rate is applied here.",
        columns,
        rows,
    )
