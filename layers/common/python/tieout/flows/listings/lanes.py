"""The two kinds of files that make offers: how each is sent, followed to its end, and what came of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.errors import CredentialsRefused, NeedsAttention, OutcomeUnknown, Retryable, SystemDown
from tieout.domain.listings.listing import Listing, PriceRow
from tieout.domain.stock.offer import Import, Rejected
from tieout.flows.listings.sent import File, Refused, Row, Sent, What, put
from tieout.flows.listings.store import ListingsRoom
from tieout.flows.ports import Marketplace

logger = logging.getLogger(__name__)

OFFERS, PRICES = "offers", "prices"
GIVEN_UP_AFTER = 6 * 3600
"""Seconds after which nobody waits for a file any more; its rows are sent again."""
MOST = 20_000
"""Rows of one file; the rest follows with the next run."""
WITHOUT_A_WORD = "refused without a word"
OF_A_NEW_OFFER = ("product_id", "product_id_type", "description", "price", "quantity", "state_code")


class Lane(Struct, frozen=True):
    """How a kind of file is followed."""

    state: Callable[[str], Import]
    errors: Callable[[str], list[Rejected]]


def lanes_of(market: Marketplace) -> dict[str, Lane]:
    """By name."""
    return {
        OFFERS: Lane(market.offer_import, market.offer_errors),
        PRICES: Lane(market.price_import, market.price_errors),
    }


# --- following -------------------------------------------------------------------------------------------------------


def follow(marketplace: str, sent: Sent, room: ListingsRoom) -> None:
    """See what became of the files on their way (OF02, PRI02).

    Raises Retryable and CredentialsRefused: nothing is known then.
    """
    market = room.at.marketplace(marketplace)
    for name, lane in lanes_of(market).items():
        file = sent.files.get(name)
        if file is None:
            continue
        end = _end_of(marketplace, file, lane, room)
        if end is not None:
            _learn(marketplace, file, end, sent, room)
            sent.failed.pop(name, None)
            if end.why:
                sent.failed[name] = end.why
            del sent.files[name]
            put(sent, room.kept, marketplace)


class _End(Struct, frozen=True):
    """What became of a file."""

    refused: Mapping[str, str]
    """Mirakl's words by SKU."""
    is_known: bool = True
    """Otherwise any of its rows may have been taken, or not."""
    why: str = ""
    """Why it came to nothing."""


def _end_of(marketplace: str, file: File, lane: Lane, room: ListingsRoom) -> _End | None:
    """None while it is on its way."""
    if not file.import_id:
        logger.warning("file without an answer: its rows are doubtful", extra={"marketplace": marketplace})
        return _End({}, is_known=False)
    try:
        told = lane.state(file.import_id)
        report = lane.errors(file.import_id) if told.is_over and (told.in_error or told.has_errors) else []
    except NeedsAttention as problem:
        return _came_to_nothing(marketplace, file, str(problem), room)
    if not told.is_over:
        age = int(room.at.clock().timestamp()) - file.sent_at
        why = f"{told.state} for {age} seconds"
        return _came_to_nothing(marketplace, file, why, room) if age >= GIVEN_UP_AFTER else None
    if told.state != "COMPLETE":
        return _came_to_nothing(marketplace, file, told.why or told.state, room)
    return _by_report(marketplace, file, told, report, room)


def _by_report(marketplace: str, file: File, told: Import, report: Sequence[Rejected], room: ListingsRoom) -> _End:
    skus = {row.sku for row in file.rows}
    refused = {each.sku: each.why for each in report if each.sku in skus}
    nameless = sum(each.sku not in skus for each in report)
    lines = max(told.in_error, len(refused) + nameless, told.has_errors)
    if lines >= len(skus):  # all of them: whoever the report does not name was refused as well
        words = report[0].why if report else WITHOUT_A_WORD
        return _End(dict.fromkeys(skus, words) | refused)
    if lines > len(refused):
        # Some of these lines were refused, and nobody can tell which: none is taken to have landed.
        return _came_to_nothing(marketplace, file, f"{lines} lines in error are not named", room)
    return _End(refused)


