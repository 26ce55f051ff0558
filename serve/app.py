"""The web application: which path answers what, to whom.

    GET  /                    the live page
    GET  /page.css, /page.js  what it is made of
    GET  /live                server-sent events: counters of stores, arrivals of known fans
    GET  /live/board          server-sent events: what the page shows: sums of paths, some stores, arrivals
    GET  /status              what the gateway's /status has
    GET  /status/summary      the same without what there is of each store and agent
    GET  /livez               200 while this process answers
    GET  /metrics             for Prometheus
    GET  /api/query           the questions
    GET  /api/query/WHAT      what `footfall query WHAT` answers, as JSON
    POST /api/events          plain events -> 202 {"accepted": n}; 400, 401, 403, 408, 413, 415 or 503 with {"reason", "message"}

All but /livez ask for the token, where there is one, and for a name of this server (`serve/access.py`).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from footfall.errors import ConfigError, ContractError, SinkUnavailable, Unreadable
from footfall.event_requests import head_problem, status_of
from footfall.events import MAX_EVENTS_BYTES, AnyEvent, check_ids, load_json, parse_event
from footfall.http_framing import content_length
from footfall.mistakes import did_you_mean
from footfall.topics import check_name, topic_of
from gateway.cli.status import fetch
from gateway.http.metrics import CONTENT_TYPE, MetricRegistry
from gateway.query.options import EXPLAINS
from gateway.query.questions import QUESTIONS
from serve.access import Access
from serve.broker_client import BrokerClient, NotPublished
from serve.config import ServeConfig, status_url
from serve.estate import ServedEstate
from serve.live import EventStream, LiveReaders
from serve.questions import answer, listed
from serve.sealing import EventSealer
from serve.views import read_view

STATUS_FRESH_S: Final = 2.0
"""The gateway is asked for its status at most so often, however many pages are open."""
QUERIES_AT_ONCE: Final = 2
EVENTS_PATH: Final = "/api/events"
PATHS: Final = (EVENTS_PATH, "/api/query", "/live", "/live/board", "/status", "/livez", "/metrics")
_TOO_LONG: Final = f"at most {MAX_EVENTS_BYTES} bytes a request: send several"
FILES: Final = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
"""Path to file and type."""
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; connect-src 'self'; style-src 'self'; script-src 'self'; img-src data:; frame-ancestors 'none'"
    ),
}


class Pages:
    """The handlers, with what they share."""

    def __init__(self, config: ServeConfig, feed: LiveReaders, broker: BrokerClient) -> None:
        """ConfigError: the token or gateway.toml cannot be read."""
        self._config: Final = config
        self._status_url: Final = status_url(config)
        self.estate: Final = ServedEstate(config.gateway)
        self._feed: Final = feed
        self._broker: Final = broker
        self._access: Final = Access(config.listen)
        self._status: tuple[float, dict[str, Any]] = (float("-inf"), {})
        self._status_lock: Final = asyncio.Lock()
        self._queries: Final = asyncio.Semaphore(QUERIES_AT_ONCE)
        self._posted: Final[Counter[str]] = Counter()
        self._sealer: Final = EventSealer()
        self.registry: Final = self._metrics()

    def app(self) -> Starlette:
        app = Starlette(
            routes=[
                *(Route(path, self._guarded(self._file(*found))) for path, found in FILES.items()),
                Route("/live", self._guarded(self.live)),
                Route("/live/board", self._guarded(self.live_board)),
                Route("/status", self._guarded(self.status)),
                Route("/status/summary", self._guarded(self.status_summary)),
                Route("/livez", self.livez),
                Route("/metrics", self._guarded(self.metrics)),
                Route("/api/query", self._guarded(self.questions)),
                Route("/api/query/{what}", self._guarded(self.query)),
                Route(EVENTS_PATH, self._guarded(self.events), methods=["POST"]),
            ],
            exception_handlers={HTTPException: _http_error},
        )
        app.router.redirect_slashes = False  # a client that does not follow a redirect would lose what it sent
        return app

    def busy_app(self) -> Starlette:
        """Return the application where all connections have a request: /livez still answers."""
        return Starlette(
            routes=[Route("/livez", self.livez), Mount("/", refusal(503, "connections", "too many connections: ask again later"))]
        )

    def _guarded(self, handler: Any) -> Any:
        async def guarded(request: Request) -> Any:
            denial = self._access.denial(request)
            return await handler(request) if denial is None else refusal(*denial)

        return guarded

    def _file(self, name: str, media_type: str) -> Any:
        """Return the handler of a file of the page."""
        body = files(__package__).joinpath(name).read_bytes()

        async def file(request: Request) -> Response:
            return Response(body, media_type=media_type, headers=_HEADERS)

        return file

    async def live(self, request: Request) -> EventStream:
        return EventStream(self._feed)

    async def live_board(self, request: Request) -> EventStream | Response:
        try:
            return EventStream(self._feed, read_view(dict(request.query_params)))
        except ConfigError as error:
            return refusal(400, "view", str(error))

    async def status(self, request: Request) -> Response:
        return JSONResponse(await self._current_status(), headers=_HEADERS)

    async def status_summary(self, request: Request) -> Response:
        return JSONResponse(summary(await self._current_status()), headers=_HEADERS)

    async def _current_status(self) -> dict[str, Any]:
        async with self._status_lock:
            taken_s, status = self._status
            if time.monotonic() - taken_s > STATUS_FRESH_S:
                status = await run_in_threadpool(fetch, self._status_url)
                self._status = time.monotonic(), status
        return status

    async def livez(self, request: Request) -> Response:
        return JSONResponse({"ok": True}, headers=_HEADERS)

    async def metrics(self, request: Request) -> Response:
        return Response(self.registry.render(), headers=_HEADERS | {"Content-Type": CONTENT_TYPE})

    async def questions(self, request: Request) -> Response:
        return JSONResponse(listed(), headers=_HEADERS)

    async def query(self, request: Request) -> Response:
        what = request.path_params["what"]
        if what not in (*QUESTIONS, EXPLAINS):
            return refusal(404, "query", f"there is {', '.join((*QUESTIONS, EXPLAINS))}")
        try:
            async with self._queries:
                text = await run_in_threadpool(answer, self._config.gateway, what, dict(request.query_params))
        except (SinkUnavailable, Unreadable) as error:
            return refusal(503, "database", str(error))
        except ConfigError as error:
            return refusal(400, "query", str(error))
        return Response(text, media_type="application/json", headers=_HEADERS)

    async def events(self, request: Request) -> Response:
        """Publish the plain events of a body for the `store` and `agent` of the query string; answer once the broker has them."""
        if problem := head_problem(request.headers, is_type_needed=True):
            return self._refuse(*problem)
        if (content_length(request.headers.get("content-length", "")) or 0) > MAX_EVENTS_BYTES:  # before a byte of it is waited for
            return self._refuse(413, "event.size", _TOO_LONG)
        try:
            async with asyncio.timeout(self._config.listen.request_s):
                body = await _body(request)
            store, agent = _named(request, "store"), _named(request, "agent")
            values = load_json(body)
            events = _checked(values)
            await run_in_threadpool(self.estate.check, store, agent, events, time.time_ns())
            if self._sealer.needs_key(events):
                values = self._sealer.sealed(values, events, await self._current_status())
            topic, payload = topic_of(store, agent, "events"), json.dumps(values, ensure_ascii=False).encode()
            if values:  # an empty array has nothing to publish
                await run_in_threadpool(self._broker.publish, topic, payload)
        except TimeoutError:
            return self._refuse(408, "timeout", "the body did not come in time")
        except ContractError as error:
            return self._refuse(status_of(error.reason), error.reason, str(error))
        except NotPublished as error:
            return self._refuse(503, "broker", f"{error}: send the same again, with the same ids")
        self._posted["accepted"] += len(values)
        return JSONResponse({"accepted": len(values)}, 202, headers=_HEADERS)

    def _refuse(self, status: int, reason: str, message: str) -> Response:
        self._posted["refused" if status < 500 else "unavailable"] += 1
        return refusal(status, reason, message)

    def _metrics(self) -> MetricRegistry:
        registry, posted = MetricRegistry(), self._posted
        registry.read("footfall_live_readers", "gauge", "Readers of the live stream.", lambda: {(): self._feed.readers})
        registry.read(
            "footfall_live_slow_readers_total", "counter", "Readers dropped for slowness.", lambda: {(): self._feed.slow_readers_total}
        )
        registry.read("footfall_serve_broker_connected", "gauge", "1 while connected to the broker.", lambda: {(): not self._broker.error})
        registry.read(
            "footfall_serve_events_total", "counter", "Plain events accepted; requests refused, or that the broker did not acknowledge.",
            lambda: {(outcome,): posted[outcome] for outcome in ("accepted", "refused", "unavailable")}, ("outcome",),
        )  # fmt: skip
        return registry


def summary(status: Mapping[str, Any]) -> dict[str, Any]:
    """Return a status with the numbers of agents by state instead of each agent, and without the counters of stores."""
    found = {name: value for name, value in status.items() if name not in ("agents", "stores", "uncalibrated", "without_level")}
    return found | ({"agents": Counter(agent["state"] for agent in status["agents"])} if "agents" in status else {})


def refusal(status: int, reason: str, message: str, headers: Mapping[str, str] = MappingProxyType({})) -> Response:
    return JSONResponse({"reason": reason, "message": message}, status, headers={**_HEADERS, **headers})


async def _body(request: Request) -> bytes:
    """Return the whole body. ContractError `event.size` as soon as it is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_EVENTS_BYTES:
            raise ContractError("event.size", _TOO_LONG)
    return bytes(body)


