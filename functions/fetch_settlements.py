"""Schedule fetch-settlements-<marketplace>, and on demand: complete billing cycles become postings (TL02, SBC11)."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.flows.readings import read_by_schedule
from tieout.flows.settlement.collect import collect_settlements
from tieout.wiring import observed, runtime


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """Read one marketplace's money; a paused flow is read too, so that nothing is missed meanwhile."""
    at = runtime()
    return read_by_schedule("settlements", event, at, lambda: [collect_settlements(event["marketplace"], at)])
