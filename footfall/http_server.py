"""A small HTTP/1.1 server for a handful of paths: bounded connections, bounded time, and always a clear answer.

    class Handler(RequestHandler):
        def do_POST(self) -> None: ...

    server = HttpServer("intake", host, port, Handler)   # ConfigError if the address cannot be bound
    server.start(); server.port; server.stop()

The agent's intake, its `http_push` sources and the gateway's probes use it. Pages and streams are served by `footfall serve`.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import logging
import socket
import socketserver
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable
from http import HTTPMethod, HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from footfall.errors import ConfigError
from footfall.event_requests import token_of
from footfall.http_framing import MAX_HEAD_BYTES, BoundedHead, Framing, content_length, framing
from footfall.http_places import Places, counted_as
from footfall.logs import ONCE

log = logging.getLogger("footfall.http")

IDLE_S: Final = 30.0
"""Longest wait between requests of a connection, and between two bytes."""
REQUEST_S: Final = 20.0
"""Read deadline per request, from its first byte or the start of the connection (slow clients are disconnected)."""
MAX_CONNECTIONS: Final = 64
MAX_PER_ADDRESS: Final = 32
"""Of one address; where it has more, one that waits gives way. The others are for everybody else."""
BACKLOG: Final = 512
"""Connections that may wait to be accepted: a burst must not keep others out."""
POLL_S: Final = 0.2
DRAIN_BYTES: Final = 8 << 20
DRAIN_S: Final = 2.0
_CHUNK_BYTES: Final = 1 << 16
_PASSED_OVER_BYTES: Final = 64 << 10
_METHODS: Final = tuple(HTTPMethod)
_WITHOUT_BODY: Final = frozenset({"GET", "HEAD"})
Noted = Callable[[str, str], None]
"""Called with the address of a client and the reason why a request is refused, "" for one that is taken; in any thread."""
_BUSY: Final = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"


class HttpServer:
    """Serves from `start` to `stop`, one thread per connection, at most MAX_CONNECTIONS, and MAX_PER_ADDRESS of one address.

    One more replaces the connection that has waited longest: one that has sent no whole request, or does not read its answer.
    """

    def __init__(self, name: str, host: str, port: int, handler: Callable[..., RequestHandler], noted: Noted = lambda *_: None) -> None:
        """Bind the address. Raise ConfigError, beginning with `name`, if that fails. `handler`: a class, or a partial of one."""
        try:
            self._server: Final = _BoundedServer(name, (host, port), handler, noted)
        except OSError as error:
            raise ConfigError(f"{name}: cannot listen on {host}:{port}: {error.strerror}; choose another port") from None
        self._thread: Final = threading.Thread(target=self._server.serve_forever, args=(POLL_S,), name=name, daemon=True)

    @property
    def port(self) -> int:
        """Return the port in use, also if 0 was requested."""
        port: int = self._server.server_address[1]
        return port

    def start(self) -> None:
        self._thread.start()

    def is_running(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Close the listener and every connection, also those with a request under way."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._server.disconnect_all()


class _BoundedServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = BACKLOG

    def __init__(self, name: str, address: tuple[str, int], handler: Callable[..., RequestHandler], noted: Noted) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.noted: Final = noted
        self._name: Final = name
        self._lock: Final = threading.Lock()
        self._places: Final = Places(MAX_CONNECTIONS, MAX_PER_ADDRESS)
        """Its times are on time.monotonic."""
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Bind, without the look-up of the host's name, which takes long where no name server answers."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            place = self._places.take(request, counted_as(client_address[0]), time.monotonic() + REQUEST_S)
            _end(place.ended, reset=True)
        if place.ended or not place.is_given:
            log.warning("%s: more connections than it holds: those that wait longest are ended", self._name, extra={ONCE: self._name})
        if place.is_given:
            super().process_request(request, client_address)
        else:
            self.noted(client_address[0], "connections")
            with contextlib.suppress(OSError):
                request.sendall(_BUSY)
            self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._places.leave(request)
        super().shutdown_request(request)

    def waits(self, request: Any, seconds: float) -> None:
        """Note that the connection is to send or read something, for which it has `seconds` from now."""
        with self._lock:
            self._places.waits(request, time.monotonic() + seconds)

    def extend(self, request: Any, seconds: float) -> None:
        """Give a connection that waits `seconds` from now."""
        with self._lock:
            self._places.extend(request, time.monotonic() + seconds)

    def answers(self, request: Any) -> None:
        """Note that the connection has asked, so that it keeps its place until it is answered."""
        with self._lock:
            self._places.answers(request)

    def service_actions(self) -> None:
        with self._lock:
            _end(self._places.expired(time.monotonic()), reset=True)

    def disconnect_all(self) -> None:
        with self._lock:
            _end(self._places.all(), reset=False)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that disconnected before its answer repeats the request."""
        log.info("a request broke off: %s", type(sys.exception()).__name__)


def _end(connections: Iterable[Any], reset: bool) -> None:
    """Shut down connections; their threads then read an end of file. With `reset` the system drops what they have not read."""
    for connection in connections:
        with contextlib.suppress(OSError):
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.shutdown(socket.SHUT_RDWR)


