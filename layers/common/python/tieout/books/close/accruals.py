"""Fees that belong to the month and are not booked yet (E13), and how well last month's accrual foresaw them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from tieout.books.close.closing import Account, total
from tieout.books.close.sheet import Cell, Sheet, a_sheet, counts, days, moneys, texts
from tieout.domain.ids import external_id
from tieout.domain.ledger.accounts import UnmappedRoleError
from tieout.domain.ledger.accrual import Accrual, accrue
from tieout.domain.ledger.periods import period_of
from tieout.domain.money import ZERO


def accruals_sheet(accounts: list[Account]) -> Sheet:
    """Report 9."""
    columns = (
        *texts("Marketplace", "Currency", "External id", "What", "Basis", "Order"),
        *counts("Amounts"),
        *moneys("Amount"),
        *days("Date", "Reverses"),
        *texts("Account"),
    )
    rows = [row for account in accounts for row in (*_accruals(account), *_last_months(account))]
    return a_sheet(
        "9",
        "Accruals",
        "Fees of the month that no record of the month has: booked on its last day, reversed on the first of the next "
        "(I19). Tax is not accrued: it needs the operator's document. Then: what last month's accrual became.",
        columns,
        rows,
    )


def _accruals(account: Account) -> Iterator[tuple[Cell, ...]]:
    for accrual in account.closing.accruals:
        if (accrual.record.marketplace, accrual.record.currency) == (account.marketplace, account.currency):
            yield from _entries(account, accrual)


def _entries(account: Account, accrual: Accrual) -> Iterator[tuple[Cell, ...]]:
    record = accrual.record
    start = (account.marketplace, account.currency, record.external_id)
    end = (record.day, record.reversal_day)
    for entry in record.entries:
        amount = account.money(entry.debit - entry.credit)
        yield *start, "Entry", entry.role.value, None, None, amount, *end, entry.account
    basis: dict[tuple[str, str], list[Decimal]] = {}
    for each in accrual.basis:
        line = account.line_by_id.get(each.line_id or "")
        what = f"{line.type}, booked later" if line else "commission of the order (OR11), no line yet"
        basis.setdefault((what, each.order_id or ""), []).append(each.amount)
    for (what, order_id), amounts in sorted(basis.items()):
        yield *start, "Basis", what, order_id, len(amounts), account.money(total(amounts)), *end, None


def _last_months(account: Account) -> Iterator[tuple[Cell, ...]]:
    """Only where NetSuite holds last month's accrual: what it should have been is known by now."""
    day = account.period.first - timedelta(days=1)
    name = external_id(account.marketplace, "ACR", f"{period_of(day)}-{account.currency}")
    booked = [each for each in account.books.booked if each.external_id.upper() == name.upper()]
    if not booked:
        return
    try:
        now = accrue(account.books, account.rules, account.records, day, account.currency)
    except UnmappedRoleError:
        now = None
    became = sum((each.amount for each in now.basis), ZERO) if now else ZERO
    accrued = booked[0].total
    for what, amount in (("was accrued", accrued), ("became", became), ("true-up", became - accrued)):
        money = account.money(amount)
        yield account.marketplace, account.currency, name, "Last month", what, None, None, money, day, None, None
