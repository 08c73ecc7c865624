"""Schedule poll-returns-<marketplace>: returns become authorisations and receipts (RT11)."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.flows.daily import poll_or_sweep
from tieout.flows.readings import read_by_schedule
from tieout.flows.returns.collect import collect_returns, sweep_returns
from tieout.wiring import observed, runtime


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """Read one marketplace's returns; once a day wider, in place of a poll, for RT11 is allowed every five minutes."""
    at, marketplace = runtime(), event["marketplace"]
    return read_by_schedule(
        "returns",
        event,
        at,
        lambda: [poll_or_sweep(f"{marketplace}/returns", marketplace, at, collect_returns, sweep_returns)],
    )
