"""Schedule confirm-orders: the marketplace learns our sales order numbers (OR04, a hundred orders a call)."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.flows.orders.confirm import confirm_orders
from tieout.wiring import logger, observed, runtime


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """Write the references that are due."""
    at = runtime()
    written = confirm_orders(at)
    at.meter.count("RunCompleted", schedule=event["schedule"])
    if written:
        logger.info("references written", extra={"written": written})
    return {"written": written}
