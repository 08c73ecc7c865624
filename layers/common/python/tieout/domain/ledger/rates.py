"""What a payout came to at the bank in another currency, and the rates by which the difference is explained."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from msgspec import Struct


class Arrival(Struct, frozen=True, kw_only=True):
    """What the bank received (above zero) or paid (below) for a payout, in another currency than the cycle's."""

    day: date
    """Of its last line on the statement."""
    currency: str
    amount: Decimal
    found_by: str = ""
    """What told that the line is this payout's, in words, where no line names its reference."""


class Rate(Struct, frozen=True, kw_only=True, order=True):
    """What one of `currency` is worth of `into`, from a day on until the next rate."""

    day: date
    currency: str
    into: str
    rate: Decimal
    """Above zero."""


def newest(rates: Iterable[Rate]) -> tuple[Rate, ...]:
    """By day: of several of one day and pair, the one that came last corrects those before it."""
    return tuple(sorted({(each.day, each.currency, each.into): each for each in rates}.values()))


def rate_on(rates: Iterable[Rate], currency: str, into: str, day: date) -> Decimal | None:
    """The last rate up to and with the day; None where no rate is so old. A currency is worth one of itself."""
    if currency == into:
        return Decimal(1)
    known = [each for each in rates if (each.currency, each.into) == (currency, into) and each.day <= day]
    return max(known, key=lambda each: (each.day, each.rate)).rate if known else None
