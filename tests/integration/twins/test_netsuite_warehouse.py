"""A warehouse at the packing table of the NetSuite twin, and the hook that tells of what it saves."""

import hashlib
import hmac
import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.integration.twins.netsuite import MUG, PEN, RECORD, NetSuite, line

SECRET = "hook secret"


@pytest.fixture(autouse=True)
def marketplace(netsuite: NetSuite) -> Iterator[None]:
    netsuite.customer()
    yield
    netsuite.control("DELETE", "warehouse")


Ring = tuple[dict[str, Any], dict[str, str], bytes]


class Receiver:
    """Whoever is rung."""

    def __init__(self, url: str, rings: "queue.Queue[Ring]") -> None:
        self.url = url
        self._rings = rings

    def ring(self) -> Ring:
        return self._rings.get(timeout=10)

    def empty(self) -> bool:
        return self._rings.empty()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    rings: queue.Queue[Ring] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()
            rings.put((json.loads(body), {name.lower(): value for name, value in self.headers.items()}, body))

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Receiver(f"http://127.0.0.1:{server.server_address[1]}/", rings)
        server.shutdown()
        thread.join(5)


def opened(netsuite: NetSuite, **habits: Any) -> None:
    netsuite.control("POST", "warehouse", json={"after_seconds": 600, "seed": 1} | habits)


def later(netsuite: NetSuite, seconds: int = 601) -> list[dict[str, Any]]:
    """What the warehouse has fulfilled some time later."""
    netsuite.control("POST", "clock", json={"advance_seconds": seconds})
    text = netsuite.control("GET", "records/itemFulfillment").text
    return [json.loads(row) for row in text.splitlines()]


def test_an_open_order_is_shipped_when_its_time_has_come(netsuite: NetSuite):
    order = netsuite.create("salesOrder", netsuite.order(line(MUG, 2), line(PEN, 1)))
    opened(netsuite)
    assert later(netsuite, 60) == []
    (made,) = later(netsuite)
    assert made["createdFrom"]["id"] == order
    assert "externalId" not in made
    assert [one["quantity"] for one in made["item"]["items"]] == [2, 1]
    assert (made["shipStatus"]["id"], len(made["package"]["items"])) == ("C", 1)
    assert made["shipMethod"]["refName"] == "Standard delivery"
    assert netsuite.control("GET", "warehouse").json()["shipped"] == 1


def test_orders_that_come_in_later_are_shipped_as_well_and_unapproved_ones_are_not(netsuite: NetSuite):
    opened(netsuite)
    netsuite.create("salesOrder", netsuite.order())
    waiting = netsuite.create("salesOrder", netsuite.order(orderStatus={"id": "A"}))
    assert len(later(netsuite)) == 1
    netsuite.twin.account.request("PATCH", f"{RECORD}salesOrder/{waiting}", {"orderStatus": {"id": "B"}})
    assert len(later(netsuite)) == 2


def test_a_part_goes_first_and_the_rest_follows(netsuite: NetSuite):
    netsuite.create("salesOrder", netsuite.order(line(MUG, 4)))
    opened(netsuite, partial=1)
    assert [one["item"]["items"][0]["quantity"] for one in later(netsuite)] == [2]
    assert [one["item"]["items"][0]["quantity"] for one in later(netsuite)] == [2, 2]
    assert len(later(netsuite)) == 2


def test_two_parcels_have_two_numbers(netsuite: NetSuite):
    netsuite.create("salesOrder", netsuite.order())
    opened(netsuite, two_parcels=1)
    (made,) = later(netsuite)
    assert len({one["packageTrackingNumber"] for one in made["package"]["items"]}) == 2


def test_some_are_late_and_some_go_with_the_wrong_carrier(netsuite: NetSuite):
    netsuite.create("salesOrder", netsuite.order(shipMethod={"id": "700"}))
    opened(netsuite, late=1, late_seconds=3600, wrong_carrier=1)
    assert later(netsuite) == []
    (made,) = later(netsuite, 3600)
    assert made["shipMethod"]["refName"] == "Express delivery"


def test_an_order_closed_in_time_is_not_shipped(netsuite: NetSuite):
    order = netsuite.create("salesOrder", netsuite.order())
    opened(netsuite)
    netsuite.change("salesOrder", order, {"item": {"items": [{"line": 1, "isClosed": True}]}})
    assert later(netsuite) == []


