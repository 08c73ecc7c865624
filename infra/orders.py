"""The orders flow: read marketplaces, decide what waits, post sales orders, write their numbers back."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import timeouts
from infra.deployment import Deployment
from infra.function import Function
from infra.scheduled import Scheduled, rate
from infra.store import LISTINGS
from infra.worker import Worker
from tieout.config import READERS

FETCHERS = 2
"""Copies of fetch_orders at once: events come in bursts, and Mirakl's call frequencies are per shop."""
COLLECTING = ("POSTINGS_TABLE", "ARCHIVE_BUCKET", "QUEUE_ORDERS_TO_POST", "SECRETS_PREFIX")
POSTING = ("POSTINGS_TABLE", "ARCHIVE_BUCKET", "SECRETS_PREFIX")


class Orders(Construct):
    """Everything that turns a marketplace order into one sales order."""

    def __init__(self, scope: Construct, construct_id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, construct_id)
        self._poll(deployment)
        self._fetch(deployment)
        self._accept(deployment)
        self._post(deployment)
        self._confirm(deployment)
        self.receive = self._receive(deployment)
        """None where no marketplace rings."""

    def _poll(self, deployment: Deployment) -> None:
        poll = Function(
            self,
            "Poll",
            deployment=deployment,
            name="poll_orders",
            does="Reads the marketplaces' changed orders and records what is to be done for them.",
            timeout=timeouts.POLL,
            may=_collect(deployment),
            knows=COLLECTING,
            scheduled=True,
        )
        for number, (marketplace, settings) in enumerate(deployment.selling.items()):
            Scheduled(
                self,
                f"PollOf-{marketplace}",
                deployment=deployment,
                function=poll,
                schedule=f"poll-orders-{marketplace}",
                expression=rate(settings.orders.poll_minutes),
                every=Duration.minutes(settings.orders.poll_minutes),
                event={"marketplace": marketplace, "task": "poll"},
            )
            Scheduled(
                self,
                f"SweepOf-{marketplace}",
                deployment=deployment,
                function=poll,
                schedule=f"sweep-orders-{marketplace}",
                expression=f"cron({7 * number % 60} 2 * * ? *)",
                every=Duration.hours(24),
                event={"marketplace": marketplace, "task": "sweep"},
            )

    def _fetch(self, deployment: Deployment) -> None:
        queues = [deployment.doorbells.to_fetch, *deployment.doorbells.cloud_events]
        fetch = Function(
            self,
            "Fetch",
            deployment=deployment,
            name="fetch_orders",
            does="Fetches the orders that marketplaces' events named and records what is to be done for them.",
            timeout=timeouts.FETCH,
            may=[*_collect(deployment), *(statement for queue in queues for statement in queue.work())],
            knows=COLLECTING,
        )
        window = Duration.seconds(1) if deployment.config.sandbox else timeouts.WINDOW
        for queue in queues:
            Worker(self, f"Work-{queue.name}", queue=queue, function=fetch, at_once=FETCHERS, batch=100, window=window)

    def _accept(self, deployment: Deployment) -> None:
        """One run at a time: two could sell the same unit. Its stock checks are the readers' share of the slots."""
        accept = Function(
            self,
            "Accept",
            deployment=deployment,
            name="accept_orders",
            does="Accepts, refuses or parks the orders that wait for a decision.",
            timeout=timeouts.WORK,
            may=[
                *deployment.store.work_postings(),
                *deployment.store.find_due(),
                *deployment.store.read_documents("orders", *([LISTINGS] if deployment.strict else ())),
                *deployment.read_secrets(mirakl=True, netsuite=True),
            ],
            knows=POSTING,
            reserved=READERS,
            scheduled=True,
        )
        minutes = min((settings.orders.accept_minutes for settings in deployment.selling.values()), default=60)
        Scheduled(
            self,
            "AcceptAll",
            deployment=deployment,
            function=accept,
            schedule="accept-orders",
            expression=rate(minutes),
            every=Duration.minutes(minutes),
        )

    def _post(self, deployment: Deployment) -> None:
        """Rung by others only: it may not send to its own queue."""
        queue = deployment.doorbells.to_post
        kept = ["orders"]
        kept += ["fulfilments"] if deployment.shipping else []
        kept += ["shipments"] if deployment.operated else []
        kept += ["returns"] if deployment.returning else []
        kept += [LISTINGS] if deployment.strict else []
        post = Function(
            self,
            "Post",
            deployment=deployment,
            name="post_orders",
            does="Posts each due sales order, and what follows it, to NetSuite, once.",
            timeout=timeouts.WORK,
            may=[
                *deployment.store.work_postings(),
                *(deployment.store.read_threads() if deployment.shipping or deployment.returning else ()),
                *deployment.store.read_documents(*kept),
                *deployment.read_secrets(netsuite=True),
                *queue.work(),
            ],
            knows=POSTING,
        )
        at_once = deployment.config.netsuite.lanes.orders_to_post
        Worker(
            self,
            f"Work-{queue.name}",
            queue=queue,
            function=post,
            at_once=at_once,
            batch=10,
            window=Duration.seconds(0),
        )

    def _confirm(self, deployment: Deployment) -> None:
        confirm = Function(
            self,
            "Confirm",
            deployment=deployment,
            name="confirm_orders",
            does="Writes sales order numbers back to the marketplaces.",
            timeout=timeouts.WORK,
            may=[
                *deployment.store.work_postings(),
                *deployment.store.find_due(),
                *deployment.read_secrets(mirakl=True),
            ],
            knows=("POSTINGS_TABLE", "SECRETS_PREFIX"),
            scheduled=True,
        )
        minutes = min((settings.orders.confirm_minutes for settings in deployment.selling.values()), default=60)
        Scheduled(
            self,
            "ConfirmAll",
            deployment=deployment,
            function=confirm,
            schedule="confirm-orders",
            expression=rate(minutes),
            every=Duration.minutes(minutes),
        )

    def _receive(self, deployment: Deployment) -> Function | None:
        secrets = deployment.credentials.webhooks
        if not secrets:
            return None
        return Function(
            self,
            "Receive",
            deployment=deployment,
            name="receive_mirakl_event",
            does="Verifies marketplaces' events and queues the orders that they name.",
            timeout=timeouts.RECEIVE,
            may=[
                *deployment.store.remember_webhooks(),
                *deployment.credentials.read(*secrets.values()),
                *deployment.doorbells.to_fetch.ring(),
            ],
            knows=("IDEMPOTENCY_TABLE", "QUEUE_ORDERS_TO_FETCH", "SECRETS_PREFIX"),
        )


def _collect(deployment: Deployment) -> list[iam.PolicyStatement]:
    return [
        *deployment.store.record_postings(),
        *deployment.store.see_postings(),
        *(deployment.store.read_threads() if deployment.returning else ()),
        *deployment.store.archive_documents("orders"),
        *deployment.read_secrets(mirakl=True),
        *deployment.doorbells.to_post.ring(),
    ]
