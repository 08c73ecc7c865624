"""Who may call NetSuite: assertions that buy tokens, tokens that run out, signatures that fit."""

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from sandbox.netsuite.tba import TbaKeys, TbaRefused, TbaVerifier, signature
from tests.integration.twins.netsuite import RECORD, NetSuite, published, refusal, unsigned

SERVER_TIME = "/services/rest/system/v1/serverTime"


def test_a_signed_assertion_buys_a_bearer_token_for_an_hour(netsuite: NetSuite):
    answer = netsuite.ask_token(netsuite.assertion())
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 3600
    assert netsuite.call("GET", SERVER_TIME).status_code == 200


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("the audience is another URL", {"aud": "https://1234567-sb1.suitetalk.api.netsuite.com/token"}),
        ("the issuer is not the integration", {"iss": "somebody"}),
        ("it has expired", lambda now: {"iat": int(now) - 900, "exp": int(now) - 600}),
        ("it was signed in the future", lambda now: {"iat": int(now) + 600, "exp": int(now) + 900}),
        ("it is good for an hour or more", lambda now: {"iat": int(now) - 10, "exp": int(now) + 3590}),
        ("it has no end", {"exp": None}),
        ("its times are not whole seconds", lambda now: {"iat": now - 10}),
        ("it asks for no REST scope", {"scope": ["restlets"]}),
        ("it asks for a scope that does not exist", {"scope": ["rest_webservices", "everything"]}),
    ],
)
def test_an_assertion_is_refused_when(
    netsuite: NetSuite, why: str, changes: dict[str, Any] | Callable[[float], dict[str, Any]]
) -> None:
    answer = netsuite.ask_token(netsuite.assertion(**(changes(time.time()) if callable(changes) else changes)))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), why


def test_a_scope_may_also_be_written_with_commas(netsuite: NetSuite):
    assert netsuite.ask_token(netsuite.assertion(scope="restlets,rest_webservices")).status_code == 200


def test_an_assertion_with_a_jti_is_good_once(netsuite: NetSuite):
    assertion = netsuite.assertion(jti=str(uuid.uuid4()))
    assert netsuite.ask_token(assertion).status_code == 200
    assert netsuite.ask_token(assertion).json()["error"] == "invalid_grant"


def test_an_assertion_must_name_a_mapped_certificate(netsuite: NetSuite):
    assert netsuite.ask_token(netsuite.assertion(kid="another")).json()["error"] == "invalid_grant"


def test_an_assertion_signed_with_another_key_is_refused(netsuite: NetSuite):
    answer = netsuite.ask_token(netsuite.assertion(key=ec.generate_private_key(ec.SECP256R1())))
    assert answer.json()["error"] == "invalid_grant"


def test_a_revoked_certificate_is_no_longer_taken(netsuite: NetSuite):
    netsuite.twin.account.certificates.revoke(netsuite.access.certificate_id)
    assert netsuite.ask_token(netsuite.assertion()).json()["error"] == "invalid_grant"


def test_what_is_no_assertion_at_all_is_an_invalid_request(netsuite: NetSuite):
    for form in (
        {"client_assertion": "not a jwt"},
        {"client_assertion": ""},
        {"grant_type": "password"},
        {"client_assertion_type": "jwt"},
    ):
        answer = netsuite.ask_token(netsuite.assertion(), **form)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), form


@pytest.mark.parametrize("alg", ["RS256", "none", "HS256"])
def test_signatures_other_than_pss_and_ecdsa_are_not_taken(netsuite: NetSuite, alg: str):
    """RSA keys sign with PSS; PKCS#1 v1.5 (RS256) is refused although the key is right."""
    key = rsa.generate_private_key(65537, 3072)
    kid = netsuite.twin.account.certificates.upload(certificate_for(key))
    if alg == "RS256":
        assertion = netsuite.assertion(key=key, alg=alg, kid=kid)
    else:
        assertion = unsigned({"typ": "JWT", "alg": alg, "kid": kid}, netsuite.claims())
    assert netsuite.ask_token(assertion).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("alg", ["PS256", "PS384", "PS512"])
