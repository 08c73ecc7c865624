"""Pages of OR11 over a window that is frozen at its end, without a gap.

An order that is updated while we page leaves the frozen window, and everything behind it moves one place to the left:
a plain next offset would skip as many orders as have left. So each page overlaps the last one by an order, and a page
that does not begin on ground already seen is asked for again further back. A page that is served twice shows at the one
behind it; so does one that is served in the place of the first page, which has nothing further back: that is asked for
until it has come the same often enough to be believed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from tieout.domain.errors import SystemDown
from tieout.domain.exchange import FetchedOrder

MAX = 100
"""Orders a page; Mirakl's default is 10."""
OVERLAP = 1
CERTAIN = 3
"""How often a first page must come the same before all that was seen before is taken to have left the window."""
LONGEST_LISTING = 10_000
"""Pages after which something is wrong with the listing, or with us."""


class Page(Struct, frozen=True):
    """A page as it came. `total` is Mirakl's count of the whole listing, `has_next` its Link header."""

    orders: list[FetchedOrder]
    total: int | None
    has_next: bool


def pages(page_at: Callable[[int], Page]) -> Iterator[list[FetchedOrder]]:
    """Every order of the listing at least once, a page at a time. Raises SystemDown when it does not come to an end."""
    seen: set[str] = set()
    offset, step_back = 0, 0
    total: int | None = None
    doubted: list[FetchedOrder] | None = None
    same = 0
    for _ in range(LONGEST_LISTING):
        page = page_at(offset)
        left = max(0, (total or 0) - page.total) if page.total is not None else 0
        total = page.total
        if offset == 0 and seen and not _continues(page, seen):
            same = same + 1 if page.orders == doubted else 1
            doubted = page.orders
            if same < CERTAIN:
                continue
        elif offset > 0 and not _continues(page, seen):
            step_back = max(left, 2 * step_back) or MAX
            offset = max(0, offset - step_back)
            continue
        step_back, doubted = 0, None
        more = page.has_next or (page.total is not None and offset + len(page.orders) < page.total)
        if page.orders:
            yield page.orders
        seen.update(each.order_id for each in page.orders)
        if not page.orders or not more:
            return
        offset += max(1, len(page.orders) - OVERLAP)
    raise SystemDown(f"Mirakl's listing of orders did not end after {LONGEST_LISTING} pages")


def _continues(page: Page, seen: set[str]) -> bool:
    return bool(page.orders) and page.orders[0].order_id in seen
