"""The shipments flow: read what left, tell the marketplaces, and learn what an operator's other shops sent."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secrets
from constructs import Construct

from infra import timeouts
from infra.deployment import Deployment
from infra.function import Function
from infra.queue import Queue
from infra.scheduled import Scheduled, rate
from infra.worker import Worker

AT_ONCE = 2
"""Copies of confirm_shipments (a batch is one call a marketplace) and of fetch_fulfilments (they read by turns)."""
READING = (
    "POSTINGS_TABLE",
    "ARCHIVE_BUCKET",
    "QUEUE_ORDERS_TO_POST",
    "QUEUE_SHIPMENTS_TO_CONFIRM",
    "SECRETS_PREFIX",
)


class Shipments(Construct):
    """Everything between goods that left and a marketplace, or a ledger, that knows it."""

    def __init__(self, scope: Construct, construct_id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, construct_id)
        self.receive: Function | None = None
        if deployment.shipping or deployment.returning:
            self._poll_netsuite(deployment)
        if deployment.shipping:
            self._confirm(deployment)
            self._poll_marketplaces(deployment)
        queue, secret = deployment.doorbells.fulfilments_to_fetch, deployment.credentials.netsuite_events
        if queue and secret:
            self._fetch(deployment, queue)
            self.receive = self._receive(deployment, queue, secret)

    def _poll_netsuite(self, deployment: Deployment) -> None:
        """Fulfilments and credits by one function: NetSuite's readers share one slot and read by turns."""
        folders = [*(["fulfilments"] if deployment.shipping else []), *(["credits"] if deployment.returning else [])]
        poll = Function(
            self,
            "PollNetSuite",
            deployment=deployment,
            name="poll_fulfilments",
            does="Reads the fulfilments and credits that changed in NetSuite and records what is to be done for them.",
            timeout=timeouts.WORK,
            may=_read_netsuite(deployment, *folders),
            knows=READING,
            scheduled=True,
        )
        minutes = min(
            *(one.shipments.poll_minutes for one in deployment.shipping.values()),
            *(one.returns.poll_minutes for one in deployment.returning.values()),
            60,
        )
        Scheduled(
            self,
            "PollOfNetSuite",
            deployment=deployment,
            function=poll,
            schedule="poll-netsuite",
            expression=rate(minutes),
            every=Duration.minutes(minutes),
            event={"task": "poll"},
        )
        Scheduled(
            self,
            "SweepOfNetSuite",
            deployment=deployment,
            function=poll,
            schedule="sweep-netsuite",
            expression="cron(40 3 * * ? *)",
            every=Duration.hours(24),
            event={"task": "sweep"},
        )

    def _fetch(self, deployment: Deployment, queue: Queue) -> None:
        fetch = Function(
            self,
            "Fetch",
            deployment=deployment,
            name="fetch_fulfilments",
            does="Reads the fulfilments that NetSuite rang for and records what is to be done for them.",
            timeout=timeouts.WORK,
            may=[*_read_netsuite(deployment, "fulfilments"), *queue.work()],
            knows=READING,
        )
        self._work(fetch, queue)

    def _confirm(self, deployment: Deployment) -> None:
        """Rung by others only: it may not send to its own queue. It speaks to marketplaces, so it takes no slots."""
        queue = deployment.doorbells.to_confirm
        confirm = Function(
            self,
            "Confirm",
            deployment=deployment,
            name="confirm_shipments",
            does="Tells the marketplaces what left, parcel by parcel, once.",
            timeout=timeouts.WORK,
            may=[
                *deployment.store.work_postings(),
                *deployment.store.find_due(),
                *deployment.store.read_threads(),
                *deployment.store.read_documents("fulfilments", "orders"),
                *deployment.read_secrets(mirakl=True),
                *queue.work(),
            ],
            knows=("POSTINGS_TABLE", "ARCHIVE_BUCKET", "SECRETS_PREFIX"),
        )
        self._work(confirm, queue)

    def _work(self, function: Function, queue: Queue) -> None:
        window = timeouts.SHORT_WINDOW
        Worker(self, f"Work-{queue.name}", queue=queue, function=function, at_once=AT_ONCE, batch=100, window=window)

    def _poll_marketplaces(self, deployment: Deployment) -> None:
        """An operator sees the shipments of every shop."""
        if not deployment.operated:
            return
        poll = Function(
            self,
            "PollMarketplaces",
            deployment=deployment,
            name="poll_shipments",
            does="Reads the shipments of an operator's shops and records what is to be done for them.",
            timeout=timeouts.POLL,
            may=[
                *deployment.store.record_postings(),
                *deployment.store.see_postings(),
                *deployment.store.archive_documents("shipments"),
                *deployment.read_secrets(mirakl=True),
                *deployment.doorbells.to_post.ring(),
            ],
            knows=("POSTINGS_TABLE", "ARCHIVE_BUCKET", "QUEUE_ORDERS_TO_POST", "SECRETS_PREFIX"),
            scheduled=True,
        )
        for number, (marketplace, settings) in enumerate(deployment.operated.items()):
            minutes = settings.shipments.poll_minutes
            Scheduled(
                self,
                f"PollOf-{marketplace}",
                deployment=deployment,
                function=poll,
                schedule=f"poll-shipments-{marketplace}",
                expression=rate(minutes),
                every=Duration.minutes(minutes),
                event={"marketplace": marketplace, "task": "poll"},
            )
            Scheduled(
                self,
                f"SweepOf-{marketplace}",
                deployment=deployment,
                function=poll,
                schedule=f"sweep-shipments-{marketplace}",
                expression=f"cron({7 * number % 60} 3 * * ? *)",
                every=Duration.hours(24),
                event={"marketplace": marketplace, "task": "sweep"},
            )

    def _receive(self, deployment: Deployment, queue: Queue, secret: secrets.Secret) -> Function:
        return Function(
            self,
            "Receive",
            deployment=deployment,
            name="receive_netsuite_event",
            does="Verifies NetSuite's rings and queues the fulfilments that they name.",
            timeout=timeouts.RECEIVE,
            may=[
                *deployment.store.remember_webhooks(),
                *deployment.credentials.read(secret),
                *queue.ring(),
            ],
            knows=("IDEMPOTENCY_TABLE", "QUEUE_FULFILMENTS_TO_FETCH", "SECRETS_PREFIX"),
        )


def _compared(deployment: Deployment) -> list[str]:
    """What a reading is held against: what was told before, and for an operator whose goods an order is of."""
    return ["fulfilments", "orders"] if deployment.operated else ["fulfilments"]


def _read_netsuite(deployment: Deployment, *folders: str) -> list[iam.PolicyStatement]:
    """Record what was read, hold it against what was told, and ring; the turn is a row of the same table."""
    return [
        *deployment.store.record_postings(),
        *deployment.store.see_postings(),
        *deployment.store.archive_documents(*folders),
        *(deployment.store.read_documents(*_compared(deployment)) if deployment.shipping else ()),
        *deployment.read_secrets(netsuite=True),
        *deployment.doorbells.to_post.ring(),
        *deployment.doorbells.to_confirm.ring(),
    ]
