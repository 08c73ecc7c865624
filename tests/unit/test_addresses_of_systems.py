"""Keys and orders go to the marketplace and the account that are configured, and nowhere else."""

from __future__ import annotations

import pytest

from tieout.calls import Caller
from tieout.mirakl.client import Connection as MiraklConnection
from tieout.netsuite.auth import TokenBased
from tieout.netsuite.connection import Connection, base_url_of

ELSEWHERE = [
    "http://brightside.mirakl.net",
    "https://brightside.mirakl.net.evil.example",
    "https://evil.example/brightside.mirakl.net",
    "https://brightside.mirakl.net@evil.example",
    "https://evil.example#.mirakl.net",
    "https://mirakl.net",
    "https://brightside.mirakl.net:8443",
    "https://brightside.mirakl.net\n",
    "https://169.254.169.254",
    "http://169.254.169.254/latest/meta-data",
    "http://localhost:8080",
    "http://127.0.0.1:8080@evil.example",
    "http://127.0.0.1.evil.example:80",
    "http://127.0.0.1:8080/../x",
    "http://0.0.0.0:8080",
    "http://[::1]:8080",
    "file:///etc/passwd",
    "",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_marketplace_key_is_sent_to_mirakl_only(url: str):
    with pytest.raises(ValueError, match="not a Mirakl instance"):
        MiraklConnection(marketplace="m", base_url=url, role="seller", shop_id=1)


@pytest.mark.parametrize("url", ["https://brightside.mirakl.net", "http://127.0.0.1:8080/brightside-uk"])
def test_a_marketplace_or_its_twin_on_this_machine_may_be_called(url: str):
    MiraklConnection(marketplace="m", base_url=url, role="seller", shop_id=1)


def netsuite_at(url: str) -> Connection:
    authentication = TokenBased("1234567_SB1", dict, lambda: pytest.fail("nothing is signed"))
    return Connection("1234567_SB1", url, authentication, Caller(1, 1))


@pytest.mark.parametrize(
    "url",
    [
        *ELSEWHERE,
        "https://1234567.suitetalk.api.netsuite.com",
        "https://1234567-sb1.suitetalk.api.netsuite.com.evil.example",
        "https://1234567-sb1.suitetalk.api.netsuite.com/",
        "https://7654321-sb1.suitetalk.api.netsuite.com",
    ],
)
def test_netsuite_calls_go_to_the_accounts_own_host_only(url: str):
    with pytest.raises(ValueError, match="is not account 1234567_SB1"):
        netsuite_at(url)


def test_the_host_of_an_account_is_its_id_in_small_letters_with_a_dash():
    assert base_url_of("1234567_SB1") == "https://1234567-sb1.suitetalk.api.netsuite.com"
    netsuite_at(base_url_of("1234567_SB1"))
    netsuite_at("http://127.0.0.1:9")
