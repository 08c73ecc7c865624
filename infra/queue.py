"""A queue that never loses a message silently: what cannot be handled is given up to a second queue, which pages."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import timeouts
from infra.acknowledged import acknowledge
from infra.on_call import OnCall
from tieout.config import ConfigError

LONGEST_QUEUE_NAME = 80
RECEIVED_AT_MOST = 5


class GivenUp(Construct):
    """The end of the line for messages (or runs) that failed again and again; anything in it pages."""

    def __init__(self, scope: Construct, construct_id: str, *, deployment: str, of: str, on_call: OnCall) -> None:
        super().__init__(scope, construct_id)
        name = f"{deployment}-{of}-given-up"
        if len(name) > LONGEST_QUEUE_NAME:
            raise ConfigError(
                f"deployment = {deployment!r}: the queue {name} would have {len(name)} letters, SQS allows "
                f"{LONGEST_QUEUE_NAME}; shorten the deployment's or the marketplace's name",
            )
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        acknowledge(self.queue, "AwsSolutions-SQS3", "This is where given-up work ends; anything in it pages.")
        acknowledge(
            self.queue, "Serverless-SQSRedrivePolicy", "This is where given-up work ends; anything in it pages."
        )
        on_call.page(
            self,
            "given-up-queue",
            self.queue.metric_approximate_number_of_messages_visible(period=Duration.minutes(1), statistic="Maximum"),
            threshold=1,
            of=of,
            meaning=f"Work on {of} kept failing for a reason that Tieout does not know, and was set aside.",
        )


class Queue(Construct):
    """A doorbell queue and its given-up queue. Messages hold keys only, so SQS's own encryption serves."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        deployment: str,
        name: str,
        worker_timeout: Duration,
        on_call: OnCall,
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = name
        self.given_up = GivenUp(self, "GivenUp", deployment=deployment, of=name, on_call=on_call)
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=f"{deployment}-{name}",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            visibility_timeout=Duration.seconds(6 * worker_timeout.to_seconds() + timeouts.WINDOW.to_seconds()),
            retention_period=Duration.days(14),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.given_up.queue, max_receive_count=RECEIVED_AT_MOST),
        )

    def ring(self) -> list[iam.PolicyStatement]:
        """Send to this queue."""
        return [iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[self.queue.queue_arn])]

    def count(self) -> list[iam.PolicyStatement]:
        """See how many messages wait."""
        return [iam.PolicyStatement(actions=["sqs:GetQueueAttributes"], resources=[self.queue.queue_arn])]

    def work(self) -> list[iam.PolicyStatement]:
        """Receive from this queue, as Lambda's pollers do."""
        verbs = ["ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "ReceiveMessage"]
        return [iam.PolicyStatement(actions=[f"sqs:{verb}" for verb in verbs], resources=[self.queue.queue_arn])]
