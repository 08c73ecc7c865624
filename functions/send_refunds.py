"""Schedule send-refunds: what NetSuite gave back or closed is refunded or cancelled at the marketplace (OR28, OR30)."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.flows.returns.send import send_refunds
from tieout.wiring import logger, observed, runtime


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """Send what is due; one run at a time, for a refund cannot be sent twice and taken back."""
    at = runtime()
    sent = send_refunds(at)
    at.meter.count("RunCompleted", schedule=event["schedule"])
    if sent:
        logger.info("refunds sent", extra={"sent": sent})
    return {"sent": sent}
