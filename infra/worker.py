"""A worker: a function that a queue's messages wake, a batch at a time."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.function import Function
from infra.queue import Queue


class Worker(Construct):
    """Wakes `function` for `queue`: at most `at_once` copies, and only the messages that failed come back."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        queue: Queue,
        function: Function,
        at_once: int,
        batch: int,
        window: Duration,
    ) -> None:
        super().__init__(scope, construct_id)
        source = lambda_.EventSourceMapping(
            self,
            "Source",
            target=function.function,
            event_source_arn=queue.queue.queue_arn,
            batch_size=batch,
            max_batching_window=window,
            max_concurrency=at_once,
            report_batch_item_failures=True,
        )
        acknowledge(
            source,
            "Serverless-LambdaEventSourceMappingDestination",
            "SQS sources have no such destination; the queue's own redrive gives up what keeps failing.",
        )
