"""The Mirakl connection of one marketplace: one method an operation code. Fits `flows.ports.Marketplace`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from msgspec import Struct
from msgspec.json import Decoder, Encoder

from tieout.calls import LOOPBACK, Answer, Call, Caller
from tieout.domain.errors import CredentialsRefused, NeedsAttention, Reason, SystemDown
from tieout.domain.exchange import FetchedOrder
from tieout.domain.orders.order import Order
from tieout.mirakl import wire
from tieout.mirakl.listing import MAX, Page, pages
from tieout.mirakl.refusals import read, refusal_of, words_of
from tieout.mirakl.translate import fetched_order, read_order

CONNECT_SECONDS = 3.05
READ_SECONDS = 25.0
READ_RETRIES = 2
"""A read is repeated at most so often within the process; what is left comes back by schedule or queue."""
MOST_AT_ONCE = 100
"""Orders an OR04, and ids an OR11, may carry."""

_HOST = re.compile(r"https://[a-z0-9][a-z0-9-]*\.mirakl\.net")
_NEXT = re.compile(r'<[^>]*>\s*;[^,]*\brel="?next"?')
_encode = Encoder().encode
_VERSION = Decoder(wire.Version)
_CONFIGURATION = Decoder(wire.PlatformConfiguration)
_ACCOUNT = Decoder(wire.Account)
_UPDATED_ORDERS = Decoder(wire.UpdatedOrders)


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


class Mirakl:
    """Calls Mirakl as a seller or as an operator. `credentials` gives the secret; it is asked when needed."""

    def __init__(
        self,
        connection: Connection,
        credentials: Callable[[], Mapping[str, str]],
        *,
        caller: Caller | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connection = connection
        self._credentials = credentials
        self._authorization: str | None = None
        self._caller = caller or Caller(CONNECT_SECONDS, READ_SECONDS)
        self._sleep = sleep

    def now(self) -> datetime:
        """Mirakl's clock: the `Date` header of V01. Raises SystemDown when it has none."""
        _, answer = self._get("V01", "/api/version", scoped=False)
        try:
            return parsedate_to_datetime(answer.headers.get("Date", "")).astimezone(UTC)
        except (ValueError, TypeError) as error:
            raise SystemDown("Mirakl answered V01 without a Date header") from error

    def version(self) -> str:
        """V01: the release of the platform."""
        call, answer = self._get("V01", "/api/version", scoped=False)
        return read(_VERSION, call, answer).version or ""

    def platform_configuration(self) -> wire.PlatformConfiguration:
        """PC01: how this platform works."""
        call, answer = self._get("PC01", "/api/platform/configuration", scoped=False)
        return read(_CONFIGURATION, call, answer)

    def account(self) -> wire.Account:
        """A01: the shop that a seller's key stands for; once a day."""
        call, answer = self._get("A01", "/api/account")
        return read(_ACCOUNT, call, answer)

    def orders_updated(self, start: datetime, end: datetime) -> Iterator[list[FetchedOrder]]:
        """OR11 by update window: pages of at most 100, oldest creation first, duplicates possible, none skipped."""
        window = {"start_update_date": _instant(start), "end_update_date": _instant(end)}
        return pages(lambda offset: self._page(window, offset))

    def orders_by_id(self, order_ids: Sequence[str]) -> list[FetchedOrder]:
        """OR11 by id, 100 a call; an unknown id is simply not there."""
        found: list[FetchedOrder] = []
        wanted = list(dict.fromkeys(order_ids))
        for start in range(0, len(wanted), MOST_AT_ONCE):
            found += self._page({"order_ids": ",".join(wanted[start : start + MOST_AT_ONCE])}, 0).orders
        return found

    def read_order(self, raw: bytes) -> Order:
        """An archived order. Raises NeedsAttention(UNREADABLE_ORDER)."""
        return read_order(raw, self._connection.marketplace, self._connection.shop_id)

    def accept(self, order_id: str, decisions: Mapping[str, bool]) -> None:
        """OR21: accept or refuse each line, all at once. Raises NeedsAttention(REFUSED_BY_MIRAKL)."""
        body = {"order_lines": [{"id": line_id, "accepted": accepted} for line_id, accepted in decisions.items()]}
        self._put("OR21", f"/api/orders/{_segment(order_id)}/accept", body)

    def set_seller_references(self, references: Mapping[str, str]) -> dict[str, str]:
        """OR04: our number on each order, at most 100. Answers Mirakl's words by refused order: HTTP 200 hides them.

        An order that the answer does not name counts as refused: nothing says that it was written.
        """
        if len(references) > MOST_AT_ONCE:
            raise ValueError(f"OR04 takes {MOST_AT_ONCE} orders a call, not {len(references)}")
        if not references:
            return {}
        body = {
            "orders": [
                {"order_id": order_id, "references": {"order_reference_for_seller": reference}}
                for order_id, reference in references.items()
            ]
        }
        call, answer = self._put("OR04", "/api/orders", body)
        told = {each.order_id: each.errors or [] for each in read(_UPDATED_ORDERS, call, answer).updated_orders}
        refused = {order_id: words_of(told[order_id]) for order_id in references if told.get(order_id)}
        missing = {order_id: "not in Mirakl's answer" for order_id in references if order_id not in told}
        return refused | missing

    def _page(self, filters: Mapping[str, str], offset: int) -> Page:
        asked = {**filters, "max": str(MAX), "offset": str(offset)}
        call, answer = self._get("OR11", "/api/orders", asked)
        page = read(wire.ORDER_PAGE, call, answer)
        here = self._connection
        orders = [fetched_order(bytes(raw), here.marketplace, here.shop_id) for raw in page.orders]
        return Page(orders, page.total_count, bool(_NEXT.search(answer.headers.get("Link", ""))))

    def _get(
        self, operation: str, path: str, params: Mapping[str, str] | None = None, *, scoped: bool = True
    ) -> tuple[Call, Answer]:
        call = self._call(operation, "GET", path, params or {}, None, scoped=scoped)
        for attempt in range(1, READ_RETRIES + 1):
            try:
                return call, self._once(call, attempt)
            except SystemDown:
                self._sleep(0.2 * 3 ** (attempt - 1))
        return call, self._once(call, READ_RETRIES + 1)

    def _put(self, operation: str, path: str, body: object) -> tuple[Call, Answer]:
        call = self._call(operation, "PUT", path, {}, _encode(body), scoped=True)
        return call, self._once(call, 1)

    def _call(
        self, operation: str, method: str, path: str, params: Mapping[str, str], body: bytes | None, *, scoped: bool
    ) -> Call:
        """A seller's calls always name the shop: without it Mirakl silently takes the key's default shop."""
        here = self._connection
        scope = {"shop_id": str(here.shop_id)} if scoped and here.role == "seller" else {}
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
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

    def _once(self, call: Call, attempt: int) -> Answer:
        answer = self._caller.send(call, self._sign, attempt)
        refusal = refusal_of(call, answer)
        if isinstance(refusal, CredentialsRefused):
            self._authorization = None  # a key that was renewed meanwhile is fetched at the next call
        if refusal is not None:
            raise refusal
        return answer

    def _sign(self, _method: str, _url: str) -> str:
        if self._authorization is None:
            self._authorization = _authorization(self._connection, self._credentials())
        return self._authorization


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


def _segment(order_id: str) -> str:
    """An order id as one path segment: nothing in it may lead to another operation."""
    if order_id.strip(".") == "":
        raise NeedsAttention(Reason.REFUSED_BY_MIRAKL, {"message": f"{order_id!r} is not an order id"})
    return quote(order_id, safe="")


def _instant(at: datetime) -> str:
    """ISO 8601 in UTC with `Z`, milliseconds: no plus sign that a query would have to encode."""
    utc = at.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"
