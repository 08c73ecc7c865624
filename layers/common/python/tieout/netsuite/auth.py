"""Who we are to NetSuite: OAuth 2.0 with a certificate (M2M), or the retiring token-based authentication (TBA).

Secrets come through a callable, when a call needs them; they are in no repr, no log and no error.
"""

from __future__ import annotations

import base64
import hmac
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from msgspec import DecodeError, Struct, ValidationError
from msgspec.json import Decoder

from tieout.calls import Call, Caller
from tieout.domain.errors import CredentialsRefused, SystemDown, Throttled

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105  an address
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 300
BACKDATED_SECONDS = 10
"""NetSuite refuses an assertion from the future, and clocks differ."""
TOKEN_MARGIN_SECONDS = 300
"""A token is renewed so long before it ends."""

Secret = Callable[[], Mapping[str, str]]


class Authentication(Protocol):
    """How a call is signed, and what a 401 means."""

    def sign(self, method: str, url: str) -> str:
        """The Authorization header of one attempt. Raises CredentialsRefused, Throttled or SystemDown."""

    def renew(self) -> bool:
        """After a 401: forget what was cached. Answers whether trying once more makes sense."""


class TokenAnswer(Struct, frozen=True):
    """The token endpoint's 200."""

    access_token: str
    expires_in: int | str = 3600


_TOKEN = Decoder(TokenAnswer)


class OAuth2:
    """Client credentials with a signed assertion; the token lives in this process only."""

    def __init__(self, base_url: str, secret: Secret, caller: Caller, clock: Callable[[], datetime]) -> None:
        self._url = base_url + TOKEN_PATH
        self._secret = secret
        self._caller = caller
        self._clock = clock
        self._token = ""
        self._good_until = 0.0

    def sign(self, _method: str, _url: str) -> str:
        """Bearer token, fetched when there is none that still lasts."""
        if self._clock().timestamp() >= self._good_until:
            self._fetch()
        return f"Bearer {self._token}"

    def renew(self) -> bool:
        """The next call fetches a new token."""
        self._good_until = 0.0
        return True

    def _fetch(self) -> None:
        now = self._clock().timestamp()
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion(self._secret(), self._url, int(now)),
        }
        call = Call(
            system="netsuite",
            operation="token",
            method="POST",
            url=self._url,
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            body=urlencode(form).encode(),
            reads=True,
        )
        answer = self._caller.send(call, None)
        if answer.status == 429:  # noqa: PLR2004
            raise Throttled("NetSuite answered the token request with 429", answer.retry_after)
        if 400 <= answer.status < 500:  # noqa: PLR2004
            raise CredentialsRefused(f"NetSuite refused the token request with {answer.status} ({_error(answer.body)})")
        try:
            token = _TOKEN.decode(answer.body)
            lifetime = float(token.expires_in)
        except (ValidationError, DecodeError, ValueError) as error:
            raise SystemDown(f"NetSuite answered the token request with {answer.status} and no token") from error
        self._token = token.access_token
        self._good_until = now + max(lifetime - TOKEN_MARGIN_SECONDS, lifetime / 2)


class TokenBased:
    """OAuth 1.0a with HMAC-SHA256; every attempt is signed anew, as a nonce is good only once."""

    def __init__(self, account: str, secret: Secret, clock: Callable[[], datetime]) -> None:
        self._realm = realm_of(account)
        self._secret = secret
        self._clock = clock

    def sign(self, method: str, url: str) -> str:
        """The OAuth header of this request."""
        timestamp = str(int(self._clock().timestamp()))
        return tba_header(self._secret(), method, url, realm=self._realm, nonce=uuid.uuid4().hex, timestamp=timestamp)

    def renew(self) -> bool:
        """Signing again changes nothing that was refused."""
        return False


def assertion(secret: Mapping[str, str], audience: str, now: int) -> str:
    """The signed JWT that buys a token. Raises CredentialsRefused when the secret cannot sign one."""
    import jwt  # noqa: PLC0415  cryptography takes long to load, and the first token is early enough

    issued = now - BACKDATED_SECONDS
    claims: dict[str, Any] = {
        "iss": _part(secret, "client_id"),
        "scope": ["rest_webservices"],
        "aud": audience,
        "iat": issued,
        "exp": issued + ASSERTION_SECONDS,
        "jti": str(uuid.uuid4()),
    }
    algorithm, key = secret.get("algorithm", "ES256"), _part(secret, "private_key")
    try:
        headers = {"typ": "JWT", "kid": _part(secret, "certificate_id")}
        return jwt.encode(claims, key, algorithm=algorithm, headers=headers)
    except (jwt.PyJWTError, ValueError, TypeError, NotImplementedError):
        # The cause may quote the key: it stays here.
        raise CredentialsRefused(f"the private key of the NetSuite secret cannot sign with {algorithm}") from None


def tba_header(secret: Mapping[str, str], method: str, url: str, *, realm: str, nonce: str, timestamp: str) -> str:
    """Authorization header of RFC 5849 with HMAC-SHA256 over the URL that is really sent, query included."""
    oauth = {
        "oauth_consumer_key": _part(secret, "consumer_key"),
        "oauth_token": _part(secret, "token_id"),
        "oauth_nonce": nonce,
        "oauth_timestamp": timestamp,
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_version": "1.0",
    }
    key = f"{_quoted(_part(secret, 'consumer_secret'))}&{_quoted(_part(secret, 'token_secret'))}"
    digest = hmac.new(key.encode(), tba_base_string(method, url, oauth).encode(), sha256).digest()
    fields = {"realm": realm, **oauth, "oauth_signature": base64.b64encode(digest).decode()}
    return "OAuth " + ", ".join(
        f'{name}="{value if name == "realm" else _quoted(value)}"' for name, value in fields.items()
    )


def tba_base_string(method: str, url: str, oauth: Mapping[str, str]) -> str:
    """What is signed: method, URL without query, and all parameters sorted; never the JSON body nor the realm."""
    parts = urlsplit(url)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *oauth.items()]
    parameters = "&".join(f"{name}={value}" for name, value in sorted((_quoted(n), _quoted(v)) for n, v in pairs))
    address = f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path or '/'}"
    return "&".join((method.upper(), _quoted(address), _quoted(parameters)))


def realm_of(account: str) -> str:
    """The account id as OAuth 1.0 wants it: `1234567_SB1`."""
    return account.upper().replace("-", "_")


def certificate_days_left(pem: str, now: datetime) -> int:
    """Whole days until a certificate ends; negative once it has. Raises ValueError when it does not read."""
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415  as above

    return (load_pem_x509_certificate(pem.encode()).not_valid_after_utc - now).days


class _TokenError(Struct, frozen=True):
    error: str = ""


_TOKEN_ERROR = Decoder(_TokenError)


def _error(body: bytes) -> str:
    """OAuth's error word, such as `invalid_grant`; descriptions are left out."""
    try:
        return _TOKEN_ERROR.decode(body).error[:50] or "no reason given"
    except (ValidationError, DecodeError):
        return "no reason given"


def _part(secret: Mapping[str, str], name: str) -> str:
    value = secret.get(name, "")
    if not value:
        raise CredentialsRefused(f"the NetSuite secret has no {name}")
    return value


def _quoted(text: str) -> str:
    return quote(text, safe="~-._")
