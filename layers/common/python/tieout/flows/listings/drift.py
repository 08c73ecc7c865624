"""Whether offers show what they should: Mirakl's own figures against the book of stock, and why they differ.

Each hour a sample, of what changed at the marketplace since the last look (an OF52 of changes); each night every offer,
out of the same file that the night's full push works with, before it does. What somebody else changed is marked in the
standing of stock, so that the next push writes over it.

A figure is judged only where both sides are of one time: an offer that moved after the orders were last read, or that a
file of ours changed since the export was asked for, is looked at again the next time.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from msgspec import Struct, field
from msgspec.json import decode, encode

from tieout.domain.errors import CredentialsRefused, NeedsAttention, Retryable
from tieout.domain.stock.drift import Cause, Drift, drift_of
from tieout.domain.stock.offer import Offer
from tieout.domain.stock.told import OfferFacts
from tieout.flows.listings.reading import by_front, own_offers
from tieout.flows.listings.rules import listed
from tieout.flows.listings.store import ListingsRoom
from tieout.flows.ports import At
from tieout.flows.stock.facts import offers_told
from tieout.flows.stock.follow import ask_clocks
from tieout.flows.stock.listed import APART, all_listed, kept_offers
from tieout.flows.stock.refused import blocked
from tieout.flows.stock.rules import stocked, window_seconds
from tieout.flows.stock.standing import Export, Seen, Standing, load, put
from tieout.flows.stock.store import StockBook, Stockroom, whole

logger = logging.getLogger(__name__)

FULL = "full"
MOST = 1000
"""Offers that are kept to be shown."""
OVERLAP = 60
"""Seconds that a look goes back behind the last one."""
PATIENCE = 90.0
"""Seconds that a run waits for its export of changes at most: twice what a push waits for its file."""
Turn = Callable[[], AbstractContextManager[None]]


class Look(Struct, kw_only=True, omit_defaults=True):
    """At one marketplace. Instants are seconds since 1970 by Mirakl's clock, if none is said."""

    since: int = 0
    """Changes from then on are still to be looked at; 0: nothing was looked at yet."""
    full_of: int = 0
    """When the last export of all offers that was looked at had been asked for."""
    export: Export | None = None
    """Of changes, that was asked for and is not there yet."""
    looked_at: int = 0
    """By our clock."""
    is_full: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    """Offers by cause, of the last look."""
    found: list[Drift] = field(default_factory=list)
    """Of the last look, as many as are kept."""


class Drifted(Struct, frozen=True):
    """What a run found."""

    looked: int
    """Offers that were judged."""
    drifted: int
    """Of them, those that do not show what they should."""
    unread: int
    """Marketplaces whose offers could not be read now."""


def detect_drift(task: str, room: ListingsRoom, stockroom: Stockroom, turn: Turn) -> Drifted:
    """Look at every marketplace whose offers are watched. `turn` is the turn of stock, which is held to judge.

    Raises Retryable where another run keeps the turn.
    """
    looked = drifted = unread = 0
    watched = [name for name in listed(room.at.config) if name in stocked(room.at.config)]
    if task == FULL:
        with turn():
            standing = load(room.stock)
            ask_clocks(standing, stockroom)
            all_listed(standing, stockroom)
            put(standing, room.stock)
    for marketplace in watched:
        look = look_of(room.kept, marketplace)
        before = look.looked_at
        try:
            seen = _all_offers(marketplace, look, room) if task == FULL else _changed(marketplace, look, stockroom)
            if seen is not None:
                with turn():
                    looked += _judge(marketplace, look, seen, room, is_full=task == FULL)
                drifted += sum(look.counts.values())
        except (CredentialsRefused, NeedsAttention, Retryable) as error:
            logger.warning("drift not looked for", extra={"marketplace": marketplace, "why": str(error)})
        unread += look.looked_at == before
        room.kept.replace(_name(marketplace), [encode(look)])
    return Drifted(looked, drifted, unread)


def look_of(book: StockBook, marketplace: str) -> Look:
    """The last look."""
    document = whole(book, _name(marketplace))
    return decode(document, type=Look) if document else Look()


# --- what the marketplace shows --------------------------------------------------------------------------------------


class _Shown(Struct, frozen=True):
    """Offers as they were at an instant."""

    asked_at: int
    offers: list[Offer]


def _all_offers(marketplace: str, look: Look, room: ListingsRoom) -> _Shown | None:
    """As the night's export has them; None where it is not there yet, or was looked at before."""
    kept = kept_offers(room.stock, marketplace)
    if kept is None or kept[0] <= look.full_of or _is_old(kept[0], marketplace, room.at):
        return None
    return _Shown(kept[0], list(own_offers(kept[1], marketplace, room.at.config)))


