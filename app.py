"""Builds the stack from a settings file. Makes no AWS call and needs no Docker: `cdk synth` works anywhere.

`-c config=PATH` names the settings (default config/gift-shop.yaml). The local run adds `-c sandbox=PATH`, the twins'
addresses as JSON; that, or `-c local=1`, builds for the machine that synthesises.
"""

from __future__ import annotations

import sys
from pathlib import Path

from aws_cdk import App

from infra.acknowledged import checked_app
from infra.layers import LAMBDA, LOCAL, dependencies_layer, matching_layer, own_layer
from infra.settings import settings
from infra.stack import Layers, TieoutStack
from tieout.config import ConfigError

HERE = Path(__file__).resolve().parent


def build(app: App) -> None:
    """Put the stack that the context asks for into the app. Raises ConfigError."""
    sandbox = app.node.try_get_context("sandbox")
    config = settings(
        HERE / (app.node.try_get_context("config") or "config/gift-shop.yaml"), HERE / sandbox if sandbox else None
    )
    target = LOCAL if sandbox or app.node.try_get_context("local") else LAMBDA
    settles = any(one.settlement for one in config.marketplaces.values())
    layers = Layers(
        dependencies_layer(target),
        own_layer(config, target),
        target.machine,
        matching_layer(target) if settles else None,
    )
    TieoutStack(app, config=config, layers=layers)


def main() -> None:
    """Synthesise, with cdk-nag's AwsSolutions and Serverless packs over every resource."""
    app = checked_app()
    try:
        build(app)
    except ConfigError as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
