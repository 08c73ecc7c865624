"""`tieout audit`: which offers are not of the item that they seem to be, and which do not show what they should."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from tieout.cli.deployment import Deployment
from tieout.cli.options import AsJson, deployment_of, wants_json
from tieout.cli.output import a_table, aside, show, when
from tieout.cli.trouble import SOMETHING_TO_DO, MistakeError
from tieout.domain.listings.worklist import Task
from tieout.domain.stock.drift import Cause
from tieout.domain.stock.storefront import shop_of
from tieout.flows.listings.audit import audit_mapping
from tieout.flows.listings.drift import Look, look_of
from tieout.flows.listings.rules import listed
from tieout.flows.listings.store import ListingsRoom
from tieout.flows.listings.tasks import is_open, tasks_of
from tieout.flows.listings.words import accept, give_to

if TYPE_CHECKING:
    from tieout.books.listings import AuditedFolder

MOST = 50
"""Lines that a screen shows; JSON, and the file, have all."""

audit = typer.Typer(help="Offers against items, and against the stock that they should show.", no_args_is_help=True)


@audit.command()
def mapping(  # noqa: PLR0917  Typer names them on the command line
    ctx: typer.Context,
    marketplace: Annotated[str | None, typer.Option(help="Only this one's.")] = None,
    accepted: Annotated[
        str | None,
        typer.Option(
            "--accept", metavar="TASK", help="Let a finding stand, until its evidence changes; with --reason."
        ),
    ] = None,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why it may stand.")] = None,
    given: Annotated[
        str | None, typer.Option("--assign", metavar="TASK", help="Give a finding to somebody; with --owner.")
    ] = None,
    owner: Annotated[str | None, typer.Option(metavar="NAME", help="Whose it is.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Audit now, and not only every morning.")] = False,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FOLDER", help="An export folder; without AWS, NetSuite or Mirakl.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The settings file; it may stand before the command as well.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="With --from: writes worklist.ndjson here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the worklist of offers that are not what NetSuite says, with evidence and what would mend each.

    A TASK is marketplace/fault/SKU (an operator's: marketplace/shop/fault/SKU), as the list shows it. Exit 1 if
    somebody has to see to something.
    """
    deployment, json = deployment_of(ctx).with_settings(config), wants_json(ctx, as_json)
    if source is not None:
        _of_a_folder(source, deployment, marketplace, out, as_json=json)
        return
    names = _names(deployment, marketplace)
    book = deployment.listings_book
    if again:
        _audit_now(names, deployment)
    tasks = [task for name in names for task in tasks_of(book, name)]
    if accepted is not None or given is not None:
        if (accepted is None) != (reason is None) or (given is None) != (owner is None):
            raise MistakeError(
                "Say why with --reason where you --accept, and whose it is with --owner where you --assign."
            )
        if accepted is not None:
            accept(_named(accepted, tasks).finding, str(reason), deployment.who, deployment.clock(), book)
        if given is not None:
            give_to(_named(given, tasks).finding, str(owner), book)
        tasks = [task for name in names for task in tasks_of(book, name)]
    still_open = [task for task in tasks if is_open(task)]
    show(
        {"deployment": deployment.name, "open": len(still_open), "tasks": [_task_row(task) for task in tasks]},
        as_json=json,
        shown=_shown(still_open, len(tasks) - len(still_open)),
    )
    if still_open:
        raise typer.Exit(SOMETHING_TO_DO)


def _names(deployment: Deployment, marketplace: str | None) -> list[str]:
    watched = list(listed(deployment.config))
    names = [deployment.marketplace(marketplace)] if marketplace else watched
    if not set(names) & set(watched):
        raise MistakeError("No marketplace's offers are audited: the settings have no `listings` for it.")
    return names


def _audit_now(names: Sequence[str], deployment: Deployment) -> None:
    room = ListingsRoom(
        at=deployment.at, stock=deployment.stock_book, kept=deployment.listings_book, in_turn=deployment.in_turn
    )
    for name in names:
        with aside().status(f"auditing {name}"):
            audit_mapping(name, room)


def _named(name: str, tasks: Sequence[Task]) -> Task:
    for task in tasks:
        if "/".join(task.name) == name:
            return task
    raise MistakeError(f"The worklist has no task {name!r}: name it as the list does, marketplace/fault/SKU.")


def _task_row(task: Task) -> dict[str, Any]:
    from tieout.books.listings import finding_row  # noqa: PLC0415  what only this command needs

    more = {"owner": task.owner, "since": task.since.isoformat(), "accepted": task.accepted or None}
    return {"task": "/".join(task.name), **finding_row(task.finding), **more}


def _shown(tasks: Sequence[Task], accepted: int) -> list[Any]:
    let_stand = [f"{accepted} more are accepted; --json has them."] if accepted else []
    if not tasks:
        return ["Every offer is of the item that it should be.", *let_stand]
    table = _table(f"To be seen to ({len(tasks)})", "Since", "Owner")
    for task in tasks[:MOST]:
        found = task.finding
        table.add_row(
            "/".join(task.name), found.suggestion, found.evidence, found.fault.sentence, f"{task.since}", task.owner
        )
    more = [f"... and {len(tasks) - MOST} more; --json has all."] if len(tasks) > MOST else []
    return [table, *more, *let_stand, "docs/operations/mapping.md says of each fault what to do."]


def _table(title: str, *more: str) -> Table:
    return a_table(title, "Task", "Suggestion", "Evidence", "What it is", *more, keep=("Task",))


