"""The reserve that the operator holds back, by the log and by the shop's own account (I18)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec import Struct

from tieout.domain.ledger.line import Books, Line
from tieout.domain.ledger.types import Group, rule_of
from tieout.domain.money import ZERO, Money
from tieout.domain.reconcile.advice import ADVICE
from tieout.domain.reconcile.breaks import Break, Code


class ShopAccount(Struct, frozen=True, kw_only=True):
    """A shop's balances as Mirakl tells them (A01 `payment_details`; an operator's S20)."""

    shop: str
    currency: str
    reserve: Decimal | None
    """`reserve_balance`; None where the operator holds no reserves."""


def reserve_breaks(books: Books, accounts: Iterable[ShopAccount], brought_in: Decimal = ZERO) -> list[Break]:
    """Shops whose reserve is not what was funded less what was settled.

    `brought_in`: what was held when the log begins, in major units. Lines that name no shop belong to the only one.
    """
    told = [each for each in accounts if each.reserve is not None]
    lines: defaultdict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in _of_reserve(books):
        shop = line.shop or (told[0].shop if len(told) == 1 else "")
        lines[shop, line.currency].append(line)
    found = (_of(books.marketplace, account, lines[account.shop, account.currency], brought_in) for account in told)
    return [each for each in found if each is not None]


def _of_reserve(books: Books) -> Iterator[Line]:
    for line in books.lines:
        rule = rule_of(line.type)
        if rule is not None and rule.group is Group.RESERVE:
            yield line


def _of(marketplace: str, account: ShopAccount, lines: list[Line], brought_in: Decimal) -> Break | None:
    ours = brought_in - sum((line.amount for line in lines), ZERO)
    theirs = ZERO if account.reserve is None else account.reserve
    if ours == theirs:
        return None
    advice = ADVICE[Code.RESERVE_DIFF]
    return Break(
        code=Code.RESERVE_DIFF,
        key=account.shop,
        marketplace=marketplace,
        currency=account.currency,
        amount=abs(ours - theirs),
        day=max((line.created.date() for line in lines), default=None),
        explanation=advice.explanation.format(
            ours=Money(ours, account.currency), theirs=Money(theirs, account.currency)
        ),
        proposal=advice.proposal,
    )
