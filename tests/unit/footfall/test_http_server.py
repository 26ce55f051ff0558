"""The small HTTP server under attack: whatever some clients do, others are answered, and every refusal arrives."""

from __future__ import annotations

import contextlib
import http.client
import json
import resource
import socket
import sys
import threading
from collections.abc import Iterator

import pytest

from footfall import http_server
from footfall.http_framing import MAX_HEAD_BYTES
from footfall.http_server import HttpServer, RequestHandler
from tests.support.waiting import PATIENCE_S, until

OWN, OTHER = "127.0.0.1", "127.0.0.2"
ATTACKERS = 1000


class Echo(RequestHandler):
    def do_GET(self) -> None:  # noqa: N802 # the name that http.server calls
        self.answer(200, b"x" * 4_000_000 if self.path == "/large" else b'"ok"')

    def do_POST(self) -> None:  # noqa: N802 # the name that http.server calls
        length = self.length()
        if length is None:
            self.refuse(411, "length", "Content-Length is needed")
        elif length > 1000:
            self.refuse(413, "size", "at most 1000 bytes")
        else:
            self.answer(200, self.body(length))


@pytest.fixture
def port() -> Iterator[int]:
    server = HttpServer("echo", OWN, 0, Echo)
    server.start()
    yield server.port
    server.stop()


@pytest.fixture
def _many_files() -> Iterator[None]:
    """Both ends of all connections are open in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(4096, hard)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def get(port: int, source: str, path: str = "/") -> int:
    connection = http.client.HTTPConnection(OWN, port, timeout=PATIENCE_S, source_address=(source, 0))
    with contextlib.closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status


def exchange(port: int, sent: bytes) -> bytes:
    """Return all that the server answers until it closes the connection."""
    with socket.create_connection((OWN, port), PATIENCE_S) as connection:
        connection.sendall(sent)
        received = b""
        while data := connection.recv(65_536):
            received += data
    return received


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@contextlib.contextmanager
def attack(port: int, first_bytes: bytes) -> Iterator[list[socket.socket]]:
    """ATTACKERS connections that have sent `first_bytes`, and nothing more."""
    with contextlib.ExitStack() as stack:
        held = []
        for _ in range(ATTACKERS):
            connection = stack.enter_context(socket.create_connection((OWN, port), PATIENCE_S))
            connection.settimeout(PATIENCE_S)
            with contextlib.suppress(OSError):
                connection.sendall(first_bytes)
            held.append(connection)
        yield held


def drip(held: list[socket.socket]) -> int:
    """Send one byte more by each; return by how many it was taken."""
    taken = 0
    for connection in held:
        with contextlib.suppress(OSError):
            taken += connection.send(b"x")
    return taken


ATTACKS = {
    "idle": b"",
    "a dripping request line": b"GET /",
    "a dripping head": b"GET / HTTP/1.1\r\nX: ",
    "a dripping body": b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n",
    "an answer that is not read": b"GET /large HTTP/1.1\r\n\r\n",
}


@pytest.mark.usefixtures("_many_files")
@pytest.mark.parametrize("first_bytes", ATTACKS.values(), ids=ATTACKS)
def test_a_thousand_slow_connections_keep_nobody_else_out(port: int, first_bytes: bytes) -> None:
    with attack(port, first_bytes) as held:
        for _ in range(5):
            assert get(port, OTHER) == 200
            assert get(port, OWN) == 200
            drip(held)
        until(lambda: drip(held) <= http_server.MAX_PER_ADDRESS, "those above the limit of one address are ended")


@pytest.mark.parametrize("first_bytes", ATTACKS.values(), ids=ATTACKS)
def test_a_slow_client_is_ended(monkeypatch: pytest.MonkeyPatch, first_bytes: bytes) -> None:
    for limit in ("REQUEST_S", "IDLE_S"):
        monkeypatch.setattr(http_server, limit, 0.5)
    monkeypatch.setattr(http_server, "POLL_S", 0.02)
    server = HttpServer("echo", OWN, 0, Echo)
    server.start()
    with socket.create_connection((OWN, server.port), PATIENCE_S) as slow:
        slow.sendall(first_bytes)
        until(lambda: not drip([slow]), "it is ended")
    server.stop()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"5\r\nhello\r\n" * 1000, 411),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"GET / HTTP/1.1\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70_000, 413),
        (b"POST / HTTP/1.1\r\n\r\n", 411),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * MAX_HEAD_BYTES + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
        (b"GET /" + b"y" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a hello of TLS\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 505),
        (b"DELETE / HTTP/1.1\r\n\r\n", 405),
        (b"OPTIONS / HTTP/1.1\r\n\r\n", 405),
        (b"BREW / HTTP/1.1\r\n\r\n", 501),
        (b"\x10\x26\x00\x04MQTT\x05\x02\x00\x3c\r\n", 400),
    ],
)
def test_what_is_no_request_is_refused_in_json_and_the_connection_closed(port: int, sent: bytes, status: int) -> None:
    answer = exchange(port, sent)
    assert status_of(answer) == status
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Connection: close" in head
    assert set(json.loads(body)) == {"reason", "message"}
    assert get(port, OWN) == 200


def test_a_refused_head_is_no_fault_of_the_server(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """Such as the greeting of TLS: what follows is read and passed over, so that the answer arrives."""
    faults: list[object] = []
    monkeypatch.setattr(http_server._BoundedServer, "handle_error", lambda *_: faults.append(sys.exception()))
    ended = threading.Event()
    shutdown = http_server._BoundedServer.shutdown_request
    monkeypatch.setattr(http_server._BoundedServer, "shutdown_request", lambda *of: (shutdown(*of), ended.set()))
    assert status_of(exchange(port, b"\x16\x03\x01 is no request\r\n\r\n" + b"x" * 1000)) == 400
    assert ended.wait(PATIENCE_S)
    assert faults == []


def test_garbage_behind_a_request_is_refused_after_its_answer(port: int) -> None:
    answer = exchange(port, b"GET / HTTP/1.1\r\n\r\n" * 3 + b"\x00\xff garbage\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200") == 3
    assert answer.count(b"HTTP/1.1 400") == 1


def test_a_body_of_a_get_is_no_second_request(port: int) -> None:
    hidden = b"GET /large HTTP/1.1\r\n\r\n"
    sent = b"GET / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%sGET / HTTP/1.1\r\nConnection: close\r\n\r\n" % (len(hidden), hidden)
    answer = exchange(port, sent)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert len(answer) < 1000


def test_a_chunked_body_that_never_ends_is_cut_off(port: int) -> None:
    with socket.create_connection((OWN, port), PATIENCE_S) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")

        def is_cut_off() -> bool:
            try:
                connection.sendall(b"5\r\nhello\r\n" * 1000)
            except OSError:
                return True
            return False

        until(is_cut_off, "it is cut off")
    assert get(port, OWN) == 200


def test_a_head_has_no_body(port: int) -> None:
    assert exchange(port, b"HEAD /large HTTP/1.1\r\nConnection: close\r\n\r\n").endswith(
        b"Content-Length: 4000000\r\nConnection: close\r\n\r\n"
    )
