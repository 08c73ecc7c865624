"""SQS fulfilments-to-fetch: fulfilments that the NetSuite account rang for are read (SuiteQL by id)."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.domain.errors import Retryable
from tieout.flows.batches import Answer, come_again
from tieout.flows.netsuite_events import SENDER, named_fulfilments
from tieout.flows.shipments.collect import collect_fulfilments_by_id
from tieout.wiring import logger, observed, readers_turn, runtime

TRIES = 4
"""Of the five that the queue gives a message: what cannot be read now is no fault of the message's."""


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> Answer:
    """One reading a batch; what cannot be read comes again, and in the end is left to the next poll and sweep."""
    at = runtime()
    named = named_fulfilments(event["Records"])
    if not named:
        return come_again(())
    try:
        with readers_turn():
            collected = collect_fulfilments_by_id(sorted(set(named.values())), at)
    except Retryable as error:
        tries = {one["messageId"]: int(one["attributes"]["ApproximateReceiveCount"]) for one in event["Records"]}
        again = [message for message in named if tries[message] < TRIES]
        at.meter.count("EventsLeftToPoll", len(named) - len(again), marketplace=SENDER)
        logger.warning("fulfilments not read", extra={"again": len(again), "why": str(error)})
        return come_again(again)
    logger.info("fulfilments read", extra={"fresh": collected.fresh})
    return come_again(())
