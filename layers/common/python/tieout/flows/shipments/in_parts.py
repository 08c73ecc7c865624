"""Fulfilments as shipments (ST01), many orders a call, each in the call that also ships it.

ST01 is not idempotent. What an earlier attempt may have created is looked for by its reference (ST11) before anything
is sent again, and where a late request of that attempt could still be carried out beside ours, it is waited out. A
shipment that is there and has not left, an earlier attempt's half, is finished by ST23 and ST24.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.errors import CredentialsRefused, NeedsAttention, OutcomeUnknown, Reason, Retryable
from tieout.domain.shipments.shipment import Shipment, ShipmentDraft
from tieout.domain.shipments.what_to_ship import (
    Later,
    Told,
    is_refused_twice,
    own_shipment,
    what_to_ship,
    with_parcels,
)
from tieout.flows.outcomes import horizon_of, next_attempt, release
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
    shipments_now,
    soon,
    wait,
)
from tieout.flows.shipments.prove import Sent, prove
from tieout.flows.shipments.rules import our_references

A_CALL = 1000
"""ST01 takes this many shipments."""
PATIENT = 8
"""Attempts after which a shipment that Mirakl named and does not list is a person's."""


class _Refused(Struct, frozen=True):
    """A job that Mirakl refused, with its words."""

    job: Job
    words: str


def confirm(market: Marketplace, jobs: Sequence[Job], batch: Batch) -> None:
    """Tell fulfilments that were never told, and settle what earlier attempts left open."""
    sent: list[Sent] = []
    to_send = [job for job in jobs if not job.is_doubtful]
    doubtful = [job for job in jobs if job.is_doubtful]
    try:
        to_send += _settle_doubts(market, doubtful, batch, sent)
    except (Retryable, CredentialsRefused) as error:
        give_back(jobs, error, batch.at)
        return
    _send_all(market, to_send, batch, sent)
    prove(market, sent, batch)


def _settle_doubts(market: Marketplace, doubtful: Sequence[Job], batch: Batch, sent: list[Sent]) -> list[Job]:
    """Find what earlier attempts made; answers what was not made, and may safely be sent now."""
    again: list[Job] = []
    shipments = shipments_now(market, doubtful)
    for job in doubtful:
        with Guard(job.posting, batch.at, batch.failed):
            of_order = shipments.of(job)
            if (found := own_shipment(job.reference, of_order)) is not None:
                sent.append(Sent(job, found.id, found))
            elif _is_safe_to_send(job, of_order, market, batch.at):
                again.append(job)
    return again


def _is_safe_to_send(job: Job, shipments: Sequence[Shipment], market: Marketplace, at: At) -> bool:
    """Whether sending once more cannot ship twice; else the job is given back, or given up to a person."""
    posting = job.posting
    if posting.target_id is not None:
        if posting.attempt > PATIENT:
            raise NeedsAttention(Reason.NOT_SHIPPABLE, {"shipment": posting.target_id, "found": "not listed by Mirakl"})
        later([job], "Mirakl does not list the shipment yet", at)
        return False
    order = archived_order_of(job, market, at)
    if order is not None and is_refused_twice(job.fulfilment, order, shipments):
        return True
    assert posting.ambiguous_since is not None
    horizon = posting.ambiguous_since + horizon_of(at)
    if at.clock() < horizon:
        wait(job, min(horizon, soon(at)), "a shipment may still appear", at)
    else:
        # As if nothing had been sent: the next attempt's doubts are to count from that attempt.
        release(at, replace(posting, ambiguous_since=None), at.clock(), "no shipment appeared", untouched=True)
    return False


def _send_all(market: Marketplace, jobs: Sequence[Job], batch: Batch, sent: list[Sent]) -> None:
    waiting = list(jobs)
    while waiting:
        if batch.is_out_of_time:
            for job in waiting:
                wait(job, batch.at.clock(), "out of time", batch.at)
            return
        now = _one_an_order(waiting)
        taken = {job.posting.key for job in now}
        rest = [job for job in waiting if job.posting.key not in taken]
        try:
            refused = _create(market, now, batch.at, sent)
        except (Retryable, CredentialsRefused) as error:
            known = {each.job.posting.key for each in sent}
            give_back([job for job in waiting if job.posting.key not in known], error, batch.at)
            return
        waiting = rest + _see_why(market, refused, batch, sent)


def _one_an_order(jobs: Sequence[Job]) -> list[Job]:
    """As many as a call takes, one an order: Mirakl names what it refuses by the order alone."""
    return list({job.order_id: job for job in reversed(jobs)}.values())[::-1][:A_CALL]


def _create(market: Marketplace, jobs: Sequence[Job], at: At, sent: list[Sent]) -> list[_Refused]:
    """Create shipments; what was made, or may have been, goes to `sent`. Answers what Mirakl refused."""
    drafts = {with_parcels(job.reference, job.fulfilment.tracking_numbers): job for job in jobs}
    try:
        created = market.create_shipments(
            [
                ShipmentDraft(reference=reference, order_id=job.order_id, lines=job.lines, tracking=job.tracking)
                for reference, job in drafts.items()
            ]
        )
    except OutcomeUnknown:
        sent += [Sent(job) for job in jobs]
        return []
    except NeedsAttention as problem:
        if len(jobs) == 1:
            return [_Refused(jobs[0], problem.facts.get("message", str(problem)))]
        # One of them does not please, and takes the others down with it: find it by halves.
        half = len(jobs) // 2
        return _create(market, jobs[:half], at, sent) + _create(market, jobs[half:], at, sent)
    at.switches.worked(f"mirakl-{jobs[0].posting.key.marketplace}", at.clock())
    refused = []
    for reference, job in drafts.items():
        if reference in created.refused:
            refused.append(_Refused(job, created.refused[reference]))
        else:
            sent.append(Sent(job, created.ids.get(reference, ""), in_this_run=True))
    return refused


def _see_why(market: Marketplace, refused: Sequence[_Refused], batch: Batch, sent: list[Sent]) -> list[Job]:
    """What the state of the order and its shipments says about a refusal; answers what is to be sent otherwise."""
    if not refused:
        return []
    at = batch.at
    jobs = [each.job for each in refused]
    try:
        orders, shipments = orders_now(market, jobs), shipments_now(market, jobs)
    except (Retryable, CredentialsRefused) as error:
        for job in jobs:
            wait(job, next_attempt(at, job.posting.attempt), f"refused, and not read: {error}", at)
        return []
    again: list[Job] = []
    for each in refused:
        job = each.job
        with Guard(job.posting, at, batch.failed):
            of_order = shipments.of(job)
            if (found := own_shipment(job.reference, of_order)) is not None:
                sent.append(Sent(job, found.id, found))
                continue
            ours = our_references(job.posting.key.marketplace)
            verdict = what_to_ship(job.fulfilment, ours, orders.get(job.order_id), of_order)
            if isinstance(verdict, Told):
                confirmed([(job, {"found": verdict.found})], batch)
            elif isinstance(verdict, Later):
                wait(job, soon(at), verdict.why, at)
            else:
                again.append(_otherwise(job, replace(job, lines=verdict.lines), each.words))
    return again


def _otherwise(before: Job, now: Job, words: str) -> Job:
    """The same units with the next poorer way to follow them, or fewer units where somebody shipped some.

    Raises NeedsAttention when neither is left.
    """
    if sum(line.quantity for line in now.lines) < sum(line.quantity for line in before.lines):
        return now
    if len(before.ways) > 1:
        return replace(before, ways=before.ways[1:])
    raise NeedsAttention(Reason.REFUSED_BY_MIRAKL, {"mirakl": words})
