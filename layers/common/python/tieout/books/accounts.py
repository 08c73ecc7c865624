"""`mirakl/<marketplace>/accounts.ndjson` of an export folder: shops as A01 (an operator: S20) gives them.

Of a shop: `shop_id`, `currency_iso_code`, `payment_details.reserve_balance`, `last_updated_date`, and `read_at`, which
a deployment adds. Of several rows without it the newest counts, of the same date the later one; rows with it are
readings, each as of its moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from msgspec import Struct
from msgspec.json import Decoder

from tieout.books.folder import Files
from tieout.books.rows import Problem
from tieout.config import Marketplace
from tieout.domain.ledger.line import Books
from tieout.domain.reconcile.breaks import Break
from tieout.domain.reconcile.reserve import ShopAccount, reserve_breaks
from tieout.mirakl.values import NEVER, needed, told_amount, utc


class PaymentDetails(Struct, frozen=True):
    """A01 `payment_details`, as far as it is compared."""

    reserve_balance: Decimal | None = None


class Row(Struct, frozen=True):
    """A shop."""

    shop_id: str | int | None = None
    currency_iso_code: str | None = None
    payment_details: PaymentDetails | None = None
    last_updated_date: datetime | None = None
    read_at: datetime | None = None


class _Told(Struct, frozen=True):
    account: ShopAccount
    at: datetime


_ROW = Decoder(Row)


def read_accounts(folder: Path, marketplace: str, problems: list[Problem]) -> list[ShopAccount] | None:
    """By shop, with every reading of it; None where there is no such file.

    What does not read is added to `problems`.
    """
    files = Files(folder / "mirakl" / marketplace, folder, problems)
    if not files.there("accounts"):
        return None
    newest: dict[str, _Told] = {}
    readings: list[ShopAccount] = []
    for _, told in files.read("accounts", _ROW, _told):
        if told.account.read_at is not None:
            readings.append(told.account)
            continue
        known = newest.get(told.account.shop)
        if known is None or known.at <= told.at:
            newest[told.account.shop] = told
    return sorted([*(each.account for each in newest.values()), *readings], key=lambda each: each.shop)


def _told(row: Row) -> _Told:
    details = row.payment_details or PaymentDetails()
    return _Told(
        ShopAccount(
            shop=str(needed(row.shop_id, "shop_id")),
            currency=needed(row.currency_iso_code, "currency_iso_code"),
            reserve=told_amount(details.reserve_balance, "payment_details.reserve_balance"),
            read_at=utc(row.read_at) if row.read_at else None,
        ),
        utc(row.last_updated_date) if row.last_updated_date else NEVER,
    )


class Reserves(Struct, frozen=True, kw_only=True):
    """What the accounts say of reserves."""

    breaks: list[Break]
    not_compared: list[str]
    """In a sentence each."""
    compared: frozenset[tuple[str, str]]
    """Marketplace and shop: what an earlier run found of any other is not gone by that."""


def reserves(
    folder: Path, books: Sequence[Books], settings: Mapping[str, Marketplace], problems: list[Problem]
) -> Reserves:
    """Reserves that are not what the log comes to. `settings`: of the marketplaces, by name."""
    found: list[Break] = []
    compared: set[tuple[str, str]] = set()
    without: list[str] = []
    unread: list[str] = []
    silent: list[str] = []
    open_yet: list[str] = []
    for each in books:
        accounts = read_accounts(folder, each.marketplace, problems)
        if accounts is None:
            without.append(each.marketplace)
            continue
        if each.doubts and any(account.read_at for account in accounts):
            unread.append(each.marketplace)  # any line may be one of the reserve; the next reading comes tomorrow
            continue
        settlement = settings[each.marketplace].settlement
        shops = {account.shop for account in accounts}
        here = reserve_breaks(
            each,
            accounts,
            {shop: settlement.reserve_before(shop) for shop in shops} if settlement else {},
            settlement.since if settlement else None,
        )
        found += here.breaks
        compared |= {(each.marketplace, shop) for shop in here.shops}
        told = {account.shop for account in accounts if account.reserve is not None}
        silent += [f"{each.marketplace} {shop}" for shop in sorted(shops - told)]
        open_yet += [f"{each.marketplace} {shop}" for shop in sorted(told - here.shops)]
    return Reserves(
        breaks=found,
        not_compared=[
            *_said("There is no file of accounts of", without),
            *_said("There are lines that do not read of", unread),
            *_said("No reserve is told of", silent),
            *_said("The log moves around every reading of", open_yet),
        ],
        compared=frozenset(compared),
    )


def _said(words: str, names: Iterable[str]) -> list[str]:
    listed = ", ".join(names)
    return [f"{words} {listed}: reserves were not compared."] if listed else []
