"""Both twins' control routes, as whoever plays the buyers, the operator and the weather uses them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import requests

from sandbox import Twins, decimal_json
from sandbox.clock import moment_of, text_of


class TwinControl:
    """Orders to both twins over /_twin; their clocks move together."""

    def __init__(self, twins: Twins) -> None:
        self._mirakl, self._netsuite = twins.mirakl.url, twins.netsuite.url
        self._http = requests.Session()
        self._http.trust_env = False

    @property
    def _both(self) -> tuple[str, str]:
        return self._mirakl, self._netsuite

    def now(self) -> datetime:
        return moment_of(self._get(self._mirakl, "clock")["now"])

    def set_clocks(self, now: datetime) -> None:
        for twin in self._both:
            self._post(twin, "clock", {"set": text_of(now)})

    def stand_still(self) -> None:
        """Time passes only when it is told to."""
        for twin in self._both:
            self._post(twin, "clock", {"speed": 0})

    def advance(self, by: timedelta) -> datetime:
        for twin in self._both:
            self._post(twin, "clock", {"advance_seconds": by.total_seconds()})
        return self.now()

    def place_orders(self, marketplace: str, orders: list[dict[str, Any]]) -> None:
        self._post(self._mirakl, "orders", {"marketplace": marketplace, "orders": orders, "as_of_now": True})

    def offers(self, marketplace: str) -> bytes:
        """Offers as they stand, as OF21 gives them."""
        return self._answer("GET", self._mirakl, f"records/offers?marketplace={marketplace}")

    def attempt(self, marketplace: str, orders: list[dict[str, Any]]) -> list[str]:
        """Buyers try to buy; gives the ids of the orders that the marketplace took, the others found it sold out."""
        asked = {"marketplace": marketplace, "orders": orders}
        answer = decimal_json.loads(self._answer("POST", self._mirakl, "attempts", decimal_json.dumps(asked)))
        return [str(one) for one in answer["placed"]]

    def change_stock(self, changes: list[dict[str, Any]]) -> None:
        """Units come onto NetSuite's shelves, or leave them: {"itemid", "location", "add" or "set"}."""
        self._post(self._netsuite, "stock", {"changes": changes})

    def edit_item(self, itemid: str, **order: Any) -> None:
        """Somebody edits an item in NetSuite: `set` fields by record REST's names and `prices`, or `delete` it."""
        self._post(self._netsuite, "items", {"itemid": itemid, **order})

    def change_offers(self, marketplace: str, **order: Any) -> None:
        """Somebody in the marketplace's back office changes `offers`, deletes some, or brings `products` in."""
        self._post(self._mirakl, "offers", {"marketplace": marketplace, **order})

    def register_webhook(self, marketplace: str, url: str, secret: str, copies: int) -> None:
        order = {"marketplace": marketplace, "url": url, "secret": secret, "copies": copies}
        self._post(self._mirakl, "webhooks", order)

    def webhooks(self) -> dict[str, int]:
        """How many events were delivered, and how many were not."""
        told = self._get(self._mirakl, "webhooks")
        return {"delivered": int(told["delivered"]), "failed": int(told["failed"])}

    def behave(self, mirakl: Mapping[str, Any], netsuite: Mapping[str, Any]) -> None:
        """Set switches of the twins."""
        self._post(self._mirakl, "behaviours", mirakl)
        self._post(self._netsuite, "behaviours", netsuite)

    def change_order(self, marketplace: str, order_id: str, **change: Any) -> None:
        """A buyer or the operator changes an order: `cancel_lines` and so on."""
        self._post(self._mirakl, "orders/changes", {"marketplace": marketplace, "order_id": order_id, **change})

    def by_hand(self, marketplace: str, operation: str, **order: Any) -> Any:
        """Somebody in the marketplace's back office does what an operation does; gives its answer."""
        asked = {"marketplace": marketplace, "operation": operation, **order}
        return decimal_json.loads(self._answer("POST", self._mirakl, "back_office", decimal_json.dumps(asked)))

    def ask_for_return(self, marketplace: str, order_id: str, lines: list[dict[str, Any]]) -> str:
        """A buyer wants to send goods back; gives the return's id."""
        asked = {"marketplace": marketplace, "order_id": order_id, "lines": lines}
        answer = self._answer("POST", self._mirakl, "returns", decimal_json.dumps(asked))
        return str(decimal_json.loads(answer)["id"])

    def change_return(self, marketplace: str, return_id: str, state: str) -> None:
        order = {"marketplace": marketplace, "return_id": return_id, "state": state}
        self._post(self._mirakl, "returns/changes", order)

    def open_warehouse(self, habits: Mapping[str, Any], hook: Mapping[str, Any] | None) -> None:
        """Somebody begins to ship; `hook` says who is rung, and how many of the rings are lost, doubled, reordered."""
        self._post(self._netsuite, "warehouse", {**habits, **({"hook": hook} if hook else {})})

    def warehouse(self) -> dict[str, Any]:
        """What was shipped, how many orders wait, and what became of the rings."""
        told: dict[str, Any] = self._get(self._netsuite, "warehouse")
        return told

    def faults(self, seed: int, rules: list[dict[str, Any]]) -> None:
        for place, twin in enumerate(self._both):
            self._post(twin, "faults", {"seed": seed + place, "rules": rules})

    def struck(self) -> dict[str, int]:
        """How often each kind of fault has struck, over both twins."""
        struck: dict[str, int] = {}
        for twin in self._both:
            for kind, times in self._get(twin, "calls?summary=true")["by_fault"].items():
                struck[kind] = struck.get(kind, 0) + times
        return struck

    def calls(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Call summaries: Mirakl's, NetSuite's."""
        mirakl, netsuite = (self._get(twin, "calls?summary=true") for twin in self._both)
        return mirakl, netsuite

    def violations(self) -> list[dict[str, Any]]:
        return [one for twin in self._both for one in self._get(twin, "violations")]

    def orders(self, marketplace: str) -> bytes:
        return self._answer("GET", self._mirakl, f"records/orders?marketplace={marketplace}&shops=all")

    def shipments(self, marketplace: str) -> bytes:
        return self._answer("GET", self._mirakl, f"records/shipments?marketplace={marketplace}")

    def returns(self, marketplace: str) -> bytes:
        return self._answer("GET", self._mirakl, f"records/returns?marketplace={marketplace}")

    def money(self, marketplace: str, kind: str) -> bytes:
        """`transaction_lines`, `billing_cycles` or `accounting_documents`, as they stand."""
        return self._answer("GET", self._mirakl, f"records/{kind}?marketplace={marketplace}")

    def records(self, kind: str) -> bytes:
        return self._answer("GET", self._netsuite, f"records/{kind}")

    def _get(self, twin: str, what: str) -> Any:
        return decimal_json.loads(self._answer("GET", twin, what))

    def _post(self, twin: str, what: str, order: Mapping[str, Any]) -> None:
        self._answer("POST", twin, what, decimal_json.dumps(order))

    def _answer(self, method: str, twin: str, what: str, body: bytes | str | None = None) -> bytes:
        """Raises ValueError with the twin's own words when it does not follow."""
        answer = self._http.request(method, f"{twin}/_twin/{what}", data=body, timeout=60)
        if not answer.ok:
            raise ValueError(f"{method} {what}: {answer.text}")
        return answer.content


def rows(ndjson: bytes) -> Iterable[dict[str, Any]]:
    """Records as a twin lists them."""
    return (decimal_json.loads(line) for line in ndjson.splitlines() if line.strip())
