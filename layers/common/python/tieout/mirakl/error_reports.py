"""The lines of a file that Mirakl did not take (STO03, OF03, PRI03), read leniently: their columns vary by operation.

Documented are a line number and a reason before (STO03, PRI03) or beside (OF03) the columns that were sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from csv import reader
from io import StringIO

from tieout.domain.stock.offer import Rejected
from tieout.mirakl.refusals import LONGEST_MESSAGE

_SKUS = ("offer-sku", "shop-sku", "sku", "offer_sku", "shop_sku")
_WHY = ("reason", "message", "error")
_LINE = ("line",)
WITHOUT_A_WORD = "refused without a word"


def rejected_lines(report: bytes) -> list[Rejected]:
    """Each line with its SKU and Mirakl's words; a line of which neither can be told is shown as it stands."""
    text = report.decode("utf-8-sig", "replace")
    rows = [row for row in reader(StringIO(text, newline=""), delimiter=separator_of(text)) if any(map(str.strip, row))]
    if not rows:
        return []
    head = [cell.strip().lower() for cell in rows[0]]
    sku = next((head.index(name) for name in _SKUS if name in head), None)
    if sku is None:
        return [_by_place(row) for row in (rows if _is_line(rows[0]) or len(rows) == 1 else rows[1:])]
    words = [at for at, name in enumerate(head) if at != sku and any(word in name for word in _WHY)]
    words = [at for at in words if not any(word in head[at] for word in _LINE)] or _before(sku, 1)
    lines = [at for at, name in enumerate(head) if at != sku and any(word in name for word in _LINE)] or _before(sku, 0)
    return [Rejected(_at(row, sku), _words(row, words), next(_numbers(row, lines), None)) for row in rows[1:]]


def separator_of(text: str) -> str:
    """What parts the columns of a head: an operator chooses between semicolon and comma."""
    head = text.partition("\n")[0]
    return max(";,\t", key=head.count)


def _by_place(row: Sequence[str]) -> Rejected:
    """A line of a report whose head names no SKU: line number, reason, and what was sent, which begins with the SKU."""
    if not _is_line(row):
        return Rejected("", _words(row, range(len(row))))
    return Rejected(_at(row, 2), _words(row, [1]), int(row[0]))


def _is_line(row: Sequence[str]) -> bool:
    """Whether it begins with a number, as a line does by documentation, and a head does not."""
    return _at(row, 0).strip().isdecimal()


def _before(sku: int, place: int) -> list[int]:
    """Where a report keeps it by its documentation, if there is such a place before the SKU."""
    return [place] if place < sku else []


def _at(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def _words(row: Sequence[str], places: Sequence[int]) -> str:
    told = dict.fromkeys(cell for at in places if (cell := _at(row, at).strip()))
    return ("; ".join(told) or WITHOUT_A_WORD)[:LONGEST_MESSAGE]


def _numbers(row: Sequence[str], places: Sequence[int]) -> Iterator[int]:
    for at in places:
        if (cell := _at(row, at).strip()).isdecimal():
            yield int(cell)