async def _http_error(request: Request, error: Exception) -> Response:
    """Answer what no route answers: a path that there is not, or a method that it does not have."""
    if not isinstance(error, HTTPException):
        raise error
    reason, path = {404: "path", 405: "method"}.get(error.status_code, "http"), request.url.path
    message = {404: f"there is no {path[:80]}{did_you_mean(path, PATHS)}", 405: f"not with {request.method}"}.get(
        error.status_code, error.detail
    )
    if error.status_code == 405 and path == EVENTS_PATH:
        message = f"events are sent with POST, {message}"
    return refusal(error.status_code, reason, message, error.headers or {})


def _named(request: Request, what: str) -> str:
    """Return a name of the query string. Raise ContractError `name` if it is missing or no name."""
    value = request.query_params.get(what)
    if not value:
        raise ContractError("name", f"{what} is missing: add ?store=…&agent=…")
    return check_name(value, what)


def _checked(values: list[Any]) -> list[AnyEvent]:
    """Return the events of a body. Raise ContractError, which names the first event that is wrong, and why.

    Each needs an `id`: the answer may be lost on its way, or be a 503 although the broker has the events. Sent again, they count once.
    """
    events = []
    for i, value in enumerate(values):
        try:
            event = parse_event(value)
        except ContractError as error:
            raise ContractError(error.reason, f"event {i}: {error}") from None
        if event.id is None:
            raise ContractError("event.invalid", f"event {i}: id: is needed here, so that sending it again counts once")
        events.append(event)
    check_ids(values)
    return events
