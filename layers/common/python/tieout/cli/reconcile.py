"""Everything that does not agree in an export folder: log, cycles, documents, orders and NetSuite."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table

from tieout.cli.options import AsJson, deployment_of, wants_json
from tieout.cli.output import a_table, aside, show
from tieout.cli.trouble import SOMETHING_TO_DO, MistakeError
from tieout.config import Config
from tieout.domain.reconcile.breaks import Break, Code

if TYPE_CHECKING:
    from tieout.books.reconcile import Reconciled

MOST = 40
"""Breaks, and places that could not be read, that a screen shows; the files have all."""


def reconcile(  # noqa: PLR0917  Typer names them on the command line
    ctx: typer.Context,
    source: Annotated[
        Path, typer.Option("--from", metavar="FOLDER", help="The export folder; without AWS, NetSuite or Mirakl.")
    ],
    as_of: Annotated[
        datetime,
        typer.Option(
            "--as-of", metavar="DAY", formats=["%Y-%m-%d"], help="Ages are counted to this day, such as 2026-11-30."
        ),
    ],
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The settings file; it may stand before the command as well.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Writes the breaks, the information and the problems here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare log, cycles, documents, orders and NetSuite; each difference is named by its key.

    Exit 1 if there is a break, or a row could not be read.
    """
    deployment = deployment_of(ctx).with_settings(config)
    json = wants_json(ctx, as_json)
    with aside().status("reconciling"):
        reconciled = reconciled_files(source, deployment.config, as_of)
        if out is not None:
            _write(reconciled, out)
    show(
        {"folder": str(source), "as_of": as_of.date().isoformat(), "out": str(out) if out else None}
        | _document(reconciled),
        as_json=json,
        shown=[*_tables(reconciled), _what_next(reconciled, out)],
    )
    if reconciled.breaks or reconciled.problems:
        raise typer.Exit(SOMETHING_TO_DO)


def reconciled_files(source: Path, config: Config, as_of: datetime) -> Reconciled:
    """The comparison of an export folder. Raises MistakeError, ConfigError."""
    try:
        from tieout.books.reconcile import reconcile_folder  # noqa: PLC0415  needs DuckDB, and only here
    except ModuleNotFoundError as error:
        raise MistakeError(f"{error.name} is not installed here: `pip install {error.name}`.") from error
    from tieout.books.export import ExportError  # noqa: PLC0415  what only this command needs

    names = [name for name, marketplace in config.marketplaces.items() if marketplace.settlement]
    if not names:
        raise MistakeError(
            "No marketplace of the settings has a `settlement` section: say there how cycles are booked."
        )
    try:
        return reconcile_folder(source, config, names, as_of.date())
    except ExportError as error:
        raise MistakeError(f"{error}.") from error


def _write(reconciled: Reconciled, out: Path) -> None:
    from tieout.books.breaks_out import write_reconciled  # noqa: PLC0415  what only this command needs

    try:
        write_reconciled(reconciled, out)
    except OSError as error:
        raise MistakeError(f"{out} cannot be written: {error.strerror or error}.") from error


def _document(reconciled: Reconciled) -> dict[str, Any]:
    from tieout.books.breaks_out import break_row  # noqa: PLC0415  what only this command needs
    from tieout.books.postings_out import problem_row  # noqa: PLC0415

    return {
        "breaks": [break_row(each) for each in reconciled.breaks],
        "information": [break_row(each) for each in reconciled.information],
        "problems": [problem_row(each) for each in reconciled.problems],
        "not_compared": reconciled.not_compared,
    }


def _tables(reconciled: Reconciled) -> list[RenderableType]:
    parts: list[RenderableType] = []
    if reconciled.breaks:
        parts += [_by_code("Breaks by code", reconciled.breaks), _each(reconciled.breaks)]
    if reconciled.information:
        parts.append(_by_code("For information: nothing to do", reconciled.information))
    if reconciled.problems:
        table = a_table(f"Could not be read ({len(reconciled.problems)})", "File", "Line", "Field", "Why")
        for problem in reconciled.problems[:MOST]:
            table.add_row(problem.file, str(problem.line or ""), problem.field, problem.message)
        parts.append(table)
    return parts


def _by_code(title: str, breaks: Sequence[Break]) -> Table:
    from tieout.books.postings_out import shown  # noqa: PLC0415  what only this command needs

    sums: defaultdict[tuple[str, Code, str], list[Decimal]] = defaultdict(list)
    blocking: defaultdict[tuple[str, Code, str], int] = defaultdict(int)
    for each in breaks:
        group = (each.marketplace, each.code, each.currency)
        sums[group].append(each.amount)
        blocking[group] += each.blocks_close
    table = a_table(title, "Marketplace", "Code", "Count", "Amount", "Block the close", keep=("Code",))
    for (marketplace, code, currency), amounts in sorted(sums.items()):
        blocked = blocking[marketplace, code, currency]
        amount = f"{shown(sum(amounts, Decimal(0)), currency)} {currency}"
        table.add_row(marketplace, code, str(len(amounts)), amount, str(blocked or ""))
    return table


def _each(breaks: Sequence[Break]) -> Table:
    from tieout.books.postings_out import shown  # noqa: PLC0415  what only this command needs

    rest = len(breaks) - MOST
    title = "Breaks" if rest <= 0 else f"The first {MOST} breaks; {rest} more with --out or --json"
    table = a_table(title, "Code", "Key", "Amount", "What differs", "What to do", keep=("Code", "Key"))
    for each in breaks[:MOST]:
        amount = f"{shown(each.amount, each.currency)} {each.currency}"
        table.add_row(each.code, each.key, amount, each.explanation, each.proposal)
    return table


def _what_next(reconciled: Reconciled, out: Path | None) -> str:
    from tieout.books.breaks_out import BREAKS, INFORMATION  # noqa: PLC0415  what only this command needs
    from tieout.books.postings_out import PROBLEMS  # noqa: PLC0415

    blocking = sum(each.blocks_close for each in reconciled.breaks)
    words = [
        f"{len(reconciled.breaks)} breaks, {blocking} of them block the close; {len(reconciled.information)} for "
        f"information. docs/finance/breaks.md says of each what to do."
        if reconciled.breaks
        else "No break: log, cycles, documents, orders and NetSuite agree."
    ]
    if reconciled.problems:
        words.append(
            f"{len(reconciled.problems)} places could not be read, and what they hold was not compared: export again."
        )
    words += reconciled.not_compared
    if out:
        words.append(f"Written to {out}: {BREAKS}, {INFORMATION}, {PROBLEMS}.")
    return "\n".join(words)
