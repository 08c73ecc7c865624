"""Talking to a running Mirakl twin as a shop, as an operator, and as whoever holds the strings."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

from sandbox.clock import moment_of
from sandbox.mirakl import MarketplaceAccess, MiraklTwin
from sandbox.mirakl.state import Order

MARKETPLACE = "brightside-uk"
Json = dict[str, Any]


@dataclass
class Mirakl:
    """A shop's and an operator's view of one running twin, and the strings behind it."""

    url: str
    twin: MiraklTwin
    access: MarketplaceAccess

    def seller(self, method: str, path: str, **options: Any) -> requests.Response:
        return self._call(method, path, self.access.api_key, **options)

    def operator(self, method: str, path: str, **options: Any) -> requests.Response:
        return self._call(method, path, f"Bearer {self.access.operator_token}", **options)

    def orders(self, **filters: Any) -> list[Json]:
        """OR11 as the seller; the answer must be good."""
        answer = self.seller("GET", "/api/orders", params=filters)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["orders"])

    def ids(self, **filters: Any) -> list[str]:
        return [order["order_id"] for order in self.orders(**filters)]

    def order(self, order_id: str) -> Json:
        """The one order, looked up by its id."""
        (found,) = self.orders(order_ids=order_id)
        return found

    def place(self, *orders: Json, **options: Any) -> None:
        self.control("POST", "orders", json={"marketplace": MARKETPLACE, "orders": list(orders), **options})

    def control(self, method: str, path: str, **options: Any) -> Any:
        answer = requests.request(method, f"{self.url}/_twin/{path}", timeout=10, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def behave(self, **switches: Any) -> None:
        self.control("POST", "behaviours", json=switches)

    def fault(self, *rules: Json) -> None:
        self.control("POST", "faults", json=list(rules))

    def wait(self, **time: float) -> None:
        """Let the twin's time pass: minutes=5, hours=1, ..."""
        units = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
        self.control("POST", "clock", json={"advance_seconds": sum(n * units[unit] for unit, n in time.items())})

    def now(self) -> datetime:
        return moment_of(self.control("GET", "clock")["now"])

    def held(self, order_id: str) -> Order:
        return self.twin.state.marketplaces[MARKETPLACE].orders[order_id]

    def _call(self, method: str, path: str, credential: str, **options: Any) -> requests.Response:
        headers = {"Authorization": credential, **options.pop("headers", {})}
        timeout = options.pop("timeout", 10)
        return requests.request(method, self.access.url + path, headers=headers, timeout=timeout, **options)


def order(order_id: str = "1001-A", *lines: Json, **fields: Any) -> Json:
    """An order to place: one line of 10 pounds unless told otherwise, for a buyer in Leeds."""
    address = {
        "firstname": "Zoë",
        "lastname": "Dubois",
        "street_1": "1 High Street",
        "zip_code": "LS1 4AP",
        "city": "Leeds",
        "country": "United Kingdom",
        "country_iso_code": "GBR",
    }
    customer = {
        "customer_id": "C1",
        "firstname": "Zoë",
        "lastname": "Dubois",
        "billing_address": address,
        "shipping_address": {**address, "internal_additional_info": "gate code 12"},
    }
    return {"order_id": order_id, "order_lines": list(lines) or [line()], "customer": customer, **fields}


def line(sku: str = "MUG", quantity: int = 1, price_unit: float = 10, **fields: Any) -> Json:
    return {"offer_sku": sku, "quantity": quantity, "price_unit": price_unit, **fields}
