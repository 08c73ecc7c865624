"""`mirakl/<marketplace>/accounts.ndjson` of an export folder: shops as A01 (an operator: S20) gives them.

Of a shop: `shop_id`, `currency_iso_code`, `payment_details.reserve_balance`, `last_updated_date`. Of several rows the
newest counts, of the same date the later one.
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
from tieout.domain.ledger.line import Books
from tieout.domain.money import ZERO
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


class _Told(Struct, frozen=True):
    account: ShopAccount
    at: datetime


_ROW = Decoder(Row)


def read_accounts(folder: Path, marketplace: str, problems: list[Problem]) -> list[ShopAccount] | None:
    """By shop; None where there is no such file. What does not read is added to `problems`."""
    files = Files(folder / "mirakl" / marketplace, folder, problems)
    if not files.there("accounts"):
        return None
    newest: dict[str, _Told] = {}
    for _, told in files.read("accounts", _ROW, _told):
        known = newest.get(told.account.shop)
        if known is None or known.at <= told.at:
            newest[told.account.shop] = told
    return [newest[shop].account for shop in sorted(newest)]


def _told(row: Row) -> _Told:
    details = row.payment_details or PaymentDetails()
    return _Told(
        ShopAccount(
            shop=str(needed(row.shop_id, "shop_id")),
            currency=needed(row.currency_iso_code, "currency_iso_code"),
            reserve=told_amount(details.reserve_balance, "payment_details.reserve_balance"),
        ),
        utc(row.last_updated_date) if row.last_updated_date else NEVER,
    )


class Reserves(Struct, frozen=True, kw_only=True):
    """What the accounts say of reserves."""

    breaks: list[Break]
    not_compared: list[str]
    """In a sentence each."""
    without: frozenset[str]
    """Marketplaces that have no file of accounts: what an earlier one showed is not gone by that."""


def reserves(
    folder: Path, books: Sequence[Books], brought_in: Mapping[str, Decimal], problems: list[Problem]
) -> Reserves:
    """Reserves that are not what the log comes to.

    `brought_in`: by marketplace, what was held before its log begins.
    """
    found: list[Break] = []
    without: list[str] = []
    silent: list[str] = []
    for each in books:
        accounts = read_accounts(folder, each.marketplace, problems)
        if accounts is None:
            without.append(each.marketplace)
            continue
        silent += [f"{each.marketplace} {account.shop}" for account in accounts if account.reserve is None]
        found += reserve_breaks(each, accounts, brought_in.get(each.marketplace, ZERO))
    return Reserves(
        breaks=found,
        not_compared=[*_said("There is no file of accounts of", without), *_said("No reserve is told of", silent)],
        without=frozenset(without),
    )


def _said(words: str, names: Iterable[str]) -> list[str]:
    listed = ", ".join(names)
    return [f"{words} {listed}: reserves were not compared."] if listed else []
