"""Stop and go, by a person."""

from __future__ import annotations

from typing import Annotated

import typer

from tieout.aws.switches import ALL, KEPT
from tieout.cli.deployment import Deployment
from tieout.cli.options import AsJson, deployment_of, wants_json
from tieout.cli.output import show, when
from tieout.cli.trouble import MistakeError

FLOWS = ("orders", "shipments", "returns", "settlements", "stock", "listings")

Flow = Annotated[str, typer.Argument(metavar="FLOW", help=f"{', '.join(FLOWS)}, or `{ALL}`.")]


def pause(ctx: typer.Context, flow: Flow = ALL, as_json: AsJson = False) -> None:
    """Stop a flow: nothing more is written to NetSuite or Mirakl, while reading goes on."""
    deployment = deployment_of(ctx)
    deployment.switches.pause(_flow(flow), deployment.who, deployment.clock())
    _answer(
        ctx, deployment, as_json, f"In force everywhere within {KEPT.seconds} seconds. `tieout resume {flow}` ends it."
    )


def resume(ctx: typer.Context, flow: Flow = ALL, as_json: AsJson = False) -> None:
    """Let a flow go on, or end every pause; what was held meanwhile comes back by itself."""
    deployment = deployment_of(ctx)
    paused = {pause.flow for pause in deployment.switches.pauses()}
    ended = paused if _flow(flow) == ALL else paused & {flow}
    for each in ended:
        deployment.switches.resume(each)
    words = "What was held comes back within minutes." if ended else f"{flow} was not paused."
    if flow != ALL and ALL in paused:
        words += f" All flows are still paused: `tieout resume {ALL}`."
    _answer(ctx, deployment, as_json, words)


def _answer(ctx: typer.Context, deployment: Deployment, as_json: bool, words: str) -> None:
    pauses = deployment.switches.pauses()
    shown = [f"{each.flow} is paused since {when(each.since)} by {each.who}." for each in pauses] or [
        "Nothing is paused."
    ]
    document = {
        "deployment": deployment.name,
        "paused": [{"flow": each.flow, "who": each.who, "since": each.since} for each in pauses],
    }
    show(document, as_json=wants_json(ctx, as_json), shown=[*shown, words])


def _flow(flow: str) -> str:
    if flow not in (*FLOWS, ALL):
        raise MistakeError(f"There is no flow {flow!r}; there are: {', '.join(FLOWS)}, or {ALL} for every flow.")
    return flow