def _learn(marketplace: str, file: File, end: _End, sent: Sent, room: ListingsRoom) -> None:
    there = int(room.at.marketplace(marketplace).now().timestamp())
    if not end.is_known:
        sent.doubt(file.rows, there)
        return
    for row in file.rows:
        if row.sku not in end.refused:
            sent.land(row, there)
    _refuse(marketplace, [row for row in file.rows if row.sku in end.refused], end.refused, sent, room)


def _came_to_nothing(marketplace: str, file: File, why: str, room: ListingsRoom) -> _End:
    room.at.meter.count("ListingRowsRefused", len(file.rows), marketplace=marketplace)
    logger.error("file failed", extra={"marketplace": marketplace, "file": file.import_id, "why": why})
    return _End({}, is_known=False, why=why)


def _refuse(marketplace: str, rows: Sequence[Row], why: Mapping[str, str], sent: Sent, room: ListingsRoom) -> None:
    now = int(room.at.clock().timestamp())
    for row in rows:
        sent.refused[row.sku] = Refused(row, why[row.sku], now)
    if rows:
        room.at.meter.count("ListingRowsRefused", len(rows), marketplace=marketplace)


# --- sending ---------------------------------------------------------------------------------------------------------


def send_offers(marketplace: str, listings: Sequence[Listing], sent: Sent, room: ListingsRoom) -> int:
    """New offers, or offers that go (OF01): one of the two a file. Answers how many rows went out."""
    market, some = room.at.marketplace(marketplace), list(listings)[:MOST]
    is_deletion = bool(some) and some[0].is_deletion
    rows = [Row(What.DELETE, each.sku) if is_deletion else Row(What.CREATE, each.sku, each.price) for each in some]
    columns = () if is_deletion else OF_A_NEW_OFFER
    return _send(OFFERS, marketplace, rows, lambda: market.send_offers(some, columns), sent=sent, room=room)


def send_prices(marketplace: str, prices: Sequence[PriceRow], sent: Sent, room: ListingsRoom) -> int:
    """Prices (PRI01). Answers how many rows went out."""
    market, some = room.at.marketplace(marketplace), list(prices)[:MOST]
    rows = [Row(What.PRICE, each.sku, each.price) for each in some]
    return _send(PRICES, marketplace, rows, lambda: market.send_prices(some), sent=sent, room=room)


def _send(
    name: str, marketplace: str, rows: Sequence[Row], send: Callable[[], str], *, sent: Sent, room: ListingsRoom
) -> int:
    """One file in flight a lane; it is written down before it is sent."""
    at, system = room.at, f"mirakl-{marketplace}"
    if not rows or name in sent.files:
        return 0
    sent.files[name] = file = File(sent_at=int(at.clock().timestamp()), rows=tuple(rows))
    put(sent, room.kept, marketplace)
    try:
        import_id = send()
    except OutcomeUnknown as error:
        logger.warning("no answer", extra={"marketplace": marketplace, "lane": name, "why": str(error)})
        return 0
    except (Retryable, CredentialsRefused) as error:
        if isinstance(error, SystemDown | CredentialsRefused):
            at.switches.failed(system, at.clock(), at_once=isinstance(error, CredentialsRefused))
        logger.warning("not sent", extra={"marketplace": marketplace, "lane": name, "why": str(error)})
        del sent.files[name]
        put(sent, room.kept, marketplace)
        return 0
    except NeedsAttention as problem:
        del sent.files[name]
        words = problem.facts.get("message") or str(problem)
        _refuse(marketplace, rows, dict.fromkeys((row.sku for row in rows), words), sent, room)
        put(sent, room.kept, marketplace)
        return 0
    at.switches.worked(system, at.clock())
    sent.files[name] = replace(file, import_id=import_id)
    put(sent, room.kept, marketplace)
    at.meter.count("ListingRowsSent", len(rows), marketplace=marketplace)
    return len(rows)
