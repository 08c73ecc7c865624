"""A long history of the transaction log, by files that Mirakl prepares: TL02 gives 120,000 lines an hour at most."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.exchange import Backfill
from tieout.flows.ports import At, Marketplace
from tieout.flows.settlement.log import keep_lines, keep_touched, still_unread

LOOK_EVERY_SECONDS = 15.0
"""Mirakl may be asked every ten."""
LOOKS = 720
"""Three hours of them."""
COMPLETED, PENDING = "COMPLETED", "PENDING"


def backfill_settlement(
    marketplace: str,
    at: At,
    start: datetime,
    sleep: Callable[[float], None],
    told: Callable[[str], None] = lambda _: None,
) -> int:
    """Read the log from `start` to now out of files; answers the lines. The next reading goes on from here.

    Mirakl prepares such files once a day. Raises NeedsAttention(REFUSED_BY_MIRAKL) when it does not.
    """
    market = at.marketplace(marketplace)
    begun = market.now()
    found = _prepared(market, market.start_backfill(start), sleep, told)
    unread = {each.id for each in still_unread(marketplace, at)}
    lines, touched = 0, set[str]()
    for number, url in enumerate(found.urls, start=1):
        for page in market.backfill_lines(url):
            touched |= keep_lines(marketplace, page, unread, at)
            unread |= {each.id for each in page.problems}
            lines += len(page.raw)
            told(f"file {number} of {len(found.urls)}: {lines} lines")
    if lines:
        keep_touched(marketplace, touched, at)
    at.watermarks.advance(f"{marketplace}/settlement", begun)
    return lines


def _prepared(
    market: Marketplace, tracking_id: str, sleep: Callable[[float], None], told: Callable[[str], None]
) -> Backfill:
    for _ in range(LOOKS):
        found = market.backfill(tracking_id)
        if found.state == COMPLETED:
            return found
        if found.state != PENDING:
            raise NeedsAttention(Reason.REFUSED_BY_MIRAKL, {"export": found.state, "message": found.error})
        told("Mirakl prepares the files")
        sleep(LOOK_EVERY_SECONDS)
    raise NeedsAttention(Reason.REFUSED_BY_MIRAKL, {"export": "not ready after three hours", "id": tracking_id})
