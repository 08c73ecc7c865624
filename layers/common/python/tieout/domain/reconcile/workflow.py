"""The work on breaks: found by a run, proposed by one person, approved by another, done, and verified by the next run.

    open > proposed > approved > posted   > gone in the next run: verified, closed
                               > claimed  > gone in a later run: verified, closed
                               > accepted : closed, and left alone while its amount stays the same

A rejected proposal, a changed amount, and a difference that is there again make it open anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.reconcile.breaks import Break, Code
from tieout.domain.reconcile.history import Action, CaseKey, Event, State

RUN = "run"
"""Actor of everything that no person did."""
UNDER_WAY = frozenset({State.OPEN, State.PROPOSED, State.APPROVED})

_TAX = {Code.TAX_DIFF, Code.TAX_PRESENTATION_UNKNOWN, Code.FEE_VAT_REGIME, Code.COMMISSION_VAT_DIFF}
_ORDERS = {Code.MISSING_IN_NS, Code.MISSING_IN_TL, Code.UNKNOWN_ORDER, Code.REFUND_UNMATCHED}
_MARKETPLACE = {Code.COMMISSION_RATE, Code.COMMISSION_NOT_REFUNDED, Code.DUPLICATE_TL, Code.PAYOUT_FAILED}
_PLATFORM = {Code.CHAIN_GAP, Code.UNMAPPED_TYPE, Code.SOURCE_CHANGED_AFTER_POST}


class RefusedError(ValueError):
    """A step that may not be taken now, or not by this person; the message says which can."""


class Run(Struct, frozen=True, kw_only=True):
    """A reconciliation."""

    id: str
    """Worked out from what it read."""
    as_of: date
    at: datetime
    marketplaces: frozenset[str]
    """Those it covered; cases of others are left as they are."""


class Case(Struct, frozen=True, kw_only=True):
    """A break, and how far the work on it has come."""

    key: CaseKey
    state: State
    found: Break
    """As the last run that saw it found it."""
    first_seen: date
    owner: str
    last_run: str
    """Run that was the latest when the case last moved."""
    proposed_by: str = ""
    approved_by: str = ""
    accepted: Decimal | None = None
    """Difference that was accepted as it is."""
    events: tuple[Event, ...] = ()

    @property
    def is_closed(self) -> bool:
        """Nothing is left to do."""
        return self.state is State.CLOSED

    @property
    def blocks_close(self) -> bool:
        """Stands in the way of the month's close."""
        return self.found.blocks_close and not self.is_closed


def owner_of(code: Code) -> str:
    """Who looks at a break first, until it is assigned."""
    if code in _TAX:
        return "tax"
    if code in _ORDERS:
        return "order desk"
    if code in _MARKETPLACE:
        return "marketplace account manager"
    return "integration" if code in _PLATFORM else "accounting"


def case_key(found: Break) -> CaseKey:
    """The case that a finding belongs to."""
    return CaseKey(found.marketplace, str(found.code), found.key)


def cases_of(events: Iterable[Event]) -> dict[CaseKey, Case]:
    """Every case as its history leaves it, in the order in which they were found."""
    cases: dict[CaseKey, Case] = {}
    for event in events:
        if event.case is not None:
            cases[event.case] = _moved(cases.get(event.case), event)
    return cases


def _moved(case: Case | None, event: Event) -> Case:
    assert event.case is not None
    if case is None:
        assert event.found is not None, "a case begins with what was found"
        return Case(
            key=event.case,
            state=State.OPEN,
            found=event.found,
            first_seen=event.at.date(),
            owner=event.owner,
            last_run=event.run,
            events=(event,),
        )
    changes: dict[str, object] = {"events": (*case.events, event), "last_run": event.run}
    if event.after is not None:
        changes["state"] = event.after
    if event.found is not None:
        changes["found"] = event.found
    if event.action is Action.ASSIGN:
        changes["owner"] = event.owner
    elif event.action is Action.PROPOSE:
        changes.update(proposed_by=event.actor, approved_by="")
    elif event.action is Action.APPROVE:
        changes["approved_by"] = event.actor
    elif event.action is Action.ACCEPT:
        changes["accepted"] = case.found.amount
    elif event.action in {Action.REOPENED, Action.CHANGED} and event.after is State.OPEN:
        changes.update(proposed_by="", approved_by="", accepted=None)
    return replace(case, **changes)


# --- what a run does -------------------------------------------------------------------------------------------------


def advance(cases: Mapping[CaseKey, Case], breaks: Iterable[Break], run: Run) -> list[Event]:
    """What a run's findings do to the cases: found, changed, opened again, verified, closed. Nothing when run twice."""
    now: dict[CaseKey, Break] = {}
    for each in breaks:
        key = case_key(each)
        now[key] = replace(each, amount=now[key].amount + each.amount) if key in now else each
    events: list[Event] = []
    for key in sorted(now):
        events += _seen(cases.get(key), key, now[key], run)
    for key in sorted(set(cases) - set(now)):
        if key.marketplace in run.marketplaces:
            events += _gone(cases[key], run)
    return events


