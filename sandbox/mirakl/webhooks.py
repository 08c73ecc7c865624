"""Webhooks out of the twin: a new order, or one that moves on, is told to whoever registered.

Signed as Standard Webhooks are. What a client writes on an order itself (OR04, OR31) is not told back to it.
"""

import base64
import hashlib
import hmac
import json
import queue
import threading
import time
import uuid
from dataclasses import dataclass

import requests

_CONNECT_SECONDS, _READ_SECONDS = 1.0, 5.0
_SENDERS = 4


@dataclass(frozen=True)
class Subscription:
    """Who hears of a marketplace's orders; `copies` above one delivers each event that often, as real ones may."""

    marketplace: str
    url: str
    secret: str
    copies: int = 1


class Webhooks:
    """Tells and forgets: nobody waits for an answer, and what does not arrive is not repeated."""

    def __init__(self) -> None:
        self._subscriptions: list[Subscription] = []
        self._waiting: queue.SimpleQueue[tuple[Subscription, str, bytes]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self.delivered = 0
        self.failed = 0
        self._started = False

    def subscribe(self, subscription: Subscription) -> None:
        self._subscriptions.append(subscription)
        if not self._started:
            self._started = True
            for _ in range(_SENDERS):
                threading.Thread(target=self._send_all, name="mirakl twin webhooks", daemon=True).start()

    def clear(self) -> None:
        self._subscriptions = []

    def listing(self) -> list[dict[str, object]]:
        """Who is subscribed; the secret stays here."""
        return [{"marketplace": one.marketplace, "url": one.url, "copies": one.copies} for one in self._subscriptions]

    def tell(self, marketplace: str, order_id: str) -> None:
        event_id = str(uuid.uuid4())
        body = json.dumps({"event_id": event_id, "type": "order.updated", "order_id": order_id}).encode()
        for one in self._subscriptions:
            if one.marketplace == marketplace:
                for _ in range(one.copies):
                    self._waiting.put((one, event_id, body))

    def _send_all(self) -> None:
        while True:
            subscription, event_id, body = self._waiting.get()
            headers = signed_headers(subscription.secret, event_id, int(time.time()), body)
            try:
                requests.post(
                    subscription.url, data=body, headers=headers, timeout=(_CONNECT_SECONDS, _READ_SECONDS)
                ).close()
            except requests.RequestException:
                with self._lock:
                    self.failed += 1
            else:
                with self._lock:
                    self.delivered += 1


def signed_headers(secret: str, event_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Standard Webhooks: the signature covers the id, the time and the body, so that none can be swapped."""
    signed = f"{event_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
    return {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }
