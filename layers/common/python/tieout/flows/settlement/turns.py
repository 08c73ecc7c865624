"""Billing cycles of one account are booked in the order in which they closed.

What is open on an invoice is used up cycle by cycle: a later one is worked out as if those before it were booked, and
waits until they are. So everything that is shown for a review at one time stays what it was, whatever is agreed to
first. A cycle that is held is nobody's turn: those after it go on, and it is worked out anew when it is mended.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from tieout.domain.errors import Reason
from tieout.domain.ledger.line import Cycle
from tieout.domain.postings import SETTLED_AS, Key, Kind, Posting, State
from tieout.flows.outcomes import soon
from tieout.flows.ports import At
from tieout.flows.recipe import NotYet
from tieout.flows.settlement.log import cycles_of

PATIENCE, A_SITTING = timedelta(minutes=10), timedelta(minutes=30)
"""How often a cycle looks whether a person has agreed to the one before it; sooner while the person is at it."""
_AFTERWARDS = frozenset({Kind.PAYOUT, Kind.RELEASE})
"""They wait for the bank, or for an invoice: nobody waits for them."""


def wait_for_turn(posting: Posting, at: At) -> None:
    """Raises NotYet while a cycle of the same shop and currency that closed before it is still to be booked."""
    marketplace, cycles = posting.key.marketplace, cycles_of(posting.key.marketplace, at)
    cycle = next((each for each in cycles if each.id == posting.key.thread), None)
    first = next(unfinished_before(marketplace, cycle, cycles, at), None) if cycle else None
    if first is None:
        return
    before, left = first
    if left.state is not State.PARKED:
        raise NotYet(f"cycle {before.id} of the same account is being booked", soon(at))
    what = "agreed to" if left.reason == Reason.SETTLEMENT_TO_REVIEW else f"mended: {left.external_id} is parked"
    agreed_at = datetime.fromisoformat(posting.facts["agreed_at"]) if "agreed_at" in posting.facts else at.clock()
    # Who agrees to several does so one after the other: the one before is often agreed to in a moment.
    until = soon(at) if at.clock() - agreed_at < A_SITTING else at.clock() + PATIENCE
    raise NotYet(f"cycle {before.id} of the same account has to be {what} first", until)


def unfinished_before(
    marketplace: str, cycle: Cycle, cycles: Collection[Cycle], at: At
) -> Iterator[tuple[Cycle, Posting]]:
    """Those of the same shop and currency that closed before it and are still to be booked, with what is to be done.

    The nearest first, back to the last that is booked: those before it were, when it was its turn.
    """
    account = (cycle.shop, cycle.currency)
    earlier = (
        each
        for each in cycles
        if (each.shop, each.currency) == account and (each.closed_at, each.id) < (cycle.closed_at, cycle.id)
    )
    for before in sorted(earlier, key=lambda each: (each.closed_at, each.id), reverse=True):
        posting = at.postings.posting(Key(marketplace, before.id, Kind.CYCLE, before.id))
        if posting is None:
            continue
        left = _left(posting, at)
        if left is not None:
            yield before, left
        elif posting.state is State.CONFIRMED:
            return


def _left(cycle: Posting, at: At) -> Posting | None:
    """What of a cycle is still to be booked: itself, or a record; None where all is done, or it is held."""
    if cycle.state is State.PARKED and cycle.reason != Reason.SETTLEMENT_TO_REVIEW:
        return None
    if cycle.state is not State.CONFIRMED:
        return cycle
    thread = at.postings.of_thread(cycle.key.marketplace, cycle.key.thread)
    return next((each for each in thread if _counts(each.key) and each.state is not State.CONFIRMED), None)


def _counts(key: Key) -> bool:
    if key.kind is Kind.CYCLE:
        return "/" in key.source_id  # a part of a plan that is spread over several transactions
    return key.kind in SETTLED_AS and key.kind not in _AFTERWARDS
