"""Schedules audit-mapping-*: each offer is held against NetSuite's items (OF52's file, SuiteQL, P31)."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from msgspec.structs import asdict

from tieout.domain.errors import CredentialsRefused, NeedsAttention, Retryable
from tieout.flows.listings.audit import audit_mapping
from tieout.flows.listings.store import ListingsRoom
from tieout.wiring import listings_book, logger, observed, readers_turn, runtime, stock_book


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """Carry a marketplace's worklist on."""
    at = runtime()
    room = ListingsRoom(at=at, stock=stock_book(), kept=listings_book(), in_turn=in_turn)
    try:
        audited = audit_mapping(event["marketplace"], room)
    except (Retryable, CredentialsRefused, NeedsAttention) as error:
        # The list stays as it was. The heartbeat pages if that goes on.
        logger.error("mapping not audited", extra={"marketplace": event["marketplace"], "why": str(error)})
        return {"offers": 0}
    at.meter.count("RunCompleted", schedule=event["schedule"])
    return asdict(audited)


def in_turn(ask: Callable[[], Any]) -> Any:
    """Ask NetSuite one question, by turns with its other readers."""
    with readers_turn():
        return ask()
