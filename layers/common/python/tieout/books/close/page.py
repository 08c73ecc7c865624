"""The close pack as one page that needs nothing else: no script, no address, every text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tieout.books.close.closing import Closing
from tieout.books.close.gates import Gate, ready
from tieout.books.close.pictures import Picture
from tieout.books.close.sheet import Kind, Sheet, in_words

MOST_ROWS = 200
"""Rows of a table; the CSV file has them all."""


def page_bytes(
    closing: Closing,
    gates: Sequence[Gate],
    waterfalls: Sequence[Picture],
    others: Sequence[Picture],
    sheets: Sequence[Sheet],
) -> bytes:
    """The page."""
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["in_words"] = in_words
    text = templates.get_template("page.html.j2").render(
        closing=closing,
        gates=gates,
        ready=ready(gates),
        waterfalls=waterfalls,
        others=others,
        sheets=sheets,
        most=MOST_ROWS,
        numbers=(Kind.MONEY, Kind.COUNT, Kind.PERCENT),
    )
    return text.encode("utf-8", "replace")
