"""A form with one CSV file in it, as Mirakl's imports take it: `multipart/form-data`, built as one piece of bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from csv import writer
from io import StringIO
from uuid import uuid4

SEPARATOR = ";"
_TELLS_A_FORMULA = re.compile(r"\s*[=+\-@]")


def csv_file(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A file that Mirakl reads: semicolons, a head, a cell in quotes where anything in it needs them.

    A character that no file can hold is sent as a question mark: Mirakl then refuses that line, and the others stand.
    """
    text = StringIO()
    write = writer(text, delimiter=SEPARATOR, lineterminator="\r\n")
    write.writerow(columns)
    write.writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def plain(text: str) -> str:
    """Free text that nobody's spreadsheet takes for a formula, in one line. Never for a SKU, which is sent as it is."""
    line = " ".join(text.split())
    return f"'{line}" if _TELLS_A_FORMULA.match(line) else line


def form_with(file: bytes, name: str, fields: Mapping[str, str]) -> tuple[bytes, str]:
    """The body and its content type. The file's part is `file`; its name is our own, in ASCII as Mirakl asks."""
    boundary = uuid4().hex
    while boundary.encode() in file:
        boundary = uuid4().hex
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{fields[key]}\r\n' for key in fields]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    opened = "".join(parts) + head + "Content-Type: text/csv\r\n\r\n"
    body = b"".join((opened.encode(), file, f"\r\n--{boundary}--\r\n".encode()))
    return body, f"multipart/form-data; boundary={boundary}"
