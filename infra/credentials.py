"""Secrets of a deployment: made empty by the stack, filled by a person, never in a template."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, SecretValue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secrets
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.keys import use_of
from tieout.config import Config

EMPTY = "{}"
"""Never another text: CloudFormation would write it over what a person filled in."""


def rings(config: Config) -> bool:
    """Whether the NetSuite account's script rings at our door: it does so for fulfilments, and for nothing else."""
    ships = any(one.orders.enabled and one.shipments.enabled for one in config.marketplaces.values())
    return config.netsuite.events and ships


class Credentials(Construct):
    """One secret for NetSuite, one a marketplace, and one for each that rings at our door."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self.prefix = f"tieout/{config.deployment}"
        self.to_fill = [f"{self.prefix}/netsuite", *(f"{self.prefix}/mirakl/{name}" for name in config.marketplaces)]
        """Names of the secrets that a person fills in."""
        self._key = key
        self.netsuite = self._to_fill(
            "NetSuite", "netsuite", "issued by NetSuite and renewed by a person; docs/on-call/certificate-days.md"
        )
        self.mirakl = {
            name: self._to_fill(f"Mirakl-{name}", f"mirakl/{name}", "issued by Mirakl, which cannot rotate it by API")
            for name in config.marketplaces
        }
        self.webhooks = {
            name: self._generated(f"Webhooks-{name}", f"webhooks/{name}")
            for name, marketplace in config.marketplaces.items()
            if marketplace.webhooks.enabled
        }
        self.netsuite_events = self._generated("NetSuiteEvents", "webhooks/netsuite") if rings(config) else None
        """Shared with the account's script, as NetSuite's secret `custsecret_tieout_hook`."""

    def _to_fill(self, construct_id: str, name: str, why: str) -> secrets.Secret:
        return self._secret(construct_id, name, why, secret_string_value=SecretValue.unsafe_plain_text(EMPTY))

    def _generated(self, construct_id: str, name: str) -> secrets.Secret:
        generator = secrets.SecretStringGenerator(
            secret_string_template=EMPTY, generate_string_key="current", password_length=48, exclude_punctuation=True
        )
        why = "shared with the sender, where a person sets it: rotated by hand with `previous` beside `current`"
        return self._secret(construct_id, name, why, generate_secret_string=generator)

    def _secret(
        self,
        construct_id: str,
        name: str,
        why: str,
        *,
        secret_string_value: SecretValue | None = None,
        generate_secret_string: secrets.SecretStringGenerator | None = None,
    ) -> secrets.Secret:
        secret = secrets.Secret(
            self,
            construct_id,
            secret_name=f"{self.prefix}/{name}",
            encryption_key=self._key,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,  # its name is free after a failed creation
            secret_string_value=secret_string_value,
            generate_secret_string=generate_secret_string,
        )
        acknowledge(secret, "AwsSolutions-SMG4", f"The value is {why}.")
        return secret

    def read(self, *which: secrets.Secret) -> list[iam.PolicyStatement]:
        """Read these secrets and no other."""
        arns = [secret.secret_arn for secret in which]
        return [
            iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=arns),
            use_of(self._key, "secretsmanager"),
        ]
