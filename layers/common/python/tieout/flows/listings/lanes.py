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
        if file is not None and _is_over(marketplace, file, lane, sent, room):
            del sent.files[name]
            put(sent, room.kept, marketplace)


def _is_over(marketplace: str, file: File, lane: Lane, sent: Sent, room: ListingsRoom) -> bool:
    at = room.at
    if not file.import_id:
        logger.warning("file without an answer: its rows are sent again", extra={"marketplace": marketplace})
        return True
    try:
        told = lane.state(file.import_id)
        refused = _refused_by(told, lane) if told.is_over else {}
    except NeedsAttention as problem:
        return _came_to_nothing(marketplace, file, str(problem), room)
    if not told.is_over:
        age = int(at.clock().timestamp()) - file.sent_at
        return age >= GIVEN_UP_AFTER and _came_to_nothing(marketplace, file, f"{told.state} for {age} seconds", room)
    if told.state != "COMPLETE":
        return _came_to_nothing(marketplace, file, told.why or told.state, room)
    if told.in_error > sum(row.sku in refused for row in file.rows):
        # Some of these lines were refused, and nobody can tell which: none is taken to have landed.
        return _came_to_nothing(marketplace, file, f"{told.in_error} lines in error are not named", room)
    there = int(at.marketplace(marketplace).now().timestamp())
    for row in file.rows:
        if row.sku not in refused:
            sent.land(row, there)
    _refuse(marketplace, [row for row in file.rows if row.sku in refused], refused, sent, room)
    return True


def _refused_by(told: Import, lane: Lane) -> dict[str, str]:
    """Mirakl's words by SKU. Raises NeedsAttention for a report that does not read."""
    return {each.sku: each.why for each in lane.errors(told.import_id)} if told.in_error or told.has_errors else {}


def _came_to_nothing(marketplace: str, file: File, why: str, room: ListingsRoom) -> bool:
    room.at.meter.count("ListingRowsRefused", len(file.rows), marketplace=marketplace)
    logger.error("file failed", extra={"marketplace": marketplace, "file": file.import_id, "why": why})
    return True


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
