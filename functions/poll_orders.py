"""Schedules poll-orders-<marketplace> and sweep-orders-<marketplace>: changed orders become postings (OR11)."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.domain.errors import Retryable
from tieout.flows.orders.collect import collect_updates, sweep
from tieout.wiring import logger, observed, runtime

TASKS = {"poll": collect_updates, "sweep": sweep}


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """Read one marketplace's changes; a paused flow is read too, so that nothing is missed meanwhile."""
    at = runtime()
    try:
        collected = TASKS[event["task"]](event["marketplace"], at)
    except Retryable as error:
        # The watermark has not moved: the next run covers this one. The heartbeat pages if that goes on.
        logger.warning("orders not collected", extra={"schedule": event["schedule"], "why": str(error)})
        return {"seen": 0, "fresh": 0, "due": 0}
    at.meter.count("RunCompleted", schedule=event["schedule"])
    outcome = {"seen": collected.seen, "fresh": collected.fresh, "due": collected.due}
    logger.info("orders collected", extra={"schedule": event["schedule"], **outcome})
    return outcome
