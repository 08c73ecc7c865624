"""An operator's own reports: what each seller was credited, charged and paid, and what is owed to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from tieout.books.close.closing import Account, total
from tieout.books.close.roll_forward import COMMISSION, PAYOUTS, STEPS, category
from tieout.books.close.sheet import Cell, Sheet, a_sheet, days, moneys, texts
from tieout.domain.ledger.line import Line
from tieout.domain.ledger.roles import Role
from tieout.domain.money import ZERO
from tieout.domain.reconcile.ageing import Bucket, age_of, bucket_of


def is_operators(account: Account) -> bool:
    """Whether the books are the operator's."""
    return account.side.control is not Role.MARKETPLACE_CLEARING


def sellers_sheets(accounts: list[Account]) -> list[Sheet]:
    """Reports 16 and 16b; none for a seller's books."""
    theirs = [account for account in accounts if is_operators(account)]
    if not theirs:
        return []
    statement = a_sheet(
        "16",
        "Seller statements",
        "Each seller's account over the month: opening, every kind of movement, closing, as the seller sees it.",
        (*texts("Marketplace", "Currency", "Seller"), *moneys("Opening", *STEPS, "Closing")),
        [row for account in theirs for row in _statements(account)],
    )
    ageing = a_sheet(
        "16b",
        "Owed to sellers",
        "Closing balances by the age of the lines that no payout has settled. A balance in the operator's favour is a "
        "receivable. Customers' money that is held has to cover the sum.",
        (*texts("Marketplace", "Currency", "Seller"), *moneys(*Bucket, "Owed"), *days("Oldest")),
        [row for account in theirs for row in _ageing(account)],
    )
    revenue = a_sheet(
        "16c",
        "Commission by month",
        "Commission without tax by the month in which its line was made, and how much of it is in closed cycles.",
        (*texts("Marketplace", "Currency", "Month"), *moneys("Earned", "In closed cycles", "Not yet")),
        [row for account in theirs for row in _revenue(account)],
    )
    return [statement, ageing, revenue]


def _by_seller(account: Account) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in account.lines:
        if account.day(line) <= account.period.last:
            found.setdefault(line.shop or "the shop", []).append(line)
    return dict(sorted(found.items()))


def _statements(account: Account) -> Iterator[tuple[Cell, ...]]:
    for seller, lines in _by_seller(account).items():
        steps = dict.fromkeys(STEPS, ZERO)
        opening = total(line.amount for line in lines if account.day(line) < account.period.first)
        for line in lines:
            if account.day(line) >= account.period.first:
                steps[PAYOUTS if line.type == "PAYMENT" else category(line)] += line.amount
        amounts = (opening, *steps.values(), opening + total(steps.values()))
        yield account.marketplace, account.currency, seller, *(account.money(each) for each in amounts)


def _ageing(account: Account) -> Iterator[tuple[Cell, ...]]:
    for seller, lines in _by_seller(account).items():
        paid = {line.cycle for line in lines if line.type == "PAYMENT"}
        sums = dict.fromkeys(Bucket, ZERO)
        oldest: date | None = None
        for line in lines:
            if line.type != "PAYMENT" and not (line.cycle and line.cycle in paid):
                day = account.day(line)
                sums[bucket_of(age_of(day, account.period.last))] += line.amount
                oldest = min(day, oldest or day)
        amounts = (*sums.values(), total(sums.values()))
        yield account.marketplace, account.currency, seller, *(account.money(each) for each in amounts), oldest


def _revenue(account: Account) -> Iterator[tuple[Cell, ...]]:
    earned: dict[str, list[Line]] = {}
    for lines in _by_seller(account).values():
        for line in lines:
            if category(line) == COMMISSION and not line.type.endswith("_VAT"):
                earned.setdefault(f"{account.day(line):%Y-%m}", []).append(line)
    for month, lines in sorted(earned.items()):
        whole = -total(line.amount for line in lines)
        closed = -total(line.amount for line in lines if line.cycle in account.cycles)
        amounts = (whole, closed, whole - closed)
        yield account.marketplace, account.currency, month, *(account.money(each) for each in amounts)
