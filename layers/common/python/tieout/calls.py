"""One HTTP call to an outside system: timed, logged in one line without a body, never redirected.

What an answer means is the adapters' to say; here only the line is told from the other side of it: whether the bytes of
a write may have arrived when no answer came.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import NoReturn

import requests
from msgspec import Struct
from requests.auth import AuthBase
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from tieout.domain.errors import OutcomeUnknown, SystemDown

log = logging.getLogger("tieout.calls")

LOOPBACK = re.compile(r"http://127\.0\.0\.1:\d{1,5}(/[a-z0-9-]+)?")
PIECE = 256 * 1024
"""Bytes of a file that are taken at once."""
IDLE_SECONDS = 60.0
"""A connection that slept longer may be dead without saying so (a frozen function): it is not used again."""

USER_AGENT = "tieout"


class Call(Struct, frozen=True, kw_only=True):
    """What is asked of whom. `body` makes it a write unless `reads` says that it only carries a question."""

    system: str
    operation: str
    method: str
    url: str
    params: Mapping[str, str | list[str]] | None = None
    headers: dict[str, str] = {}
    body: bytes | None = None
    reads: bool = False


class Answer(Struct, frozen=True):
    """Status, headers (case-insensitive) and body as they came."""

    status: int
    headers: requests.structures.CaseInsensitiveDict[str]
    body: bytes

    @property
    def is_json(self) -> bool:
        """Whether the body claims to be JSON; maintenance pages and proxies answer HTML."""
        return "json" in self.headers.get("Content-Type", "").lower()

    @property
    def retry_after(self) -> float | None:
        """Seconds the other side asks us to wait; None where it does not say, or not legibly."""
        said = self.headers.get("Retry-After", "").strip()
        if said.isdigit():
            return float(said)
        try:
            at, now = parsedate_to_datetime(said), parsedate_to_datetime(self.headers.get("Date", ""))
            return max(0.0, (at - now).total_seconds())
        except (ValueError, TypeError):
            return None


Sign = Callable[[str, str], str]
"""Method and whole URL to the Authorization header of this one attempt."""


class Caller:
    """The connection to one system: one Session a process, both time-outs, and the log of calls."""

    def __init__(
        self, connect_seconds: float, read_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._session = requests.Session()
        self._session.headers["User-Agent"] = USER_AGENT
        self._timeouts = (connect_seconds, read_seconds)
        self._clock = clock
        self._used_at = clock()

    def send(self, call: Call, sign: Sign | None, attempt: int = 1) -> Answer:
        """Make the call once.

        Raises SystemDown when nothing can have been done, or nothing was to be written; OutcomeUnknown when a write may
        have arrived.
        """
        response = self._answered(call, sign, attempt, piecemeal=False)
        return Answer(response.status_code, response.headers, response.content)

    def send_for_pieces(self, call: Call, sign: Sign | None, attempt: int = 1) -> tuple[Answer, Iterator[bytes]]:
        """Make the call once, and take what a 2xx brings as it comes: a file that nobody needs whole.

        The answer's body is empty then; any other status brings it as ever, and no pieces. Raises as `send` does;
        taking the pieces raises SystemDown where they end too early.
        """
        response = self._answered(call, sign, attempt, piecemeal=True)
        if 200 <= response.status_code < 300:  # noqa: PLR2004
            return Answer(response.status_code, response.headers, b""), _pieces(call, response)
        with response:
            return Answer(response.status_code, response.headers, response.content), iter(())

    def _answered(self, call: Call, sign: Sign | None, attempt: int, *, piecemeal: bool) -> requests.Response:
        began = self._clock()
        if began - self._used_at > IDLE_SECONDS:
            self._session.close()
        try:
            response = self._session.request(
                call.method,
                call.url,
                params=call.params,
                data=call.body,
                headers=call.headers,
                auth=_Signed(sign),
                timeout=self._timeouts,
                allow_redirects=False,
                stream=piecemeal,
            )
        except requests.RequestException as error:
            self._log(call, began, attempt, error=type(error).__name__)
            _raise_unanswered(call, error)
        finally:
            self._used_at = self._clock()
        self._log(call, began, attempt, status=response.status_code)
        return response

    def _log(self, call: Call, began: float, attempt: int, *, status: int | None = None, error: str = "") -> None:
        told = {
            "system": call.system,
            "operation": call.operation,
            "status": status,
            "ms": round((self._clock() - began) * 1000),
            "attempt": attempt,
        }
        log.info("%s %s answered", call.system, call.operation, extra={**told, "error": error} if error else told)


class _Signed(AuthBase):
    """Sets the Authorization header, which also keeps requests from taking one out of a `.netrc`."""

    def __init__(self, sign: Sign | None) -> None:
        self._sign = sign

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._sign is not None:
            request.headers["Authorization"] = self._sign(request.method or "", request.url or "")
        return request


def _pieces(call: Call, response: requests.Response) -> Iterator[bytes]:
    with response:
        try:
            yield from response.iter_content(PIECE)
        except requests.RequestException as error:
            what = f"{call.system} broke off in {call.operation}: {type(error).__name__}"
            raise SystemDown(what) from error


def _raise_unanswered(call: Call, error: requests.RequestException) -> NoReturn:
    what = f"{call.system} did not answer {call.operation}: {type(error).__name__}"
    if call.reads or _never_connected(error):
        raise SystemDown(what) from error
    raise OutcomeUnknown(what) from error


def _never_connected(error: requests.RequestException) -> bool:
    """Whether no byte of the request can have left: only these two say so for certain."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)
