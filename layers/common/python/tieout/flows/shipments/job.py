"""A fulfilment on its way to a marketplace, and what became of it: what both ways of telling it share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from tieout.domain.errors import CredentialsRefused, NeedsAttention, Retryable, SystemDown, Throttled
from tieout.domain.orders.order import Order
from tieout.domain.postings import Key, Posting
from tieout.domain.shipments.fulfilment import Fulfilment
from tieout.domain.shipments.shipment import Shipment, ShippedLine, Tracking
from tieout.flows.outcomes import HOLD, come_back, next_attempt, release
from tieout.flows.ports import At, Marketplace
from tieout.flows.posting import Guard

PATIENCE = timedelta(seconds=60)
"""A call is not started when less than this is left of the run."""


class Batch(Struct, frozen=True):
    """What a run works with."""

    at: At
    deadline: datetime
    failed: list[Key]
    """Keys that failed for reasons nobody foresaw."""

    @property
    def is_out_of_time(self) -> bool:
        """Whether no further call may be started."""
        return self.at.clock() + PATIENCE > self.deadline


class Job(Struct, frozen=True):
    """A claimed posting with its fulfilment, the units still to be told, and the ways left to follow the parcel."""

    posting: Posting
    fulfilment: Fulfilment
    reference: str
    lines: tuple[ShippedLine, ...]
    ways: tuple[Tracking, ...]

    @property
    def order_id(self) -> str:
        """The marketplace's order."""
        return self.fulfilment.order_id

    @property
    def tracking(self) -> Tracking:
        """The best way that was not refused yet."""
        return self.ways[0]

    @property
    def is_doubtful(self) -> bool:
        """Whether an earlier attempt may have told it."""
        return self.posting.ambiguous_since is not None or self.posting.target_id is not None


def give_back(jobs: Iterable[Job], error: Retryable | CredentialsRefused, at: At) -> None:
    """All come back after a failed call, which counts once for the marketplace's breaker."""
    for number, job in enumerate(jobs):
        posting = job.posting
        if number == 0:
            come_back(at, posting, error, f"mirakl-{posting.key.marketplace}")
        elif isinstance(error, CredentialsRefused):
            release(at, posting, at.clock() + HOLD, str(error), held=True, untouched=True)
        else:
            nothing_sent = isinstance(error, Throttled | SystemDown)
            release(at, posting, next_attempt(at, posting.attempt, error), str(error), untouched=nothing_sent)


def soon(at: At) -> datetime:
    """When something is looked at again that others have to bring about first."""
    return at.clock() + timedelta(seconds=2 * at.config.reliability.backoff_cap_seconds)


def wait(job: Job, until: datetime, why: str, at: At) -> None:
    """Comes back without having counted as an attempt; what may have been sent stays doubtful."""
    release(at, job.posting, until, why, untouched=True)


def later(jobs: Iterable[Job], why: str, at: At) -> None:
    """All come back at their next attempt; something was, or may have been, sent."""
    for job in jobs:
        release(at, job.posting, next_attempt(at, job.posting.attempt), why)


def confirmed(jobs: Sequence[tuple[Job, Mapping[str, str]]], batch: Batch) -> None:
    """Done and proven, with what was found; all at once."""
    at = batch.at

    def confirm(pair: tuple[Job, Mapping[str, str]]) -> None:
        job, facts = pair
        with Guard(job.posting, at, batch.failed):
            at.postings.confirm(job.posting, facts, [], at.clock())
            at.meter.count("ShipmentsConfirmed", marketplace=job.posting.key.marketplace)

    at.together(confirm, jobs)


def facts_of(shipment: Shipment, job: Job) -> dict[str, str]:
    """What a person wants to know of a shipment that Mirakl has."""
    tracking = shipment.tracking if shipment.tracking != Tracking() else job.tracking
    facts = {
        "shipment": shipment.id,
        "state": shipment.state,
        "carrier": tracking.carrier_code or tracking.carrier_standard_code or tracking.carrier_name,
        "tracking": shipment.tracking.number or job.tracking.number,
    }
    if len(job.fulfilment.tracking_numbers) > 1:
        facts["parcels"] = ", ".join(job.fulfilment.tracking_numbers)
    return {name: fact for name, fact in facts.items() if fact}


def orders_now(market: Marketplace, jobs: Iterable[Job]) -> dict[str, Order]:
    """The jobs' orders as Mirakl has them now (OR11)."""
    order_ids = list(dict.fromkeys(job.order_id for job in jobs))
    fetched = market.orders_by_id(order_ids) if order_ids else []
    return {each.order_id: each.order for each in fetched if each.order is not None}


class Shipments(Struct, frozen=True):
    """The shipments of some orders. One that does not read concerns its own order alone."""

    by_order: dict[str, list[Shipment]]
    unreadable: dict[str, NeedsAttention]

    def of(self, job: Job) -> list[Shipment]:
        """Those of the job's order. Raises NeedsAttention where one of them does not read: none may be overlooked."""
        if problem := self.unreadable.get(job.order_id):
            raise problem
        return self.by_order.get(job.order_id, [])


def shipments_now(market: Marketplace, jobs: Iterable[Job]) -> Shipments:
    """The shipments of the jobs' orders as Mirakl has them now (ST11)."""
    read = Shipments({}, {})
    _read(market, list(dict.fromkeys(job.order_id for job in jobs)), read)
    return read


def _read(market: Marketplace, order_ids: list[str], read: Shipments) -> None:
    try:
        for shipment in market.shipments_of(order_ids) if order_ids else ():
            read.by_order.setdefault(shipment.order_id, []).append(shipment)
    except NeedsAttention as problem:
        if len(order_ids) == 1:
            read.unreadable[order_ids[0]] = problem
            return
        half = len(order_ids) // 2
        _read(market, order_ids[:half], read)
        _read(market, order_ids[half:], read)


def archived_order_of(job: Job, market: Marketplace, at: At) -> Order | None:
    """The job's order as it was last seen; None where the archive has it no more."""
    payload = at.postings.seen_payload(job.posting.key.marketplace, job.order_id)
    raw = at.archive.load([payload]).get(payload) if payload else None
    try:
        return market.read_order(raw) if raw else None
    except NeedsAttention:
        return None
