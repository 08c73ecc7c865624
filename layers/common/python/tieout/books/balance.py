"""The running balance of each log (I2): where it breaks off (`match/6_balance.sql`), and what is told of that."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, product
from typing import TYPE_CHECKING

from tieout.books.effects import PAYOUT, Edges, Effects
from tieout.books.finding import Finding, shown
from tieout.books.loose import ANYWHERE, Log, Span, Spot, loose_lines, read_spans
from tieout.domain.reconcile.breaks import Code
from tieout.domain.reconcile.chain import Loose, Suspected, Walk, walk

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_COINCIDENCES = 2
"""Loose balances more than in all: one that comes again by chance in another cycle. More, and the log goes by time."""


def chain_gaps(engine: DuckDBPyConnection, effects: Effects) -> list[Finding]:
    """Places where the running balance jumps and no finding is as wide; `effects` learn what it bears out."""
    visits = _visits(engine)
    payouts = _payouts(engine)
    counted: dict[Log, tuple[int, int]] = {
        (row[0], row[1], row[2]): (row[3], row[4])
        for row in engine.execute(
            "SELECT mkp, shop, ccy, count(*), count(*) FILTER (bal IS NULL AND NOT is_memo) FROM l GROUP BY ALL"
        ).fetchall()
    }
    # Balances that follow no chain, as far as it is known, or that are not there for every line, prove nothing.
    useless = {log[0] for log, (lines, bare) in counted.items() if bare or 3 * len(visits.get(log, ())) > max(lines, 9)}
    spans = read_spans(engine)
    found: list[Finding] = []
    for log in sorted(counted, key=str):
        mkp, shop, currency = log
        if mkp in useless:
            continue
        span = spans.get(log)
        edges = _edges(span) if span else None
        if not visits.get(log):
            effects.bear_out(mkp, Walk((), ()), edges)
            continue
        walked = _walked(engine, log, visits[log], span, [*effects.suspected(mkp), *payouts[mkp]])
        effects.bear_out(mkp, walked, edges)
        found += [
            Finding(
                Code.CHAIN_GAP,
                mkp,
                gap.start.cycle or next(iter(sorted(gap.start.orders)), shop),
                currency,
                abs(gap.amount),
                cycle=gap.start.cycle,
                day=gap.start.at.date(),
                what=f"balance {shown(gap.start.balance, currency)}",
            )
            for gap in walked.gaps
        ]
    return [each for each in found if each.amount]


def _visits(engine: DuckDBPyConnection) -> dict[Log, dict[Spot, int]]:
    """How much oftener each balance is reached than left, where that is not as often.

    By stretch, as the same balance may come again in another cycle and hide what is missing in both; but in all,
    whatever order the lines stand in, where the log does not follow its cycles.
    """
    found: dict[Log, dict[Spot, int]] = defaultdict(dict)
    for mkp, shop, currency, place, balance, more in engine.execute(
        "SELECT mkp, shop, ccy, place, bal, visits FROM chain ORDER BY ALL"
    ).fetchall():
        found[mkp, shop, currency][place, balance] = more
    places: dict[Log, list[int]] = defaultdict(list)
    for mkp, shop, currency, place in engine.execute(
        "SELECT DISTINCT mkp, shop, ccy, place FROM stretch ORDER BY ALL"
    ).fetchall():
        places[mkp, shop, currency].append(place)
    for log, loose in found.items():
        in_all: Counter[int] = Counter()
        for (_, balance), more in loose.items():
            in_all[balance] += more
        anywhere = {(ANYWHERE, balance): more for balance, more in sorted(in_all.items()) if more}
        by_stretch = _joined(loose, places[log])
        first, last = places[log][0], places[log][-1]
        # Ending where it began, it is whole in all, and has two edges by stretch.
        comes_back = 2 * any(
            at == first and by_stretch.get((last, balance), 0) > 0 > by_stretch[at, balance]
            for at, balance in by_stretch
        )
        if len(by_stretch) <= len(anywhere) + comes_back + MOST_COINCIDENCES:
            found[log] = by_stretch
            continue
        # A payout among the lines of the next cycle breaks both cycles where it stands by its time.
        found[log] = anywhere
        engine.execute("UPDATE stretch SET place = 0 WHERE mkp = ? AND shop IS NOT DISTINCT FROM ? AND ccy = ?", log)
    return found


def _joined(loose: Mapping[Spot, int], places: Sequence[int]) -> dict[Spot, int]:
    """Where one stretch goes on with the balance that the one before it reached last, neither is loose."""
    left = dict(loose)
    for place, after in pairwise(places):
        for balance in [balance for at, balance in left if at == place]:
            both = min(left[place, balance], -left.get((after, balance), 0))
            if both > 0:
                left[place, balance] -= both
                left[after, balance] += both
    return {spot: more for spot, more in sorted(left.items()) if more}


def _payouts(engine: DuckDBPyConnection) -> dict[str, list[Suspected]]:
    """Payouts that are not what their cycle transferred, or that the log lacks."""
    found: dict[str, list[Suspected]] = defaultdict(list)
    for mkp, cycle, off, day in engine.execute(
        "SELECT mkp, id, to_seller + coalesce(paid, 0), closed::DATE FROM cycle_sides "
        "WHERE to_seller + coalesce(paid, 0) <> 0 AND (pay_out = 'PAID' OR payments > 0 "
        "OR id IN (SELECT before FROM cycle_sides)) ORDER BY ALL"
    ).fetchall():
        found[mkp].append(Suspected(name=(PAYOUT, cycle), amount=off, order=None, day=day))
    return found


def _walked(
    engine: DuckDBPyConnection,
    log: Log,
    visits: Mapping[Spot, int],
    span: Span | None,
    suspected: Sequence[Suspected],
) -> Walk:
    """With the log's own beginning and end wherever they leave the fewest breaks, if they are in doubt."""
    best: Walk | None = None
    (with_memo,) = engine.execute(
        "SELECT bool_or(with_memo) FROM chain WHERE mkp = ? AND shop IS NOT DISTINCT FROM ? AND ccy = ?", log
    ).fetchall()[0]
    for edges in _possible_ends(visits, span):
        loose = dict(visits)
        if edges is not None:
            begin, finish = edges
            loose[begin] = loose.get(begin, 0) + 1
            loose[finish] = loose.get(finish, 0) - 1
        starts, ends = loose_lines(
            engine, log, {spot: more for spot, more in loose.items() if more}, edges, with_memo=with_memo
        )
        tried = [(starts, ends)]
        if edges and span is not None and edges[0][1] != 0:
            tried.append(_from_nothing(starts, ends, edges[0][1], span))
        for one, other in tried:
            walked = walk(one, other, suspected, is_closed=edges is not None)
            if best is None or _worth(walked) > _worth(best):
                best = walked
    return best or Walk((), ())


