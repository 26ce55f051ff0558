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
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import inf
from typing import Any, Final

from footfall.errors import ConfigError

log = logging.getLogger("footfall.http")

IDLE_S: Final = 30.0
"""Longest wait between requests of a connection, and between two bytes."""
REQUEST_S: Final = 20.0
"""Read deadline per request, from its first byte or the start of the connection (slow clients are disconnected)."""
MAX_CONNECTIONS: Final = 64
POLL_S: Final = 0.2
DRAIN_BYTES: Final = 8 << 20
DRAIN_S: Final = 2.0
_CHUNK_BYTES: Final = 1 << 16
_BUSY: Final = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"


class HttpServer:
    """Serves from `start` to `stop`, one thread per connection, at most MAX_CONNECTIONS."""

    def __init__(self, name: str, host: str, port: int, handler: Callable[..., RequestHandler]) -> None:
        """Bind the address. Raise ConfigError, beginning with `name`, if that fails. `handler`: a class, or a partial of one."""
        try:
            self._server: Final = _BoundedServer((host, port), handler)
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
        self._server.disconnect(lambda deadline_s: True)


class _BoundedServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: Callable[..., RequestHandler]) -> None:
        self._lock: Final = threading.Lock()
        self._open: Final[dict[Any, float]] = {}
        """Read deadline of each connection, on time.monotonic."""
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            is_full = len(self._open) >= MAX_CONNECTIONS
            if not is_full:
                self._open[request] = time.monotonic() + REQUEST_S
        if is_full:
            with contextlib.suppress(OSError):
                request.sendall(_BUSY)
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def extend(self, request: Any, seconds: float) -> None:
        """Set the connection's deadline to `seconds` from now."""
        with self._lock:
            if request in self._open:
                self._open[request] = time.monotonic() + seconds

    def service_actions(self) -> None:
        now_s = time.monotonic()
        self.disconnect(lambda deadline_s: deadline_s < now_s)

    def disconnect(self, which: Callable[[float], bool]) -> None:
        """Shut down connections by their deadline; their threads then read an end of file."""
        with self._lock:
            for request in [request for request, deadline_s in self._open.items() if which(deadline_s)]:
                with contextlib.suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that disconnected before its answer repeats the request."""
        log.info("a request broke off: %s", type(sys.exception()).__name__)


class RequestHandler(BaseHTTPRequestHandler):
    """Base of the handlers. Requests are not logged: a request line may hold what a device or a till sent."""

    protocol_version = "HTTP/1.1"
    server_version = "footfall"
    timeout = IDLE_S
    server: _BoundedServer

    def parse_request(self) -> bool:
        self.server.extend(self.connection, REQUEST_S)
        return super().parse_request()

    def body(self, length: int) -> bytes:
        """Return the whole body, and lift the deadline for the answer. Raise ConnectionResetError if it ends early."""
        data = self.rfile.read(length)
        if len(data) < length:
            raise ConnectionResetError("a body that ends too early")
        self.server.extend(self.connection, inf)
        return data

    def is_bearer(self, secret: bytes) -> bool:
        """Return whether Authorization is Bearer (RFC 6750) with this token."""
        given = self.headers.get("Authorization", "").removeprefix("Bearer ").encode("utf-8", "replace")
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
        text = self.headers.get("Content-Length", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None

    def refuse(self, status: int, reason: str, message: str, **headers: str) -> None:
        """Answer before the body was read, drain some of it so that the answer arrives, and close the connection."""
        self.close_connection = True
        self.answer(status, explained(reason, message), **headers)
        self._drain()

    def answer(self, status: int, body: bytes, content_type: str = "application/json", **headers: str) -> None:
        """Write a response; `_` in the name of a header stands for `-`."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.server.extend(self.connection, IDLE_S)

    def _drain(self) -> None:
        left, until_s = min(self.length() or 0, DRAIN_BYTES), time.monotonic() + DRAIN_S
        with contextlib.suppress(OSError):
            self.wfile.flush()
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
