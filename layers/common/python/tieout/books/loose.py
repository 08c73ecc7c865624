"""The lines at which a log's running balance breaks off, and those that it begins and ends with."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.reconcile.chain import Loose

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


def read_spans(engine: duckdb.DuckDBPyConnection) -> dict[Log, Span]:
    """The edges of every log, by its stretches' places."""
    spans: dict[Log, Span] = defaultdict(lambda: Span([], [], Counter(), Counter()))
    rows = engine.execute(
        "WITH edge AS (SELECT mkp, shop, ccy, cycle, is_payout, place, first, last, "
        "(place, first) = min((place, first)) OVER log AS is_first, "
        "(place, last) = max((place, last)) OVER log AS is_last "
        "FROM stretch WINDOW log AS (PARTITION BY mkp, shop, ccy)) "
        "SELECT l.mkp, l.shop, l.ccy, e.is_first AND created = e.first, e.is_last AND created = e.last, bal - a, bal, "
        "created, l.cycle, order_id, id, place, e.is_payout FROM l "
        "JOIN edge e ON e.mkp = l.mkp AND e.shop IS NOT DISTINCT FROM l.shop AND e.ccy = l.ccy "
        "AND e.cycle IS NOT DISTINCT FROM l.cycle AND e.is_payout = (l.type = 'PAYMENT') "
        "WHERE (e.is_first AND created = e.first OR e.is_last AND created = e.last) "
        "AND bal IS NOT NULL AND NOT is_copy AND is_memo IS NOT TRUE ORDER BY ALL"
    ).fetchall()
    for mkp, shop, currency, is_first, is_last, left_at, reached, *line in rows:
        span = spans[mkp, shop, currency]
        if is_first:
            span.first.append(_line(line, left_at))
            span.left[left_at] += 1
            span.left[reached] -= 1
        if is_last:
            span.last.append(_line(line, reached))
            span.reached[reached] += 1
            span.reached[left_at] -= 1
    for span in spans.values():
        span.left, span.reached = +span.left, +span.reached
    return spans


def loose_lines(
    engine: duckdb.DuckDBPyConnection, log: Log, spots: Mapping[Spot, int], edges: tuple[Spot, Spot] | None
) -> tuple[list[Loose], list[Loose]]:
    """The lines at loose balances: which start from one that was not reached, which reach one that is not left."""
    balances = [balance for _, balance in spots]
    near = engine.execute(
        "SELECT bal, a, l.created, l.cycle, l.order_id, l.id, coalesce(s.place, 0), l.type = 'PAYMENT' FROM l "
        "LEFT JOIN stretch s ON s.mkp = l.mkp AND s.shop IS NOT DISTINCT FROM l.shop AND s.ccy = l.ccy "
        "AND s.cycle IS NOT DISTINCT FROM l.cycle AND s.is_payout = (l.type = 'PAYMENT') "
        "WHERE l.mkp = ? AND l.shop IS NOT DISTINCT FROM ? AND l.ccy = ? AND bal IS NOT NULL AND NOT is_copy "
        "AND (is_memo IS NOT TRUE OR (SELECT bool_or(with_memo) FROM chain c WHERE c.mkp = l.mkp AND c.ccy = l.ccy)) "
        "AND (bal IN (SELECT unnest(?::BIGINT[])) OR bal - a IN (SELECT unnest(?::BIGINT[]))) "
        "ORDER BY 7, l.created, l.id",
        [*log, balances, balances],
    ).fetchall()
    starting, reaching = defaultdict(list), defaultdict(list)
    for balance, amount, *line in near:
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
