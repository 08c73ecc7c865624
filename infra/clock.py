"""The deployment's clock: its group of schedules, and where runs go that failed."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.on_call import OnCall
from infra.queue import GivenUp


class Clock(Construct):
    """A run that fails is given up after a retry: the next run covers it, but somebody should know why."""

    def __init__(self, scope: Construct, construct_id: str, *, deployment: str, on_call: OnCall) -> None:
        super().__init__(scope, construct_id)
        self.group = scheduler.ScheduleGroup(self, "Group", schedule_group_name=f"tieout-{deployment}")
        self.given_up = GivenUp(self, "GivenUp", deployment=deployment, of="scheduled-runs", on_call=on_call)

    def give_up(self) -> list[iam.PolicyStatement]:
        """Send a run that failed to the queue that pages."""
        return [iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[self.given_up.queue.queue_arn])]
