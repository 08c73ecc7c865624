"""Schedule ring-due-postings, every minute: what is due and lost its doorbell is rung again."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.flows.exceptions import ring_due
from tieout.wiring import logger, observed, runtime


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """The guarantee of progress: a doorbell that was lost costs a minute, never an order."""
    at = runtime()
    rung = ring_due(at)
    at.meter.count("RunCompleted", schedule=event["schedule"])
    if rung:
        logger.info("doorbells rung again", extra={"rung": rung})
    return {"rung": rung}
