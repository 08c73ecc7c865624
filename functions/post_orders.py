"""SQS orders-to-post: each due posting becomes exactly one NetSuite sales order."""

from datetime import timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.domain.postings import Key
from tieout.flows.orders.post import post_sales_orders
from tieout.wiring import logger, observed, runtime

SPARE = timedelta(seconds=15)
"""Kept back of the function's time for writing down what happened."""


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """A message carries only a key. Only what failed for unforeseen reasons goes back to the queue."""
    at = runtime()
    messages: dict[Key, str] = {}
    returned: set[Key] = set()
    unreadable: list[str] = []
    for record in event["Records"]:
        try:
            key = Key.parse(record["body"])
        except ValueError as error:
            logger.error("not a doorbell", extra={"why": str(error)})
            unreadable.append(record["messageId"])
            continue
        messages[key] = record["messageId"]
        if int(record["attributes"]["ApproximateReceiveCount"]) > 1:
            returned.add(key)
    deadline = at.clock() + timedelta(milliseconds=context.get_remaining_time_in_millis()) - SPARE
    failed = post_sales_orders(list(messages), at, deadline, returned)
    return {
        "batchItemFailures": [{"itemIdentifier": each} for each in (*unreadable, *(messages[key] for key in failed))]
    }
