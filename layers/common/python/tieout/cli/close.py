"""A month closed, out of files or out of a deployment: the close pack, and the history of its breaks carried on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType

from tieout.cli.deployment import Deployment
from tieout.cli.options import AsJson, deployment_of, wants_json
from tieout.cli.output import a_table, aside, show
from tieout.cli.trouble import SOMETHING_TO_DO, MistakeError

if TYPE_CHECKING:
    from tieout.books.close.closing import Closing, Period
    from tieout.books.close.pack import Pack

CASES = "break-log.ndjson"
"""The break history where no other file is named. It lives on, so the manifest names its last step, not its bytes."""


def close(
    ctx: typer.Context,
    *,
    period: Annotated[str, typer.Option(metavar="MONTH", help="The month to close: 2026-09.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Writes the close pack here.")],
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FOLDER", help="Close this export folder; left out, what the deployment keeps."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The settings file; it may stand before the command as well.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="DAY",
            help="Day that ages are counted to; default: the last one that the folder knows, for a deployment today.",
        ),
    ] = None,
    cases: Annotated[
        Path | None,
        typer.Option(
            envvar="TIEOUT_CASES",
            metavar="FILE",
            help=f"With --from: the break history that goes on; default: {CASES} in DIR.",
        ),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Without --from: keeps what the pack is made from here, as an export folder for the auditor.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make the close pack of a month: a workbook, CSV files, a page with pictures, and a manifest with hashes.

    Exit 1 if a gate of the sign-off fails.
    """
    from tieout.books.close.closing import Period  # noqa: PLC0415  what only this command needs

    deployment = deployment_of(ctx).with_settings(config)
    try:
        month = Period.parse(period)
        day = datetime.strptime(as_of, "%Y-%m-%d").date() if as_of else None  # noqa: DTZ007  a day has no zone
    except ValueError as error:
        raise MistakeError(f"{error}.") from error
    from tieout.books.close.pack import MANIFEST, PAGE, WORKBOOK, build_pack, write_pack  # noqa: PLC0415
    from tieout.books.export import ExportError  # noqa: PLC0415
    from tieout.domain.reconcile.history import BrokenChainError, LogMovedOnError  # noqa: PLC0415
    from tieout.domain.reconcile.workflow import RefusedError  # noqa: PLC0415

    if source is not None and keep is not None:
        raise MistakeError("--keep goes with a deployment: what is closed --from FOLDER is there already.")
    log = None if source is None else cases or out / CASES
    try:
        with aside().status("closing"):
            if source is None or log is None:
                closing = _deployed(deployment, month, day, cases, keep)
            else:
                closing = _files(deployment, month, day, source, log)
            pack = build_pack(closing)
            write_pack(pack, out)
    except (ExportError, RefusedError, BrokenChainError, LogMovedOnError) as error:
        raise MistakeError(f"{error}.") from error
    except OSError as error:
        raise MistakeError(f"{error.filename or out}: {error.strerror or error}.") from error
    document = {
        "period": str(month),
        "as_of": closing.as_of.isoformat(),
        "run": closing.run,
        "out": str(out),
        "break_log": str(log) if log else None,
        "ready": pack.is_ready,
        "gates": [
            {"gate": gate.id, "name": gate.name, "verdict": gate.verdict.value, "words": gate.words}
            for gate in pack.gates
        ],
        "files": sorted(pack.files),
    }
    words = f"Close pack of {month} in {out}: {WORKBOOK}, {PAGE}, {MANIFEST} and {len(pack.sheets)} CSV files. " + (
        "Ready to sign."
        if pack.is_ready
        else f"Not ready to sign: `tieout breaks list{f' --cases {log}' if log else ''}`."
    )
    if keep:
        words += f" It was made from {keep}."
    show(document, as_json=wants_json(ctx, as_json), shown=[_gates(pack, str(month)), words])
    if not pack.is_ready:
        raise typer.Exit(SOMETHING_TO_DO)


def _files(deployment: Deployment, month: Period, day: date | None, source: Path, log: Path) -> Closing:
    from tieout.books.break_log import FileBreakLog  # noqa: PLC0415  what only this command needs
    from tieout.books.close.folder import closing_of  # noqa: PLC0415

    return closing_of(source, deployment.config, month, FileBreakLog(log), as_of=day)


def _deployed(
    deployment: Deployment, month: Period, day: date | None, cases: Path | None, keep: Path | None
) -> Closing:
    from tieout.books.close.deployed import closing_of_deployment, has_read_money  # noqa: PLC0415
    from tieout.books.close.folder import marketplaces_of  # noqa: PLC0415

    if cases is not None:
        raise MistakeError(
            "--cases (or TIEOUT_CASES) goes with --from FOLDER: a deployment keeps the history of its breaks itself."
        )
    if not marketplaces_of(deployment.config):
        raise MistakeError(
            f"Deployment {deployment.name} settles nothing: no marketplace of its settings has a `settlement` section. "
            "Files are closed with --from FOLDER."
        )
    at = deployment.at
    today = at.clock().date()
    if today <= month.last:
        raise MistakeError(f"{month} is not over: close it after {month.last}.")
    if day is not None and day > today:
        # The history would have gone on to that day, and take in no comparison before it.
        raise MistakeError(f"--as-of {day} is yet to come: a deployment is closed as of {today}, or a day before.")
    if not has_read_money(at):
        raise MistakeError(
            f"Deployment {deployment.name} has read no transaction line yet: `tieout status` shows how far it has read."
        )
    with _a_folder(keep) as folder:
        return closing_of_deployment(at, folder, month, deployment.break_log, deployment.in_turn, as_of=day)


@contextmanager
def _a_folder(keep: Path | None) -> Iterator[Path]:
    """An empty folder: the one to keep, or one that is gone afterwards. Raises MistakeError."""
    if keep is None:
        with TemporaryDirectory(prefix="tieout-") as made:
            yield Path(made)
        return
    keep.mkdir(parents=True, exist_ok=True)
    if any(keep.iterdir()):
        raise MistakeError(f"{keep} is not empty: name another folder with --keep.")
    yield keep


def _gates(pack: Pack, month: str) -> RenderableType:
    table = a_table(f"Sign-off of {month}", "Gate", "What has to hold", "Verdict", "By which figure", keep=("Gate",))
    for gate in pack.gates:
        table.add_row(gate.id, gate.name, gate.verdict.value, gate.words)
    return table
