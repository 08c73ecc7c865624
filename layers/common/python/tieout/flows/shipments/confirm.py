"""Fulfilments that left are told to their marketplaces, each exactly once, and proven there before they count.

A worker makes no NetSuite call: everything is in the archived fulfilment. Where a marketplace takes shipments, many
orders go in one call (`in_parts`); where it takes whole orders only, each is told by itself (`whole_orders`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from tieout.domain.errors import CredentialsRefused, NeedsAttention, Retryable
from tieout.domain.postings import Key, Lane, Posting
from tieout.domain.shipments.carriers import ways_to_follow
from tieout.domain.shipments.shipment import Carrier, Platform
from tieout.domain.shipments.what_to_ship import lines_of
from tieout.flows.archived import left_the_settings
from tieout.flows.outcomes import come_back, held_until, hold, park
from tieout.flows.ports import At, LeaseLostError, Marketplace
from tieout.flows.posting import Guard, still_failing
from tieout.flows.shipments import in_parts, retell, whole_orders
from tieout.flows.shipments.job import Batch, Job
from tieout.flows.shipments.rules import FLOW, RETOLD, UNDONE, archived_fulfilment, carrier_rules, reference_of

MOST = 1000
"""Postings worked in one run; ST01 takes as many shipments."""
FULL = 10
"""With so many doorbells in one batch there are more behind them: what else is due is done along with them."""


def confirm_shipments(keys: Sequence[Key], at: At, deadline: datetime, returned: Collection[Key] = ()) -> list[Key]:
    """Tell what is due of these keys, starting nothing that could outlive `deadline`.

    Answers the keys that failed for reasons nobody foresaw; `returned` are those whose message went back before.
    """
    wanted = list(dict.fromkeys(keys))
    if FULL <= len(wanted) < MOST:
        wanted = list(dict.fromkeys([*wanted, *at.postings.due(Lane.SHIPMENTS_TO_CONFIRM, at.clock(), MOST)]))[:MOST]
    claimed = at.postings.claim(wanted, at.clock())
    failed = still_failing(returned, claimed, at)
    by_marketplace: dict[str, list[Posting]] = defaultdict(list)
    for posting in claimed:
        if posting.key.source_id.startswith(UNDONE):
            _acknowledge(posting, at)
        elif posting.key.marketplace not in at.config.marketplaces:
            park(at, posting, left_the_settings(posting.key.marketplace))
        else:
            by_marketplace[posting.key.marketplace].append(posting)
    for marketplace, postings in by_marketplace.items():
        _confirm(marketplace, postings, Batch(at, deadline, failed))
    return [key for key in failed if key in set(keys)]


def _acknowledge(posting: Posting, at: At) -> None:
    """A person saw what became of a told fulfilment, and sent the posting on: there is nothing to tell anybody."""
    try:
        at.postings.confirm(posting, {"found": "dealt with by a person"}, [], at.clock())
    except LeaseLostError:
        return


def _confirm(marketplace: str, postings: Sequence[Posting], batch: Batch) -> None:
    at = batch.at
    system = f"mirakl-{marketplace}"
    if held := held_until(at, FLOW, system):
        hold(at, postings, *held)
        return
    market = at.marketplace(marketplace)
    try:
        platform = market.platform()
    except (Retryable, CredentialsRefused) as error:
        for posting in postings:
            come_back(at, posting, error, system)
        return
    jobs = _jobs(marketplace, postings, platform, _carriers(market), batch)
    told_again = [job for job in jobs if job.posting.key.source_id.startswith(RETOLD)]
    first = [job for job in jobs if not job.posting.key.source_id.startswith(RETOLD)]
    if platform.multi_shipment:
        in_parts.confirm(market, first, batch)
        retell.confirm(market, told_again, batch)
    else:
        whole_orders.confirm(market, [*first, *told_again], batch)


def _carriers(market: Marketplace) -> Mapping[str, Carrier] | None:
    """The marketplace's carriers; it is asked once a day only, and without an answer their codes are just tried."""
    try:
        return market.carriers()
    except (Retryable, CredentialsRefused, NeedsAttention):
        return None


def _jobs(
    marketplace: str,
    postings: Sequence[Posting],
    platform: Platform,
    carriers: Mapping[str, Carrier] | None,
    batch: Batch,
) -> list[Job]:
    at = batch.at
    rules = carrier_rules(at.config, marketplace)
    documents = at.archive.load([posting.payload for posting in postings])
    jobs: list[Job] = []
    for posting in postings:
        with Guard(posting, at, batch.failed):
            fulfilment = archived_fulfilment(posting, documents, at)
            ways = ways_to_follow(
                fulfilment.ship_method,
                fulfilment.tracking_numbers,
                rules,
                carriers,
                free_text=platform.alternative_carriers,
            )
            jobs.append(Job(posting, fulfilment, reference_of(fulfilment), lines_of(fulfilment), ways))
    return jobs
