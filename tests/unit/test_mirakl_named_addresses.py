"""Addresses that Mirakl names (files of an export): our credentials go to our own instance only."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from requests.structures import CaseInsensitiveDict

from tieout.calls import Answer, Call, Caller, Sign
from tieout.domain.errors import CredentialsRefused, NeedsAttention, SystemDown
from tieout.mirakl.client import Mirakl
from tieout.mirakl.connection import Calls, Connection

OURS = "https://shop.mirakl.net"


class Listening(Caller):
    """Answers with a status, and remembers which calls were signed."""

    def __init__(self, status: int = 200) -> None:
        super().__init__(1, 1)
        self.status = status
        self.signed: list[tuple[str, bool]] = []

    def send(self, call: Call, sign: Sign | None, attempt: int = 1) -> Answer:
        assert attempt == 1
        self.signed.append((call.url, sign is not None))
        return Answer(self.status, CaseInsensitiveDict(), b"")

    def send_for_pieces(self, call: Call, sign: Sign | None, attempt: int = 1) -> tuple[Answer, Iterator[bytes]]:
        return self.send(call, sign, attempt), iter((b"a", b"b"))


def fetch(of: Calls, operation: str, url: str) -> None:
    of.fetch(operation, url)


def take(of: Calls, operation: str, url: str) -> None:
    assert b"".join(of.pieces(operation, url)) == b"ab"


WHOLE_OR_IN_PIECES = pytest.mark.parametrize("ask", [fetch, take])
Ask = Callable[[Calls, str, str], None]


def calls(caller: Caller, base_url: str = OURS) -> Calls:
    connection = Connection(marketplace="uk", base_url=base_url, role="seller", shop_id=1)
    return Calls(connection, lambda: {"api_key": "key"}, caller, lambda _: None)


@WHOLE_OR_IN_PIECES
@pytest.mark.parametrize(
    ("url", "signed"),
    [
        (f"{OURS}/api/file/1", True),
        ("https://shop.mirakl.net.evil.example/api/file/1", False),
        ("https://storage.example/file?signature=1", False),
    ],
)
def test_only_our_own_instance_sees_our_key(ask: Ask, url: str, signed: bool):
    caller = Listening()
    ask(calls(caller), "TL05", url)
    assert caller.signed == [(url, signed)]


@WHOLE_OR_IN_PIECES
@pytest.mark.parametrize(
    "url",
    [
        "http://storage.example/file",
        "http://shop.mirakl.net/api/file",
        "http://127.0.0.1:80/x",
        "http://localhost:80/x",
        "file:///etc/passwd",
        "",
    ],
)
def test_an_address_without_https_is_not_asked(ask: Ask, url: str):
    caller = Listening()
    with pytest.raises(SystemDown):
        ask(calls(caller), "TL05", url)
    assert caller.signed == []


def test_beside_a_sandbox_files_may_be_on_this_machine():
    caller = Listening()
    calls(caller, "http://127.0.0.1:8081/uk").fetch("TL05", "http://localhost:8081/uk/file?signature=1")
    assert caller.signed == [("http://localhost:8081/uk/file?signature=1", False)]


@WHOLE_OR_IN_PIECES
def test_a_signed_address_that_has_expired_says_nothing_about_our_key(ask: Ask):
    with pytest.raises(SystemDown):
        ask(calls(Listening(403)), "TL05", "https://storage.example/file")
    with pytest.raises(CredentialsRefused):
        ask(calls(Listening(403)), "TL05", f"{OURS}/api/file")


def test_our_own_instance_named_without_tls_is_asked_with_it():
    """Mirakl's own example of OF53 names its files so."""
    caller = Listening()
    here = Connection(marketplace="uk", base_url=OURS, role="seller", shop_id=1)
    client = Mirakl(here, lambda: {"api_key": "key"}, caller=caller)
    with pytest.raises(NeedsAttention):
        list(client.offers_of("http://shop.mirakl.net/api/offers/export/async/file/1?file=x"))
    assert caller.signed == [(f"{OURS}/api/offers/export/async/file/1?file=x", True)]
