"""Schedule check-health: how long things wait for a person, and how long the NetSuite certificate still lasts."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.flows.exceptions import report_health
from tieout.wiring import certificate_days, observed, runtime


@observed
def handler(event: dict[str, str], context: LambdaContext) -> None:
    """Report levels for the alarms."""
    at = runtime()
    report_health(at, certificate_days(at.config))
    at.meter.count("RunCompleted", schedule=event["schedule"])
