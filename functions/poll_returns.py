"""Schedule poll-returns-<marketplace>: returns become authorisations and receipts (RT11)."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.domain.errors import Retryable
from tieout.flows.daily import poll_or_sweep
from tieout.flows.returns.collect import collect_returns, sweep_returns
from tieout.wiring import logger, observed, runtime


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """Read one marketplace's returns; once a day wider, in place of a poll, for RT11 is allowed every five minutes."""
    at, marketplace = runtime(), event["marketplace"]
    try:
        collected = poll_or_sweep(f"{marketplace}/returns", marketplace, at, collect_returns, sweep_returns)
    except Retryable as error:
        logger.warning("returns not collected", extra={"schedule": event["schedule"], "why": str(error)})
        return {"seen": 0, "fresh": 0, "due": 0}
    at.meter.count("RunCompleted", schedule=event["schedule"])
    outcome = {"seen": collected.seen, "fresh": collected.fresh, "due": collected.due}
    logger.info("returns collected", extra={"schedule": event["schedule"], **outcome})
    return outcome
