"""A function: one file of functions/, one role with only the verbs it needs, logs that expire, two alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import Duration, IgnoreMode, RemovalPolicy, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.deployment import Deployment
from infra.store import FOLDERS

FUNCTIONS = Path(__file__).resolve().parent.parent / "functions"
FIVE_MINUTES = Duration.minutes(5)


class Function(Construct):
    """`name` is the file in functions/, `may` its role's statements besides its own logs and traces.

    `knows` names its variables, `variables` gives others; `memory` is in megabytes, `disk` is its /tmp. One that
    `matches` whole months has the layer for that. A run that the clock woke (`scheduled`) is given up after one more
    try.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        deployment: Deployment,
        name: str,
        does: str,
        timeout: Duration,
        may: Sequence[iam.PolicyStatement],
        knows: Sequence[str],
        reserved: int | None = None,
        memory: int = 512,
        disk: Size | None = None,
        matches: bool = False,
        variables: Mapping[str, str] | None = None,
        scheduled: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = name
        self.timeout = timeout
        self.deployed_name = f"{deployment.name}-{name.replace('_', '-')}"
        log_group = self._logs(deployment)
        given_up = deployment.clock.give_up() if scheduled else ()
        self._role = self._role_that([_own_logs(log_group), _own_traces(), *may, *given_up])
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=self.deployed_name,
            description=does,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=deployment.architecture,
            handler=f"{name}.handler",
            code=lambda_.Code.from_asset(str(FUNCTIONS), exclude=["*", f"!{name}.py"], ignore_mode=IgnoreMode.GIT),
            layers=self._layers(deployment, matches=matches),
            memory_size=memory,
            ephemeral_storage_size=disk,
            timeout=timeout,
            tracing=lambda_.Tracing.ACTIVE,
            role=self._role.without_policy_updates(),
            log_group=log_group,
            on_failure=destinations.SqsDestination(deployment.clock.given_up.queue) if scheduled else None,
            retry_attempts=1 if scheduled else None,
            max_event_age=FIVE_MINUTES if scheduled else None,
            reserved_concurrent_executions=reserved,
            environment={
                "POWERTOOLS_SERVICE_NAME": name,
                "POWERTOOLS_METRICS_NAMESPACE": "Tieout",
                "LOG_LEVEL": "INFO",
                **deployment.environment(*knows),
                **(variables or {}),
            },
        )
        self._acknowledge(deployment, scheduled=scheduled, reads_archive="ARCHIVE_BUCKET" in knows)
        self._alarms(deployment, does)

    def _layers(self, deployment: Deployment, *, matches: bool) -> list[lambda_.ILayerVersion]:
        if not matches:
            return list(deployment.layers)
        if deployment.matching_layer is None:
            raise ValueError(f"{self.name} needs the layer of functions that match, and it was not built")
        return [*deployment.layers, deployment.matching_layer]

    def _logs(self, deployment: Deployment) -> logs.LogGroup:
        return logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/lambda/{self.deployed_name}",
            retention=retention_days(deployment.config.retention.log_days),
            encryption_key=deployment.keys.data,
            removal_policy=RemovalPolicy.DESTROY,
        )

    def _role_that(self, may: Sequence[iam.PolicyStatement]) -> iam.Role:
        return iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What {self.deployed_name} may do, and nothing else",
            inline_policies={"only": iam.PolicyDocument(statements=list(may))},
        )

    def _acknowledge(self, deployment: Deployment, *, scheduled: bool, reads_archive: bool) -> None:
        for rule in ("AwsSolutions-L1", "Serverless-LambdaLatestVersion"):
            acknowledge(self.function, rule, "The layers are locked, built and tested for Python 3.13.")
        failed = (
            "A failed run goes to the on-failure destination; a dead letter queue would hold it twice."
            if scheduled
            else "Never invoked asynchronously: its caller (SQS, or the HTTP API) keeps what fails."
        )
        acknowledge(self.function, "Serverless-LambdaDLQ", failed)
        traces = "X-Ray takes traces for no resource but '*'."
        acknowledge(self._role, "AwsSolutions-IAM5[Resource::*]", traces)
        acknowledge(self._role, "Serverless-LambdaStarPermissions", traces)
        if reads_archive:
            for folder in FOLDERS:
                objects = f"<{deployment.store.archive_id}.Arn>/{folder}/*"
                acknowledge(
                    self._role, f"AwsSolutions-IAM5[Resource::{objects}]", "Objects have no ARN before they exist."
                )

    def _alarms(self, deployment: Deployment, does: str) -> None:
        deployment.on_call.page(
            self,
            "function-errors",
            self.function.metric_errors(period=FIVE_MINUTES, statistic="Sum"),
            threshold=1,
            of=self.name,
            periods=2,
            of_periods=3,
            meaning=f"{self.name} keeps failing for a reason that Tieout does not know: it {does[0].lower()}{does[1:]}",
        )
        deployment.on_call.page(
            self,
            "function-throttles",
            self.function.metric_throttles(period=FIVE_MINUTES, statistic="Sum"),
            threshold=1,
            of=self.name,
            periods=3,
            meaning=f"AWS has refused to run {self.name} for 15 minutes because too much runs at once; its work waits.",
        )


def retention_days(days: int) -> logs.RetentionDays:
    """CDK names log retention in words."""
    words = {
        7: logs.RetentionDays.ONE_WEEK,
        14: logs.RetentionDays.TWO_WEEKS,
        30: logs.RetentionDays.ONE_MONTH,
        60: logs.RetentionDays.TWO_MONTHS,
        90: logs.RetentionDays.THREE_MONTHS,
        180: logs.RetentionDays.SIX_MONTHS,
        365: logs.RetentionDays.ONE_YEAR,
    }
    return words[days]


def _own_logs(group: logs.LogGroup) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[group.log_group_arn])


def _own_traces() -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=["xray:PutTelemetryRecords", "xray:PutTraceSegments"], resources=["*"])
