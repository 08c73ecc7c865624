"""How often Mirakl allows each operation to be called, by its documents ("Call Frequency").

Limits hold for a credential. No schedule of ours may be set above them, and a 429 is judged on an hourly window, so
running into one can cost far more than waiting would have.
"""

from __future__ import annotations

from msgspec import Struct

SECOND, MINUTE, HOUR, DAY = 1.0, 60.0, 3_600.0, 86_400.0


class Frequency(Struct, frozen=True):
    """At most `calls` within any `seconds`."""

    calls: int
    seconds: float

    @property
    def interval(self) -> float:
        """Seconds between calls that are spread evenly."""
        return self.seconds / self.calls


_ONCE_A_MINUTE = Frequency(1, MINUTE)
_EVERY_5_MINUTES = Frequency(1, 5 * MINUTE)
_ONCE_A_DAY = Frequency(1, DAY)

FREQUENCIES: dict[str, Frequency] = {
    "A01": _ONCE_A_DAY,
    "AF01": _ONCE_A_DAY,
    "IV01": _ONCE_A_DAY,
    "OF01": _ONCE_A_MINUTE,
    "OF02": _ONCE_A_MINUTE,
    "OF03": _ONCE_A_MINUTE,
    "OF24": _ONCE_A_MINUTE,
    "OF52": _ONCE_A_MINUTE,
    "OF53": Frequency(1, 10 * SECOND),
    "OF61": _ONCE_A_DAY,
    "OR04": _ONCE_A_MINUTE,
    "OR11": _ONCE_A_MINUTE,
    "OR13": _EVERY_5_MINUTES,
    "OR14": Frequency(1, 2 * SECOND),
    "OR31": Frequency(5, SECOND),
    "OR75": _ONCE_A_DAY,
    "PRI01": _ONCE_A_MINUTE,
    "PRI02": _ONCE_A_MINUTE,
    "PRI03": _ONCE_A_MINUTE,
    "RT11": _EVERY_5_MINUTES,
    "SBC11": _ONCE_A_DAY,
    "SH12": _ONCE_A_DAY,
    "SH21": _ONCE_A_DAY,
    "ST12": _EVERY_5_MINUTES,
    "STO01": _ONCE_A_MINUTE,
    "STO02": Frequency(1, 15 * SECOND),
    "STO03": _ONCE_A_MINUTE,
    "TL02": Frequency(60, HOUR),
    "TL03": _ONCE_A_DAY,
    "TL04": Frequency(1, 10 * SECOND),
}
"""Operations with a published limit. IV01 and SBC11 are once a day plus their pages; TL02 also 20 in a minute."""

FULL: dict[str, Frequency] = {"OF52": _ONCE_A_DAY}
"""Where everything may be asked for less often than what changed."""

STRICTER: dict[str, dict[str, Frequency]] = {"external_partner": {"OR11": Frequency(1, 15 * MINUTE)}}
"""By persona, where it differs from the default one."""


def frequency_of(operation: str, persona: str = "default") -> Frequency | None:
    """What is published for an operation; None where nothing is (OR21, PC01, V01 and others are called per event)."""
    return STRICTER.get(persona, {}).get(operation, FREQUENCIES.get(operation))


def seconds_between(operation: str, persona: str = "default") -> float:
    """The shortest interval a schedule may have; 0 where nothing is published."""
    frequency = frequency_of(operation, persona)
    return frequency.interval if frequency else 0.0
