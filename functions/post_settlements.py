"""SQS settlements-to-post: billing cycles are worked out, and each agreed record is created once in NetSuite."""

from datetime import timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.flows.batches import Answer, work_batch
from tieout.flows.settlement.work import post_due
from tieout.wiring import observed, runtime


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> Answer:
    """Work what a batch of doorbells names."""
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    return work_batch(event["Records"], left, runtime(), post_due)
