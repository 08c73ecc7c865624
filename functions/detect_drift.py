"""Schedules detect-drift and detect-drift-nightly: whether offers show what they should (OF52 to OF54)."""

import time
from datetime import timedelta

from aws_lambda_powertools.utilities.typing import LambdaContext
from msgspec.structs import asdict

from tieout.domain.errors import Retryable
from tieout.flows.listings.drift import detect_drift
from tieout.flows.listings.store import ListingsRoom
from tieout.flows.stock.store import Stockroom
from tieout.wiring import listings_book, logger, observed, runtime, stock_book, stock_turn

PATIENCE = timedelta(minutes=4)
"""For the turn of stock: a push gives it back within that."""


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """Compare what changed, or at night everything; NetSuite is asked nothing."""
    at, stock = runtime(), stock_book()
    room = ListingsRoom(at=at, stock=stock, kept=listings_book(), in_turn=lambda ask: ask())
    stockroom = Stockroom(at=at, book=stock, in_turn=room.in_turn, pause=time.sleep)
    try:
        drifted = detect_drift(event["task"], room, stockroom, lambda: stock_turn(context, PATIENCE))
    except Retryable as error:
        logger.warning("drift not looked for", extra={"why": str(error)})
        return {"unread": 1}
    if not drifted.unread:
        at.meter.count("RunCompleted", schedule=event["schedule"])
    return asdict(drifted)
