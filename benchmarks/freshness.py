"""From a stock change in NetSuite to the offers that show it, by the twins' clock, with every call frequency kept.

`push_stock` with real clients between both twins, on one virtual clock: it moves by what each call would take, and by
how long our functions wait. The machine's own speed is not in the figures. Orders come in, are polled and booked
meanwhile; NetSuite's readers share one slot, and others have it for four fifths of the time.

`python -m benchmarks.freshness` runs it alone.
"""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import redirect_stdout
from datetime import datetime, timedelta
from functools import partial
from io import StringIO
from random import Random
from typing import Any

from benchmarks.result import Result
from benchmarks.shop import FAST, NAMES, SEED, Shop, a_shop
from benchmarks.watch import centile, latest
from tests.integration.two_twins.house import IN_PARTS, MONDAY
from tieout.flows.stock.standing import load

ITEMS = 300
WARM_UP, HOURS, LAST = timedelta(minutes=30), timedelta(hours=4), timedelta(minutes=30)
CHANGES = 600
"""Restocks and corrections, half of them of what sells fast."""
ORDERS_A_MINUTE = 4
POSTED_EVERY = timedelta(seconds=30)
SIZES, CHANGED = (1_000, 10_000, 1_000_000), (1_000, 10_000)
"""Items of the shops whose calls are counted, and how many of them change."""
AT_ONCE = 500
"""Changes that the twin is told in one call."""
ABOUT = """\
By the twins' clock, which moves by 0.3 s a call of NetSuite and 0.2 s one of Mirakl. Others have the slot of
NetSuite's readers 80 % of the time, so that each question waits its turn. A file takes Mirakl 20 s. No buffers.
Thirty items sell four times a minute in all.

Every 5 minutes, nearly each run here sends a second file with the raises that waited for its first; a shop where
little sells makes half of these calls, and waits up to the interval. Every minute, a change that just misses a file
waits 60 s for the next, and 20 s until that has landed: with every call answered at once and nobody else in the slot
the p99 would be 80 s and the p50 50 s. What sells at a marketplace within the 25 s between reading and landing is
shown once more until the next file, a minute later.

Calls depend on how much changed and not on how much there is; a reading of everything takes a question a thousand
rows. A token, and one more question that comes with it, are due once an hour."""


def a_few_hours(shop: Shop, push_minutes: int) -> None:
    """Restocks, corrections, sales, polls, bookings and pushes, each in its time."""
    dice = Random(SEED + push_minutes)
    apart = timedelta(minutes=push_minutes)
    begin, end = MONDAY + WARM_UP, MONDAY + WARM_UP + HOURS
    close = end + LAST
    shop.at_moment(MONDAY, partial(shop.push, "full"))
    shop.every(MONDAY + apart, apart, close, shop.push)
    for place, name in enumerate(NAMES):
        first = MONDAY + timedelta(seconds=70 + 40 * place)
        shop.every(first, timedelta(minutes=5), close, partial(shop.work_on, f"poll orders of {name}"))
    shop.every(MONDAY + POSTED_EVERY, POSTED_EVERY, close, partial(shop.work_on, "post"))
    for number in range(int((end - MONDAY) / timedelta(minutes=1)) * ORDERS_A_MINUTE):
        sku = f"SKU-{dice.randrange(FAST)}"
        shop.at_moment(_between(MONDAY, end, dice), partial(shop.buy, number, dice.choice(NAMES), sku))
    for number in range(CHANGES):
        sku = f"SKU-{dice.randrange(FAST) if number % 2 else dice.randrange(FAST, ITEMS)}"
        units = dice.choice((1, 5, 12, 24, 40, -1, -2, -3, -8, -15))
        shop.at_moment(_between(begin, end, dice), partial(shop.move_stock, sku, units))
    shop.go_on_until(close)


def _between(begin: datetime, end: datetime, dice: Random) -> datetime:
    return begin + timedelta(seconds=round(dice.uniform(0, (end - begin).total_seconds()), 3))


def measure() -> list[Result]:
    """Both cadences, then the calls for a large delta."""
    logging.getLogger("tieout").setLevel(logging.CRITICAL)
    results = []
    for push_minutes in (5, 1):
        with redirect_stdout(StringIO()), a_shop(push_minutes, ITEMS) as shop:
            a_few_hours(shop, push_minutes)
        results += told(shop, push_minutes)
    return results + calls_by_changes()


