"""The breaks that are open, how old they are, how their number came about, and all that was done about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tieout.books.close.closing import Closing
from tieout.books.close.sheet import Cell, Sheet, a_sheet, counts, days, moneys, texts
from tieout.domain.ledger.periods import local_day
from tieout.domain.money import Money
from tieout.domain.reconcile.ageing import ESCALATE, PROVIDE, age_of, bucket_of, roll_forward
from tieout.domain.reconcile.breaks import Break, Code
from tieout.domain.reconcile.history import Event
from tieout.domain.reconcile.workflow import Case


def transaction_days(closing: Closing) -> dict[tuple[str, str], date]:
    """Marketplace and key to the day of the transaction behind it, for breaks that do not say."""
    found: dict[tuple[str, str], date] = {}

    def first(marketplace: str, key: str | None, day: date) -> None:
        if key:
            found[marketplace, key] = min(day, found.get((marketplace, key), day))

    for name, books in closing.books.items():
        zone = closing.rules[name].time_zone
        for line in books.lines:
            day = local_day(line.created, zone)
            first(name, line.order_id, day)
            first(name, line.refund_id, day)
        for cycle in books.cycles:
            first(name, cycle.id, local_day(cycle.closed_at, zone))
        for document in books.documents:
            first(name, document.number, local_day(document.issued, zone))
        for each in books.booked:
            if (name, each.order_id or "") not in found:
                first(name, each.order_id, each.day)
            if (name, each.refund_id or "") not in found:
                first(name, each.refund_id, each.day)
    return found


def breaks_sheets(closing: Closing) -> list[Sheet]:
    """Reports 7 (open breaks), 7b (how their number came about) and 7c (what was done)."""
    dated = transaction_days(closing)
    cases = [case for case in closing.cases.values() if not case.is_closed]
    cases.sort(key=lambda case: (not case.blocks_close, case.first_seen, case.key))
    columns = (
        *texts("Marketplace", "Currency", "Code", "Key", "Order", "Cycle"),
        *moneys("Amount"),
        *texts("Blocks close", "State", "Owner"),
        *days("First seen", "Transaction day"),
        *counts("Days since seen", "Days since transaction"),
        *texts("Age", "Escalation", "Explanation", "Proposal", "Last word"),
    )
    return [
        a_sheet(
            "7",
            "Breaks",
            "Every difference that is open, those that block the close first. From 31 days on it goes up, from 91 on "
            "a provision is proposed.",
            columns,
            [_case(case, closing, dated) for case in cases],
        ),
        _roll_forward_of_breaks(closing),
        _history(closing.events),
        _information(closing.information),
    ]


def _case(case: Case, closing: Closing, dated: dict[tuple[str, str], date]) -> tuple[Cell, ...]:
    found = case.found
    day = found.day or dated.get((found.marketplace, found.key)) or dated.get((found.marketplace, found.order_id or ""))
    seen = age_of(case.first_seen, closing.as_of)
    old = age_of(day, closing.as_of) if day else None
    return (
        found.marketplace,
        found.currency,
        case.key.code,
        found.key,
        found.order_id,
        found.cycle,
        Money(found.amount, found.currency),
        "yes" if case.blocks_close else "no",
        str(case.state),
        case.owner,
        case.first_seen,
        day,
        seen,
        old,
        str(bucket_of(seen)),
        _escalation(found.code, seen),
        found.explanation,
        found.proposal,
        case.events[-1].reason,
    )


def _escalation(code: Code, days_open: int) -> str:
    claim = code in {Code.MISSING_IN_TL, Code.COMMISSION_RATE, Code.COMMISSION_NOT_REFUNDED}
    if days_open >= PROVIDE and claim:
        return "provision proposed"
    return "escalate" if days_open >= ESCALATE else ""


def _roll_forward_of_breaks(closing: Closing) -> Sheet:
    columns = (
        *texts("Marketplace", "Code", "Currency"),
        *counts("Opening", "New", "Resolved", "Closing"),
        *moneys("Opening amount", "New amount", "Changed", "Resolved amount", "Closing amount", "Difference"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            row.marketplace,
            row.code,
            row.currency,
            row.opening,
            row.new,
            row.resolved,
            row.closing,
            *(
                Money(each, row.currency)
                for each in (
                    row.opening_amount,
                    row.new_amount,
                    row.changed_amount,
                    row.resolved_amount,
                    row.closing_amount,
                    row.difference[1],
                )
            ),
        )
        for row in roll_forward(closing.events, closing.period.first)
    ]
    return a_sheet(
        "7b",
        "Breaks roll-forward",
        "Opening and new, less resolved, is closing, by number and by amount (I23): the difference has to be 0.",
        columns,
        rows,
    )


def _history(events: Sequence[Event]) -> Sheet:
    columns = (
        *counts("Number"),
        *texts("At", "Who", "Run", "Break", "Action", "Before", "After", "Reason", "Owner", "Hash"),
    )
    rows = [
        (
            event.number,
            f"{event.at:%Y-%m-%dT%H:%M:%SZ}",
            event.actor,
            event.run,
            str(event.case) if event.case else "",
            str(event.action),
            str(event.before or ""),
            str(event.after or ""),
            event.reason or (str(event.as_of) if event.as_of else ""),
            event.owner,
            event.hash,
        )
        for event in events
    ]
    return a_sheet(
        "7c",
        "Break history",
        "Every step of every break, in order. Each hash covers the one before it, so that nothing can be taken out or "
        "changed unseen.",
        columns,
        rows,
    )


def _information(information: Sequence[Break]) -> Sheet:
    columns = (*texts("Marketplace", "Currency", "Code", "Key", "Order"), *moneys("Amount"), *texts("Explanation"))
    rows = [_informed(each) for each in information]
    return a_sheet("7d", "Information", "What is worth knowing and asks for nothing.", columns, rows)


def _informed(each: Break) -> tuple[Cell, ...]:
    return (
        each.marketplace,
        each.currency,
        str(each.code),
        each.key,
        each.order_id,
        Money(each.amount, each.currency),
        each.explanation,
    )
