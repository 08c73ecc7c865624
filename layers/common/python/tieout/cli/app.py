"""`tieout`: the commands, and what they have in common."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tieout import __version__
from tieout.cli.audit import audit
from tieout.cli.backfill import orders
from tieout.cli.backfill_settlement import settlements
from tieout.cli.bank import bank
from tieout.cli.breaks import breaks
from tieout.cli.close import close
from tieout.cli.deadlines import deadlines
from tieout.cli.deployment import Deployment
from tieout.cli.doctor import doctor
from tieout.cli.explain import explain
from tieout.cli.output import aside
from tieout.cli.parked import parked, resubmit
from tieout.cli.reconcile import reconcile
from tieout.cli.settle import settle
from tieout.cli.status import status
from tieout.cli.stock import stock
from tieout.cli.switches import pause, resume
from tieout.cli.trouble import CANNOT, told


class Commands(TyperGroup):
    """Tells what a person can mend in one sentence; only our own mistakes show a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            words = told(error)
            if words is None:
                raise
            aside().print(f"tieout: {words}", soft_wrap=True)
            raise typer.Exit(CANNOT) from error


app = typer.Typer(
    name="tieout",
    cls=Commands,
    help="Looks into a deployment of Tieout, and decides what is left to a person.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"tieout {__version__}\n")
        raise typer.Exit


@app.callback()
def common(  # noqa: PLR0917  Typer names them on the command line
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            envvar="TIEOUT_CONFIG",
            help="The deployment's settings file; default: the one that cdk.json of this folder names.",
        ),
    ] = None,
    deployment: Annotated[
        str | None, typer.Option(help="Name of the deployment, where it is not the one of the settings file.")
    ] = None,
    region: Annotated[str | None, typer.Option(help="AWS region of the deployment.")] = None,
    profile: Annotated[str | None, typer.Option(help="AWS profile to sign in with.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Answer with one JSON document; every command takes it too.")
    ] = False,
    version: Annotated[  # noqa: ARG001  its callback answers
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and stop.")
    ] = False,
) -> None:
    """Options that come before the command."""
    ctx.obj = Deployment(config, name=deployment, region=region, profile=profile, as_json=as_json)


app.command()(doctor)
app.command()(status)
app.command()(deadlines)
app.command()(stock)
app.command()(parked)
app.command()(resubmit)
app.command()(explain)
app.command()(settle)
app.command()(reconcile)
app.command()(pause)
app.command()(resume)
app.command()(close)
app.add_typer(orders, name="orders")
app.add_typer(settlements, name="settlements")
app.add_typer(breaks, name="breaks")
app.add_typer(bank, name="bank")
app.add_typer(audit, name="audit")


def main() -> None:
    """Entry point of the `tieout` command."""
    app(prog_name="tieout")


if __name__ == "__main__":
    main()
