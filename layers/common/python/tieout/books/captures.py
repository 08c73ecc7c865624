"""A payment provider's report, brought into one form: a row a payment, or a refund.

Columns: `report`, `id` (of the order, the shipment or the refund), `date`, `kind` (CAPTURE or REFUND), `currency`,
`amount` (what went through the provider); of a capture also `gift_card` and `operator` (a promotion that the operator
pays); of a principal, `vat` in the whole; and `fee`, what the provider keeps: of a refund below zero where it gives its
fee for the payment back.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from tieout.books.bank import day_of
from tieout.books.bank_file import read_bank_file
from tieout.books.rows import Problem
from tieout.domain.ledger.capture import Captured, GivenBack
from tieout.domain.money import ZERO
from tieout.netsuite.booked_rows import UnreadableError, amount_of, currency_of, text_of

CAPTURE, REFUND = "CAPTURE", "REFUND"


class CaptureRow(Struct, frozen=True):
    """A row as the file has it."""

    report: str | int
    id: str | int
    date: str
    kind: str
    currency: str
    amount: Decimal
    gift_card: Decimal = ZERO
    operator: Decimal = ZERO
    vat: Decimal = ZERO
    fee: Decimal = ZERO


def read_captures(path: Path, problems: list[Problem]) -> list[Captured | GivenBack]:
    """Every row; what does not read, and a payment that is told twice, is added to `problems`."""
    known: set[tuple[str, str, str]] = set()

    def move(row: CaptureRow) -> Captured | GivenBack:
        name = (text_of(row.report), row.kind, text_of(row.id))
        if name in known:
            raise UnreadableError("id is told twice in this report")
        known.add(name)
        return move_of(row)

    return read_bank_file(path, CaptureRow, move, problems)


def move_of(row: CaptureRow) -> Captured | GivenBack:
    """A row as the rules take it. Raises UnreadableError with the column's name."""
    report, name = text_of(row.report), text_of(row.id)
    amounts = {
        "amount": amount_of(row.amount, "amount"),
        "gift_card": amount_of(row.gift_card, "gift_card"),
        "operator": amount_of(row.operator, "operator"),
        "vat": amount_of(row.vat, "vat"),
    }
    for column, amount in amounts.items():
        if amount < 0:
            raise UnreadableError(f"{column} is below zero: a refund is a row of its own")
        if amount and column in {"gift_card", "operator"} and row.kind == REFUND:
            raise UnreadableError(f"{column} is not of a refund")
    if amounts["vat"] > amounts["amount"] + amounts["gift_card"] + amounts["operator"]:
        raise UnreadableError("vat is more than the whole")
    for column, text in (("report", report), ("id", name)):
        if not text:
            raise UnreadableError(f"{column} is missing")
    day, currency, fee = day_of(row.date), currency_of(row.currency), _fee(row)
    if row.kind == REFUND:
        return GivenBack(
            report=report, id=name, day=day, currency=currency, amount=amounts["amount"], vat=amounts["vat"], fee=fee
        )
    if row.kind != CAPTURE:
        raise UnreadableError("kind is neither CAPTURE nor REFUND")
    return Captured(
        report=report,
        id=name,
        day=day,
        currency=currency,
        by_psp=amounts["amount"],
        by_gift_card=amounts["gift_card"],
        by_operator=amounts["operator"],
        vat=amounts["vat"],
        fee=fee,
    )


def _fee(row: CaptureRow) -> Decimal:
    fee = amount_of(row.fee, "fee")
    if fee < 0 and row.kind != REFUND:
        raise UnreadableError("fee is below zero: only a refund gives one back")
    return fee
