"""The connection to one marketplace: where it is, who we are there, and one call at a time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import quote

from msgspec import Struct
from msgspec.json import Decoder, Encoder

from tieout.calls import LOOPBACK, Answer, Call, Caller
from tieout.domain.errors import CredentialsRefused, NeedsAttention, Reason, SystemDown
from tieout.mirakl.refusals import read, refusal_of

JSON = "application/json"
CONNECT_SECONDS = 3.05
READ_SECONDS = 25.0
READ_RETRIES = 2
"""A read is repeated at most so often within the process; what is left comes back by schedule or queue."""

_HOST = re.compile(r"https://[a-z0-9][a-z0-9-]*\.mirakl\.net")
_BESIDE = re.compile(r"http://localhost:\d{1,5}/")
"""Where a sandbox on this machine keeps files that are signed."""
_encode = Encoder(decimal_format="number").encode

Params = Mapping[str, str | list[str]]
"""Query parameters; a list is sent as one parameter after another."""
T = TypeVar("T")


class Connection(Struct, frozen=True, kw_only=True):
    """Where a marketplace is and who we are there."""

    marketplace: str
    base_url: str
    """Without `/api`."""
    role: str
    """`seller` or `operator`."""
    shop_id: int | None
    legacy_api_key: bool = False

    def __post_init__(self) -> None:
        if not (_HOST.fullmatch(self.base_url) or LOOPBACK.fullmatch(self.base_url)):
            raise ValueError(f"{self.base_url!r} is not a Mirakl instance: expected https://<instance>.mirakl.net")


class Calls:
    """Makes calls as a seller or as an operator. `credentials` gives the secret; it is asked when needed."""

    def __init__(
        self,
        connection: Connection,
        credentials: Callable[[], Mapping[str, str]],
        caller: Caller | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connection = connection
        self._credentials = credentials
        self._authorization: str | None = None
        self._caller = caller or Caller(CONNECT_SECONDS, READ_SECONDS)
        self._sleep = sleep

    def get(
        self, operation: str, path: str, params: Params | None = None, *, scoped: bool = True, accept: str = JSON
    ) -> tuple[Call, Answer]:
        """A read, repeated while nobody is home. `scoped` names a seller's shop."""
        call = self._call(operation, "GET", path, params or {}, None, scoped=scoped, accept=accept)
        return call, self._repeated(lambda attempt: self._once(call, attempt))

    def ask(
        self, decoder: Decoder[T], operation: str, path: str, params: Params | None = None, *, scoped: bool = True
    ) -> T:
        """A read, and the JSON that it gave. Raises SystemDown where it gave something else."""
        return read(decoder, *self.get(operation, path, params, scoped=scoped))

    def fetch(self, operation: str, url: str) -> Answer:
        """A read of an address that Mirakl named. Our credentials go to our own instance only.

        Raises SystemDown for an address that is neither there nor at https.
        """
        call, ours = self._named(operation, url)
        try:
            return self._repeated(lambda attempt: self._once(call, attempt, signed=ours))
        except CredentialsRefused as refused:
            if ours:
                raise
            raise _closed(operation) from refused

    def pieces(self, operation: str, url: str) -> Iterator[bytes]:
        """The same read, taken as it comes: a file that nobody needs whole. It is not repeated once it came in part.

        Raises SystemDown as well where it ends too early.
        """
        call, ours = self._named(operation, url)
        try:
            return self._repeated(lambda attempt: self._opened(call, attempt, signed=ours))
        except CredentialsRefused as refused:
            if ours:
                raise
            raise _closed(operation) from refused

    def _named(self, operation: str, url: str) -> tuple[Call, bool]:
        """The call for an address that Mirakl named, and whether it is at our own instance."""
        here = self._connection.base_url
        ours = url.startswith(f"{here}/")
        beside_a_sandbox = bool(LOOPBACK.fullmatch(here) and _BESIDE.match(url))
        if not (ours or url.startswith("https://") or beside_a_sandbox):
            raise SystemDown(f"Mirakl named an address for {operation} that is not at https")
        return Call(system="mirakl", operation=operation, method="GET", url=url, reads=True), ours

    def write(self, operation: str, method: str, path: str, body: object = None) -> tuple[Call, Answer]:
        """A write, made once; without a body where the operation takes none."""
        call = self._call(operation, method, path, {}, None if body is None else _encode(body), scoped=True)
        return call, self._once(call, 1)

    def tell(self, decoder: Decoder[T], operation: str, method: str, path: str, body: object) -> T:
        """A write, and the JSON that it gave. Raises OutcomeUnknown where it gave something else."""
        return read(decoder, *self.write(operation, method, path, body))

    def upload(self, decoder: Decoder[T], operation: str, path: str, body: bytes, content_type: str) -> T:
        """A write of a form with a file (see `forms`), made once. Raises OutcomeUnknown where no JSON came back."""
        call = self._call(operation, "POST", path, {}, body, scoped=True, content_type=content_type)
        return read(decoder, call, self._once(call, 1))

    def _call(
        self,
        operation: str,
        method: str,
        path: str,
        params: Params,
        body: bytes | None,
        *,
        scoped: bool,
        accept: str = JSON,
        content_type: str = JSON,
    ) -> Call:
        """A seller's calls always name the shop: without it Mirakl silently takes the key's default shop."""
        here = self._connection
        scope = {"shop_id": str(here.shop_id)} if scoped and here.role == "seller" else {}
        headers = {"Accept": accept}
        if body is not None:
            headers["Content-Type"] = content_type
        return Call(
            system="mirakl",
            operation=operation,
            method=method,
            url=here.base_url + path,
            params={**params, **scope},
            headers=headers,
            body=body,
            reads=method == "GET",
        )

    def _repeated(self, read_once: Callable[[int], T]) -> T:
        for attempt in range(1, READ_RETRIES + 1):
            try:
                return read_once(attempt)
            except SystemDown:
                self._sleep(0.2 * 3 ** (attempt - 1))
        return read_once(READ_RETRIES + 1)

    def _once(self, call: Call, attempt: int, *, signed: bool = True) -> Answer:
        answer = self._caller.send(call, self._sign if signed else None, attempt)
        self._check(call, answer)
        return answer

    def _opened(self, call: Call, attempt: int, *, signed: bool) -> Iterator[bytes]:
        answer, pieces = self._caller.send_for_pieces(call, self._sign if signed else None, attempt)
        self._check(call, answer)
        return pieces

    def _check(self, call: Call, answer: Answer) -> None:
        refusal = refusal_of(call, answer)
        if isinstance(refusal, CredentialsRefused):
            self._authorization = None  # a key that was renewed meanwhile is fetched at the next call
        if refusal is not None:
            raise refusal

    def _sign(self, _method: str, _url: str) -> str:
        if self._authorization is None:
            self._authorization = _authorization(self._connection, self._credentials())
        return self._authorization


