"""Addresses that Mirakl names (files of an export): our credentials go to our own instance only."""

from __future__ import annotations

import pytest
from requests.structures import CaseInsensitiveDict

from tieout.calls import Answer, Call, Caller, Sign
from tieout.domain.errors import CredentialsRefused, SystemDown
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


def calls(caller: Caller, base_url: str = OURS) -> Calls:
    connection = Connection(marketplace="uk", base_url=base_url, role="seller", shop_id=1)
    return Calls(connection, lambda: {"api_key": "key"}, caller, lambda _: None)


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        (f"{OURS}/api/file/1", True),
        ("https://shop.mirakl.net.evil.example/api/file/1", False),
        ("https://storage.example/file?signature=1", False),
    ],
)
def test_only_our_own_instance_sees_our_key(url: str, signed: bool):
    caller = Listening()
    calls(caller).fetch("TL05", url)
    assert caller.signed == [(url, signed)]


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
def test_an_address_without_https_is_not_asked(url: str):
    caller = Listening()
    with pytest.raises(SystemDown):
        calls(caller).fetch("TL05", url)
    assert caller.signed == []


def test_beside_a_sandbox_files_may_be_on_this_machine():
    caller = Listening()
    calls(caller, "http://127.0.0.1:8081/uk").fetch("TL05", "http://localhost:8081/uk/file?signature=1")
    assert caller.signed == [("http://localhost:8081/uk/file?signature=1", False)]


def test_a_signed_address_that_has_expired_says_nothing_about_our_key():
    with pytest.raises(SystemDown):
        calls(Listening(403)).fetch("TL05", "https://storage.example/file")
    with pytest.raises(CredentialsRefused):
        calls(Listening(403)).fetch("TL05", f"{OURS}/api/file")
