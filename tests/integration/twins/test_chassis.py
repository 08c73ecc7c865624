"""What every twin has in common, shown on Mirakl: faults over real HTTP, the clock, the log, the switches."""

import socket
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import requests

from sandbox import decimal_json
from sandbox.clock import moment_of
from tests.integration.twins.mirakl import MARKETPLACE, Json, Mirakl, order

ACCEPTED = {"order_lines": [{"id": "1001-A-1", "accepted": True}]}


def accept(mirakl: Mirakl, timeout: float = 5) -> requests.Response:
    return mirakl.seller("PUT", "/api/orders/1001-A/accept", json=ACCEPTED, timeout=timeout)


def lookups(mirakl: Mirakl, count: int) -> list[int]:
    return [mirakl.seller("GET", "/api/orders", params={"order_ids": "1001-A"}).status_code for _ in range(count)]


def state(mirakl: Mirakl) -> str:
    return mirakl.held("1001-A").state


def test_too_many_requests_says_how_long_to_wait(mirakl: Mirakl) -> None:
    mirakl.place(order())
    mirakl.fault({"operation": "OR21", "kind": "429", "retry_after": 17})
    answer = accept(mirakl)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "17")
    assert state(mirakl) == "WAITING_ACCEPTANCE"


def test_a_server_error_has_done_nothing(mirakl: Mirakl) -> None:
    mirakl.place(order())
    mirakl.fault({"operation": "OR21", "kind": "500"})
    assert accept(mirakl).status_code == 500
    assert state(mirakl) == "WAITING_ACCEPTANCE"
    assert mirakl.control("GET", "violations") == []


def test_maintenance_answers_with_a_page_of_html(mirakl: Mirakl) -> None:
    mirakl.fault({"operation": "*", "kind": "maintenance"})
    answer = mirakl.seller("GET", "/api/reasons")
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (503, "text/html")


@pytest.mark.parametrize(
    ("kind", "left"),
    [("reset", "WAITING_ACCEPTANCE"), ("timeout_before", "WAITING_ACCEPTANCE"), ("timeout_after", "WAITING_DEBIT")],
)
def test_a_dropped_connection_leaves_the_client_in_doubt(mirakl: Mirakl, kind: str, left: str) -> None:
    """The client cannot tell the three apart; only after the last has the vendor done what was asked."""
    mirakl.place(order())
    mirakl.fault({"operation": "OR21", "kind": kind, "seconds": 0.1})
    with pytest.raises(requests.ConnectionError):
        accept(mirakl)
    assert state(mirakl) == left


def test_a_call_that_hangs_runs_into_the_clients_own_timeout(mirakl: Mirakl) -> None:
    mirakl.place(order())
    mirakl.fault({"operation": "OR21", "kind": "timeout_after", "seconds": 1})
    with pytest.raises(requests.Timeout):
        accept(mirakl, timeout=0.2)
    until = time.monotonic() + 5
    while state(mirakl) == "WAITING_ACCEPTANCE" and time.monotonic() < until:
        time.sleep(0.02)
    assert state(mirakl) == "WAITING_DEBIT"


def test_a_slow_answer_is_a_good_one(mirakl: Mirakl) -> None:
    mirakl.place(order())
    mirakl.fault({"operation": "OR21", "kind": "slow", "seconds": 0.3})
    with pytest.raises(requests.Timeout):
        accept(mirakl, timeout=0.1)
    mirakl.fault({"operation": "*", "kind": "slow", "seconds": 0.3})
    assert mirakl.seller("GET", "/api/reasons").status_code == 200


def test_a_page_served_twice_repeats_the_page_before_and_loses_none(mirakl: Mirakl) -> None:
    mirakl.place(*[order(f"{number}-A") for number in range(3)])
    mirakl.fault({"operation": "OR11", "kind": "duplicate_page", "nth": 1})
    seen, path = [], "/api/orders?max=1"
    while path:
        answer = mirakl.seller("GET", path)
        seen += [one["order_id"] for one in answer.json()["orders"]]
        path = answer.links.get("next", {}).get("url", "").removeprefix(mirakl.access.url)
    assert seen == ["0-A", "0-A", "1-A", "2-A"]


def test_a_first_page_cannot_be_served_twice(mirakl: Mirakl) -> None:
    mirakl.fault({"operation": "OR11", "kind": "duplicate_page"})
    mirakl.orders(order_ids="A")
    mirakl.orders(order_ids="B")
    assert mirakl.control("GET", "faults")["rules"][0]["struck"] == 0


def test_a_fault_strikes_the_call_it_was_told_to(mirakl: Mirakl) -> None:
    mirakl.fault({"operation": "OR11", "kind": "500", "nth": 2, "times": 2})
    mirakl.seller("GET", "/api/reasons")
    assert lookups(mirakl, 5) == [200, 500, 500, 200, 200]


def test_a_fault_by_chance_is_the_same_with_the_same_seed(mirakl: Mirakl) -> None:
    rules = {"seed": 7, "rules": [{"operation": "*", "kind": "500", "probability": 0.5}]}
    runs = []
    for _ in range(2):
        mirakl.control("POST", "faults", json=rules)
        runs.append(lookups(mirakl, 20))
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500}


def test_faults_can_be_bounded_counted_and_taken_back(mirakl: Mirakl) -> None:
    mirakl.fault({"operation": "*", "kind": "500", "times": 2})
    assert lookups(mirakl, 3) == [500, 500, 200]
    (rule,) = mirakl.control("GET", "faults")["rules"]
    assert (rule["seen"], rule["struck"]) == (3, 2)
    assert mirakl.control("DELETE", "faults") == {"rules": []}


