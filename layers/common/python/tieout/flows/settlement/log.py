"""What was told of money, kept as it came and read back as it stands: the newest version of each row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from msgspec import Struct, json

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.exchange import CyclePage, DocumentPage, LinePage, UnreadRow
from tieout.domain.ledger.line import Cycle, Document, Line, Sold
from tieout.flows.ports import At

LINES, CYCLES, DOCUMENTS, ORDERS, TOUCHED = "lines", "cycles", "documents", "orders", "touched"
"""Tables of the settlement log; the last says which cycles a reading found changed."""
NO_CYCLE = "none"
"""Partition of lines that are in no billing cycle yet, and of tables that are read whole."""
UNREAD = "unread"
"""Partition of lines that name no cycle legibly; once one reads, its new version stands here too."""

Row = TypeVar("Row")


# --- lines -----------------------------------------------------------------------------------------------------------


def keep_lines(marketplace: str, page: LinePage, unread: Collection[str], at: At) -> set[str]:
    """Add a page to the log, with the orders that its lines name; answers the cycles that it touches.

    `unread` are the ids of lines that did not read when they came before.
    """
    illegible = {each.place: each for each in page.problems}
    legible = (raw for place, raw in enumerate(page.raw) if place not in illegible)
    rows: defaultdict[str, list[bytes]] = defaultdict(list)
    orders: defaultdict[str, set[str]] = defaultdict(set)
    for raw, line in zip(legible, page.lines, strict=True):
        rows[line.cycle or NO_CYCLE].append(raw)
        if line.id in unread:
            rows[UNREAD].append(raw)
        if line.order_id:
            orders[line.cycle or NO_CYCLE].add(line.order_id)
    for place, problem in illegible.items():
        rows[problem.cycle or UNREAD].append(page.raw[place])
    now = at.clock()
    if orders:
        at.settlement_log.append(marketplace, ORDERS, _sold_rows(marketplace, orders, at), now)
    if rows:
        at.settlement_log.append(marketplace, LINES, rows, now)
    return {*rows} - {NO_CYCLE, UNREAD}


def _sold_rows(marketplace: str, orders: Mapping[str, Collection[str]], at: At) -> dict[str, list[bytes]]:
    """Each order as far as money goes, by the cycle of the lines that name it: what is kept holds no buyer."""
    sold = _sold(marketplace, sorted({each for named in orders.values() for each in named}), at)
    found = {
        cycle: [sold[order_id] for order_id in sorted(named) if order_id in sold] for cycle, named in orders.items()
    }
    return {cycle: rows for cycle, rows in found.items() if rows}


def sold_by_id(marketplace: str, order_ids: Sequence[str], at: At) -> dict[str, Sold]:
    """Orders as the archive has them, as far as money goes; those that it never had, or has no more, are not there."""
    market = at.marketplace(marketplace)
    found: dict[str, Sold] = {}
    for order_id, raw in _archived(marketplace, order_ids, at).items():
        with suppress(NeedsAttention):  # its order posting is parked for it
            found[order_id] = market.read_sold(raw)
    return found


def _archived(marketplace: str, order_ids: Sequence[str], at: At) -> dict[str, bytes]:
    payloads = at.postings.seen_payloads(marketplace, order_ids)
    archived = at.archive.load(list(payloads.values()))
    return {order_id: archived[payload] for order_id, payload in payloads.items() if payload in archived}


def _sold(marketplace: str, order_ids: Sequence[str], at: At) -> dict[str, bytes]:
    """The newest version that the archive has of each order; those that it never had, or has no more, from Mirakl."""
    market = at.marketplace(marketplace)
    raw = _archived(marketplace, order_ids, at)
    missing = [order_id for order_id in order_ids if order_id not in raw]
    if missing:
        raw |= {each.order_id: each.raw for each in market.orders_by_id(missing)}
    found: dict[str, bytes] = {}
    for order_id, each in raw.items():
        try:
            found[order_id] = market.only_money(each)
        except NeedsAttention:
            # Its order posting is parked for it; a line whose order is unknown says so when its cycle is worked out.
            continue
    return found


def lines_of(marketplace: str, cycle: str, at: At) -> list[Line]:
    """Every line of a billing cycle, once, as it stands.

    Raises NeedsAttention(CYCLE_HELD) when a row that may belong to the cycle does not read.
    """
    page = at.marketplace(marketplace).read_lines(at.settlement_log.rows(marketplace, LINES, cycle))
    _all_read(page.problems, {line.id for line in page.lines})
    if still := still_unread(marketplace, at):
        _all_read(still, set())
    return newest_lines(page.lines)


def newest_lines(versions: Iterable[Line]) -> list[Line]:
    """Each line once: of two versions the one that was updated later, else the one that came later."""
    newest: dict[str, Line] = {}
    for line in versions:
        before = newest.get(line.id)
        if before is None or before.updated <= line.updated:
            newest[line.id] = line
    return list(newest.values())


def still_unread(marketplace: str, at: At) -> list[UnreadRow]:
    """Lines of no legible cycle that have not read in any version."""
    rows = at.settlement_log.rows(marketplace, LINES, UNREAD)
    if not rows:
        return []
    page = at.marketplace(marketplace).read_lines(rows)
    mended = {line.id for line in page.lines}
    return [each for each in page.problems if each.id not in mended]


def _all_read(problems: Sequence[UnreadRow], mended: Collection[str]) -> None:
    left = [each for each in problems if each.id not in mended]
    if left:
        shown = "; ".join(f"{each.id}: {each.why}" for each in left[:10])
        raise NeedsAttention(Reason.CYCLE_HELD, {"unreadable_lines": str(len(left)), "lines": shown})


# --- what changed ----------------------------------------------------------------------------------------------------


class Touched(Struct, frozen=True):
    """Cycles with lines that a reading found changed."""

    at: datetime
    cycles: list[str]


_TOUCHED = json.Decoder(Touched)


def keep_touched(marketplace: str, cycles: Collection[str], at: At) -> None:
    """Remember them."""
    row = json.encode(Touched(at.clock(), sorted(cycles)))
    at.settlement_log.append(marketplace, TOUCHED, {NO_CYCLE: [row]}, at.clock())


def touched_since(marketplace: str, since: datetime | None, at: At) -> set[str]:
    """Cycles that any reading found changed since then (None: ever)."""
    readings = map(_TOUCHED.decode, at.settlement_log.rows(marketplace, TOUCHED, NO_CYCLE))
    return {cycle for each in readings if since is None or each.at >= since for cycle in each.cycles}


# --- cycles, documents, orders ---------------------------------------------------------------------------------------


def keep_cycles(marketplace: str, page: CyclePage, at: At) -> None:
    """Add what is new in a page to the log."""
    _keep_new(marketplace, CYCLES, page.raw, at)


def keep_documents(marketplace: str, page: DocumentPage, at: At) -> None:
    """Add what is new in a page to the log."""
    _keep_new(marketplace, DOCUMENTS, page.raw, at)


def _keep_new(marketplace: str, table: str, raw: Sequence[bytes], at: At) -> None:
    known = set(at.settlement_log.rows(marketplace, table, NO_CYCLE))
    if fresh := [each for each in raw if each not in known]:
        at.settlement_log.append(marketplace, table, {NO_CYCLE: fresh}, at.clock())


def cycles_of(marketplace: str, at: At) -> list[Cycle]:
    """Every billing cycle as it was last told."""
    page = at.marketplace(marketplace).read_cycles(at.settlement_log.rows(marketplace, CYCLES, NO_CYCLE))
    return _last_told(page.cycles, lambda cycle: cycle.id)


def documents_of(marketplace: str, at: At) -> list[Document]:
    """Every legal document as it was last told."""
    page = at.marketplace(marketplace).read_documents(at.settlement_log.rows(marketplace, DOCUMENTS, NO_CYCLE))
    return _last_told(page.documents, lambda document: (document.shop, document.number))


def sold_in(marketplace: str, cycle: str, at: At) -> dict[str, Sold]:
    """Orders that the lines of a cycle name, as they were when the last of those lines came."""
    rows = at.settlement_log.rows(marketplace, ORDERS, cycle)
    return {sold.id: sold for sold in map(at.marketplace(marketplace).read_sold, rows)}


def _last_told(versions: Iterable[Row], name: Callable[[Row], object]) -> list[Row]:
    return list({name(each): each for each in versions}.values())
