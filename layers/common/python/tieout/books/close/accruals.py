"""Fees that belong to the month and are not booked yet (E13)."""

from __future__ import annotations

from collections.abc import Iterator

from tieout.books.close.closing import Account
from tieout.books.close.sheet import Cell, Sheet, a_sheet, days, moneys, texts
from tieout.domain.ledger.record import Record


def accruals_sheet(accounts: list[Account]) -> Sheet:
    """Report 9."""
    columns = (
        *texts("Marketplace", "Currency", "External id", "Basis", "Order or line"),
        *moneys("Amount"),
        *days("Date", "Reverses"),
        *texts("Account"),
    )
    rows = [row for account in accounts for row in _accruals(account)]
    return a_sheet(
        "9",
        "Accruals",
        "Commission of the month's deliveries that no booked line has yet: booked on the last day, reversed on the "
        "first of the next month (I19). Tax is not accrued: it needs the operator's invoice.",
        columns,
        rows,
    )


def _accruals(account: Account) -> Iterator[tuple[Cell, ...]]:
    for record in account.closing.accruals:
        if (record.marketplace, record.currency) == (account.marketplace, account.currency):
            yield from _entries(account, record)


def _entries(account: Account, record: Record) -> Iterator[tuple[Cell, ...]]:
    for entry in record.entries:
        yield (
            account.marketplace,
            account.currency,
            record.external_id,
            entry.role.value,
            entry.memo or record.memo,
            account.money(entry.debit - entry.credit),
            record.day,
            record.reversal_day,
            entry.account,
        )
    for line_id in record.source_line_ids:
        line = account.line_by_id.get(line_id)
        if line is not None:
            yield (
                account.marketplace,
                account.currency,
                record.external_id,
                f"pending {line.type}",
                line.order_id or line.id,
                account.money(line.amount),
                account.day(line),
                record.reversal_day,
                None,
            )
