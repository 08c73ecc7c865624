"""What a person reads of a settlement: proofs, records by kind, accounts, and what holds a cycle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from tieout.books.postings_out import problem_row, shown
from tieout.books.review import CycleReview, Review
from tieout.books.rows import Problem
from tieout.books.settling import Outcome, Waiting
from tieout.cli.output import a_table
from tieout.domain.money import ZERO

MOST = 20
"""Rows of problems, and reasons, that a screen shows; the files have all."""


def settlement_document(outcome: Outcome, looked_at: Review) -> dict[str, Any]:
    """The JSON answer."""
    return {
        "cycles": [
            {
                **cycle.proof,
                "review_hash": cycle.hash or None,
                "records": cycle.records,
                "in_netsuite": cycle.in_netsuite,
                "to_create": cycle.to_create,
                "source_lines": cycle.source_lines,
            }
            for cycle in looked_at.cycles
        ],
        "records": [_fields(each) for each in looked_at.kinds],
        "accounts": [_fields(each) for each in looked_at.accounts],
        "waiting": [{**_fields(each), "amount": shown(each.amount, each.currency)} for each in outcome.waiting],
        "held": len(outcome.held),
        "problems": [problem_row(each) for each in outcome.problems],
    }


def settlement_tables(outcome: Outcome, looked_at: Review) -> list[RenderableType]:
    """The same on a screen."""
    parts: list[RenderableType] = [_cycles(looked_at)]
    if outcome.records:
        parts += [_kinds(looked_at), _accounts(looked_at)]
    if outcome.waiting:
        parts.append(_waiting(outcome.waiting))
    if any(proof.payout_waits for proof in outcome.proofs):
        parts.append(_payouts(outcome))
    if outcome.held:
        parts.append(_held(looked_at))
    if outcome.problems:
        parts.append(_problems(outcome.problems))
    return parts


def _cycles(looked_at: Review) -> Table:
    """What is carried has its columns where any cycle carries something."""
    carries = any(cycle.proof[way] != none for cycle in looked_at.cycles for way, none in _nothing_carried(cycle))
    table = _figures(
        "Billing cycles: carried in + lines = transferred + carried out, or the cycle is held",
        "Marketplace",
        "Cycle",
        "Status",
        figures=("Lines", "Sum", *(("Carried in",) if carries else ()), "Transferred")
        + (("Carried out",) if carries else ())
        + ("Residual", "New"),
        last=("Review hash",),
    )
    for cycle in looked_at.cycles:
        proof = cycle.proof
        table.add_row(
            f"{proof['marketplace']} {proof['currency']}",
            printable(proof["cycle"]),
            proof["status"].replace("_", " "),
            str(proof["lines"]),
            proof["sum_of_lines"],
            *([proof["carried_in"]] if carries else ()),
            proof["amount_transferred_to_seller"],
            *([proof["carried_out"]] if carries else ()),
            proof["residual"],
            f"{cycle.to_create}/{cycle.records}",
            cycle.hash[:16] or "-",
        )
    return table


def _nothing_carried(cycle: CycleReview) -> Iterable[tuple[str, str]]:
    none = shown(ZERO, cycle.proof["currency"])
    return ("carried_in", none), ("carried_out", none)


def _kinds(looked_at: Review) -> Table:
    table = _figures("Records", "Marketplace", "Record", figures=("To create", "Already there", "Lines of the log"))
    for each in looked_at.kinds:
        new = each.records - each.in_netsuite
        table.add_row(each.marketplace, each.record_type, str(new), str(each.in_netsuite), str(each.source_lines))
    return table


def _accounts(looked_at: Review) -> Table:
    table = _figures(
        "Accounts: what the records to create move",
        "Marketplace",
        "Account",
        "Role",
        figures=("Debit", "Credit", "Records", "Already there"),
        keep=("Account",),
    )
    for each in looked_at.accounts:
        table.add_row(
            f"{each.marketplace} {each.currency}",
            printable(each.account),
            ", ".join(each.roles),
            each.debit,
            each.credit,
            str(each.records),
            str(each.in_netsuite),
        )
    return table


def _waiting(waiting: Sequence[Waiting]) -> Table:
    table = _figures(
        "Lines that are not settled yet", "Marketplace", "Cycle", figures=("Lines", "Amount"), keep=("Cycle",)
    )
    for each in waiting:
        cycle = f"{printable(each.cycle)} (its billing cycle is not in the export)" if each.cycle else "the next one"
        table.add_row(each.marketplace, cycle, str(each.lines), f"{shown(each.amount, each.currency)} {each.currency}")
    return table


def _payouts(outcome: Outcome) -> Table:
    table = a_table("Payouts that wait; all else of their cycles is above", "Marketplace", "Cycle", "Waits for")
    for each in outcome.proofs:
        if each.payout_waits:
            table.add_row(*map(printable, (each.marketplace, each.cycle, each.payout_waits)))
    return table


def _held(looked_at: Review) -> Table:
    table = a_table("Held: nothing of these cycles is posted", "Cycle", "Code", "Key", "Why", keep=("Code",))
    for cycle in looked_at.cycles:
        reasons = cycle.proof.get("reasons", ())
        for reason in reasons[:MOST]:
            table.add_row(*map(printable, (cycle.proof["cycle"], reason["code"], reason["key"], reason["explanation"])))
        if len(reasons) > MOST:
            table.add_row(printable(cycle.proof["cycle"]), "", "", f"and {len(reasons) - MOST} more reasons")
    return table


def _problems(problems: Sequence[Problem]) -> Table:
    table = a_table("Could not be read", "File", "Line", "Field", "What is wrong")
    for each in problems[:MOST]:
        table.add_row(printable(each.file), str(each.line or ""), printable(each.field), printable(each.message))
    if len(problems) > MOST:
        table.add_row(f"and {len(problems) - MOST} more", "", "", "problems.ndjson has them all")
    return table


def _figures(
    title: str, *first: str, figures: Sequence[str], last: Sequence[str] = (), keep: Sequence[str] = ()
) -> Table:
    table = a_table(title, *first, *figures, *last, keep=(*keep, *figures))
    for column in table.columns:
        if column.header in figures:
            column.justify = "right"
    return table


def printable(text: str) -> str:
    """Text of others without what would steer a terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _fields(row: Any) -> Mapping[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__}
