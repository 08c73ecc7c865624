"""Schedules poll-netsuite and sweep-netsuite: changed fulfilments and credits become postings (SuiteQL)."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.flows.orders.collect import Collected
from tieout.flows.readings import read_by_schedule
from tieout.flows.returns.collect import collect_credits, sweep_credits
from tieout.flows.shipments.collect import collect_fulfilments, sweep_fulfilments
from tieout.wiring import observed, readers_turn, runtime

TASKS = {"poll": (collect_fulfilments, collect_credits), "sweep": (sweep_fulfilments, sweep_credits)}


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """Read what changed in NetSuite, by turns with its other readers."""
    at = runtime()

    def read() -> list[Collected]:
        with readers_turn():
            return [collect(at) for collect in TASKS[event["task"]]]

    return read_by_schedule("fulfilments and credits", event, at, read)
