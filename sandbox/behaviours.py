"""Switches for what the vendors' public material does not settle, each with its default and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_TAKES = {bool: "true or false", str: "a text"}


@dataclass(frozen=True)
class Switch:
    """One open question about a vendor: how the twin answers it, and what speaks for that answer."""

    default: bool | float | str
    why: str


class Behaviours:
    """The switches of one twin and how they stand."""

    def __init__(self, switches: Mapping[str, Switch]) -> None:
        self._switches = switches
        self._standing: dict[str, bool | float | str] = {name: switch.default for name, switch in switches.items()}

    def is_on(self, name: str) -> bool:
        return bool(self._standing[name])

    def number(self, name: str) -> float:
        return float(self._standing[name])

    def text(self, name: str) -> str:
        return str(self._standing[name])

    def set(self, changes: Mapping[str, Any]) -> None:
        """Raises ValueError naming an unknown switch or a value of the wrong kind; then nothing is changed."""
        read = {name: self._read(name, value) for name, value in changes.items()}
        self._standing.update(read)

    def listing(self) -> dict[str, dict[str, Any]]:
        return {
            name: {"value": self._standing[name], "default": switch.default, "why": switch.why}
            for name, switch in self._switches.items()
        }

    def _read(self, name: str, value: object) -> bool | float | str:
        if name not in self._switches:
            raise ValueError(f"there is no behaviour {name!r}; there are {', '.join(sorted(self._switches))}")
        kind = type(self._switches[name].default)
        if kind in (int, float) and isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return float(value)
        if kind in (bool, str) and isinstance(value, kind):
            return value
        raise ValueError(f"{name} takes {_TAKES.get(kind, 'a number')}, not {value!r}")