class RequestHandler(BaseHTTPRequestHandler):
    """Base of the handlers. Requests are not logged: a request line may hold what a device or a till sent."""

    protocol_version = "HTTP/1.1"
    server_version = "footfall"
    default_request_version = "HTTP/1.0"
    """Of a request line that is none: it is refused with a whole response."""
    timeout = IDLE_S
    server: _BoundedServer

    def parse_request(self) -> bool:
        """Read a request's head, and return whether it is one; else it is answered. A body that a GET has is passed over."""
        self.server.extend(self.connection, REQUEST_S)
        stream, self.rfile = self.rfile, BoundedHead(self.rfile, MAX_HEAD_BYTES)  # type: ignore[assignment] # only lines are read of it
        try:
            is_read = super().parse_request()
        finally:
            self.rfile = stream
        if not is_read:
            return False
        framed = framing(self.headers)
        if framed is Framing.WRONG:
            self.refuse(400, "http.length", "Content-Length must be one number of bytes, and nothing else")
            return False
        if framed is Framing.CHUNKED:
            self.refuse(411, "length", "Content-Length is needed: chunked bodies are not taken")
            return False
        return self.command not in _WITHOUT_BODY or self._pass_over(self.length() or 0)

    def _pass_over(self, length: int) -> bool:
        if length > _PASSED_OVER_BYTES:
            self.refuse(413, "http.size", f"a {self.command} needs no body")
            return False
        self.body(length)
        return True

    def do_HEAD(self) -> None:  # the name that http.server calls
        """Answer what GET would, without its body."""
        if do_get := getattr(self, "do_GET", None):
            do_get()
        else:
            self.send_error(HTTPStatus.NOT_IMPLEMENTED)

    def body(self, length: int) -> bytes:
        """Return the whole body, and lift the deadline for the answer. Raise ConnectionResetError if it ends early."""
        data = self.rfile.read(length)
        if len(data) < length:
            raise ConnectionResetError("a body that ends too early")
        self.server.answers(self.connection)
        return data

    def is_bearer(self, secret: bytes) -> bool:
        """Return whether Authorization has this token."""
        given = token_of(self.headers.get("Authorization", "")).encode("utf-8", "replace")
        return hmac.compare_digest(given, secret)

    def is_basic(self, secret: bytes, username: str | None) -> bool:
        """Return whether Authorization is Basic (RFC 7617) with `secret` as password; `username` None: any."""
        scheme, _, credentials = self.headers.get("Authorization", "").partition(" ")
        try:
            user, _, password = base64.b64decode(credentials, validate=True).partition(b":")
        except ValueError:
            return False
        is_user = username is None or hmac.compare_digest(user, username.encode())
        return scheme.lower() == "basic" and is_user and hmac.compare_digest(password, secret)

    def length(self) -> int | None:
        """Return the body's Content-Length; None if it is missing or not a number."""
        return content_length(self.headers.get("Content-Length", ""))

    def refuse(self, status: int, reason: str, message: str, **headers: str) -> None:
        """Answer before the body was read, drain some of it so that the answer arrives, and close the connection."""
        self.close_connection = True
        self.explain(status, reason, message, **headers)
        is_endless = "Transfer-Encoding" in self.headers
        self._drain(DRAIN_BYTES if is_endless else min(self.length() or 0, DRAIN_BYTES))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what `http.server` refuses itself, such as an unknown method, as everything else is refused: with JSON."""
        self.close_connection = True
        if code == HTTPStatus.NOT_IMPLEMENTED and self.command in _METHODS:
            allowed = ", ".join(self._methods())
            self.explain(405, "method", f"not with {self.command}: there is {allowed}", Allow=allowed)
        else:
            self.explain(code, "http.request", explain or message or HTTPStatus(code).description)
        self._drain(DRAIN_BYTES)

    def _methods(self) -> list[str]:
        """Return the methods that this handler answers."""
        return [method for method in _METHODS if hasattr(self, f"do_{method}") and (method != "HEAD" or hasattr(self, "do_GET"))]

    def explain(self, status: int, reason: str, message: str, **headers: str) -> None:
        """Answer why a request whose body was read is refused."""
        self.server.noted(self.client_address[0], reason)
        self.answer(status, explained(reason, message), **headers)

    def answer(self, status: int, body: bytes, content_type: str = "application/json", **headers: str) -> None:
        """Write a response; `_` in the name of a header stands for `-`."""
        if status < HTTPStatus.MULTIPLE_CHOICES and self.command not in _WITHOUT_BODY:
            self.server.noted(self.client_address[0], "")
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.server.waits(self.connection, REQUEST_S)
        if self.command != "HEAD":
            self.wfile.write(body)
        self.server.waits(self.connection, IDLE_S)

    def _drain(self, most_bytes: int) -> None:
        left, until_s = most_bytes, time.monotonic() + DRAIN_S
        with contextlib.suppress(OSError):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(DRAIN_S)
            while left > 0 and time.monotonic() < until_s and (data := self.rfile.read1(min(left, _CHUNK_BYTES))):
                left -= len(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # the name that http.server uses
        """Log nothing; see the class."""


def explained(reason: str, message: str) -> bytes:
    """Return the JSON body of a refusal."""
    return to_json({"reason": reason, "message": message})


def to_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
