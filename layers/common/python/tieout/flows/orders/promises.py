"""Promises: units of accepted orders that no later order gets, until NetSuite holds the sale or it came to nothing.

An accepted order's posting stays POSTED while its sale is on the way (debit, then shipping). NetSuite's own figure of
what is available has the units off only once the sales order is there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

from tieout.domain.errors import NeedsAttention
from tieout.domain.money import ZERO
from tieout.domain.orders.acceptance import units_by_item
from tieout.domain.orders.matching import Catalogue
from tieout.domain.orders.order import DEAD, GONE, Order
from tieout.domain.postings import Key, Kind, Lane, Posting, State
from tieout.flows.archived import archived_order
from tieout.flows.orders import rules
from tieout.flows.outcomes import release
from tieout.flows.ports import At, LeaseLostError

RECHECK = timedelta(minutes=15)
"""How often a promise is checked against the sale it was made for."""


def promised_units(at: At) -> dict[str, Decimal]:
    """Units of accepted orders whose sales order NetSuite does not hold yet, by item id."""
    promised: dict[str, Decimal] = {}
    for posting in at.postings.open_postings(Lane.ORDERS_TO_ACCEPT):
        for taken in filter(None, posting.facts.get("takes", "").split(" ")):
            item_id, _, units = taken.partition(":")
            add_promise({item_id: Decimal(units)}, promised)
    return promised


def perhaps_accepted(mine: Collection[Key], at: At) -> list[Order]:
    """Orders that an earlier run may have accepted without writing it down: it died, or Mirakl gave no answer."""
    postings = [
        posting
        for posting in at.postings.open_postings(Lane.ORDERS_TO_ACCEPT)
        if posting.ambiguous_since is not None and posting.target_id is None and posting.key not in mine
    ]
    documents = at.archive.load([posting.payload for posting in postings]) if postings else {}
    orders = []
    for posting in postings:
        with suppress(NeedsAttention):  # it is parked when its own turn comes
            orders.append(archived_order(posting, documents, at))
    return orders


def taken_by(order: Order, catalogue: Catalogue, at: At) -> dict[str, Decimal]:
    """Units that an order takes from the stock, by item id; none where a SKU is not known (it is not accepted then)."""
    try:
        units = units_by_item(order, rules.item_ids(at.config, order, catalogue))
    except NeedsAttention:
        return {}
    return {item_id: Decimal(count) for item_id, count in units.items()}


def add_promise(takes: Mapping[str, Decimal], promised: dict[str, Decimal]) -> None:
    """Take these units from what later orders may get."""
    for item_id, units in takes.items():
        promised[item_id] = promised.get(item_id, ZERO) + units


def keep(posting: Posting, takes: Mapping[str, Decimal], facts: Mapping[str, str], at: At) -> None:
    """The order is accepted: what it takes stays promised until NetSuite holds its sale."""
    text = " ".join(f"{item_id}:{units}" for item_id, units in sorted(takes.items()))
    at.postings.mark_posted(
        posting, posting.key.source_id, at.clock(), facts={**facts, "takes": text}, due_at=at.clock() + RECHECK
    )


def end(posting: Posting, found: str, at: At) -> None:
    """The order was decided and takes nothing."""
    with suppress(LeaseLostError):
        at.postings.confirm(posting, {"found": found}, [], at.clock())


def keep_or_end(posting: Posting, at: At) -> None:
    """End a promise when the sale is in NetSuite, or came to nothing."""
    key = posting.key
    sale = at.postings.posting(Key(key.marketplace, key.thread, Kind.SALES_ORDER, key.source_id))
    state = at.postings.seen_state(key.marketplace, key.source_id)
    if is_off_the_shelf(sale, state, at) or state in DEAD:
        with suppress(LeaseLostError):
            at.postings.confirm(posting, {"promise": "kept" if sale else f"ended: {state}"}, [], at.clock())
        return
    release(at, posting, at.clock() + RECHECK, "promised", untouched=True)


def is_off_the_shelf(sale: Posting | None, state: str | None, at: At) -> bool:
    """Whether NetSuite's own figure of what is available has an order's units off.

    With its sales order where the account commits stock; else when the goods have left.
    """
    is_booked = sale is not None and sale.state is State.CONFIRMED
    return is_booked and (at.config.netsuite.commits_stock or state in GONE)
