"""Schedule accept-orders: waiting orders are accepted, refused or parked by policy (stock by SuiteQL, then OR21)."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.domain.errors import Retryable
from tieout.flows.orders.accept import accept_due
from tieout.wiring import logger, observed, readers_turn, runtime


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """Decide what waits; one run at a time, so that no unit is promised twice."""
    at = runtime()
    try:
        with readers_turn():
            decided = accept_due(at)
    except Retryable as error:
        # What waits is decided by the next run. The heartbeat pages if that goes on.
        logger.warning("orders not decided", extra={"why": str(error)})
        return {"decided": 0}
    at.meter.count("RunCompleted", schedule=event["schedule"])
    if decided:
        logger.info("orders decided", extra={"decided": decided})
    return {"decided": decided}
