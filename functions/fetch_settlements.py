"""Schedule fetch-settlements-<marketplace>, and on demand: complete billing cycles become postings (TL02, SBC11)."""

from collections.abc import Sequence

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.flows.orders.collect import Collected
from tieout.flows.readings import read_by_schedule
from tieout.flows.settlement.collect import collect_settlements
from tieout.wiring import observed, runtime


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """Read one marketplace's money, once a day, or again where the event is a person's (`"task": "now"`).

    A paused flow is read too, so that nothing is missed meanwhile.
    """
    at = runtime()

    def read() -> Sequence[Collected] | None:
        collected = collect_settlements(event["marketplace"], at, asked=event.get("task") == "now")
        return None if collected is None else [collected]

    return read_by_schedule("settlements", event, at, read)
