"""What goes wrong around NetSuite: too many at once, faults on order, answers that never arrive."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from email.utils import parsedate_to_datetime

import pytest
import requests

from tests.integration.twins.netsuite import MUG, RECORD, SUITEQL, NetSuite, published, refusal

SERVER_TIME = "/services/rest/system/v1/serverTime"


def test_more_than_five_at_once_are_too_many(netsuite: NetSuite):
    """One pool for the whole account. Each call holds its slot for its whole latency."""
    netsuite.token()
    netsuite.control("POST", "latency", json={"seconds": 1.5})
    barrier = threading.Barrier(7)

    def ask(_: int) -> requests.Response:
        barrier.wait()
        return requests.get(
            netsuite.url + SERVER_TIME, headers={"Authorization": f"Bearer {netsuite.token()}"}, timeout=10
        )

    with ThreadPoolExecutor(7) as pool:
        answers = list(pool.map(ask, range(7)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 2
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json() == published("error-429-concurrency")
    assert "Retry-After" not in refused.headers


def test_the_limit_is_the_accounts_tier(netsuite: NetSuite):
    netsuite.token()
    netsuite.behave(concurrency_limit=0)
    assert netsuite.call("GET", SERVER_TIME).status_code == 429
    assert netsuite.ask_token(netsuite.assertion()).status_code == 200


def test_a_body_has_its_longest_length(netsuite: NetSuite, monkeypatch: pytest.MonkeyPatch):
    """104 MB; a few bytes do for the rule."""
    monkeypatch.setattr("sandbox.netsuite.records.BODY_LIMIT", 10)
    assert refusal(netsuite.post("customer", {"companyName": "Shop"}), 413)["o:errorCode"] == "INVALID_REQUEST"


def test_a_fault_can_be_the_published_500(netsuite: NetSuite):
    netsuite.token()
    netsuite.control("POST", "faults", json=[{"operation": "SuiteQL", "kind": "500", "nth": 1}])
    failed = netsuite.query("SELECT id FROM item")
    assert (failed.status_code, failed.json()) == (500, published("error-500-unexpected"))
    assert netsuite.query("SELECT id FROM item").status_code == 200


def test_a_create_may_be_saved_and_never_answered(netsuite: NetSuite):
    """The case that doubles orders: the second attempt meets the first one's external id."""
    netsuite.customer()
    rule = {"operation": "POST salesOrder", "kind": "timeout_after", "nth": 1, "seconds": 0.1}
    netsuite.control("POST", "faults", json=[rule])
    with pytest.raises(requests.ConnectionError):
        netsuite.post("salesOrder", netsuite.order(externalId="T-1"))
    assert "already exists" in refusal(netsuite.post("salesOrder", netsuite.order(externalId="T-1")))["detail"]
    assert netsuite.get("salesOrder", "eid:T-1")["tranId"] == "SO1001"


def test_a_create_may_be_cut_off_before_it_is_saved(netsuite: NetSuite):
    netsuite.customer()
    netsuite.control("POST", "faults", json=[{"operation": "POST salesOrder", "kind": "reset", "nth": 1}])
    with pytest.raises(requests.ConnectionError):
        netsuite.post("salesOrder", netsuite.order(externalId="T-1"))
    assert netsuite.call("GET", RECORD + "salesOrder/eid:T-1").status_code == 404


def test_of_two_creates_at_once_with_one_external_id_one_wins(netsuite: NetSuite):
    netsuite.customer()
    body = netsuite.order(externalId="T-1")
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda _: netsuite.post("salesOrder", body).status_code, range(4)))
    assert sorted(statuses) == [204, 400, 400, 400]
    assert len(netsuite.twin.records("salesOrder")) == 1


