"""All offers of a marketplace, once a day (OF52 to OF54): asked for, waited for over several runs, and kept.

What was read stays beside the book, for whoever else wants to look at every offer: Mirakl gives it once a day.

An export that lacks most offers is more likely half an export than an empty shop: what is not in it would be in no push
before the next night, and be made anew by the sync. It is not kept before the night after says the same.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator

from msgspec.json import decode, encode

from tieout.domain.errors import CredentialsRefused, NeedsAttention, Retryable, Throttled
from tieout.domain.stock.blocks import whole_lines
from tieout.domain.stock.lost import lacks_most
from tieout.domain.stock.offer import Offer
from tieout.flows.stock.rules import fronts_by_shop, stocked
from tieout.flows.stock.standing import Export, Offered, Standing, put
from tieout.flows.stock.store import StockBook, Stockroom

logger = logging.getLogger(__name__)

APART = 10.0
"""Seconds between two looks at an export (OF53)."""
NOT_AT_ONCE = 240
"""Seconds that a marketplace which refused is left alone at least: longer than a run waits."""
FOR_THE_NIGHT = 2 * 3600
"""Seconds from which a wait is left to the next night. Mirakl counts a day from one export to the next: whoever asks as
soon as it may, in the afternoon, asks in the afternoon for ever, and never at night."""
KEPT_SECONDS = 12 * 3600
"""An export that was not used by then is asked for again: Mirakl keeps its files for a day, and it is of yesterday."""


def offers_name(marketplace: str) -> str:
    """Where the offers of a marketplace are kept."""
    return f"{marketplace}/offers"


def kept_offers(book: StockBook, marketplace: str) -> tuple[int, Iterator[Offer]] | None:
    """Every offer as last read, and when that was asked for (seconds since 1970, Mirakl's clock); None: never."""
    blocks = book.blocks(offers_name(marketplace))
    if blocks is None:
        return None
    lines = (line for block in whole_lines(blocks) for line in block.splitlines())
    asked_at = decode(next(lines), type=int)
    return asked_at, (decode(line, type=Offer) for line in lines)


def all_listed(standing: Standing, room: Stockroom) -> bool:
    """Whether every marketplace's offers are there, newly kept; asks for those that are not.

    It waits for them as long as a run waits for a file of its own. Where there is a book, and Mirakl gives no export
    for hours, nothing is wanted any more before the next night.
    """
    missing = [name for name in stocked(room.at.config) if not _is_there(name, standing, room)]
    waited, patience = APART, max((each.follow_seconds for each in stocked(room.at.config).values()), default=0)
    while missing and waited <= patience and all(_is_coming(name, standing, room) for name in missing):
        room.pause(APART)
        waited += APART
        missing = [name for name in missing if not _is_there(name, standing, room)]
    if standing.book and any(_seconds_early(name, standing, room) >= FOR_THE_NIGHT for name in missing):
        logger.warning("every offer is read the next night", extra={"missing": missing})
        standing.wants_full = False
    return not missing


def _is_coming(marketplace: str, standing: Standing, room: Stockroom) -> bool:
    """Whether there is something to wait for in this run."""
    return marketplace in standing.exports and not _is_too_early(marketplace, standing, room)


def _is_too_early(marketplace: str, standing: Standing, room: Stockroom) -> bool:
    return _seconds_early(marketplace, standing, room) > 0


def _seconds_early(marketplace: str, standing: Standing, room: Stockroom) -> int:
    """Until the marketplace wants to be asked again."""
    return standing.exports_after.get(marketplace, 0) - standing.there(marketplace, room.now)


def _is_there(marketplace: str, standing: Standing, room: Stockroom) -> bool:
    try:
        return not _is_too_early(marketplace, standing, room) and _look(marketplace, standing, room)
    except Throttled as error:
        wait = max(NOT_AT_ONCE, int(error.after_seconds or 0))
        standing.exports_after[marketplace] = standing.there(marketplace, room.now) + wait
        logger.warning("offers not given yet", extra={"marketplace": marketplace, "wait": wait, "why": str(error)})
        return False
    except (Retryable, CredentialsRefused, NeedsAttention) as error:
        logger.warning("offers not read", extra={"marketplace": marketplace, "why": str(error)})
        return False


def _look(marketplace: str, standing: Standing, room: Stockroom) -> bool:
    market = room.at.marketplace(marketplace)
    export, asked_at = standing.exports.get(marketplace), standing.there(marketplace, room.now)
    is_of_now = export is not None and asked_at - export.asked_at <= KEPT_SECONDS
    if export is not None and is_of_now and not export.tracking_id:
        return True
    if export is None or not is_of_now:
        standing.exports[marketplace] = export = Export(market.export_offers(), asked_at)
        put(standing, room.book)
    told = market.offer_export(export.tracking_id)
    if told.error or told.state == "FAILED":
        logger.error("offers not exported", extra={"marketplace": marketplace, "why": told.error})
        del standing.exports[marketplace]
        return False
    if not told.urls:
        return False
    try:
        _keep(marketplace, export.asked_at, told.urls, standing, room)
    except _LacksMostError as doubt:
        logger.error("offers not believed", extra={"marketplace": marketplace, "why": str(doubt)})  # noqa: TRY400
        del standing.exports[marketplace]
        standing.exports_after[marketplace] = export.asked_at + KEPT_SECONDS
        return False
    standing.exports[marketplace] = Export("", export.asked_at)
    return True


def _keep(marketplace: str, asked_at: int, urls: tuple[str, ...], standing: Standing, room: Stockroom) -> None:
    """In place of what was kept, all or nothing. Raises _LacksMostError."""
    market = room.at.marketplace(marketplace)
    fronts = fronts_by_shop(room.at.config, marketplace)
    there: Counter[str] = Counter()
    before = standing.offered.get(marketplace, Offered({}))

    def lines() -> Iterator[bytes]:
        yield encode(asked_at) + b"\n"
        for url in urls:
            for offer in market.offers_of(url):
                if not offer.is_deleted:
                    there.update({"", fronts.get(offer.shop_id, "")})
                yield encode(offer) + b"\n"
        is_half = any(lacks_most(there[front], before.offers.get(front, 0)) for front in {*fronts.values(), ""})
        if is_half and before.doubted in {0, asked_at}:
            raise _LacksMostError(f"it has {dict(there)} offers, and the one before had {before.offers}")

    try:
        room.book.replace(offers_name(marketplace), lines())
    except _LacksMostError:
        standing.offered[marketplace] = Offered(before.offers, doubted=asked_at)
        raise
    standing.offered[marketplace] = Offered(dict(there))


class _LacksMostError(Exception):
    """An export has too few of the offers that the one before it had."""
