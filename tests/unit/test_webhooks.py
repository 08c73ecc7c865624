"""A doorbell is let in by its signature and its age; nothing else that it says is believed."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.config import Config, read_config
from tieout.domain.webhooks import TOLERANCE_SECONDS, RefusedError, authenticate, check_sender, order_ids, signature
from tieout.flows.events import Reception, named_orders, receive

NOW = 1_790_000_000
SECRET = "an-agreed-secret"
BODY = b'{"order_id":"1001-A"}'


def signed(secret: str = SECRET, *, message_id: str = "msg-1", at: int = NOW, body: bytes = BODY) -> dict[str, str]:
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": signature(secret, message_id, str(at), body),
    }


def status_of(headers: dict[str, str], body: bytes = BODY, secrets: Sequence[str] = (SECRET,)) -> int:
    try:
        authenticate(headers, body, secrets, NOW)
    except RefusedError as refused:
        return refused.status
    return 200


def test_a_signed_and_fresh_message_is_let_in() -> None:
    assert authenticate(signed(), BODY, [SECRET], NOW) == "msg-1"


def test_the_signature_is_what_openssl_computes() -> None:
    """printf 'id.1.{}' | openssl dgst -sha256 -hmac secret -binary | base64."""
    assert signature("secret", "id", "1", b"{}") == "v1,490pAcC1LQ1k1cOcmH0da199+A88OKCj0Io4WnJlp68="


def test_during_a_rotation_both_secrets_are_good() -> None:
    assert status_of(signed("old"), secrets=("new", "old")) == 200
    assert status_of(signed("older"), secrets=("new", "old")) == 401


@pytest.mark.parametrize("skew", [-TOLERANCE_SECONDS - 1, TOLERANCE_SECONDS + 1])
def test_a_message_older_or_newer_than_five_minutes_is_refused(skew: int) -> None:
    assert status_of(signed(at=NOW + skew)) == 401


@pytest.mark.parametrize("skew", [-TOLERANCE_SECONDS, TOLERANCE_SECONDS])
def test_five_minutes_either_way_are_tolerated(skew: int) -> None:
    assert status_of(signed(at=NOW + skew)) == 200


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_message_without_one_of_its_headers_is_refused(header: str) -> None:
    headers = signed()
    del headers[header]
    assert status_of(headers) == 401


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_one_flipped_byte_is_refused(position: int, flip: int) -> None:
    changed = bytearray(BODY)
    changed[position] ^= flip
    assert status_of(signed(), bytes(changed)) == 401


@given(
    st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text()), st.binary()
)
def test_whatever_an_outsider_sends_is_refused_never_an_error(headers: dict[str, str], body: bytes) -> None:
    assert status_of(headers, body) in (401, 413)


def test_a_body_over_256_kilobytes_is_refused() -> None:
    body = b"x" * (256 * 1024 + 1)
    assert status_of(signed(body=body), body) == 413


def test_only_listed_networks_may_ring_where_a_list_is_set() -> None:
    check_sender("203.0.113.9", ["203.0.113.0/24"])
    check_sender("198.51.100.1", [])
    for stranger in ("198.51.100.1", "", "::1"):
        with pytest.raises(RefusedError) as refused:
            check_sender(stranger, ["203.0.113.0/24"])
        assert refused.value.status == 403


@pytest.mark.parametrize(
    ("message", "ids"),
    [
        ({"order_id": "A-1"}, ["A-1"]),
        ({"data": {"order_id": "A-1"}}, ["A-1"]),
        ([{"order_id": "A-1"}, {"order_id": "A-2"}, {"order_id": "A-1"}], ["A-1", "A-2"]),
        ({"payload": {"orders": [{"orderId": "A-1"}]}}, ["A-1"]),
        ({"order_ids": ["A-1", "A-2"]}, ["A-1", "A-2"]),
        ({"order_id": "two,ids"}, []),
        ({"order_id": 7}, []),
        ({"something": "else"}, []),
        ("just text", []),
    ],
)
def test_order_ids_are_found_where_messages_put_them(message: object, ids: list[str]) -> None:
    assert order_ids(json.dumps(message)) == ids


@given(st.text())
def test_any_text_names_orders_or_is_refused(text: str) -> None:
    try:
        ids = order_ids(text)
    except RefusedError:
        return
    assert all("," not in each for each in ids)


class Desk:
    """The webhook endpoint's surroundings, in memory."""

    def __init__(self) -> None:
        self.queued: list[tuple[str, tuple[str, ...]]] = []
        self.answers: dict[str, int] = {}

    def once(self, message_id: str, effect: Callable[[], int]) -> int:
        if message_id not in self.answers:
            self.answers[message_id] = effect()
        return self.answers[message_id]

    def fetch(self, marketplace: str, order_ids: Sequence[str]) -> None:
        self.queued.append((marketplace, tuple(order_ids)))

    def count(self, name: str, amount: int = 1, **dimensions: str) -> None: ...

    def gauge(self, name: str, value: float, **dimensions: str) -> None: ...

    def reception(self, config: Config) -> Reception:
        return Reception(
            config=config,
            secrets=lambda _: [SECRET],
            once=self.once,
            orders_to_fetch=self.fetch,
            meter=self,
            clock=lambda: datetime.fromtimestamp(NOW, UTC),
        )


@pytest.fixture
def config() -> Config:
    return read_config(Path("config/gift-shop.yaml"))


def api_event(headers: dict[str, str], body: bytes = BODY, **more: Any) -> dict[str, Any]:
    return {"headers": headers, "body": body.decode(), "requestContext": {"http": {"sourceIp": "203.0.113.9"}}, **more}


def test_a_message_that_comes_twice_is_queued_once(config: Config) -> None:
    desk = Desk()
    for _ in range(3):
        assert receive("brightside-uk", api_event(signed()), desk.reception(config)) == 1
    assert desk.queued == [("brightside-uk", ("1001-A",))]


def test_the_body_is_verified_as_it_was_sent_even_when_the_gateway_encodes_it(config: Config) -> None:
    desk = Desk()
    event = api_event(signed()) | {"body": b64encode(BODY).decode(), "isBase64Encoded": True}
    assert receive("brightside-uk", event, desk.reception(config)) == 1


def test_a_message_for_a_marketplace_we_do_not_know_is_not_found(config: Config) -> None:
    with pytest.raises(RefusedError) as refused:
        receive("elsewhere", api_event(signed()), Desk().reception(config))
    assert refused.value.status == 404


def test_nothing_unsigned_has_an_effect(config: Config) -> None:
    desk = Desk()
    with pytest.raises(RefusedError):
        receive("brightside-uk", api_event({}), desk.reception(config))
    assert desk.queued == []
    assert desk.answers == {}


def test_our_queue_and_mirakls_cloud_events_name_orders_alike(config: Config) -> None:
    records = [
        {
            "body": '{"marketplace":"maison-eu","order_id":"E-1"}',
            "eventSourceARN": "arn:aws:sqs:x:1:gift-shop-orders-to-fetch",
        },
        {
            "body": '{"type":"ORDER","data":{"order_id":"B-1"}}',
            "eventSourceARN": "arn:aws:sqs:x:1:gift-shop-brightside-uk-mirakl-events",
        },
        {"body": "not json", "eventSourceARN": "arn:aws:sqs:x:1:gift-shop-orders-to-fetch"},
        {
            "body": '{"marketplace":"elsewhere","order_id":"X"}',
            "eventSourceARN": "arn:aws:sqs:x:1:gift-shop-orders-to-fetch",
        },
    ]
    assert named_orders(records, config) == {"maison-eu": ["E-1"], "brightside-uk": ["B-1"]}
