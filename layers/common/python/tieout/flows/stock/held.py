"""A push that looks like a mistake waits for a person, who lets exactly that push go."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from msgspec import Struct
from msgspec.json import decode, encode

from tieout.domain.errors import Reason
from tieout.domain.postings import Key, Kind, Lane, Posting, version_of
from tieout.domain.stock.brakes import Held, Tally
from tieout.domain.stock.brakes import held as held_by
from tieout.domain.stock.lanes import Push
from tieout.domain.stock.merge import Visit
from tieout.domain.stock.rules import Brakes
from tieout.domain.stock.workings import Want
from tieout.flows.ports import At, LeaseLostError
from tieout.flows.stock.refused import PUSHES, park_at_once, take_back
from tieout.flows.stock.standing import Standing, put
from tieout.flows.stock.store import Stockroom, whole

logger = logging.getLogger(__name__)

Found = Callable[[], Iterable[bytes | Visit]]


def take_released(standing: Standing, room: Stockroom) -> None:
    """Pushes that a person let go since the last run."""
    at = room.at
    keys = [each.key for each in at.postings.open_postings(Lane.STOCK_TO_PUSH) if each.key.kind is Kind.STOCK_PUSH]
    for posting in at.postings.claim(keys, at.clock()):
        standing.released.add(posting.key.marketplace)
        put(standing, room.book)
        with suppress(LeaseLostError):
            at.postings.confirm(posting, {"released": "its rows go with the next files"}, [], at.clock())


class Limits(Struct, frozen=True):
    """A marketplace's brakes, and how many offers it has in the book."""

    brakes: Brakes
    offers: int


def may_go(push: Push, found: Found, limits: Limits, standing: Standing, room: Stockroom) -> bool:
    """Whether a marketplace's push goes now. One that is held is written down, row by row, and waits for a person.

    What was let go goes, over as many files as it takes; what comes besides is held anew if it looks like a mistake by
    itself.
    """
    at, marketplace = room.at, push.marketplace
    waiting = _waiting(marketplace, at)
    at.meter.gauge("StockPushHeld", 0 if push.held is None else 1, marketplace=marketplace)
    if push.held is None:
        _forget(waiting, marketplace, standing, room)
        return True
    if waiting or marketplace in standing.released:
        beyond = _beyond(found(), marketplace, _permitted(marketplace, room), limits)
        if beyond is None and marketplace in standing.released:
            at.meter.gauge("StockPushHeld", 0, marketplace=marketplace)
            return True
        if beyond is None:
            return False
    _hold(push, push.held, found(), waiting, room)
    standing.released.discard(marketplace)
    return False


def nothing_to_hold(marketplace: str, standing: Standing, room: Stockroom) -> None:
    """A marketplace has nothing to push: what was held is over."""
    room.at.meter.gauge("StockPushHeld", 0, marketplace=marketplace)
    _forget(_waiting(marketplace, room.at), marketplace, standing, room)


def _hold(push: Push, held: Held, found: Iterable[bytes | Visit], waiting: Posting | None, room: Stockroom) -> None:
    at, marketplace = room.at, push.marketplace
    room.book.replace(_name(marketplace), (encode([w.sku, w.quantity]) + b"\n" for w in _wants(found, marketplace)))
    key = waiting.key if waiting else Key(marketplace, PUSHES, Kind.STOCK_PUSH, version_of(at.clock()))
    park_at_once(key, held.facts, Reason.STOCK_HELD, at)
    logger.error("push held", extra={"marketplace": marketplace, **held.facts})


def _forget(waiting: Posting | None, marketplace: str, standing: Standing, room: Stockroom) -> None:
    if waiting is not None:
        take_back(waiting.key, room.at)
    if waiting is not None or marketplace in standing.released:
        standing.released.discard(marketplace)
        room.book.replace(_name(marketplace), ())


def _beyond(found: Iterable[bytes | Visit], marketplace: str, permitted: dict[str, int], limits: Limits) -> Held | None:
    """Whether what was not let go looks like a mistake by itself. An offer that may be zeroed may be anything."""
    tally = Tally()
    for want in _wants(found, marketplace):
        allowed = permitted.get(want.sku)
        if allowed is None or (want.quantity == 0 and allowed > 0):
            tally.count(want)
    return held_by(tally, limits.offers, limits.brakes)


def _wants(found: Iterable[bytes | Visit], marketplace: str) -> Iterator[Want]:
    for each in found:
        if isinstance(each, Visit) and each.worked is not None:
            yield from (want for want in each.worked.wants if want.marketplace == marketplace)


def _permitted(marketplace: str, room: Stockroom) -> dict[str, int]:
    """Quantity by SKU of the push that was held."""
    lines = (whole(room.book, _name(marketplace)) or b"").splitlines()
    return dict(decode(line, type=tuple[str, int]) for line in lines)


def _waiting(marketplace: str, at: At) -> Posting | None:
    found = (
        each
        for each in at.postings.parked()
        if each.key.kind is Kind.STOCK_PUSH and each.key.marketplace == marketplace
    )
    return next(found, None)


def _name(marketplace: str) -> str:
    return f"{marketplace}/held"
