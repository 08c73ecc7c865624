"""What differs and is not dealt with yet: who looks at it, what is proposed, and the word of a second person."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tieout.books.break_log import FileBreakLog
from tieout.cli.options import AsJson, deployment_of, wants_json
from tieout.cli.output import a_table, show, when
from tieout.cli.trouble import MistakeError
from tieout.domain.money import rounded
from tieout.domain.reconcile.ageing import age_of, bucket_of
from tieout.domain.reconcile.history import Action, BrokenChainError, Event, check_chain
from tieout.domain.reconcile.workflow import Case, RefusedError, cases_of, latest_run, possible
from tieout.flows.reconcile.break_log import BreakLog, LogMovedOnError, decide_on, the_case

breaks = typer.Typer(help="Differences that wait for somebody.", no_args_is_help=True, rich_markup_mode=None)

Cases = Annotated[
    Path | None,
    typer.Option(
        envvar="TIEOUT_CASES", help="A break history that `tieout close` keeps; left out, the deployment's own."
    ),
]
Key = Annotated[
    str, typer.Argument(metavar="KEY", help="The break's key, or MARKETPLACE/CODE/KEY where a key has several.")
]
By = Annotated[str | None, typer.Option(help="Who takes the step, with --cases; default: the user of this machine.")]
Reason = Annotated[str, typer.Option(help="Why, what, or under which number; it stays in the history.")]


class Order(StrEnum):
    """What a list of breaks is sorted by."""

    AGE = "age"
    OWNER = "owner"
    AMOUNT = "amount"


@breaks.command("list")
def listed(  # noqa: PLR0917  Typer names them on the command line
    ctx: typer.Context,
    cases: Cases = None,
    sort: Annotated[Order, typer.Option("--by", help="Oldest first, by owner, or the largest first.")] = Order.AGE,
    owner: Annotated[str | None, typer.Option(help="Only what this owner has.")] = None,
    code: Annotated[str | None, typer.Option(help="Only this code.")] = None,
    closed: Annotated[bool, typer.Option("--closed", help="Closed ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the breaks that are not closed: age, owner, amount, state, and what is proposed."""
    events = _read(_log(ctx, cases))
    as_of = _day(events)
    found = [
        case
        for case in cases_of(events).values()
        if (closed or not case.is_closed) and owner in (None, case.owner) and code in (None, case.key.code)
    ]
    found.sort(key=_ORDERS[sort])
    table = a_table(
        f"Breaks as of {as_of}: {len(found)}",
        *("Break", "Amount", "Days", "Owner", "State", "Blocks", "Proposal"),
        keep=("Break", "Amount"),
    )
    for case in found:
        table.add_row(
            str(case.key),
            f"{_amount(case)} {case.found.currency}",
            str(age_of(case.first_seen, as_of)),
            case.owner,
            case.state,
            "close" if case.blocks_close else "",
            case.found.proposal,
        )
    document = {"as_of": as_of.isoformat(), "count": len(found), "breaks": [_document(case, as_of) for case in found]}
    show(document, as_json=wants_json(ctx, as_json), shown=[table] if found else [f"No breaks as of {as_of}."])


_ORDERS: dict[Order, Callable[[Case], Any]] = {
    Order.AGE: lambda case: (case.first_seen, case.key),
    Order.OWNER: lambda case: (case.owner, case.first_seen, case.key),
    Order.AMOUNT: lambda case: (-case.found.amount, case.key),
}


@breaks.command("show")
def shown(ctx: typer.Context, key: Key, cases: Cases = None, as_json: AsJson = False) -> None:
    """Tell the life of a break: what was found, by which run, who decided what and why."""
    events = _read(_log(ctx, cases))
    case = _found(events, key)
    as_of = _day(events)
    table = a_table(f"{case.key}: {case.state}", "When", "Who", "What", "Why")
    for event in case.events:
        table.add_row(when(event.at), _who(event), _what(event), event.reason)
    words = [
        case.found.explanation,
        case.found.proposal,
        f"{_amount(case)} {case.found.currency}, {age_of(case.first_seen, as_of)} days old, owner {case.owner}",
        f"Next: {', '.join(possible(case))}" if possible(case) else "",
    ]
    document = {
        **_document(case, as_of),
        "explanation": case.found.explanation,
        "history": [_event(event) for event in case.events],
        "possible": list(possible(case)),
    }
    show(document, as_json=wants_json(ctx, as_json), shown=[table, *[line for line in words if line]])


