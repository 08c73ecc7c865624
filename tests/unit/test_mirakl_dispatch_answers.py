"""What is asked of Mirakl about what leaves, and what its answers mean."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from tieout.domain.errors import CredentialsRefused, NeedsAttention, OutcomeUnknown, SystemDown
from tieout.domain.shipments.shipment import ShipmentDraft, ShippedLine, Tracking
from tieout.mirakl import seeking
from tieout.mirakl.client import Connection, Mirakl

URL = "https://brightside.mirakl.net"
SHIPMENTS = f"{URL}/api/shipments"
START, END = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 2, 0, 0, 0, 500000, tzinfo=UTC)


@pytest.fixture
def mirakl() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def a_client() -> Mirakl:
    connection = Connection(marketplace="brightside-uk", base_url=URL, role="seller", shop_id=2001)
    return Mirakl(connection, lambda: {"api_key": "k-1"}, sleep=lambda _seconds: None)


def row(shipment_id: str, **details: Any) -> dict[str, Any]:
    return {"id": shipment_id, "order_id": "A-1", "status": "SHIPPED", "shipment_lines": [], **details}


def draft(reference: str = "ours", order_id: str = "A-1") -> ShipmentDraft:
    return ShipmentDraft(reference=reference, order_id=order_id, lines=(ShippedLine(f"{order_id}-1", 1),))


def asked(mock: responses.RequestsMock) -> list[dict[str, list[str]]]:
    return [parse_qs(urlsplit(call.request.url or "").query) for call in mock.calls]


def sent(mock: responses.RequestsMock) -> Any:
    return json.loads(mock.calls[0].request.body or b"")


def test_a_window_is_asked_for_a_hundred_at_a_time_and_a_page_token_goes_alone(mirakl: responses.RequestsMock):
    mirakl.get(SHIPMENTS, json={"data": [row("S-1")], "next_page_token": "t+1"})
    mirakl.get(SHIPMENTS, json={"data": [row("S-2")], "next_page_token": None})
    pages = list(a_client().shipments_updated(START, END))
    assert [[each.shipment_id for each in page] for page in pages] == [["S-1"], ["S-2"]]
    assert asked(mirakl) == [
        {
            "last_updated_from": ["2026-10-01T00:00:00.000Z"],
            "last_updated_to": ["2026-10-02T00:00:00.500Z"],
            "limit": ["100"],
            "shop_id": ["2001"],
        },
        {"page_token": ["t+1"], "shop_id": ["2001"]},
    ]


def test_a_page_that_is_served_twice_hides_nothing(mirakl: responses.RequestsMock):
    first = {"data": [row("S-1")], "next_page_token": "t-1"}
    for page in (first, first, {"data": [row("S-2")]}):
        mirakl.get(SHIPMENTS, json=page)
    assert [each.id for each in a_client().shipments_of(["A-1"])] == ["S-1", "S-2"]


def test_a_listing_that_never_ends_is_given_up(mirakl: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(seeking, "LONGEST_LISTING", 3)
    mirakl.get(SHIPMENTS, json={"data": [row("S-1")], "next_page_token": "t-1"})
    with pytest.raises(SystemDown, match="did not end after 3 pages"):
        a_client().shipments_of(["A-1"])
    assert len(mirakl.calls) == 3


@pytest.mark.parametrize("answer", [{"body": "<html>Back soon</html>"}, {"json": {"rows": []}}])
def test_a_listing_without_its_rows_is_no_empty_listing(mirakl: responses.RequestsMock, answer: dict[str, Any]):
    """Taken for empty, what was shipped already would be shipped again."""
    mirakl.get(SHIPMENTS, **answer)
    with pytest.raises(SystemDown):
        a_client().shipments_of(["A-1"])


def test_orders_are_asked_for_by_the_fifty_each_in_a_parameter_of_its_own(mirakl: responses.RequestsMock):
    mirakl.get(SHIPMENTS, json={"data": []})
    a_client().shipments_of([f"A+{n}" for n in range(120)] * 2)
    assert [len(query["order_id"]) for query in asked(mirakl)] == [50, 50, 20]
    assert asked(mirakl)[0]["order_id"][:2] == ["A+0", "A+1"]


def test_a_shipment_that_does_not_read_is_not_overlooked(mirakl: responses.RequestsMock):
    mirakl.get(SHIPMENTS, json={"data": [row("S-1"), row("S-2", order_id="B-1", shipment_lines=None)]})
    with pytest.raises(NeedsAttention) as unreadable:
        a_client().shipments_of(["A-1", "B-1"])
    assert unreadable.value.facts == {
        "shipment_id": "S-2",
        "order_id": "B-1",
        "problem": "shipment_lines is missing",
    }


@pytest.mark.parametrize("answer", [{}, {"shipment_errors": []}, [], {"shipment_success": None}])
def test_a_creation_that_is_not_answered_as_documented_may_have_happened(mirakl: responses.RequestsMock, answer: Any):
    mirakl.post(SHIPMENTS, json=answer, status=201)
    with pytest.raises(OutcomeUnknown):
        a_client().create_shipments([draft()])


def test_a_refused_creation_in_a_good_answer_is_not_lost(mirakl: responses.RequestsMock):
    answer = {"shipment_success": [], "shipment_errors": [{"order_id": "A-1", "message": "Not now."}]}
    mirakl.post(SHIPMENTS, json=answer, status=201)
    created = a_client().create_shipments([draft(), draft("lost", "B-1")])
    assert (created.ids, created.refused) == ({}, {"ours": "Not now.", "lost": "not in Mirakl's answer"})
    assert [each["shipped"] for each in sent(mirakl)["shipments"]] == [True, True]


@pytest.mark.parametrize("operation", ["ST23", "ST24"])
def test_a_shipment_that_the_answer_does_not_name_was_not_changed(mirakl: responses.RequestsMock, operation: str):
    answer = {"shipment_success": [{"id": "S-1"}], "shipment_errors": [{"id": "S-2", "message": "Too late."}]}
    mirakl.post(f"{SHIPMENTS}/tracking", json=answer) if operation == "ST23" else mirakl.put(
        f"{SHIPMENTS}/ship", json=answer
    )
    ids, client = ["S-1", "S-2", "S-3"], a_client()
    how = dict.fromkeys(ids, Tracking(number="JD014"))
    refused = client.track_shipments(how) if operation == "ST23" else client.ship_shipments(ids)
    assert refused == {"S-2": "Too late.", "S-3": "not in Mirakl's answer"}


def test_more_than_mirakl_takes_in_a_call_is_not_sent():
    many = [draft(str(n)) for n in range(1001)]
    with pytest.raises(ValueError, match="1000"):
        a_client().create_shipments(many)
    with pytest.raises(ValueError, match="1000"):
        a_client().ship_shipments([str(n) for n in range(1001)])


def test_a_whole_order_is_shipped_without_a_body(mirakl: responses.RequestsMock):
    mirakl.put(f"{URL}/api/orders/A%2F1/ship", status=204)
    a_client().ship_order("A/1")
    assert not mirakl.calls[0].request.body
    assert "Content-Type" not in mirakl.calls[0].request.headers


def test_a_key_without_the_right_to_ship_stops_everything(mirakl: responses.RequestsMock):
    mirakl.put(f"{URL}/api/orders/A-1/ship", status=403)
    with pytest.raises(CredentialsRefused):
        a_client().ship_order("A-1")


def test_a_carrier_without_a_code_cannot_be_named(mirakl: responses.RequestsMock):
    carriers = [{"label": "Nameless"}, {"code": "UPS", "label": None, "standard_code": None}]
    mirakl.get(f"{URL}/api/shipping/carriers", json={"carriers": carriers})
    found = a_client().carriers()
    assert (set(found), found["UPS"].label, found["UPS"].standard_code) == ({"UPS"}, "", "")


@pytest.mark.parametrize("features", [None, {}, {"shipment": None}, {"shipment": {"multi_shipment": None}}])
def test_a_platform_that_does_not_say_how_it_ships_is_not_guessed(mirakl: responses.RequestsMock, features: Any):
    """A whole order would be shipped with its first parcel."""
    mirakl.get(f"{URL}/api/platform/configuration", json={"features": features})
    with pytest.raises(SystemDown, match="multi_shipment"):
        a_client().platform()


@pytest.mark.parametrize(
    ("returns", "on"),
    [
        (None, True),
        ({}, True),
        ({"marketplace": True, "drop_ship": False}, True),
        ({"marketplace": False, "drop_ship": False, "one_creditor": False}, False),
    ],
)
def test_returns_are_off_only_where_the_platform_says_so(mirakl: responses.RequestsMock, returns: Any, on: bool):
    features = {"shipment": {"multi_shipment": True}, "returns": returns, "order_tax_mode": "TAX_EXCLUDED"}
    mirakl.get(f"{URL}/api/platform/configuration", json={"features": features})
    platform = a_client().platform()
    assert (platform.returns, platform.multi_shipment, platform.tax_included) == (on, True, False)
