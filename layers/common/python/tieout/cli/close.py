"""A month closed from an export folder: the close pack, and the history of its breaks carried on."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType

from tieout.cli.options import AsJson, deployment_of, wants_json
from tieout.cli.output import a_table, aside, show
from tieout.cli.trouble import SOMETHING_TO_DO, MistakeError

if TYPE_CHECKING:
    from tieout.books.close.pack import Pack

CASES = "break-log.ndjson"
"""The break history where no other file is named. It lives on, so the manifest names its last step, not its bytes."""


def close(
    ctx: typer.Context,
    *,
    period: Annotated[str, typer.Option(metavar="MONTH", help="The month to close: 2026-09.")],
    source: Annotated[Path, typer.Option("--from", metavar="FOLDER", help="The export folder.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Writes the close pack here.")],
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The settings file; it may stand before the command as well.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="Day that ages are counted to; default: the last one that the folder knows."),
    ] = None,
    cases: Annotated[
        Path | None,
        typer.Option(
            envvar="TIEOUT_CASES", metavar="FILE", help=f"The break history that goes on; default: {CASES} in DIR."
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
    from tieout.books.break_log import FileBreakLog  # noqa: PLC0415
    from tieout.books.close.folder import closing_of  # noqa: PLC0415
    from tieout.books.close.pack import MANIFEST, PAGE, WORKBOOK, build_pack, write_pack  # noqa: PLC0415
    from tieout.books.export import ExportError  # noqa: PLC0415
    from tieout.domain.reconcile.history import BrokenChainError, LogMovedOnError  # noqa: PLC0415
    from tieout.domain.reconcile.workflow import RefusedError  # noqa: PLC0415

    log = cases or out / CASES
    try:
        with aside().status("closing"):
            closing = closing_of(source, deployment.config, month, FileBreakLog(log), as_of=day)
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
        "break_log": str(log),
        "ready": pack.is_ready,
        "gates": [
            {"gate": gate.id, "name": gate.name, "verdict": gate.verdict.value, "words": gate.words}
            for gate in pack.gates
        ],
        "files": sorted(pack.files),
    }
    words = f"Close pack of {month} in {out}: {WORKBOOK}, {PAGE}, {MANIFEST} and {len(pack.sheets)} CSV files. " + (
        "Ready to sign." if pack.is_ready else f"Not ready to sign: `tieout breaks list --cases {log}`."
    )
    show(document, as_json=wants_json(ctx, as_json), shown=[_gates(pack, str(month)), words])
    if not pack.is_ready:
        raise typer.Exit(SOMETHING_TO_DO)


def _gates(pack: Pack, month: str) -> RenderableType:
    table = a_table(f"Sign-off of {month}", "Gate", "What has to hold", "Verdict", "By which figure", keep=("Gate",))
    for gate in pack.gates:
        table.add_row(gate.id, gate.name, gate.verdict.value, gate.words)
    return table
