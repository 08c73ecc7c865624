"""Query parameters as Mirakl declares them: each reader refuses what the contract does not know."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sandbox.calls import ContractViolation
from sandbox.clock import moment_of
from sandbox.mirakl.refusals import MiraklRefusal

Reader = Callable[[str, list[str]], Any]
MOST_VALUES = 100


def text(name: str, sent: list[str]) -> str:
    if len(sent) != 1:
        raise ContractViolation(f"{name} is given once, not {len(sent)} times")
    return sent[0]


def texts(name: str, sent: list[str]) -> list[str]:
    """A comma-separated list of at most 100 values; above that Mirakl answers 400."""
    return _bounded(name, [value for value in text(name, sent).split(",") if value])


def repeated(name: str, sent: list[str]) -> list[str]:
    """A list as the parameter repeated (k=a&k=b)."""
    return _bounded(name, sent)


def repeated_of(*known: str) -> Reader:
    """The same out of the values the contract names."""

    def read(name: str, sent: list[str]) -> list[str]:
        _check_known(name, sent, known)
        return repeated(name, sent)

    return read


def whole(name: str, sent: list[str]) -> int:
    try:
        return int(text(name, sent))
    except ValueError as wrong:
        raise ContractViolation(f"{name} is a whole number, not {sent[0]!r}") from wrong


def flag(name: str, sent: list[str]) -> bool:
    if (value := text(name, sent)) not in ("true", "false"):
        raise ContractViolation(f"{name} is true or false, not {value!r}")
    return value == "true"


def moment(name: str, sent: list[str]) -> datetime:
    try:
        return moment_of(text(name, sent))
    except ValueError as wrong:
        hint = " (a + in an offset is sent as %2B)" if " " in sent[0] else ""
        raise ContractViolation(f"{name} is an ISO 8601 moment with its offset, not {sent[0]!r}{hint}") from wrong


def one_of(*known: str) -> Reader:
    def read(name: str, sent: list[str]) -> str:
        _check_known(name, [text(name, sent)], known)
        return sent[0]

    return read


def some_of(*known: str) -> Reader:
    """A comma-separated list out of the values the contract names."""

    def read(name: str, sent: list[str]) -> list[str]:
        values = texts(name, sent)
        _check_known(name, values, known)
        return values

    return read


def read_parameters(declared: dict[str, Reader], sent: Iterable[tuple[str, str]], operation: str) -> dict[str, Any]:
    """Raises ContractViolation for a name or value the contract does not know."""
    gathered: dict[str, list[str]] = {}
    for name, value in sent:
        if name not in declared:
            raise ContractViolation(f"{operation} has no parameter {name!r} for this credential")
        gathered.setdefault(name, []).append(value)
    return {name: declared[name](name, values) for name, values in gathered.items()}


def _check_known(name: str, values: list[str], known: tuple[str, ...]) -> None:
    if unknown := [value for value in values if value not in known]:
        raise ContractViolation(f"{name} knows no {', '.join(unknown)}; it knows {', '.join(known)}")


def _bounded(name: str, values: list[str]) -> list[str]:
    if len(values) > MOST_VALUES:
        raise MiraklRefusal(400, f"{name}: at most {MOST_VALUES} values, not {len(values)}")
    return values
