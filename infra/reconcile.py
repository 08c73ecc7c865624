"""The reconcile flow: all sources are compared by one function; a large log is staged by cycle first, in parallel."""

from __future__ import annotations

import json
from typing import Any

from aws_cdk import Aws, Duration, RemovalPolicy, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra import timeouts
from infra.acknowledged import acknowledge
from infra.deployment import Deployment
from infra.function import Function, retention_days
from infra.scheduled import Scheduled, rate
from infra.store import SETTLEMENT

MEMORY, DISK = 3008, Size.gibibytes(4)
"""The engine spills to /tmp what does not fit its memory."""
AT_ONCE = 8
"""Cycles that are staged at the same time."""
RUNS = "_by_cycle"
"""Folder of what the runs of the map answered, which no marketplace can be called."""
LOOKS_EVERY = 60
"""Minutes; a look that finds nothing to do costs one read."""


class Reconcile(Construct):
    """Compares Mirakl's log, cycles, documents and orders with NetSuite's documents and ledger; keeps the breaks."""

    def __init__(self, scope: Construct, construct_id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, construct_id)
        if deployment.settling:
            name = f"{deployment.name}-reconcile"
            by_cycle = f"arn:{Aws.PARTITION}:states:{Aws.REGION}:{Aws.ACCOUNT_ID}:stateMachine:{name}"
            function = self._function(deployment, by_cycle)
            self._by_cycle(deployment, name, by_cycle, function)

    def _function(self, deployment: Deployment, by_cycle: str) -> Function:
        function = Function(
            self,
            "Match",
            deployment=deployment,
            name="reconcile",
            does="Compares what the marketplaces say of money with what NetSuite holds, and keeps what differs.",
            timeout=timeouts.MATCH,
            memory=MEMORY,
            disk=DISK,
            matches=True,
            may=[
                *deployment.store.compare_postings(),
                *deployment.store.archive_documents(SETTLEMENT),
                *deployment.store.read_documents("orders", SETTLEMENT),
                *deployment.read_secrets(netsuite=True),
                iam.PolicyStatement(actions=["states:StartExecution"], resources=[by_cycle]),
            ],
            knows=("POSTINGS_TABLE", "ARCHIVE_BUCKET", "SECRETS_PREFIX"),
            variables={"RECONCILE_BY_CYCLE": by_cycle},
            scheduled=True,
        )
        Scheduled(
            self,
            "MatchAll",
            deployment=deployment,
            function=function,
            schedule="reconcile",
            expression=rate(LOOKS_EVERY),
            every=Duration.minutes(LOOKS_EVERY),
            event={"task": "look"},
        )
        return function

    def _by_cycle(self, deployment: Deployment, name: str, arn: str, function: Function) -> None:
        """Step Functions' distributed map: a run a cycle, then one that matches. Nothing of it costs until it runs."""
        log = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/vendedlogs/states/{name}",
            retention=retention_days(deployment.config.retention.log_days),
            encryption_key=deployment.keys.data,
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "states.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
            description=f"What {name} may do, and nothing else",
            inline_policies={
                "only": iam.PolicyDocument(
                    statements=[
                        *_may(function.function.function_arn, arn),
                        *deployment.store.archive_documents(SETTLEMENT),
                        *deployment.store.read_documents(SETTLEMENT),
                    ]
                )
            },
        )
        machine = sfn.CfnStateMachine(
            self,
            "ByCycle",
            state_machine_name=name,
            state_machine_type="STANDARD",
            role_arn=role.role_arn,
            definition_string=json.dumps(_definition("${Match}"), indent=1),
            definition_substitutions={
                "Match": function.function.function_arn,
                "Archive": deployment.store.archive.bucket_name,
                "Partition": Aws.PARTITION,
            },
            logging_configuration=sfn.CfnStateMachine.LoggingConfigurationProperty(
                level="ALL",
                include_execution_data=False,
                destinations=[
                    sfn.CfnStateMachine.LogDestinationProperty(
                        cloud_watch_logs_log_group=sfn.CfnStateMachine.CloudWatchLogsLogGroupProperty(
                            log_group_arn=log.log_group_arn
                        )
                    )
                ],
            ),
            tracing_configuration=sfn.CfnStateMachine.TracingConfigurationProperty(enabled=True),
        )
        machine.node.add_dependency(role)
        logs_and_traces = "Step Functions' log delivery and X-Ray take no resource but '*'."
        acknowledge(role, "AwsSolutions-IAM5[Resource::*]", logs_and_traces)
        acknowledge(
            role,
            f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:{name}/*]",
            "Runs of the map have no ARN before they exist.",
        )
        objects = f"<{deployment.store.archive_id}.Arn>/{SETTLEMENT}/*"
        acknowledge(role, f"AwsSolutions-IAM5[Resource::{objects}]", "Objects have no ARN before they exist.")


def _may(function: str, machine: str) -> list[iam.PolicyStatement]:
    executions = machine.replace(":stateMachine:", ":execution:") + "/*"
    return [
        iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[function]),
        iam.PolicyStatement(actions=["states:StartExecution"], resources=[machine]),
        iam.PolicyStatement(actions=["states:DescribeExecution", "states:StopExecution"], resources=[executions]),
        iam.PolicyStatement(
            actions=[
                *("logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups"),
                *("logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries"),
                *("logs:PutResourcePolicy", "logs:UpdateLogDelivery"),
                *("xray:GetSamplingRules", "xray:GetSamplingTargets"),
                *("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
            ],
            resources=["*"],
        ),
    ]


def _definition(function: str) -> dict[str, Any]:
    """List the cycles, stage each by itself, then match all of them with the same SQL as below the threshold.

    The list, and what each run answers, go by way of S3: a state takes 256 KiB, which is three thousand cycles.
    """
    again = [
        {
            "ErrorEquals": ["Lambda.TooManyRequestsException", "Lambda.ServiceException", "Lambda.SdkClientException"],
            "IntervalSeconds": 2,
            "MaxAttempts": 6,
            "BackoffRate": 2,
        }
    ]

    def ask(task: str, more: dict[str, str], **next_state: Any) -> dict[str, Any]:
        return {
            "Type": "Task",
            "Resource": function,
            "Parameters": {"schedule": "reconcile", "task": task, **more},
            "Retry": again,
            **next_state,
        }

    return {
        "Comment": "Stages a large transaction log by billing cycle, then compares it with NetSuite.",
        "StartAt": "Cycles",
        "States": {
            "Cycles": ask("cycles", {}, Next="Stage"),
            "Stage": {
                "Type": "Map",
                "ItemReader": {
                    "Resource": "arn:${Partition}:states:::s3:getObject",
                    "ReaderConfig": {"InputType": "JSON"},
                    "Parameters": {"Bucket": "${Archive}", "Key.$": "$.cycles"},
                },
                "MaxConcurrency": AT_ONCE,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "StageOne",
                    "States": {
                        "StageOne": ask("stage", {"marketplace.$": "$.marketplace", "cycle.$": "$.cycle"}, End=True)
                    },
                },
                "ResultWriter": {
                    "Resource": "arn:${Partition}:states:::s3:putObject",
                    "Parameters": {"Bucket": "${Archive}", "Prefix": f"{SETTLEMENT}/{RUNS}"},
                },
                "ResultPath": None,
                "Next": "Match",
            },
            "Match": ask("match", {}, End=True),
        },
    }
