"""What the pack rests on: the files and rows that were read, and the settings that were in force."""

from __future__ import annotations

from collections.abc import Iterator

from tieout.books.close.closing import Account, Closing, total
from tieout.books.close.sheet import Cell, Sheet, a_sheet, counts, days, moneys, texts
from tieout.domain.money import Money


def evidence_sheet(closing: Closing, accounts: list[Account]) -> Sheet:
    """Report 14."""
    columns = (*texts("What", "Name"), *counts("Rows or bytes"), *moneys("Control total"), *texts("SHA-256 or message"))
    rows: list[tuple[Cell, ...]] = [("Input", each.name, each.size, None, each.sha256) for each in closing.inputs]
    rows += [("Rows", name, number, None, "") for name, number in closing.rows.items()]
    for account in accounts:
        name = f"{account.marketplace} {account.currency}"
        sums = (
            ("Transaction lines", len(account.all_lines), total(line.amount for line in account.all_lines)),
            ("Billing cycles", len(account.cycles), total(each.to_seller for each in account.cycles.values())),
        )
        rows += [(what, name, number, Money(amount, account.currency), "") for what, number, amount in sums]
        newest = max((line.updated for line in account.all_lines), default=None)
        told = f"{newest:%Y-%m-%dT%H:%M:%SZ}" if newest else ""
        rows.append(("Last change of a line", name, None, None, told))
    rows += [("Could not be used", f"{each.file}:{each.line}", None, None, str(each)) for each in closing.problems]
    return a_sheet(
        "14",
        "Evidence",
        "The files that were read, byte for byte, their rows and control totals, and what could not be used.",
        columns,
        rows,
    )


def changes_sheet(closing: Closing) -> Sheet:
    """Report 15."""
    columns = (*texts("Marketplace", "What"), *days("In force since"), *texts("New in the month", "Says"))
    rows = [row for name in sorted(closing.rules) for row in _changes(closing, name)]
    return a_sheet(
        "15",
        "Settings in force",
        "Account maps and exceptions, and whether they began in the month. Who approved a change stands in the "
        "history of the settings file, whose hash is on the cover.",
        columns,
        rows,
    )


def _changes(closing: Closing, name: str) -> Iterator[tuple[Cell, ...]]:
    rules = closing.rules[name]
    for version in sorted(rules.accounts, key=lambda each: (each.since, each.currency or "")):
        for role, number in sorted(version.accounts.items()):
            told = f"{role.value}: {number}" + (f" ({version.currency} only)" if version.currency else "")
            yield name, "Account", version.since, _yes(version.since in closing.period), told
    for place, override in enumerate(rules.overrides, start=1):
        wanted = {
            "type": override.type,
            "fee code": override.fee_code,
            "description": override.description.pattern if override.description else None,
        }
        when = ", ".join(f"{what} {text}" for what, text in wanted.items() if text)
        where = " ".join(
            each for each in (override.role.value if override.role else "", override.account or "") if each
        )
        new = _yes(override.since in closing.period)
        yield name, f"Exception {place}", override.since, new, f"{when}: {where}"
    facts = {
        "Mode": rules.mode.value,
        "Fees": "by legal document" if rules.fees_by_bill else "by journal",
        "VAT on fees": rules.fee_vat.value,
        "Materiality": str(rules.materiality),
        "Missing after days": str(rules.missing_after_days),
    }
    for what, fact in facts.items():
        yield name, what, None, "", fact


def _yes(began: bool) -> str:
    return "yes" if began else ""
