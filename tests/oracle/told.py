"""What both say, in one form: code, key, amount."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from decimal import Decimal

from tests.oracle.applied import applied_findings
from tests.oracle.by_shop import item_findings, reserve_findings
from tests.oracle.corrected import Finding
from tests.oracle.posted import late_findings, ledger_findings
from tieout.domain.ledger.gl import GlLine
from tieout.domain.ledger.line import Books, Line
from tieout.domain.ledger.rules import BookingRules
from tieout.domain.reconcile.breaks import Break, Code

Told = set[tuple[str, str, Decimal]]
BY_RULES = {
    Code.SOURCE_CHANGED_AFTER_POST,
    Code.GL_TAMPERED,
    Code.UNDER_APPLIED,
    Code.LATE_LINE_CLOSED_PERIOD,
    Code.RESERVE_DIFF,
    Code.MANUAL_UNCLASSIFIED,
}


def by_engine(found: Iterable[Break]) -> Told:
    """An edited record is told by its cycle, and of what waits no amount: that is all that the oracle can tell."""
    told: Told = set()
    for each in found:
        if each.code not in BY_RULES:
            continue
        if each.code is Code.GL_TAMPERED:
            told.add((each.code.value, each.cycle or "", Decimal(0)))
        else:
            waits = each.code is Code.LATE_LINE_CLOSED_PERIOD and "not booked yet" in each.explanation
            told.add((each.code.value, each.key, Decimal(0) if waits else each.amount))
    return without_late_amounts(told)


def without_late_amounts(told: Told) -> Told:
    """Where the ledger has other amounts than today's records, the engine tells these and the oracle the ledger's."""
    off = {key for code, key, _ in told if code in {"SOURCE_CHANGED_AFTER_POST", "GL_TAMPERED"}}
    return {
        (code, key, Decimal(0) if code == "LATE_LINE_CLOSED_PERIOD" and key in off else amount)
        for code, key, amount in told
    }


def by_hand(
    books: Books,
    rules: BookingRules,
    ledger: Sequence[GlLine],
    older: Sequence[Line],
    balances: Sequence[tuple[str, str, Decimal | None]],
    closed: Sequence[tuple[date, date]],
    held: Collection[str] = (),
) -> Told:
    """Of a seller's marketplace. `held`: cycles that cannot be booked for what an order of them shows."""
    found: list[Finding] = [
        *ledger_findings(books, rules, ledger, older, frozenset(held)),
        *late_findings(books, rules, ledger, closed, frozenset(held)),
        *applied_findings(books, rules),
        *reserve_findings(books, balances),
        *item_findings(books, rules),
    ]
    return without_late_amounts({(each.code, each.key, each.amount) for each in found})
