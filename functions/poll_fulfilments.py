"""Schedules poll-netsuite and sweep-netsuite: changed fulfilments and credits become postings (SuiteQL)."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.domain.errors import Retryable
from tieout.flows.returns.collect import collect_credits, sweep_credits
from tieout.flows.shipments.collect import collect_fulfilments, sweep_fulfilments
from tieout.wiring import logger, observed, readers_turn, runtime

TASKS = {"poll": (collect_fulfilments, collect_credits), "sweep": (sweep_fulfilments, sweep_credits)}


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """Read what changed in NetSuite, by turns with its other readers."""
    at = runtime()
    outcome = {"seen": 0, "fresh": 0, "due": 0}
    try:
        with readers_turn():
            collected = [collect(at) for collect in TASKS[event["task"]]]
    except Retryable as error:
        # No watermark has moved past what was not read: the next run covers this one.
        logger.warning("NetSuite not read", extra={"schedule": event["schedule"], "why": str(error)})
        return outcome
    at.meter.count("RunCompleted", schedule=event["schedule"])
    outcome = {name: sum(getattr(each, name) for each in collected) for name in outcome}
    logger.info("NetSuite read", extra={"schedule": event["schedule"], **outcome})
    return outcome
