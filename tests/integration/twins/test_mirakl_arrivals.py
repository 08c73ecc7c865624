"""Orders that come in and change while the twin runs, and who hears of it."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from sandbox.clock import moment_of
from tests.integration.twins.mirakl import MARKETPLACE, Json, Mirakl, order


def change(mirakl: Mirakl, order_id: str, **what: Any) -> None:
    mirakl.control("POST", "orders/changes", json={"marketplace": MARKETPLACE, "order_id": order_id, **what})


def test_an_order_without_dates_arrives_now_and_waits_for_acceptance(mirakl: Mirakl) -> None:
    mirakl.place(order("A"))
    found = mirakl.order("A")
    assert found["order_state"] == found["order_lines"][0]["order_line_state"] == "WAITING_ACCEPTANCE"
    assert abs((moment_of(found["created_date"]) - mirakl.now()).total_seconds()) < 5
    assert found["created_date"] == found["last_updated_date"]
    assert found["customer_debited_date"] is None


def test_an_order_to_ship_arrives_paid_with_a_deadline(mirakl: Mirakl) -> None:
    mirakl.place(order("A", order_state="SHIPPING"))
    found = mirakl.order("A")
    assert None not in (found["customer_debited_date"], found["acceptance_decision_date"], found["shipping_deadline"])


def test_an_order_keeps_the_dates_it_has_unless_it_is_to_arrive_as_of_now(mirakl: Mirakl) -> None:
    old = {"created_date": "2026-10-01T09:00:00Z", "last_updated_date": "2026-10-01T09:30:00Z"}
    mirakl.place(order("OLD", **old))
    mirakl.place(order("NEW", **old), as_of_now=True)
    assert mirakl.order("OLD")["last_updated_date"] == "2026-10-01T09:30:00Z"
    assert moment_of(mirakl.order("NEW")["created_date"]) > moment_of(old["last_updated_date"])


def test_an_order_that_arrives_waiting_for_its_debit_gets_it(mirakl: Mirakl) -> None:
    mirakl.place(order("A", order_state="WAITING_DEBIT_PAYMENT"))
    mirakl.wait(minutes=5)
    assert mirakl.order("A")["order_state"] == "SHIPPING"


def test_an_order_is_placed_once(mirakl: Mirakl) -> None:
    mirakl.place(order("A"))
    again = {"marketplace": MARKETPLACE, "orders": [order("B"), order("A")]}
    answer = requests.post(f"{mirakl.url}/_twin/orders", json=again, timeout=5)
    assert (answer.status_code, "A" in answer.json()["error"]) == (400, True)
    assert mirakl.ids() == ["A"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"orders": []},
        {"marketplace": "nowhere", "orders": []},
        {"marketplace": MARKETPLACE, "orders": [{"order_id": "A"}]},
    ],
)
def test_an_order_that_makes_no_sense_is_answered_with_the_reason(mirakl: Mirakl, wrong: Json) -> None:
    answer = requests.post(f"{mirakl.url}/_twin/orders", json=wrong, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_change_is_found_by_its_update_date(mirakl: Mirakl) -> None:
    mirakl.behave(frequencies_enforced=False, update_window_delta_seconds=0)
    mirakl.place(order("A"), order("B"))
    mirakl.wait(hours=1)
    since = mirakl.now().isoformat()
    assert mirakl.ids(start_update_date=since) == []
    change(mirakl, "B", set={"has_incident": True})
    assert mirakl.ids(start_update_date=since, has_incident="true") == ["B"]


def test_an_operator_may_cancel_a_whole_order(mirakl: Mirakl) -> None:
    mirakl.place(order("A", order_state="SHIPPING"))
    change(mirakl, "A", cancel_lines=["A-1"], reason="OUT_OF_STOCK")
    found = mirakl.order("A")
    assert (found["order_state"], found["order_lines"][0]["order_line_state"]) == ("CANCELED", "CANCELED")
    assert found["order_lines"][0]["order_line_state_reason_code"] == "OUT_OF_STOCK"


def test_an_order_may_be_moved_on_to_any_state(mirakl: Mirakl) -> None:
    mirakl.place(order("A", order_state="SHIPPING"))
    change(mirakl, "A", state="SHIPPED")
    assert mirakl.order("A")["order_lines"][0]["order_line_state"] == "SHIPPED"


def test_the_records_are_the_orders_as_the_shop_sees_them(mirakl: Mirakl) -> None:
    mirakl.place(order("A"), order("B", order_state="SHIPPING"))
    text = requests.get(f"{mirakl.url}/_twin/records/orders", params={"marketplace": MARKETPLACE}, timeout=5).text
    assert [json.loads(row) for row in text.splitlines()] == mirakl.orders()


class Listener:
    """A receiver of webhooks on a port of its own."""

    def __init__(self) -> None:
        self.heard: list[tuple[Json, bytes]] = []
        heard = self.heard

        class Receive(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(202)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing: the test looks at what was heard."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Receive)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_for(self, count: int, seconds: float = 10) -> list[Json]:
        until = time.monotonic() + seconds
        while len(self.heard) < count and time.monotonic() < until:
            time.sleep(0.02)
        return [json.loads(body) for _, body in self.heard]


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.server.shutdown()
    made.server.server_close()


def subscribe(mirakl: Mirakl, listener: Listener, **options: Any) -> None:
    wanted = {"marketplace": MARKETPLACE, "url": listener.url, "secret": "sécret", **options}
    mirakl.control("POST", "webhooks", json=wanted)


def test_whoever_listens_hears_of_each_change_with_a_signature_that_verifies(
    mirakl: Mirakl, listener: Listener
) -> None:
    """Standard Webhooks: HMAC-SHA256 over id.timestamp.body with the secret's UTF-8 bytes, in base64."""
    subscribe(mirakl, listener)
    mirakl.place(order("A"))
    (event,) = listener.wait_for(1)
    headers, body = listener.heard[0]
    assert (event["type"], event["order_id"]) == ("order.updated", "A")
    assert headers["webhook-id"] == event["event_id"]
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new("sécret".encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_a_webhook_may_come_twice_with_the_same_id(mirakl: Mirakl, listener: Listener) -> None:
    subscribe(mirakl, listener, copies=2)
    mirakl.place(order("A"))
    first, second = listener.wait_for(2)
    assert first["event_id"] == second["event_id"]


def test_a_debit_is_told_when_it_happens_though_nobody_asks(mirakl: Mirakl, listener: Listener) -> None:
    mirakl.place(order("A", order_state="WAITING_DEBIT"))
    subscribe(mirakl, listener)
    mirakl.wait(minutes=10)
    assert [event["order_id"] for event in listener.wait_for(2)] == ["A", "A"]


def test_what_a_shop_writes_itself_is_not_told_back_to_it(mirakl: Mirakl, listener: Listener) -> None:
    mirakl.place(order("A"))
    subscribe(mirakl, listener)
    mirakl.seller(
        "PUT", "/api/orders", json={"orders": [{"order_id": "A", "references": {"order_reference_for_seller": "S"}}]}
    )
    change(mirakl, "A", set={"has_incident": True})
    mirakl.place(order("B"))
    assert sorted(event["order_id"] for event in listener.wait_for(2)) == ["A", "B"]
    assert len(listener.wait_for(3, seconds=0.5)) == 2


def test_a_listener_that_is_gone_holds_nothing_up(mirakl: Mirakl, listener: Listener) -> None:
    subscribe(mirakl, listener)
    listener.server.shutdown()
    listener.server.server_close()
    mirakl.place(order("A"))
    assert mirakl.ids() == ["A"]
    assert "secret" not in json.dumps(mirakl.control("GET", "webhooks"))
