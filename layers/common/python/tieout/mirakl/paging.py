"""Offset paging of what is only ever added to at its end, such as documents by creation (see `listing` for orders)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from tieout.domain.errors import SystemDown
from tieout.mirakl.connection import Params

MAX = 100
"""Rows a page; Mirakl's default is 10."""
LONGEST_LISTING = 10_000
"""Pages after which something is wrong with the listing, or with us."""


class OffsetPage(Struct, frozen=True):
    """A page as it came. `total` is Mirakl's count of the whole listing."""

    rows: list[bytes]
    total: int | None


def by_offset(page_at: Callable[[Params], OffsetPage]) -> Iterator[list[bytes]]:
    """Every row of the listing, a page at a time. Raises SystemDown when it does not come to an end.

    A page that is served again in the place of the next one is told by its first row, and asked for once more.
    """
    offset = 0
    first: bytes | None = None
    for _ in range(LONGEST_LISTING):
        page = page_at({"max": str(MAX), "offset": str(offset)})
        if not page.rows:
            return
        if page.rows[0] == first:
            continue
        first = page.rows[0]
        yield page.rows
        offset += len(page.rows)
        if len(page.rows) < MAX if page.total is None else offset >= page.total:
            return
    raise SystemDown(f"Mirakl's listing did not end after {LONGEST_LISTING} pages")
