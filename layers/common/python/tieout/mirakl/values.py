"""Single values of Mirakl's answers, read strictly: what is needed and missing is never made up."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import TypeVar

from tieout.domain.money import ZERO
from tieout.domain.orders.order import TaxAmount
from tieout.mirakl import wire

NO_TAXES: tuple[TaxAmount, ...] = ()
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""The date of what has none: older than anything, so that the mended document replaces it."""
LARGEST = 14
"""Power of ten of the largest amount: far above any, and far below what sums lose digits at."""
FINEST = -10
"""Power of ten of the smallest part of an amount."""
SHORT = 10
"""What is written in so few characters, and without an exponent, has no finer part."""
YEARS = range(2000, 2200)
"""Any other year is a mistake: and neither ends of the calendar can be put into a time zone."""
T = TypeVar("T")


class Unreadable(ValueError):
    """The text names the field that is wrong; never what stands in it."""


def needed(value: T | None, name: str) -> T:
    """The value, which must be there. Raises Unreadable."""
    if value is None or value == "":
        raise Unreadable(f"{name} is missing")
    return value


def amount(value: Decimal | None, name: str) -> Decimal:
    """An amount: none is not zero."""
    if value is None:
        raise Unreadable(f"{name} is missing")
    if len(shown := str(value)) <= SHORT and "E" not in shown and value.is_finite():
        return value
    if not value.is_finite():
        raise Unreadable(f"{name} is not a number")
    if value.adjusted() > LARGEST or _too_fine(value):
        raise Unreadable(f"{name} is no amount of money")
    return value


def _too_fine(value: Decimal) -> bool:
    return int(value.as_tuple().exponent) < FINEST


def told_amount(value: Decimal | None, name: str) -> Decimal | None:
    """An amount that may be left out."""
    return None if value is None else amount(value, name)


def units(value: Decimal | None, name: str) -> int:
    """A quantity that counts."""
    number = amount(value, name)
    whole = int(number)
    if whole != number or whole < 0:
        raise Unreadable(f"{name} is not a whole number of units")
    return whole


def told_units(value: Decimal | None) -> int:
    """A quantity that is informative only: what does not count pieces counts none."""
    return int(value) if value is not None and value.is_finite() and value > 0 and value == int(value) else 0


def taxes(theirs: list[wire.Tax] | None, name: str) -> tuple[TaxAmount, ...]:
    """Taxes by code, as they are listed."""
    if not theirs:
        return NO_TAXES
    try:
        return tuple(
            [
                TaxAmount(
                    needed(tax.code, "code"),
                    amount(tax.amount, "amount"),
                    None if tax.rate is None else amount(tax.rate, "rate"),
                )
                for tax in theirs
            ]
        )
    except Unreadable as why:
        raise Unreadable(f"{name}[].{why}") from why


def fees(theirs: list[wire.Fee] | None, name: str) -> Decimal:
    """Fees in all."""
    total = ZERO
    for fee in theirs or ():
        total += amount(fee.amount, f"{name}[].amount")
    return total


def utc(instant: datetime) -> datetime:
    """Mirakl answers in UTC; an offset is converted, and an instant that names none is taken as documented."""
    zone = instant.tzinfo
    if zone is UTC:
        return instant
    return instant.replace(tzinfo=UTC) if zone is None else instant.astimezone(UTC)


def instant(value: datetime | None, name: str) -> datetime:
    """An instant that has to be there, in UTC."""
    found = needed(value, name)
    if found.year not in YEARS:
        raise Unreadable(f"{name} is in the year {found.year}")
    return utc(found)


def text(value: str | int | None) -> str:
    """An id or a code: Mirakl's own examples have some of them as numbers."""
    return "" if value is None else str(value)


def name_of_their_own(raw: bytes) -> str:
    """An id for bytes without one: nothing is lost."""
    return f"NO-ID-{sha256(raw).hexdigest()[:16].upper()}"


def shop_of(theirs: int | str | None, ours: int | None) -> int | None:
    """The shop that a document names, as it does for operators; else the connection's."""
    if theirs is None or theirs == "":
        return ours
    try:
        return int(theirs)
    except ValueError as error:
        raise Unreadable("shop_id is not a number") from error
