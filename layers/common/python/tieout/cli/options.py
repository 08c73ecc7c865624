"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from tieout.cli.deployment import Deployment

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document and nothing else.")]


def deployment_of(ctx: typer.Context) -> Deployment:
    """The deployment that the command's first options name."""
    deployment = ctx.obj
    assert isinstance(deployment, Deployment)
    return deployment


def wants_json(ctx: typer.Context, as_json: bool) -> bool:
    """Whether `--json` stood before or after the command."""
    return as_json or deployment_of(ctx).as_json
