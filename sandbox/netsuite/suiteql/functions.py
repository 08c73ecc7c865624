"""Oracle's functions that SQLite lacks or takes differently, registered on the engine's connection."""

import calendar
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox.netsuite.suiteql.values import (
    SqlValue,
    SqlValueError,
    formatted,
    is_date,
    later,
    marked,
    moment_in,
    parsed,
)


class Session:
    """What functions need to know of the session: now, the user's date format, names for BUILTIN.DF."""

    def __init__(self) -> None:
        self.now = ""
        self.date_format = "M/D/YYYY"
        self.name_of: Callable[[str, SqlValue], SqlValue] = lambda _, value: value
        self.failure: Exception | None = None

    def register(self, connection: sqlite3.Connection) -> None:
        functions: dict[str, tuple[int, Callable[..., SqlValue]]] = {
            "ns_sysdate": (0, lambda: self.now),
            "ns_to_char": (-1, self._to_char),
            "ns_to_date": (-1, self._to_date),
            "ns_to_number": (1, _to_number),
            "ns_session_date": (1, self._session_date),
            "ns_add": (2, _add),
            "ns_subtract": (2, _subtract),
            "ns_trunc": (-1, _trunc),
            "ns_add_months": (2, _add_months),
            "ns_extract": (2, _extract),
            "lpad": (-1, lambda value, width, fill=" ": _padded(value, width, fill, left=True)),
            "rpad": (-1, lambda value, width, fill=" ": _padded(value, width, fill, left=False)),
            "ns_display": (2, self._display),
            "ns_display_status": (2, self._display_status),
            "upper": (1, lambda value: value if value is None else str(value).upper()),
            "lower": (1, lambda value: value if value is None else str(value).lower()),
            "initcap": (1, lambda value: value if value is None else str(value).title()),
        }
        for name, (count, function) in functions.items():
            connection.create_function(name, count, self._guarded(function), deterministic=name != "ns_sysdate")
        connection.create_aggregate("ns_sum", 1, _Sum)  # type: ignore[arg-type]  # typeshed wants int results
        connection.create_aggregate("ns_listagg", 3, _ListAgg)  # type: ignore[arg-type]  # idem

    def _guarded(self, function: Callable[..., SqlValue]) -> Callable[..., SqlValue]:
        """SQLite swallows what a function raised; keep it for the answer."""

        def guarded(*values: SqlValue) -> SqlValue:
            try:
                return function(*values)
            except (SqlValueError, ValueError, TypeError) as failure:
                self.failure = failure
                raise

        return guarded

    def _to_char(self, value: SqlValue, shape: str | None = None) -> SqlValue:
        if value is None:
            return None
        if isinstance(value, str) and is_date(value):
            return formatted(moment_in(value), shape or self.date_format)
        if shape is not None:
            raise SqlValueError(f"ORA-01722: the twin formats dates only, not {value} as {shape}")
        return format(Decimal(format(value, ".15g")), "f") if isinstance(value, float) else str(value)

    def _to_date(self, value: SqlValue, shape: str | None = None) -> SqlValue:
        if value is None or (isinstance(value, str) and is_date(value)):
            return value
        return marked(parsed(str(value), shape or self.date_format))

    def _session_date(self, value: SqlValue) -> SqlValue:
        """A text compared with a date is read in the user's format, or refused."""
        return self._to_date(value)

    def _display(self, shows: SqlValue, value: SqlValue) -> SqlValue:
        return None if value is None else self.name_of(str(shows), value)

    def _display_status(self, code: SqlValue, status: SqlValue) -> SqlValue:
        return None if status is None else self.name_of(f"status {code}", status)


def _to_number(value: SqlValue) -> SqlValue:
    if value is None or isinstance(value, int | float):
        return value
    try:
        return float(value) if "." in value or "e" in value.lower() else int(value)
    except ValueError:
        raise SqlValueError(f"ORA-01722: invalid number: {value}") from None


def _add(left: SqlValue, right: SqlValue) -> SqlValue:
    if left is None or right is None:
        return None
    if isinstance(left, str) and is_date(left):
        return later(left, _number(right))
    if isinstance(right, str) and is_date(right):
        return later(right, _number(left))
    return _number(left) + _number(right)


def _subtract(left: SqlValue, right: SqlValue) -> SqlValue:
    if left is None or right is None:
        return None
    if isinstance(left, str) and is_date(left):
        if isinstance(right, str) and is_date(right):
            return (moment_in(left) - moment_in(right)).total_seconds() / 86400
        return later(left, -_number(right))
    return _number(left) - _number(right)


def _number(value: SqlValue) -> float | int:
    number = _to_number(value)
    if not isinstance(number, int | float):
        raise SqlValueError(f"ORA-01722: invalid number: {value}")
    return number


def _trunc(value: SqlValue, unit: SqlValue = None) -> SqlValue:
    if value is None:
        return None
    if isinstance(value, str) and is_date(value):
        moment = moment_in(value).replace(hour=0, minute=0, second=0)
        said = str(unit or "DD").upper()
        if said in ("MM", "MON", "MONTH"):
            moment = moment.replace(day=1)
        elif said in ("YY", "YYYY", "YEAR"):
            moment = moment.replace(month=1, day=1)
        elif said not in ("DD", "DDD", "DAY"):
            raise SqlValueError(f"ORA-01898: too many precision specifiers: {unit}")
        return marked(moment)
    step = Decimal(1).scaleb(-int(unit or 0))
    return float(Decimal(str(_number(value))).quantize(step, "ROUND_DOWN"))


def _add_months(value: SqlValue, months: SqlValue) -> SqlValue:
    if not isinstance(value, str) or months is None:
        return None
    moment = moment_in(value)
    count = moment.year * 12 + moment.month - 1 + int(months)
    year, month = divmod(count, 12)
    return marked(
        moment.replace(year=year, month=month + 1, day=min(moment.day, calendar.monthrange(year, month + 1)[1]))
    )


def _extract(part: SqlValue, value: SqlValue) -> SqlValue:
    if not isinstance(value, str) or not is_date(value):
        return None
    number: int = getattr(moment_in(value), str(part).lower())
    return number


def _padded(value: SqlValue, width: SqlValue, fill: SqlValue, *, left: bool) -> SqlValue:
    if value is None or width is None:
        return None
    text, size, more = str(value), int(width), str(fill or " ")
    padding = (more * size)[: max(0, size - len(text))]
    return (padding + text if left else text + padding)[:size]


class _Sum:
    """SUM without the drift of binary addition."""

    def __init__(self) -> None:
        self._total: Decimal | None = None

    def step(self, value: SqlValue) -> None:
        if value is not None:
            self._total = (self._total or Decimal(0)) + Decimal(str(value))

    def finalize(self) -> SqlValue:
        if self._total is None:
            return None
        return int(self._total) if self._total == self._total.to_integral_value() else float(self._total)


class _ListAgg:
    """LISTAGG(value, separator) WITHIN GROUP (ORDER BY key)."""

    def __init__(self) -> None:
        self._found: list[tuple[Any, str]] = []
        self._separator = ""

    def step(self, value: SqlValue, separator: SqlValue, key: SqlValue) -> None:
        self._separator = str(separator or "")
        if value is not None:
            self._found.append(((key is None, key), str(value)))

    def finalize(self) -> str | None:
        if not self._found:
            return None
        return self._separator.join(text for _, text in sorted(self._found, key=lambda one: one[0]))
