"""One account's REST services: signed calls, the answer to a 401, and how often a call is tried."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping

from tieout.calls import LOOPBACK, Answer, Call, Caller
from tieout.domain.errors import SystemDown
from tieout.netsuite.auth import Authentication
from tieout.netsuite.refusals import refusal_of

READ_RETRIES = 2
"""A read is repeated at most so often within the process; what is left comes back by schedule or queue."""

_PROPERTY = re.compile(r"\bcust(?:body|col|entity|record)\w+|\b[a-z]+[A-Z]\w*")

log = logging.getLogger("tieout.netsuite")


def base_url_of(account: str) -> str:
    """The only host that an account's REST services have: `1234567_SB1` is at `1234567-sb1`."""
    return f"https://{account.lower().replace('_', '-')}.suitetalk.api.netsuite.com"


class Connection:
    """Sends calls to one account, and to no other host (a twin on loopback aside)."""

    def __init__(
        self,
        account: str,
        base_url: str,
        authentication: Authentication,
        caller: Caller,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if base_url != base_url_of(account) and not LOOPBACK.fullmatch(base_url):
            raise ValueError(f"{base_url!r} is not account {account}: expected {base_url_of(account)}")
        self._base_url = base_url
        self._authentication = authentication
        self._caller = caller
        self._sleep = sleep

    def read(
        self,
        operation: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Call, Answer]:
        """A call that changes nothing (GET, or a query by POST), repeated while the system does not answer."""
        method = "GET" if body is None else "POST"
        call = self._call(operation, method, path, body, headers or {}, params=params, reads=True)
        for attempt in range(1, READ_RETRIES + 1):
            try:
                return call, self._once(call, attempt)
            except SystemDown:
                self._sleep(0.2 * 3 ** (attempt - 1))
        return call, self._once(call, READ_RETRIES + 1)

    def write(
        self, operation: str, path: str, body: bytes, *, method: str = "POST", params: Mapping[str, str] | None = None
    ) -> Answer:
        """A POST that creates, a PATCH or a PUT. Misspelt properties are refused, not dropped; never sent twice."""
        strict = {
            "X-NetSuite-PropertyNameValidation": "error",
            "X-NetSuite-PropertyValueValidation": "error",
        }
        answer = self._once(self._call(operation, method, path, body, strict, params=params), 1)
        warning = answer.headers.get("X-NetSuite-Warning", "")
        if warning:
            # Its text may quote what was sent, which may be a buyer's: only the names of properties are logged.
            properties = ", ".join(dict.fromkeys(_PROPERTY.findall(warning)))
            log.warning("NetSuite warned about %s: %s", operation, properties or "(no property named)")
        return answer

    def _call(
        self,
        operation: str,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        *,
        params: Mapping[str, str] | None = None,
        reads: bool = False,
    ) -> Call:
        typed = {"Content-Type": "application/json"} if body is not None else {}
        return Call(
            system="netsuite",
            operation=operation,
            method=method,
            url=self._base_url + path,
            params=dict(params) if params else None,
            headers={"Accept": "application/json", **typed, **headers},
            body=body,
            reads=reads,
        )

    def _once(self, call: Call, attempt: int) -> Answer:
        """One attempt. A 401 comes before anything is done, so even a write goes out again with a new token, once."""
        answer = self._caller.send(call, self._authentication.sign, attempt)
        if answer.status == 401 and self._authentication.renew():  # noqa: PLR2004
            answer = self._caller.send(call, self._authentication.sign, attempt)
        refusal = refusal_of(call, answer)
        if refusal is not None:
            raise refusal
        return answer
