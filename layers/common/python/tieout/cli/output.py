"""What a command answers: a table for a person, or one JSON document and nothing else for a script."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table

Document = Mapping[str, Any]

WIDE = 200
"""Columns where nobody is looking at a terminal: a key must not be cut for `grep`."""


def show(document: Document, *, as_json: bool, shown: Sequence[RenderableType]) -> None:
    """Print the document as JSON, or what it looks like to a person."""
    if as_json:
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=_plain) + "\n")
        return
    console = screen()
    for part in shown:
        if isinstance(part, Table) and part.title:
            # A table folds its title to its own width.
            console.print(part.title, style="bold", soft_wrap=True)
            part.title = None
        console.print(part, soft_wrap=isinstance(part, str))


def screen() -> Console:
    """Standard output, as wide as the terminal."""
    plain = Console(highlight=False, markup=False, soft_wrap=False)
    return plain if plain.is_terminal else Console(highlight=False, markup=False, width=WIDE)


def aside() -> Console:
    """Standard error: progress, and words that are not the answer."""
    return Console(stderr=True, highlight=False, markup=False)


def a_table(title: str, *columns: str, keep: Sequence[str] = ()) -> Table:
    """A table; columns in `keep` are never folded, so that they can be copied."""
    table = Table(title=title)
    for column in columns:
        table.add_column(column, no_wrap=column in keep, overflow="fold")
    return table


def when(instant: datetime | None) -> str:
    """An instant as a person reads it: UTC, to the second."""
    return instant.strftime("%Y-%m-%d %H:%M:%SZ") if instant else ""


def how_long(span: timedelta) -> str:
    """A span in its two largest units: `3 d 4 h`, `12 min 5 s`."""
    seconds = max(0, int(span.total_seconds()))
    parts: list[str] = []
    for name, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        amount, seconds = divmod(seconds, size)
        if amount or (parts and len(parts) < 2):  # noqa: PLR2004
            parts.append(f"{amount} {name}")
    return " ".join(parts[:2]) or "0 s"


def facts_of(facts: Mapping[str, str]) -> str:
    """Facts on one line."""
    return ", ".join(f"{name}: {value}" for name, value in facts.items() if value)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} has no JSON form")
