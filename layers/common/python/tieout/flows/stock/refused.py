"""Rows that a marketplace did not take: each waits for a person as a posting, and stops nothing else."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from msgspec import Struct

from tieout.domain.errors import Reason
from tieout.domain.postings import Intent, Key, Kind, Lane, Posting, version_of
from tieout.domain.stock.offer import Rejected
from tieout.domain.stock.storefront import marketplace_of, thread_of
from tieout.flows.outcomes import release
from tieout.flows.ports import At, LeaseLostError
from tieout.flows.stock.rules import told_by, whose
from tieout.flows.stock.standing import Flight, Standing
from tieout.flows.stock.store import Stockroom

logger = logging.getLogger(__name__)

AGAIN_AFTER = 3600
"""Seconds after which a refused row is tried again by itself."""
MOST = 200
"""Rows of one file that park one by one; a file that is refused whole needs one person, not thousands of postings."""
PUSHES = "stock"
"""Thread of what is about a whole file."""
NOT_TAKEN = "not-taken-"
LATER = timedelta(minutes=1)


def blocked(standing: Standing, now: int) -> set[tuple[str, str]]:
    """Offers (storefront, SKU) that are not sent again yet."""
    return {
        (marketplace, sku)
        for marketplace, skus in standing.refused.items()
        for sku, at in skus.items()
        if now - at < AGAIN_AFTER
    }


# --- a file is over --------------------------------------------------------------------------------------------------


def note_refused(front: str, flight: Flight, refused: Sequence[Rejected], standing: Standing, room: Stockroom) -> None:
    """Park what was refused, and take back what was refused before and is taken now."""
    at, known = room.at, standing.refused.setdefault(front, {})
    again = {each.sku for each in refused}
    retried = set(standing.retried.pop(front, ()))
    parked = _refused_before(front, at) if refused or retried else {}
    for sku in retried - again:
        known.pop(sku, None)
        if sku in parked:
            take_back(parked[sku], at)
    known.update(dict.fromkeys(again, room.now))
    if not refused:
        return
    at.meter.count("StockRowsRefused", len(refused), marketplace=marketplace_of(front))
    logger.warning("rows refused", extra={"marketplace": front, "rows": len(refused), "file": flight.import_id})
    for each in refused[:MOST]:
        if each.sku not in parked:
            thread = thread_of(front, each.sku)
            key = Key(marketplace_of(front), thread, Kind.STOCK, f"{flight.import_id}/{each.sku}")
            park_at_once(key, _facts(front, each.why, flight), reason_of(each.why), at)
    if len(refused) > MOST:
        facts = _facts(front, refused[MOST].why, flight) | {"rows": str(len(refused)), "examples": _some(refused)}
        park_at_once(_of_the_file(front, flight), facts, Reason.OFFER_REFUSED, at)


def note_failed(front: str, flight: Flight, why: str, room: Stockroom) -> None:
    """A whole file came to nothing; its rows are doubtful, and are sent again."""
    room.at.meter.count("StockRowsRefused", flight.rows, marketplace=marketplace_of(front))
    logger.error("file failed", extra={"marketplace": front, "file": flight.import_id, "why": why})


class Waiting(Struct, frozen=True, kw_only=True):
    """What of pushes and whole files waits for a person, by storefront."""

    pushes: Mapping[str, Posting]
    """That are held."""
    not_taken: Mapping[str, Sequence[Key]]
    """Files that Mirakl did not take at all."""


def waiting_of(at: At) -> Waiting:
    """Read once a run: everything that is parked is one list, and may be long of orders."""
    pushes: dict[str, Posting] = {}
    files: dict[str, list[Key]] = {}
    for each in at.postings.parked():
        if each.key.kind is Kind.STOCK_PUSH:
            pushes.setdefault(told_by(each.key, at.config)[0], each)
        elif each.key.kind is Kind.STOCK and each.key.source_id.startswith(NOT_TAKEN):
            files.setdefault(told_by(each.key, at.config)[0], []).append(each.key)
    return Waiting(pushes=pushes, not_taken=files)


def not_taken(front: str, flight: Flight, facts: Mapping[str, str], waiting: Waiting, at: At) -> None:
    """Mirakl refused to take a file at all: a person has to look, once, however often it is tried."""
    at.meter.count("StockRowsRefused", flight.rows, marketplace=marketplace_of(front))
    if front not in waiting.not_taken:
        key = _about_files(front, f"{NOT_TAKEN}{version_of(at.clock())}")
        park_at_once(key, {**facts, **whose(front), "rows": str(flight.rows)}, Reason.OFFER_REFUSED, at)


def is_taken(front: str, waiting: Waiting, at: At) -> None:
    """Mirakl takes files."""
    for key in waiting.not_taken.get(front, ()):
        take_back(key, at)


def reason_of(words: str) -> Reason:
    """Mirakl has no codes here, only words: those of an offer that is not there, or anything else."""
    told = words.casefold()
    missing = any(each in told for each in ("exist", "not found", "unknown"))
    return Reason.OFFER_UNKNOWN if missing else Reason.OFFER_REFUSED


# --- a person said: again --------------------------------------------------------------------------------------------


def take_asked(standing: Standing, at: At) -> list[Posting]:
    """Postings of refused rows that a person gave back: their offers are sent with the next file."""
    on_its_way = {flight.import_id for flight in standing.flights.values()}
    keys = [
        posting.key
        for posting in at.postings.open_postings(Lane.STOCK_TO_PUSH)
        if posting.key.kind is Kind.STOCK and posting.target_id not in on_its_way
    ]
    asked = at.postings.claim(keys[:MOST], at.clock())
    for posting in asked:
        front, sku = told_by(posting.key, at.config)
        standing.refused.get(front, {}).pop(sku, None)
    return asked


def asked_are_sent(
    asked: Sequence[Posting],
    files: Mapping[str, str],
    skus: Mapping[str, Collection[str]],
    chosen: Collection[str],
    at: At,
) -> None:
    """Say which file they are in (import id by storefront), or that nothing is to be sent any more.

    `skus` are all that is to be sent, by storefront; those of one that was not chosen wait for its next file.
    """
    for posting in asked:
        front, sku = told_by(posting.key, at.config)
        with suppress(LeaseLostError):
            if sku not in skus.get(front, ()):
                found = "tried again" if sku == PUSHES else "the offer shows what it should"
                at.postings.confirm(posting, {"found": found}, [], at.clock())
            elif front in files:
                at.postings.mark_posted(posting, files[front], at.clock(), due_at=at.clock())
            elif front in chosen:
                release(at, posting, at.clock() + LATER, "its file was not taken")
            else:
                release(at, posting, at.clock(), "it goes with the next file of its shop", untouched=True)


def answer_asked(front: str, import_id: str, refused: Mapping[str, str], at: At) -> None:
    """The file is over that a person's offers were sent in."""
    waiting = [
        each.key
        for each in at.postings.open_postings(Lane.STOCK_TO_PUSH)
        if each.key.kind is Kind.STOCK and told_by(each.key, at.config)[0] == front and each.target_id == import_id
    ]
    for posting in at.postings.claim(waiting, at.clock()):
        words = refused.get(told_by(posting.key, at.config)[1])
        with suppress(LeaseLostError):
            if words is None:
                at.postings.confirm(posting, {"file": import_id}, [], at.clock())
            else:
                at.postings.park(posting, reason_of(words), {"mirakl": words, "file": import_id}, at.clock())


