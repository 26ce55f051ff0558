"""The OpenAPI document, and the page that shows it. Its files come from this server: a store has no internet."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from serve.problems import HEADERS, answer, problem

_PACKAGE: Final = "fastapi_offline"
_FILES: Final = {
    "swagger-ui.css": (_PACKAGE, "static/swagger-ui.css", "text/css"),
    "swagger-ui-bundle.js": (_PACKAGE, "static/swagger-ui-bundle.js", "text/javascript"),
    "docs.js": ("serve", "docs.js", "text/javascript"),
}
"""By name: package, path in it, type."""


def routes(document: Callable[[], dict[str, Any]]) -> list[BaseRoute]:
    """Return the routes; `document` makes the OpenAPI document."""

    async def openapi(request: Request) -> Response:
        return answer(document())

    return [Route("/api/openapi.json", openapi), Route("/api/docs", page), Route("/api/docs/{file}", file)]


async def page(request: Request) -> Response:
    """Return the page."""
    return _sent("serve", "docs.html", "text/html")


async def file(request: Request) -> Response:
    """Return a file of the page."""
    name = request.path_params["file"]
    if name not in _FILES:
        return problem(404, "path", f"there is no /api/docs/{name[:80]}")
    return _sent(*_FILES[name])


def _sent(package: str, path: str, media_type: str) -> Response:
    return Response(files(package).joinpath(path).read_bytes(), media_type=media_type, headers=dict(HEADERS))
