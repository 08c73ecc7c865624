"""The records of the month, and what became of each order."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tieout.books.close.closing import Account, total
from tieout.books.close.roll_forward import COMMISSION, REFUNDS, SALES, SHIPPING, TAXES, category
from tieout.books.close.sheet import Cell, Sheet, a_sheet, counts, days, moneys, texts
from tieout.domain.ledger.line import Booked, Line
from tieout.domain.ledger.periods import period_of
from tieout.domain.ledger.types import rule_of

_VAT_ON_COMMISSION = frozenset({"COMMISSION_VAT", "REFUND_COMMISSION_VAT"})


def journal_sheet(accounts: list[Account]) -> Sheet:
    """Report 5."""
    columns = (
        *texts("Marketplace", "Currency", "External id", "In NetSuite", "Record", "Number"),
        *days("Date"),
        *texts("Period", "Cycle"),
        *moneys("Debit", "Credit"),
        *counts("Entries", "Source lines"),
        *moneys("Source sum", "Moves clearing"),
        *days("Reverses", "Original date"),
    )
    rows = [row for account in accounts for row in _journal(account)]
    return a_sheet(
        "5",
        "Journal register",
        "Every record of the month, once by its external id. Source lines are the transaction lines that it stands "
        "for: those of a bill are named again by the payment that settles it.",
        columns,
        rows,
    )


def _journal(account: Account) -> Iterator[tuple[Cell, ...]]:
    there = {each.external_id.upper(): each for each in account.books.booked}
    accruals = [
        each.record
        for each in account.closing.accruals
        if (each.record.marketplace, each.record.currency) == (account.marketplace, account.currency)
    ]
    for record in sorted((*account.records, *accruals), key=lambda each: (each.day, each.external_id)):
        if record.day not in account.period:
            continue
        known = there.get(record.external_id.upper())
        source = [account.line_by_id[each] for each in record.source_line_ids if each in account.line_by_id]
        yield (
            account.marketplace,
            account.currency,
            record.external_id,
            "no" if known is None else known.id or "yes",
            record.type.value,
            record.number,
            record.day,
            period_of(record.day),
            record.cycle,
            account.money(total(entry.debit for entry in record.entries)),
            account.money(total(entry.credit for entry in record.entries)),
            len(record.entries),
            len(record.source_line_ids),
            account.money(total(line.amount for line in source)),
            account.money(account.control(record)),
            record.reversal_day,
            record.original_day,
        )


def orders_sheet(accounts: list[Account]) -> Sheet:
    """Report 6."""
    columns = (
        *texts("Marketplace", "Currency", "Order"),
        *counts("Lines"),
        *texts("Invoices", "Credit memos", "Matched by"),
        *moneys("Gross", "Refunds", "Commission", "VAT on commission", "Other", "Net"),
        *texts("Cycles", "Payouts", "Status"),
    )
    rows = [row for account in accounts for row in _orders(account)]
    return a_sheet(
        "6",
        "Order settlement",
        "Every order that has a transaction line in a cycle of the month, over its whole life: net is what the "
        "marketplace pays for it.",
        columns,
        rows,
    )


def _orders(account: Account) -> Iterator[tuple[Cell, ...]]:
    included = {cycle.id for cycle in account.included} | {""}
    lines: dict[str, list[Line]] = {}
    for line in account.all_lines:
        if line.order_id:
            lines.setdefault(line.order_id, []).append(line)
    booked: dict[str, list[Booked]] = {}
    for each in account.books.booked:
        if each.order_id:
            booked.setdefault(each.order_id, []).append(each)
    for order_id in sorted(lines):
        theirs = lines[order_id]
        if any((line.cycle or "") in included for line in theirs):
            yield _order(account, order_id, theirs, booked.get(order_id, []))


def _order(account: Account, order_id: str, lines: list[Line], booked: list[Booked]) -> tuple[Cell, ...]:
    sums: dict[str, Decimal] = {}
    for line in lines:
        key = "VAT" if line.type in _VAT_ON_COMMISSION else category(line)
        sums[key] = sums.get(key, Decimal(0)) + line.amount
    gross = total(sums.get(each, Decimal(0)) for each in (SALES, SHIPPING, TAXES))
    refunds, commission, vat = (sums.get(each, Decimal(0)) for each in (REFUNDS, COMMISSION, "VAT"))
    net = total(line.amount for line in lines)
    cycles = list(dict.fromkeys(line.cycle for line in lines if line.cycle))
    payouts = [account.cycles[each].pay_out for each in cycles if each in account.cycles]
    return (
        account.marketplace,
        account.currency,
        order_id,
        len(lines),
        _numbers(booked, {"CustInvc", "CashSale", "invoice", "cashSale"}),
        _numbers(booked, {"CustCred", "CashRfnd", "creditMemo", "cashRefund"}),
        _matched(account.marketplace, booked),
        *(account.money(each) for each in (gross, refunds, commission, vat)),
        account.money(net - gross - refunds - commission - vat),
        account.money(net),
        ", ".join(cycles),
        ", ".join(each.reference or each.state for each in payouts),
        _status(account, lines),
    )


def _numbers(booked: list[Booked], types: set[str]) -> str:
    return ", ".join(each.number or each.external_id for each in booked if each.type in types)


def _matched(marketplace: str, booked: list[Booked]) -> str:
    if not booked:
        return "nothing found"
    ours = any(each.external_id.upper().startswith(f"T-{marketplace}-".upper()) for each in booked)
    return "external id" if ours else "order number on the document"


def _status(account: Account, lines: list[Line]) -> str:
    if any(rule_of(line.type) is None for line in lines):
        return "held: unknown type"
    moving = [line for line in lines if line.amount]
    if any(account.is_held(line.cycle) for line in moving):
        return "held"
    open_ = [line for line in moving if not line.cycle]
    if open_:
        return "open" if len(open_) == len(moving) else "open in part"
    paid = {account.cycles[line.cycle].pay_out.state for line in moving if line.cycle in account.cycles}
    return "paid out" if paid == {"PAID"} else "settled"
