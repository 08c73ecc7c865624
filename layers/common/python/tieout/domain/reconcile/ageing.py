"""How old breaks are, and how their number came about: opening and new, changed and resolved make closing (I23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.money import ZERO
from tieout.domain.reconcile.history import Action, CaseKey, Event
from tieout.domain.reconcile.workflow import Case, cases_of


class Bucket(StrEnum):
    """Days since."""

    TO_7 = "0-7"
    TO_30 = "8-30"
    TO_60 = "31-60"
    TO_90 = "61-90"
    OLDER = "over 90"


_ENDS = ((7, Bucket.TO_7), (30, Bucket.TO_30), (60, Bucket.TO_60), (90, Bucket.TO_90))
ESCALATE = 31
"""Days from which a break goes up to whoever signs the month off."""
PROVIDE = 91
"""Days from which a provision is proposed."""


def bucket_of(days: int) -> Bucket:
    """The bucket of an age in days."""
    return next((bucket for end, bucket in _ENDS if days <= end), Bucket.OLDER)


def age_of(since: date, as_of: date) -> int:
    """Whole days; none before the day itself."""
    return max(0, (as_of - since).days)


class RollForward(Struct, frozen=True, kw_only=True):
    """How the open breaks of one code and currency came about: numbers, and amounts in major units."""

    marketplace: str
    code: str
    currency: str
    opening: int = 0
    new: int = 0
    resolved: int = 0
    closing: int = 0
    opening_amount: Decimal = ZERO
    new_amount: Decimal = ZERO
    changed_amount: Decimal = ZERO
    resolved_amount: Decimal = ZERO
    closing_amount: Decimal = ZERO

    @property
    def difference(self) -> tuple[int, Decimal]:
        """Zero and zero (I23)."""
        amounts = self.opening_amount + self.new_amount + self.changed_amount - self.resolved_amount
        return self.opening + self.new - self.resolved - self.closing, amounts - self.closing_amount


def before(events: Sequence[Event], day: date) -> Sequence[Event]:
    """The history up to the first run that looked at this day or a later one."""
    for place, event in enumerate(events):
        if event.action is Action.RAN and event.as_of is not None and event.as_of >= day:
            return events[:place]
    return events


def roll_forward(events: Sequence[Event], since: date) -> list[RollForward]:
    """What became of the breaks from the first run of `since` on, by marketplace, code and currency.

    Opening and closing are counted from the cases, what lies between from the events, so that they can differ.
    """
    earlier = before(events, since)
    cases = cases_of(earlier)
    rows: dict[tuple[str, str, str], RollForward] = {}
    for case in cases.values():
        if not case.is_closed:
            _add(rows, case.key, case.found.currency, opening=1, opening_amount=case.found.amount)
    for event in events[len(earlier) :]:
        if event.case is not None:
            _count(rows, cases.get(event.case), event)
            cases = _with(cases, event)
    for case in cases_of(events).values():
        if not case.is_closed:
            _add(rows, case.key, case.found.currency, closing=1, closing_amount=case.found.amount)
    return [rows[key] for key in sorted(rows)]


def _with(cases: dict[CaseKey, Case], event: Event) -> dict[CaseKey, Case]:
    assert event.case is not None
    known = cases.get(event.case)
    history = (*known.events, event) if known else (event,)
    cases[event.case] = cases_of(history)[event.case]
    return cases


def _count(rows: dict[tuple[str, str, str], RollForward], case: Case | None, event: Event) -> None:
    assert event.case is not None
    if case is None or case.is_closed:
        if event.found is not None:
            _add(rows, event.case, event.found.currency, new=1, new_amount=event.found.amount)
    elif event.action in {Action.CLOSED, Action.ACCEPT}:
        _add(rows, event.case, case.found.currency, resolved=1, resolved_amount=case.found.amount)
    elif event.found is not None and event.found.currency != case.found.currency:
        _add(rows, event.case, case.found.currency, resolved=1, resolved_amount=case.found.amount)
        _add(rows, event.case, event.found.currency, new=1, new_amount=event.found.amount)
    elif event.found is not None:
        _add(rows, event.case, case.found.currency, changed_amount=event.found.amount - case.found.amount)


def _add(rows: dict[tuple[str, str, str], RollForward], key: CaseKey, currency: str, **amounts: int | Decimal) -> None:
    place = key.marketplace, key.code, currency
    row = rows.get(place, RollForward(marketplace=key.marketplace, code=key.code, currency=currency))
    rows[place] = replace(row, **{name: getattr(row, name) + amount for name, amount in amounts.items()})


def by_age(cases: Mapping[CaseKey, Case], as_of: date) -> dict[tuple[str, str, Bucket], tuple[int, Decimal]]:
    """Open breaks, number and amount, by marketplace, currency and days since they were first seen."""
    found: dict[tuple[str, str, Bucket], tuple[int, Decimal]] = {}
    for case in cases.values():
        if not case.is_closed:
            place = case.key.marketplace, case.found.currency, bucket_of(age_of(case.first_seen, as_of))
            number, amount = found.get(place, (0, ZERO))
            found[place] = number + 1, amount + case.found.amount
    return found
