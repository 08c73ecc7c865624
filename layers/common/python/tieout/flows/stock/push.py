"""One run: what NetSuite has, less what was sold, reaches the offers, and nothing shows more than there is.

Orders are read first, then NetSuite; the book says what every offer shows. What changed goes out in one file a
marketplace. The book that marks those rows as on their way counts before the file is sent: whatever cuts a run off
leaves rows that are sent again, never a figure that nobody knows of.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from msgspec.json import encode

from tieout.domain.stock.book import UnreadableBookError
from tieout.domain.stock.lanes import planned, raise_waits
from tieout.domain.stock.merge import Visit, rewritten, visits
from tieout.domain.stock.rules import Selling
from tieout.domain.stock.storefront import marketplace_of
from tieout.domain.stock.workings import Want
from tieout.flows.outcomes import held_until
from tieout.flows.ports import At
from tieout.flows.stock.asking import FLOW, asked_first, read
from tieout.flows.stock.facts import run_of, sales_window
from tieout.flows.stock.follow import ask_clocks, follow, follow_for, seconds_to_follow, seconds_to_second
from tieout.flows.stock.held import Limits, may_go, nothing_to_hold, take_released
from tieout.flows.stock.orders import read_orders
from tieout.flows.stock.reading import Reading
from tieout.flows.stock.refused import asked_are_sent, take_asked, waiting_of
from tieout.flows.stock.rules import sellings, storefronts
from tieout.flows.stock.send import (
    Pushed,
    by_turns,
    is_soon,
    note_lead,
    report,
    send_in_turn,
    take_off,
    tell_behind,
    wait_to_read,
)
from tieout.flows.stock.sold import SoldOrders
from tieout.flows.stock.standing import Standing, load, put
from tieout.flows.stock.store import Stockroom

logger = logging.getLogger(__name__)

FULL, PUSH = "full", "push"
NIGHTLY = "push-stock-nightly"
"""The schedule that asks for everything: it is done when everything was read, perhaps by a later push."""


def push_stock(task: str, room: Stockroom) -> Pushed:
    """One run; `full` asks for everything to be read anew, as soon as the marketplaces give their offers.

    Raises NeedsAttention when NetSuite lacks a location of the settings.
    """
    began_at = room.now
    pushed = _run(task, began_at, room)
    wait = seconds_to_second(began_at, load(room.book), room)
    if wait is not None:
        room.pause(wait)
        more = _run(PUSH, room.now, room)
        pushed = Pushed(pushed.sent + more.sent, pushed.changed + more.changed, more.waiting)
    return pushed


def _run(task: str, began_at: int, room: Stockroom) -> Pushed:
    at = room.at
    if held_until(at, FLOW):
        return Pushed()
    standing = load(room.book)
    standing.wants_full = standing.wants_full or task == FULL or not standing.book
    take_released(standing, room)
    ask_clocks(standing, room)
    follow(standing, room)
    asked = asked_first(standing, room)
    woke_ms = wait_to_read(standing, room)
    sold = SoldOrders.load(room.book, at.config)
    read_orders(sold, standing, room)
    # Promises are read before the stock: a sale that NetSuite books in between counts twice, never not at all.
    sold.settle(sales_window(standing, at.config, room.now)[0], standing.read_at, at)
    sold.keep(room.book)
    began = room.now
    standing, reading = read(standing, asked, sold, room) if asked else (standing, None)
    sold.keep(room.book)
    if reading is None and not standing.book:
        _tell_nothing_is_kept(standing, room)
        put(standing, room.book)
        return Pushed()
    try:
        pushed = _push(standing, reading, sold, _Moments(began, woke_ms), room)
    except UnreadableBookError:
        logger.exception("the book does not read and is made anew")
        standing.book, standing.offers, standing.wants_full = "", {}, True
        put(standing, room.book)
        return Pushed()
    follow_for(standing, seconds_to_follow(began_at, room), room)
    put(standing, room.book)
    return pushed


def _tell_nothing_is_kept(standing: Standing, room: Stockroom) -> None:
    """There is no book yet: no offer follows the stock."""
    behind: dict[str, int] = {}
    for front in storefronts(room.at.config):
        seconds = room.now - standing.behind_since.setdefault(front, room.now)
        behind[marketplace_of(front)] = max(seconds, behind.get(marketplace_of(front), 0))
    tell_behind(behind, room.at)


class _Moments(NamedTuple):
    """Of a run, by our clock."""

    began: int
    """Just before NetSuite was asked for its shelves, in seconds since 1970."""
    woke_ms: int | None
    """When it began to read what goes with a file that had to wait, in milliseconds."""


def _push(standing: Standing, reading: Reading | None, sold: SoldOrders, moments: _Moments, room: Stockroom) -> Pushed:
    at, began = room.at, moments.began
    asked = take_asked(standing, at)
    age = 0 if reading else max(1, began - standing.read_at)
    if reading:
        _note(reading, standing, began, at)
    selling = sellings(at.config, standing.locations)
    run = run_of(standing, selling, sold, at.config, room.now, age=age)
    rules = _digest(selling, is_away=any(age > each.outage.after_seconds for each in selling))
    was_there, changes, kits = standing.book, reading.changes if reading else (), reading.kits if reading else ()

    def found() -> Iterator[bytes | Visit]:
        return visits(
            (room.book.blocks(was_there) if was_there else None) or (),
            changes,
            kits,
            run,
            is_full=reading is not None and reading.is_full,
            looks_at_all=rules != standing.rules,
        )

    noted = _Noted()
    pushes = planned(noted.of(found()), selling, standing.offers)
    waiting = waiting_of(at)
    limits = {
        each.marketplace: Limits(
            each.brakes,
            standing.offers.get(each.marketplace, 0) + noted.new.get(each.marketplace, 0),
            waiting.pushes.get(each.marketplace),
        )
        for each in selling
    }
    chosen: dict[str, Sequence[Want]] = {}
    waits_its_turn = False
    for each in by_turns(pushes, standing):
        if marketplace_of(each.marketplace) in map(marketplace_of, chosen):
            waits_its_turn = True  # Mirakl takes a file of this access a minute, and another of its shops has it
        elif _is_free(each.marketplace, standing, room) and may_go(
            each, found, limits[each.marketplace], standing, room
        ):
            chosen[each.marketplace] = each.rows
    for name in set(limits) - {each.marketplace for each in pushes}:
        nothing_to_hold(name, limits[name].waiting, standing, room)
    if noted.is_changed or chosen or rules != standing.rules:
        rows = {(want.marketplace, want.sku) for wants in chosen.values() for want in wants}
        offers = dict(standing.offers)
        name = "book-1" if was_there == "book-0" else "book-0"
        room.book.replace(name, rewritten(found(), rows, offers))
        standing.book, standing.offers, standing.rules = name, offers, rules
        take_off(chosen, standing, began - age, room)
    standing.seen.clear()
    standing.raise_waits = noted.raise_waits or waits_its_turn
    known = [standing.orders_known(name) for name in limits]
    standing.sales_until = max(standing.sales_until, min(known))
    put(standing, room.book)
    if reading and not reading.is_full:
        note_lead(standing, moments.woke_ms, room)
    files = send_in_turn(chosen, waiting, standing, room)
    put(standing, room.book)
    wanted = {each.marketplace: {want.sku for want in each.rows} for each in pushes} if asked else {}
    asked_are_sent(asked, files, wanted, chosen, at)
    return report(pushes, files, chosen, standing, room)


class _Noted:
    """What a pass over the book came upon."""

    def __init__(self) -> None:
        self.is_changed = False
        self.raise_waits = False
        self.new: dict[str, int] = {}
        """Offers that came or went, by marketplace."""

    def of(self, found: Iterable[bytes | Visit]) -> Iterator[bytes | Visit]:
        for each in found:
            if isinstance(each, Visit):
                after = each.worked.entry if each.worked else None
                self.is_changed = self.is_changed or after != each.before
                self.raise_waits = self.raise_waits or (each.worked is not None and raise_waits(each.worked))
                for entry, step in ((each.before, -1), (after, 1)):
                    for shown in entry.offers if entry else ():
                        self.new[shown.marketplace] = self.new.get(shown.marketplace, 0) + step
            yield each


def _digest(selling: Sequence[Selling], *, is_away: bool) -> str:
    """Every line was worked out by these rules; when NetSuite goes away, or is back, each is looked at again."""
    return sha256(encode(selling)).hexdigest()[:16] + ("/away" if is_away else "")


def _is_free(front: str, standing: Standing, room: Stockroom) -> bool:
    """One file in flight a shop and one a minute, and none to a marketplace that does not answer."""
    in_flight = front in standing.flights and front not in standing.landings
    is_held = held_until(room.at, FLOW, f"mirakl-{marketplace_of(front)}") is not None
    return not in_flight and not is_held and is_soon(front, standing, room)


def _note(reading: Reading, standing: Standing, began: int, at: At) -> None:
    standing.stock_read_at, standing.read_at = reading.read_at, began
    if reading.is_full:
        standing.full_at, standing.wants_full = began, False
        standing.exports.clear()
        standing.night = None
        at.meter.gauge("StockUnmappedOffers", reading.unmapped)
        at.meter.count("RunCompleted", schedule=NIGHTLY)
