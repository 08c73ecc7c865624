"""The gate in front of a twin: every vendor call passes it, is logged, and may be made to go wrong."""

import asyncio
import contextlib
import socket
import struct
import sys
import time
import traceback
from collections.abc import MutableMapping
from email.utils import format_datetime
from typing import Any, NamedTuple, Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.behaviours import Behaviours
from sandbox.calls import Call, Calls, ContractViolation
from sandbox.clock import Clock, text_of
from sandbox.faults import FaultRule, Faults
from sandbox.world import World

_MAINTENANCE = "<!DOCTYPE html><html><body><h1>Scheduled maintenance</h1><p>We will be back soon.</p></body></html>"

_NOTHING_DONE = ("429", "500", "maintenance", "duplicate_page", "reset", "timeout_before")


class Page(NamedTuple):
    """Which paged listing a call reads (all that tells it from another listing), and from which place on."""

    listing: str
    place: int


class Twin(Protocol):
    """What a vendor's twin brings; the gate and the control routes do the rest."""

    name: str
    clock: Clock
    faults: Faults
    calls: Calls
    behaviours: Behaviours

    @property
    def app(self) -> ASGIApp:
        """The vendor's own HTTP application; raises ContractViolation for what the vendor's contract does not know."""

    def operation_of(self, request: Request) -> str:
        """The vendor's name of what is asked ("OR11", "POST salesOrder"), "unknown" if it has none."""

    def credential_of(self, request: Request) -> str:
        """Who asks, by a name that is no secret; "anonymous" if nobody we know."""

    def admit(self, request: Request, operation: str) -> Response | None:
        """Refuse a call at the door (concurrency), before latency and faults. `calls.in_flight` counts it already."""

    def refusal(self, status: int, retry_after: float | None) -> Response:
        """The vendor's own body and headers of a 429 or 500."""

    def page_of(self, request: Request, operation: str) -> Page | None:
        """The page a call reads; None where nothing is paged."""

    def load(self, world: World) -> None:
        """Replace the state, and set the clock to the world's."""

    def records(self, kind: str, **query: str) -> list[dict[str, Any]]:
        """All records of a type. Raises KeyError for a type the twin does not hold."""

    def control_routes(self) -> list[BaseRoute]:
        """Routes of its own under /_twin, beyond those every twin has."""


class Gate:
    """The ASGI application a twin is served as: /_twin to the control routes, the rest to the vendor's."""

    def __init__(self, twin: Twin) -> None:
        from sandbox.control import control_app  # noqa: PLC0415 - the control routes speak of the gate in turn

        self.twin = twin
        self.latency_seconds = 0.0
        self._control = control_app(self)
        self._last_pages: dict[str, tuple[Page, Response]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._control(scope, receive, send)
        elif scope["path"].startswith("/_twin"):
            await self._control(scope, receive, self._dated(send))
        else:
            await self._vendor_call(scope, receive, send)

    async def _vendor_call(self, scope: Scope, receive: Receive, send: Send) -> None:
        twin, request, began = self.twin, Request(scope), time.monotonic()
        operation, credential = twin.operation_of(request), twin.credential_of(request)
        seen = {"operation": operation, "method": request.method, "path": request.url.path, "credential": credential}
        at = text_of(twin.clock.now())
        fault: FaultRule | None = None
        violation: str | None = None
        answer: Response | None = None
        twin.calls.arrive(operation)
        try:
            answer = twin.admit(request, operation)
            if answer is None:
                fault, answer, violation = await self._answer(operation, credential, request, receive)
                rest = self.latency_seconds - (time.monotonic() - began)
                if rest > 0:
                    await asyncio.sleep(rest)
        finally:
            twin.calls.leave(operation)
            spent = round((time.monotonic() - began) * 1000)
            status = answer.status_code if answer else None
            kind = fault.kind if fault else None
            twin.calls.record(Call(at=at, status=status, fault=kind, ms=spent, violation=violation, **seen))
        if answer is None:
            await _drop(receive, send)
        else:
            await answer(scope, receive, self._dated(send))

    async def _answer(
        self, operation: str, credential: str, request: Request, receive: Receive
    ) -> tuple[FaultRule | None, Response | None, str | None]:
        """The fault that struck, what the client gets (None: a dropped connection), and the contract violation."""
        page = self.twin.page_of(request, operation)
        read, previous = self._last_pages.get(f"{credential} {operation}", (None, None))
        if page is None or read is None or page.place == 0 or read.listing != page.listing:
            previous = None
        fault = self.twin.faults.strike(operation, has_previous_page=previous is not None)
        if fault is not None and fault.kind in _NOTHING_DONE:
            return fault, await self._undone(fault, previous), None
        answer, violation = await self._vendor_answer(request.scope, receive)
        if page is not None and answer.status_code == 200:
            self._last_pages[f"{credential} {operation}"] = (page, answer)
        if fault is not None:
            await asyncio.sleep(fault.seconds)
        return fault, (None if fault and fault.kind == "timeout_after" else answer), violation

    async def _undone(self, fault: FaultRule, previous_page: Response | None) -> Response | None:
        """The answer of a fault that keeps the call from the vendor."""
        if fault.kind == "timeout_before":
            await asyncio.sleep(fault.seconds)
        match fault.kind:
            case "429":
                return self.twin.refusal(429, fault.retry_after)
            case "500":
                return self.twin.refusal(500, None)
            case "maintenance":
                return HTMLResponse(_MAINTENANCE, status_code=503)
            case "duplicate_page":
                return previous_page
        return None

    async def _vendor_answer(self, scope: Scope, receive: Receive) -> tuple[Response, str | None]:
        try:
            return await _response_of(self.twin.app, scope, receive), None
        except ClientDisconnect:
            # The caller died while it spoke: nobody hears this, and nothing was done.
            return Response(status_code=400), None
        except ContractViolation as violation:
            said = {"twin": "contract violation", "detail": str(violation)}
            return JSONResponse(said, status_code=500), str(violation)
        except Exception as bug:  # noqa: BLE001 - whatever breaks in a twin must show as the twin's fault, not the vendor's
            traceback.print_exc(file=sys.stderr)
            found = f"the twin itself broke: {type(bug).__name__}: {bug}"
            return JSONResponse({"twin": "broken", "detail": found}, status_code=500), found

    def _dated(self, send: Send) -> Send:
        """Every answer carries the twin's own date, as clients that check clocks look at it."""

        async def with_date(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(self.twin.clock.now(), usegmt=True).encode()
                kept = [(name, value) for name, value in message.get("headers", []) if name.lower() != b"date"]
                message = {**message, "headers": [*kept, (b"date", date)]}
            await send(message)

        return with_date


async def _response_of(app: ASGIApp, scope: Scope, receive: Receive) -> Response:
    """Run the vendor's application to its end, and hold its answer back."""
    start: MutableMapping[str, Any] = {}
    body = bytearray()

    async def keep(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))

    await app(scope, receive, keep)
    response = Response(bytes(body), status_code=start["status"])
    response.raw_headers = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
    if start["status"] != 204:
        response.raw_headers.append((b"content-length", str(len(body)).encode()))
    return response


async def _drop(receive: Receive, send: Send) -> None:
    """Close the connection without a word: a client sees a reset, not an HTTP answer."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise RuntimeError("a connection can only be dropped under uvicorn: serve the twin with sandbox.serving")
    wire = transport.get_extra_info("socket")
    with contextlib.suppress(OSError):
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
