"""Cameras and readers that push their counts by HTTP; their profiles decode the messages.

    [[sources]]
    kind = "http_push"
    name = "cameras"
    host = "0.0.0.0"
    port = 8782
    secret_file = "/etc/footfall/cameras.secret"
    accepts = ["bearer", "basic", "path"]     # where the secret may be; "path": http://agent:8782/SECRET/whatever
    doors = { "849a40ecf16d.1" = "main" }     # as messages name their lines

POST or PUT of JSON, XML, or multipart with one of them among pictures. Answers, always JSON:

    200 {"accepted": n}                    the agent has it; {"accepted": 0, "again": true}: it had it before
    400 {"reason", "message"}              no profile explains it, and why, with line and column of a fault: do not repeat it
    401  411  413                          no secret or a wrong one; no Content-Length; too large
    503                                    the agent accepts nothing now: repeat the request

GET with the secret is answered 200, for the tests on devices' settings pages. Each source is one server; a proxy before it adds TLS.
Requests without the secret are no sign of life. They are counted (`source.refused_total`) and reported with the next accepted message.
"""

from __future__ import annotations

import hmac
import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from device_profiles.devices.feed import FeedMessage
from device_profiles.registry import Registry
from edge_agent.clock import Clock
from edge_agent.lasting_refusals import LastingRefusals
from edge_agent.sources.feeds import FINE, NOBODY, FeedReader, FeedSettings
from edge_agent.sources.http_body import documents
from edge_agent.sources.source import AliveUntil, Heard, Unexplained
from footfall.addresses import is_loopback
from footfall.broker import Port
from footfall.config import SecretFile
from footfall.errors import ConfigError, ContractError
from footfall.http_server import HttpServer, RequestHandler, to_json
from footfall.server_settings import Host

log = logging.getLogger("footfall.agent.http")

ANSWER_S: Final = 10.0
WAITING: Final = 64
TURN_S: Final = 0.2
WARN_EVERY_S: Final = 60.0
Where = Literal["bearer", "basic", "path"]


@dataclass(frozen=True, slots=True)
class _Push:
    """The messages of one request. `taken`: what of them was dropped, by reason. `faults`: what is wrong with the first of a reason."""

    messages: list[FeedMessage]
    t_boot_ns: int
    taken: Future[Counter[str]] = field(default_factory=Future)
    faults: dict[str, str] = field(default_factory=dict)


class PushSource:
    """`refused_total` counts requests answered 4xx before they were read, by reason, over the life of the source."""

    def __init__(self, settings: HttpPush, clock: Clock, profiles: Registry) -> None:
        self.name = settings.name
        self.silence_s = settings.silence_s
        self.refused_total: Final[Counter[str]] = Counter()
        self.reader: Final = FeedReader(settings, profiles)
        self._settings: Final = settings
        self._secret: Final = SecretFile(settings.secret_file) if settings.secret_file else None
        self._clock: Final = clock
        self._emitted_refusals: Final[Counter[str]] = Counter()
        self._warned_s = -WARN_EVERY_S
        self._lasting: Final = LastingRefusals(settings.name)
        self._pushed: Final[queue.Queue[_Push]] = queue.Queue(WAITING)
        self.port: int = settings.port

    def run(self, emit: Callable[[Heard], None], stop: threading.Event) -> None:
        server = self._listen()
        try:
            while not stop.is_set():
                self._turn(emit)
                if not server.is_running():
                    raise RuntimeError("the server's thread has died of a bug; its traceback is above")
        finally:
            server.stop()
            while not self._pushed.empty():
                self._pushed.get_nowait().taken.cancel()

    def _listen(self) -> HttpServer:
        """Listen, on the same port as before if the settings leave it open. Raise OSError if the port is taken."""
        try:
            server = HttpServer(self.name, self._settings.host, self.port, partial(_Pushes, self), self._note)
        except ConfigError as error:
            raise OSError(str(error)) from None
        self.port = server.port
        server.start()
        return server

    def _turn(self, emit: Callable[[Heard], None]) -> None:
        try:
            push = self._pushed.get(timeout=TURN_S)
        except queue.Empty:
            return
        if not push.taken.set_running_or_notify_cancel():
            return
        unheard: Counter[str] = Counter()
        for message in push.messages:
            for heard in self.reader.read(message, push.t_boot_ns):
                emit(heard)
                if isinstance(heard, Unexplained):
                    unheard[heard.reason] += heard.total
                    push.faults.setdefault(heard.reason, heard.fault)
                elif not isinstance(heard, AliveUntil):
                    unheard["heard"] += 1
        for reason, total in (self.refused_total - self._emitted_refusals).items():
            self._emitted_refusals[reason] += total
            emit(Unexplained(push.t_boot_ns, reason, total))
        push.taken.set_result(unheard)

    def lasting_refusals(self) -> dict[str, str]:
        return self._lasting.lasting(self._clock.boot_ns())

    # called by handlers, each in its own thread

    def knows(self, request: RequestHandler) -> bool:
        """Return whether the request has the secret in one of the accepted places."""
        if self._secret is None:
            return True
        accepts, secret = self._settings.accepts, self._secret.current()
        if "bearer" in accepts and request.is_bearer(secret):
            return True
        if "basic" in accepts and request.is_basic(secret, self._settings.username):
            return True
        return "path" in accepts and hmac.compare_digest(_levels(request.path)[0].encode(), secret)

    def topic(self, path: str) -> str:
        """Return the request's path without leading slash, secret and query."""
        first, rest = _levels(path)
        is_secret = self._secret is not None and "path" in self._settings.accepts and first.encode() == self._secret.current()
        return rest if is_secret else "/".join(filter(None, (first, rest)))

    def take(self, topic: str, bodies: list[bytes]) -> tuple[Counter[str], dict[str, str]]:
        """Return what was dropped, by reason, and the number of things emitted as `heard`; and the first fault of each reason.

        Raise TimeoutError or queue.Full if the agent accepts nothing now.
        """
        push = _Push([FeedMessage(topic, body) for body in bodies], self._clock.boot_ns())
        self._pushed.put(push, timeout=ANSWER_S)
        try:
            return push.taken.result(ANSWER_S), push.faults
        except (TimeoutError, CancelledError):
            push.taken.cancel()
            raise TimeoutError from None

    def _note(self, address: str, reason: str) -> None:
        self._lasting.note(address, reason, self._clock.boot_ns())

    def refuse(self, reason: str) -> None:
        self.refused_total[reason] += 1
        now_s = time.monotonic()
        if now_s - self._warned_s >= WARN_EVERY_S:
            self._warned_s = now_s
            log.warning("source %s: requests refused so far: %s", self.name, dict(self.refused_total))

    @property
    def max_bytes(self) -> int:
        return self._settings.max_bytes


