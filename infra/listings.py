"""The listings flow: offers are held against items, made from those that are approved, and watched."""

from __future__ import annotations

from collections.abc import Iterable

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import timeouts
from infra.deployment import Deployment
from infra.function import Function
from infra.scheduled import Scheduled, rate
from infra.stock import MEMORY
from infra.store import LISTINGS, STOCK

WITH_NETSUITE = ("POSTINGS_TABLE", "ARCHIVE_BUCKET", "SECRETS_PREFIX")


class Listings(Construct):
    """An audit every morning, a look at quantities every hour, and a sync where it is wanted."""

    def __init__(self, scope: Construct, construct_id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, construct_id)
        if deployment.listing:
            self._audit(deployment)
            self._detect(deployment)
        if deployment.syncing:
            self._sync(deployment)

    def _audit(self, deployment: Deployment) -> None:
        """By morning: the nightly push has read every offer by then."""
        audit = self._function(
            "Audit",
            deployment,
            name="audit_mapping",
            does="Holds each offer against NetSuite's items, and carries the worklist on.",
        )
        for number, marketplace in enumerate(deployment.listing):
            Scheduled(
                self,
                f"AuditOf-{marketplace}",
                deployment=deployment,
                function=audit,
                schedule=f"audit-mapping-{marketplace}",
                expression=f"cron({(5 + 7 * number) % 60} 6 * * ? *)",
                every=Duration.hours(24),
                event={"marketplace": marketplace},
            )

    def _sync(self, deployment: Deployment) -> None:
        sync = self._function(
            "Sync",
            deployment,
            name="sync_listings",
            does="Makes, prices and takes off offers as NetSuite's approved items say.",
            may=deployment.store.read_switches(),
        )
        minutes = min(one.listings.sync_minutes for one in deployment.syncing.values() if one.listings)
        Scheduled(
            self,
            "SyncAll",
            deployment=deployment,
            function=sync,
            schedule="sync-listings",
            expression=rate(minutes),
            every=Duration.minutes(minutes),
        )

    def _detect(self, deployment: Deployment) -> None:
        """At night before the full push, whose file of offers it fetches; whoever comes first fetches it for both."""
        detect = self._function(
            "Detect",
            deployment,
            name="detect_drift",
            does="Compares what the marketplaces show with what they should, and says why they differ.",
            writes=(STOCK, LISTINGS),
            asks_netsuite=False,
        )
        Scheduled(
            self,
            "DetectSample",
            deployment=deployment,
            function=detect,
            schedule="detect-drift",
            expression=rate(60),
            every=Duration.minutes(60),
            event={"task": "sample"},
        )
        Scheduled(
            self,
            "DetectAll",
            deployment=deployment,
            function=detect,
            schedule="detect-drift-nightly",
            expression="cron(2,10 1 * * ? *)",
            every=Duration.hours(24),
            event={"task": "full"},
        )

    def _function(
        self,
        of: str,
        deployment: Deployment,
        *,
        name: str,
        does: str,
        may: Iterable[iam.PolicyStatement] = (),
        writes: tuple[str, ...] = (LISTINGS,),
        asks_netsuite: bool = True,
    ) -> Function:
        """One that reads all offers and what is known of them; `writes` are the folders that it keeps."""
        return Function(
            self,
            of,
            deployment=deployment,
            name=name,
            does=does,
            timeout=timeouts.MATCH,
            memory=MEMORY,
            may=[
                *deployment.store.take_turns(),
                *may,
                *deployment.store.archive_documents(*writes),
                *deployment.store.read_documents(STOCK, LISTINGS),
                *deployment.read_secrets(mirakl=True, netsuite=asks_netsuite),
            ],
            knows=WITH_NETSUITE,
            scheduled=True,
        )
