"""Files of quantities on their way: what is marked, what is sent, and what is told of it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.errors import CredentialsRefused, NeedsAttention, Retryable, SystemDown
from tieout.domain.stock.lanes import Push
from tieout.domain.stock.storefront import marketplace_of, shop_of
from tieout.domain.stock.workings import Want
from tieout.flows.ports import At
from tieout.flows.stock.refused import Waiting, is_taken, not_taken
from tieout.flows.stock.rules import stocked, storefronts
from tieout.flows.stock.standing import Called, Flight, Standing, put
from tieout.flows.stock.store import Stockroom

logger = logging.getLogger(__name__)

APART = 60.0
"""Seconds between two files of an access (STO01), of whichever of an operator's shops they are."""
WORTH_WAITING = 45.0
"""Seconds that a run waits for that at most. Files can only fall behind the minutes that runs begin at: each that
waited long for NetSuite puts off those after it. The longer a run has waited before rows are left to the next, which
begins anew, the shorter is the time without a file."""
LATER_MS, SOONER_MS = 1000, 100
LEADS_MS = (1000, 20_000)
"""The lead grows where reading took longer and shrinks where it did not: one file in eleven or so is late."""


class Pushed(Struct):
    """What a run did."""

    sent: int = 0
    """Rows that went out."""
    changed: int = 0
    """Of them, rows that change what an offer shows; the others settle a doubt."""
    waiting: int = 0
    """Rows that are held, or did not fit."""


def seconds_to_wait(front: str, standing: Standing, room: Stockroom) -> float:
    """Until Mirakl takes another file of this access; `front` is a storefront of it, or the marketplace."""
    marketplace = marketplace_of(front)
    return standing.seconds_left(standing.last_file(marketplace), APART, marketplace, room.now_ms)


def is_soon(front: str, standing: Standing, room: Stockroom) -> bool:
    """Whether this run waits until then; otherwise its rows go with the next one's."""
    patience = min(WORTH_WAITING, stocked(room.at.config)[marketplace_of(front)].follow_seconds)
    return seconds_to_wait(front, standing, room) <= patience


def by_turns(pushes: Iterable[Push], standing: Standing) -> list[Push]:
    """Of several shops of one access only one gives a file a minute: that which gave none for longest comes first."""
    never = Called(0, 0)
    return sorted(pushes, key=lambda push: standing.handed_in.get(push.marketplace, never).at_ms)


def wait_to_read(standing: Standing, room: Stockroom) -> int | None:
    """Orders and shelves are read just before the files may go: what is read earlier is old when it goes.

    All files of a run are of one reading, just before the last of them may go: a marketplace that was told nothing in
    the run before might go earlier than the others, whose files would then be made of what was read for its. Answers
    when reading begins, in milliseconds of our clock; None where the files may go at once.
    """
    waits = [seconds_to_wait(name, standing, room) for name in stocked(room.at.config) if is_soon(name, standing, room)]
    wait = max(waits, default=0.0)
    if not wait:
        return None
    if wait > standing.lead_ms / 1000:
        room.pause(wait - standing.lead_ms / 1000)
    return room.now_ms


def note_lead(standing: Standing, woke_ms: int | None, room: Stockroom) -> None:
    """Files are ready to go: the next run wakes so much earlier, or later."""
    if woke_ms is not None:
        is_late = room.now_ms - woke_ms > standing.lead_ms
        least, most = LEADS_MS
        standing.lead_ms = min(most, max(least, standing.lead_ms + (LATER_MS if is_late else -SOONER_MS)))


def send_in_turn(
    chosen: Mapping[str, Sequence[Want]], waiting: Waiting, standing: Standing, room: Stockroom
) -> dict[str, str]:
    """Each file as soon as Mirakl takes one of its shop; answers the import ids of those that it took."""
    files = {}
    for marketplace in sorted(chosen, key=lambda name: seconds_to_wait(name, standing, room)):
        wait = seconds_to_wait(marketplace, standing, room)
        if wait:
            put(standing, room.book)  # what was sent so far
            room.pause(wait)
        import_id = send(marketplace, chosen[marketplace], waiting, standing, room)
        if import_id:
            files[marketplace] = import_id
    return files


