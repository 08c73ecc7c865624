"""The settlement flow: read what marketplaces say of money, work billing cycles out, post their records."""

from __future__ import annotations

from aws_cdk import Duration
from constructs import Construct

from infra import timeouts
from infra.deployment import Deployment
from infra.function import Function
from infra.queue import Queue
from infra.scheduled import Scheduled
from infra.store import SETTLEMENT
from infra.worker import Worker

WORKS_CYCLES_OUT = 1769
"""Megabytes, which is one whole processor: a cycle of a hundred thousand lines is worked out in memory."""


READ_AGAIN_AFTER_HOURS = 28
"""Without a whole reading a person is called: a day, and the tries of a night in which Mirakl does not answer."""


class Settlement(Construct):
    """Everything between a billing cycle that closed and its records in NetSuite."""

    def __init__(self, scope: Construct, construct_id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, construct_id)
        queue = deployment.doorbells.settlements_to_post
        if queue:
            self._fetch(deployment, queue)
            self._post(deployment, queue)

    def _fetch(self, deployment: Deployment, queue: Queue) -> None:
        """A reading a day, begun at night when yesterday's lines have come, and tried every hour until it is whole."""
        fetch = Function(
            self,
            "Fetch",
            deployment=deployment,
            name="fetch_settlements",
            does="Reads the transaction log, cycles and legal documents, and records the cycles that are complete.",
            timeout=timeouts.MATCH,
            memory=WORKS_CYCLES_OUT,
            may=[
                *deployment.store.record_postings(),
                *deployment.store.see_postings(),
                *deployment.store.read_threads(),
                *deployment.store.archive_documents(SETTLEMENT),
                *deployment.store.read_documents("orders", SETTLEMENT),
                *deployment.read_secrets(mirakl=True),
                *queue.ring(),
            ],
            knows=("POSTINGS_TABLE", "ARCHIVE_BUCKET", "QUEUE_SETTLEMENTS_TO_POST", "SECRETS_PREFIX"),
            scheduled=True,
        )
        for number, marketplace in enumerate(deployment.settling):
            Scheduled(
                self,
                f"FetchOf-{marketplace}",
                deployment=deployment,
                function=fetch,
                schedule=f"fetch-settlements-{marketplace}",
                expression=f"cron({(10 + 7 * number) % 60} * * * ? *)",
                every=Duration.hours(24),
                silent_hours=READ_AGAIN_AFTER_HOURS,
                event={"marketplace": marketplace},
            )

    def _post(self, deployment: Deployment, queue: Queue) -> None:
        """Rung by others only: it may not send to its own queue."""
        post = Function(
            self,
            "Post",
            deployment=deployment,
            name="post_settlements",
            does="Works billing cycles out, and posts the records that were agreed to, once.",
            timeout=timeouts.WORK,
            memory=WORKS_CYCLES_OUT,
            may=[
                *deployment.store.work_postings(),
                *deployment.store.record_postings(),
                *deployment.store.read_threads(),
                *deployment.store.archive_documents(SETTLEMENT),
                *deployment.store.read_documents("orders", SETTLEMENT),
                *deployment.read_secrets(netsuite=True),
                *queue.work(),
            ],
            knows=("POSTINGS_TABLE", "ARCHIVE_BUCKET", "SECRETS_PREFIX"),
        )
        Worker(
            self,
            f"Work-{queue.name}",
            queue=queue,
            function=post,
            at_once=deployment.config.netsuite.lanes.settlements_to_post,
            batch=10,
            window=Duration.seconds(0),
        )
