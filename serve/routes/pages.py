"""The live page, its streams, and how the gateway is: for people, and for Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from importlib.resources import files
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from footfall.errors import ConfigError
from gateway.http.metrics import CONTENT_TYPE, MetricRegistry
from serve.guard import caller_of
from serve.live import EventStream
from serve.problems import HEADERS, answer, problem
from serve.roles import Role
from serve.services import Services
from serve.views import read_view

_PACKAGE: Final = __package__.partition(".")[0]
FILES: Final = {
    "/arrivals": ("arrivals.html", "text/html"),
    "/arrivals.js": ("arrivals.js", "text/javascript"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/shown.js": ("shown.js", "text/javascript"),
}
"""Path to file and type; the live page itself has a way of its own."""
_ONLY_IN_WHOLE: Final = frozenset({"agents", "stores", "uncalibrated", "without_level"})


def routes(services: Services, registry: MetricRegistry) -> list[BaseRoute]:
    """Return the routes."""

    board_page = file(_PACKAGE, "index.html", "text/html")

    async def start(request: Request) -> Response:
        if caller_of(request).role is Role.STORE:  # the board is of a path; a guide of a store wants to know who comes
            return RedirectResponse("arrivals", HTTPStatus.SEE_OTHER, dict(HEADERS))
        return await board_page(request)

    async def live(request: Request) -> EventStream:
        return EventStream(services.feed)

    async def board(request: Request) -> EventStream | Response:
        asked = dict(request.query_params)
        caller = caller_of(request)
        if caller.role is Role.AREA and not asked.get("path"):
            asked["path"] = caller.paths[0]
        try:
            return EventStream(services.feed, read_view(asked))
        except ConfigError as error:
            return problem(400, "view", str(error))

    async def status(request: Request) -> Response:
        return answer(await services.status())

    async def status_summary(request: Request) -> Response:
        return answer(summary(await services.status()))

    async def metrics(request: Request) -> Response:
        return Response(registry.render(), headers={**HEADERS, "Content-Type": CONTENT_TYPE})

    return [
        Route("/", start),
        *(Route(path, file(_PACKAGE, *found)) for path, found in FILES.items()),
        Route("/live", live),
        Route("/live/board", board),
        Route("/status", status),
        Route("/status/summary", status_summary),
        Route("/livez", livez),
        Route("/metrics", metrics),
    ]


async def livez(request: Request) -> Response:
    """Answer that this process does."""
    return answer({"ok": True})


def file(package: str, name: str, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler of a file in a package."""
    body = files(package).joinpath(name).read_bytes()

    async def whole(request: Request) -> Response:
        return Response(body, media_type=media_type, headers=dict(HEADERS))

    return whole


def summary(status: Mapping[str, Any]) -> dict[str, Any]:
    """Return a status with the numbers of agents by state instead of each agent, and without the counters of stores."""
    found = {name: value for name, value in status.items() if name not in _ONLY_IN_WHOLE}
    return found | ({"agents": Counter(agent["state"] for agent in status["agents"])} if "agents" in status else {})
