"""HTTP API POST /netsuite/events: a verified ring names a fulfilment, which is queued to be read."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.domain.webhooks import RefusedError
from tieout.flows.netsuite_events import SENDER, receive_ring
from tieout.wiring import logger, netsuite_reception, observed

Answer = dict[str, Any]


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> Answer:
    """Answer 202 once the id is safe in the queue; refuse what is not signed, not fresh or another account's."""
    desk = netsuite_reception(context)
    try:
        named = receive_ring(event, desk)
    except RefusedError as refused:
        desk.meter.count("WebhookRefused", marketplace=SENDER)
        logger.warning("event refused", extra={"status": refused.status, "why": str(refused)})
        return {"statusCode": refused.status, "body": ""}
    logger.info("event received", extra={"fulfilment": named})
    return {"statusCode": 202, "body": ""}
