"""The lines at which a log's running balance breaks off, and those that it begins and ends with."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.reconcile.chain import Loose

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Log = tuple[str, str, str]
"""Marketplace, shop, currency."""
Spot = tuple[int, int]
"""Place of a stretch, balance."""
ANYWHERE = -1


class Span(Struct):
    """The lines of a log's first and of its last moment."""

    first: list[Loose]
    last: list[Loose]
    left: Counter[int]
    """Balances that the first moment's lines start from, less those that they reach."""
    reached: Counter[int]
    """The other way round, of the last moment."""


def _line(row: Sequence[Any], balance: int) -> Loose:
    at, cycle, order_id, line, place, is_payout = row
    orders = frozenset({order_id} if order_id else ())
    return Loose(balance=balance, at=at, cycle=cycle, orders=orders, line=line, place=place, is_payout=is_payout)


def read_spans(engine: DuckDBPyConnection) -> dict[Log, Span]:
    """The edges of every log, by its stretches' places."""
    spans: dict[Log, Span] = defaultdict(lambda: Span([], [], Counter(), Counter()))
    edges = {
        (*row[:5],): row[5:]
        for row in engine.execute(
            "SELECT mkp, shop, ccy, cycle, is_payout, place, "
            "CASE WHEN (place, first) = min((place, first)) OVER log THEN first END, "
            "CASE WHEN (place, last) = max((place, last)) OVER log THEN last END "
            "FROM stretch WINDOW log AS (PARTITION BY mkp, shop, ccy)"
        ).fetchall()
    }
    moments = [each for _, *both in edges.values() for each in both if each is not None]
    rows = engine.execute(
        "SELECT mkp, shop, ccy, cycle, type = 'PAYMENT', created, bal - a, bal, order_id, id FROM l "
        "WHERE created IN (SELECT unnest(?::TIMESTAMP[])) AND bal IS NOT NULL AND NOT is_copy AND is_memo IS NOT TRUE "
        "ORDER BY ALL",
        [moments],
    ).fetchall()
    for mkp, shop, currency, cycle, is_payout, at, left_at, reached, order_id, name in rows:
        place, first, last = edges[mkp, shop, currency, cycle, is_payout]
        span = spans[mkp, shop, currency]
        line = (at, cycle, order_id, name, place, is_payout)
        if at == first:
            span.first.append(_line(line, left_at))
            span.left[left_at] += 1
            span.left[reached] -= 1
        if at == last:
            span.last.append(_line(line, reached))
            span.reached[reached] += 1
            span.reached[left_at] -= 1
    for span in spans.values():
        span.left, span.reached = +span.left, +span.reached
    return spans


def loose_lines(
    engine: DuckDBPyConnection,
    log: Log,
    spots: Mapping[Spot, int],
    edges: tuple[Spot, Spot] | None,
    *,
    with_memo: bool,
) -> tuple[list[Loose], list[Loose]]:
    """The lines at loose balances: which start from one that was not reached, which reach one that is not left."""
    balances = [balance for _, balance in spots]
    places = {
        (cycle, is_payout): place
        for cycle, is_payout, place in engine.execute(
            "SELECT cycle, is_payout, place FROM stretch WHERE mkp = ? AND shop IS NOT DISTINCT FROM ? AND ccy = ?", log
        ).fetchall()
    }
    near = engine.execute(
        "SELECT bal, a, created, cycle, order_id, id, type = 'PAYMENT' FROM l "
        "WHERE mkp = ? AND shop IS NOT DISTINCT FROM ? AND ccy = ? AND bal IS NOT NULL AND NOT is_copy "
        "AND (bal IN (SELECT unnest(?::BIGINT[])) OR bal - a IN (SELECT unnest(?::BIGINT[]))) "
        "AND (is_memo IS NOT TRUE OR ?) ORDER BY created, id",
        [*log, balances, balances, with_memo],
    ).fetchall()
    starting, reaching = defaultdict(list), defaultdict(list)
    for balance, amount, at, cycle, order_id, name, is_payout in near:
        line = (at, cycle, order_id, name, places[cycle, is_payout], is_payout)
        start, end = _line(line, balance - amount), _line(line, balance)
        for place in (start.place, ANYWHERE):
            starting[place, start.balance].append(start)
            reaching[place, end.balance].append(end)
    starts: list[Loose] = []
    ends: list[Loose] = []
    for spot, more in spots.items():
        begins, finishes = (edges is not None and edge == spot for edge in (edges or (spot, spot)))
        left, reached = _unmatched(starting[spot], reaching[spot], begins, finishes)
        orders = frozenset(each for line in (starting if more < 0 else reaching)[spot] for each in line.orders)
        if more > 0:
            ends += [replace(line, orders=orders) for line in reached[-more:]]
        else:
            starts += [replace(line, orders=orders) for line in left[:-more]]
    return starts, ends


def _unmatched(
    starting: Sequence[Loose], reaching: Sequence[Loose], begins: bool, finishes: bool
) -> tuple[list[Loose], list[Loose]]:
    """Of the lines at one balance, those that start from it and none reached it before, and the other way round."""
    steps = sorted(
        [
            *((each.place, each.at, 0, each) for each in reaching),
            *((each.place, each.at, 1, each) for each in starting),
        ],
        key=lambda step: step[:3],
    )
    reached: list[Loose | None] = [None] if begins else []
    left: list[Loose] = []
    for _, _, is_start, line in steps:
        if not is_start:
            reached.append(line)
        elif reached:
            reached.pop()
        else:
            left.append(line)
    if finishes and reached:
        reached.pop()
    over = [each for each in reached if each is not None]
    return left or list(starting), over or list(reaching)
