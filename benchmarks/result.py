"""One line of the table: what was measured, its goal, and whether it is met."""

from __future__ import annotations

from msgspec import Struct


class Result(Struct, frozen=True, kw_only=True):
    """A figure with its goal; `at_least` says which side of the goal is good, a goal of None is for information."""

    what: str
    figure: float
    unit: str
    goal: float | None = None
    at_least: bool = True
    how: str = ""
    digits: int | None = None
    """Decimals to show; left out, about three digits in all."""

    @property
    def is_met(self) -> bool | None:
        """None where there is no goal."""
        if self.goal is None:
            return None
        return self.figure >= self.goal if self.at_least else self.figure <= self.goal

    @property
    def shown(self) -> str:
        """The figure as people read it."""
        digits = self.digits
        if digits is None:
            digits = 0 if self.figure >= 100 else 1 if self.figure >= 10 else 2
        return f"{self.figure:,.{digits}f} {self.unit}".strip()

    @property
    def goal_shown(self) -> str:
        """The goal with its side; a dash where there is none."""
        if self.goal is None:
            return "-"
        return f"{'>=' if self.at_least else '<='} {self.goal:,g} {self.unit}".strip()
