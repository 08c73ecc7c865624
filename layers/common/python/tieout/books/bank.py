"""`bank/` of an export folder: the statement's lines with the payouts that they show, and rates of exchange.

`statement.ndjson`: `date` (2026-09-13), `amount` (what came in is above zero), `currency`, `reference`; of what the
bank exchanged, where it tells, `original_amount` and `original_currency`.
`rates.ndjson`: `date`, `currency`, `into`, `rate` (what one of `currency` is worth of `into` from that day on); of two
for one day the later row counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from msgspec import Struct
from msgspec.json import Decoder
from msgspec.structs import replace

from tieout.books.folder import Files
from tieout.books.rows import Problem
from tieout.domain.ledger.line import Books
from tieout.domain.ledger.rates import Rate, newest
from tieout.domain.ledger.rules import BookingRules
from tieout.domain.money import Money
from tieout.domain.reconcile.advice import ADVICE
from tieout.domain.reconcile.bank import AtBank, PaidOut, StatementLine, at_the_bank
from tieout.domain.reconcile.breaks import Break, Code
from tieout.domain.reconcile.exchanged import exchanged_at_the_bank, paid_out
from tieout.netsuite.booked_rows import UnreadableError, amount_of, currency_of, text_of

NOT_THERE = "There is no line of a bank/statement: payouts were not compared with the bank."


class Row(Struct, frozen=True):
    """A line as the file has it."""

    date: str
    amount: Decimal
    currency: str
    reference: str | int | None = None
    original_amount: Decimal | None = None
    """What the bank exchanged, where its statement tells."""
    original_currency: str | None = None


class RateRow(Struct, frozen=True):
    """A rate as the file has it."""

    date: str
    currency: str
    into: str
    rate: Decimal


STATEMENT_ROW, RATE_ROW = Decoder(Row), Decoder(RateRow)


class Statement(Struct, frozen=True, kw_only=True):
    """What the file holds."""

    lines: tuple[StatementLine, ...]
    is_whole: bool
    """Every row could be read: else a payout that is not there may stand in one that could not."""


def read_statement(folder: Path, problems: list[Problem]) -> Statement | None:
    """The bank's lines; None where there is no such file. What does not read is added to `problems`."""
    files = Files(folder / "bank", folder, problems)
    if not files.there("statement"):
        return None
    before = len(problems)
    lines = tuple(line for _, line in files.read("statement", STATEMENT_ROW, statement_line))
    return Statement(lines=lines, is_whole=len(problems) == before)


def read_rates(folder: Path, problems: list[Problem]) -> tuple[Rate, ...]:
    """The rates of exchange; none where there is no such file. What does not read is added to `problems`."""
    files = Files(folder / "bank", folder, problems)
    return newest(rate for _, rate in files.read("rates", RATE_ROW, rate_of))


def with_the_bank(
    books: Mapping[str, Books],
    statement: Statement | None,
    rates: tuple[Rate, ...],
    rules: Mapping[str, BookingRules],
) -> dict[str, Books]:
    """The books with what the bank shows of payouts in other currencies, and with the rates."""
    payouts = [payout for name, each in books.items() for payout in paid_out(name, each.cycles, rules[name], rates)]
    arrivals = exchanged_at_the_bank(payouts, statement.lines if statement else ())
    return {
        name: replace(
            each,
            arrivals={cycle: arrival for (mine, cycle), arrival in arrivals.items() if mine == name},
            rates=rates,
        )
        for name, each in books.items()
    }


def rate_of(row: RateRow) -> Rate:
    """A row of `rates`. Raises UnreadableError with the field's name."""
    rate = amount_of(row.rate, "rate")
    if rate <= 0:
        raise UnreadableError("rate is not above zero")
    currency, into = currency_of(row.currency), currency_of(row.into)
    if currency == into:
        raise UnreadableError("into is the currency itself")
    return Rate(day=day_of(row.date), currency=currency, into=into, rate=rate)


def day_of(text: str) -> date:
    """A day such as 2026-09-13. Raises UnreadableError naming `date`."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise UnreadableError("date is not a day such as 2026-09-13") from error


def statement_line(row: Row) -> StatementLine:
    """A row of `statement`. Raises UnreadableError with the field's name."""
    original = None if row.original_amount is None else amount_of(row.original_amount, "original_amount")
    if original is not None and not row.original_currency:
        raise UnreadableError("original_currency is missing beside original_amount")
    return StatementLine(
        day=day_of(row.date),
        amount=amount_of(row.amount, "amount"),
        currency=currency_of(row.currency),
        reference=text_of(row.reference),
        original=original,
        original_currency=currency_of(row.original_currency) if original is not None and row.original_currency else "",
    )


def payouts_at_the_bank(
    books: Iterable[Books], rules: Mapping[str, BookingRules], statement: Statement, as_of: date
) -> AtBank:
    """Every payout that Mirakl calls paid, on the statement or not."""
    paid = [
        payout
        for each in books
        for payout in paid_out(each.marketplace, each.cycles, rules[each.marketplace], each.rates)
    ]
    return at_the_bank(paid, statement.lines, as_of)


def bank_breaks(at_bank: AtBank, statement: Statement) -> list[Break]:
    """Payouts that no line shows, or not with their amount."""
    found = [
        _break(
            Code.PAYOUT_DIFF,
            payout,
            abs(payout.amount - shown),
            f"The bank shows {Money(shown, payout.currency)} for the payout {payout.reference}, the cycle says "
            f"{Money(payout.amount, payout.currency)}.",
        )
        for payout, shown in at_bank.otherwise
    ]
    if statement.is_whole:
        code = Code.PAYOUT_NOT_IN_BANK
        for payout in at_bank.missing:
            what = f"{payout.reference or 'without a reference'}, {Money(payout.amount, payout.currency)}, {payout.day}"
            found.append(_break(code, payout, abs(payout.amount), ADVICE[code].explanation.format(what=what)))
    return found


def _break(code: Code, payout: PaidOut, amount: Decimal, explanation: str) -> Break:
    return Break(
        code=code,
        key=payout.cycle,
        marketplace=payout.marketplace,
        currency=payout.currency,
        amount=amount,
        cycle=payout.cycle,
        day=payout.day,
        explanation=explanation,
        proposal=ADVICE[code].proposal,
    )
