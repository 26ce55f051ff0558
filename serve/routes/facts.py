"""A fact by its id."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from footfall.errors import ConfigError
from gateway.fans.desk_decisions import facts_object, facts_of_id
from gateway.fans.reading import FanReader
from serve.guard import caller_of, unreadable
from serve.openapi import refusals
from serve.problems import answer, problem
from serve.roles import Role
from serve.services import Services

_EXAMPLE: Final = {
    "id": "crm-merge-7",
    "facts": [{"fact": "merge", "id": "crm-merge-7", "fans": ["f-1042", "f-2001"], "source": "crm", "actor": "crm", "reason": "twice"}],
}


def routes(services: Services) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["events"])

    @router.get(
        "/api/facts/{fact:path}", summary="A fact by its id",
        responses={200: {"content": {"application/json": {"example": _EXAMPLE}}}, **refusals(401, 403, 404, 429, 503)},
    )  # fmt: skip
    async def by_id(fact: str, request: Request) -> Response:
        """What was stated under an id, also if it is not folded yet; a touch states facts under ids of its own.

        An integrator sees the facts whose `actor` is its publisher, which is so wherever a fact names none.
        """
        caller = caller_of(request)

        def read(fans: FanReader) -> list[dict[str, Any]]:
            found = facts_object(facts_of_id(services.desk(fans.ledger), fact))
            return [each for each in found if caller.role is not Role.INTEGRATOR or each.get("actor") in caller.agents]

        try:
            found = await services.review(read)
        except ConfigError as error:
            return unreadable(request, "ledger", error)
        if not found:
            return problem(404, "fact", f"no fact {fact[:80]!r} is known here; one that was sent a moment ago may be on its way")
        return answer({"id": fact, "facts": found})

    return router
