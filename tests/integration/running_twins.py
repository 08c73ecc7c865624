"""Our clients, connected to running twins: a small world, and the strings that a test may pull."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

import sandbox
from tieout.calls import Caller
from tieout.mirakl.client import Connection as MiraklConnection
from tieout.mirakl.client import Mirakl
from tieout.netsuite.auth import Authentication, OAuth2, TokenBased
from tieout.netsuite.client import NetSuite
from tieout.netsuite.connection import Connection
from tieout.netsuite.payloads import BODY_FIELDS, COMMISSION, DEADLINE, LINE_FIELDS

MARKETPLACE = "brightside-uk"
ITEMS = [
    {"id": "1000", "itemid": "MUG", "itemtype": "InvtPart", "isinactive": "F", "stock": {"1": 12, "2": 3}},
    {"id": "1001", "itemid": "PEN", "itemtype": "InvtPart", "isinactive": "F", "stock": {}},
    {"id": "1002", "itemid": "OLD-MUG", "itemtype": "InvtPart", "isinactive": "T", "stock": {"1": 5}},
    {
        "id": "1003",
        "itemid": "LAMP",
        "itemtype": "InvtPart",
        "isinactive": "F",
        "upccode": "5012345678900",
        "stock": {},
    },
    {"id": "1004", "itemid": "Green Lamp", "itemtype": "InvtPart", "isinactive": "F", "stock": {}},
]
CUSTOM_FIELDS = dict.fromkeys((*BODY_FIELDS, *LINE_FIELDS), "text") | {DEADLINE: "datetime", COMMISSION: "decimal"}


def now() -> datetime:
    return datetime.now(UTC)


def a_world(folder: Path, orders: list[dict[str, Any]]) -> Path:
    """An export folder with these orders of one marketplace, and the items above."""
    for place, rows in ((f"mirakl/{MARKETPLACE}/orders", orders), ("netsuite/items", [_item(row) for row in ITEMS])):
        file = folder / f"{place}.ndjson"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def _item(row: dict[str, Any]) -> dict[str, Any]:
    stock = [{"location": place, "quantityavailable": units} for place, units in row["stock"].items()]
    return {**{name: value for name, value in row.items() if name != "stock"}, "locations": stock}


class Running:
    """Both twins, and clients of ours that call them."""

    def __init__(self, twins: sandbox.Twins) -> None:
        self.twins = twins
        self.slept: list[float] = []

    def mirakl(self, role: str = "seller") -> Mirakl:
        here = self.twins.mirakl.marketplaces[MARKETPLACE]
        secret = {"api_key": here.api_key} if role == "seller" else {"bearer_token": here.operator_token}
        connection = MiraklConnection(
            marketplace=MARKETPLACE,
            base_url=here.url,
            role=role,
            shop_id=here.shop_id if role == "seller" else None,
        )
        return Mirakl(connection, lambda: secret, sleep=self.slept.append)

    def netsuite(self, auth: str = "oauth2", *, read_seconds: float = 5, key: str = "") -> NetSuite:
        here, caller = self.twins.netsuite, Caller(3.05, read_seconds)
        login = self._login(auth, caller, key or here.private_key)
        return NetSuite(Connection(here.account, here.url, login, caller, sleep=self.slept.append), now)

    def _login(self, auth: str, caller: Caller, key: str) -> Authentication:
        here = self.twins.netsuite
        if auth == "tba":
            return TokenBased(here.account, lambda: asdict(here.tba), now)
        secret = {"client_id": here.client_id, "certificate_id": here.certificate_id, "private_key": key}
        return OAuth2(here.url, lambda: secret, caller, now)

    def fault(self, system: str, *rules: dict[str, Any]) -> None:
        self._control(system, "POST", "faults", list(rules))

    def behave(self, system: str, **switches: Any) -> None:
        self._control(system, "POST", "behaviours", switches)

    def change(self, **change: Any) -> None:
        """Change an order in the marketplace, as its operator or buyer would."""
        self._control("mirakl", "POST", "orders/changes", {"marketplace": MARKETPLACE, **change})

    def wait(self, seconds: int) -> None:
        """Let the marketplace's clock run."""
        self._control("mirakl", "POST", "clock", {"advance_seconds": seconds})

    def set_custom_fields(self, fields: dict[str, str]) -> None:
        self._control("netsuite", "POST", "custom_fields", fields)

    def calls(self, system: str) -> list[dict[str, Any]]:
        return list(self._control(system, "GET", "calls", None)["calls"])

    def sales_orders(self) -> list[dict[str, Any]]:
        url = f"{self.twins.netsuite.url}/_twin/records/salesOrder"
        return [json.loads(line) for line in requests.get(url, timeout=5).text.splitlines() if line]

    def _control(self, system: str, method: str, path: str, body: object) -> Any:
        url = f"{getattr(self.twins, system).url}/_twin/{path}"
        answer = requests.request(method, url, json=body, timeout=5)
        answer.raise_for_status()
        return answer.json()


@contextlib.contextmanager
def running(folder: Path, orders: list[dict[str, Any]], **options: Any) -> Iterator[Running]:
    """Twins on free ports. A call of ours that breaks a vendor's contract fails the test when they stop."""
    with sandbox.running(world=a_world(folder, orders), seed=1, **options) as twins:
        both = Running(twins)
        both.set_custom_fields(CUSTOM_FIELDS)
        yield both