def test_picked_is_told_and_shipped_is_told_again(netsuite: NetSuite, receiver: Receiver):
    netsuite.create("salesOrder", netsuite.order())
    opened(netsuite, picked_first=1, hook={"url": receiver.url, "secret": SECRET})
    (made,) = later(netsuite)
    assert made["shipStatus"]["id"] == "A"
    assert receiver.ring()[0]["event"] == "create"
    (made,) = later(netsuite)
    assert made["shipStatus"]["id"] == "C"
    assert receiver.ring()[0]["event"] == "ship"


def test_a_ring_says_type_and_id_and_is_signed_over_its_time(netsuite: NetSuite, receiver: Receiver):
    netsuite.create("salesOrder", netsuite.order())
    opened(netsuite, hook={"url": receiver.url, "secret": SECRET})
    (made,) = later(netsuite)
    said, headers, body = receiver.ring()
    ts = headers["x-tieout-timestamp"]
    assert said == {
        "v": 1,
        "account": netsuite.access.account,
        "type": "itemfulfillment",
        "id": made["id"],
        "event": "create",
        "ts": ts,
    }
    expected = hmac.new(SECRET.encode(), ts.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["x-tieout-signature"] == f"v1={expected}"


def test_what_anybody_saves_or_deletes_rings_too(netsuite: NetSuite, receiver: Receiver):
    opened(netsuite, after_seconds=99999, hook={"url": receiver.url, "secret": SECRET})
    order = netsuite.create("salesOrder", netsuite.order())
    made = netsuite.make("salesOrder", order, "itemFulfillment", {"shipStatus": {"id": "C"}})
    netsuite.change("itemFulfillment", made, {"memo": "x"})
    netsuite.call("DELETE", f"{RECORD}itemFulfillment/{made}")
    assert [receiver.ring()[0]["event"] for _ in range(3)] == ["create", "edit", "delete"]


def test_rings_are_lost_or_doubled_by_the_share_that_is_set(netsuite: NetSuite, receiver: Receiver):
    netsuite.create("salesOrder", netsuite.order())
    opened(netsuite, hook={"url": receiver.url, "secret": SECRET, "doubled": 1})
    later(netsuite)
    assert receiver.ring()[2] == receiver.ring()[2]
    netsuite.create("salesOrder", netsuite.order())
    opened(netsuite, hook={"url": receiver.url, "secret": SECRET, "lost": 1})
    later(netsuite)
    assert netsuite.control("GET", "warehouse").json()["hook"]["lost"] == 1
    assert receiver.empty()


def test_rings_come_out_of_order_where_that_is_wanted(netsuite: NetSuite, receiver: Receiver):
    opened(netsuite, after_seconds=99999, hook={"url": receiver.url, "secret": SECRET, "reordered": 1})
    first, second = (netsuite.create("salesOrder", netsuite.order()) for _ in range(2))
    account = netsuite.twin.account
    for order in (first, second):
        account.request("POST", f"{RECORD}salesOrder/{order}/!transform/itemFulfillment", {"shipStatus": {"id": "C"}})
    earlier, after = sorted(netsuite.rows("SELECT id FROM transaction WHERE type = 'ItemShip'"), key=lambda r: r["id"])
    assert [receiver.ring()[0]["id"] for _ in range(2)] == [after["id"], earlier["id"]]


@pytest.mark.parametrize("habits", [{"partial": 2}, {"after_seconds": -1}, {"hook": {"url": ""}}, {"unknown": 1}])
def test_habits_no_warehouse_has_are_refused(netsuite: NetSuite, habits: dict[str, Any]):
    answer = netsuite.session.post(f"{netsuite.url}/_twin/warehouse", json=habits, timeout=10)
    assert answer.status_code == 400
    assert netsuite.control("GET", "warehouse").json()["open"] is False


def test_the_same_seed_ships_the_same_way(netsuite: NetSuite):
    for _ in range(8):
        netsuite.create("salesOrder", netsuite.order(line(MUG, 2)))
    opened(netsuite, two_parcels=0.5)
    parcels = [len(one["package"]["items"]) for one in later(netsuite)]
    assert set(parcels) == {1, 2}
    for made in later(netsuite, 0):
        netsuite.call("DELETE", f"{RECORD}itemFulfillment/{made['id']}")
    opened(netsuite, two_parcels=0.5)
    assert [len(one["package"]["items"]) for one in later(netsuite)] == parcels
