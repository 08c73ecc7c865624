"""Fulfilments of a marketplace that takes whole orders only: tracking (OR23), then shipped (OR24), an order at a time.

Both may be said twice. `shipments.partial` says what becomes of an order of which a part has left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec import DecodeError, json

from tieout.domain.errors import CredentialsRefused, NeedsAttention, OutcomeUnknown, Reason, Retryable
from tieout.domain.orders.order import DEAD, SOLD, Order
from tieout.domain.postings import Kind, State
from tieout.domain.returns.refund import REFUNDED
from tieout.domain.shipments.fulfilment import Fulfilment
from tieout.domain.shipments.shipment import Tracking
from tieout.domain.shipments.what_to_ship import TO_SHIP, check_not_shipped_twice, live_units, units_of
from tieout.flows.ports import At, Marketplace
from tieout.flows.posting import Guard
from tieout.flows.shipments.job import (
    Batch,
    Job,
    archived_order_of,
    confirmed,
    give_back,
    later,
    orders_now,
    soon,
    wait,
)
from tieout.flows.shipments.rules import RETOLD, UNDONE


def confirm(market: Marketplace, jobs: Sequence[Job], batch: Batch) -> None:
    """Ship the orders of which enough has left, and prove it (OR11)."""
    groups: dict[str, list[Job]] = defaultdict(list)
    for job in sorted(jobs, key=lambda each: (len(each.fulfilment.id), each.fulfilment.id)):
        with Guard(job.posting, batch.at, batch.failed):
            if _is_due(job, market, batch.at):
                groups[job.order_id].append(job)
    told: dict[str, Tracking] = {}
    words: dict[str, str] = {}
    doubtful = {order_id: group for order_id, group in groups.items() if any(job.is_doubtful for job in group)}
    try:
        orders = orders_now(market, [job for group in doubtful.values() for job in group])
    except (Retryable, CredentialsRefused) as error:
        give_back([job for group in groups.values() for job in group], error, batch.at)
        return
    known = {order_id for order_id, order in orders.items() if order.state in SOLD - {TO_SHIP}}
    waiting = [order_id for order_id in groups if order_id not in known or _retells(groups[order_id])]
    for number, order_id in enumerate(waiting):
        group = groups[order_id]
        if batch.is_out_of_time:
            for each in waiting[number:]:
                for job in groups.pop(each):
                    wait(job, batch.at.clock(), "out of time", batch.at)
            break
        try:
            told[order_id] = _tell(market, group[-1] if _retells(group) else group[0], words)
        except OutcomeUnknown:
            continue
        except (Retryable, CredentialsRefused) as error:
            give_back([job for each in waiting[number:] for job in groups.pop(each)], error, batch.at)
            break
    _prove(market, groups, told, words, batch)


def _retells(group: Sequence[Job]) -> bool:
    return any(job.posting.key.source_id.startswith(RETOLD) for job in group)


def _is_due(job: Job, market: Marketplace, at: At) -> bool:
    """Whether enough of the order has left to ship it whole. Raises NeedsAttention."""
    order = archived_order_of(job, market, at)
    if order is None or order.state != TO_SHIP:
        return True  # Mirakl itself has the last word
    left = units_of(_fulfilments_of(job, at))
    check_not_shipped_twice(left, order)
    missing = {line_id: units - left[line_id] for line_id, units in live_units(order).items() if units > left[line_id]}
    for line_id in _called_off(job, order, at):
        missing.pop(line_id, None)
    policy = at.config.marketplaces[job.posting.key.marketplace].shipments.partial
    if not missing or policy == "ship":
        return True
    if policy == "park":
        facts = {line_id: f"{units} to follow" for line_id, units in missing.items()}
        raise NeedsAttention(Reason.PARTIAL_SHIPMENT, facts)
    wait(job, soon(at), "the rest of the order has not left yet", at)
    return False


def _called_off(job: Job, order: Order, at: At) -> set[str]:
    """Lines of which nothing more will leave: their money went back, or NetSuite closed them and Mirakl knows."""
    refunded = {line.line_id for line in order.live_lines if line.state == REFUNDED}
    closed = {
        posting.key.source_id
        for posting in at.postings.of_thread(job.posting.key.marketplace, job.posting.key.thread)
        if posting.key.kind is Kind.CANCELATION and posting.state is State.CONFIRMED
    }
    return refunded | closed


def _fulfilments_of(job: Job, at: At) -> list[Fulfilment]:
    """Every fulfilment of the order that has left, this one among them."""
    payloads = {
        posting.key.source_id: posting.payload
        for posting in at.postings.of_thread(job.posting.key.marketplace, job.posting.key.thread)
        if posting.key.kind is Kind.SHIPMENT
        and posting.state is not State.SUPERSEDED
        and not posting.key.source_id.startswith((UNDONE, RETOLD))
    }
    found = {job.fulfilment.id: job.fulfilment}
    for raw in at.archive.load(sorted(set(payloads.values()))).values():
        try:
            fulfilment = json.decode(raw, type=Fulfilment)
        except DecodeError:
            continue
        found.setdefault(fulfilment.id, fulfilment)
    return list(found.values())


def _tell(market: Marketplace, job: Job, words: dict[str, str]) -> Tracking:
    """Track and ship an order; Mirakl's words on a refusal go to `words`. Answers the tracking that it took."""
    taken = Tracking()
    for way in job.ways:
        if way == Tracking():
            break
        try:
            market.track_order(job.order_id, way)
        except NeedsAttention:
            continue  # a poorer way is better than no confirmation
        taken = way
        break
    try:
        market.ship_order(job.order_id)
    except NeedsAttention as problem:
        words[job.order_id] = problem.facts.get("message", str(problem))
    return taken


