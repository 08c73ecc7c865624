"""Schedules poll-orders-<marketplace> and sweep-orders-<marketplace>: changed orders become postings (OR11)."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.flows.orders.collect import collect_updates, sweep
from tieout.flows.readings import read_by_schedule
from tieout.wiring import observed, runtime

TASKS = {"poll": collect_updates, "sweep": sweep}


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """Read one marketplace's changes; a paused flow is read too, so that nothing is missed meanwhile."""
    at = runtime()
    return read_by_schedule("orders", event, at, lambda: [TASKS[event["task"]](event["marketplace"], at)])
