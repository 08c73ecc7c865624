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
from tieout.domain.stock.storefront import marketplace_of, thread_of
from tieout.domain.stock.workings import Want
from tieout.flows.ports import At, LeaseLostError
from tieout.flows.stock.refused import PUSHES, park_at_once, take_back
from tieout.flows.stock.rules import told_by, whose
from tieout.flows.stock.standing import Standing, put
from tieout.flows.stock.store import Stockroom, whole

logger = logging.getLogger(__name__)

Found = Callable[[], Iterable[bytes | Visit]]


def take_released(standing: Standing, room: Stockroom) -> None:
    """Pushes that a person let go since the last run."""
    at = room.at
    keys = [each.key for each in at.postings.open_postings(Lane.STOCK_TO_PUSH) if each.key.kind is Kind.STOCK_PUSH]
    for posting in at.postings.claim(keys, at.clock()):
        standing.released.add(told_by(posting.key, at.config)[0])
        put(standing, room.book)
        with suppress(LeaseLostError):
            at.postings.confirm(posting, {"released": "its rows go with the next files"}, [], at.clock())


class Limits(Struct, frozen=True):
    """A storefront's brakes, how many offers it has in the book, and its push that is held already."""

    brakes: Brakes
    offers: int
    waiting: Posting | None


def may_go(push: Push, found: Found, limits: Limits, standing: Standing, room: Stockroom) -> bool:
    """Whether a storefront's push goes now. One that is held is written down, row by row, and waits for a person.

    What was let go goes, over as many files as it takes; what comes besides is held anew if it looks like a mistake by
    itself.
    """
    at, front = room.at, push.marketplace
    waiting = limits.waiting
    _tell(front, is_held=push.held is not None, at=at)
    if push.held is None:
        _forget(waiting, front, standing, room)
        return True
    if waiting or front in standing.released:
        beyond = _beyond(found(), front, _permitted(front, room), limits)
        if beyond is None and front in standing.released:
            _tell(front, is_held=False, at=at)
            return True
        if beyond is None:
            return False
    _hold(push, push.held, found(), waiting, room)
    standing.released.discard(front)
    return False


def nothing_to_hold(front: str, waiting: Posting | None, standing: Standing, room: Stockroom) -> None:
    """A storefront has nothing to push: what was held is over."""
    _tell(front, is_held=False, at=room.at)
    _forget(waiting, front, standing, room)


def _hold(push: Push, held: Held, found: Iterable[bytes | Visit], waiting: Posting | None, room: Stockroom) -> None:
    at, front = room.at, push.marketplace
    room.book.replace(_name(front), (encode([w.sku, w.quantity]) + b"\n" for w in _wants(found, front)))
    thread = thread_of(front, PUSHES)
    key = waiting.key if waiting else Key(marketplace_of(front), thread, Kind.STOCK_PUSH, version_of(at.clock()))
    park_at_once(key, held.facts | whose(front), Reason.STOCK_HELD, at)
    logger.error("push held", extra={"marketplace": front, **held.facts})


def _forget(waiting: Posting | None, front: str, standing: Standing, room: Stockroom) -> None:
    if waiting is not None:
        take_back(waiting.key, room.at)
    if waiting is not None or front in standing.released:
        standing.released.discard(front)
        room.book.replace(_name(front), ())


def _beyond(found: Iterable[bytes | Visit], front: str, permitted: dict[str, int], limits: Limits) -> Held | None:
    """Whether what was not let go looks like a mistake by itself. An offer that may be zeroed may be anything."""
    tally = Tally()
    for want in _wants(found, front):
        allowed = permitted.get(want.sku)
        if allowed is None or (want.quantity == 0 and allowed > 0):
            tally.count(want)
    return held_by(tally, limits.offers, limits.brakes)


def _wants(found: Iterable[bytes | Visit], front: str) -> Iterator[Want]:
    for each in found:
        if isinstance(each, Visit) and each.worked is not None:
            yield from (want for want in each.worked.wants if want.marketplace == front)


def _permitted(front: str, room: Stockroom) -> dict[str, int]:
    """Quantity by SKU of the push that was held."""
    lines = (whole(room.book, _name(front)) or b"").splitlines()
    return dict(decode(line, type=tuple[str, int]) for line in lines)


def _tell(front: str, *, is_held: bool, at: At) -> None:
    """The alarm takes the most that it was told: of an operator's shops, one that is held rings."""
    at.meter.gauge("StockPushHeld", int(is_held), marketplace=marketplace_of(front))


def _name(front: str) -> str:
    return f"{front}/held"
