"""What only a month's end books: accruals, and negative balances shown where they belong."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from tieout.books.close.closing import Account, Closing, accounts_of
from tieout.books.rows import Problem
from tieout.domain.ledger.accounts import UnmappedRoleError
from tieout.domain.ledger.accrual import Accrual, accrue
from tieout.domain.ledger.reclass import balance_of, presentation_reclass
from tieout.domain.ledger.record import Record
from tieout.domain.ledger.roles import Role


def with_month_end(closing: Closing) -> Closing:
    """The closing with its accruals, and with negative balances shown where they belong."""
    accruals: list[Accrual] = []
    reclasses: list[Record] = []
    problems = list(closing.problems)
    for account in accounts_of(closing):
        try:
            accrual = accrual_of(account, closing.period.last)
            accruals += [accrual] if accrual else []
            reclasses += _reclass(account)
        except UnmappedRoleError as error:
            problems.append(Problem("settings", 0, f"marketplaces.{account.marketplace}.settlement", str(error)))
    return msgspec.structs.replace(
        closing, accruals=accruals, records=(*closing.records, *reclasses), problems=problems
    )


def accrual_of(account: Account, month_end: date) -> Accrual | None:
    """What the account has to accrue at a month's end, as it is known now. Raises UnmappedRoleError."""
    return accrue(account.books, account.rules, account.records, month_end, account.currency)


def _reclass(account: Account) -> Iterable[Record]:
    """Of an operator seller by seller: a sum over all of them would hide who owes what."""
    last, currency = account.period.last, account.currency
    of_operator = account.side.control is not Role.MARKETPLACE_CLEARING
    shops = sorted({cycle.shop for cycle in account.cycles.values()}) if of_operator else [None]
    for shop in shops:
        balance = balance_of(account.records, account.rules, currency, last, shop)
        made = presentation_reclass(balance, account.rules, currency, last, shop=shop)
        if made:
            yield made
