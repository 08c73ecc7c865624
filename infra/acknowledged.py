"""cdk-nag over every resource. What stands all the same stands on the one resource it is about, with its reason."""

from __future__ import annotations

from aws_cdk import Acknowledgment, App, Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks
from constructs import IConstruct


def checked_app(outdir: str | None = None) -> App:
    """Make an app whose synth fails on a finding."""
    app = App(analytics_reporting=False, outdir=outdir)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
    return app


def acknowledge(resource: IConstruct, finding: str, reason: str) -> None:
    """Say why one finding of one resource stands (`Pack-RULE`, or `Pack-RULE[what]`)."""
    Validations.of(resource).acknowledge(Acknowledgment(id=finding, reason=reason))
