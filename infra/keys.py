"""The two keys of a deployment: one for its data, one for its credentials. Both rotate yearly and outlive the stack."""

from __future__ import annotations

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


class Keys(Construct):
    """`data` encrypts tables, archive, logs and alarms; `credentials` encrypts secrets and nothing else."""

    def __init__(self, scope: Construct, construct_id: str, *, deployment: str) -> None:
        super().__init__(scope, construct_id)
        self.data = self._key("Data", f"Tieout {deployment}: postings, archived orders, logs, alarms")
        self.credentials = self._key(
            "Credentials", f"Tieout {deployment}: credentials of NetSuite and the marketplaces"
        )
        all_logs = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:*"
        self.data.add_to_resource_policy(
            iam.PolicyStatement(
                sid="LogsOfThisAccount",
                principals=[iam.ServicePrincipal(f"logs.{Aws.REGION}.amazonaws.com")],
                actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": all_logs}},
            ),
        )
        self.data.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                # No condition on the account: AWS documents none that SNS passes on, and the topic's policy has it.
            ),
        )

    def _key(self, construct_id: str, description: str) -> kms.Key:
        return kms.Key(
            self, construct_id, description=description, enable_key_rotation=True, removal_policy=RemovalPolicy.RETAIN
        )


def use_of(key: kms.IKey, *services: str) -> iam.PolicyStatement:
    """Use a key, but only through these services (`s3`, `dynamodb`, `secretsmanager`)."""
    return iam.PolicyStatement(
        actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
        resources=[key.key_arn],
        conditions={
            "StringEquals": {"kms:ViaService": [f"{service}.{Aws.REGION}.amazonaws.com" for service in services]}
        },
    )
