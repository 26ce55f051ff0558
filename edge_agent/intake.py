"""Plain events by HTTP, for tills that must not depend on a broker.

    POST /events   an object or an array (footfall/events.py) -> 202 {"accepted": n} once the spool holds them;
                   400 {"reason", "message"}; 401; 411; 413; 503 while the spool takes nothing
    GET /health    200, the agent's health (footfall/health.py)

An array is accepted whole or not at all. Identifiers of types without consent, such as a `mac`, are refused: raw ones must not reach
the spool.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Final

from footfall.config import SecretFile
from footfall.errors import ContractError
from footfall.events import MAX_EVENTS_BYTES, Touch, load_json, parse_event
from footfall.health import Health, encode_health
from footfall.http_server import HttpServer, RequestHandler, explained, to_json

MAX_EVENT_BYTES: Final = 60_000
"""Longest event as text; frames hold none longer."""
COMMIT_S: Final = 15.0

KeepEvents = Callable[[Sequence[str]], "Future[None]"]
"""Takes events as JSON texts, and returns a future that is done when they are durable."""


def check_events(payload: bytes, refused_types: frozenset[str]) -> list[str]:
    """Return each event of a payload as compact JSON text. Raise ContractError, which names the first wrong one."""
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
    """Serves from `start` to `stop`, one thread per connection. Raise ConfigError if the port is taken."""

    def __init__(
        self, host: str, port: int, secret: SecretFile | None, refused_types: frozenset[str], keep: KeepEvents, health: Callable[[], Health]
    ) -> None:
        self._server: Final = HttpServer("intake", host, port, partial(_IntakeHandler, secret, refused_types, keep, health))

    @property
    def port(self) -> int:
        return self._server.port

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()


class _IntakeHandler(RequestHandler):
    def __init__(
        self, secret: SecretFile | None, refused_types: frozenset[str], keep: KeepEvents, health: Callable[[], Health], *arguments: Any
    ) -> None:
        self._secret, self._refused_types, self._keep, self._health = secret, refused_types, keep, health
        super().__init__(*arguments)

    def do_GET(self) -> None:  # noqa: N802 # the name that http.server calls
        if self.path == "/health":
            self.answer(200, encode_health(self._health()))
        else:
            self.answer(404, explained("path", "there is /events and /health"))

    def do_POST(self) -> None:  # noqa: N802 # the name that http.server calls
        if self.path != "/events":
            self.refuse(404, "path", "events go to /events")
        elif self._secret is not None and not self.is_bearer(self._secret.current()):
            self.refuse(401, "secret", "Authorization: Bearer … with this agent's secret is needed")
        elif (length := self.length()) is None:
            self.refuse(411, "length", "Content-Length is needed")
        elif length > MAX_EVENTS_BYTES:
            self.refuse(413, "event.size", f"at most {MAX_EVENTS_BYTES} bytes")
        else:
            self._take(self.body(length))

    def _take(self, payload: bytes) -> None:
        try:
            texts = check_events(payload, self._refused_types)
            if texts:  # an empty array has nothing to wait for
                self._keep(texts).result(COMMIT_S)
        except ContractError as error:
            self.answer(400, explained(error.reason, str(error)))
        except TimeoutError:
            self.answer(503, explained("spool", "the spool takes nothing now: send the same again"))
        else:
            self.answer(202, to_json({"accepted": len(texts)}))
