"""Schedule reconcile, and Step Functions above a threshold: all sources are compared, and what differs is kept."""

from collections.abc import Callable
from typing import Any, TypeVar

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.books.deployed import ArchivedSources
from tieout.flows.reconcile.run import Comparison
from tieout.wiring import break_log, observed, readers_turn, runtime, start_by_cycle

Answer = TypeVar("Answer")


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, Any]:
    """Look whether there is something to compare, or do one step of a comparison that is done cycle by cycle."""
    at = runtime()
    comparison = Comparison(
        at=at,
        sources=ArchivedSources(at),
        log=break_log(),
        in_turn=in_turn,
        start_by_cycle=start_by_cycle,
    )
    return comparison.step(event)


def in_turn(ask: Callable[[], Answer]) -> Answer:
    """Ask NetSuite one question, by turns with its other readers."""
    with readers_turn():
        return ask()
