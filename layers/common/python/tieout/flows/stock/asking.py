"""What a run asks NetSuite, and what becomes of a run that it does not answer."""

from __future__ import annotations

import logging
from contextlib import suppress

from msgspec.json import decode, encode

from tieout.domain.errors import CredentialsRefused, NeedsAttention, Retryable, SystemDown
from tieout.domain.stock.rules import Selling
from tieout.domain.stock.stale import is_stale
from tieout.flows.outcomes import held_until
from tieout.flows.ports import At
from tieout.flows.stock.items import ItemsTold, ask_items
from tieout.flows.stock.listed import all_listed
from tieout.flows.stock.orders import name_items
from tieout.flows.stock.reading import Reading, read_changes, read_everything
from tieout.flows.stock.rules import sellings
from tieout.flows.stock.sold import SoldOrders
from tieout.flows.stock.standing import Standing
from tieout.flows.stock.store import Stockroom

logger = logging.getLogger(__name__)

FLOW = "stock"
NETSUITE = "netsuite"


def asked_first(standing: Standing, room: Stockroom) -> tuple[bool, ItemsTold | None]:
    """Whether NetSuite is to be asked in this run, and what it told of items, which may be older than its shelves."""
    if held_until(room.at, FLOW, NETSUITE):
        return False, None
    try:
        return True, ask_items(standing, room) if standing.book else None
    except (Retryable, CredentialsRefused) as error:
        _away(error, room.at)
        return False, None


def read(
    standing: Standing, items: ItemsTold | None, sold: SoldOrders, room: Stockroom
) -> tuple[Standing, Reading | None]:
    """What NetSuite gives, and the standing that knows it; None and the old one where it gives nothing."""
    at = room.at
    fresh = decode(encode(standing), type=Standing)
    try:
        name_items(sold, fresh, room)
        selling = _sellings(fresh, room)
        if fresh.wants_full and all_listed(fresh, room):
            reading = read_everything(fresh, selling, room)
        elif fresh.book:
            reading = read_changes(fresh, items, selling, room)
        else:
            return fresh, None
    except (Retryable, CredentialsRefused) as error:
        _away(error, at)
        return _but_exports(standing, fresh), None
    at.switches.worked(NETSUITE, at.clock())
    if is_stale(reading.read_at, standing.stock_read_at):
        logger.error("NetSuite's figures are older than those that were applied", extra={"of": reading.read_at})
        return _but_exports(standing, fresh), None
    return fresh, reading


def _but_exports(standing: Standing, fresh: Standing) -> Standing:
    """As it stood, but for the files of offers: Mirakl gives one a day, and what was asked for stays asked for."""
    standing.exports, standing.exports_after = fresh.exports, fresh.exports_after
    return standing


def _sellings(fresh: Standing, room: Stockroom) -> tuple[Selling, ...]:
    """Locations are asked for anew with everything else, and where the settings name one that is not known yet."""
    config, ledger = room.at.config, room.at.ledger
    if not fresh.wants_full:
        with suppress(NeedsAttention):
            return sellings(config, fresh.locations)
    fresh.locations = dict(room.in_turn(ledger.references).locations)
    return sellings(config, fresh.locations)


def _away(error: Retryable | CredentialsRefused, at: At) -> None:
    logger.warning("NetSuite not read", extra={"why": str(error)})
    if isinstance(error, CredentialsRefused):
        at.switches.failed(NETSUITE, at.clock(), at_once=True)
    elif isinstance(error, SystemDown):
        at.switches.failed(NETSUITE, at.clock())
