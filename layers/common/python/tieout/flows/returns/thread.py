"""What an order's postings say about its documents: which exist, which are still to come, and whose a refund is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from tieout.config import Config
from tieout.domain.errors import Reason
from tieout.domain.ids import external_id
from tieout.domain.orders.order import Order
from tieout.domain.orders.sales_order import TaxRules, TaxStrategy
from tieout.domain.postings import OPEN, Key, Kind, Posting, State
from tieout.flows.ports import At
from tieout.flows.posting import NotYet

REFUNDS = "refunds"
"""Name of the fact that holds the refunds (or cancelations) that a posting of ours made at the marketplace."""
BEFORE = "before"
"""Name of the fact that holds those that were there before it was first sent."""


def refunds_in(facts: str) -> set[str]:
    """Ids as a fact holds them."""
    return {each for each in facts.split(",") if each}


def made_by_us(thread: Iterable[Posting]) -> dict[str, Key]:
    """Refunds and cancelations at the marketplace that NetSuite began, with the posting that made them."""
    return {
        each: posting.key
        for posting in thread
        if posting.key.kind in {Kind.REFUND, Kind.CANCELATION}
        for each in refunds_in(posting.facts.get(REFUNDS, ""))
    }


def perhaps_made_by_us(thread: Iterable[Posting]) -> bool:
    """Whether a refund may have been sent whose id nobody knows yet."""
    return any(
        posting.key.kind in {Kind.REFUND, Kind.CANCELATION}
        and REFUNDS not in posting.facts
        and (posting.state is State.ATTEMPTED or posting.ambiguous_since is not None)
        and posting.state not in {State.CONFIRMED, State.SUPERSEDED}
        for posting in thread
    )


def sales_order_id(key: Key) -> str:
    """External id of an order's sales order."""
    return external_id(key.marketplace, Kind.SALES_ORDER, key.thread)


def has_sales_order(key: Key, at: At) -> bool:
    """Whether the order has its sales order; False: there is none, and none will come.

    Raises NotYet while one may still come.
    """
    posting = at.postings.posting(Key(key.marketplace, key.thread, Kind.SALES_ORDER, key.thread))
    if posting is None or posting.state is State.SUPERSEDED:
        return False
    if posting.state in OPEN:
        raise NotYet("the sales order is on its way")
    if posting.state is State.PARKED and posting.reason != Reason.TOTAL_MISMATCH:
        raise NotYet("the sales order is parked")
    return True


def of_kind(thread: Sequence[Posting], kind: Kind, *states: State) -> list[Posting]:
    """An order's postings of a kind, in these states, by their source."""
    found = [posting for posting in thread if posting.key.kind is kind and posting.state in states]
    return sorted(found, key=lambda posting: (len(posting.key.source_id), posting.key.source_id))


def tax_rules(config: Config, marketplace: str) -> TaxRules:
    """How this marketplace's tax is written; a charge's item is the one on the document that is changed."""
    tax = config.marketplaces[marketplace].orders.sales_orders.tax
    return TaxRules(TaxStrategy(tax.strategy), tax.codes, tax.default_code)


def day_of(config: Config, order_marketplace: str, instant: datetime) -> datetime:
    """An instant in the zone of the subsidiary that its documents are booked in."""
    name = config.marketplaces[order_marketplace].orders.sales_orders.subsidiary
    return instant.astimezone(ZoneInfo(config.netsuite.subsidiaries[name].time_zone))


def newest_payload(key: Key, at: At, otherwise: str) -> str:
    """Archive key of the newest version of an order."""
    return at.postings.seen_payload(key.marketplace, key.thread) or otherwise


def mine(order: Order, config: Config) -> bool:
    """Whether the goods are ours, so that they are billed and credited here."""
    marketplace = config.marketplaces[order.marketplace]
    return marketplace.role == "seller" or order.seller_id in marketplace.operator.own_shops
