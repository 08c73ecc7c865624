"""A file of the bank's, as a person imports it: CSV with a line of names, or a JSON object a line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tieout.books.rows import Decoder, Problem, numbered, told

T = TypeVar("T")
_DIALECTS = ",;\t"


def read_bank_file(
    path: Path, row: type[msgspec.Struct], convert: Callable[[Any], T], problems: list[Problem]
) -> list[T]:
    """Every row, converted; what does not read is added to `problems` with the number of its line.

    CSV where the name ends in `.csv`: UTF-8, separated by `,`, `;` or tabs, columns in any order. Else NDJSON, packed
    or not.
    """
    if path.suffix.lower() == ".csv":
        return list(_csv(path, row, convert, problems))
    decoder: Decoder = msgspec.json.Decoder(row)
    return [each for _, each in numbered(path, decoder, convert, problems)]


def _csv(path: Path, row: type[msgspec.Struct], convert: Callable[[Any], T], problems: list[Problem]) -> Iterator[T]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(path.name, 0, "", f"cannot be read as UTF-8: {getattr(error, 'strerror', error)}"))
        return
    lines = text.splitlines()
    first = lines[0] if lines else ""
    reader = csv.DictReader(lines, delimiter=max(_DIALECTS, key=first.count))
    known = {each.name: each.required for each in msgspec.structs.fields(row)}
    missing = [name for name, required in known.items() if required and name not in (reader.fieldnames or ())]
    if missing:
        columns = ", ".join(known)
        problems.append(Problem(path.name, 1, ", ".join(missing), f"is no column: the first line names {columns}"))
        return
    for cells in reader:
        if None in cells:
            problems.append(Problem(path.name, reader.line_num, "", "has more cells than there are columns"))
            continue
        try:
            yield convert(msgspec.convert({name: cells[name] for name in known if cells.get(name)}, row))
        except (ValueError, ArithmeticError) as error:
            problems.append(Problem(path.name, reader.line_num, *told(error)))
