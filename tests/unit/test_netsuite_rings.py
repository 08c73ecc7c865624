"""NetSuite's ring is let in by its signature, its age and its account; of what it says only an id is taken."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.netsuite.user_events import signature as the_twins_signature
from tests.fakes import MemoryMeter, a_config
from tieout.domain.webhooks import (
    TOLERANCE_SECONDS,
    RefusedError,
    authenticate_netsuite,
    fulfilment_id,
    netsuite_signature,
)
from tieout.flows.netsuite_events import NetSuiteReception, named_fulfilments, receive_ring

NOW = 1_790_000_000
SECRET = "an-agreed-secret"
ACCOUNT = "1234567_SB1"
RING = {"v": 1, "account": ACCOUNT, "type": "itemfulfillment", "id": "4711", "event": "ship", "ts": str(NOW)}
BODY = json.dumps(RING).encode()


def signed(body: bytes = BODY, *, secret: str = SECRET, at: int = NOW) -> dict[str, str]:
    return {"x-tieout-timestamp": str(at), "x-tieout-signature": netsuite_signature(secret, str(at), body)}


def a_ring(**changes: Any) -> bytes:
    return json.dumps({**RING, **changes}).encode()


class Desk:
    """The endpoint's surroundings, in memory."""

    def __init__(self, *secrets: str) -> None:
        self.secrets = secrets or (SECRET,)
        self.queued: list[str] = []
        self.answers: dict[str, int] = {}
        self.now = NOW

    def once(self, message_id: str, effect: Callable[[], int]) -> int:
        if message_id not in self.answers:
            self.answers[message_id] = effect()
        return self.answers[message_id]

    def fetch(self, ids: Sequence[str]) -> None:
        self.queued += ids

    def receives(self, headers: dict[str, str], body: bytes = BODY, **more: Any) -> int:
        """The status, as the function answers it."""
        desk = NetSuiteReception(
            config=a_config(),
            secrets=lambda: self.secrets,
            once=self.once,
            fulfilments_to_fetch=self.fetch,
            meter=MemoryMeter(),
            clock=lambda: datetime.fromtimestamp(self.now, UTC),
        )
        try:
            receive_ring({"headers": headers, "body": body.decode(), **more}, desk)
        except RefusedError as refused:
            return refused.status
        return 202


def test_a_signed_and_fresh_ring_names_a_fulfilment_to_be_read() -> None:
    desk = Desk()
    assert desk.receives(signed()) == 202
    assert desk.queued == ["4711"]


def test_the_signature_is_what_openssl_and_the_accounts_script_compute() -> None:
    """printf '1.{}' | openssl dgst -sha256 -hmac secret."""
    expected = "1122767b193110cfec322b6f199b599edbf608ed087f2d27afb0b97d99523908"
    assert netsuite_signature("secret", "1", b"{}") == f"v1={expected}"
    assert the_twins_signature("secret", "1", b"{}") == expected


def test_headers_are_found_however_they_are_written() -> None:
    written = {name.title(): value for name, value in signed().items()}
    assert Desk().receives(written) == 202


def test_the_body_is_verified_as_it_was_sent_even_when_the_gateway_encodes_it() -> None:
    assert Desk().receives(signed(), b64encode(BODY), isBase64Encoded=True) == 202


def test_during_a_rotation_both_secrets_are_good() -> None:
    desk = Desk("new", "old")
    assert desk.receives(signed(secret="old")) == 202
    assert desk.receives(signed(secret="older")) == 401


def test_a_ring_that_comes_again_is_read_once() -> None:
    desk = Desk()
    assert [desk.receives(signed()) for _ in range(3)] == [202] * 3
    assert desk.queued == ["4711"]


def test_a_recorded_ring_is_of_no_use_after_five_minutes() -> None:
    desk, recorded = Desk(), signed()
    desk.now = NOW + TOLERANCE_SECONDS + 1
    assert desk.receives(recorded) == 401


