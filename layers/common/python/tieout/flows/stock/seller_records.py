"""What other shops offer, kept in NetSuite: a record a product, written when its figures change.

A list beside the report says what NetSuite holds. Products whose records are about to be written are marked in it
first: whatever cuts a run off leaves records that are written again, with what is true then, and none is forgotten.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial

from msgspec import Struct
from msgspec.json import Decoder, decode, encode

from tieout.domain.errors import (
    AlreadyExists,
    CredentialsRefused,
    NeedsAttention,
    OutcomeUnknown,
    Retryable,
    SystemDown,
)
from tieout.domain.stock.blocks import whole_lines
from tieout.domain.stock.sellers import NOTHING, Figures, SellerStock, added_up
from tieout.flows.outcomes import held_until
from tieout.flows.stock.listed import kept_offers
from tieout.flows.stock.store import StockBook, Stockroom, whole

logger = logging.getLogger(__name__)

FLOW = "stock"
NETSUITE = "netsuite"
MOST_WORDS = 500
"""Of NetSuite's, that are kept with a record that it refuses."""
_LINE = Decoder(tuple[str, Figures | None])

Held = dict[str, Figures | None]
"""What NetSuite holds, by product; None where nobody knows."""


class Refusal(Struct, frozen=True, array_like=True):
    """A record that NetSuite does not take, until it does."""

    since: int
    """First refused then; seconds since 1970, by our clock."""
    why: str
    """NetSuite's words, of the last time."""


class Kept(Struct):
    """What a run did."""

    written: int = 0
    refused: int = 0
    """NetSuite did not take them; they are tried again, after the others."""
    unknown: int = 0
    """No answer came; they are written again."""
    waiting: int = 0
    """Not tried in this run."""
    refused_hours: int = 0
    """For how long NetSuite has refused the oldest of those that it does not take: a person has to look."""

    @property
    def is_stuck(self) -> bool:
        """Whether there was something to write, and nothing was."""
        return not self.written and bool(self.refused or self.unknown or self.waiting)


def keep_in_netsuite(marketplace: str, room: Stockroom, has_time: Callable[[], bool]) -> Kept | None:
    """Write the records whose figures changed, at most so many as a run may; None where no offers were read yet.

    Products that nobody offers any more get a record of zero units. Absolute figures: a replay changes nothing.
    """
    offers = kept_offers(room.book, marketplace)
    if offers is None:
        return None
    asked_at, listed = offers
    done_at, lines = _read(room.book, marketplace)
    if done_at == asked_at:
        return Kept()
    held: Held = dict(lines)
    own = {str(each) for each in room.at.config.marketplaces[marketplace].operator.own_shops}
    offered = added_up(listed, own)
    changed = _changed(held, offered)
    chosen = changed[: _limit(marketplace, room)]
    if chosen and (why := held_until(room.at, FLOW, NETSUITE)):
        logger.warning("seller stock waits", extra={"marketplace": marketplace, "why": why[1]})
        return Kept(refused_hours=_hours_of(refusals_of(room.book, marketplace), room))
    if chosen:
        _write(room.book, marketplace, 0, held | dict.fromkeys(chosen))
    as_of = datetime.fromtimestamp(asked_at, UTC)
    records = [
        SellerStock(marketplace=marketplace, product=each, figures=offered.get(each, NOTHING), as_of=as_of)
        for each in chosen
    ]
    refusals = refusals_of(room.book, marketplace)
    kept = _send(records, held, refusals, room, has_time)
    kept.refused_hours = _hours_of(refusals, room)
    kept.waiting = len(changed) - kept.written - kept.refused - kept.unknown
    gone = [product for product, figures in held.items() if figures == NOTHING and product not in offered]
    for product in gone:
        del held[product]
    room.book.replace(_refused_name(marketplace), (encode(each) + b"\n" for each in refusals.items()))
    is_done = not (kept.waiting or kept.refused or kept.unknown)
    _write(room.book, marketplace, asked_at if is_done else 0, held)
    return kept


def _hours_of(refusals: Mapping[str, Refusal], room: Stockroom) -> int:
    """Since the oldest of them."""
    return max(((room.now - each.since) // 3600 for each in refusals.values()), default=0)


def _changed(held: Held, offered: Mapping[str, Figures]) -> list[str]:
    """What to write, in order: what nobody knows of comes last, so that one bad record keeps no other waiting."""
    new = [product for product in offered if product not in held]
    differ = [product for product, figures in held.items() if figures != offered.get(product, NOTHING)]
    return sorted([*new, *differ], key=lambda product: (held.get(product, NOTHING) is None, product))


def _limit(marketplace: str, room: Stockroom) -> int:
    stock = room.at.config.marketplaces[marketplace].stock
    return stock.seller_records_a_run if stock else 0


def _send(
    records: list[SellerStock],
    held: Held,
    refusals: dict[str, Refusal],
    room: Stockroom,
    has_time: Callable[[], bool],
) -> Kept:
    """By turns with NetSuite's other readers, a record at a time; `held` and `refusals` learn what became of each."""
    at, kept = room.at, Kept()
    for record in records:
        if not has_time():
            break
        told = {"marketplace": record.marketplace, "product": record.product}
        try:
            room.in_turn(partial(at.ledger.keep_seller_stock, record))
        except (NeedsAttention, AlreadyExists) as refused:
            logger.warning("seller stock refused by NetSuite", extra={**told, "why": str(refused)})
            held[record.product] = None
            first = refusals.get(record.product)
            refusals[record.product] = Refusal(first.since if first else room.now, str(refused)[:MOST_WORDS])
            kept.refused += 1
        except OutcomeUnknown as error:
            logger.warning("seller stock written or not", extra={**told, "why": str(error)})
            held[record.product] = None
            kept.unknown += 1
        except (Retryable, CredentialsRefused) as error:
            # Nothing was written, and the next would fare no better; a record that somebody edits comes last then.
            logger.warning("seller stock waits", extra={**told, "why": str(error)})
            held[record.product] = None
            if isinstance(error, SystemDown | CredentialsRefused):
                at.switches.failed(NETSUITE, at.clock(), at_once=isinstance(error, CredentialsRefused))
            break
        else:
            held[record.product] = record.figures
            refusals.pop(record.product, None)
            kept.written += 1
    if kept.written:
        at.switches.worked(NETSUITE, at.clock())
    return kept


# --- the list of what NetSuite holds ---------------------------------------------------------------------------------


def _name(marketplace: str) -> str:
    return f"reports/{marketplace}/sellers-in-netsuite"


def _refused_name(marketplace: str) -> str:
    return f"reports/{marketplace}/sellers-refused"


def refusals_of(book: StockBook, marketplace: str) -> dict[str, Refusal]:
    """Records that NetSuite does not take, by product."""
    lines = (whole(book, _refused_name(marketplace)) or b"").splitlines()
    return dict(decode(line, type=tuple[str, Refusal]) for line in lines)


def _read(book: StockBook, marketplace: str) -> tuple[int, Iterator[tuple[str, Figures | None]]]:
    """Of which offers NetSuite holds everything (0: of none), and the list."""
    blocks = book.blocks(_name(marketplace))
    if blocks is None:
        return 0, iter(())
    lines = (line for block in whole_lines(blocks) for line in block.splitlines())
    return decode(next(lines), type=int), (_LINE.decode(line) for line in lines)


def _write(book: StockBook, marketplace: str, done_at: int, held: Held) -> None:
    def lines() -> Iterator[bytes]:
        yield encode(done_at) + b"\n"
        for each in held.items():
            yield encode(each) + b"\n"

    book.replace(_name(marketplace), lines())
