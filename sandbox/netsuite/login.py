"""Who calls: a bearer token or a TBA signature, or 401 as NetSuite says it."""

from collections.abc import Callable
from datetime import datetime

from sandbox.netsuite.answer import Call
from sandbox.netsuite.refusal import Refusal, invalid_request
from sandbox.netsuite.tba import TbaRefused, TbaVerifier
from sandbox.netsuite.tokens import Tokens


class Login:
    """Lets calls into one account."""

    def __init__(
        self, account: str, tokens: Tokens, tba: TbaVerifier, auth_now: Callable[[], datetime], denials: list[str]
    ) -> None:
        self._account = account
        self._tokens = tokens
        self._tba = tba
        self._auth_now = auth_now
        self._denials = denials

    def check(self, call: Call) -> None:
        """Raises Refusal 401, or 400 for a header that is malformed."""
        header = call.headers.get("authorization", "")
        scheme = header.partition(" ")[0].lower()
        if scheme == "bearer":
            self._bearer(header.partition(" ")[2])
        elif scheme == "oauth":
            self._signed(header, call)
        else:
            raise self._refused("no credentials")

    def _bearer(self, token: str) -> None:
        if not token or " " in token.strip():
            challenge = self._challenge("Bearer", "invalid_request", "Malformed token.")
            refusal = invalid_request()
            refusal.headers["WWW-Authenticate"] = challenge
            raise refusal
        if self._tokens.holder(token.strip()) is None:
            raise self._refused("unknown or expired token")

    def _signed(self, header: str, call: Call) -> None:
        try:
            url = call.base + call.target.partition("?")[0]
            self._tba.check(header, call.method, url, call.parameters, self._auth_now().timestamp())
        except TbaRefused as refused:
            raise self._refused(str(refused)) from None

    def _refused(self, why: str) -> Refusal:
        self._denials.append(why)
        return Refusal(
            401,
            "INVALID_LOGIN",
            "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at "
            "Setup > Users/Roles > User Management > View Login Audit Trail.",
            headers={"WWW-Authenticate": self._challenge("Bearer", "invalid_token", "Invalid login attempt.")},
        )

    def _challenge(self, scheme: str, error: str, words: str) -> str:
        return f'{scheme} realm="{self._account}", error="{error}", error_description="{words}"'
