"""Schedule keep-sellers-<marketplace>: what the other shops of an operator offer, kept in NetSuite (record PUT)."""

import time
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from msgspec.structs import asdict

from tieout.domain.errors import Retryable
from tieout.flows.stock.seller_records import keep_in_netsuite
from tieout.flows.stock.store import Stockroom
from tieout.wiring import PATIENCE_FOR_A_TURN, logger, observed, readers_turn, runtime, sellers_turn, stock_book

TO_WRITE_DOWN_SECONDS = 60
"""What becomes of the last record is still to be kept."""


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """Write the records that changed; nothing is there to write before the first nightly reading of offers."""
    at, marketplace = runtime(), event["marketplace"]
    settings = at.config.netsuite
    a_call = PATIENCE_FOR_A_TURN.total_seconds() + settings.connect_timeout_seconds + settings.read_timeout_seconds
    least = 1000 * (a_call + TO_WRITE_DOWN_SECONDS)
    room = Stockroom(at=at, book=stock_book(), in_turn=in_turn, pause=time.sleep)
    try:
        with sellers_turn(marketplace, context):
            kept = keep_in_netsuite(marketplace, room, lambda: context.get_remaining_time_in_millis() > least)
    except Retryable as error:
        logger.warning("seller stock not kept", extra={"marketplace": marketplace, "why": str(error)})
        return {"written": 0}
    if kept is None:
        logger.warning("no offers to keep yet", extra={"marketplace": marketplace})
        return {"written": 0}
    at.meter.gauge("SellerStockRefusedHours", kept.refused_hours, marketplace=marketplace)
    if not kept.is_stuck:
        at.meter.count("RunCompleted", schedule=event["schedule"])
    logger.info("seller stock kept", extra={"marketplace": marketplace, **asdict(kept)})
    return asdict(kept)


def in_turn(ask: Callable[[], Any]) -> Any:
    """Call NetSuite once, by turns with its readers: a record uses no slot of its own."""
    with readers_turn():
        return ask()
