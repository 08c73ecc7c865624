"""The queue settlements-to-post: billing cycles that are worked out, and the records that they become."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from tieout.domain.postings import SETTLED_AS, Key, Kind
from tieout.flows.ports import At
from tieout.flows.settlement.post import post_settlement_records
from tieout.flows.settlement.review import work_cycles


def post_due(keys: Sequence[Key], at: At, deadline: datetime, returned: Collection[Key] = ()) -> list[Key]:
    """Work what is due of these keys; answers those that have to come again by the queue.

    Records first: they are what was agreed to, and cost one call each.
    """
    records = [key for key in keys if key.kind in SETTLED_AS]
    cycles = [key for key in keys if key.kind is Kind.CYCLE]
    failed: list[Key] = []
    if records:
        failed += post_settlement_records(records, at, deadline, [key for key in returned if key in records])
    if cycles:
        failed += work_cycles(cycles, at, deadline, [key for key in returned if key in cycles])
    # A kind of another queue is nobody's here: its message comes again until somebody is called.
    return failed + [key for key in keys if key.kind not in {*SETTLED_AS, Kind.CYCLE}]
