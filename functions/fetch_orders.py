"""SQS orders-to-fetch and the Mirakl Cloud Events queues: orders that events named are fetched again (OR11 by id)."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.domain.errors import TieoutError
from tieout.flows.events import named_orders
from tieout.flows.orders.collect import collect_by_id
from tieout.wiring import logger, observed, runtime


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """One listing a marketplace and batch. What cannot be fetched now is left to the next poll, which is the truth.

    That goes for a refused key as well (the poll fails loudly for it): the batch holds other marketplaces' orders too.
    """
    at = runtime()
    for marketplace, order_ids in named_orders(event["Records"], at.config).items():
        try:
            collected = collect_by_id(marketplace, order_ids, at)
        except TieoutError as error:
            at.meter.count("EventsLeftToPoll", len(order_ids), marketplace=marketplace)
            logger.warning("events left to the poll", extra={"marketplace": marketplace, "why": str(error)})
        else:
            logger.info("orders fetched", extra={"marketplace": marketplace, "fresh": collected.fresh})
