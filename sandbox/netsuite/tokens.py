"""OAuth 2.0 client credentials: a signed assertion buys a bearer token for an hour."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import jwt

from sandbox import decimal_json
from sandbox.netsuite.answer import Answer, Call
from sandbox.netsuite.certificates import Certificates

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SCOPES = {"rest_webservices", "restlets", "suite_analytics"}
_LIFETIME_SECONDS = 3600
_LONGEST_ASSERTION = 3600


class Denied(Exception):
    """`invalid_request` (malformed) or `invalid_grant` (well formed, but not good)."""

    def __init__(self, error: str, why: str) -> None:
        super().__init__(f"{error}: {why}")
        self.error = error
        self.why = why


@dataclass(frozen=True)
class Token:
    """A bearer token as handed out; `expires` is on the twin's clock."""

    certificate_id: str
    expires: datetime


class Tokens:
    """The token endpoint of one account and the tokens it has handed out."""

    def __init__(
        self,
        client_id: str,
        certificates: Certificates,
        clock: Callable[[], datetime],
        auth_now: Callable[[], datetime],
    ) -> None:
        self._client_id = client_id
        self._certificates = certificates
        self._now = clock
        self._auth_now = auth_now
        self._tokens: dict[str, Token] = {}
        self._used_ids: dict[str, float] = {}
        self.denials: list[str] = []

    def endpoint(self, call: Call) -> Answer:
        try:
            certificate_id = self._granted(call)
        except Denied as denied:
            self.denials.append(f"{denied.error}: {denied.why}")  # the Login Audit Trail: the client is told less
            return _answer(400, {"error": denied.error})
        token = f"eyJ.{secrets.token_urlsafe(48)}"
        self._tokens[token] = Token(certificate_id, self._now() + timedelta(seconds=_LIFETIME_SECONDS))
        return _answer(200, {"access_token": token, "expires_in": _LIFETIME_SECONDS, "token_type": "Bearer"})

    def holder(self, token: str) -> str | None:
        """The certificate id behind a token; None when it is unknown or has expired."""
        found = self._tokens.get(token)
        return None if found is None or found.expires <= self._now() else found.certificate_id

    def forget(self) -> None:
        """Every token handed out is void, as after a change of the role."""
        self._tokens.clear()

    def _granted(self, call: Call) -> str:
        if call.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
            raise Denied("invalid_request", "not a form")
        form = dict(parse_qsl(call.body.decode("utf-8", "replace")))
        if form.get("grant_type") != "client_credentials":
            raise Denied("invalid_request", f"grant_type {form.get('grant_type')!r}")
        if form.get("client_assertion_type") != _ASSERTION_TYPE:
            raise Denied("invalid_request", "client_assertion_type")
        if not form.get("client_assertion"):
            raise Denied("invalid_request", "no client_assertion")
        return self._check(form["client_assertion"], call.base + TOKEN_PATH)

    def _check(self, assertion: str, audience: str) -> str:
        try:
            header = jwt.get_unverified_header(assertion)
        except jwt.PyJWTError as wrong:
            raise Denied("invalid_request", f"not a JWT: {wrong}") from None
        now = self._auth_now()
        certificate = self._certificates.get(str(header.get("kid")), now)
        if certificate is None:
            raise Denied("invalid_grant", f"kid {header.get('kid')!r} is no active certificate")
        if header.get("typ", "JWT") != "JWT" or header.get("alg") not in certificate.algorithms:
            raise Denied("invalid_grant", f"alg {header.get('alg')!r} does not go with this certificate")
        try:
            # Times are checked below: the clock they are judged by is the twin's choice, not this machine's.
            claims: dict[str, Any] = jwt.decode(
                assertion,
                certificate.public_key,
                algorithms=list(certificate.algorithms),
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False},
            )
        except jwt.PyJWTError as wrong:
            raise Denied("invalid_grant", f"signature: {wrong}") from None
        self._check_claims(claims, audience, now.timestamp())
        return certificate.id

    def _check_claims(self, claims: dict[str, Any], audience: str, now: float) -> None:
        issued, expires = claims.get("iat"), claims.get("exp")
        if type(issued) is not int or type(expires) is not int:
            raise Denied("invalid_grant", "iat and exp are integer seconds")
        if issued > now:
            raise Denied("invalid_grant", f"iat lies {issued - now:.1f} s in the future")
        if expires <= now:
            raise Denied("invalid_grant", f"expired {now - expires:.1f} s ago")
        if not 0 < expires - issued < _LONGEST_ASSERTION:
            raise Denied("invalid_grant", f"exp - iat is {expires - issued} s; it must be below an hour")
        if claims.get("iss") != self._client_id:
            raise Denied("invalid_grant", "iss is not the client id of the integration")
        aud = claims.get("aud")
        if audience not in (aud if isinstance(aud, list) else [aud]):
            raise Denied("invalid_grant", f"aud {aud!r} is not {audience}")
        scope = claims.get("scope")
        asked = scope.split(",") if isinstance(scope, str) else scope if isinstance(scope, list) else []
        if "rest_webservices" not in asked or not set(asked) <= _SCOPES:
            raise Denied("invalid_grant", f"scope {scope!r}")
        self._check_unused(claims.get("jti"), now, expires)

    def _check_unused(self, assertion_id: object, now: float, expires: float) -> None:
        if assertion_id is None:
            return
        self._used_ids = {used: until for used, until in self._used_ids.items() if until > now}
        if str(assertion_id) in self._used_ids:
            raise Denied("invalid_grant", "this jti has been used")
        self._used_ids[str(assertion_id)] = expires


def _answer(status: int, body: dict[str, Any]) -> Answer:
    return Answer(status, decimal_json.dumps(body), {"Content-Type": "application/json", "Cache-Control": "no-store"})
