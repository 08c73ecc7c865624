"""Where a deployment keeps what it knows: postings, idempotency records of webhooks, and the archive of orders."""

from __future__ import annotations

from typing import cast

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.keys import use_of
from tieout.config import Retention

TODO_INDEX = "todo"
PERSONAL = ("orders", "fulfilments", "shipments", "returns", "credits")
"""Folders of the archive with documents of people, which expire; by what a document is."""
SETTLEMENT = "settlement"
"""Folder of the books' sources: no buyer is in it, and it is kept as long as the books."""
STOCK = "stock"
"""Folder of the book of stock: no buyer is in it. What a run leaves there, the next one replaces."""
REPORTS = "stock/reports"
"""Of it, what is written anew each day, and expires."""
LISTINGS = "listings"
"""Folder of worklists, people's words about them, and files of offers on their way: no buyer is in it."""
FOLDERS = (*PERSONAL, SETTLEMENT, STOCK, REPORTS, LISTINGS)
WITHOUT_ACCESS_LOGS = (
    "A log bucket would be one more store of order ids to expire; object access is a CloudTrail data event, which an"
    " account turns on once for all its buckets (docs/operations/deploy.md)."
)


class Store(Construct):
    """All state. It outlives the stack: nothing here is deleted with it.

    Names are generated, so that a stack can be deployed again beside what an earlier one left.
    """

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.IKey, retention: Retention) -> None:
        super().__init__(scope, construct_id)
        self._key = key
        self.postings = self._table("Postings", partition="pk", sort="sk")
        self.postings.add_global_secondary_index(
            index_name=TODO_INDEX,
            partition_key=dynamodb.Attribute(name="todo", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="at", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.ALL,
        )
        self.idempotency = self._table("Idempotency", partition="id", expires="expiration")
        self.archive = s3.Bucket(
            self,
            "Archive",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            versioned=False,  # a version of an order is written once; old versions would outlive the expiry below
            removal_policy=RemovalPolicy.RETAIN,
            lifecycle_rules=[
                *(
                    s3.LifecycleRule(
                        id=f"{folder.replace('/', '-')}-expire",
                        prefix=f"{folder}/",
                        expiration=Duration.days(retention.archive_days),
                    )
                    for folder in (*PERSONAL, REPORTS)
                ),
                s3.LifecycleRule(
                    id="unfinished-uploads-expire", abort_incomplete_multipart_upload_after=Duration.days(1)
                ),
            ],
        )
        acknowledge(self.archive, "AwsSolutions-S1", WITHOUT_ACCESS_LOGS)
        self.archive_id = Stack.of(self).get_logical_id(cast("s3.CfnBucket", self.archive.node.default_child))

    def _table(
        self, construct_id: str, *, partition: str, sort: str | None = None, expires: str | None = None
    ) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            construct_id,
            partition_key=dynamodb.Attribute(name=partition, type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name=sort, type=dynamodb.AttributeType.STRING) if sort else None,
            time_to_live_attribute=expires,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self._key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True,
            ),
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
        )

    def record_postings(self) -> list[iam.PolicyStatement]:
        """Compare orders with what is known of them, and record what is new. Nobody deletes: history only grows."""
        return self._on_postings("BatchGetItem", "PutItem", "UpdateItem")

    def see_postings(self) -> list[iam.PolicyStatement]:
        """Look at a posting, at what was seen of an order, or at how far a marketplace has been read."""
        return self._on_postings("GetItem")

    def compare_postings(self) -> list[iam.PolicyStatement]:
        """Look at postings and at what was seen of orders; take turns, and note how far a comparison came."""
        return self._on_postings("BatchGetItem", "GetItem", "Query", "UpdateItem")

    def work_postings(self) -> list[iam.PolicyStatement]:
        """Claim postings and settle them, key by key."""
        return self._on_postings("GetItem", "PutItem", "UpdateItem")

    def take_turns(self) -> list[iam.PolicyStatement]:
        """Wait for one's turn with what one process at a time may do."""
        return self._on_postings("UpdateItem")

    def read_switches(self) -> list[iam.PolicyStatement]:
        """See whether a person paused something."""
        return self._on_postings("GetItem")

    def read_threads(self) -> list[iam.PolicyStatement]:
        """List every posting of an order's life."""
        return self._on_postings("Query")

    def find_due(self) -> list[iam.PolicyStatement]:
        """List what is due or parked."""
        index = f"{self.postings.table_arn}/index/{TODO_INDEX}"
        return [_on(index, "dynamodb", ["Query"]), use_of(self._key, "dynamodb")]

    def _on_postings(self, *verbs: str) -> list[iam.PolicyStatement]:
        return [_on(self.postings.table_arn, "dynamodb", list(verbs)), use_of(self._key, "dynamodb")]

    def remember_webhooks(self) -> list[iam.PolicyStatement]:
        """What Powertools' idempotency does on its table."""
        actions = ["DeleteItem", "GetItem", "PutItem", "UpdateItem"]
        return [_on(self.idempotency.table_arn, "dynamodb", actions), use_of(self._key, "dynamodb")]

    def archive_documents(self, *folders: str) -> list[iam.PolicyStatement]:
        """Write documents of these folders; not read them."""
        return [self._on_archive("PutObject", folders), use_of(self._key, "s3")]

    def read_documents(self, *folders: str) -> list[iam.PolicyStatement]:
        """Read documents of these folders. Without ListBucket, S3 answers 403 for an expired one instead of 404."""
        return [
            self._on_archive("GetObject", folders),
            _on(self.archive.bucket_arn, "s3", ["ListBucket"]),
            use_of(self._key, "s3"),
        ]

    def _on_archive(self, verb: str, folders: tuple[str, ...]) -> iam.PolicyStatement:
        objects = [self.archive.arn_for_objects(f"{folder}/*") for folder in folders]
        return iam.PolicyStatement(actions=[f"s3:{verb}"], resources=objects)


def _on(resource: str, service: str, verbs: list[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=[f"{service}:{verb}" for verb in verbs], resources=[resource])
