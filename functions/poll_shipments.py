"""Schedules poll-shipments-<marketplace> and sweep-shipments-<marketplace>: an operator's shops' shipments (ST11)."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.flows.readings import read_by_schedule
from tieout.flows.shipments.collect_shipments import collect_shipments, sweep_shipments
from tieout.wiring import observed, runtime

TASKS = {"poll": collect_shipments, "sweep": sweep_shipments}


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """Read one marketplace's shipments; what left becomes fulfilments of other sellers' goods."""
    at = runtime()
    return read_by_schedule("shipments", event, at, lambda: [TASKS[event["task"]](event["marketplace"], at)])