def _step(
    run: Run,
    case: CaseKey,
    action: Action,
    before: State | None,
    after: State,
    *,
    found: Break | None = None,
    owner: str = "",
    reason: str = "",
) -> Event:
    return Event(
        action=action,
        actor=RUN,
        at=run.at,
        run=run.id,
        case=case,
        before=before,
        after=after,
        found=found,
        owner=owner,
        reason=reason,
    )


def _seen(case: Case | None, key: CaseKey, found: Break, run: Run) -> list[Event]:
    if case is None:
        return [_step(run, key, Action.FOUND, None, State.OPEN, found=found, owner=owner_of(found.code))]
    same = (case.found.amount, case.found.currency) == (found.amount, found.currency)
    told = (case.found.explanation, case.found.blocks_close) == (found.explanation, found.blocks_close)
    if case.state is State.CLOSED:
        if case.accepted == found.amount and same:
            return []
        why = "there again" if case.accepted is None else f"accepted at {case.accepted}, now {found.amount}"
        return [_step(run, key, Action.REOPENED, case.state, State.OPEN, found=found, reason=why)]
    if case.state is State.POSTED and case.last_run != run.id:
        why = "the correction was booked, and the difference is still there"
        return [_step(run, key, Action.REOPENED, case.state, State.OPEN, found=found, reason=why)]
    if not same:
        why = f"was {case.found.amount} {case.found.currency}, is {found.amount} {found.currency}"
        return [_step(run, key, Action.CHANGED, case.state, State.OPEN, found=found, reason=why)]
    return [] if told else [_step(run, key, Action.CHANGED, case.state, case.state, found=found)]


def _gone(case: Case, run: Run) -> list[Event]:
    if case.is_closed:
        return []
    if case.state in UNDER_WAY:
        why = "the sources agree again"
        return [_step(run, case.key, Action.CLOSED, case.state, State.CLOSED, reason=why)]
    verified = _step(run, case.key, Action.VERIFIED, case.state, State.VERIFIED, reason="the difference is gone")
    return [verified, _step(run, case.key, Action.CLOSED, State.VERIFIED, State.CLOSED)]


# --- what a person does ---------------------------------------------------------------------------------------------

_STEPS: Mapping[Action, tuple[frozenset[State], State]] = {
    Action.PROPOSE: (frozenset({State.OPEN, State.CLAIMED}), State.PROPOSED),
    Action.APPROVE: (frozenset({State.PROPOSED}), State.APPROVED),
    Action.REJECT: (frozenset({State.PROPOSED, State.APPROVED}), State.OPEN),
    Action.POST: (frozenset({State.APPROVED}), State.POSTED),
    Action.CLAIM: (frozenset({State.APPROVED}), State.CLAIMED),
    Action.ACCEPT: (frozenset({State.APPROVED}), State.CLOSED),
}
"""From which states a person may take a step, and where it leads."""


def decide(case: Case, action: Action, *, by: str, at: datetime, reason: str, run: str) -> Event:
    """A person's step. Raises RefusedError when it may not be taken: the one who proposed never approves.

    `reason` says what is proposed, why it is rejected, or under which number it was booked or claimed.
    `run` is the latest run, on which the decision rests.
    """
    by, reason = by.strip(), reason.strip()
    if not by or by.casefold() == RUN:
        raise RefusedError("a step needs the name of the person who takes it")
    if action is Action.ASSIGN:
        if not reason:
            raise RefusedError("say whom it is assigned to")
        return _decision(case, action, by, at, run, case.state, owner=reason)
    if action not in _STEPS:
        raise RefusedError(f"{action} is for runs only")
    allowed, after = _STEPS[action]
    if case.state not in allowed:
        what = ", ".join(str(each) for each in possible(case)) or "nothing: it is closed"
        raise RefusedError(f"{case.key} is {case.state}; what can be done now: {what}")
    if not reason and action is not Action.APPROVE:
        raise RefusedError(f"to {action} needs a reason: what, why, or under which number")
    if action is Action.APPROVE and by.casefold() == case.proposed_by.casefold():
        raise RefusedError(f"{by} proposed it, so a second person has to approve it")
    return _decision(case, action, by, at, run, after, reason=reason)


def _decision(  # noqa: PLR0917  said in the order of the sentence
    case: Case, action: Action, by: str, at: datetime, run: str, after: State, *, reason: str = "", owner: str = ""
) -> Event:
    return Event(
        action=action,
        actor=by,
        at=at,
        run=run,
        case=case.key,
        before=case.state,
        after=after,
        reason=reason,
        owner=owner,
    )


def possible(case: Case) -> tuple[Action, ...]:
    """The steps that a person may take now."""
    return tuple(action for action, (allowed, _) in _STEPS.items() if case.state in allowed)


def latest_run(events: Sequence[Event]) -> Event | None:
    """The last run that the history knows."""
    return next((event for event in reversed(events) if event.action is Action.RAN), None)
