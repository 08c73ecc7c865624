"""Events from the marketplace: verified, reduced to order ids, and fetched again. They only make things sooner."""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as NotBase64Error
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

from tieout.config import Config
from tieout.domain.webhooks import RefusedError, authenticate, check_sender, order_ids
from tieout.flows.ports import Meter


class OrdersToFetch(Protocol):
    """The queue of orders to be fetched again."""

    def __call__(self, marketplace: str, order_ids: Sequence[str]) -> None:
        """Returns when the queue holds them."""


class Once(Protocol):
    """Runs an effect once a message id, whatever comes again (a DynamoDB record with an expiry)."""

    def __call__(self, message_id: str, effect: Callable[[], int]) -> int:
        """The effect's answer, now or as it was the first time."""


class Reception(Struct, frozen=True, kw_only=True):
    """What the webhook endpoint works with: no vendor's key is in its reach."""

    config: Config
    secrets: Callable[[str], Sequence[str]]
    """Current and previous secret of a marketplace's webhook."""
    once: Once
    orders_to_fetch: OrdersToFetch
    meter: Meter
    clock: Callable[[], datetime]


def receive(marketplace: str, event: Mapping[str, Any], desk: Reception) -> int:
    """Take an API Gateway event (payload 2.0) in; answers how many orders it named.

    Raises RefusedError with the HTTP status.
    """
    settings = desk.config.marketplaces.get(marketplace)
    if settings is None or not settings.webhooks.enabled:
        raise RefusedError(404, "no such marketplace")
    check_sender(_sender(event), settings.webhooks.allowed_ips)
    body = body_of(event)
    message_id = authenticate(headers_of(event), body, desk.secrets(marketplace), desk.clock().timestamp())
    named = order_ids(body)

    def queue() -> int:
        if named:
            desk.orders_to_fetch(marketplace, named)
        return len(named)

    return desk.once(f"{marketplace}#{message_id}", queue)


def _sender(event: Mapping[str, Any]) -> str:
    return str(event.get("requestContext", {}).get("http", {}).get("sourceIp", ""))


def headers_of(event: Mapping[str, Any]) -> dict[str, str]:
    """Headers of an API Gateway event, by lower-cased name."""
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}


def body_of(event: Mapping[str, Any]) -> bytes:
    """The body's bytes as they were signed. Raises RefusedError (400)."""
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode()
    try:
        return b64decode(body, validate=True)
    except (NotBase64Error, ValueError) as error:
        raise RefusedError(400, "body is not base64") from error


def named_orders(records: Iterable[Mapping[str, Any]], config: Config) -> dict[str, list[str]]:
    """Order ids by marketplace, from our own queue's messages and from Mirakl Cloud Events as Mirakl sends them.

    A message that names no order of ours is dropped: the poll will see whatever it meant.
    """
    named: dict[str, dict[str, None]] = {}
    for record in records:
        body = str(record.get("body", ""))
        marketplace = _cloud_events_marketplace(str(record.get("eventSourceARN", "")), config)
        try:
            if marketplace is None:
                message = json.loads(body)
                marketplace = message.get("marketplace") if isinstance(message, dict) else None
            ids = order_ids(body)
        except (ValueError, RefusedError):
            continue
        if marketplace in config.marketplaces:
            named.setdefault(str(marketplace), {}).update(dict.fromkeys(ids))
    return {marketplace: list(ids) for marketplace, ids in named.items()}


def _cloud_events_marketplace(queue_arn: str, config: Config) -> str | None:
    """The marketplace that a Cloud Events queue belongs to; None for our own queue."""
    queue = queue_arn.rpartition(":")[2]
    marketplace = queue.removeprefix(f"{config.deployment}-").removesuffix("-mirakl-events")
    return marketplace if queue == f"{config.deployment}-{marketplace}-mirakl-events" else None
