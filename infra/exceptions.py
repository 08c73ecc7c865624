"""The exceptions flow: what is due is rung again every minute, and what waits for a person is measured."""

from __future__ import annotations

from aws_cdk import Duration
from constructs import Construct

from infra import timeouts
from infra.deployment import Deployment
from infra.function import Function
from infra.scheduled import Scheduled, rate


class Exceptions(Construct):
    """The guarantee of progress, and the levels behind the alarms."""

    def __init__(self, scope: Construct, construct_id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, construct_id)
        queues = [deployment.doorbells.to_post, deployment.doorbells.to_confirm]
        told = ["POSTINGS_TABLE", "QUEUE_ORDERS_TO_POST", "QUEUE_SHIPMENTS_TO_CONFIRM"]
        if deployment.doorbells.settlements_to_post:
            queues.append(deployment.doorbells.settlements_to_post)
            told.append("QUEUE_SETTLEMENTS_TO_POST")
        ring = Function(
            self,
            "Ring",
            deployment=deployment,
            name="ring_due_postings",
            does="Rings again for every posting that is due.",
            timeout=timeouts.WATCH,
            may=[
                *deployment.store.read_switches(),
                *deployment.store.find_due(),
                *(each for queue in queues for each in (*queue.ring(), *queue.count())),
            ],
            knows=told,
            scheduled=True,
        )
        check = Function(
            self,
            "Check",
            deployment=deployment,
            name="check_health",
            does="Reports how long things have waited for a person, and how long the certificate lasts.",
            timeout=timeouts.WATCH,
            may=[*deployment.store.find_due(), *deployment.read_secrets(netsuite=True)],
            knows=("POSTINGS_TABLE", "SECRETS_PREFIX"),
            scheduled=True,
        )
        deadlines = Function(
            self,
            "Deadlines",
            deployment=deployment,
            name="check_deadlines",
            does="Counts the orders that are close to a marketplace's deadline.",
            timeout=timeouts.WATCH,
            may=[*deployment.store.find_due()],
            knows=("POSTINGS_TABLE",),
            scheduled=True,
        )
        schedules = ((ring, "ring-due-postings", 1), (check, "check-health", 5), (deadlines, "check-deadlines", 5))
        for function, schedule, minutes in schedules:
            Scheduled(
                self,
                f"{schedule}-Schedule",
                deployment=deployment,
                function=function,
                schedule=schedule,
                expression=rate(minutes),
                every=Duration.minutes(minutes),
            )
