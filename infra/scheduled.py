"""A schedule: a function that the clock wakes, and an alarm for when the clock stops."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aws_cdk import Aws, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.deployment import Deployment
from infra.function import Function
from infra.on_call import Compare, Missing

DELIVERY_RETRIES = 2
DELIVERY_AGE_SECONDS = 300


class Scheduled(Construct):
    """Runs `function` as `expression` says, with `schedule` (its name) and `event` as the input.

    `every` is the longest time between two runs: three of them without a run that completed page; of work that is done
    once a day, however often it is tried, so many `silent_hours`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        deployment: Deployment,
        function: Function,
        schedule: str,
        expression: str,
        every: Duration,
        event: Mapping[str, str] | None = None,
        silent_hours: int = 26,
    ) -> None:
        super().__init__(scope, construct_id)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
            description=f"Starts {function.deployed_name} on schedule {schedule}",
            inline_policies={
                "only": iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(
                            actions=["lambda:InvokeFunction"], resources=[function.function.function_arn]
                        ),
                        *deployment.clock.give_up(),
                    ],
                ),
            },
        )
        scheduler.CfnSchedule(
            self,
            "Schedule",
            name=schedule,
            group_name=deployment.clock.group.schedule_group_name,
            schedule_expression=expression,
            schedule_expression_timezone="UTC",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=function.function.function_arn,
                role_arn=role.role_arn,
                input=json.dumps({"schedule": schedule, **(event or {})}),
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(
                    arn=deployment.clock.given_up.queue.queue_arn
                ),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_retry_attempts=DELIVERY_RETRIES, maximum_event_age_in_seconds=DELIVERY_AGE_SECONDS
                ),
            ),
        ).node.add_dependency(deployment.clock.group)
        self._heartbeat(deployment, schedule, every, silent_hours)

    def _heartbeat(self, deployment: Deployment, schedule: str, every: Duration, silent_hours: int) -> None:
        """Alarm when no run completed: three missed runs, or a day and some hours for a nightly one."""
        nightly = every.to_hours(integral=False) > 1
        silence = f"{silent_hours} hours" if nightly else "three of its intervals"
        period = Duration.hours(1) if nightly else Duration.minutes(max(5, every.to_minutes()))
        deployment.on_call.page(
            self,
            "heartbeat",
            deployment.on_call.own_metric("RunCompleted", "Sum", period, {"schedule": schedule}),
            threshold=1,
            compare=Compare.LESS_THAN_THRESHOLD,
            of=schedule,
            periods=silent_hours if nightly else 3,
            missing=Missing.BREACHING,
            meaning=f"{schedule} has not completed a run for {silence}.",
        )


def rate(minutes: int) -> str:
    """Put an interval in EventBridge's words, which want to agree: 1 minute, 5 minutes."""
    return f"rate({minutes} minute{'' if minutes == 1 else 's'})"
