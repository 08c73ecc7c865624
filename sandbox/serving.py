"""Serving a twin over real HTTP on 127.0.0.1, in a thread of this process, on a port found free."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn

from sandbox.gate import Gate

_START_SECONDS = 10.0
_LAST_ANSWERS_SECONDS = 0.1
_LOOKS_EVERY_SECONDS = 0.002


class _Server(uvicorn.Server):
    """Ends as soon as it is told to: uvicorn's own looks ten times a second whether it is, and then rests as long."""

    _loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._told_to_stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self._told_to_stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """No new calls; those under way have a moment for their answer, and connections at rest are closed."""
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        until = time.monotonic() + _LAST_ANSWERS_SECONDS
        # uvicorn tells nobody when the last of them has gone.
        while (self.server_state.connections or self.server_state.tasks) and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(_LOOKS_EVERY_SECONDS)

    def stop(self) -> None:
        """From any thread; also where it never started, or broke."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._told_to_stop.set)


@contextlib.contextmanager
def serving(gate: Gate, port: int = 0) -> Iterator[str]:
    """Serve until the block ends; gives the URL. Raises OSError where the port asked for is taken."""
    # asyncio turns Nagle's delay off only on sockets that say they are TCP; with it each answer takes 40 ms more.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as taken:
        listener.close()
        raise OSError(f"port {port} is taken: leave it out for a free one") from taken
    server = _Server(
        uvicorn.Config(
            gate,
            log_level="error",
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            date_header=False,
            backlog=512,
            timeout_keep_alive=60,
        )
    )
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name=f"{gate.twin.name} twin", daemon=True
    )
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.stop()
        thread.join(timeout=5)
        listener.close()


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    until = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("the twin did not start; its own words are on stderr")
        time.sleep(0.005)
