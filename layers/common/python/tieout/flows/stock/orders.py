"""Orders come first: what was sold is off the pool before NetSuite says so."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from tieout.config import FASTEST_POLL_MINUTES
from tieout.domain.errors import CredentialsRefused, Retryable
from tieout.domain.orders.matching import catalogue_of, item_id_of
from tieout.flows.orders.collect import collect_and_tell
from tieout.flows.orders.rules import sku_rules
from tieout.flows.stock.rules import stocked, window_seconds
from tieout.flows.stock.sold import SoldOrders
from tieout.flows.stock.standing import ROUNDED, Standing
from tieout.flows.stock.store import Stockroom

logger = logging.getLogger(__name__)

WORTH_WAITING = 3.0
"""Seconds that a run waits at most until Mirakl lists orders again (OR11), or as long as it leads its files by."""

CLOCK_OFF = 1
"""Seconds by which Mirakl's clock, as this run was told it, may be behind what we take it for."""
FURTHEST = timedelta(hours=24)
"""How far back a run reads orders that it did not read itself; what is open of them is found by its posting anyway."""


def read_orders(sold: SoldOrders, standing: Standing, room: Stockroom) -> None:
    """Read each marketplace's orders up to now, as often as Mirakl allows; one that gives none stops no other.

    Orders that another reading brought just before are found by their postings; one that NetSuite holds already is off
    its shelves, and its offer is put right by the next figure.
    """
    at = room.at
    for marketplace in stocked(at.config):
        try:
            _read(marketplace, sold, standing, room)
        except (Retryable, CredentialsRefused) as error:
            if isinstance(error, CredentialsRefused):
                at.switches.failed(f"mirakl-{marketplace}", at.clock(), at_once=True)
            logger.warning("orders not read", extra={"marketplace": marketplace, "why": str(error)})
    sold.find(at)


def _read(marketplace: str, sold: SoldOrders, standing: Standing, room: Stockroom) -> None:
    at = room.at
    if _was_just_read(marketplace, standing, room):
        polled = at.watermarks.read(marketplace)
        assert polled is not None, "somebody read"
        standing.orders_known_at[marketplace] = int(polled.timestamp())
        return
    known = standing.orders_read_at.get(marketplace)
    now = datetime.fromtimestamp(standing.there(marketplace, room.now), UTC)
    window = now - timedelta(seconds=window_seconds(at.config))
    since = max(datetime.fromtimestamp(known, UTC), now - FURTHEST) if known else window
    standing.listed[marketplace] = standing.called(marketplace, room.now_ms)
    end = now - timedelta(seconds=CLOCK_OFF) if marketplace in standing.clocks else None
    _, until = collect_and_tell(marketplace, since, sold.remember, at, end)
    standing.orders_read_at[marketplace] = standing.orders_known_at[marketplace] = int(until.timestamp())


def _was_just_read(marketplace: str, standing: Standing, room: Stockroom) -> bool:
    """Whether Mirakl lists no orders again yet (OR11).

    Runs a minute apart are not always quite a minute apart: where little is missing, this one waits.
    """
    at, config = room.at, room.at.config
    apart = FASTEST_POLL_MINUTES[config.marketplaces[marketplace].persona] * 60.0
    known, polled = standing.orders_read_at.get(marketplace), at.watermarks.read(marketplace)
    if known is None or polled is None:
        return False
    if int(polled.timestamp()) != known:  # the poll was there since
        return 0 <= standing.there(marketplace, room.now) - polled.timestamp() < apart + ROUNDED
    wait = standing.seconds_left(standing.listed.get(marketplace), apart, marketplace, room.now_ms)
    worth = max(WORTH_WAITING, standing.lead_ms / 1000)
    if 0 < wait <= min(worth, stocked(config)[marketplace].follow_seconds):
        room.pause(wait)
        return False
    return wait > 0


def name_items(sold: SoldOrders, standing: Standing, room: Stockroom) -> None:
    """Find the items of SKUs that were sold, by the rules that offers and orders are matched by.

    NetSuite is asked for a SKU once until everything is read anew.
    """
    at = room.at

    def ask(marketplace: str, skus: Sequence[str]) -> dict[str, str]:
        rules = sku_rules(at.config, marketplace)
        wanted = {rules.aliases.get(sku, sku) for sku in skus}
        exact = room.in_turn(lambda: at.ledger.items(wanted, set(skus) if rules.match_upc else ()))
        catalogue = catalogue_of(exact)
        return {sku: item_id for sku in skus if (item_id := item_id_of(sku, catalogue, rules))}

    def find(marketplace: str, skus: Sequence[str]) -> Mapping[str, str]:
        known = standing.named.setdefault(marketplace, {})
        if unknown := [sku for sku in skus if sku not in known]:
            known |= ask(marketplace, unknown)
        return {sku: known[sku] for sku in skus if sku in known}

    sold.name_items(find)
