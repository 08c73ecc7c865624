"""What a run knows besides the book, and what the book says of each offer by it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from tieout.config import Config
from tieout.domain.stock.blocks import whole_lines
from tieout.domain.stock.book import entry_of, marketplaces_of
from tieout.domain.stock.kits import drawn_by, exploded
from tieout.domain.stock.rules import Selling
from tieout.domain.stock.told import OfferFacts, told_of
from tieout.domain.stock.workings import Run
from tieout.flows.stock.refused import blocked
from tieout.flows.stock.rules import sellings, stocked, storefronts, window_seconds
from tieout.flows.stock.sold import SoldOrders
from tieout.flows.stock.standing import Standing
from tieout.flows.stock.store import StockBook

LATE = 60
"""Seconds for which an order may be missing in Mirakl's listings."""


def sales_window(standing: Standing, config: Config, now: int) -> tuple[int, int]:
    """From when to when sales count, by Mirakl's clock: the settings' window, and whatever the book was not told yet.

    A sale that the book never hears of would leave an offer at less than it may show.
    """
    until = max(standing.there(name, now) for name in stocked(config))
    since = until - window_seconds(config)
    return (min(since, standing.sales_until - LATE) if standing.sales_until else since), until


def run_of(
    standing: Standing, selling: Sequence[Selling], sold: SoldOrders, config: Config, now: int, *, age: int = 0
) -> Run:
    """All that decides what an offer should show, but for what stands in the book.

    `now` is our clock, in seconds since 1970. `age` is how old NetSuite's figures are in seconds, where it gives none;
    0: they are of now.
    """
    default = {name: each.risk.lag_seconds for name, each in storefronts(config).items()}
    return Run(
        sellings=tuple(selling),
        sales=sold.sales(*sales_window(standing, config, now)),
        promised=exploded(sold.promised(standing.read_at), standing.recipes),
        drawn=drawn_by(standing.recipes, standing.kit_offers),
        landings=dict(standing.landings),
        lags=default | standing.lags,
        off=standing.off_pairs,
        blocked=blocked(standing, now),
        age_seconds=age,
        seen={
            item_id: {(each.marketplace, each.sku): each.quantity for each in offers}
            for item_id, offers in standing.seen.items()
        },
    )


def offers_told(
    standing: Standing, book: StockBook, config: Config, now: datetime, skus: Collection[str] = ()
) -> Iterator[OfferFacts]:
    """Every offer of the book, or those of these SKUs: what it shows, what it should, and what of. Nothing is asked.

    Raises NeedsAttention when NetSuite lacked a location at the last reading, UnreadableBookError for a bad line.
    """
    blocks = book.blocks(standing.book) if standing.book else None
    if blocks is None:
        return
    selling = sellings(config, standing.locations)
    run = run_of(standing, selling, SoldOrders.load(book, config), config, int(now.timestamp()))
    marketplaces: tuple[str, ...] = ()
    for block in whole_lines(blocks):
        for line in block.splitlines(keepends=True):
            if not marketplaces:
                marketplaces = marketplaces_of(line)
                continue
            entry = entry_of(line, marketplaces)
            if skus and not {shown.sku for shown in entry.offers} & set(skus):
                continue
            yield from (facts for facts in told_of(entry, run) if not skus or facts.sku in skus)
