"""Waiting orders get their answer: every line in one call, first come first served, never more than the stock holds.

An accepted order stays POSTED here while its sale is on the way (debit, then shipping): the units it takes are promised
and no later order gets them. It is CONFIRMED once NetSuite holds the sales order, or the sale fell through.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from tieout.domain.errors import CredentialsRefused, NeedsAttention, Retryable
from tieout.domain.orders.acceptance import Decision, decide, less
from tieout.domain.orders.matching import Catalogue
from tieout.domain.orders.order import DEAD, TO_ACCEPT, Order
from tieout.domain.postings import Lane, Posting
from tieout.flows.archived import archived_order, left_the_settings
from tieout.flows.orders import rules
from tieout.flows.orders.doubts import stop_doubted
from tieout.flows.orders.post import FLOW, NETSUITE
from tieout.flows.orders.promises import (
    RECHECK,
    add_promise,
    end,
    keep,
    keep_or_end,
    perhaps_accepted,
    promised_units,
    taken_by,
)
from tieout.flows.outcomes import come_back, held_until, hold, park, release
from tieout.flows.ports import At, LeaseLostError

MOST = 200
"""Orders decided in one run; the rest waits for the next."""


class Waiting(Struct, frozen=True):
    """A claimed posting with its order."""

    posting: Posting
    order: Order


def accept_due(at: At) -> int:
    """Decide the orders that wait; answers how many decisions were sent."""
    keys = at.postings.due(Lane.ORDERS_TO_ACCEPT, at.clock(), MOST)
    if not keys:
        return 0
    if held_until(at, FLOW, NETSUITE):
        return 0
    claimed = at.postings.claim(keys, at.clock())
    undecided: list[Posting] = []
    for posting in claimed:
        if posting.target_id is not None:
            keep_or_end(posting, at)
        else:
            undecided.append(posting)
    if not undecided:
        return 0
    return _decide_all(_read(undecided, at), at)


def _decide_all(waiting: Sequence[Waiting], at: At) -> int:
    """First come, first served: what an earlier order takes is gone for a later one."""
    # Promises are read before the stock: a sale that NetSuite books in between counts twice, never not at all.
    promised = promised_units(at)
    doubtful = perhaps_accepted({each.posting.key for each in waiting}, at)
    orders = [*(each.order for each in waiting), *doubtful]
    try:
        catalogue = rules.catalogue_for(at.config, orders, at.ledger)
        available = _available(orders, catalogue, at)
    except (Retryable, CredentialsRefused) as error:
        for each in waiting:
            come_back(at, each.posting, error, NETSUITE)
        return 0
    for order in doubtful:
        add_promise(taken_by(order, catalogue, at), promised)
    sent = 0
    for each in sorted(waiting, key=_turn):
        posting, order = each.posting, each.order
        try:
            if order.state != TO_ACCEPT:
                takes = taken_by(order, catalogue, at)
                keep(posting, takes, {"found": f"decided already: {order.state}"}, at)
                add_promise(takes, promised)
                continue
            stop_doubted(order, at)
            decision = decide(
                order,
                catalogue,
                rules.sku_rules(at.config, order.marketplace),
                rules.acceptance_rules(at.config, order.marketplace),
                less(_serving(order, available, at), promised),
            )
            add_promise(decision.takes, promised)
            sent += _answer(posting, order, decision, at)
        except NeedsAttention as problem:
            park(at, posting, problem)
        except LeaseLostError:
            continue
    return sent


def _turn(waiting: Waiting) -> tuple[bool, datetime, str]:
    """Orders that may have been accepted already come first: their units may be gone."""
    return waiting.posting.ambiguous_since is None, waiting.order.created_at, waiting.order.order_id


def _read(postings: Sequence[Posting], at: At) -> list[Waiting]:
    """The orders as archived; one that was answered before without an echo is asked of Mirakl again."""
    documents = at.archive.load([posting.payload for posting in postings])
    orders: list[Waiting] = []
    doubtful: dict[str, list[Posting]] = defaultdict(list)
    for posting in postings:
        if posting.ambiguous_since is not None:
            doubtful[posting.key.marketplace].append(posting)
            continue
        try:
            orders.append(Waiting(posting, archived_order(posting, documents, at)))
        except NeedsAttention as problem:
            park(at, posting, problem)
    for marketplace, group in doubtful.items():
        if marketplace not in at.config.marketplaces:
            for posting in group:
                park(at, posting, left_the_settings(marketplace))
            continue
        orders += _ask_again(marketplace, group, at)
    return orders


def _ask_again(marketplace: str, postings: Sequence[Posting], at: At) -> list[Waiting]:
    by_id = {posting.key.source_id: posting for posting in postings}
    try:
        fetched = at.marketplace(marketplace).orders_by_id(list(by_id))
    except (Retryable, CredentialsRefused) as error:
        for posting in postings:
            come_back(at, posting, error, f"mirakl-{marketplace}")
        return []
    alive = []
    for each in fetched:
        posting = by_id.pop(each.order_id)
        if each.order is None or each.order.state in DEAD:
            end(posting, f"decided already: {each.order.state if each.order else '(unreadable)'}", at)
        else:
            alive.append(Waiting(posting, each.order))
    for posting in by_id.values():
        release(at, posting, at.clock() + RECHECK, "Mirakl does not list the order")
    return alive


def _available(orders: Sequence[Order], catalogue: Catalogue, at: At) -> dict[str, Mapping[str, Decimal]]:
    """Free units by marketplace (each has its own locations)."""
    wanted = {sku for order in orders for sku in rules.wanted_skus(at.config, order)}
    items = {item.id: item for sku in wanted for item in catalogue.by_itemid.get(sku, ()) if not item.is_inactive}
    items |= {item.id: item for found in catalogue.by_upc.values() for item in found if not item.is_inactive}
    references = at.ledger.references()
    by_locations: dict[tuple[str, ...], dict[str, Decimal]] = {}
    available: dict[str, Mapping[str, Decimal]] = {}
    for marketplace in sorted({order.marketplace for order in orders}):
        try:
            locations = rules.location_ids(at.config, marketplace, references)
        except NeedsAttention:
            continue
        if locations not in by_locations:
            by_locations[locations] = at.ledger.available(list(items.values()), locations)
        available[marketplace] = by_locations[locations]
    return available


def _serving(order: Order, available: Mapping[str, Mapping[str, Decimal]], at: At) -> Mapping[str, Decimal]:
    if order.marketplace not in available:
        # Says which location is missing.
        rules.location_ids(at.config, order.marketplace, at.ledger.references())
    return available[order.marketplace]


def _answer(posting: Posting, order: Order, decision: Decision, at: At) -> int:
    """Send the decision (OR21). Answers 1 when Mirakl took it."""
    market = at.marketplace(order.marketplace)
    system = f"mirakl-{order.marketplace}"
    if held := held_until(at, FLOW, system):
        hold(at, [posting], *held)
        return 0
    try:
        market.accept(
            order.order_id, {line.line_id: decision.accepted for line in order.lines if line.state == TO_ACCEPT}
        )
    except (Retryable, CredentialsRefused) as error:
        come_back(at, posting, error, system)
        return 0
    except NeedsAttention as problem:
        _refused(posting, order, decision, problem, at)
        return 0
    at.switches.worked(system, at.clock())
    if not decision.accepted:
        at.postings.confirm(posting, {"decision": "refused", **decision.facts}, [], at.clock())
    else:
        keep(posting, decision.takes, {"decision": "accepted"}, at)
    at.meter.count("OrdersDecided", marketplace=order.marketplace)
    return 1


def _refused(posting: Posting, order: Order, decision: Decision, problem: NeedsAttention, at: At) -> None:
    """Mirakl refused the answer; often because somebody decided before us, perhaps we ourselves without an echo."""
    try:
        fetched = at.marketplace(order.marketplace).orders_by_id([order.order_id])
    except (Retryable, CredentialsRefused) as error:
        come_back(at, posting, error, f"mirakl-{order.marketplace}")
        return
    now = next((each.order.state for each in fetched if each.order), TO_ACCEPT)
    if now == TO_ACCEPT:
        raise problem
    if now in DEAD:
        end(posting, f"decided already: {now}", at)
    else:
        keep(posting, decision.takes, {"found": f"decided already: {now}"}, at)
