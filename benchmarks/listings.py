"""What a sync of listings asks NetSuite between two nights: counted at the twin, with the real client.

`python -m benchmarks.listings` runs it alone.
"""

from __future__ import annotations

from contextlib import redirect_stdout
from io import StringIO

from benchmarks.result import Result
from benchmarks.shop import NAMES, Shop, a_shop
from tests.fakes.stock_book import MemoryStockBook
from tieout.flows.listings.items import ItemsAndPrices, read_changes, read_whole
from tieout.flows.listings.store import ListingsRoom

ITEMS, EVERY = 10_000, 100
TONIGHT = 1
A_DAY_LATER = 20 * 3600
"""Seconds from when the world was made: none of its items counts as just saved, whatever the account's time zone."""


def measure() -> list[Result]:
    """One in a hundred items is saved with another price; both ways of reading see the same."""
    with redirect_stdout(StringIO()), a_shop(5, ITEMS) as shop:
        room = ListingsRoom(at=shop.at, stock=MemoryStockBook(), kept=MemoryStockBook(), in_turn=lambda ask: ask())
        shop.pass_time(A_DAY_LATER)
        read_changes(NAMES[0], TONIGHT, room)
        shop.pass_time(3600)
        saved = [f"SKU-{number}" for number in range(0, ITEMS, EVERY)]
        for itemid in saved:
            shop.control.edit_item(itemid, set={"prices": {"GBP": "11.00"}})
        before = suiteql_calls(shop)
        changes = read_changes(NAMES[0], TONIGHT, room)
        by_changes = suiteql_calls(shop) - before
        everything = read_whole(NAMES[0], TONIGHT, room)
        whole = suiteql_calls(shop) - before - by_changes
    if told(changes) != told(everything) or sum(price.price == 11 for price in changes[1]) != len(saved):
        raise RuntimeError("a reading of changes and a whole one tell two things")
    what = f"{ITEMS:,} items, {100 // EVERY} % changed: SuiteQL calls of a sync"
    return [
        Result(what=what, figure=by_changes, unit="calls", digits=0, how="items, deletions, prices, the time zone"),
        Result(
            what="the same, read whole as once a night",
            figure=whole,
            unit="calls",
            digits=0,
            how="items and prices, 1,000 rows a page",
        ),
    ]


def suiteql_calls(shop: Shop) -> int:
    """So far, as the twin counts them."""
    _, netsuite = shop.control.calls()
    return int(netsuite["by_operation"]["SuiteQL"])


def told(read: ItemsAndPrices) -> tuple[object, object]:
    """Items and prices by id."""
    items, prices = read
    return {each.id: each for each in items}, {each.item_id: each for each in prices}


if __name__ == "__main__":
    for result in measure():
        print(result.what, "|", result.shown, "|", result.goal_shown, "|", result.how)