def _worth(walked: Walk) -> tuple[int, int]:
    return -len(walked.gaps), len(walked.borne_out)


def _from_nothing(
    starts: Sequence[Loose], ends: Sequence[Loose], begin: int, span: Span
) -> tuple[list[Loose], list[Loose]]:
    """A log that seems to begin with something may have begun with nothing, and its first lines be lost or wrong."""
    first = next(each for each in span.first if each.balance == begin)
    nothing = Loose(
        balance=0, at=first.at, cycle=first.cycle, orders=frozenset(), line="", place=first.place, is_payout=False
    )
    return [*starts, first], [*ends, nothing]


def _possible_ends(visits: Mapping[Spot, int], span: Span | None) -> Iterator[tuple[Spot, Spot] | None]:
    """Balances that the log may begin with, and end at.

    It may begin with nothing, and come back to that with a payout: then its beginning is not loose, and what is
    missing after that payout would seem to begin it.
    """
    if span is None or not span.left or not span.reached:
        yield None
        return
    by_stretch = not any(place == ANYWHERE for place, _ in visits)
    first = span.first[0].place if by_stretch else ANYWHERE
    last = span.last[0].place if by_stretch else ANYWHERE
    begins = [each for each in sorted(span.left) if visits.get((first, each), 0) < 0]
    finishes = [each for each in sorted(span.reached) if visits.get((last, each), 0) > 0]
    for begin, finish in product(
        begins or sorted(span.left, key=lambda each: (each != 0, each))[:1], finishes or sorted(span.reached)[:1]
    ):
        yield (first, begin), (last, finish)


def _edges(span: Span) -> Edges:
    lines = [*span.first, *span.last]
    return Edges(frozenset(each.cycle for each in lines), frozenset(order for each in lines for order in each.orders))
