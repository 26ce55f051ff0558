"""Plain events by HTTP, for tills that must not depend on a broker.

    POST /events   an object or an array (footfall/events.py) -> 202 {"accepted": n} once the spool holds them;
                   400, 401, 404, 405, 411, 413, 415 or 503 with {"reason", "message"} (footfall/event_requests.py)
    GET /health    200, the agent's health (footfall/health.py)

An array is accepted whole or not at all. Identifiers without consent, such as a `mac`, are refused, whatever
kind of event has them, as are times that only a dead clock shows, while the time is known here. Other identifiers
reach the spool as subjects, or sealed (`edge_agent/protection.py`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Final

from edge_agent.config import IntakeSettings
from edge_agent.lasting_refusals import NO_KEY, LastingRefusals
from edge_agent.protection import NoKeyYet, Protection
from footfall.config import SecretFile
from footfall.consent import ConsentRule
from footfall.errors import ContractError
from footfall.event_requests import head_problem, status_of, token_problem
from footfall.event_times import check_time
from footfall.events import MAX_EVENTS_BYTES, check_ids, load_json, parse_event
from footfall.health import Health, encode_health
from footfall.http_server import HttpServer, RequestHandler, to_json
from footfall.identified import stated_identifiers

MAX_EVENT_BYTES: Final = 60_000
"""Longest event as text; frames hold none longer."""
COMMIT_S: Final = 15.0
EVENTS_PATH: Final = "/events"
HEALTH_PATH: Final = "/health"

KeepEvents = Callable[[Sequence[str]], "Future[None]"]
"""Takes events as JSON texts, and returns a future that is done when they are durable."""


def check_events(payload: bytes, consent: ConsentRule, protection: Protection, now_ns: int = 0) -> list[str]:
    """Return each event of a payload as compact JSON text, without any identifier in clear.

    Times are compared with `now_ns`, as the gateway will compare them; 0: nobody knows the time here, and the gateway decides.
    Raise ContractError, which names the first wrong one, or NoKeyYet.
    """
    texts = []
    values = load_json(payload)
    for i, value in enumerate(values):
        try:
            event = parse_event(value)
            consent.check(stated_identifiers(event))
            if now_ns:
                check_time(event, now_ns, now_ns)
        except ContractError as error:
            raise ContractError(error.reason, f"event {i}: {error}") from None
        text = json.dumps(protection.protected(value, event), ensure_ascii=False, separators=(",", ":"))
        if len(text.encode()) > MAX_EVENT_BYTES:
            raise ContractError("event.size", f"event {i}: at most {MAX_EVENT_BYTES} bytes an event")
        texts.append(text)
    check_ids(values)
    return texts


class Intake:
    """Serves from `start` to `stop`, one thread per connection. Raise ConfigError if the port is taken."""

    def __init__(
        self,
        host: str,
        port: int,
        secret: SecretFile | None,
        consent: ConsentRule,
        keep: KeepEvents,
        health: Callable[[], Health],
        protection: Protection,
        boot_ns: Callable[[], int] = time.monotonic_ns,
        sure_ns: Callable[[], int] = lambda: 0,
    ) -> None:
        """`sure_ns` returns the time by a clock that can be trusted, 0 while there is none."""
        self._consent, self._sure_ns = consent, sure_ns
        self._protection: Final = protection
        self._refusals: Final = LastingRefusals("intake")
        self._boot_ns: Final = boot_ns
        self._server: Final = HttpServer(
            "intake",
            host,
            port,
            lambda *arguments: _IntakeHandler(secret, self._check, keep, health, *arguments),
            lambda address, reason: self._refusals.note(address, reason, boot_ns()),
        )

    def _check(self, payload: bytes) -> list[str]:
        return check_events(payload, self._consent, self._protection, self._sure_ns())

    def ask_consent(self, consent: ConsentRule) -> None:
        """Refuse identifiers of other types from the next request on."""
        self._consent = consent

    def lasting_refusals(self) -> dict[str, str]:
        """Return by reason who is refused for long; for want of the gateway's key, nobody once it is here."""
        found = self._refusals.lasting(self._boot_ns())
        if self._protection.public is not None:
            found.pop(NO_KEY, None)
        return found

    @property
    def port(self) -> int:
        return self._server.port

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()


def intake_of(
    wanted: IntakeSettings | None,
    consent: ConsentRule,
    keep: KeepEvents,
    health: Callable[[], Health],
    protection: Protection,
    sure_ns: Callable[[], int],
) -> Intake | None:
    """Return the intake that the settings want, None if they want none. Raise ConfigError if it cannot be had."""
    if wanted is None:
        return None
    secret = SecretFile(wanted.secret_file) if wanted.secret_file else None
    return Intake(wanted.host, wanted.port, secret, consent, keep, health, protection, sure_ns=sure_ns)


class _IntakeHandler(RequestHandler):
    def __init__(
        self,
        secret: SecretFile | None,
        check: Callable[[bytes], list[str]],
        keep: KeepEvents,
        health: Callable[[], Health],
        *arguments: Any,
    ) -> None:
        self._secret, self._check, self._keep, self._health = secret, check, keep, health
        super().__init__(*arguments)

    def do_GET(self) -> None:  # noqa: N802 # the name that http.server calls
        path = self._path()
        if path == HEALTH_PATH:
            self.answer(200, encode_health(self._health()))
        elif path == EVENTS_PATH:
            self.explain(405, "method", f"events are sent with POST, not {self.command}", Allow="POST")
        else:
            self.explain(404, "path", self._where(path))

    def do_POST(self) -> None:  # noqa: N802 # the name that http.server calls
        path, headers = self._path(), {name.lower(): value for name, value in self.headers.items()}
        if path == HEALTH_PATH:
            self.refuse(405, "method", "health is read with GET", Allow="GET")
        elif path != EVENTS_PATH:
            self.refuse(404, "path", self._where(path))
        elif self._secret is not None and not self.is_bearer(self._secret.current()):
            self.refuse(401, "secret", token_problem(headers), WWW_Authenticate="Bearer")
        elif problem := head_problem(headers, is_type_needed=False):
            self.refuse(*problem)
        elif (length := self.length()) is None:
            self.refuse(411, "length", "Content-Length is needed")
        elif length > MAX_EVENTS_BYTES:
            self.refuse(413, "event.size", f"at most {MAX_EVENTS_BYTES} bytes a request, this has {length}: send several")
        else:
            self._take(self.body(length))

    def _other(self) -> None:
        self.refuse(405, "method", f"events are sent with POST, not {self.command}", Allow="POST, GET, HEAD")

    do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _other  # noqa: N815 # the names that http.server calls

    def _path(self) -> str:
        """Return the path without what may stand behind a question mark."""
        return self.path.partition("?")[0]

    @staticmethod
    def _where(path: str) -> str:
        slash = ", without a slash at its end" if path.rstrip("/") == EVENTS_PATH else ""
        return f"events go to {EVENTS_PATH}{slash}; {HEALTH_PATH} has this agent's health"

    def _take(self, payload: bytes) -> None:
        try:
            texts = self._check(payload)
            if texts:  # an empty array has nothing to wait for
                self._keep(texts).result(COMMIT_S)
        except ContractError as error:
            self.explain(status_of(error.reason), error.reason, str(error))
        except NoKeyYet as error:
            self.explain(503, NO_KEY, str(error), Retry_After="5")
        except TimeoutError:
            self.explain(503, "spool", "the spool takes nothing now: send the same again, with the same ids", Retry_After="5")
        else:
            self.answer(202, to_json({"accepted": len(texts)}))