@pytest.mark.parametrize(
    "wrong",
    [
        [{"operation": "*", "kind": "earthquake"}],
        [{"kind": "500"}],
        [{"operation": "*", "kind": "500", "nth": 1, "probability": 0.5}],
        [{"operation": "*", "kind": "500", "probability": 2}],
        {"rules": 7},
        [{"operation": "*", "kind": "500", "often": True}],
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_and_changes_nothing(mirakl: Mirakl, wrong: object) -> None:
    mirakl.fault({"operation": "*", "kind": "500"})
    answer = requests.post(f"{mirakl.url}/_twin/faults", json=wrong, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert len(mirakl.control("GET", "faults")["rules"]) == 1


def test_the_control_routes_are_never_faulty(mirakl: Mirakl) -> None:
    mirakl.fault({"operation": "*", "kind": "reset"})
    assert mirakl.control("GET", "calls")["total"] == 0


def test_every_answer_carries_the_twins_date(mirakl: Mirakl) -> None:
    mirakl.control("POST", "clock", json={"set": "2031-05-06T07:08:09+02:00"})
    answer = mirakl.seller("GET", "/api/reasons")
    assert answer.headers["Date"].startswith("Tue, 06 May 2031 05:08:")


def test_the_clock_runs_and_can_run_faster(mirakl: Mirakl) -> None:
    mirakl.control("POST", "clock", json={"speed": 0})
    stopped = mirakl.now()
    assert mirakl.now() == stopped
    mirakl.wait(seconds=90)
    assert (mirakl.now() - stopped).total_seconds() == 90
    mirakl.control("POST", "clock", json={"speed": 100000})
    assert mirakl.now() > stopped


@pytest.mark.parametrize("wrong", [{"set": "tomorrow"}, {"set": "2031-05-06T07:08:09"}, {"speed": -1}, {}])
def test_a_clock_that_cannot_be_set_so_says_how(mirakl: Mirakl, wrong: Json) -> None:
    answer = requests.post(f"{mirakl.url}/_twin/clock", json=wrong, timeout=5)
    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)


def test_a_switch_says_what_it_is_for_and_takes_only_its_kind(mirakl: Mirakl) -> None:
    switches = mirakl.control("GET", "behaviours")
    assert all(switch["why"] for switch in switches.values())
    for wrong in ({"debit_minutes": "soon"}, {"partial_acceptance": 1}, {"weather": True}):
        assert requests.post(f"{mirakl.url}/_twin/behaviours", json=wrong, timeout=5).status_code == 400
    assert mirakl.control("GET", "behaviours") == switches


def test_the_log_tells_who_called_what_and_keeps_no_secret(mirakl: Mirakl) -> None:
    mirakl.place(order())
    mirakl.fault({"operation": "RE01", "kind": "reset"})
    lookups(mirakl, 1)
    with pytest.raises(requests.ConnectionError):
        mirakl.operator("GET", "/api/reasons")
    log = mirakl.control("GET", "calls")
    assert log["by_operation"] == {"OR11": 1, "RE01": 1}
    assert log["by_status"] == {"200": 1, "dropped": 1}
    assert [(call["credential"], call["fault"]) for call in log["calls"]] == [
        (f"seller:{MARKETPLACE}", None),
        (f"operator:{MARKETPLACE}", "reset"),
    ]
    assert mirakl.access.api_key not in str(log)
    assert "Dubois" not in str(log)
    assert "calls" not in mirakl.control("GET", "calls?summary=true")
    mirakl.control("DELETE", "calls")
    assert mirakl.control("GET", "calls")["total"] == 0


def test_latency_holds_calls_together_and_the_peak_is_seen(mirakl: Mirakl) -> None:
    mirakl.control("POST", "latency", json={"seconds": 0.8})
    began = time.monotonic()
    together([lambda: lookups(mirakl, 1)] * 3)
    assert time.monotonic() - began >= 0.8
    assert mirakl.control("GET", "calls?summary=true")["peak_concurrency"] == 3


def together(calls: list[Callable[[], object]]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_amounts_pass_through_unharmed() -> None:
    text = b'{"total":0.10,"big":12345678901234567.89,"whole":3}'
    assert decimal_json.dumps(decimal_json.loads(text)) == text


def test_a_moment_needs_its_offset() -> None:
    with pytest.raises(ValueError, match="offset"):
        moment_of("2026-10-01T00:00:00")


def test_a_caller_that_dies_while_it_speaks_broke_no_contract(mirakl: Mirakl) -> None:
    place = urlsplit(mirakl.access.url)
    with socket.create_connection((str(place.hostname), place.port), timeout=5) as line:
        head = f"PUT {place.path}/api/orders/1001-A/accept HTTP/1.1\r\nHost: {place.netloc}\r\n"
        login = f"Authorization: {mirakl.access.api_key}\r\nContent-Type: application/json\r\n"
        line.sendall(f"{head}{login}Content-Length: 1000\r\n\r\n{{".encode())
    for _ in range(200):
        if any(call["operation"] == "OR21" for call in mirakl.control("GET", "calls")["calls"]):
            break
        time.sleep(0.02)
    else:
        pytest.fail("the twin never saw the call")
    assert mirakl.control("GET", "violations") == []
