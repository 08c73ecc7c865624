"""What Mirakl's answers mean: who acts, and whether a write may have happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import responses

from tests.requests_sent import query_of
from tieout.domain.errors import (
    CredentialsRefused,
    NeedsAttention,
    OutcomeUnknown,
    Reason,
    SystemDown,
    Throttled,
)
from tieout.mirakl.client import Connection, Mirakl

URL = "https://brightside.mirakl.net"
HTML: dict[str, Any] = {"body": "<html>Back soon</html>", "content_type": "text/html"}
START, END = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 2, 0, 0, 0, 500000, tzinfo=UTC)

Call = Callable[[Mirakl], object]


def a_client(secret: dict[str, str] | None = None, *, role: str = "seller", legacy: bool = False) -> Mirakl:
    shop_id = 2001 if role == "seller" else None
    connection = Connection(
        marketplace="brightside-uk", base_url=URL, role=role, shop_id=shop_id, legacy_api_key=legacy
    )
    return Mirakl(connection, lambda: secret or {"api_key": "k-1"}, sleep=lambda _seconds: None)


@pytest.fixture
def mirakl() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def poll(client: Mirakl) -> object:
    return list(client.orders_updated(START, END))


def accept(client: Mirakl) -> object:
    client.accept("A-1", {"A-1-1": True})
    return None


READ = (responses.GET, f"{URL}/api/orders", poll)
WRITE = (responses.PUT, f"{URL}/api/orders/A-1/accept", accept)


@pytest.mark.parametrize("to", [READ, WRITE])
@pytest.mark.parametrize(("said", "waited"), [("120", 120), ("", 60), ("soon", 60)])
def test_too_many_calls_come_back_when_mirakl_says_so_or_after_a_minute(
    mirakl: responses.RequestsMock, to: tuple[str, str, Call], said: str, waited: float
):
    method, url, call = to
    mirakl.add(method, url, status=429, headers={"Retry-After": said} if said else {})
    with pytest.raises(Throttled) as refused:
        call(a_client())
    assert refused.value.after_seconds == waited
    assert len(mirakl.calls) == 1, "waiting in the process would outlive it"


def test_a_retry_after_may_be_a_date(mirakl: responses.RequestsMock):
    headers = {"Date": "Thu, 01 Oct 2026 09:00:00 GMT", "Retry-After": "Thu, 01 Oct 2026 09:05:00 GMT"}
    mirakl.add(*READ[:2], status=429, headers=headers)
    with pytest.raises(Throttled) as refused:
        poll(a_client())
    assert refused.value.after_seconds == 300


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(("method", "url", "call"), [READ, WRITE])
def test_a_refused_key_stops_everything(mirakl: responses.RequestsMock, method: str, url: str, call: Call, status: int):
    mirakl.add(method, url, status=status)
    with pytest.raises(CredentialsRefused):
        call(a_client())


def test_a_key_that_was_renewed_is_used_at_the_next_call(mirakl: responses.RequestsMock):
    keys = iter(["old", "new"])
    client = Mirakl(a_client()._connection, lambda: {"api_key": next(keys)}, sleep=lambda _seconds: None)
    mirakl.add(*READ[:2], status=401)
    with pytest.raises(CredentialsRefused):
        poll(client)
    mirakl.replace(*READ[:2], json={"orders": [], "total_count": 0})
    poll(client)
    assert [call.request.headers["Authorization"] for call in mirakl.calls] == ["old", "new"]


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 503, **HTML},
        {"status": 200, **HTML},
        {"status": 302, "headers": {"Location": "https://login.example"}},
        {"body": requests.ConnectionError("reset")},
        {"body": requests.ReadTimeout("slow")},
    ],
)
def test_a_read_that_is_not_answered_means_the_system_is_down(mirakl: responses.RequestsMock, answer: dict[str, Any]):
    mirakl.add(*READ[:2], **answer)
    with pytest.raises(SystemDown):
        poll(a_client())
    assert all(call.request.url and "login.example" not in call.request.url for call in mirakl.calls)


def test_a_read_is_tried_three_times_in_all_and_may_succeed_on_the_last(mirakl: responses.RequestsMock):
    mirakl.add(*READ[:2], status=500)
    mirakl.add(*READ[:2], body=requests.ConnectionError("reset"))
    mirakl.add(*READ[:2], json={"orders": [], "total_count": 0})
    assert poll(a_client()) == []
    assert len(mirakl.calls) == 3


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 503, **HTML},
        {"status": 302, "headers": {"Location": "https://login.example"}},
        {"body": requests.ConnectionError("reset")},
        {"body": requests.ReadTimeout("slow")},
    ],
)
def test_a_write_without_a_clear_answer_may_have_happened_and_is_not_repeated(
    mirakl: responses.RequestsMock, answer: dict[str, Any]
):
    mirakl.add(*WRITE[:2], **answer)
    with pytest.raises(OutcomeUnknown):
        accept(a_client())
    assert len(mirakl.calls) == 1


def test_a_write_that_never_connected_has_not_happened(mirakl: responses.RequestsMock):
    mirakl.add(*WRITE[:2], body=requests.ConnectTimeout("no route"))
    with pytest.raises(SystemDown):
        accept(a_client())


def test_a_refusal_reaches_a_person_with_mirakls_code_and_words(mirakl: responses.RequestsMock):
    said = {"status": 400, "errors": [{"code": "ORDER_INVALID_STATE", "message": "x" * 500}]}
    mirakl.add(*WRITE[:2], status=400, json=said)
    with pytest.raises(NeedsAttention) as refused:
        accept(a_client())
    assert refused.value.reason is Reason.REFUSED_BY_MIRAKL
    assert refused.value.facts == {"status": "400", "code": "ORDER_INVALID_STATE", "message": "x" * 300}


def test_a_refusal_without_json_still_reaches_a_person(mirakl: responses.RequestsMock):
    mirakl.add(*WRITE[:2], status=410, **HTML)
    with pytest.raises(NeedsAttention) as refused:
        accept(a_client())
    assert refused.value.facts == {"status": "410"}


def test_a_refusal_inside_http_200_is_not_lost(mirakl: responses.RequestsMock):
    answer = {
        "updated_orders": [
            {"order_id": "A-1", "errors": [], "updated": {}},
            {"order_id": "B-1", "errors": [{"code": "ORDER_NOT_FOUND", "field": "order_id", "message": "No such"}]},
        ]
    }
    mirakl.add(responses.PUT, f"{URL}/api/orders", json=answer)
    refused = a_client().set_seller_references({"A-1": "SO1", "B-1": "SO2", "C-1": "SO3"})
    assert refused == {"B-1": "ORDER_NOT_FOUND: No such", "C-1": "not in Mirakl's answer"}


@pytest.mark.parametrize(
    ("role", "legacy", "secret", "header"),
    [
        ("seller", False, {"api_key": " k-1\n"}, "k-1"),
        ("operator", False, {"bearer_token": "t-1"}, "Bearer t-1"),
        ("operator", True, {"legacy_api_key": "old"}, "old"),
        ("operator", True, {"legacy_api_key": "old", "bearer_token": "t-1"}, "Bearer t-1"),
    ],
)
def test_each_role_shows_its_key_in_its_own_form(
    mirakl: responses.RequestsMock, role: str, legacy: bool, secret: dict[str, str], header: str
):
    mirakl.add(*READ[:2], json={"orders": []})
    poll(a_client(secret, role=role, legacy=legacy))
    assert mirakl.calls[0].request.headers["Authorization"] == header


def test_a_secret_without_the_key_names_what_is_missing_and_calls_nobody(mirakl: responses.RequestsMock):
    with pytest.raises(CredentialsRefused, match="bearer_token"):
        poll(a_client({"api_key": "k"}, role="operator"))
    assert len(mirakl.calls) == 0


def test_a_sellers_call_names_the_shop_and_an_operators_does_not(mirakl: responses.RequestsMock):
    mirakl.add(*READ[:2], json={"orders": []})
    mirakl.add(*WRITE[:2], status=204)
    poll(a_client())
    accept(a_client())
    poll(a_client({"bearer_token": "t"}, role="operator"))
    asked = [query_of(call.request) for call in mirakl.calls]
    assert [each.get("shop_id") for each in asked] == ["2001", "2001", None]


def test_a_window_is_asked_for_in_utc_a_hundred_orders_at_a_time(mirakl: responses.RequestsMock):
    mirakl.add(*READ[:2], json={"orders": []})
    poll(a_client())
    assert query_of(mirakl.calls[0].request) == {
        "start_update_date": "2026-10-01T00:00:00.000Z",
        "end_update_date": "2026-10-02T00:00:00.500Z",
        "max": "100",
        "offset": "0",
        "shop_id": "2001",
    }


def test_a_plus_sign_in_an_order_id_arrives_as_one(mirakl: responses.RequestsMock):
    mirakl.add(*READ[:2], json={"orders": []})
    a_client().orders_by_id(["A+1"])
    assert "order_ids=A%2B1" in (mirakl.calls[0].request.url or "")


def test_ids_are_asked_for_by_the_hundred_and_once_each(mirakl: responses.RequestsMock):
    mirakl.add(*READ[:2], json={"orders": []})
    a_client().orders_by_id([f"A-{n}" for n in range(150)] * 2)
    assert [len(query_of(call.request)["order_ids"].split(",")) for call in mirakl.calls] == [100, 50]


def test_an_order_id_cannot_lead_to_another_operation(mirakl: responses.RequestsMock):
    mirakl.add(responses.PUT, f"{URL}/api/orders/..%2F..%2Faccount/accept", status=204)
    a_client().accept("../../account", {"1": True})
    for evil in (".", "..", ""):
        with pytest.raises(NeedsAttention):
            a_client().accept(evil, {"1": True})


def test_the_clock_is_mirakls_own(mirakl: responses.RequestsMock):
    headers = {"Date": "Thu, 01 Oct 2026 09:00:00 GMT"}
    mirakl.add(responses.GET, f"{URL}/api/version", json={"version": "3.210"}, headers=headers)
    assert a_client().now() == datetime(2026, 10, 1, 9, tzinfo=UTC)


def test_without_a_date_there_is_no_clock(mirakl: responses.RequestsMock):
    mirakl.add(responses.GET, f"{URL}/api/version", json={"version": "3.210"})
    with pytest.raises(SystemDown, match="Date"):
        a_client().now()
