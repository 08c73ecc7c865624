"""The NetSuite twin as the gate serves it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from sandbox.behaviours import Behaviours
from sandbox.calls import Calls
from sandbox.clock import Clock
from sandbox.control import json_response, order_of, says_what_was_wrong
from sandbox.faults import Faults
from sandbox.gate import Page
from sandbox.netsuite.account import RECORD_ROOT, SUITEQL_PATH, SYSTEM_ROOT, Account
from sandbox.netsuite.answer import Answer, Call, error_answer
from sandbox.netsuite.credentials import new_credentials
from sandbox.netsuite.reference import set_custom_fields
from sandbox.netsuite.refusal import Refusal, too_many_at_once, unexpected
from sandbox.netsuite.switches import SWITCHES
from sandbox.netsuite.tba import TbaKeys
from sandbox.netsuite.tokens import TOKEN_PATH
from sandbox.netsuite.user_events import Hook
from sandbox.netsuite.warehouse import Habits
from sandbox.world import World


@dataclass(frozen=True)
class NetSuiteAccess:
    """Where the twin listens and what it lets in."""

    url: str
    account: str
    client_id: str
    certificate_id: str
    private_key: str
    certificate: str
    tba: TbaKeys
    state: Account


class NetSuiteTwin:
    """A NetSuite account over HTTP: token endpoint, record REST, SuiteQL, system endpoints."""

    name = "netsuite"

    def __init__(self, *, seed: int | None = None) -> None:
        self.clock = Clock()
        self.faults = Faults()
        self.calls = Calls()
        self.behaviours = Behaviours(SWITCHES)
        self.credentials = new_credentials(seed)
        self.account = Account(self.credentials, self.behaviours, self.clock)

    def access(self, url: str) -> NetSuiteAccess:
        self.account.base = url
        granted = self.credentials
        return NetSuiteAccess(
            url=url,
            account=self.account.name,
            client_id=granted.client_id,
            certificate_id=self.account.certificate_id,
            private_key=granted.private_key,
            certificate=granted.certificate,
            tba=granted.tba,
            state=self.account,
        )

    def operation_of(self, request: Request) -> str:
        path = request.url.path
        if path == TOKEN_PATH:
            return "token"
        if path == SUITEQL_PATH:
            return "SuiteQL"
        if path.startswith(SYSTEM_ROOT):
            return path.removeprefix(SYSTEM_ROOT)
        if path.startswith(RECORD_ROOT):
            parts = path.removeprefix(RECORD_ROOT).strip("/").split("/")
            if parts[0] == "metadata-catalog":
                return "metadata"
            transform = f"!transform/{parts[3]}" if len(parts) == 4 and parts[2] == "!transform" else ""
            return f"{request.method} {parts[0]}{transform}"
        return "unknown"

    def credential_of(self, request: Request) -> str:
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "oauth":
            return "tba"
        if scheme.lower() == "bearer" and self.account.tokens.holder(rest):
            return "m2m"
        return "anonymous"

    def admit(self, request: Request, operation: str) -> Response | None:
        """One pool of simultaneous requests for the whole account; handing out tokens is not part of it."""
        _ = request
        busy = self.calls.in_flight.total() - self.calls.in_flight["token"]
        if operation != "token" and busy > self.behaviours.number("concurrency_limit"):
            return _response(_refused(too_many_at_once()))
        return None

    def refusal(self, status: int, retry_after: float | None) -> Response:
        _ = retry_after  # NetSuite documents no Retry-After
        return _response(_refused(too_many_at_once() if status == 429 else unexpected()))

    def page_of(self, request: Request, operation: str) -> Page | None:
        """Listings of records; a query's pages cannot be told apart before its body is read."""
        path, asked = request.url.path, request.query_params
        if operation != f"GET {path.removeprefix(RECORD_ROOT)}":
            return None
        offset = asked.get("offset", "0")
        parameters = sorted((name, value) for name, value in asked.items() if name != "offset")
        return Page(f"{path} {parameters}", int(offset) if offset.isdigit() else 0)

    def load(self, world: World) -> None:
        self.clock.set(world.opens_at())
        self.account.load(world)

    def records(self, kind: str, **query: str) -> list[dict[str, Any]]:
        _ = query
        return self.account.dump(kind)

    def control_routes(self) -> list[BaseRoute]:
        return [
            Route("/_twin/custom_fields", says_what_was_wrong(self._custom_fields), methods=["GET", "POST"]),
            Route("/_twin/stock", says_what_was_wrong(self._stock), methods=["POST"]),
            Route("/_twin/items", says_what_was_wrong(self._items), methods=["POST"]),
            Route("/_twin/warehouse", says_what_was_wrong(self._warehouse), methods=["GET", "POST", "DELETE"]),
        ]

    async def _warehouse(self, request: Request) -> Response:
        """Open the warehouse (POST its habits and, under `hook`, who is rung), look at it, or close it."""
        account = self.account
        if request.method == "POST":
            order = await order_of(request)
            told = order.pop("hook", None)
            hook = None if told is None else Hook(**{name: _plain(value) for name, value in told.items()})
            habits = Habits(**{name: _plain(value) for name, value in order.items()})
            with account.store.lock:
                account.user_events.ring_at(hook, habits.seed)
                account.warehouse.open(habits)
        elif request.method == "DELETE":
            with account.store.lock:
                account.user_events.ring_at(None, 0)
                account.warehouse.open(None)
        with account.store.lock:
            account.warehouse.work()
            return json_response(account.warehouse.report() | {"hook": dict(account.user_events.told)})

    async def _stock(self, request: Request) -> Response:
        """Goods come or go by somebody's hand: {"changes": [{"itemid": "MUG", "location": "Shop", "add": 8}]}."""
        changes = (await order_of(request))["changes"]
        with self.account.store.lock:
            return json_response({"stock": self.account.stockroom.change(changes)})

    async def _items(self, request: Request) -> Response:
        """Somebody edits an item, or deletes it: {"itemid": "MUG", "set": {"isInactive": true}} or "delete": true."""
        order = await order_of(request)
        with self.account.store.lock:
            return json_response(self.account.stockroom.edit(order))

    async def _custom_fields(self, request: Request) -> Response:
        """The account's custom fields; a POST replaces them, so that an account without one can be tried."""
        store = self.account.store
        if request.method == "POST":
            set_custom_fields(store, await order_of(request))
        return json_response(
            {
                name: known.kind
                for name, known in {
                    **store.body_fields,
                    **store.line_fields,
                    **store.item_fields,
                    **store.record_fields,
                }.items()
            }
        )

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        query: bytes = scope["query_string"]
        call = Call(
            method=scope["method"],
            path=scope["path"],
            target=(raw + (b"?" + query if query else b"")).decode("latin-1"),
            headers=headers,
            body=await _body(receive),
            base=f"{scope['scheme']}://{headers.get('host', '127.0.0.1')}",
        )
        await _response(self.account.answer(call))(scope, receive, send)


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


async def _body(receive: Receive) -> bytes:
    parts = bytearray()
    while True:
        message = await receive()
        parts += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(parts)


def _refused(refusal: Refusal) -> Answer:
    return error_answer(refusal.body(), refusal.status, refusal.headers)


def _response(answer: Answer) -> Response:
    return Response(answer.body, status_code=answer.status, headers=dict(answer.headers))
