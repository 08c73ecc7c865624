"""A payment provider's report is booked, once a person has agreed to its journals by their hash."""

from __future__ import annotations

from collections.abc import Sequence

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.ledger.proof import Proof, Status
from tieout.domain.ledger.record import Record
from tieout.domain.ledger.review import review_hash
from tieout.domain.money import ZERO
from tieout.domain.postings import Key
from tieout.flows.ports import At
from tieout.flows.settlement.plan import Plan, digest_of, keep_plan
from tieout.flows.settlement.review import spread


def book_reports(records: Sequence[Record], at: At) -> list[Key]:
    """Record the journals of reports, each report in a thread of its own; answers what is due. Again, it is nothing.

    Raises NeedsAttention(CYCLE_HELD) before anything is recorded where a report was booked from other rows.
    """
    reports: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        reports.setdefault((record.marketplace, record.cycle), []).append(record)
    plans = [_plan(marketplace, thread, theirs) for (marketplace, thread), theirs in reports.items()]
    for plan in plans:
        before = {each.source_version for each in at.postings.of_thread(plan.marketplace, plan.cycle)}
        if before - {plan.hash}:
            raise NeedsAttention(Reason.CYCLE_HELD, {"report": f"{plan.cycle} was booked from other rows"})
    due: list[Key] = []
    for plan in plans:
        payload = keep_plan(plan, at)
        due += at.postings.record_order(
            marketplace=plan.marketplace,
            order_id=plan.cycle,
            version=plan.hash,
            state="",
            payload=payload,
            intents=spread(plan, payload, 0, len(plan.records)),
            retire=[],
            now=at.clock(),
        )
    at.doorbells.ring(due)
    return due


def _plan(marketplace: str, thread: str, records: Sequence[Record]) -> Plan:
    """No billing cycle is settled by it: nothing is transferred, and nothing of the log is used up."""
    return Plan(
        marketplace=marketplace,
        cycle=thread,
        hash=review_hash(records),
        lines_digest=digest_of(()),
        records=tuple(records),
        proof=Proof(
            marketplace=marketplace,
            cycle=thread,
            currency=records[0].currency,
            lines=sum(len(record.source_line_ids) for record in records),
            sum_of_lines=ZERO,
            transferred=ZERO,
            carried_in=ZERO,
            carried_out=ZERO,
            posted_to_clearing=ZERO,
            residual=ZERO,
            status=Status.TIED_OUT,
        ),
    )
