"""The web application: which path answers what, to whom.

    GET  /                    the live page; a token of a store is sent to its arrivals
    GET  /arrivals            a guide's page: the arrivals in the stores of whose token it is
    GET  /page.css, /*.js     what they are made of
    GET  /live                server-sent events: counters of stores, arrivals of known fans
    GET  /live/board          server-sent events: what the page shows: sums of paths, some stores, arrivals
    GET  /status              what the gateway's /status has
    GET  /status/summary      the same without what there is of each store and agent
    GET  /livez               200 while this process answers
    GET  /metrics             for Prometheus
    …    /api/…               the API: /api/docs shows it, docs/api.md teaches it

All but /livez ask for a token, where one is needed, and for a name of this server (`serve/access.py`). `serve/access_table.py` has
which role may ask what. Refusals are problem details (`serve/problems.py`).
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from footfall import __version__
from gateway.http.metrics import MetricRegistry
from serve.access import Access
from serve.broker_client import BrokerClient
from serve.config import ServeConfig
from serve.estate import ServedEstate
from serve.guard import Guard
from serve.live import LiveReaders
from serve.metrics import metrics_of
from serve.openapi import DESCRIPTION, taken_by, with_shared
from serve.problems import problem
from serve.rate_limits import RateLimits
from serve.reaches import Reaches
from serve.routes import arrivals, corrections, decisions, documents, events, facts, fans, pages, queries, stock
from serve.services import Services


class Pages:
    """One application, with what its routes share."""

    def __init__(self, config: ServeConfig, feed: LiveReaders, broker: BrokerClient) -> None:
        """ConfigError: the token, the users or gateway.toml cannot be read, or nobody could be let in."""
        self._services: Final = Services(config, feed, broker)
        self._access: Final = Access(config.listen, self._services.users)
        self.registry: Final[MetricRegistry] = metrics_of(self._services)

    @property
    def estate(self) -> ServedEstate:
        return self._services.estate

    def app(self) -> FastAPI:
        """Return the application."""
        listen, services = self._services.config.listen, self._services
        app = FastAPI(
            title="Footfall", version=__version__, description=DESCRIPTION, docs_url=None, redoc_url=None, openapi_url=None,
            redirect_slashes=False,  # a client that does not follow a redirect would lose what it sent
            exception_handlers={HTTPException: _http_error, RequestValidationError: _wrong_request, Exception: _bug},
        )  # fmt: skip
        takes: dict[tuple[str, str], frozenset[str]] = {}
        limits = RateLimits(listen.requests_per_s, listen.burst)
        app.add_middleware(Guard, access=self._access, limits=limits, reach=Reaches(services.estate), takes=takes)
        for resource in (fans, queries, stock, arrivals, decisions, facts, corrections, events):  # looked at in turn: the most asked first
            app.router.routes.extend(resource.routes(services).routes)
        app.router.routes.extend([*pages.routes(services, self.registry), *documents.routes(lambda: _document(app))])
        takes.update(taken_by(app.routes))
        return app

    def busy_app(self) -> Starlette:
        """Return the application where all connections have a request: /livez still answers."""
        refusal = problem(503, "connections", "too many connections: ask again later", {"Retry-After": "1"})
        return Starlette(routes=[Route("/livez", pages.livez), Mount("/", refusal)])


def _document(app: FastAPI) -> dict[str, Any]:
    return with_shared(app.openapi())


async def _http_error(request: Request, error: Exception) -> Response:
    """Answer what the routes refuse by themselves; paths and methods that there are not are refused before (`serve/guard.py`)."""
    if not isinstance(error, HTTPException):
        raise error
    return problem(error.status_code, "http", str(error.detail), error.headers or {})


async def _wrong_request(request: Request, error: Exception) -> Response:
    """Answer a parameter that FastAPI refuses."""
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return problem(400, "request", f"{where}: {first['msg']}"[:300])


async def _bug(request: Request, error: Exception) -> Response:
    """Answer what is a mistake of this program: the log has it, by uvicorn."""
    return problem(500, "bug", "this is a mistake of the server, and stands in its log")
