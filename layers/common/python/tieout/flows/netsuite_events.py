"""Rings from the NetSuite account: verified, reduced to ids, and read again. They only make things sooner."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from tieout.config import Config
from tieout.domain.webhooks import authenticate_netsuite, fulfilment_id
from tieout.flows.events import Once, body_of, headers_of
from tieout.flows.ports import Meter

SENDER = "netsuite"
"""Where a marketplace's name stands for its own events: in the secret's name, and on the counter of refusals."""


class NetSuiteReception(Struct, frozen=True, kw_only=True):
    """What the account's endpoint works with: no vendor's key is in its reach."""

    config: Config
    secrets: Callable[[], Sequence[str]]
    """Current and previous secret of the account's script."""
    once: Once
    fulfilments_to_fetch: Callable[[Sequence[str]], None]
    """Returns when the queue holds these ids."""
    meter: Meter
    clock: Callable[[], datetime]


def receive_ring(event: Mapping[str, Any], desk: NetSuiteReception) -> str:
    """Take an API Gateway event (payload 2.0) in; answers the fulfilment that it named, which is queued.

    A deleted fulfilment is queued too: who looks for it learns that it is gone. Raises RefusedError with the HTTP
    status.
    """
    body = body_of(event)
    signature = authenticate_netsuite(headers_of(event), body, desk.secrets(), desk.clock().timestamp())
    named = fulfilment_id(body, desk.config.netsuite.account)

    def queue() -> int:
        desk.fulfilments_to_fetch([named])
        return 1

    # The signature covers the second and the record: the same ring has the same one, and no two others share it.
    desk.once(f"{SENDER}#{signature}", queue)
    return named


def named_fulfilments(records: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Fulfilment id by message, from our queue; a message that names none is dropped: the poll sees what it meant."""
    named: dict[str, str] = {}
    for record in records:
        try:
            message = json.loads(str(record.get("body", "")))
        except ValueError:
            continue
        found = message.get("fulfilment_id") if isinstance(message, dict) else None
        if isinstance(found, str) and found.isascii() and found.isdigit():
            named[str(record["messageId"])] = found
    return named