def _closed(operation: str) -> SystemDown:
    return SystemDown(f"the address that Mirakl named for {operation} is not open (any more)")


def _authorization(connection: Connection, secret: Mapping[str, str]) -> str:
    """The Authorization header: a seller's key raw, an operator's token as Bearer; a bearer token wins.

    Raises CredentialsRefused naming the key that the secret lacks.
    """
    if connection.role == "seller":
        wanted, form = "api_key", "{}"
    elif secret.get("bearer_token") or not connection.legacy_api_key:
        wanted, form = "bearer_token", "Bearer {}"
    else:
        wanted, form = "legacy_api_key", "{}"
    value = secret.get(wanted, "").strip()
    if not value:
        raise CredentialsRefused(f"the secret of marketplace {connection.marketplace} has no {wanted}")
    return form.format(value)


def of_order(order_id: str, action: str) -> str:
    """The path of something done to one order. The id is one segment: nothing in it leads to another operation."""
    if order_id.strip(".") == "":
        raise NeedsAttention(Reason.REFUSED_BY_MIRAKL, {"message": f"{order_id!r} is not an order id"})
    return f"/api/orders/{quote(order_id, safe='')}/{action}"


def instant(at: datetime) -> str:
    """ISO 8601 in UTC with `Z`, milliseconds: no plus sign that a query would have to encode."""
    utc = at.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"
