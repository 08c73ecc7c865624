"""Whatever comes through the public door is answered as its description says, and only who is known has an effect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import status_code_conformance

from tests.webhook_door import (
    ACCOUNT,
    MARKETPLACE,
    OPENAPI,
    Door,
    open_door,
    signed_as_mirakl,
    signed_as_netsuite,
)

API = schemathesis.openapi.from_dict(json.loads(OPENAPI.read_text(encoding="utf-8")))
MIRAKL = API["/mirakl/{marketplace}/events"]["POST"]
NETSUITE = API["/netsuite/events"]["POST"]
EITHER = MIRAKL.as_strategy() | NETSUITE.as_strategy()
MALFORMED = MIRAKL.as_strategy(GenerationMode.NEGATIVE) | NETSUITE.as_strategy(GenerationMode.NEGATIVE)
AS_DESCRIBED = [not_a_server_error, status_code_conformance]

fuzzed = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with open_door() as door:
        yield door


def sent(case: Case[Any], door: Door) -> int:
    """Send a case through the door, hold the answer to the description, and answer its status."""
    case.operation.app = door
    handled = len(door.handled)
    answer = case.call(base_url="http://door")
    assert len(door.handled) == handled + 1 or answer.status_code == 404, "it did not come as far as a function"
    case.validate_response(answer, checks=AS_DESCRIBED)
    return int(answer.status_code)


@fuzzed
@given(case=EITHER)
def test_nothing_that_is_not_signed_has_an_effect(door: Door, case: Case[Any]) -> None:
    before = len(door.changes)
    assert sent(case, door) in {400, 401, 404, 413}
    assert door.changes[before:] == []


@fuzzed
@given(case=MALFORMED)
def test_what_is_malformed_is_refused_and_never_an_error(door: Door, case: Case[Any]) -> None:
    before = len(door.changes)
    case.operation.app = door
    status = case.call(base_url="http://door").status_code
    assert 400 <= status < 500
    assert door.changes[before:] == []
    assert door.failures == []


@fuzzed
@given(case=MIRAKL.as_strategy())
def test_whatever_a_known_marketplace_says_is_taken_or_refused(door: Door, case: Case[Any]) -> None:
    body = json.dumps(case.body).encode()
    status = door.post(f"/mirakl/{MARKETPLACE}/events", signed_as_mirakl(body, uuid4().hex), body)
    assert status == 202
    assert door.failures == []


@fuzzed
@given(case=NETSUITE.as_strategy())
def test_whatever_our_own_script_says_is_taken_or_refused(door: Door, case: Case[Any]) -> None:
    said = case.body if isinstance(case.body, dict) else {}
    body = json.dumps({**said, "account": ACCOUNT}).encode()
    before = len(door.changes)
    assert door.post("/netsuite/events", signed_as_netsuite(body), body) == 202
    assert set(door.changes[before:]) <= {"PutItem", "SendMessageBatch", "UpdateItem"}
    assert door.failures == []


def test_a_signed_ring_reaches_the_queue_once(door: Door) -> None:
    body = json.dumps({"account": ACCOUNT, "type": "itemfulfillment", "id": "815"}).encode()
    headers = signed_as_netsuite(body)
    before = len(door.changes)
    assert [door.post("/netsuite/events", headers, body) for _ in range(2)] == [202, 202]
    assert door.changes[before:].count("SendMessageBatch") == 1


def test_every_route_of_the_door_is_described() -> None:
    from infra.webhook_api import MIRAKL as MIRAKL_ROUTE  # noqa: PLC0415  brings the CDK
    from infra.webhook_api import NETSUITE as NETSUITE_ROUTE  # noqa: PLC0415

    assert set(json.loads(OPENAPI.read_text(encoding="utf-8"))["paths"]) == {MIRAKL_ROUTE, NETSUITE_ROUTE}