def take_off(chosen: Mapping[str, Sequence[Want]], standing: Standing, stock_read_at: int, room: Stockroom) -> None:
    """The new book says what landed, and marks what is going to be sent."""
    for marketplace in standing.landings:
        standing.flights.pop(marketplace, None)
    standing.landings.clear()
    for marketplace, wants in chosen.items():
        standing.flights[marketplace] = Flight(
            read_at=standing.orders_known(marketplace),
            stock_read_at=standing.there(marketplace, stock_read_at),
            sent_at=room.now,
            rows=len(wants),
        )
        refused = standing.refused.get(marketplace, {})
        standing.retried[marketplace] = [want.sku for want in wants if want.sku in refused]


def send(front: str, wants: Sequence[Want], waiting: Waiting, standing: Standing, room: Stockroom) -> str | None:
    """Answers the import's id; None where it is not known whether Mirakl has the file."""
    at, marketplace = room.at, marketplace_of(front)
    system = f"mirakl-{marketplace}"
    standing.handed_in[front] = standing.called(marketplace, room.now_ms)
    rows = ((want.sku, want.quantity) for want in wants)
    try:
        import_id = at.marketplace(marketplace).send_stock(rows, shop_of(front))
    except CredentialsRefused as error:
        at.switches.failed(system, at.clock(), at_once=True)
        logger.warning("stock not sent", extra={"marketplace": front, "why": str(error)})
        return None
    except Retryable as error:
        if isinstance(error, SystemDown):
            at.switches.failed(system, at.clock())
        logger.warning("stock not sent", extra={"marketplace": front, "why": str(error)})
        return None
    except NeedsAttention as problem:
        not_taken(front, standing.flights[front], problem.facts, waiting, at)
        return None
    at.switches.worked(system, at.clock())
    is_taken(front, waiting, at)
    standing.flights[front] = replace(standing.flights[front], import_id=import_id)
    return import_id


def report(
    pushes: Sequence[Push],
    files: Mapping[str, str],
    chosen: Mapping[str, Sequence[Want]],
    standing: Standing,
    room: Stockroom,
) -> Pushed:
    """What the alarms watch, and what the run answers. `files` are import ids of `chosen` that Mirakl took."""
    at, pushed = room.at, Pushed()
    by_name = {each.marketplace: each for each in pushes}
    behind = dict.fromkeys(stocked(at.config), 0)
    for name in storefronts(at.config):
        push, rows = by_name.get(name), chosen.get(name, ()) if name in files else ()
        changed = sum(want.quantity != want.was for want in rows)
        left = (push.waiting + len(push.rows) - len(rows)) if push else 0
        pushed.sent, pushed.changed, pushed.waiting = (
            pushed.sent + len(rows),
            pushed.changed + changed,
            pushed.waiting + left,
        )
        is_held = push is not None and push.held is not None and name not in standing.released
        if left and not is_held:
            standing.behind_since.setdefault(name, room.now)
        else:
            standing.behind_since.pop(name, None)
        oldest = min(standing.read_at, standing.behind_since.get(name, room.now))
        marketplace = marketplace_of(name)
        behind[marketplace] = max(behind[marketplace], room.now - oldest)
        if rows:
            at.meter.count("StockRowsSent", len(rows), marketplace=marketplace)
            at.meter.count("StockRowsChanged", changed, marketplace=marketplace)
    tell_behind(behind, at)
    return pushed


def tell_behind(behind: Mapping[str, int], at: At) -> None:
    """Seconds by marketplace: of an operator's shops, the worst.

    The alarm takes the least that it was told: one shop that is up to date would hide another.
    """
    for marketplace, seconds in behind.items():
        at.meter.gauge("StockBehindSeconds", seconds, marketplace=marketplace)
