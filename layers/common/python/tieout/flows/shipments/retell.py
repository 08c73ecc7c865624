"""A tracking number that came, or changed, after its shipment was told is told again (ST23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tieout.domain.errors import CredentialsRefused, Retryable
from tieout.domain.shipments.shipment import Shipment
from tieout.domain.shipments.what_to_ship import own_shipment
from tieout.flows.ports import Marketplace
from tieout.flows.posting import Guard
from tieout.flows.shipments.job import Batch, Job, confirmed, facts_of, give_back, later, shipments_now
from tieout.flows.shipments.prove import track


def confirm(market: Marketplace, jobs: Sequence[Job], batch: Batch) -> None:
    """Tell the numbers, and read them back. Telling one twice changes nothing."""
    if not jobs:
        return
    try:
        before = _own(market, jobs, batch)
        to_tell = [(job, found) for job, found in before if found is not None and not _follows(found, job)]
        words = track(market, {found.id: job.ways for job, found in to_tell})
        after = {job.posting.key: found for job, found in _own(market, [job for job, _ in to_tell], batch)}
    except (Retryable, CredentialsRefused) as error:
        give_back(jobs, error, batch.at)
        return
    done: list[tuple[Job, Mapping[str, str]]] = []
    for job, found in before:
        shipment = after.get(job.posting.key) or found
        if shipment is None:
            done.append((job, {"found": "no shipment of ours at the marketplace"}))
        elif _follows(shipment, job) or shipment.id in words:
            said = {"mirakl": words[shipment.id]} if shipment.id in words else {}
            done.append((job, {**facts_of(shipment, job), **said}))
        else:
            later([job], "the tracking number is not read back yet", batch.at)
    confirmed(done, batch)


def _own(market: Marketplace, jobs: Sequence[Job], batch: Batch) -> list[tuple[Job, Shipment | None]]:
    shipments = shipments_now(market, jobs)
    found: list[tuple[Job, Shipment | None]] = []
    for job in jobs:
        with Guard(job.posting, batch.at, batch.failed):
            found.append((job, own_shipment(job.reference, shipments.of(job))))
    return found


def _follows(shipment: Shipment, job: Job) -> bool:
    return shipment.tracking.number == job.tracking.number
