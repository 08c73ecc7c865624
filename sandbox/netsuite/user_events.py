"""The SuiteScript hook of an account: a saved fulfilment is told to a URL, signed, once, and possibly never.

What user events are in NetSuite: nothing waits for an answer, nothing is repeated, and some are lost.
"""

import hashlib
import hmac
import json
import queue
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import requests

from sandbox.netsuite.store import Record

_CONNECT_SECONDS, _SEND_SECONDS = 5.0, 45.0
_QUIET_SECONDS = 0.5  # what is held back goes out when nothing else comes
_RINGS_FOR = ("itemFulfillment",)


@dataclass(frozen=True)
class Hook:
    """Where events go and what becomes of them; `lost`, `doubled` and `reordered` are shares from 0 to 1."""

    url: str
    secret: str
    lost: float = 0.0
    doubled: float = 0.0
    reordered: float = 0.0

    def __post_init__(self) -> None:
        if not self.url or not self.secret:
            raise ValueError("a hook has a url and a secret")
        for name in ("lost", "doubled", "reordered"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"hook: {name} is a share from 0 to 1, not {getattr(self, name)}")


class UserEvents:
    """Rings the hook in a thread of its own, in the order of saving unless told to reorder."""

    def __init__(self, account: str, now: Callable[[], datetime]) -> None:
        self._account = account
        self._now = now
        self._hook: Hook | None = None
        self._chance = random.Random()
        self._waiting: queue.SimpleQueue[tuple[Hook, bytes, dict[str, str]]] = queue.SimpleQueue()
        self._started = False
        self._counted = threading.Lock()
        self.told = dict.fromkeys(("delivered", "refused", "failed", "lost", "doubled", "reordered"), 0)

    def ring_at(self, hook: Hook | None, seed: object) -> None:
        self._hook = hook
        self._chance = random.Random(f"hook {seed}")
        if hook is not None and not self._started:
            self._started = True
            threading.Thread(target=self._send_all, name="netsuite twin hook", daemon=True).start()

    def happened(self, record: Record, event: str) -> None:
        """A record was saved (create, edit, ship, pack) or deleted."""
        hook = self._hook
        if hook is None or record.kind not in _RINGS_FOR:
            return
        ts = str(int(self._now().timestamp()))
        said = {
            "v": 1,
            "account": self._account,
            "type": record.kind.lower(),
            "id": record.id,
            "event": event,
            "ts": ts,
        }
        body = json.dumps(said, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Tieout-Timestamp": ts,
            "X-Tieout-Signature": f"v1={signature(hook.secret, ts, body)}",
        }
        lost, doubled = self._chance.random() < hook.lost, self._chance.random() < hook.doubled
        if lost:
            self._count("lost")
            return
        self._waiting.put((hook, body, headers))
        if doubled:
            self._count("doubled")
            self._waiting.put((hook, body, headers))

    def _send_all(self) -> None:
        held: list[tuple[Hook, bytes, dict[str, str]]] = []
        while True:
            try:
                ring = self._waiting.get(timeout=_QUIET_SECONDS if held else None)
            except queue.Empty:
                ring = held.pop()
            else:
                if self._chance.random() < ring[0].reordered:
                    self._count("reordered")
                    held.append(ring)
                    continue
            self._send(*ring)
            while held:
                self._send(*held.pop())

    def _send(self, hook: Hook, body: bytes, headers: dict[str, str]) -> None:
        try:
            with requests.post(hook.url, data=body, headers=headers, timeout=(_CONNECT_SECONDS, _SEND_SECONDS)) as got:
                self._count("delivered" if got.status_code < 300 else "refused")
        except requests.RequestException:
            self._count("failed")

    def _count(self, what: str) -> None:
        with self._counted:
            self.told[what] += 1


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over time and body, so that an old body cannot be sent again as new; lower-case hex."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
