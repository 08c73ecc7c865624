"""What a run asks NetSuite, and what becomes of a run that it does not answer."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import NamedTuple

from msgspec.json import decode, encode

from tieout.domain.errors import CredentialsRefused, NeedsAttention, Retryable, SystemDown
from tieout.domain.stock.rules import Selling
from tieout.domain.stock.stale import is_stale
from tieout.flows.outcomes import held_until
from tieout.flows.ports import At
from tieout.flows.stock.everything import read_everything
from tieout.flows.stock.items import ItemsTold, ask_items
from tieout.flows.stock.listed import all_listed
from tieout.flows.stock.night import read_on
from tieout.flows.stock.orders import name_items
from tieout.flows.stock.reading import Reading, read_changes
from tieout.flows.stock.rules import sellings
from tieout.flows.stock.sold import SoldOrders
from tieout.flows.stock.standing import Standing
from tieout.flows.stock.store import Stockroom

logger = logging.getLogger(__name__)

FLOW = "stock"
NETSUITE = "netsuite"


class Asked(NamedTuple):
    """What NetSuite told before orders are read: it may be older than they are."""

    items: ItemsTold | None
    is_everything_there: bool
    """Everything was wanted, and has been kept."""


def asked_first(standing: Standing, room: Stockroom) -> Asked | None:
    """What takes long and may be a little old: items, and the reading of everything; None: NetSuite is not to be asked.

    Raises NeedsAttention where NetSuite lacks a location of the settings.
    """
    if held_until(room.at, FLOW, NETSUITE):
        return None
    try:
        is_everything_there = _is_everything_there(standing, room)
        is_told_soon = is_everything_there or not standing.book
        return Asked(None if is_told_soon else ask_items(standing, room), is_everything_there)
    except (Retryable, CredentialsRefused) as error:
        _away(error, room.at)
        return None


def _is_everything_there(standing: Standing, room: Stockroom) -> bool:
    """Whether everything is wanted, and was read. Where it does not come now, what changed may come all the same."""
    try:
        return (
            standing.wants_full
            and all_listed(standing, room)
            and read_on(standing, _sellings_anew(standing, room), room)
        )
    except Retryable as error:
        if not standing.book:
            raise
        _away(error, room.at)
        return False


def read(standing: Standing, asked: Asked, sold: SoldOrders, room: Stockroom) -> tuple[Standing, Reading | None]:
    """What NetSuite gives, and the standing that knows it; None and the old one where it gives nothing."""
    at = room.at
    fresh = decode(encode(standing), type=Standing)
    try:
        name_items(sold, fresh, room)
        if asked.is_everything_there:
            reading = read_everything(fresh, _sellings(fresh, room), room)
        elif fresh.book:
            reading = read_changes(fresh, asked.items, _sellings(fresh, room), room)
        else:
            return fresh, None
    except (Retryable, CredentialsRefused) as error:
        _away(error, at)
        return standing, None
    at.switches.worked(NETSUITE, at.clock())
    if is_stale(reading.read_at, standing.stock_read_at):
        logger.error("NetSuite's figures are older than those that were applied", extra={"of": reading.read_at})
        return standing, None
    return fresh, reading


def _sellings(standing: Standing, room: Stockroom) -> tuple[Selling, ...]:
    """Locations are asked for where the settings name one that is not known yet."""
    with suppress(NeedsAttention):
        return sellings(room.at.config, standing.locations)
    return _sellings_anew(standing, room)


def _sellings_anew(standing: Standing, room: Stockroom) -> tuple[Selling, ...]:
    standing.locations = dict(room.in_turn(room.at.ledger.references).locations)
    return sellings(room.at.config, standing.locations)


def _away(error: Retryable | CredentialsRefused, at: At) -> None:
    logger.warning("NetSuite not read", extra={"why": str(error)})
    if isinstance(error, CredentialsRefused):
        at.switches.failed(NETSUITE, at.clock(), at_once=True)
    elif isinstance(error, SystemDown):
        at.switches.failed(NETSUITE, at.clock())
