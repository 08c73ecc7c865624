"""A billing cycle is worked out, waits until its records are agreed to, and becomes one posting a record."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.ids import parts_of
from tieout.domain.ledger.record import Record
from tieout.domain.ledger.review import review_hash
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.side import CONTROLS
from tieout.domain.money import ZERO
from tieout.domain.postings import Attempt, Intent, Key, Kind, Posting, State
from tieout.flows.outcomes import held_until, hold, release
from tieout.flows.ports import At
from tieout.flows.posting import NETSUITE, Guard, NotYet, soon, still_failing
from tieout.flows.settlement.month import is_period, plan_of_month
from tieout.flows.settlement.plan import Plan, archived_plan, keep_plan, of_the_cycle, plan_of
from tieout.flows.settlement.turns import wait_for_turn

FLOW = "settlements"
"""What a person pauses."""
PAID = "PAYOUT"
"""Source id of the posting that books what Mirakl paid out, of a cycle that may be booked already."""
LATER = "LATER-"
"""Source ids of postings that look whether what waited for an invoice can be moved onto it, by day."""
LATER_KINDS = frozenset({Kind.PAYOUT, Kind.RELEASE})
A_TRANSACTION = 40
"""Follow-ups that are written with one confirmation: each is two rows, and DynamoDB takes a hundred at once."""


class Review(Struct, frozen=True, kw_only=True):
    """A cycle that waits to be agreed to."""

    key: Key
    plan: Plan
    waits_since: datetime | None


# --- what a person does ----------------------------------------------------------------------------------------------


def list_reviews(at: At) -> list[Review]:
    """Cycles whose records wait to be agreed to, the longest waiting first."""
    parked = [each for each in at.postings.parked() if each.reason == Reason.SETTLEMENT_TO_REVIEW]
    plans = at.archive.load([each.facts["plan"] for each in parked])
    return [
        Review(key=each.key, plan=archived_plan(plans[each.facts["plan"]]), waits_since=each.parked_at)
        for each in parked
        if each.facts["plan"] in plans
    ]


def approve(at: At, agreed: str, by: str) -> list[Key]:
    """Agree to the records of this hash; answers the cycles that go on because of it, none where no such hash waits.

    A cycle whose records are other ones by the time they would be made waits for a new review.
    """
    now = at.clock()
    due: list[Key] = []
    for posting in at.postings.parked():
        if posting.reason != Reason.SETTLEMENT_TO_REVIEW or posting.facts.get("hash") != agreed:
            continue
        version = f"{posting.source_version.partition('+')[0]}+{now.isoformat()}"
        due += at.postings.record_order(
            marketplace=posting.key.marketplace,
            order_id=posting.key.thread,
            subject=f"AGREED#{posting.key.source_id}",
            version=version,
            state=agreed,
            payload=posting.facts["plan"],
            intents=[
                Intent(
                    key=posting.key,
                    source_version=version,
                    payload=posting.payload,
                    facts={"agreed": agreed, "agreed_by": by, "agreed_at": now.isoformat()},
                )
            ],
            retire=[],
            now=now,
        )
        at.postings.note(posting.key, Attempt(at=now, what="agreed to", facts={"hash": agreed, "who": by}))
    at.doorbells.ring(due)
    return due


# --- what the worker does --------------------------------------------------------------------------------------------


def work_cycles(keys: Sequence[Key], at: At, deadline: datetime, returned: Collection[Key] = ()) -> list[Key]:
    """Work what is due of these cycles; answers the keys that failed for reasons nobody foresaw.

    Nothing is sent to NetSuite here: a cycle's records are follow-ups of its confirmation.
    """
    postings = at.postings.claim(keys, at.clock())
    failed = still_failing(returned, postings, at)
    if postings and (held := held_until(at, FLOW, NETSUITE)):
        hold(at, postings, *held)
        return failed
    for posting in postings:
        if at.clock() > deadline:
            release(at, posting, at.clock(), "out of time", untouched=True)
            continue
        with Guard(posting, at, failed):
            _work(posting, at)
    return failed


def _work(posting: Posting, at: At) -> None:
    key = posting.key
    if key.marketplace not in at.config.marketplaces:
        raise NeedsAttention(Reason.CYCLE_HELD, {"marketplace": f"{key.marketplace} is not in the settings"})
    if key.source_id == key.thread:
        _review(posting, at)
    elif key.source_id == PAID or key.source_id.startswith(LATER):
        _book_later(posting, at)
    else:
        _spread_on(posting, at)


def _review(posting: Posting, at: At) -> None:
    """Work the cycle out; go on with it if these very records were agreed to, or none has to be."""
    key = posting.key
    settings = at.config.marketplaces[key.marketplace].settlement
    autopost, agreed = bool(settings and settings.autopost), posting.facts.get("agreed")
    if (autopost or agreed) and not is_period(key.thread):
        wait_for_turn(posting, at)
    work_out = plan_of_month if is_period(key.thread) else plan_of
    plan = work_out(key.marketplace, key.thread, at)
    payload = keep_plan(plan, at)
    facts = facts_of(plan, payload)
    if plan.records and not autopost and agreed != plan.hash:
        raise NeedsAttention(Reason.SETTLEMENT_TO_REVIEW, facts)
    at.postings.confirm(posting, facts, spread(plan, payload, 0, len(plan.records)), at.clock())
    at.meter.count("CyclesBooked", marketplace=key.marketplace)


def _book_later(posting: Posting, at: At) -> None:
    """What a booked cycle calls for afterwards: its payout, and what waited for an invoice that is there now."""
    key = posting.key
    cycle = at.postings.posting(of_the_cycle(key.marketplace, key.thread))
    if cycle is None or cycle.state is not State.CONFIRMED:
        raise NotYet("its cycle is not booked yet")
    plan = plan_of(key.marketplace, key.thread, at)
    if key.source_id == PAID and plan.proof.payout_waits:
        raise NotYet(plan.proof.payout_waits)
    there = {each.external_id for each in at.postings.of_thread(key.marketplace, key.thread)}
    records = tuple(
        record
        for record in plan.records
        if record.external_id not in there and parts_of(record.external_id, key.marketplace)[0] in LATER_KINDS
    )
    facts = {"waiting": waiting_in(plan)}
    if not records:
        at.postings.confirm(posting, facts, (), at.clock())
        return
    later = replace(plan, records=records, hash=review_hash(records))
    payload = keep_plan(later, at)
    at.postings.confirm(posting, facts | {"plan": payload}, spread(later, payload, 0, len(records)), at.clock())


def _spread_on(posting: Posting, at: At) -> None:
    """A part of a plan that was too large for one transaction."""
    raw = at.archive.load([posting.payload]).get(posting.payload)
    if raw is None:
        raise NotYet(f"{posting.payload} is not there", soon(at))
    start, _, end = posting.key.source_id.rpartition("/")[2].partition("-")
    plan = archived_plan(raw)
    at.postings.confirm(posting, {}, spread(plan, posting.payload, int(start), int(end)), at.clock())


def spread(plan: Plan, payload: str, start: int, end: int) -> list[Intent]:
    """One posting a record; of more than fit a transaction, one a part, which is spread in its turn."""
    if end - start <= A_TRANSACTION:
        return [_posting_of(record, plan, payload) for record in plan.records[start:end]]
    size = A_TRANSACTION
    while (end - start) > size * A_TRANSACTION:
        size *= A_TRANSACTION
    return [
        Intent(
            key=Key(plan.marketplace, plan.cycle, Kind.CYCLE, f"{plan.hash[:16]}/{each}-{min(each + size, end)}"),
            source_version=plan.hash,
            payload=payload,
        )
        for each in range(start, end, size)
    ]


def _posting_of(record: Record, plan: Plan, payload: str) -> Intent:
    return Intent(
        key=key_of(record.external_id, plan.marketplace, plan.cycle),
        source_version=plan.hash,
        payload=payload,
        external_id=record.external_id,
        facts={"type": record.type.value, "lines": str(len(record.source_line_ids))},
    )


def key_of(record_id: str, marketplace: str, cycle: str) -> Key:
    """The posting of a record, in its cycle's thread, by its external id."""
    kind, source_id = parts_of(record_id, marketplace)
    return Key(marketplace, cycle, Kind(kind), source_id)


def facts_of(plan: Plan, payload: str) -> dict[str, str]:
    """What a person sees of a cycle without opening its plan; ids and amounts only."""
    currency = plan.proof.currency
    moved = sum((abs(record.movement(role)) for record in plan.records for role in CONTROLS), ZERO)
    return {
        "hash": plan.hash,
        "plan": payload,
        "records": str(len(plan.records)),
        "lines": str(plan.proof.lines),
        "lines_digest": plan.lines_digest,
        "transferred": _money(plan.proof.transferred, currency),
        "carried_out": f"{plan.proof.carried_out:f}",
        "waiting": waiting_in(plan),
        "moved": _money(moved, currency),
    }


def waiting_in(plan: Plan) -> str:
    """What customers paid for goods that NetSuite has not billed, after all that the plan moves."""
    roles = (Role.MARKETPLACE_UNDELIVERED, Role.PREPAID_COMMISSION)
    return f"{sum((abs(sum((each.movement(role) for each in plan.records), ZERO)) for role in roles), ZERO):f}"


def _money(amount: Decimal, currency: str) -> str:
    return f"{amount:f} {currency}"
