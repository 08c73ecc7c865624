"""Who we are to NetSuite: signed assertions, short-lived tokens, and TBA signatures."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
import responses
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from tests.requests_sent import body_of
from tests.shared import shared
from tieout.calls import Caller
from tieout.domain.errors import CredentialsRefused, SystemDown, Throttled
from tieout.netsuite.auth import (
    OAuth2,
    TokenBased,
    assertion,
    certificate_days_left,
    realm_of,
    tba_base_string,
    tba_header,
)

URL = "https://1234567-sb1.suitetalk.api.netsuite.com"
TOKEN_URL = f"{URL}/services/rest/auth/oauth2/v1/token"
NOW = datetime(2026, 10, 1, 9, tzinfo=UTC)


@cache
def a_key(algorithm: str = "ES256") -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    if algorithm.startswith("PS"):
        return rsa.generate_private_key(65537, 3072)
    return ec.generate_private_key(ec.SECP256R1())


def a_secret(algorithm: str = "ES256") -> dict[str, str]:
    pem = a_key(algorithm).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {"client_id": "client-1", "certificate_id": "cert-1", "private_key": pem.decode(), "algorithm": algorithm}


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def netsuite() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def a_login(clock: Clock, secret: Mapping[str, str] | None = None) -> OAuth2:
    return OAuth2(URL, lambda: secret or a_secret(), Caller(1, 1), clock)


def grant(netsuite: responses.RequestsMock, *tokens: str) -> None:
    for token in tokens:
        netsuite.add(
            responses.POST, TOKEN_URL, json={"access_token": token, "expires_in": 3600, "token_type": "Bearer"}
        )


@pytest.mark.parametrize("algorithm", ["ES256", "PS256"])
def test_an_assertion_is_signed_by_our_key_for_this_address_and_five_minutes(algorithm: str):
    now = int(NOW.timestamp())
    signed = assertion(a_secret(algorithm), TOKEN_URL, now)
    assert jwt.get_unverified_header(signed) == {"typ": "JWT", "alg": algorithm, "kid": "cert-1"}
    claims = jwt.decode(
        signed,
        a_key(algorithm).public_key(),
        algorithms=[algorithm],
        audience=TOKEN_URL,
        options={"verify_exp": False, "verify_iat": False},
    )
    assert (claims["iss"], claims["scope"]) == ("client-1", ["rest_webservices"])
    assert (claims["iat"], claims["exp"]) == (now - 10, now + 290)
    assert claims["jti"]


def test_two_assertions_are_never_the_same():
    ids = {jwt.decode(assertion(a_secret(), TOKEN_URL, 1), options={"verify_signature": False})["jti"] for _ in "12"}
    assert len(ids) == 2


def test_a_token_serves_until_five_minutes_before_its_end(netsuite: responses.RequestsMock):
    grant(netsuite, "first", "second")
    clock = Clock()
    login = a_login(clock)
    assert login.sign("GET", URL) == login.sign("POST", URL) == "Bearer first"
    clock.now += timedelta(seconds=3299)
    assert login.sign("GET", URL) == "Bearer first"
    clock.now += timedelta(seconds=1)
    assert login.sign("GET", URL) == "Bearer second"


def test_the_token_request_is_the_documented_form(netsuite: responses.RequestsMock):
    grant(netsuite, "t")
    a_login(Clock()).sign("GET", URL)
    request = netsuite.calls[0].request
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    form = parse_qs(body_of(request))
    assert form["grant_type"] == ["client_credentials"]
    assert form["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    assert len(form["client_assertion"]) == 1


def test_a_secret_is_fetched_when_it_is_needed_and_not_before():
    def secret() -> Mapping[str, str]:
        pytest.fail("nothing has been called yet")

    OAuth2(URL, secret, Caller(1, 1), Clock())
    TokenBased("1234567_SB1", secret, Clock())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": 400, "json": {"error": "invalid_grant"}}, CredentialsRefused),
        ({"status": 401, "body": "no"}, CredentialsRefused),
        ({"status": 429, "headers": {"Retry-After": "5"}}, Throttled),
        ({"status": 503, "body": "<html>"}, SystemDown),
        ({"status": 200, "body": "<html>"}, SystemDown),
        ({"status": 302, "headers": {"Location": "https://evil.example"}}, SystemDown),
    ],
)
def test_a_refused_login_stops_and_an_absent_netsuite_comes_back(
    netsuite: responses.RequestsMock, answer: dict[str, Any], error: type[Exception]
):
    netsuite.add(responses.POST, TOKEN_URL, **answer)
    with pytest.raises(error):
        a_login(Clock()).sign("GET", URL)
    assert len(netsuite.calls) == 1, "failed logins fill the audit trail and can lock the user"


def test_why_a_login_was_refused_is_told_in_oauths_word(netsuite: responses.RequestsMock):
    netsuite.add(responses.POST, TOKEN_URL, status=400, json={"error": "invalid_grant"})
    with pytest.raises(CredentialsRefused, match="invalid_grant"):
        a_login(Clock()).sign("GET", URL)


@pytest.mark.parametrize("missing", ["client_id", "certificate_id", "private_key"])
def test_a_secret_that_lacks_something_names_it(missing: str):
    secret = {name: value for name, value in a_secret().items() if name != missing}
    with pytest.raises(CredentialsRefused, match=missing):
        assertion(secret, TOKEN_URL, 1)


@pytest.mark.parametrize(
    "spoilt",
    [{"private_key": "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----"}, {"algorithm": "XX1"}],
)
def test_a_key_that_cannot_sign_is_not_shown_to_anybody(spoilt: dict[str, str]):
    with pytest.raises(CredentialsRefused) as refused:
        assertion({**a_secret(), **spoilt}, TOKEN_URL, 1)
    assert "c2VjcmV0" not in repr(refused.value)
    assert refused.value.__cause__ is None


def test_neither_key_nor_token_is_logged_or_shown(netsuite: responses.RequestsMock, caplog: pytest.LogCaptureFixture):
    grant(netsuite, "very-secret-token")
    login = a_login(Clock())
    with caplog.at_level(logging.DEBUG, logger="tieout"):
        login.sign("GET", URL)
    told = repr(login) + "".join(repr(vars(record)) for record in caplog.records)
    assert "netsuite" in told
    assert "very-secret-token" not in told
    assert "PRIVATE KEY" not in told


def test_oracles_published_signature_comes_out():
    vector = json.loads(shared("fixtures/netsuite/tba-signature-vector.json").read_bytes())
    names = ("consumer_key", "consumer_secret", "token_id", "token_secret")
    header = tba_header(
        {name: vector[name] for name in names},
        vector["method"],
        vector["url"],
        realm=vector["realm"],
        nonce=vector["nonce"],
        timestamp=vector["timestamp"],
    )
    assert 'oauth_signature="B5OIWznZ2YP0OB7VrJrGkYsTh%2B8H%2B5T9Hag%2Bo92q0zY%3D"' in header
    assert header.startswith('OAuth realm="123456", ')


def test_the_query_is_signed_too_and_sorted_after_encoding():
    signed = tba_base_string("get", f"{URL}/services/rest/x?offset=0&limit=10&q=a+b%20c", {"oauth_nonce": "n"})
    assert signed.endswith("limit%3D10%26oauth_nonce%3Dn%26offset%3D0%26q%3Da%2520b%2520c")
    assert signed.startswith("GET&https%3A%2F%2F1234567-sb1.suitetalk.api.netsuite.com%2Fservices%2Frest%2Fx&")


def test_every_attempt_is_signed_anew():
    secret = dict.fromkeys(("consumer_key", "consumer_secret", "token_id", "token_secret"), "x")
    login = TokenBased("1234567-sb1", lambda: secret, Clock())
    first, second = login.sign("GET", URL), login.sign("GET", URL)
    assert first != second
    assert 'realm="1234567_SB1"' in first


def test_an_account_is_written_large_and_with_an_underscore_for_the_realm():
    assert realm_of("1234567-sb1") == realm_of("1234567_SB1") == "1234567_SB1"


@pytest.mark.parametrize(("days", "left"), [(90, 90), (0.5, 0), (-1, -1)])
def test_days_left_of_a_certificate_are_whole_days(days: float, left: int):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tieout")])
    key = a_key()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=30))
        .not_valid_after(NOW + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    assert certificate_days_left(certificate.public_bytes(serialization.Encoding.PEM).decode(), NOW) == left
