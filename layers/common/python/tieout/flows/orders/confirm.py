"""The marketplace learns our sales order numbers: the seller's reference of each order, a hundred a call (OR04)."""

from __future__ import annotations

from collections import defaultdict

from tieout.domain.errors import CredentialsRefused, NeedsAttention, Reason, Retryable
from tieout.domain.postings import Lane, Posting
from tieout.flows.archived import left_the_settings
from tieout.flows.orders.post import FLOW
from tieout.flows.outcomes import come_back, held_until, hold, park
from tieout.flows.ports import At, LeaseLostError

MOST = 1000
A_CALL = 100
"""OR04 takes this many orders, once a minute: one call a marketplace and run."""


def confirm_orders(at: At) -> int:
    """Write due references back; answers how many Mirakl took. Writing one twice changes nothing."""
    if at.switches.paused(FLOW):
        return 0
    by_marketplace = defaultdict(list)
    for key in at.postings.due(Lane.ORDERS_TO_CONFIRM, at.clock(), MOST):
        by_marketplace[key.marketplace].append(key)
    written = 0
    for marketplace, keys in by_marketplace.items():
        postings = at.postings.claim(keys[:A_CALL], at.clock())
        if marketplace not in at.config.marketplaces:
            for posting in postings:
                park(at, posting, left_the_settings(marketplace))
        elif postings:
            written += _write(marketplace, postings, at)
    return written


def _write(marketplace: str, postings: list[Posting], at: At) -> int:
    system = f"mirakl-{marketplace}"
    if held := held_until(at, FLOW, system):
        hold(at, postings, *held)
        return 0
    references = {posting.key.source_id: posting.facts["reference"] for posting in postings}
    try:
        refused = at.marketplace(marketplace).set_seller_references(references)
    except (Retryable, CredentialsRefused) as error:
        for posting in postings:
            come_back(at, posting, error, system)
        return 0
    except NeedsAttention as problem:
        for posting in postings:
            park(at, posting, problem)
        return 0
    at.switches.worked(system, at.clock())
    for posting in postings:
        words = refused.get(posting.key.source_id)
        try:
            if words is None:
                at.postings.confirm(posting, {}, [], at.clock())
            else:
                park(at, posting, NeedsAttention(Reason.REFUSED_BY_MIRAKL, {"mirakl": words}))
        except LeaseLostError:
            continue
    return len(postings) - len(refused)
