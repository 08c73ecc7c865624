"""Rows of an export's file, one at a time: whatever does not read is told with its place, and never ends the reading.

A file is `.ndjson`, packed with gzip or not (its first bytes say, not its name). Memory is one row, however long the
file is.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Protocol, TypeVar, cast

from msgspec import DecodeError, Struct, ValidationError

from tieout.mirakl.values import Unreadable
from tieout.netsuite.booked_rows import UnreadableError

T = TypeVar("T")
LONGEST = 16 * 1024 * 1024
"""Bytes of a row; more is no row, but a file of another form."""
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_LIST = "is a list: write one object a line (for example with `jq -c '.[]'`)"


class Problem(Struct, frozen=True, order=True):
    """A place in an export that could not be used, and what is wrong there; never what stands in it."""

    file: str
    """Path within the export folder."""
    line: int
    """Counted from 1; 0 is the whole file."""
    field: str
    """Path within the row; empty for the whole row."""
    message: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{place}, field {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


class Decoder(Protocol):
    """`msgspec.json.Decoder` of a row's type."""

    def decode(self, row: bytes, /) -> Any:
        """The row. Raises msgspec.DecodeError."""


def rows(
    path: Path,
    decoder: Decoder,
    convert: Callable[[Any], T],
    problems: list[Problem],
    *,
    name: str | None = None,
    bad: Callable[[bytes], object] | None = None,
) -> Iterator[T]:
    """Every row that reads, in the file's order.

    `bad` is given the bytes of each that does not; nothing, where it is unknown which rows are missing.
    """
    for _, row in numbered(path, decoder, convert, problems, name=name, bad=bad):
        yield row


def numbered(
    path: Path,
    decoder: Decoder,
    convert: Callable[[Any], T],
    problems: list[Problem],
    *,
    name: str | None = None,
    bad: Callable[[bytes], object] | None = None,
) -> Iterator[tuple[int, T]]:
    """As `rows`, each with the number of its line."""
    shown = name or path.name
    decode = decoder.decode
    for number, row, broken in _raw(path):
        if broken:
            field, message = "", broken
        else:
            try:
                yield number, convert(decode(row))
            except (ValueError, ArithmeticError, RecursionError) as why:
                field, message = told(why)
            else:
                continue
        problems.append(Problem(shown, number, field, message))
        if bad is not None:
            bad(row)


def _raw(path: Path) -> Iterator[tuple[int, bytes, str]]:
    """Line number, bytes, and what is wrong with them already."""
    number = 0
    try:
        with _opened(path) as file:
            while row := file.readline(LONGEST):
                number += 1
                if number == 1:
                    if row.startswith(_UTF16):
                        yield 1, b"", "is UTF-16: save it as UTF-8"
                        return
                    row = row.removeprefix(_BOM)
                if len(row) >= LONGEST and not row.endswith(b"\n"):
                    yield number, b"", f"is longer than {LONGEST // 1024 // 1024} MiB: write one object a line"
                    return
                if row.isspace() or not row:
                    continue
                yield number, row, ""
    except EOFError:
        yield number + 1, b"", "the file breaks off here: it was not copied to its end; copy it again"
    except (gzip.BadGzipFile, zlib.error) as error:
        yield number + 1, b"", f"the packed file is damaged from here on ({error}): copy it again"
    except OSError as error:
        yield 0, b"", f"cannot be read: {error.strerror or error}"


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb")


_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")
_EXPECTED = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")
_KINDS = {
    "decimal": "a number",
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "datetime": "an instant such as 2026-09-01T00:00:00Z",
    "date": "a day such as 2026-09-01",
    "null": "nothing",
}


def told(why: Exception) -> tuple[str, str]:
    """Field and words for why a row does not read."""
    if isinstance(why, Unreadable | UnreadableError):
        field, _, message = str(why).partition(" ")
        return field, message
    if isinstance(why, ValidationError):
        words = str(why)
        place = _PLACE.search(words)
        field = place[1].replace("[...]", "[]") if place else ""
        return field, _in_plain_words(words[: place.start()] if place else words)
    if isinstance(why, DecodeError | UnicodeDecodeError):
        return "", f"is not JSON ({why}): the row was left out; export it again"
    if isinstance(why, RecursionError):
        return "", "is nested too deeply to be a row"
    return "", f"holds a number that cannot be worked with ({type(why).__name__})"


def _in_plain_words(words: str) -> str:
    found = _EXPECTED.fullmatch(words)
    if found is None:
        if "RFC3339" in words:
            return f"is not {_KINDS['datetime']}"
        return "is not a number" if "decimal" in words else words[:1].lower() + words[1:]
    wanted = [_KINDS.get(kind.strip(), kind.strip()) for kind in found[1].split("|") if kind.strip() != "null"]
    got = _KINDS.get(found[2], found[2])
    if wanted == ["an object"] and got == "a list":
        return _LIST
    return f"is {got} where {' or '.join(wanted)} is expected"
