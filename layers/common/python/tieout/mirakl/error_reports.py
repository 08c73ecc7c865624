"""The lines of a file that Mirakl did not take (STO03, OF03, PRI03), read leniently: their columns vary by operation.

Documented are a line number and a reason before (STO03, PRI03) or beside (OF03) the columns that were sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from csv import Error, reader
from io import StringIO

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.stock.offer import Rejected
from tieout.mirakl.refusals import LONGEST_MESSAGE

_SKUS = ("offer-sku", "shop-sku", "sku", "offer_sku", "shop_sku")
_WHY = ("reason", "message", "error")
_LINE = ("line",)
LONGEST_NUMBER = 10
WITHOUT_A_WORD = "refused without a word"


def rejected_lines(report: bytes) -> list[Rejected]:
    """Each line with its SKU and Mirakl's words; a line of which neither can be told is shown as it stands.

    Raises NeedsAttention(UNREADABLE_DOCUMENT) for what is no CSV at all.
    """
    text = report.decode("utf-8-sig", "replace")
    try:
        read = list(reader(StringIO(text, newline=""), delimiter=separator_of(text)))
    except Error as error:
        facts = {"document": "report of lines in error", "why": str(error)}
        raise NeedsAttention(Reason.UNREADABLE_DOCUMENT, facts) from error
    rows = [row for row in read if any(map(str.strip, row))]
    if not rows:
        return []
    head = [cell.strip().lower() for cell in rows[0]]
    sku = next((head.index(name) for name in _SKUS if name in head), None)
    if sku is None:
        return [_by_place(row) for row in (rows if _is_line(rows[0]) or len(rows) == 1 else rows[1:])]
    words = [at for at, name in enumerate(head) if at != sku and any(word in name for word in _WHY)]
    words = [at for at in words if not any(word in head[at] for word in _LINE)] or _before(sku, 1)
    lines = [at for at, name in enumerate(head) if at != sku and any(word in name for word in _LINE)] or _before(sku, 0)
    return [Rejected(_at(row, sku), _words(row, words), _first_number(row, lines)) for row in rows[1:]]


def separator_of(text: str) -> str:
    """What parts the columns of a head: an operator chooses between semicolon and comma."""
    head = text.partition("\n")[0]
    return max(";,\t", key=head.count)


def _by_place(row: Sequence[str]) -> Rejected:
    """A line of a report whose head names no SKU: line number, reason, and what was sent, which begins with the SKU."""
    number = _number(_at(row, 0))
    if number is None:
        return Rejected("", _words(row, range(len(row))))
    return Rejected(_at(row, 2), _words(row, [1]), number)


def _is_line(row: Sequence[str]) -> bool:
    """Whether it begins with a number, as a line does by documentation, and a head does not."""
    return _number(_at(row, 0)) is not None


def _before(sku: int, place: int) -> list[int]:
    """Where a report keeps it by its documentation, if there is such a place before the SKU."""
    return [place] if place < sku else []


def _at(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def _words(row: Sequence[str], places: Sequence[int]) -> str:
    told = dict.fromkeys(cell for at in places if (cell := _at(row, at).strip()))
    return ("; ".join(told) or WITHOUT_A_WORD)[:LONGEST_MESSAGE]


def _first_number(row: Sequence[str], places: Sequence[int]) -> int | None:
    return next((number for at in places if (number := _number(_at(row, at))) is not None), None)


def _number(cell: str) -> int | None:
    """A line's number; whatever is longer is none."""
    digits = cell.strip()
    return int(digits) if digits.isdecimal() and len(digits) < LONGEST_NUMBER else None
