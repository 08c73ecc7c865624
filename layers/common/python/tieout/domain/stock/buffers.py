"""What is held back of an offer: by rule, by the risk of what is sold meanwhile, and while NetSuite is away."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal

from msgspec import Struct

from tieout.domain.money import ZERO
from tieout.domain.stock.rules import BufferRule, RiskRule

_NOTHING = BufferRule()
_ALL = Decimal(100)


class Buffer(Struct, frozen=True):
    """What is held back of one offer."""

    units: int = 0
    """Fixed units and risk together."""
    percent: Decimal = ZERO
    """Of its part, rounded up, besides."""

    def held_of(self, part: int) -> int:
        """Units of its part that are not shown; never more than the part."""
        share = int((part * self.percent / _ALL).to_integral_value(ROUND_CEILING)) if self.percent else 0
        return min(part, self.units + share)


def rule_for(sku: str, category: str, rules: Iterable[BufferRule]) -> BufferRule:
    """The first rule that fits; one that holds back nothing where none does."""
    for rule in rules:
        if rule.sku in {None, sku} and rule.category in {None, category}:
            return rule
    return _NOTHING


def risk_units(velocity: Decimal, lag_seconds: int, rule: RiskRule) -> int:
    """Units that may be sold before a figure is shown, rounded up; none where nothing sells.

    Sales within the lag are taken for Poisson's: expected velocity x lag, with the root of it for a standard deviation.
    `velocity` is units a second.
    """
    expected = velocity * lag_seconds
    if not rule.enabled or expected <= 0:
        return 0
    return int((expected + rule.deviations * expected.sqrt()).to_integral_value(ROUND_CEILING))


def sellable(part: int, buffer: Buffer, cap: int | None) -> int:
    """What an offer should show of its part: less the buffer, capped, never below zero."""
    shown = part - buffer.held_of(part)
    return shown if cap is None else min(cap, shown)


def most_of_use(buffer: Buffer, cap: int | None) -> int | None:
    """The smallest part of which an offer shows all it ever may; more is of no use to it. None: it has no limit."""
    if cap == 0 or buffer.percent >= _ALL:
        return 0
    if cap is None:
        return None
    left = _ALL - buffer.percent
    return int(((cap + buffer.units) * _ALL / left).to_integral_value(ROUND_CEILING))
