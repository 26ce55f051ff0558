"""The gateway's HTTP server: health, probes, metrics and status. Nothing can be changed through it; pages are `footfall serve`'s."""

from __future__ import annotations

import heapq
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, Final

from footfall.http_server import HttpServer, RequestHandler
from gateway.config import Http
from gateway.http.metrics import CONTENT_TYPE, MetricRegistry
from gateway.http.status import Status, StatusSource, as_json, problems

_FRESH_S: Final = 0.5
"""A status is asked for again only after this, however many read it."""
_POLICY: Final = "default-src 'none'"
_HEADERS: Final = {"Cache_Control": "no-store", "Content_Security_Policy": _POLICY, "X_Content_Type_Options": "nosniff"}

WORST: Final = 100
"""So many agents have a metric of their own at a time."""
LIVE: Final = frozenset({"thread_stuck"})
"""Only a restart mends these."""
READY: Final = frozenset({"thread_stuck", "not_ready", "broker_lost", "sink_down"})
"""While one of these is there, nothing gets through."""

HttpResponse = tuple[int, str, bytes]


_GAUGES: Final[Mapping[str, tuple[str, Callable[[Status], float]]]] = {
    "footfall_start_time_seconds": ("When this process began, Unix time.", lambda s: s.started_ns / 1e9),
    "footfall_ready": ("1 while rows can be taken in.", lambda s: not s.not_ready),
    "footfall_broker_connected": ("1 while connected to the broker.", lambda s: s.broker.connected),
    "footfall_sink_up": ("1 if the last write went well.", lambda s: not s.sink.failing_since_ns),
    "footfall_fold_lag_seconds": ("Age of the oldest record not folded yet.", lambda s: s.lag_s),
    "footfall_rows_pending": ("Rows on their way to the database; 0 at rest.", lambda s: s.balance["pending"]),
    "footfall_journal_records": ("The last record of the journal.", lambda s: s.journal.head),
    "footfall_journal_position": ("The last record folded.", lambda s: s.journal.position),
    "footfall_journal_bytes": ("Size of the journal.", lambda s: s.journal.bytes),
    "footfall_journal_max_bytes": ("Quota of the journal.", lambda s: s.journal.max_bytes),
    "footfall_outbox_bytes": ("Points waiting for the database.", lambda s: s.sink.outbox_bytes),
    "footfall_outbox_max_bytes": ("Quota of the outbox.", lambda s: s.sink.outbox_max_bytes),
}
"""By name: the text of the metric, and its number."""


class StatusServer:
    """Serves from its own threads until `close`. ConfigError if the address cannot be had."""

    def __init__(self, config: Http, source: StatusSource, registry: MetricRegistry, page_url: str = "") -> None:
        """`page_url`: where the live page is, "" if this gateway does not know it."""
        recent = _Recent(source)
        register(registry, recent.status)
        routes: Mapping[str, Callable[[], HttpResponse]] = {
            "/": partial(_text, 200, f"The live page is at {page_url or 'the address of footfall serve'}\n"),
            "/health": lambda: health(recent.status()),
            "/livez": lambda: probe(recent.status(), LIVE),
            "/readyz": lambda: probe(recent.status(), READY),
            "/metrics": lambda: (200, CONTENT_TYPE, registry.render().encode()),
            "/status": lambda: _json(200, as_json(recent.status())),
        }
        self._server: Final = HttpServer("http", config.host, config.port, partial(_Handler, routes))
        self._server.start()

    @property
    def port(self) -> int:
        """The port in use, also where the configuration has 0."""
        return self._server.port

    def close(self) -> None:
        """Close the listener and every connection."""
        self._server.stop()


def health(status: Status) -> HttpResponse:
    """Return 200 while this process does its work, else 503; why not as JSON. What is wrong around it is for `/status`."""
    why = [asdict(problem) for problem in problems(status) if problem.level == "broken" and problem.scope == "gateway"]
    return _json(503 if why else 200, {"ok": not why, "problems": why})


def probe(status: Status, codes: frozenset[str]) -> HttpResponse:
    """Return 200 if none of these problems is there, else 503 with them as JSON."""
    why = [asdict(problem) for problem in problems(status) if problem.code in codes]
    return _json(503 if why else 200, {"ok": not why, "problems": why})


def register(registry: MetricRegistry, status: Callable[[], Status]) -> None:
    """Register gauges of what `status` knows. Only the worst agents are labels: a chain has 28,000."""
    for name, (text, number) in _GAUGES.items():
        registry.read(name, "gauge", text, partial(_number, status, number))
    registry.read("footfall_build_info", "gauge", "Always 1.", lambda: {(status().version,): 1}, ("version",))
    registry.read("footfall_agents", "gauge", "Agents by state.", lambda: _agent_states(status()), ("state",))
    registry.read(
        "footfall_problems", "gauge", "Problems of footfall status, by code.", lambda: _problem_counts(status()), ("code", "level")
    )
    registry.read(
        "footfall_agent_oldest_unsent_seconds", "gauge", f"How long the oldest frame of an agent waits; of the {WORST} worst.",
        lambda: _waiting(status()), ("store", "agent"),
    )  # fmt: skip
    registry.read(
        "footfall_quarantine_rows", "gauge", "Rows held, by reason.", lambda: {(r,): n for r, n in status().quarantine.items()}, ("reason",)
    )


class _Recent:
    """The last status, asked for anew when it is no longer fresh."""

    def __init__(self, source: StatusSource) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._taken_s = float("-inf")
        self._status: Status | None = None

    def status(self) -> Status:
        with self._lock:
            if self._status is None or time.monotonic() - self._taken_s > _FRESH_S:
                self._status = self._source.status()
                self._taken_s = time.monotonic()
            return self._status


class _Handler(RequestHandler):
    def __init__(self, routes: Mapping[str, Callable[[], HttpResponse]], *arguments: Any) -> None:
        self._routes = routes
        super().__init__(*arguments)

    def do_GET(self) -> None:  # noqa: N802 # the name that http.server calls
        path = self.path.partition("?")[0]
        known = f"there is no {path[:100]}: try {', '.join(self._routes)}\n"
        code, content_type, body = (self._routes.get(path) or partial(_text, 404, known))()
        self.answer(code, body, content_type, **_HEADERS)


def _number(status: Callable[[], Status], number: Callable[[Status], float]) -> Mapping[tuple[str, ...], float]:
    return {(): float(number(status()))}


def _agent_states(status: Status) -> Mapping[tuple[str, ...], float]:
    states: dict[tuple[str, ...], float] = {(state,): 0 for state in ("ok", "late", "offline", "never", "quiet")}
    for agent in status.agents:
        states[(agent.state,)] += 1
    return states


def _problem_counts(status: Status) -> Mapping[tuple[str, ...], float]:
    return Counter((problem.code, problem.level) for problem in problems(status))


def _waiting(status: Status) -> Mapping[tuple[str, ...], float]:
    waiting = [agent for agent in status.agents if agent.oldest_unsent_s]
    worst = heapq.nlargest(WORST, waiting, key=lambda agent: agent.oldest_unsent_s)
    return {(agent.store, agent.agent): agent.oldest_unsent_s for agent in worst}


def _text(code: int, text: str) -> HttpResponse:
    return code, "text/plain; charset=utf-8", text.encode()


def _json(code: int, value: object) -> HttpResponse:
    return code, "application/json", json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
