"""Schedules poll-shipments-<marketplace> and sweep-shipments-<marketplace>: an operator's shops' shipments (ST11)."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.domain.errors import Retryable
from tieout.flows.shipments.collect_shipments import collect_shipments, sweep_shipments
from tieout.wiring import logger, observed, runtime

TASKS = {"poll": collect_shipments, "sweep": sweep_shipments}


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """Read one marketplace's shipments; what left becomes fulfilments of other sellers' goods."""
    at = runtime()
    try:
        collected = TASKS[event["task"]](event["marketplace"], at)
    except Retryable as error:
        logger.warning("shipments not collected", extra={"schedule": event["schedule"], "why": str(error)})
        return {"seen": 0, "fresh": 0, "due": 0}
    at.meter.count("RunCompleted", schedule=event["schedule"])
    outcome = {"seen": collected.seen, "fresh": collected.fresh, "due": collected.due}
    logger.info("shipments collected", extra={"schedule": event["schedule"], **outcome})
    return outcome