def _prove(
    market: Marketplace,
    groups: Mapping[str, Sequence[Job]],
    told: Mapping[str, Tracking],
    words: Mapping[str, str],
    batch: Batch,
) -> None:
    """Confirm the orders that Mirakl says are shipped, whoever said so."""
    jobs = [job for group in groups.values() for job in group]
    if not jobs:
        return
    at = batch.at
    try:
        orders = orders_now(market, jobs)
    except (Retryable, CredentialsRefused) as error:
        later(jobs, f"not read back: {error}", at)
        return
    at.switches.worked(f"mirakl-{jobs[0].posting.key.marketplace}", at.clock())
    done: list[tuple[Job, Mapping[str, str]]] = []
    for job in jobs:
        with Guard(job.posting, at, batch.failed):
            order = orders.get(job.order_id)
            if order is None or order.state not in SOLD | DEAD:
                why = f"the order is {order.state}" if order else "Mirakl does not list the order"
                wait(job, soon(at), why, at)
            elif order.state in DEAD:
                raise NeedsAttention(Reason.NOT_SHIPPABLE, {"state": order.state})
            elif order.state != TO_SHIP:
                done.append((job, _facts(job, order.state, told, words)))
            elif job.order_id in words:
                raise NeedsAttention(Reason.REFUSED_BY_MIRAKL, {"mirakl": words[job.order_id]})
            else:
                later([job], "the order is not shipped yet", at)
    confirmed(done, batch)


def _facts(job: Job, state: str, told: Mapping[str, Tracking], words: Mapping[str, str]) -> dict[str, str]:
    tracking = told.get(job.order_id, Tracking())
    facts = {
        "state": state,
        "carrier": tracking.carrier_code or tracking.carrier_standard_code or tracking.carrier_name,
        "tracking": tracking.number,
        "parcels": ", ".join(job.fulfilment.tracking_numbers) if len(job.fulfilment.tracking_numbers) > 1 else "",
        "found": f"the order was {state} already" if job.order_id in words else "",
    }
    return {name: fact for name, fact in facts.items() if fact}
