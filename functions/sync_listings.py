"""Schedule sync-listings: offers follow approved items (SuiteQL, then OF01 and PRI01, followed to their end)."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from msgspec.structs import asdict

from tieout.domain.errors import CredentialsRefused, NeedsAttention, Retryable
from tieout.flows.listings.rules import synced
from tieout.flows.listings.store import ListingsRoom
from tieout.flows.listings.sync import sync_listings
from tieout.wiring import listings_book, listings_turn, logger, observed, readers_turn, runtime, stock_book


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """See to each marketplace whose offers are made from items; one that cannot be read now stops no other."""
    at = runtime()
    room = ListingsRoom(at=at, stock=stock_book(), kept=listings_book(), in_turn=in_turn)
    try:
        with listings_turn(context):
            done = _see_to_all(room)
    except Retryable as error:
        logger.warning("listings not synced", extra={"why": str(error)})
        return {}
    if not done["failed"]:
        at.meter.count("RunCompleted", schedule=event["schedule"])
    logger.info("listings synced", extra=dict(done))
    return dict(done)


def _see_to_all(room: ListingsRoom) -> Counter[str]:
    done: Counter[str] = Counter(failed=0)
    for marketplace in synced(room.at.config):
        try:
            done.update(asdict(sync_listings(marketplace, room)))
        except (Retryable, CredentialsRefused, NeedsAttention) as error:
            logger.error("listings not synced", extra={"marketplace": marketplace, "why": str(error)})
            done["failed"] += 1
    return done


def in_turn(ask: Callable[[], Any]) -> Any:
    """Ask NetSuite one question, by turns with its other readers."""
    with readers_turn():
        return ask()
