"""Money as whole minor units: no float, half up at every rounding that a marketplace or a tax engine makes."""

from decimal import Decimal

BASIS = 10_000


def half_up(numerator: int, denominator: int) -> int:
    """The quotient to the nearest whole number, halves away from zero."""
    whole = (2 * abs(numerator) + denominator) // (2 * denominator)
    return whole if numerator >= 0 else -whole


def share(amount: int, basis_points: int) -> int:
    """That many hundredths of a percent of an amount."""
    return half_up(amount * basis_points, BASIS)


def tax_within(amount: int, basis_points: int) -> int:
    """The tax in an amount that includes it."""
    return half_up(amount * basis_points, BASIS + basis_points)


def number(minor: int, exponent: int) -> Decimal | int:
    """Minor units as the number that the vendors' JSON shows: 2550 is 25.5, 2500 is 25."""
    unit: int = 10**exponent
    if minor % unit == 0:
        return minor // unit
    return Decimal(minor).scaleb(-exponent).normalize()