class _Pushes(RequestHandler):
    """Handles one connection of a device."""

    def __init__(self, source: PushSource, *arguments: Any) -> None:
        self._source = source
        super().__init__(*arguments)

    def do_GET(self) -> None:  # noqa: N802 # the name that http.server calls
        if self._is_welcome():
            self.answer(200, to_json({"accepts": "POST"}))

    def do_POST(self) -> None:  # noqa: N802 # the name that http.server calls
        source = self._source
        if not self._is_welcome():
            return
        length = self.length()
        if length is None:
            self._refuse(411, "http.length", "Content-Length is needed")
        elif length > source.max_bytes:
            self._refuse(413, "http.size", f"at most {source.max_bytes} bytes")
        else:
            self._take(self.body(length))

    do_PUT = do_POST  # noqa: N815 # the name that http.server calls

    def _take(self, body: bytes) -> None:
        try:
            bodies = documents(self.headers.get("Content-Type", ""), body)
            outcome, faults = self._source.take(self._source.topic(self.path), bodies)
        except ContractError as error:
            self._source.refuse(error.reason)
            self.explain(400, error.reason, str(error))
        except (TimeoutError, queue.Full):
            self.explain(503, "busy", "the agent takes nothing now: send the same again", Retry_After="1")
        else:
            self._answer_outcome(outcome, faults)

    def _answer_outcome(self, outcome: Counter[str], faults: dict[str, str]) -> None:
        heard = outcome.pop("heard", 0)
        wrong = sorted(set(outcome) - FINE - NOBODY)
        if wrong and not heard:
            self.explain(400, wrong[0], faults.get(wrong[0]) or "no profile and no setting of this agent explains it")
        else:
            self.answer(200, to_json({"accepted": heard} | ({"again": True} if outcome.keys() & FINE else {})))

    def _is_welcome(self) -> bool:
        if self._source.knows(self):
            return True
        self._source.refuse("http.secret" if "Authorization" in self.headers else "http.unauthorized")
        self.refuse(401, "secret", "this agent's secret is needed", WWW_Authenticate='Basic realm="footfall"')
        return False

    def _refuse(self, status: int, reason: str, message: str) -> None:
        self._source.refuse(reason)
        self.refuse(status, reason, message)


def _levels(path: str) -> tuple[str, str]:
    """Return the first level of a path, and the rest of it, without slashes around them or a query."""
    first, _, rest = path.partition("?")[0].strip("/").partition("/")
    return first, rest


class HttpPush(FeedSettings):
    """`[[sources]] kind = "http_push"`."""

    kind: Literal["http_push"]
    host: Host = "127.0.0.1"
    port: Port = 8782
    """0: any free port."""
    secret_file: Path | None = None
    """Without it, every client is accepted."""
    accepts: Annotated[tuple[Where, ...], Field(min_length=1)] = ("bearer", "basic")
    """`path` only for devices that support nothing else: proxies log paths."""
    username: str | None = None
    """User name of `basic`; without it any."""
    max_bytes: Annotated[int, Field(ge=1_000, le=64 << 20)] = 1 << 20
    """Largest body, with its pictures."""

    @model_validator(mode="after")
    def _is_guarded(self) -> HttpPush:
        if self.secret_file is None and not is_loopback(self.host):
            raise ValueError(f"secret_file: is needed where others than this machine can push, on {self.host}")
        return self

    def source(self, clock: Clock, profiles: Registry) -> PushSource:
        return PushSource(self, clock, profiles)
