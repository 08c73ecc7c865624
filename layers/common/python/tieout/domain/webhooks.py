"""Doorbells from outside: who may ring, and which orders they name. Nothing else of a message is ever believed.

Mirakl's doorbell: Standard Webhooks, HMAC-SHA256 over `id.timestamp.body`, several signatures for rotation; Mirakl
documents none of its own (see docs/decisions). NetSuite's is our own script's: HMAC-SHA256 over `timestamp.body`.
"""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from ipaddress import ip_address, ip_network

TOLERANCE_SECONDS = 300
"""How far a message's timestamp may be from our clock, either way."""
LARGEST_BODY = 256 * 1024
FULFILMENT = "itemfulfillment"
_MOST_IDS = 100
_ORDER_ID = re.compile(r"^[^\s,\x00-\x1f]{1,100}$")
_MESSAGE_ID = re.compile(r"^[\x21-\x7e]{1,128}$")
_INTERNAL_ID = re.compile(r"^[1-9][0-9]{0,19}$", re.ASCII)
_HEX_SIGNATURE = re.compile(r"^v1=[0-9a-f]{64}$")


class RefusedError(Exception):
    """The message is not let in. `status` is the HTTP answer; the words stay in our log."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """The `v1` signature of a message, as a sender writes it in `webhook-signature`."""
    digest = hmac.new(secret.encode(), f"{message_id}.{timestamp}.".encode() + body, sha256).digest()
    return "v1," + b64encode(digest).decode()


def authenticate(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: float) -> str:
    """The message's id, once its signature and its age are proven.

    `headers` are lower-cased; `now` is Unix seconds. Raises RefusedError (401, or 413 for a body that is too large).
    """
    if len(body) > LARGEST_BODY:
        raise RefusedError(413, f"body of {len(body)} bytes")
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not _MESSAGE_ID.match(message_id):
        raise RefusedError(401, "no usable webhook-id")
    _check_age("webhook-timestamp", timestamp, now)
    offered = [part.encode() for part in headers.get("webhook-signature", "").split(" ")[:10] if part.startswith("v1,")]
    known = False
    for secret in secrets:
        expected = signature(secret, message_id, timestamp, body).encode()
        for each in offered:
            # No early exit: the time taken says nothing about which signature was close.
            known |= hmac.compare_digest(expected, each)
    if not known:
        raise RefusedError(401, "signature does not match")
    return message_id


def _check_age(header: str, timestamp: str, now: float) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):  # noqa: PLR2004
        raise RefusedError(401, f"no usable {header}")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise RefusedError(401, "timestamp out of tolerance")


def netsuite_signature(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a ring, as the account's script writes it in `X-Tieout-Signature`."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()


def authenticate_netsuite(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: float) -> str:
    """The ring's signature, which names it, once that and its age are proven.

    `headers` are lower-cased; `now` is Unix seconds. Raises RefusedError (401, or 413 for a body that is too large).
    """
    if len(body) > LARGEST_BODY:
        raise RefusedError(413, f"body of {len(body)} bytes")
    timestamp, offered = headers.get("x-tieout-timestamp", ""), headers.get("x-tieout-signature", "")
    _check_age("x-tieout-timestamp", timestamp, now)
    if not _HEX_SIGNATURE.fullmatch(offered):
        raise RefusedError(401, "no usable x-tieout-signature")
    known = False
    for secret in secrets:
        known |= hmac.compare_digest(netsuite_signature(secret, timestamp, body), offered)
    if not known:
        raise RefusedError(401, "signature does not match")
    return offered


def fulfilment_id(body: bytes, account: str) -> str:
    """The fulfilment that a ring of this account names; what else it says may change and is not looked at.

    Raises RefusedError: 400 when it names none, 403 when it is another account's.
    """
    try:
        ring = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, "body is not JSON") from error
    if not isinstance(ring, dict):
        raise RefusedError(400, "body is not an object")
    if _account(ring.get("account")) != _account(account):
        raise RefusedError(403, "a ring of another account")
    if ring.get("type") != FULFILMENT:
        raise RefusedError(400, f"a ring for something else than {FULFILMENT}")
    named = ring.get("id")
    if not (isinstance(named, str) and _INTERNAL_ID.fullmatch(named)):
        raise RefusedError(400, "no usable id")
    return named


def _account(text: object) -> str:
    """`1234567_SB1`, as NetSuite and people write it: dash or underscore, either case."""
    return str(text).lower().replace("-", "_")


def check_sender(address: str, allowed: Iterable[str]) -> None:
    """Raises RefusedError (403) when a list of allowed networks is set and the sender is in none of them."""
    networks = list(allowed)
    if not networks:
        return
    try:
        sender = ip_address(address)
    except ValueError as error:
        raise RefusedError(403, "sender has no address") from error
    if not any(sender in ip_network(network) for network in networks):
        raise RefusedError(403, f"sender {address} is not allowed")


def order_ids(body: bytes | str) -> list[str]:
    """Ids of the orders that a message names, wherever Mirakl's shapes put them; an unknown shape names none.

    Raises RefusedError (400) when the body is not JSON.
    """
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, "body is not JSON") from error
    found = dict.fromkeys(_ids(message, depth=0))
    return list(found)[:_MOST_IDS]


def _ids(value: object, depth: int) -> Iterable[str]:
    if depth > 4:  # noqa: PLR2004  deeper than any documented envelope
        return
    if isinstance(value, list):
        for each in value[:_MOST_IDS]:
            yield from _ids(each, depth + 1)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key in ("order_id", "orderId") and isinstance(each, str) and _ORDER_ID.match(each):
                yield each
            elif key in ("order_ids", "orderIds") and isinstance(each, list):
                yield from (one for one in each if isinstance(one, str) and _ORDER_ID.match(one))
            elif isinstance(each, dict | list):
                yield from _ids(each, depth + 1)
