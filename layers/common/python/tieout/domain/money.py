"""Money: a Decimal with its currency. Two currencies never add, and rounding happens only where it is named."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct

ZERO = Decimal(0)
_EXPONENTS = {
    "JPY": 0,
    "KRW": 0,
    "CLP": 0,
    "ISK": 0,
    "VND": 0,
    "XOF": 0,
    "XAF": 0,
    "BHD": 3,
    "KWD": 3,
    "OMR": 3,
    "TND": 3,
    "JOD": 3,
}
_MINOR_UNITS = tuple(Decimal(1).scaleb(-digits) for digits in range(4))


class CurrencyMismatchError(ValueError):
    """Two amounts of different currencies met: always our mistake, never data."""


def exponent_of(currency: str) -> int:
    """Digits after the point of a currency's minor unit (ISO 4217): 0, 2 or 3."""
    return _EXPONENTS.get(currency, 2)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Half-up to the currency's minor unit, as NetSuite rounds a line."""
    return amount.quantize(_MINOR_UNITS[exponent_of(currency)], rounding=ROUND_HALF_UP)


class Money(Struct, frozen=True, order=False):
    """An amount of one currency, in major units."""

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise CurrencyMismatchError(f"{self} + {other}")
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        return self + Money(-other.amount, other.currency)

    def __str__(self) -> str:
        return f"{rounded(self.amount, self.currency)} {self.currency}"