def test_an_rsa_certificate_signs_with_pss(netsuite: NetSuite, alg: str):
    key = rsa.generate_private_key(65537, 3072)
    kid = netsuite.twin.account.certificates.upload(certificate_for(key))
    assert netsuite.ask_token(netsuite.assertion(key=key, alg=alg, kid=kid)).status_code == 200


@pytest.mark.parametrize(("curve", "alg"), [(ec.SECP384R1(), "ES384"), (ec.SECP521R1(), "ES512")])
def test_each_curve_signs_with_its_own_algorithm(netsuite: NetSuite, curve: ec.EllipticCurve, alg: str):
    key = ec.generate_private_key(curve)
    kid = netsuite.twin.account.certificates.upload(certificate_for(key))
    assert netsuite.ask_token(netsuite.assertion(key=key, alg=alg, kid=kid)).status_code == 200
    crossed = jwt.encode(netsuite.claims(), ec.generate_private_key(ec.SECP256R1()), "ES256", {"kid": kid})
    assert netsuite.ask_token(crossed).json()["error"] == "invalid_grant"


def test_keys_that_are_too_short_cannot_be_mapped_and_no_more_than_five_can(netsuite: NetSuite):
    certificates = netsuite.twin.account.certificates
    with pytest.raises(ValueError, match="3072 or 4096"):
        certificates.upload(certificate_for(rsa.generate_private_key(65537, 2048)))
    for _ in range(4):
        certificates.upload(certificate_for(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(ValueError, match="at most 5"):
        certificates.upload(certificate_for(ec.generate_private_key(ec.SECP256R1())))


def test_a_certificate_counts_for_two_years_at_most(netsuite: NetSuite):
    key = ec.generate_private_key(ec.SECP256R1())
    three_years_ago = datetime.now(UTC) - timedelta(days=3 * 365)
    kid = netsuite.twin.account.certificates.upload(certificate_for(key, three_years_ago, years=10))
    assert netsuite.ask_token(netsuite.assertion(key=key, kid=kid)).json()["error"] == "invalid_grant"


def test_a_token_runs_out_after_an_hour(netsuite: NetSuite):
    assert netsuite.call("GET", SERVER_TIME).status_code == 200
    netsuite.control("POST", "clock", json={"advance_seconds": 3601})
    answer = netsuite.call("GET", SERVER_TIME)
    assert refusal(answer, 401)["o:errorCode"] == "INVALID_LOGIN"


def test_without_a_good_token_the_answer_is_the_published_401(netsuite: NetSuite):
    answer = netsuite.call("GET", RECORD + "customer", Authorization="Bearer nonsense")
    assert answer.status_code == 401
    assert answer.json() == published("error-401-invalid-login")
    challenge = published("error-401-www-authenticate")["headers"]["WWW-Authenticate"]
    assert answer.headers["WWW-Authenticate"] == challenge.replace("123456", netsuite.access.account)


def test_a_malformed_authorization_is_an_invalid_request(netsuite: NetSuite):
    answer = netsuite.call("GET", RECORD + "customer", Authorization="Bearer two words")
    assert refusal(answer)["o:errorCode"] == "INVALID_REQUEST"
    assert 'error="invalid_request"' in answer.headers["WWW-Authenticate"]


def test_assertions_can_be_judged_by_the_twins_clock(netsuite: NetSuite):
    """Unverified: by default this machine's clock counts, as it is the one the client signs with."""
    netsuite.control("POST", "clock", json={"set": "2030-01-01T00:00:00Z"})
    assert netsuite.ask_token(netsuite.assertion()).status_code == 200
    netsuite.behave(auth_clock="twin")
    assert netsuite.ask_token(netsuite.assertion()).json()["error"] == "invalid_grant"


# -- token-based authentication ----------------------------------------------------------------------------------

# Oracle's published example (help page "The Signature"): no live credential.
ORACLES_KEYS = TbaKeys(
    consumer_key="ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
    consumer_secret="d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
    token_id="2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
    token_secret="c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
)
ORACLES_URL = "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40"
ORACLES_HEADER = (
    'OAuth realm="123456",'
    'oauth_consumer_key="ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",'
    'oauth_token="2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",'
    'oauth_signature_method="HMAC-SHA256",oauth_timestamp="1508242306",oauth_nonce="fjaLirsIcCGVZWzBX0pg",'
    'oauth_version="1.0",oauth_signature="B5OIWznZ2YP0OB7VrJrGkYsTh%2B8H%2B5T9Hag%2Bo92q0zY%3D"'
)


def test_oracles_published_signature_is_what_we_compute():
    parameters = [
        ("oauth_consumer_key", ORACLES_KEYS.consumer_key),
        ("oauth_nonce", "fjaLirsIcCGVZWzBX0pg"),
        ("oauth_signature_method", "HMAC-SHA256"),
        ("oauth_timestamp", "1508242306"),
        ("oauth_token", ORACLES_KEYS.token_id),
        ("oauth_version", "1.0"),
    ]
    assert signature(ORACLES_KEYS, "GET", ORACLES_URL, parameters) == "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY="


def test_the_verifier_takes_oracles_published_request_and_nothing_near_it():
    verifier = TbaVerifier("123456", ORACLES_KEYS)
    with pytest.raises(TbaRefused, match="signature"):
        verifier.check(ORACLES_HEADER, "GET", ORACLES_URL.replace("40", "41"), [], 1508242306)
    with pytest.raises(TbaRefused, match="timestamp"):
        verifier.check(ORACLES_HEADER, "GET", ORACLES_URL, [], 1508242306 + 301)
    verifier.check(ORACLES_HEADER, "GET", ORACLES_URL, [], 1508242306)
    with pytest.raises(TbaRefused, match="nonce"):
        verifier.check(ORACLES_HEADER, "GET", ORACLES_URL, [], 1508242306)


def test_a_tba_signature_covers_the_query(netsuite: NetSuite):
    target = RECORD + "customer"
    query = [("limit", "5"), ("offset", "0"), ("q", 'externalId IS "A"')]
    asked = target + "?limit=5&offset=0&q=externalId%20IS%20%22A%22"
    good = netsuite.call("GET", asked, Authorization=netsuite.tba_header("GET", target, query))
    assert good.status_code == 200
    unsigned_query = netsuite.call("GET", asked, Authorization=netsuite.tba_header("GET", target))
    assert refusal(unsigned_query, 401)["o:errorCode"] == "INVALID_LOGIN"


def test_a_tba_signature_covers_the_path_as_it_is_sent(netsuite: NetSuite):
    """eid: and !transform are signed as they stand in the URL."""
    target = RECORD + "customer/eid:NOBODY"
    answer = netsuite.call("GET", target, Authorization=netsuite.tba_header("GET", target))
    assert refusal(answer, 404)["o:errorCode"] == "NONEXISTENT_ID"


@pytest.mark.parametrize(
    "changes",
    [
        {"realm": "1234567-sb1"},
        {"timestamp": 1508242306},
        {"oauth_signature": "AAAA"},
        {"oauth_signature_method": "HMAC-SHA1"},
        {"oauth_token": "another"},
        {"keys": TbaKeys("a", "b", "c", "d")},
    ],
)
def test_a_tba_header_is_refused_with(netsuite: NetSuite, changes: dict[str, Any]):
    header = netsuite.tba_header("GET", SERVER_TIME, **changes)
    assert refusal(netsuite.call("GET", SERVER_TIME, Authorization=header), 401)["o:errorCode"] == "INVALID_LOGIN"


def test_a_retry_must_be_signed_anew(netsuite: NetSuite):
    header = netsuite.tba_header("GET", SERVER_TIME)
    assert netsuite.call("GET", SERVER_TIME, Authorization=header).status_code == 200
    assert netsuite.call("GET", SERVER_TIME, Authorization=header).status_code == 401


def certificate_for(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, begins: datetime | None = None, years: int = 1
) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    begins = begins or datetime.now(UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(begins).not_valid_after(begins + timedelta(days=365 * years))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
