"""A long history of money, read on a person's word."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from tieout.cli.options import AsJson, deployment_of, wants_json
from tieout.cli.output import aside, show, when
from tieout.cli.trouble import MistakeError

settlements = typer.Typer(help="Money of the marketplaces.", no_args_is_help=True, rich_markup_mode=None)


@settlements.callback()
def group() -> None:
    """Money of the marketplaces."""


@settlements.command()
def backfill(
    ctx: typer.Context,
    marketplace: Annotated[str, typer.Option(help="Which one, by its name in the settings.")],
    as_json: AsJson = False,
) -> None:
    """Read the transaction log from settlement.since to now out of files that Mirakl prepares, once a day at most.

    For a first reading of more than a few hundred thousand lines; the nightly reading goes on from there.
    """
    from tieout.flows.settlement.backfill import backfill_settlement  # noqa: PLC0415  what only this command needs

    deployment = deployment_of(ctx)
    name = deployment.marketplace(marketplace)
    settings = deployment.config.marketplaces[name].settlement
    if settings is None:
        raise MistakeError(f"marketplaces.{name}.settlement is left out: its money is not read.")
    with aside().status("asking Mirakl") as spinner:
        lines = backfill_settlement(name, deployment.at, settings.since, time.sleep, spinner.update)
    document = {"marketplace": name, "from": settings.since, "lines": lines}
    shown = [
        f"{name}: {lines} lines since {when(settings.since)} are kept. The next nightly reading goes on from here."
    ]
    show(document, as_json=wants_json(ctx, as_json), shown=shown)
