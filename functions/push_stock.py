"""Schedules push-stock and push-stock-nightly: what NetSuite has reaches the offers (OR11, SuiteQL, then STO01)."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from msgspec.structs import asdict

from tieout.domain.errors import NeedsAttention, Retryable
from tieout.flows.listings.sent import new_offers
from tieout.flows.stock.push import NIGHTLY, push_stock
from tieout.flows.stock.store import NewOffer, Stockroom
from tieout.wiring import listings_book, logger, observed, readers_turn, runtime, stock_book, stock_turn

PATIENCE = {"push": timedelta(seconds=20), "full": timedelta(minutes=4)}
"""A push waits while offers are compared with the book, but for no other push, which does the same. The night does."""


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """Push what changed, or read everything anew first; one run at a time writes the book."""
    at = runtime()
    room = Stockroom(at=at, book=stock_book(), in_turn=in_turn, pause=time.sleep, made=made)
    try:
        with stock_turn(context, PATIENCE[event["task"]]):
            pushed = push_stock(event["task"], room)
    except (Retryable, NeedsAttention) as error:
        # The next run covers this one. The heartbeat pages if that goes on, as it does without a location.
        logger.warning("stock not pushed", extra={"why": str(error)})
        return {"sent": 0}
    if event["schedule"] != NIGHTLY:
        at.meter.count("RunCompleted", schedule=event["schedule"])
    logger.info("stock pushed", extra=asdict(pushed))
    return asdict(pushed)


def made(marketplace: str) -> list[NewOffer]:
    """Offers that the sync of listings made since all were read."""
    return new_offers(listings_book(), marketplace)


def in_turn(ask: Callable[[], Any]) -> Any:
    """Ask NetSuite one question, by turns with its other readers."""
    with readers_turn():
        return ask()
