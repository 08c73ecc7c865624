"""Files of quantities are followed to their end (STO02, STO03): what landed counts, what did not is sent again."""

from __future__ import annotations

import logging

from tieout.domain.errors import CredentialsRefused, NeedsAttention, Retryable
from tieout.domain.stock.offer import Import, Rejected
from tieout.domain.stock.showing import Landing
from tieout.domain.stock.storefront import marketplace_of
from tieout.flows.stock.refused import answer_asked, note_failed, note_refused
from tieout.flows.stock.rules import stocked, storefronts
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
    for front in _asked_now(standing, room):
        flight = standing.flights[front]
        try:
            landing = _landing_of(front, flight, standing, room)
        except (Retryable, CredentialsRefused) as error:
            logger.warning("file not followed", extra={"marketplace": front, "why": str(error)})
            continue
        if landing is not None:
            standing.landings[front] = landing


def _asked_now(standing: Standing, room: Stockroom) -> list[str]:
    """Storefronts whose file is asked after now: one at a time of an access, since Mirakl counts by access.

    That which was not asked after for longest comes first, and goes behind the others: so they stand in `flights`.
    """
    first: dict[str, str] = {}
    for front in standing.flights:
        if front not in standing.landings and front in storefronts(room.at.config):
            first.setdefault(marketplace_of(front), front)
    for front in first.values():
        standing.flights[front] = standing.flights.pop(front)
    return list(first.values())


def seconds_to_follow(began_at: int, room: Stockroom) -> dict[str, int]:
    """How long a run that began then may wait for its files, by storefront: the next run finds nobody in its way."""
    every = storefronts(room.at.config)
    apart = min((each.push_minutes for each in every.values()), default=0) * 60
    left = max(0, began_at + apart - BEFORE_THE_NEXT - room.now)
    return {name: min(each.follow_seconds, left) for name, each in every.items()}


def seconds_to_second(began_at: int, standing: Standing, room: Stockroom) -> float | None:
    """When the same run may send the raises that waited for its own lowerings, from now; None: the next run does.

    Mirakl lists orders and takes a file once a minute. A run that waits for nothing, or that the next one follows
    soon, leaves them to that.
    """
    every = stocked(room.at.config)
    followed = set(standing.flights) & set(storefronts(room.at.config))  # of a shop that is kept no more none ends
    if not standing.raise_waits or not followed or followed - set(standing.landings):
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


def _landing_of(front: str, flight: Flight, standing: Standing, room: Stockroom) -> Landing | None:
    """None while it is on its way. Raises Retryable and CredentialsRefused: nothing is known then."""
    market = room.at.marketplace(marketplace_of(front))
    if not flight.import_id:
        return flight.ended(_now(front, standing, room), is_complete=False)
    try:
        told = market.stock_import(flight.import_id)
    except NeedsAttention as problem:
        note_failed(front, flight, str(problem), room)
        return flight.ended(_now(front, standing, room), is_complete=False)
    if not told.is_over:
        if room.now - flight.sent_at < GIVEN_UP_AFTER:
            return None
        note_failed(front, flight, f"{told.state} for {room.now - flight.sent_at} seconds", room)
        return flight.ended(_now(front, standing, room), is_complete=False)
    return _ended(front, flight, told, standing, room)


def _ended(front: str, flight: Flight, told: Import, standing: Standing, room: Stockroom) -> Landing:
    ended_at = _now(front, standing, room)
    if told.state != "COMPLETE":
        note_failed(front, flight, told.why or told.state, room)
        return flight.ended(ended_at, is_complete=False)
    market = room.at.marketplace(marketplace_of(front))
    refused: list[Rejected] = []
    if told.in_error or told.has_errors:
        try:
            refused = market.stock_errors(flight.import_id)
        except NeedsAttention as problem:  # which rows were refused is not known: all are sent again
            note_failed(front, flight, str(problem), room)
            return flight.ended(ended_at, is_complete=False)
    if nameless := [each.why for each in refused if not each.sku]:
        note_failed(front, flight, f"a line that its report does not name: {nameless[0]}", room)
        return flight.ended(ended_at, is_complete=False)
    named, lines = {each.sku for each in refused}, max(told.in_error, int(told.has_errors))
    if lines > len(named):
        # Which rows they were nobody can tell: a lowering among them may not have landed.
        note_failed(front, flight, f"{lines} lines in error, of which its report names {len(named)}", room)
        return flight.ended(ended_at, is_complete=False)
    answer_asked(front, flight.import_id, {each.sku: each.why for each in refused}, room.at)
    note_refused(front, flight, refused, standing, room)
    # Seen to be over by the next run only, a file may have landed long before: two runs and a margin are the most.
    longest = 2 * 60 * storefronts(room.at.config)[front].push_minutes + MARGIN
    standing.lags[front] = min(flight.lag(ended_at), longest)
    room.at.meter.gauge("StockLagSeconds", standing.lags[front], marketplace=marketplace_of(front))
    return flight.ended(ended_at, is_complete=True, rejected=frozenset(each.sku for each in refused))


def _now(front: str, standing: Standing, room: Stockroom) -> int:
    """Mirakl's clock, as orders are dated."""
    return standing.there(front, room.now)