# --- offline ---------------------------------------------------------------------------------------------------------


def _of_a_folder(
    source: Path, deployment: Deployment, marketplace: str | None, out: Path | None, *, as_json: bool
) -> None:
    from tieout.books.export import ExportError  # noqa: PLC0415  what only a folder needs
    from tieout.books.listings import audit_folder, finding_row, write_worklist  # noqa: PLC0415
    from tieout.books.postings_out import problem_row  # noqa: PLC0415

    names = [deployment.marketplace(marketplace)] if marketplace else list(deployment.config.marketplaces)
    try:
        audited = audit_folder(source, deployment.config, names)
        if out is not None:
            write_worklist(audited, out)
    except ExportError as error:
        raise MistakeError(f"{error}.") from error
    except OSError as error:
        raise MistakeError(f"{out} cannot be written: {error.strerror or error}.") from error
    document = {
        "folder": str(source),
        "out": str(out) if out else None,
        "offers": dict(audited.offers),
        "tasks": [finding_row(each) for each in audited.findings],
        "problems": [problem_row(each) for each in audited.problems],
        "not_compared": list(audited.not_compared),
    }
    show(document, as_json=as_json, shown=_folder_shown(audited, out))
    if audited.findings or audited.problems:
        raise typer.Exit(SOMETHING_TO_DO)


def _folder_shown(audited: AuditedFolder, out: Path | None) -> list[Any]:
    from tieout.books.listings import WORKLIST  # noqa: PLC0415  what only a folder needs

    parts: list[Any] = []
    if audited.findings:
        table = _table(f"To be seen to ({len(audited.findings)})")
        for each in audited.findings[:MOST]:
            name = f"{each.marketplace}/{each.fault}/{each.sku}"
            table.add_row(name, each.suggestion, each.evidence, each.fault.sentence)
        parts.append(table)
    if audited.problems:
        broken = a_table(f"Could not be read ({len(audited.problems)})", "File", "Line", "Field", "Why")
        for problem in audited.problems[:MOST]:
            broken.add_row(problem.file, str(problem.line or ""), problem.field, problem.message)
        parts.append(broken)
    read = ", ".join(f"{count} offers of {name}" for name, count in audited.offers.items())
    words = [f"Read {read}; {len(audited.findings)} findings.", *audited.not_compared]
    if out:
        words.append(f"Written to {out}: {WORKLIST}.")
    return [*parts, "\n".join(words)]


# --- drift -----------------------------------------------------------------------------------------------------------


@audit.command()
def drift(
    ctx: typer.Context,
    marketplace: Annotated[str | None, typer.Option(help="Only this one's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the offers that did not show what they should at the last look, and why.

    Exit 1 if somebody else wrote one of them.
    """
    deployment = deployment_of(ctx)
    looks = {name: look_of(deployment.listings_book, name) for name in _names(deployment, marketplace)}
    document = {"deployment": deployment.name, "marketplaces": [_look_row(name, look) for name, look in looks.items()]}
    show(document, as_json=wants_json(ctx, as_json), shown=_drift_shown(looks))
    if any(look.counts.get(Cause.CHANGED_OUTSIDE) for look in looks.values()):
        raise typer.Exit(SOMETHING_TO_DO)


def _look_row(marketplace: str, look: Look) -> dict[str, Any]:
    return {
        "marketplace": marketplace,
        "looked_at": _instant(look),
        "all_offers": look.is_full,
        "counts": look.counts,
        "offers": [
            {
                "shop": shop_of(one.marketplace) or None,
                "sku": one.sku,
                "item_id": one.item_id,
                "shows": one.shows,
                "should": one.should,
                "cause": one.cause,
            }
            for one in look.found
        ],
    }


def _drift_shown(looks: Mapping[str, Look]) -> list[Any]:
    parts: list[Any] = []
    for name, look in looks.items():
        looked_at = _instant(look)
        if looked_at is None:
            parts.append(f"{name} was not looked at yet: detect-drift does, every hour and every night.")
            continue
        what = "every offer" if look.is_full else "what changed"
        table = a_table(f"{name}: {what} was looked at {when(looked_at)}", "Cause", "Offers", "What it is")
        for cause in Cause:
            if count := look.counts.get(cause, 0):
                table.add_row(cause, str(count), _CAUSES[cause])
        parts.append(
            table if look.counts else f"{name}: {what} was looked at {when(looked_at)}; all show what they should."
        )
        if found := [one for one in look.found if one.cause is not Cause.NOT_MAPPED]:
            offers = a_table("Offers", "Marketplace", "SKU", "Item", "Shows", "Should show", "Cause", keep=("SKU",))
            for one in found[:MOST]:
                offers.add_row(one.marketplace, one.sku, one.item_id, str(one.shows), str(one.should), one.cause)
            parts.append(offers)
    return parts


def _instant(look: Look) -> datetime | None:
    return datetime.fromtimestamp(look.looked_at, UTC) if look.looked_at else None


_CAUSES = {
    Cause.NOT_MAPPED: "of no NetSuite item: `tieout audit mapping` says what would mend it",
    Cause.REFUSED: "Mirakl did not take its quantity: `tieout parked --reason offer_refused`",
    Cause.PUSH_PENDING: "on its way, held, or coming with the next push: `tieout stock`",
    Cause.SOLD_SINCE: "sold, and not read yet",
    Cause.CHANGED_OUTSIDE: "somebody else wrote it; the next push writes over it",
}
