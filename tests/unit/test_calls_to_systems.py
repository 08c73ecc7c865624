"""The connection to an outside system: kept while it is warm, and not trusted after a long sleep."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tieout.calls import PIECE, Call, Caller
from tieout.domain.errors import OutcomeUnknown, SystemDown


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.connections = 0
        self.seen: list[str | None] = []
        self.file: bytes | None = None
        self.status = 200
        self.promised: int | None = None

    def call(self) -> Call:
        url = f"http://127.0.0.1:{self.server_port}/"
        return Call(system="twin", operation="X", method="GET", url=url, reads=True)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_GET(self) -> None:
        self.server.seen.append(self.headers.get("Authorization"))
        if self.server.file is None:
            self.send_response(204)
            self.end_headers()
            return
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(self.server.promised or len(self.server.file)))
        self.end_headers()
        self.wfile.write(self.server.file)
        self.close_connection = True

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_calls_share_a_connection_until_it_has_slept_for_a_minute(server: Server):
    """A function that was frozen may wake up with a connection that is dead without knowing it."""
    clock = Clock()
    caller = Caller(1, 1, clock)
    caller.send(server.call(), None)
    clock.seconds += 59
    caller.send(server.call(), None)
    assert server.connections == 1
    clock.seconds += 61
    caller.send(server.call(), None)
    assert server.connections == 2


def test_a_password_file_of_the_machine_is_not_sent_to_anybody(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    caller = Caller(1, 1)
    caller.send(server.call(), None)
    caller.send(server.call(), lambda _method, _url: "our-key")
    assert server.seen == [None, "our-key"]


@pytest.mark.parametrize("reads", [True, False])
def test_where_nobody_listens_nothing_was_written(reads: bool):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # never listens: whoever connects is refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(SystemDown):
            Caller(1, 1).send(Call(system="twin", operation="X", method="PUT", url=url, body=b"{}", reads=reads), None)


def test_a_write_that_is_answered_by_silence_may_have_arrived():

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(OutcomeUnknown):
            Caller(1, 0.2).send(Call(system="twin", operation="X", method="PUT", url=url, body=b"{}"), None)


def test_a_file_is_taken_in_pieces_and_never_whole(server: Server):
    server.file = b"x" * (3 * PIECE + 1)
    answer, pieces = Caller(1, 1).send_for_pieces(server.call(), None)
    assert (answer.status, answer.body) == (200, b"")
    sizes = [len(piece) for piece in pieces]
    assert (sum(sizes), max(sizes)) == (3 * PIECE + 1, PIECE)


def test_a_file_that_breaks_off_is_not_taken_for_the_whole(server: Server):
    server.file, server.promised = b"x" * 10, 1000
    _, pieces = Caller(1, 1).send_for_pieces(server.call(), None)
    with pytest.raises(SystemDown, match="broke off"):
        list(pieces)


def test_a_refusal_brings_its_words_and_no_pieces(server: Server):
    server.file, server.status = b'{"message": "no"}', 404
    answer, pieces = Caller(1, 1).send_for_pieces(server.call(), None)
    assert (answer.status, answer.body, list(pieces)) == (404, b'{"message": "no"}', [])