@breaks.command()
def assign(
    ctx: typer.Context,
    key: Key,
    *,
    to: Annotated[str, typer.Option(help="The new owner.")],
    cases: Cases = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Give a break to somebody."""
    _step(ctx, key, Action.ASSIGN, to, cases, by, as_json)


@breaks.command()
def propose(
    ctx: typer.Context, key: Key, *, reason: Reason, cases: Cases = None, by: By = None, as_json: AsJson = False
) -> None:
    """Propose what to do about a break: a correction, a claim, or to accept it."""
    _step(ctx, key, Action.PROPOSE, reason, cases, by, as_json)


@breaks.command()
def approve(
    ctx: typer.Context,
    key: Key,
    *,
    reason: Annotated[str, typer.Option(help="A remark; may be left out.")] = "",
    cases: Cases = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Approve what another person has proposed."""
    _step(ctx, key, Action.APPROVE, reason, cases, by, as_json)


@breaks.command()
def reject(
    ctx: typer.Context, key: Key, *, reason: Reason, cases: Cases = None, by: By = None, as_json: AsJson = False
) -> None:
    """Turn a proposal down: the break is open again."""
    _step(ctx, key, Action.REJECT, reason, cases, by, as_json)


@breaks.command()
def post(
    ctx: typer.Context, key: Key, *, reason: Reason, cases: Cases = None, by: By = None, as_json: AsJson = False
) -> None:
    """Say that the approved correction is booked in NetSuite, under which number; the next run verifies it."""
    _step(ctx, key, Action.POST, reason, cases, by, as_json)


@breaks.command()
def claim(
    ctx: typer.Context, key: Key, *, reason: Reason, cases: Cases = None, by: By = None, as_json: AsJson = False
) -> None:
    """Say that the approved claim went to the operator, under which number."""
    _step(ctx, key, Action.CLAIM, reason, cases, by, as_json)


@breaks.command()
def accept(
    ctx: typer.Context, key: Key, *, reason: Reason, cases: Cases = None, by: By = None, as_json: AsJson = False
) -> None:
    """Close an approved break as it is: it comes back only when its amount changes."""
    _step(ctx, key, Action.ACCEPT, reason, cases, by, as_json)


def _step(  # noqa: PLR0917  as the commands say it
    ctx: typer.Context, key: str, action: Action, reason: str, cases: Path | None, by: str | None, as_json: bool
) -> None:
    if by and not cases:
        # Two persons are two identities: a name that anybody can type would be none.
        raise MistakeError("--by goes with --cases FILE: in a deployment you are who AWS says that you are.")
    who = by or (getpass.getuser() if cases else deployment_of(ctx).who)
    try:
        case = decide_on(_log(ctx, cases), key, action, by=who, at=datetime.now(UTC), reason=reason)
    except (RefusedError, LogMovedOnError, BrokenChainError) as error:
        raise MistakeError(f"{error}.") from error
    words = f"{case.key}: {case.state}, owner {case.owner} ({who})"
    document = {"break": str(case.key), "state": case.state, "owner": case.owner, "by": who}
    show(document, as_json=wants_json(ctx, as_json), shown=[words])


def _log(ctx: typer.Context, cases: Path | None) -> BreakLog:
    """The file that is named, or the deployment's own history."""
    if cases is None:
        return deployment_of(ctx).break_log
    if not cases.exists():
        raise MistakeError(f"{cases} is not there: `tieout close --cases {cases}` begins a break history.")
    return FileBreakLog(cases)


def _read(log: BreakLog) -> tuple[Event, ...]:
    """The history, when it is what was written. Raises MistakeError."""
    try:
        events = tuple(log.read())
        check_chain(events)
    except BrokenChainError as error:
        raise MistakeError(f"{error}.") from error
    return events


def _day(events: tuple[Event, ...]) -> date:
    """Ages are as of the last run."""
    last = latest_run(events)
    return (last.as_of if last else None) or datetime.now(UTC).date()


def _found(events: Iterable[Event], key: str) -> Case:
    try:
        return the_case(cases_of(events).values(), key)
    except RefusedError as error:
        raise MistakeError(f"{error}.") from error


def _amount(case: Case) -> str:
    return str(rounded(case.found.amount, case.found.currency))


def _who(event: Event) -> str:
    return f"{event.actor} {event.run[:12]}" if event.actor == "run" else event.actor


def _what(event: Event) -> str:
    if event.before == event.after or event.after is None:
        return f"{event.action} {event.owner}".strip()
    return f"{event.action}: {event.before} to {event.after}" if event.before else str(event.action)


def _document(case: Case, as_of: date) -> dict[str, Any]:
    days = age_of(case.first_seen, as_of)
    return {
        "break": str(case.key),
        "marketplace": case.key.marketplace,
        "code": case.key.code,
        "key": case.key.key,
        "amount": _amount(case),
        "currency": case.found.currency,
        "days": days,
        "bucket": bucket_of(days),
        "owner": case.owner,
        "state": case.state,
        "blocks_close": case.blocks_close,
        "proposal": case.found.proposal,
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "number": event.number,
        "at": event.at,
        "who": event.actor,
        "run": event.run,
        "action": event.action,
        "before": event.before,
        "after": event.after,
        "reason": event.reason,
        "hash": event.hash,
    }
