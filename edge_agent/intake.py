"""Plain events by HTTP, for tills that must not depend on a broker.

    POST /events   an object or an array (footfall/events.py) -> 202 {"accepted": n} once the spool holds them;
                   400 {"reason", "message"}; 401; 411; 413; 503 while the spool takes nothing
    GET /health    200, the agent's health (footfall/health.py)

An array is taken whole or not at all. Identifiers of types that nobody consented to, such as a `mac`, are refused: raw, they must
not reach the spool.
"""

from __future__ import annotations

import hmac
import json
import logging
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from footfall.errors import ConfigError, ContractError
from footfall.events import MAX_EVENTS_BYTES, Touch, load_json, parse_event
from footfall.health import Health, encode_health

log = logging.getLogger("footfall.agent.intake")

MAX_EVENT_BYTES: Final = 60_000
"""Of one event as text: frames hold no longer texts."""
COMMIT_S: Final = 15.0
SOCKET_S: Final = 30.0

Keep = Callable[[Sequence[str]], "Future[None]"]
"""Takes events as JSON texts; the future is done when they are durable."""


def check_events(payload: bytes, refused_types: frozenset[str]) -> list[str]:
    """Each event of a payload as compact JSON text; ContractError says which is wrong, and why."""
    texts = []
    for i, value in enumerate(load_json(payload)):
        try:
            event = parse_event(value)
        except ContractError as error:
            raise ContractError(error.reason, f"event {i}: {error}") from None
        if isinstance(event, Touch):
            _check_identifiers(event, refused_types, i)
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        if len(text.encode()) > MAX_EVENT_BYTES:
            raise ContractError("event.size", f"event {i}: at most {MAX_EVENT_BYTES} bytes an event")
        texts.append(text)
    return texts


def _check_identifiers(event: Touch, refused_types: frozenset[str], i: int) -> None:
    for identifier in event.identifiers:
        id_type = identifier.partition(":")[0]
        if id_type in refused_types:
            raise ContractError("event.identifier", f"event {i}: identifiers of type {id_type!r} are not consented to and are not taken")


class Intake:
    """Serves from `start` to `stop`, a thread a connection; ConfigError if the port is taken."""

    def __init__(
        self, host: str, port: int, secret: bytes | None, refused_types: frozenset[str], keep: Keep, health: Callable[[], Health]
    ) -> None:
        handler = type(
            "_Handler",
            (_Requests,),
            {"secret": secret, "refused_types": refused_types, "keep": staticmethod(keep), "health": staticmethod(health)},
        )
        try:
            self._server: Final = _Server((host, port), handler)
        except OSError as error:
            raise ConfigError(f"intake: {host}:{port} cannot be listened on: {error.strerror}") from None
        self._thread: Final = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="intake", daemon=True)

    @property
    def port(self) -> int:
        port: int = self._server.server_address[1]
        return port

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A till that hung up before its answer; it will send the same again."""
        log.info("intake: a request broke off: %s", type(sys.exception()).__name__)


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SOCKET_S
    secret: bytes | None
    refused_types: frozenset[str]
    keep: Keep
    health: Callable[[], Health]

    def do_GET(self) -> None:  # the name that http.server calls
        if self.path == "/health":
            self._answer(200, encode_health(self.health()))
        else:
            self._answer(404, _reason("path", "there is /events and /health"))

    def do_POST(self) -> None:  # the name that http.server calls
        if self.path != "/events":
            self._refuse(404, "path", "events go to /events")
        elif self.secret is not None and not self._is_authorized(self.secret):
            self._refuse(401, "secret", "Authorization: Bearer … with this agent's secret is needed")
        elif (length := self._length()) is None:
            self._refuse(411, "length", "Content-Length is needed")
        elif length > MAX_EVENTS_BYTES:
            self._refuse(413, "event.size", f"at most {MAX_EVENTS_BYTES} bytes")
        else:
            self._take(self.rfile.read(length))

    def _take(self, payload: bytes) -> None:
        try:
            texts = check_events(payload, self.refused_types)
            self.keep(texts).result(COMMIT_S)
        except ContractError as error:
            self._answer(400, _reason(error.reason, str(error)))
        except TimeoutError:
            self._answer(503, _reason("spool", "the spool takes nothing now: send the same again"))
        else:
            self._answer(202, _json({"accepted": len(texts)}))

    def _is_authorized(self, secret: bytes) -> bool:
        given = self.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        return hmac.compare_digest(given, secret)

    def _length(self) -> int | None:
        text = self.headers.get("Content-Length", "")
        return int(text) if text.isascii() and text.isdigit() else None

    def _refuse(self, status: int, reason: str, message: str) -> None:
        """An answer given before the body was read: the connection cannot go on."""
        self.close_connection = True
        self._answer(status, _reason(reason, message))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # the name that http.server uses
        """Silent: a request line may hold what a till sent."""


def _reason(reason: str, message: str) -> bytes:
    return _json({"reason": reason, "message": message})


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
