"""The returns flow: learn what buyers send back, and give back at the marketplace what NetSuite gave back."""

from __future__ import annotations

from aws_cdk import Duration
from constructs import Construct

from infra import timeouts
from infra.deployment import Deployment
from infra.function import Function
from infra.scheduled import Scheduled, rate


class Returns(Construct):
    """Returns in, refunds and cancelations out; NetSuite's own credits come with its fulfilments (see Shipments)."""

    def __init__(self, scope: Construct, construct_id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, construct_id)
        if deployment.returning:
            self._poll(deployment)
            self._send(deployment)

    def _poll(self, deployment: Deployment) -> None:
        operated = any(one.role == "operator" for one in deployment.returning.values())
        poll = Function(
            self,
            "Poll",
            deployment=deployment,
            name="poll_returns",
            does="Reads the marketplaces' returns and records what is to be done for them.",
            timeout=timeouts.POLL,
            may=[
                *deployment.store.record_postings(),
                *deployment.store.see_postings(),
                *deployment.store.archive_documents("returns"),
                *(deployment.store.read_documents("orders") if operated else ()),
                *deployment.read_secrets(mirakl=True),
                *deployment.doorbells.to_post.ring(),
            ],
            knows=("POSTINGS_TABLE", "ARCHIVE_BUCKET", "QUEUE_ORDERS_TO_POST", "SECRETS_PREFIX"),
            scheduled=True,
        )
        for marketplace, settings in deployment.returning.items():
            minutes = settings.returns.poll_minutes
            Scheduled(
                self,
                f"PollOf-{marketplace}",
                deployment=deployment,
                function=poll,
                schedule=f"poll-returns-{marketplace}",
                expression=rate(minutes),
                every=Duration.minutes(minutes),
                event={"marketplace": marketplace},
            )

    def _send(self, deployment: Deployment) -> None:
        """One run at a time: what a refund gives back twice, nobody gives back to us."""
        send = Function(
            self,
            "Send",
            deployment=deployment,
            name="send_refunds",
            does="Sends refunds and cancelations to the marketplaces, once.",
            timeout=timeouts.WORK,
            may=[
                *deployment.store.work_postings(),
                *deployment.store.find_due(),
                *deployment.store.read_threads(),
                *deployment.store.read_documents("credits"),
                *deployment.read_secrets(mirakl=True),
            ],
            knows=("POSTINGS_TABLE", "ARCHIVE_BUCKET", "SECRETS_PREFIX"),
            reserved=1,
            scheduled=True,
        )
        minutes = min(one.returns.send_minutes for one in deployment.returning.values())
        Scheduled(
            self,
            "SendAll",
            deployment=deployment,
            function=send,
            schedule="send-refunds",
            expression=rate(minutes),
            every=Duration.minutes(minutes),
        )
