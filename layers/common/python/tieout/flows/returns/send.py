"""What NetSuite closed or gave back is cancelled or refunded at the marketplace (OR29, OR30, OR28), once.

None of these calls can be repeated safely. So one run at a time works through what is due; the order is read before
each send, also the first; and the refunds that were there before are written down, so that what a call without an
answer did after all is found by comparison. What was sent is believed when the order shows it.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

from msgspec import Struct, json
from msgspec.structs import replace

from tieout.domain.errors import CredentialsRefused, NeedsAttention, Reason, Retryable
from tieout.domain.orders.order import DEAD, Order
from tieout.domain.postings import Key, Kind, Lane, Posting
from tieout.domain.returns.refund import ClosedLine, Credit, RefundLine
from tieout.domain.returns.refunds import (
    cancelation_of,
    given_back_ids,
    is_whole_order,
    made_after_all,
    refunds_of,
    units_to_cancel,
)
from tieout.flows.archived import archived_reading, left_the_settings
from tieout.flows.outcomes import come_back, held_until, hold, horizon_of, next_attempt, park, release
from tieout.flows.ports import At, FetchedOrder, LeaseLostError
from tieout.flows.returns.thread import BEFORE, REFUNDS, made_by_us, refunds_in

logger = logging.getLogger(__name__)

FLOW = "returns"
MOST = 500
ORDERS_A_RUN = 100
"""Orders read in one OR11 call; it may be asked once a minute."""
RECHECK = timedelta(minutes=15)
WHOLE_ORDER = "whole order"
"""In place of an id: OR29 names none."""


class Job(Struct, frozen=True):
    """A claimed posting with what stands behind it."""

    posting: Posting
    source: Credit | ClosedLine


def send_refunds(at: At) -> int:
    """Work through what is due; answers how many refunds and cancelations Mirakl took."""
    if at.switches.paused(FLOW):
        return 0
    threads: defaultdict[str, defaultdict[str, list[Key]]] = defaultdict(lambda: defaultdict(list))
    for key in at.postings.due(Lane.REFUNDS_TO_SEND, at.clock(), MOST):
        threads[key.marketplace][key.thread].append(key)
    sent = 0
    for marketplace, orders in threads.items():
        keys = [key for thread in list(orders)[:ORDERS_A_RUN] for key in orders[thread]]
        postings = at.postings.claim(keys, at.clock())
        if marketplace not in at.config.marketplaces:
            for posting in postings:
                park(at, posting, left_the_settings(marketplace))
        elif postings:
            sent += _work(marketplace, postings, at)
    return sent


def _work(marketplace: str, postings: Sequence[Posting], at: At) -> int:
    system = f"mirakl-{marketplace}"
    if held := held_until(at, FLOW, system):
        hold(at, postings, *held)
        return 0
    jobs = _read(postings, at)
    by_order: defaultdict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        by_order[job.posting.key.thread].append(job)
    if not by_order:
        return 0
    try:
        fetched = at.marketplace(marketplace).orders_by_id(list(by_order))
    except (Retryable, CredentialsRefused) as error:
        for job in jobs:
            come_back(at, job.posting, error, system)
        return 0
    at.switches.worked(system, at.clock())
    return _each_order(fetched, by_order, at)


def _each_order(fetched: Sequence[FetchedOrder], by_order: dict[str, list[Job]], at: At) -> int:
    sent = 0
    for each in fetched:
        group = by_order.pop(each.order_id, [])
        if each.order is None:
            for job in group:
                park(at, job.posting, NeedsAttention(Reason.UNREADABLE_ORDER, {"problem": each.problem}))
        elif group:
            sent += _Order(each.order, at).work(group)
    for group in by_order.values():
        for job in group:
            release(at, job.posting, at.clock() + RECHECK, "Mirakl does not list the order")
    return sent


def _read(postings: Sequence[Posting], at: At) -> list[Job]:
    documents = at.archive.load([posting.payload for posting in postings])
    jobs = []
    for posting in postings:
        try:
            kind: type[Credit | ClosedLine] = Credit if posting.key.kind is Kind.REFUND else ClosedLine
            jobs.append(Job(posting, archived_reading(posting, documents, at, kind)))
        except NeedsAttention as problem:
            park(at, posting, problem)
    return jobs


class _Order:
    """One order, as it was just read, and what is due for it: at most one call a run, for a call changes the order."""

    def __init__(self, order: Order, at: At) -> None:
        self._order = order
        self._at = at
        self._market = at.marketplace(order.marketplace)
        self._system = f"mirakl-{order.marketplace}"
        self._reasons = at.config.marketplaces[order.marketplace].returns.reasons
        thread = at.postings.of_thread(order.marketplace, order.order_id)
        self._owners = made_by_us(thread)

    def work(self, jobs: Sequence[Job]) -> int:
        """Prove what was sent; then send the first thing that is left, and leave the rest to the next run."""
        to_send = [job for job in jobs if not self._prove(job)]
        closed = [job for job in to_send if job.posting.key.kind is Kind.CANCELATION]
        turns = ([closed] if closed else []) + [[job] for job in to_send if job not in closed]
        for index, turn in enumerate(turns):
            sent, called = self._send(turn)
            if called:
                for later in (job for rest in turns[index + 1 :] for job in rest):
                    release(self._at, later.posting, self._at.clock(), "another call first", untouched=True)
                return sent
        return 0

    # --- what was sent ------------------------------------------------------------------------------------------------

    def _prove(self, job: Job) -> bool:
        """Whether the posting had been sent, and is dealt with."""
        posting = job.posting
        if posting.target_id is None:
            return False
        ids = refunds_in(posting.facts.get(REFUNDS, ""))
        shown = self._order.state in DEAD if WHOLE_ORDER in ids else ids <= given_back_ids(self._order)
        if shown:
            self._confirm(posting, {})
        else:
            release(self._at, posting, next_attempt(self._at, posting.attempt), "the order does not show it yet")
        return True

    def _confirm(self, posting: Posting, facts: Mapping[str, str]) -> None:
        try:
            self._at.postings.confirm(posting, facts, [], self._at.clock())
        except LeaseLostError:
            return

    # --- what is to be sent -------------------------------------------------------------------------------------------

    def _send(self, jobs: Sequence[Job]) -> tuple[int, bool]:
        """Send one call for these postings. Answers how many Mirakl took, and whether it was called."""
        wanted: list[tuple[Posting, tuple[RefundLine, ...]]] = []
        for job in jobs:
            posting = job.posting
            if self._was_done_after_all(job):
                continue
            if self._may_still_be_done(posting):
                release(
                    self._at,
                    posting,
                    self._at.clock() + horizon_of(self._at) / 4,
                    "no answer yet: it may still be done",
                )
                continue
            # From here on nothing is in doubt: whatever was sent before did nothing.
            posting = replace(posting, ambiguous_since=None)
            try:
                lines = self._lines(job)
            except NeedsAttention as problem:
                park(self._at, posting, problem)
                continue
            if lines:
                wanted.append((posting, lines))
            else:
                self._confirm(posting, {"found": "cancelled or refunded already"})
        ready = self._remember(wanted)
        return (self._call(ready), True) if ready else (0, False)

    def _known(self, posting: Posting) -> set[str]:
        """Refunds that are not this posting's: those from before, and those that another one made."""
        others = {each for each, owner in self._owners.items() if owner != posting.key}
        return refunds_in(posting.facts.get(BEFORE, "")) | others

    def _was_done_after_all(self, job: Job) -> bool:
        """Whether a call without an answer did its work; then the posting has its ids."""
        posting = job.posting
        if posting.ambiguous_since is None or BEFORE not in posting.facts:
            return False  # nothing is sent before it is written down what was there
        if self._order.state in DEAD and isinstance(job.source, ClosedLine):
            self._confirm(posting, {"found": f"the order is {self._order.state}"})
            return True
        asked = json.decode(posting.facts["asked"], type=tuple[RefundLine, ...])
        found = made_after_all(asked, self._order, self._known(posting))
        if not found:
            return False
        if len(found) < len(asked):
            words = f"only a part of the call is there: {', '.join(found.values())}"
            park(self._at, posting, NeedsAttention(Reason.REFUSED_BY_MIRAKL, {"mirakl": words}))
            return True
        ids = ",".join(found.values())
        for each in found.values():
            self._owners[each] = posting.key
        try:
            self._at.postings.mark_posted(posting, ids, self._at.clock(), facts={REFUNDS: ids})
        except LeaseLostError:
            return True
        self._confirm(posting, {"found": "the call without an answer had been done"})
        return True

    def _may_still_be_done(self, posting: Posting) -> bool:
        if posting.ambiguous_since is None or BEFORE not in posting.facts:
            return False
        return self._at.clock() < posting.ambiguous_since + horizon_of(self._at)

    def _lines(self, job: Job) -> tuple[RefundLine, ...]:
        """What is asked of Mirakl for one posting; nothing where it is so already. Raises NeedsAttention."""
        source, order = job.source, self._order
        if isinstance(source, Credit):
            return refunds_of(source, order, _reason(self._reasons.refund, "refund"))
        if order.state in DEAD or not units_to_cancel(source, order):
            return ()
        if order.debited_at is not None:
            # The buyer has paid: what will not leave is given back.
            code = _reason(self._reasons.refund, "refund")
            return (cancelation_of(source, order, code, excluded_from_shipment=True),)
        return (cancelation_of(source, order, self._reasons.cancelation or ""),)

    def _remember(
        self, wanted: Sequence[tuple[Posting, tuple[RefundLine, ...]]]
    ) -> list[tuple[Posting, tuple[RefundLine, ...]]]:
        """Write down what is there, and what is asked, before anything is sent."""
        before = ",".join(sorted(given_back_ids(self._order)))
        ready = []
        for posting, lines in wanted:
            facts = {BEFORE: before, "asked": json.encode(lines).decode()}
            try:
                ready.append((self._at.postings.remember(posting, facts, self._at.clock()), lines))
            except LeaseLostError:
                continue
        return ready

    def _call(self, ready: Sequence[tuple[Posting, tuple[RefundLine, ...]]]) -> int:
        """OR28 for what was paid, OR29 for a whole order, OR30 for the rest."""
        lines = [line for _, several in ready for line in several]
        order = self._order
        cancels = ready[0][0].key.kind is Kind.CANCELATION and self._order.debited_at is None
        try:
            if not cancels:
                ids = self._market.refund_lines(
                    lines, tax_included=order.tax_included, taxed_as_a_whole=order.taxed_as_a_whole
                )
            elif is_whole_order(lines, self._order):
                self._market.cancel_order(self._order.order_id)
                ids = [WHOLE_ORDER] * len(lines)
            else:
                _reason(self._reasons.cancelation, "cancelation")
                ids = self._market.cancel_lines(
                    lines, tax_included=order.tax_included, taxed_as_a_whole=order.taxed_as_a_whole
                )
        except NeedsAttention as problem:
            for posting, _ in ready:
                park(self._at, posting, problem)
            return 0
        except (Retryable, CredentialsRefused) as error:
            for posting, _ in ready:
                come_back(self._at, posting, error, self._system)
            return 0
        self._at.switches.worked(self._system, self._at.clock())
        self._write_down(ready, list(ids))
        return len(ready)

    def _write_down(self, ready: Sequence[tuple[Posting, tuple[RefundLine, ...]]], ids: list[str]) -> None:
        """Whose refund is whose; the next run reads the order and believes it."""
        now = self._at.clock()
        kind = "RefundsSent" if ready[0][0].key.kind is Kind.REFUND else "CancelationsSent"
        for posting, lines in ready:
            made, ids = ids[: len(lines)], ids[len(lines) :]
            joined = ",".join(made)
            try:
                self._at.postings.mark_posted(posting, joined, now, facts={REFUNDS: joined}, due_at=now)
            except LeaseLostError:
                logger.warning("sent for a posting that another worker holds", extra={"posting": str(posting.key)})
            self._at.meter.count(kind, marketplace=posting.key.marketplace)


def _reason(code: str | None, name: str) -> str:
    if not code:
        raise NeedsAttention(Reason.REASON_NOT_CONFIGURED, {"setting": f"returns.reasons.{name}"})
    return code
