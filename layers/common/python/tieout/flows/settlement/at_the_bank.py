"""What people imported of the bank: its statement, and rates of exchange."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from msgspec import Struct, json
from msgspec.structs import replace

from tieout.domain.ledger.line import Books
from tieout.domain.ledger.rates import Arrival, Rate, newest
from tieout.domain.reconcile.bank import StatementLine
from tieout.domain.reconcile.exchanged import exchanged_at_the_bank, paid_out
from tieout.flows.ports import At
from tieout.flows.settlement.log import NO_CYCLE, cycles_of
from tieout.flows.settlement.rules import booking_rules

BANK = "_bank"
"""Stands where other tables of the settlement log have a marketplace; no marketplace can be called so."""
STATEMENT, RATES = "statement", "rates"


class LineRow(Struct, frozen=True):
    """As `bank/statement` of an export folder has it."""

    date: date
    amount: Decimal
    currency: str
    reference: str
    original: Decimal | None = None
    original_currency: str = ""


class RateRow(Struct, frozen=True):
    """As `bank/rates` of an export folder has it."""

    date: date
    currency: str
    into: str
    rate: Decimal


_LINE, _RATE = json.Decoder(LineRow), json.Decoder(RateRow)


def bank_rows(table: str, at: At) -> list[bytes]:
    """Rows of STATEMENT or RATES, as a file of an export folder has them."""
    return at.settlement_log.rows(BANK, table, NO_CYCLE)


def line_row(line: StatementLine) -> bytes:
    """A row of STATEMENT."""
    return json.encode(
        LineRow(line.day, line.amount, line.currency, line.reference, line.original, line.original_currency)
    )


def statement_of(at: At) -> list[StatementLine]:
    """Every line that was imported."""
    found = map(_LINE.decode, bank_rows(STATEMENT, at))
    return [
        StatementLine(
            day=each.date,
            amount=each.amount,
            currency=each.currency,
            reference=each.reference,
            original=each.original,
            original_currency=each.original_currency,
        )
        for each in found
    ]


def rates_of(at: At) -> tuple[Rate, ...]:
    """The rate of every day that has one; an import corrects those before it."""
    found = map(_RATE.decode, bank_rows(RATES, at))
    return newest(Rate(day=each.date, currency=each.currency, into=each.into, rate=each.rate) for each in found)


def arrivals_at(at: At) -> dict[str, dict[str, Arrival]]:
    """What the bank shows of payouts in other currencies, by marketplace and cycle."""
    settling = [name for name, each in at.config.marketplaces.items() if each.settlement]
    rates = rates_of(at)
    payouts = [
        each for name in settling for each in paid_out(name, cycles_of(name, at), booking_rules(at.config, name), rates)
    ]
    found: dict[str, dict[str, Arrival]] = {name: {} for name in settling}
    for (name, cycle), arrival in exchanged_at_the_bank(payouts, statement_of(at)).items():
        found[name][cycle] = arrival
    return found


def with_the_bank(books: Books, at: At) -> Books:
    """The books of one marketplace with what the bank shows of its payouts in other currencies, and with the rates."""
    return replace(books, arrivals=arrivals_at(at)[books.marketplace], rates=rates_of(at))
