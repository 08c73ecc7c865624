"""Sorted lines in blocks of bytes, found by halving: what lies between two of them is never read line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tieout.domain.stock.book import UnreadableBookError

Order = tuple[bool, int, bytes]
"""Where an item stands in the book (`book.order_of`)."""


def whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, cut behind line ends only. Raises UnreadableBookError where the last line has no end."""
    rest = b""
    for block in blocks:
        cut = block.rfind(b"\n") + 1
        if cut:
            yield rest + block[:cut]
            rest = block[cut:]
        else:
            rest += block
    if rest:
        raise UnreadableBookError(f"the stock book is cut off: its last line is {rest[:120]!r}, without an end")


def end_of_line(block: bytes, start: int) -> int:
    """Where the next line begins."""
    return block.index(b"\n", start) + 1


def order_at(block: bytes, start: int) -> Order:
    """Order of the line that begins there; of a line that is none, one that no item has."""
    key_end = block.find(b"\t", start)
    flag_end = block.find(b"\t", key_end + 1)
    return block[flag_end - 1 : flag_end] == b"k", key_end - start, block[start:key_end]


def first_from(block: bytes, start: int, order: Order) -> int:
    """Where the first line of this order or a later one begins, from a line's start on; the block's end if none does.

    The line at `start` is tried first: where most lines are looked at, nothing is halved.
    """
    low, high = start, len(block)
    if low == high or order_at(block, low) >= order:
        return low
    low = end_of_line(block, low)
    while low < high:
        middle = block.rfind(b"\n", low, (low + high) // 2) + 1 or low
        if order_at(block, middle) < order:
            low = end_of_line(block, middle)
        else:
            high = middle
    return low
