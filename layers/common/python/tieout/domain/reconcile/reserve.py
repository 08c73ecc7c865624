"""The reserve that the operator holds back, by the log and by the shop's own account (I18)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from msgspec import Struct

from tieout.domain.ledger.line import Books, Line
from tieout.domain.ledger.types import ALIASES, TYPES, Group
from tieout.domain.money import ZERO, Money
from tieout.domain.reconcile.advice import ADVICE
from tieout.domain.reconcile.breaks import Break, Code
from tieout.domain.reconcile.workflow import Case

RESERVE = frozenset(name for name in {*TYPES, *ALIASES} if TYPES[ALIASES.get(name, name)].group is Group.RESERVE)
"""Types of lines that fund or settle a reserve, by all their names."""
NEAR = timedelta(hours=2)
"""Whether a balance has a line that came so close to its reading, nobody can tell: lines are written late."""
_ALL_TIME = datetime.max.replace(tzinfo=UTC)


class ShopAccount(Struct, frozen=True, kw_only=True):
    """A shop's balances as Mirakl tells them (A01 `payment_details`; an operator's S20)."""

    shop: str
    currency: str
    reserve: Decimal | None
    """`reserve_balance`; None where the operator holds no reserves."""
    read_at: datetime | None = None
    """When Mirakl was asked; None: once the whole log was written, as in a folder that somebody put together."""


class ReservesCompared(Struct, frozen=True, kw_only=True):
    """What came of it."""

    breaks: list[Break]
    shops: frozenset[str]
    """Shops whose reserve was compared; of the others nothing is known."""


def reserve_breaks(
    books: Books,
    accounts: Iterable[ShopAccount],
    brought_in: Mapping[str, Decimal] | None = None,
    since: datetime | None = None,
) -> ReservesCompared:
    """Shops whose reserve is not what was funded less what was settled, as of the moment when it was told.

    Of several readings of a shop the newest that can be judged counts. `brought_in`: by shop, what was held when the
    log begins, in major units; that is at `since` for accounts that say when they were read. Lines that name no shop
    belong to the only one.
    """
    readings: defaultdict[str, list[ShopAccount]] = defaultdict(list)
    for account in accounts:
        if account.reserve is not None:
            readings[account.shop].append(account)
    only = next(iter(readings)) if len(readings) == 1 else ""
    lines: defaultdict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in sorted(_of_reserve(books), key=lambda each: (each.created, each.id)):
        lines[line.shop or only, line.currency].append(line)
    breaks, compared = list[Break](), set[str]()
    for shop in sorted(readings):
        held = (brought_in or {}).get(shop, ZERO)
        for told in sorted(readings[shop], key=lambda each: each.read_at or _ALL_TIME, reverse=True):
            ours = _held(told, held, lines[shop, told.currency], since)
            if ours is not None:
                compared.add(shop)
                breaks += _of(books.marketplace, told, ours, lines[shop, told.currency])
                break
    return ReservesCompared(breaks=breaks, shops=frozenset(compared))


def still_reserved(cases: Iterable[Case], compared: Collection[tuple[str, str]]) -> list[Break]:
    """What earlier runs found of shops that this one could not compare: it differs still, as far as anybody knows.

    `compared`: marketplace and shop.
    """
    open_ones = (each for each in cases if each.found.code is Code.RESERVE_DIFF and not each.is_closed)
    return [each.found for each in open_ones if (each.found.marketplace, each.found.key) not in compared]


def _of_reserve(books: Books) -> Iterator[Line]:
    return (line for line in books.lines if line.type in RESERVE)


def _held(told: ShopAccount, brought_in: Decimal, lines: Sequence[Line], since: datetime | None) -> Decimal | None:
    """What the log comes to at the moment of the reading; None where lines near to it leave that open.

    They leave nothing open where the balance is what one of the moments around the reading comes to.
    """
    if told.read_at is None:
        return brought_in - _total(lines)
    counted = [line for line in lines if since is None or line.created >= since]
    surely = [line for line in counted if line.created < told.read_at - NEAR]
    near = [line for line in counted if told.read_at - NEAR <= line.created <= told.read_at + NEAR]
    held = brought_in - _total(surely)
    possible = [held, *(held - _total(near[: number + 1]) for number in range(len(near)))]
    if told.reserve in possible:
        return told.reserve
    return None if near else held


def _total(lines: Iterable[Line]) -> Decimal:
    return sum((line.amount for line in lines), ZERO)


def _of(marketplace: str, account: ShopAccount, ours: Decimal, lines: Sequence[Line]) -> list[Break]:
    theirs = ZERO if account.reserve is None else account.reserve
    if ours == theirs:
        return []
    advice = ADVICE[Code.RESERVE_DIFF]
    moved = [line.created.date() for line in lines if account.read_at is None or line.created <= account.read_at]
    told = Break(
        code=Code.RESERVE_DIFF,
        key=account.shop,
        marketplace=marketplace,
        currency=account.currency,
        amount=abs(ours - theirs),
        day=max(moved, default=None),
        explanation=advice.explanation.format(
            ours=Money(ours, account.currency), theirs=Money(theirs, account.currency)
        ),
        proposal=advice.proposal,
    )
    return [told]
