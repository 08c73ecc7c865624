"""A difference that the comparison found, before it is told in words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from msgspec import Struct

from tieout.domain.money import exponent_of


class Finding(Struct, frozen=True):
    """A row of `finding`: amounts in minor units of its currency."""

    code: str
    marketplace: str
    key: str
    currency: str
    amount: int
    order_id: str | None = None
    refund_id: str | None = None
    cycle: str | None = None
    day: date | None = None
    ours: int | None = None
    theirs: int | None = None
    what: str | None = None
    information: bool = False


def money(units: int, currency: str) -> Decimal:
    """Minor units as an amount."""
    return Decimal(units).scaleb(-exponent_of(currency))


def shown(units: int | None, currency: str) -> str:
    """As it is told."""
    return "nothing" if units is None else f"{money(units, currency)} {currency}"