def test_the_log_names_operations_and_who_called_but_no_data(netsuite: NetSuite):
    netsuite.customer(companyName="Ada Byron")
    netsuite.query("SELECT id FROM item")
    netsuite.call("GET", SERVER_TIME, Authorization=netsuite.tba_header("GET", SERVER_TIME))
    netsuite.call("GET", SERVER_TIME, Authorization="Bearer wrong")
    report = netsuite.control("GET", "calls").json()
    assert [(call["operation"], call["credential"], call["status"]) for call in report["calls"]] == [
        ("token", "anonymous", 200),
        ("POST customer", "m2m", 204),
        ("SuiteQL", "m2m", 200),
        ("serverTime", "tba", 200),
        ("serverTime", "anonymous", 401),
    ]
    assert "Ada" not in str(report)
    assert netsuite.token() not in str(report)


def test_every_answer_is_dated_by_the_twins_clock(netsuite: NetSuite):
    netsuite.control("POST", "clock", json={"set": "2026-10-31T12:00:00Z"})
    said = parsedate_to_datetime(netsuite.call("GET", SERVER_TIME).headers["Date"])
    assert said.replace(second=0) == datetime.fromisoformat("2026-10-31T12:00:00Z")


@pytest.mark.parametrize(
    ("method", "target", "headers", "body"),
    [
        ("GET", RECORD + "employee/1", {}, None),
        ("POST", RECORD + "returnAuthorization", {}, {}),
        ("POST", RECORD + "customer", {"Prefer": "respond-async"}, {"companyName": "x"}),
        ("POST", RECORD + "customer", {"Content_Type": "application/vnd.oracle.resource+json; type=collection"}, {}),
        ("GET", "/services/rest/async/v1/job/1", {}, None),
    ],
)
def test_what_netsuite_can_do_and_the_twin_cannot_is_said_aloud(
    gaps_of_netsuite: NetSuite, method: str, target: str, headers: dict[str, str], body: object
):
    answer = gaps_of_netsuite.call(method, target, body, **headers)
    assert (answer.status_code, answer.json()["twin"]) == (500, "contract violation")
    assert len(gaps_of_netsuite.control("GET", "violations").json()) == 1


def test_discounts_and_transforms_are_not_passed_over_in_silence(gaps_of_netsuite: NetSuite):
    twin = gaps_of_netsuite
    twin.customer()
    order = twin.create("salesOrder", twin.order())
    for answer in (
        twin.post("salesOrder", twin.order(discountRate=10)),
        twin.call("POST", f"{RECORD}salesOrder/{order}/!transform/cashSale", {}),
    ):
        assert answer.json()["twin"] == "contract violation"


def test_records_are_read_in_full_over_the_control_route(netsuite: NetSuite):
    netsuite.customer()
    netsuite.create("salesOrder", netsuite.order(externalId="T-1"))
    (line,) = netsuite.control("GET", "records/salesOrder").text.splitlines()
    assert '"externalId":"T-1"' in line
    assert f'"id":"{MUG}"' in line
    assert '"total":10.00' in line
    assert f"{netsuite.url}{RECORD}salesOrder/" in line


def test_each_switch_says_why_it_stands_as_it_does(netsuite: NetSuite):
    listed = netsuite.control("GET", "behaviours").json()
    assert all(switch["why"] and switch["value"] == switch["default"] for switch in listed.values())


def test_a_thousand_orders_later_questions_are_still_answered(netsuite: NetSuite):
    """Writes are followed one by one; nothing is rebuilt. No time is measured here, only that it all adds up."""
    netsuite.customer()
    account = netsuite.twin.account
    for number in range(1000):
        body = netsuite.order(externalId=f"T-{number}")
        assert account.request("POST", RECORD + "salesOrder", body).status == 204
        if number % 5 == 0:
            text = "SELECT id FROM transaction WHERE type = ? AND externalid IN (?)"
            asked = {"q": text, "params": ["SalesOrd", f"T-{number}"]}
            assert account.request("POST", SUITEQL, asked, {"Prefer": "transient"}).json()["count"] == 1
    assert netsuite.rows("SELECT COUNT(*) AS n, SUM(foreigntotal) AS s FROM transaction") == [
        {"n": "1000", "s": "10000"}
    ]
