"""Files of quantities are followed to their end (STO02, STO03): what landed counts, what did not is sent again."""

from __future__ import annotations

import logging

from tieout.domain.errors import CredentialsRefused, NeedsAttention, Retryable
from tieout.domain.stock.offer import Import, Rejected
from tieout.domain.stock.showing import Landing
from tieout.flows.stock.refused import answer_asked, note_failed, note_refused
from tieout.flows.stock.rules import stocked
from tieout.flows.stock.standing import Flight, Standing
from tieout.flows.stock.store import Stockroom

logger = logging.getLogger(__name__)

GIVEN_UP_AFTER = 3600
"""Seconds after which nobody waits for a file any more: its rows are doubtful, and are sent again."""
MARGIN = 300
"""Seconds that a file may take besides the time between two runs."""
A_MINUTE = 60.0
A_SECOND_FILE = 90
"""Seconds that reading again takes, and a file until it has landed."""
APART = 15.0
"""Seconds between two looks at a file (STO02)."""
BEFORE_THE_NEXT = 16
"""Seconds before the next run is due at which this one looks last, so that Mirakl lets that one look at once."""


def ask_clocks(standing: Standing, room: Stockroom) -> None:
    """Once a run, how each marketplace's clock stands to ours; one that does not answer is taken to go on as it did."""
    for marketplace in stocked(room.at.config):
        try:
            there = room.at.marketplace(marketplace).now()
        except (Retryable, CredentialsRefused) as error:
            logger.warning("clock not read", extra={"marketplace": marketplace, "why": str(error)})
        else:
            standing.clocks[marketplace] = int(there.timestamp()) - room.now


def follow(standing: Standing, room: Stockroom) -> None:
    """See what became of the files on their way; those of a marketplace that is switched off wait until it is back."""
    for marketplace, flight in standing.flights.items():
        if marketplace in standing.landings or marketplace not in stocked(room.at.config):
            continue
        try:
            landing = _landing_of(marketplace, flight, standing, room)
        except (Retryable, CredentialsRefused) as error:
            logger.warning("file not followed", extra={"marketplace": marketplace, "why": str(error)})
            continue
        if landing is not None:
            standing.landings[marketplace] = landing


def seconds_to_follow(began_at: int, room: Stockroom) -> dict[str, int]:
    """How long a run that began then may wait for its files, by marketplace: the next run finds nobody in its way."""
    every = stocked(room.at.config)
    apart = min((each.push_minutes for each in every.values()), default=0) * 60
    left = max(0, began_at + apart - BEFORE_THE_NEXT - room.now)
    return {name: min(each.follow_seconds, left) for name, each in every.items()}


def seconds_to_second(began_at: int, standing: Standing, room: Stockroom) -> float | None:
    """When the same run may send the raises that waited for its own lowerings, from now; None: the next run does.

    Mirakl lists orders and takes a file once a minute. A run that waits for nothing, or that the next one follows
    soon, leaves them to that.
    """
    every = stocked(room.at.config)
    if not standing.raise_waits or not standing.flights or set(standing.flights) - set(standing.landings):
        return None
    wait = max(standing.seconds_left(standing.listed.get(name), A_MINUTE, name, room.now_ms) for name in every)
    apart = min(each.push_minutes for each in every.values()) * 60
    is_in_time = room.now + wait + A_SECOND_FILE <= began_at + apart - BEFORE_THE_NEXT
    return wait if is_in_time and max(each.follow_seconds for each in every.values()) > 0 else None


def follow_for(standing: Standing, seconds: dict[str, int], room: Stockroom) -> None:
    """The same, again and again for so long at most (by marketplace), until all have landed."""
    waited = 0.0
    while waited + APART <= max(seconds.values(), default=0):
        if not set(standing.flights) & set(seconds) - set(standing.landings):
            return
        room.pause(APART)
        waited += APART
        follow(standing, room)


def _landing_of(marketplace: str, flight: Flight, standing: Standing, room: Stockroom) -> Landing | None:
    """None while it is on its way. Raises Retryable and CredentialsRefused: nothing is known then."""
    market = room.at.marketplace(marketplace)
    if not flight.import_id:
        return flight.ended(_now(marketplace, standing, room), is_complete=False)
    try:
        told = market.stock_import(flight.import_id)
    except NeedsAttention as problem:
        note_failed(marketplace, flight, str(problem), room)
        return flight.ended(_now(marketplace, standing, room), is_complete=False)
    if not told.is_over:
        if room.now - flight.sent_at < GIVEN_UP_AFTER:
            return None
        note_failed(marketplace, flight, f"{told.state} for {room.now - flight.sent_at} seconds", room)
        return flight.ended(_now(marketplace, standing, room), is_complete=False)
    return _ended(marketplace, flight, told, standing, room)


def _ended(marketplace: str, flight: Flight, told: Import, standing: Standing, room: Stockroom) -> Landing:
    ended_at = _now(marketplace, standing, room)
    if told.state != "COMPLETE":
        note_failed(marketplace, flight, told.why or told.state, room)
        return flight.ended(ended_at, is_complete=False)
    market = room.at.marketplace(marketplace)
    refused: list[Rejected] = []
    if told.in_error or told.has_errors:
        try:
            refused = market.stock_errors(flight.import_id)
        except NeedsAttention as problem:  # which rows were refused is not known: all are sent again
            note_failed(marketplace, flight, str(problem), room)
            return flight.ended(ended_at, is_complete=False)
    if nameless := [each.why for each in refused if not each.sku]:
        note_failed(marketplace, flight, f"a line that its report does not name: {nameless[0]}", room)
        return flight.ended(ended_at, is_complete=False)
    answer_asked(marketplace, flight.import_id, {each.sku: each.why for each in refused}, room.at)
    note_refused(marketplace, flight, refused, standing, room)
    # Seen to be over by the next run only, a file may have landed long before: two runs and a margin are the most.
    longest = 2 * 60 * stocked(room.at.config)[marketplace].push_minutes + MARGIN
    standing.lags[marketplace] = min(flight.lag(ended_at), longest)
    room.at.meter.gauge("StockLagSeconds", standing.lags[marketplace], marketplace=marketplace)
    return flight.ended(ended_at, is_complete=True, rejected=frozenset(each.sku for each in refused))


def _now(marketplace: str, standing: Standing, room: Stockroom) -> int:
    """Mirakl's clock, as orders are dated."""
    return standing.there(marketplace, room.now)
