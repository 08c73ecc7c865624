"""SQS shipments-to-confirm: each fulfilment that left NetSuite's warehouse is told to its marketplace, once."""

from datetime import timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.flows.batches import Answer, work_batch
from tieout.flows.shipments.confirm import confirm_shipments
from tieout.wiring import observed, runtime


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> Answer:
    """Confirm what a batch of doorbells names."""
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    return work_batch(event["Records"], left, runtime(), confirm_shipments)
