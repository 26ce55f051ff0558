"""Plain events in, whatever their kind."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from serve.openapi import POSTED, body, refusals
from serve.posting import answered_once, publish_events
from serve.services import Services

SENDER: Final[list[dict[str, Any]]] = [
    {"name": name, "in": "query", "required": False, "description": text, "schema": {"type": "string", "pattern": "^[a-z0-9._-]{1,64}$"}}
    for name, text in (
        ("store", "In which store. A token that is for one store alone may leave it out."),
        ("agent", "Who sends it: an agent of the store in site.toml. A token that is for one agent alone may leave it out."),
    )
]
_EXAMPLES: Final = {
    "a sale": {
        "kind": "touch", "what": "transaction", "id": "till-1-2026-11-21-0881", "zone": "checkout", "identifiers": ["member:8613"],
        "items": [{"sku": "A1", "n": 2}], "amount": 129.5, "ref": "T-881",
    },
    "people at a door": [{"kind": "count", "id": "main-7", "door": "main", "in": 7, "out": 0, "seconds": 60}],
}  # fmt: skip


def routes(services: Services) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["events"])

    @router.post(
        "/api/events", status_code=202, summary="Send plain events",
        openapi_extra={"parameters": SENDER, **body({"anyOf": [{"type": "object"}, {"type": "array"}]}, _EXAMPLES)},
        responses={**refusals(*POSTED)},
    )  # fmt: skip
    async def events(request: Request) -> Response:
        """One event, or an array of at most 1,000 that is taken whole or not at all: `footfall schema` prints what an event may have.

        202 means that the broker has them. Each needs an `id`, so that sending it again counts once.
        """
        response = await answered_once(services, request, partial(publish_events, services, request))
        count(services, response)
        return response

    return router


def count(services: Services, response: Response) -> None:
    """Count a request that was refused, or that the broker did not acknowledge."""
    if response.status_code >= 400:
        services.posted["refused" if response.status_code < 500 else "unavailable"] += 1
