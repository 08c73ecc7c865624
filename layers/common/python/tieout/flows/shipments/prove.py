"""Shipments are read back (ST11) before they count; one that is there and has not left is finished first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.errors import CredentialsRefused, NeedsAttention, Reason, Retryable
from tieout.domain.shipments.shipment import Shipment, Tracking
from tieout.domain.shipments.what_to_ship import TOLD_STATES, own_shipment
from tieout.flows.outcomes import next_attempt
from tieout.flows.ports import Marketplace
from tieout.flows.posting import Guard
from tieout.flows.shipments.job import Batch, Job, confirmed, facts_of, later, shipments_now


class Sent(Struct, frozen=True):
    """A job whose shipment Mirakl has, or may have."""

    job: Job
    shipment_id: str = ""
    """As Mirakl named it, if it did."""
    shipment: Shipment | None = None
    """As it was read before."""
    in_this_run: bool = False


def prove(market: Marketplace, sent: Sequence[Sent], batch: Batch) -> None:
    """Confirm what has left; finish what has not; give back what is not to be seen."""
    left = _confirm_what_left(market, sent, batch)
    if not left:
        return
    try:
        words = _finish(market, left)
    except (Retryable, CredentialsRefused) as error:
        later([each.job for each in left], f"not finished: {error}", batch.at)
        return
    for each in _confirm_what_left(market, [replace(each, shipment=None) for each in left], batch):
        with Guard(each.job.posting, batch.at, batch.failed):
            if said := words.get(each.shipment_id):
                raise NeedsAttention(Reason.REFUSED_BY_MIRAKL, {"shipment": each.shipment_id, "mirakl": said})
            later([each.job], "the shipment has not left yet", batch.at)


def _confirm_what_left(market: Marketplace, sent: Sequence[Sent], batch: Batch) -> list[Sent]:
    """Confirm shipments that Mirakl says have left; answers those that are there and have not."""
    unread = [each.job for each in sent if each.shipment is None]
    try:
        shipments = shipments_now(market, unread)
    except (Retryable, CredentialsRefused) as error:
        later([each.job for each in sent], f"not read back: {error}", batch.at)
        return []
    done: list[tuple[Job, Mapping[str, str]]] = []
    waiting: list[Sent] = []
    for each in sent:
        with Guard(each.job.posting, batch.at, batch.failed):
            found = each.shipment or own_shipment(each.job.reference, shipments.of(each.job))
            if found is None:
                _not_listed(each, batch)
            elif found.state in TOLD_STATES:
                if each.in_this_run:
                    _check(each.job, found)
                done.append((each.job, facts_of(found, each.job)))
            else:
                waiting.append(replace(each, shipment_id=found.id, shipment=found))
    confirmed(done, batch)
    return waiting


def _not_listed(sent: Sent, batch: Batch) -> None:
    at = batch.at
    if sent.shipment_id:
        again = next_attempt(at, sent.job.posting.attempt)
        at.postings.mark_posted(sent.job.posting, sent.shipment_id, at.clock(), due_at=again)
    else:
        later([sent.job], "no answer, and no shipment to be seen yet", at)


def _check(job: Job, shipment: Shipment) -> None:
    """Raises NeedsAttention when Mirakl made something else of what was sent."""
    wanted, has = Counter[str](), Counter[str]()
    for lines, units in ((job.lines, wanted), (shipment.lines, has)):
        for line in lines:
            units[line.line_id] += line.quantity
    if wanted != has:
        line_id = min(each for each in wanted | has if wanted[each] != has[each])
        facts = {"shipment": shipment.id, "line": line_id, "sent": str(wanted[line_id]), "found": str(has[line_id])}
        raise NeedsAttention(Reason.REFUSED_BY_MIRAKL, facts)


def _finish(market: Marketplace, left: Sequence[Sent]) -> dict[str, str]:
    """Track and ship what an earlier attempt only created; answers Mirakl's words by refused shipment."""
    untracked = [each.job for each in left if each.shipment and each.shipment.tracking == Tracking()]
    ids = {each.job.posting.key: each.shipment_id for each in left}
    track(market, {ids[job.posting.key]: job.ways for job in untracked})
    return market.ship_shipments([each.shipment_id for each in left])


def track(market: Marketplace, ways: Mapping[str, Sequence[Tracking]]) -> dict[str, str]:
    """Say how to follow shipments (ST23), each by the best way that Mirakl takes; answers its words on the rest."""
    words: dict[str, str] = {}
    waiting = {shipment_id: list(each) for shipment_id, each in ways.items()}
    while now := {shipment_id: each.pop(0) for shipment_id, each in waiting.items() if each and each[0] != Tracking()}:
        refused = market.track_shipments(now)
        words = {shipment_id: said for shipment_id, said in words.items() if shipment_id not in now} | refused
        waiting = {shipment_id: waiting[shipment_id] for shipment_id in refused}
    return words
