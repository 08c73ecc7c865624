"""Findings of cdk-nag that stand: each on the one resource that it is about, each with its reason."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(resource: IConstruct, finding: str, reason: str) -> None:
    """Say why one finding of one resource stands (`Pack-RULE`, or `Pack-RULE[what]`)."""
    Validations.of(resource).acknowledge(Acknowledgment(id=finding, reason=reason))
