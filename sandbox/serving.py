"""Serving a twin over real HTTP on 127.0.0.1, in a thread of this process, on a port found free."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn

from sandbox.gate import Gate

_START_SECONDS = 10.0


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
    server = uvicorn.Server(
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
            timeout_graceful_shutdown=1,
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
        server.should_exit = server.force_exit = True
        thread.join(timeout=5)
        listener.close()


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    until = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("the twin did not start; its own words are on stderr")
        time.sleep(0.005)
