"""The stock flow: what NetSuite has reaches the offers; an operator's other shops are read for a report."""

from __future__ import annotations

from aws_cdk import Duration
from constructs import Construct

from infra import timeouts
from infra.deployment import Deployment
from infra.function import Function
from infra.scheduled import Scheduled, rate
from infra.store import LISTINGS, REPORTS, STOCK

MEMORY = 1769
"""Megabytes, which is one whole processor: a book of a million items passes in seconds."""


class Stock(Construct):
    """Everything between a shelf that changed and the offer that shows it."""

    def __init__(self, scope: Construct, construct_id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, construct_id)
        if deployment.stocked:
            self._push(deployment)
        if deployment.consolidating:
            self._consolidate(deployment)
        if deployment.keeping_sellers:
            self._keep_sellers(deployment)

    def _push(self, deployment: Deployment) -> None:
        """It takes the turn of stock for as long as it runs, and that of NetSuite's readers a question at a time."""
        push = Function(
            self,
            "Push",
            deployment=deployment,
            name="push_stock",
            does="Reads what was sold and what NetSuite has, and sends the marketplaces what changed.",
            timeout=timeouts.MATCH,
            memory=MEMORY,
            may=[
                *deployment.store.record_postings(),
                *deployment.store.see_postings(),
                *deployment.store.find_due(),
                *(deployment.store.read_threads() if deployment.returning else ()),
                *deployment.store.archive_documents("orders", STOCK),
                *deployment.store.read_documents("orders", STOCK, *((LISTINGS,) if deployment.syncing else ())),
                *deployment.read_secrets(mirakl=True, netsuite=True),
                *deployment.doorbells.to_post.ring(),
            ],
            knows=("POSTINGS_TABLE", "ARCHIVE_BUCKET", "QUEUE_ORDERS_TO_POST", "SECRETS_PREFIX"),
            scheduled=True,
        )
        minutes = min(one.stock.push_minutes for one in deployment.stocked.values() if one.stock)
        Scheduled(
            self,
            "PushChanges",
            deployment=deployment,
            function=push,
            schedule="push-stock",
            expression=rate(minutes),
            every=Duration.minutes(minutes),
            event={"task": "push"},
        )
        Scheduled(
            self,
            "PushAll",
            deployment=deployment,
            function=push,
            schedule="push-stock-nightly",
            expression="cron(20 1 * * ? *)",
            every=Duration.hours(24),
            event={"task": "full"},
        )

    def _consolidate(self, deployment: Deployment) -> None:
        """By morning: the nightly push has read every offer by then."""
        consolidate = Function(
            self,
            "Consolidate",
            deployment=deployment,
            name="consolidate_sellers",
            does="Adds up what the other shops of an operator's marketplace have in stock.",
            timeout=timeouts.MATCH,
            memory=MEMORY,
            may=[
                *deployment.store.archive_documents(REPORTS),
                *deployment.store.read_documents(STOCK),
            ],
            knows=("ARCHIVE_BUCKET",),
            scheduled=True,
        )
        for number, marketplace in enumerate(deployment.consolidating):
            Scheduled(
                self,
                f"ConsolidateOf-{marketplace}",
                deployment=deployment,
                function=consolidate,
                schedule=f"consolidate-sellers-{marketplace}",
                expression=f"cron({(15 + 7 * number) % 60} 5 * * ? *)",
                every=Duration.hours(24),
                event={"marketplace": marketplace},
            )

    def _keep_sellers(self, deployment: Deployment) -> None:
        """Once an hour, so that what one run may not write follows soon; where nothing changed it reads a line."""
        keep = Function(
            self,
            "KeepSellers",
            deployment=deployment,
            name="keep_sellers",
            does="Writes what the other shops of an operator's marketplace have in stock to NetSuite.",
            timeout=timeouts.MATCH,
            memory=MEMORY,
            may=[
                *deployment.store.take_turns(),
                *deployment.store.read_switches(),
                *deployment.store.archive_documents(REPORTS),
                *deployment.store.read_documents(STOCK),
                *deployment.read_secrets(netsuite=True),
            ],
            knows=("POSTINGS_TABLE", "ARCHIVE_BUCKET", "SECRETS_PREFIX"),
            scheduled=True,
        )
        for marketplace in deployment.keeping_sellers:
            Scheduled(
                self,
                f"KeepSellersOf-{marketplace}",
                deployment=deployment,
                function=keep,
                schedule=f"keep-sellers-{marketplace}",
                expression=rate(60),
                every=Duration.hours(1),
                event={"marketplace": marketplace},
            )
