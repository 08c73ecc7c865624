"""The /_twin routes: set up a world, read what a twin holds, and order faults. Never subject to faults itself."""

import functools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import decimal_json
from sandbox.clock import moment_of, text_of
from sandbox.world import World

if TYPE_CHECKING:
    from sandbox.gate import Gate

Endpoint = Callable[[Request], Awaitable[Response]]


def json_response(value: object, status: int = 200) -> Response:
    """JSON with amounts written as numbers, exactly."""
    return Response(decimal_json.dumps(value), status_code=status, media_type="application/json")


def says_what_was_wrong(endpoint: Endpoint) -> Endpoint:
    """A control order that cannot be followed is answered 400 with the reason."""

    @functools.wraps(endpoint)
    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except KeyError as missing:
            return JSONResponse({"error": f"unknown or missing: {missing.args[0]}"}, status_code=400)
        except (ValueError, TypeError, FileNotFoundError) as wrong:
            return JSONResponse({"error": str(wrong)}, status_code=400)

    return answered


async def order_of(request: Request) -> dict[str, Any]:
    """The JSON object a control order came with; raises ValueError for anything else."""
    order = decimal_json.loads(await request.body())
    if not isinstance(order, dict):
        raise ValueError(f"this order is a JSON object, not {type(order).__name__}")  # noqa: TRY004 - answered as 400
    return order


def control_app(gate: "Gate") -> Starlette:
    """The routes every twin has, and those of its own."""
    orders = _Orders(gate)
    routes: list[tuple[str, Endpoint, list[str]]] = [
        ("/_twin/world", orders.world, ["POST"]),
        ("/_twin/records/{kind}", orders.records, ["GET"]),
        ("/_twin/clock", orders.clock, ["GET", "POST"]),
        ("/_twin/faults", orders.faults, ["GET", "POST", "DELETE"]),
        ("/_twin/latency", orders.latency, ["GET", "POST"]),
        ("/_twin/calls", orders.calls, ["GET", "DELETE"]),
        ("/_twin/violations", orders.violations, ["GET"]),
        ("/_twin/behaviours", orders.behaviours, ["GET", "POST"]),
    ]
    everyones = [Route(path, says_what_was_wrong(endpoint), methods=methods) for path, endpoint, methods in routes]
    return Starlette(routes=[*everyones, *gate.twin.control_routes()])


class _Orders:
    """What a person or a test may order of any twin."""

    def __init__(self, gate: "Gate") -> None:
        self.gate = gate
        self.twin = gate.twin

    async def world(self, request: Request) -> Response:
        folder = (await order_of(request))["path"]
        self.twin.load(World(Path(folder) if folder else None))
        return json_response({"now": text_of(self.twin.clock.now())})

    async def records(self, request: Request) -> Response:
        rows = self.twin.records(request.path_params["kind"], **dict(request.query_params))
        return Response(decimal_json.ndjson(rows), media_type="application/x-ndjson")

    async def clock(self, request: Request) -> Response:
        if request.method == "POST":
            order = await order_of(request)
            if "set" in order:
                self.twin.clock.set(moment_of(order["set"]))
            elif "advance_seconds" in order:
                self.twin.clock.advance(float(order["advance_seconds"]))
            elif "speed" in order:
                self.twin.clock.run_at(float(order["speed"]))
            else:
                raise ValueError(
                    'the clock: {"set": "2026-10-31T12:00:00Z"}, {"advance_seconds": 900} or {"speed": 60}'
                )
        return json_response({"now": text_of(self.twin.clock.now())})

    async def faults(self, request: Request) -> Response:
        if request.method == "POST":
            self.twin.faults.set(decimal_json.loads(await request.body()))
        elif request.method == "DELETE":
            self.twin.faults.clear()
        return json_response({"rules": self.twin.faults.listing()})

    async def latency(self, request: Request) -> Response:
        if request.method == "POST":
            self.gate.latency_seconds = float((await order_of(request))["seconds"])
        return json_response({"seconds": self.gate.latency_seconds})

    async def calls(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.twin.calls.reset()
        short = request.query_params.get("summary") == "true" or request.method == "DELETE"
        return json_response(self.twin.calls.summary() if short else self.twin.calls.report())

    async def violations(self, _: Request) -> Response:
        return json_response(self.twin.calls.violations())

    async def behaviours(self, request: Request) -> Response:
        if request.method == "POST":
            self.twin.behaviours.set(await order_of(request))
        return json_response(self.twin.behaviours.listing())
