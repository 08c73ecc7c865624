"""Seek paging, as shipments and returns are listed: a page goes on where the last one ended, whatever came or went."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Raw, Struct
from msgspec.json import Decoder

from tieout.domain.errors import SystemDown
from tieout.mirakl.connection import Calls, Params

LIMIT = "100"
"""Rows a page; Mirakl's default is 10. Some operations allow more than this."""
LONGEST_LISTING = 10_000
"""Pages after which something is wrong with the listing, or with us."""


class SeekPage(Struct, frozen=True):
    """A page; each row stays as its bytes, for the archive."""

    data: list[Raw]
    next_page_token: str | None = None


_PAGE = Decoder(SeekPage)


def rows(calls: Calls, operation: str, path: str, filters: Params, limit: str = LIMIT) -> Iterator[list[bytes]]:
    """Every row that the filters find, a page at a time. Raises SystemDown when it does not come to an end.

    Beside a page token Mirakl ignores whatever else is sent, so it goes alone.
    """
    asked: Params = {**filters, "limit": limit}
    for _ in range(LONGEST_LISTING):
        page = calls.ask(_PAGE, operation, path, asked)
        if page.data:
            yield [bytes(raw) for raw in page.data]
        if not page.next_page_token:
            return
        asked = {"page_token": page.next_page_token}
    raise SystemDown(f"Mirakl's listing by {operation} did not end after {LONGEST_LISTING} pages")
