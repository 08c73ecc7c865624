"""HTTP API POST /mirakl/{marketplace}/events: a verified message names orders, which are queued to be fetched again."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.domain.webhooks import RefusedError
from tieout.flows.events import receive
from tieout.wiring import logger, observed, reception

Answer = dict[str, Any]


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> Answer:
    """Answer 202 once the order ids are safe in the queue; refuse what is not signed, not fresh or not allowed."""
    marketplace = event["pathParameters"]["marketplace"]
    desk = reception(context)
    try:
        queued = receive(marketplace, event, desk)
    except RefusedError as refused:
        desk.meter.count(
            "WebhookRefused", marketplace=marketplace if marketplace in desk.config.marketplaces else "other"
        )
        logger.warning("event refused", extra={"status": refused.status, "why": str(refused)})
        return {"statusCode": refused.status, "body": ""}
    logger.info("event received", extra={"marketplace": marketplace, "orders": queued})
    return {"statusCode": 202, "body": ""}
