"""Schedule check-deadlines: how many orders are close to a marketplace's deadline while the next step is ours."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.flows.shipments.deadlines import report_deadlines
from tieout.wiring import logger, observed, runtime


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """Report the orders at risk for the alarm."""
    at = runtime()
    at_risk = report_deadlines(at)
    at.meter.count("RunCompleted", schedule=event["schedule"])
    if at_risk:
        logger.warning("orders at risk", extra={"at_risk": at_risk})
    return {"at_risk": at_risk}
