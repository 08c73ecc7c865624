"""A tracking number that came, or changed, after its shipment was told is told again (ST23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tieout.domain.errors import CredentialsRefused, Retryable
from tieout.domain.shipments.shipment import Shipment
from tieout.domain.shipments.what_to_ship import own_shipment
from tieout.flows.ports import Marketplace
from tieout.flows.shipments.job import Batch, Job, confirmed, facts_of, give_back, later, shipments_now
from tieout.flows.shipments.prove import track


def confirm(market: Marketplace, jobs: Sequence[Job], batch: Batch) -> None:
    """Tell the numbers, and read them back. Telling one twice changes nothing."""
    if not jobs:
        return
    try:
        before = _own(market, jobs)
        wanted = [job for job in jobs if (found := before.get(job.reference)) and not _follows(found, job)]
        ways = {before[job.reference].id: job.ways for job in wanted}
        words = track(market, ways) if ways else {}
        after = _own(market, wanted)
    except (Retryable, CredentialsRefused) as error:
        give_back(jobs, error, batch.at)
        return
    done: list[tuple[Job, Mapping[str, str]]] = []
    for job in jobs:
        shipment = after.get(job.reference) or before.get(job.reference)
        if shipment is None:
            done.append((job, {"found": "no shipment of ours at the marketplace"}))
        elif _follows(shipment, job) or shipment.id in words:
            said = {"mirakl": words[shipment.id]} if shipment.id in words else {}
            done.append((job, {**facts_of(shipment, job), **said}))
        else:
            later([job], "the tracking number is not read back yet", batch.at)
    confirmed(done, batch)


def _own(market: Marketplace, jobs: Sequence[Job]) -> dict[str, Shipment]:
    shipments = shipments_now(market, jobs)
    found = {job.reference: own_shipment(job.reference, shipments[job.order_id]) for job in jobs}
    return {reference: shipment for reference, shipment in found.items() if shipment is not None}


def _follows(shipment: Shipment, job: Job) -> bool:
    return shipment.tracking.number == job.tracking.number