def told(shop: Shop, push_minutes: int) -> list[Result]:
    """The lines of one cadence."""
    if shop.watch.open_skus:
        raise RuntimeError(f"never shown: {shop.watch.open_skus}")
    fast = {f"SKU-{number}" for number in range(FAST)}
    every = f"a push every {push_minutes} min" if push_minutes > 1 else "a push every minute"
    goal = push_minutes * 60 + 30
    results = []
    for whose, belongs in (("fast movers", True), ("the others", False)):
        changes = [one for one in shop.watch.changes if (one.sku in fast) is belongs]
        how = f"{len(changes)} changes in {HOURS // timedelta(hours=1)} h, {ITEMS} items, two marketplaces"
        shown = [latest(one.shown) for one in changes]
        exact = [latest(one.exact) for one in changes]
        results += [
            _within(f"{every}: {whose}, p50", centile(shown, 50), goal, how),
            _within(f"{every}: {whose}, p99", centile(shown, 99), goal, "until every marketplace shows the change"),
            _within(f"{every}: {whose} to the unit, p99", centile(exact, 99), goal, _TO_THE_UNIT),
            Result(
                what=f"{every}: {whose} to the unit within {goal} s",
                figure=100 * sum(seconds <= goal for seconds in exact) / len(exact),
                unit="%",
                how="the rest was sold while a file was on its way, or waited for a lowering: the next file",
            ),
        ]
    sent, changed = (sum(getattr(run, name) for run in shop.runs) for name in ("sent", "changed"))
    runs = len(shop.runs)
    how = f"{runs} runs, {sent:,} rows; the others settle what a sale made doubtful while a file was on its way"
    return [
        *results,
        *_calls(f"{every}: ", " a run", shop.calls, runs, "; a second file counts for its run"),
        Result(what=f"{every}: refusals (429)", figure=shop.refused.total(), unit="", goal=0, at_least=False, digits=0),
        Result(what=f"{every}: rows sent / rows changed", figure=sent / changed, unit="", digits=2, how=how),
    ]


_TO_THE_UNIT = "with every sale that came between the making of a file and its landing"


def _within(what: str, seconds: float, goal: float, how: str) -> Result:
    return Result(what=what, figure=seconds, unit="s", goal=goal, at_least=False, how=how)


def _calls(before: str, after: str, calls: Counter[tuple[str, str]], runs: int, how: str) -> list[Result]:
    results = []
    for system, title in (("mirakl", "Mirakl"), ("netsuite", "NetSuite")):
        mine = {operation: count for (where, operation), count in sorted(calls.items()) if where == system}
        figure = sum(mine.values()) / runs
        by_operation = ", ".join(f"{count / runs:.2g} {operation}" for operation, count in mine.items())
        results.append(
            Result(what=f"{before}{title} calls{after}", figure=figure, unit="calls", how=by_operation + how)
        )
    return results


def calls_by_changes() -> list[Result]:
    """What a push asks for where so many of so many items changed, counted at each size; and what reading all takes."""
    results, full = [], {}
    for items in SIZES:
        pushes, full[items] = _counted(items)
        for changed, calls in pushes.items():
            results += _calls(f"{items:,} items, {changed:,} changed: ", "", calls, 1, "")
        results.append(Result(what=f"{items:,} items, all read: SuiteQL calls", figure=full[items], unit="calls"))
    return results


def _counted(items: int) -> tuple[dict[int, Counter[tuple[str, str]]], int]:
    """Calls of a push by how many items changed, and SuiteQL calls of a reading of everything."""
    brakes = {"brakes": {"from_offers": 10 * items}}
    pushes: dict[int, Counter[tuple[str, str]]] = {}
    with redirect_stdout(StringIO()), a_shop(5, items, **brakes) as shop:
        shop.buy(0, IN_PARTS, "SKU-0")  # a sales order tells the account's time zone
        shop.pass_time(120)
        shop.work_on(f"poll orders of {IN_PARTS}")
        shop.work_on("post")
        shop.pass_time(1800)
        shop.calls.clear()
        shop.push("full")
        runs = 1
        while load(shop.room.book).wants_full:  # many offers are long in coming (OF53), many items long in reading
            shop.pass_time(300)
            shop.push()
            runs += 1
        full = shop.calls["netsuite", "SuiteQL"]
        shop.pass_time(1200)
        shop.push()
        for changed in (each for each in CHANGED if each <= items):
            shop.pass_time(1200)
            shop.calls.clear()
            for first in range(0, changed, AT_ONCE):
                shop.control.change_stock([_lost(number) for number in range(first, min(changed, first + AT_ONCE))])
            before = len(shop.runs)
            shop.push()
            pushed = shop.runs[before]
            if pushed.sent != len(NAMES) * changed:
                raise RuntimeError(f"{items} items, {changed} changed: {pushed}, not what was to be counted")
            pushes[changed] = Counter(shop.calls)
    if not 0 <= full - 2 * pages(items) <= A_RUN * runs:
        raise RuntimeError(f"{items} items: {full} SuiteQL to read all in {runs} runs")
    return pushes, full


A_RUN = 9
"""SuiteQL questions at most that a run asks besides the pages: what changed, and a page that is read again."""


def pages(rows: int) -> int:
    """Calls that a listing takes: each page but the last one leaves its last record to the next."""
    return max(1, -(-(rows - 1) // 999))


def _lost(number: int) -> dict[str, Any]:
    return {"itemid": str(1000 + number), "location": "Main warehouse", "add": -8}


if __name__ == "__main__":
    for result in measure():
        print(result.what, "|", result.shown, "|", result.goal_shown, "|", result.how)