def test_a_later_save_of_the_same_fulfilment_is_another_ring() -> None:
    desk = Desk()
    assert desk.receives(signed()) == 202
    assert desk.receives(signed(at=NOW + 1)) == 202
    assert desk.queued == ["4711", "4711"]


@pytest.mark.parametrize("skew", [-TOLERANCE_SECONDS - 1, TOLERANCE_SECONDS + 1])
def test_a_ring_older_or_newer_than_five_minutes_is_refused(skew: int) -> None:
    assert Desk().receives(signed(at=NOW + skew)) == 401


@pytest.mark.parametrize("skew", [-TOLERANCE_SECONDS, TOLERANCE_SECONDS])
def test_five_minutes_either_way_are_tolerated(skew: int) -> None:
    assert Desk().receives(signed(at=NOW + skew)) == 202


@pytest.mark.parametrize("header", ["x-tieout-timestamp", "x-tieout-signature"])
def test_a_ring_without_one_of_its_headers_is_refused(header: str) -> None:
    headers = signed()
    del headers[header]
    assert Desk().receives(headers) == 401


@given(st.integers(0, len(BODY) - 1), st.integers(1, 127))
def test_one_flipped_byte_is_refused(position: int, flip: int) -> None:
    changed = bytearray(BODY)
    changed[position] ^= flip
    with pytest.raises(RefusedError):
        authenticate_netsuite(signed(), bytes(changed), [SECRET], NOW)


@given(st.dictionaries(st.sampled_from(["x-tieout-timestamp", "x-tieout-signature"]), st.text()), st.binary())
def test_whatever_an_outsider_sends_is_refused_never_an_error(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        authenticate_netsuite(headers, body, [SECRET], NOW)
    assert refused.value.status in (401, 413)


def test_without_a_secret_nobody_is_let_in() -> None:
    with pytest.raises(RefusedError):
        authenticate_netsuite(signed(secret=""), BODY, [], NOW)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (a_ring(account="1234567"), 403),
        (a_ring(account=None), 403),
        (a_ring(type="salesorder"), 400),
        (a_ring(type=["itemfulfillment"]), 400),
        (a_ring(id=4711), 400),
        (a_ring(id="4711 OR 1=1"), 400),
        (a_ring(id="0"), 400),
        (a_ring(id="\uff14\uff17\uff11\uff11"), 400),
        (a_ring(id=""), 400),
        (b"[]", 400),
        (b"not json", 400),
        (b"[" * 100_000, 400),
    ],
)
def test_a_signed_ring_that_names_no_fulfilment_of_ours_has_no_effect(body: bytes, status: int) -> None:
    desk = Desk()
    assert desk.receives(signed(body), body) == status
    assert desk.queued == []
    assert desk.answers == {}


@pytest.mark.parametrize("account", ["1234567_SB1", "1234567-sb1", "1234567_sb1"])
def test_an_account_is_the_same_with_a_dash_or_in_small_letters(account: str) -> None:
    assert fulfilment_id(a_ring(account=account), ACCOUNT) == "4711"


def test_what_a_later_script_adds_changes_nothing() -> None:
    assert fulfilment_id(a_ring(v=2, priority="high", lines=[{"id": 1}]), ACCOUNT) == "4711"


@pytest.mark.parametrize("event", ["create", "edit", "ship", "pack", "delete"])
def test_every_event_is_read_a_deletion_too(event: str) -> None:
    """Who looks for the fulfilment learns that it is gone."""
    assert fulfilment_id(a_ring(event=event), ACCOUNT) == "4711"


def test_our_queues_messages_name_fulfilments_and_others_are_dropped() -> None:
    bodies = ['{"fulfilment_id": "4711"}', "not json", "[]", '{"fulfilment_id": "x"}', '{"fulfilment_id": 1}']
    records = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]
    assert named_fulfilments(records) == {"0": "4711"}