def _changed(marketplace: str, look: Look, stockroom: Stockroom) -> _Shown | None:
    """What changed since the last look (OF52 to OF54); None while the file is not there."""
    at = stockroom.at
    market = at.marketplace(marketplace)
    if look.export is None or _is_old(look.export.asked_at, marketplace, at):
        now = int(market.now().timestamp())
        since = (look.since or now - 3600) - OVERLAP
        look.export = Export(market.export_offers(datetime.fromtimestamp(since, UTC)), now)
    waited, patience = 0.0, min(PATIENCE, 2.0 * stocked(at.config)[marketplace].follow_seconds)
    while not (told := market.offer_export(look.export.tracking_id)).urls:
        if told.error or told.state == "FAILED":
            look.export = None
            raise Retryable(f"{marketplace} does not export what changed: {told.error}")
        if waited + APART > patience:
            return None
        stockroom.pause(APART)
        waited += APART
    everyones = (each for url in told.urls for each in market.offers_of(url))
    offers = list(own_offers(everyones, marketplace, at.config))
    asked_at, look.export = look.export.asked_at, None
    return _Shown(asked_at, offers)


def _is_old(asked_at: int, marketplace: str, at: At) -> bool:
    """The book forgets when its files landed once the window of sales is past: older figures cannot be judged by it."""
    return int(at.marketplace(marketplace).now().timestamp()) - asked_at > window_seconds(at.config)


# --- what it should show ---------------------------------------------------------------------------------------------


def _judge(marketplace: str, look: Look, seen: _Shown, room: ListingsRoom, *, is_full: bool) -> int:
    """Compare, and mark what somebody else changed. Answers how many offers were judged."""
    at = room.at
    standing = load(room.stock)
    now = at.clock()
    offers = {
        (front, offer.sku): offer
        for front, listed in by_front(seen.offers, marketplace, at.config).items()
        for offer in listed
        if offer.sku and not offer.is_deleted
    }
    skus = () if is_full else {sku for _, sku in offers}
    told = offers_told(standing, room.stock, at.config, now, skus) if offers else ()
    facts = {(each.marketplace, each.sku): each for each in told}
    stopped = blocked(standing, int(now.timestamp()))
    found, again = list[Drift](), seen.asked_at
    judged = 0
    for (front, sku), offer in offers.items():
        known = facts.get((front, sku))
        if known is not None and not _is_of_one_time(offer, known, seen.asked_at, standing):
            again = min(again, _moved_at(offer, seen.asked_at))
            continue
        judged += 1
        drift = drift_of(
            front,
            sku,
            offer.quantity,
            item_id=known.item_id if known else "",
            known=known.known if known else None,
            target=known.target if known else None,
            is_blocked=(front, sku) in stopped,
        )
        # A sample tells of unmapped offers only by chance: the night counts them.
        if drift is not None and (is_full or drift.cause is not Cause.NOT_MAPPED):
            found.append(drift)
    look.since, look.looked_at, look.is_full = again, int(now.timestamp()), is_full
    look.full_of = seen.asked_at if is_full else look.full_of
    look.counts = dict(Counter(str(each.cause) for each in found))
    look.found = sorted(found, key=lambda each: (each.cause is Cause.NOT_MAPPED, each.sku))[:MOST]
    _mark(found, standing, room)
    _report(marketplace, look, room, is_full=is_full)
    return judged


def _is_of_one_time(offer: Offer, known: OfferFacts, asked_at: int, standing: Standing) -> bool:
    """Whether what the book knows is of when the offer was exported: no later file or sale, and every earlier sale."""
    orders_known_at = standing.orders_known(known.marketplace)
    return known.known.since <= asked_at and _moved_at(offer, asked_at) < orders_known_at


def _moved_at(offer: Offer, asked_at: int) -> int:
    return min(asked_at, int(offer.updated_at.timestamp())) if offer.updated_at else asked_at


def _mark(found: Iterable[Drift], standing: Standing, room: ListingsRoom) -> None:
    """The next push sends these offers again."""
    outside = [each for each in found if each.cause is Cause.CHANGED_OUTSIDE]
    for each in outside:
        offers = [
            one
            for one in standing.seen.get(each.item_id, [])
            if (one.marketplace, one.sku) != (each.marketplace, each.sku)
        ]
        standing.seen[each.item_id] = [*offers, Seen(each.marketplace, each.sku, each.shows)]
    if outside:
        put(standing, room.stock)


def _report(marketplace: str, look: Look, room: ListingsRoom, *, is_full: bool) -> None:
    for cause in Cause:
        if is_full or cause is not Cause.NOT_MAPPED:
            room.at.meter.gauge("StockDrift", look.counts.get(cause, 0), marketplace=marketplace, cause=cause)
    if look.counts:
        logger.warning("offers drifted", extra={"marketplace": marketplace, **look.counts})


def _name(marketplace: str) -> str:
    return f"{marketplace}/drift"
