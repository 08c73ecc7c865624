"""How values travel through the engine: dates as marked text, so that they sort, compare and can be told apart."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

# A date is this mark and `YYYY-MM-DD HH:MM:SS`: it sorts as text, and no text of a record begins so.
MARK = "\x01"
_SHAPE = "%Y-%m-%d %H:%M:%S"
SqlValue = str | int | float | None
Row = dict[str, SqlValue]


class SqlValueError(Exception):
    """A value no function of SuiteQL can take; the words are Oracle's."""


def marked(moment: datetime) -> str:
    return MARK + moment.strftime(_SHAPE)


def is_date(value: object) -> bool:
    return isinstance(value, str) and value.startswith(MARK)


def moment_in(value: str) -> datetime:
    return datetime.fromisoformat(value[1:20])


def number_in(value: Decimal | None) -> SqlValue:
    """The engine counts in binary; fifteen digits come back out, which is exact for any amount of money here."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def shown(value: Any, date_format: str) -> str | None:
    """A scalar as SuiteQL returns it: always text, a bare date in the user's format and without its time."""
    if value is None or value == "":
        return None
    if isinstance(value, float):
        return format(Decimal(format(value, ".15g")), "f")
    if is_date(value):
        return formatted(moment_in(value), date_format)
    return str(value)


# Oracle's format elements, longest first where one begins another.
_ELEMENTS: dict[str, str] = {
    "YYYY": "%Y",
    "YY": "%y",
    "MONTH": "%B",
    "MON": "%b",
    "MM": "%m",
    "DDD": "%j",
    "DD": "%d",
    "DAY": "%A",
    "DY": "%a",
    "HH24": "%H",
    "HH12": "%I",
    "HH": "%I",
    "MI": "%M",
    "SS": "%S",
    "AM": "%p",
    "PM": "%p",
    "M": "",
    "D": "",
}
_ELEMENT = re.compile(r'"[^"]*"|' + "|".join(sorted(_ELEMENTS, key=len, reverse=True)) + r"|[A-Z]+|.", re.IGNORECASE)
_PLAIN = {"M": "month", "D": "day"}


def formatted(moment: datetime, shape: str) -> str:
    """TO_CHAR of a date. Raises SqlValueError for a format element Oracle does not have."""
    return "".join(part if isinstance(part, str) else part(moment) for part in _writers(shape))


@lru_cache(maxsize=200)
def _writers(shape: str) -> tuple[str | Callable[[datetime], str], ...]:
    """What writes each element of a format: the query says the same one for each of its rows."""
    parts: list[str | Callable[[datetime], str]] = []
    for element in _ELEMENT.findall(shape):
        word = element.upper()
        if word.startswith('"'):
            parts.append(element.strip('"'))
        elif word in _PLAIN:
            parts.append(partial(_plainly, _PLAIN[word]))
        elif word in _ELEMENTS:
            capitals = element.isupper() and word in ("MON", "MONTH", "DAY", "DY")
            parts.append(partial(_in_letters, _ELEMENTS[word], capitals))
        elif word == "T" or not word.isalpha():
            parts.append(element)
        else:
            raise SqlValueError(f"ORA-01821: date format not recognized: {shape}")
    return tuple(parts)


def _plainly(part: str, moment: datetime) -> str:
    return str(getattr(moment, part))


def _in_letters(element: str, capitals: bool, moment: datetime) -> str:
    written = moment.strftime(element)
    return written.upper() if capitals else written


def parsed(said: str, shape: str) -> datetime:
    """TO_DATE and TO_TIMESTAMP. Raises SqlValueError where the text does not have the shape."""
    pattern = ""
    for element in _ELEMENT.findall(shape):
        word = element.upper()
        if word.startswith('"'):
            pattern += element.strip('"').replace("%", "%%")
        elif word in _PLAIN:
            pattern += "%m" if word == "M" else "%d"
        elif word in _ELEMENTS:
            pattern += _ELEMENTS[word]
        elif word == "T" or not word.isalpha():
            pattern += element.replace("%", "%%")
        else:
            raise SqlValueError(f"ORA-01821: date format not recognized: {shape}")
    try:
        return datetime.strptime(said, pattern)  # noqa: DTZ007 - local time of the session by design
    except ValueError:
        raise SqlValueError(f"ORA-01861: literal does not match format string: {said} as {shape}") from None


def later(value: str, days: float) -> str:
    return marked(moment_in(value) + timedelta(days=days))


def flag_in(value: object) -> str:
    return "T" if value else "F"


def id_in(value: str | None) -> int | None:
    return None if value is None else int(value)


def day_in(value: str | None) -> str | None:
    return f"{MARK}{value} 00:00:00" if value else None


def text_in(value: object) -> str | None:
    return None if value is None or value == "" else str(value)