# ---------------------------------------------------------------------------------------------------------------------


def _refused_before(front: str, at: At) -> dict[str, Key]:
    named = ((told_by(each.key, at.config), each.key) for each in at.postings.parked() if each.key.kind is Kind.STOCK)
    return {sku: key for (storefront, sku), key in named if storefront == front}


def park_at_once(key: Key, facts: Mapping[str, str], reason: Reason, at: At) -> None:
    """A person has to look at this; recorded twice, it is one posting with the newer facts."""
    version = version_of(at.clock())
    intent = Intent(key=key, source_version=version, payload="", facts=dict(facts), parked=reason)
    _record(key, version, [intent], [], at)
    at.meter.count("Parked")


def take_back(key: Key, at: At) -> None:
    """Nobody has to look at this any more."""
    _record(key, version_of(at.clock()), [], [key], at)


def _record(key: Key, version: str, intents: Sequence[Intent], retire: Sequence[Key], at: At) -> None:
    """Under a subject of its own in its thread: a SKU may be called as an order is."""
    at.postings.record_order(
        marketplace=key.marketplace,
        order_id=key.thread,
        subject=f"SEEN#{key.kind}#{key.source_id}",
        version=version,
        state="",
        payload="",
        intents=intents,
        retire=retire,
        now=at.clock(),
    )


def _of_the_file(front: str, flight: Flight) -> Key:
    return _about_files(front, flight.import_id or f"file-of-{flight.sent_at}")


def _about_files(front: str, source_id: str) -> Key:
    return Key(marketplace_of(front), thread_of(front, PUSHES), Kind.STOCK, source_id)


def _facts(front: str, why: str, flight: Flight) -> dict[str, str]:
    return {"mirakl": why, "file": flight.import_id, **whose(front)}


def _some(refused: Sequence[Rejected]) -> str:
    return "; ".join(f"{each.sku}: {each.why}" for each in refused[MOST : MOST + 5])
