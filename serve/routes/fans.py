"""One fan: history, visits, purchases with the visits before each, profile, and why the id means whom it means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from footfall.errors import ConfigError, SinkUnavailable, Unreadable
from gateway.fans.reading import FanReader
from gateway.fans.review_answers import why_fan
from serve import fan_models
from serve.fan_answers import MOST, IsOwn, Whose, found, history_object, inferred_object, profile_object, purchases_object, visits_object
from serve.guard import reach_of_request, unreadable
from serve.openapi import refusals, shown
from serve.problems import HEADERS, as_json, problem
from serve.services import Services

LastQuery = Annotated[int, Query(ge=1, le=MOST, description="So many visits, touches and purchases, the last ones first.")]
VisitsQuery = Annotated[int, Query(ge=1, le=200, description="So many visits, the last ones.")]
AtQuery = Annotated[str, Query(max_length=64, examples=["2026-11-01"], description="As of this time; left out: the last checkpoint.")]
LimitQuery = Annotated[int, Query(ge=1, le=MOST, description="So many, the last ones first.")]
OffsetQuery = Annotated[int, Query(ge=0, le=10_000_000, description="From this one on; `total` has how many there are.")]
_REFUSALS: Final = refusals(400, 401, 403, 404, 429, 503)


def routes(services: Services) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["fans"])

    async def answered(request: Request, fan: str, spelled: Callable[[Whose], dict[str, Any]]) -> Response:
        """Return what `spelled` makes of a fan, or that nobody is known by this id there."""
        is_own = _own(services, request)

        def read(fans: FanReader) -> bytes | None:
            whose = found(fans, fan, is_own, services.roster)
            return None if whose is None else as_json(spelled(whose))

        return await _sent(request, services.read_fans(read), fan)

    @router.get("/api/fans/{fan:path}/visits", summary="Visits", responses={200: shown(fan_models.Visits), **_REFUSALS})
    async def visits(fan: str, request: Request, limit: LimitQuery = 20, offset: OffsetQuery = 0) -> Response:
        """A page of a fan's visits with zones and touches, the last ones first."""
        return await answered(request, fan, partial(visits_object, limit=limit, offset=offset))

    @router.get("/api/fans/{fan:path}/purchases", summary="Purchases", responses={200: shown(fan_models.Purchases), **_REFUSALS})
    async def purchases(fan: str, request: Request, limit: LimitQuery = 20, offset: OffsetQuery = 0) -> Response:
        """A page of a fan's purchases, the last ones first, each with the visits since the one before it."""
        return await answered(request, fan, partial(purchases_object, limit=limit, offset=offset))

    @router.get("/api/fans/{fan:path}/profile", summary="Profile", responses={200: shown(fan_models.Profile), **_REFUSALS})
    async def profile(fan: str, request: Request, at: AtQuery = "") -> Response:
        """Stage of life, value index with its parts, and what the brand proposes, as of a time or of the last checkpoint.

        A token of a store or an area sees the profile of what happened in its stores.
        """
        is_own = _own(services, request)

        def read(fans: FanReader) -> bytes | None:
            if (whose := found(fans, fan, is_own, services.roster)) is None:
                return None
            at_ns = services.desk(fans.ledger).moment("at", at) if at else None
            return as_json(profile_object(whose, services.profile_settings, at_ns))

        return await _sent(request, services.read_fans(read), fan)

    @router.get("/api/fans/{fan:path}/inferred", summary="Inferred, not known", responses={200: shown(fan_models.Inferred), **_REFUSALS})
    async def inferred(fan: str, request: Request, last: VisitsQuery = 20) -> Response:
        """What a fan probably did in the last visits without being named: bought, or tried on, each with its confidence.

        Nobody stated it, it is part of no history, and it counts in no number.
        """
        is_own = _own(services, request)

        async def read() -> bytes | None:
            whose = await services.read_fans(lambda fans: found(fans, fan, is_own, services.roster))
            if whose is None:
                return None
            async with services.queries:
                try:
                    return as_json(await run_in_threadpool(inferred_object, whose, services.gateway, last))
                except Unreadable as error:
                    raise SinkUnavailable(str(error)) from None

        try:
            return await _sent(request, read(), fan)
        except SinkUnavailable as error:
            return unreadable(request, "database", error)

    @router.get("/api/fans/{fan:path}/why", summary="Why this id means this fan", responses={**_REFUSALS})
    async def why(fan: str, request: Request) -> Response:
        """The shortest path of facts by which an id means whom it means, and what was refused by which rule."""

        def read(fans: FanReader) -> bytes | None:
            answer = why_fan(services.desk(fans.ledger), fan)
            return None if answer is None else as_json(answer)

        return await _sent(request, services.read_fans(read), fan)

    @router.get("/api/fans/{fan:path}", summary="History", responses={200: shown(fan_models.History), **_REFUSALS})
    async def history(fan: str, request: Request, last: LastQuery = 20) -> Response:
        """Where a fan is now, and the last visits with zones and touches, touches, and purchases with the visits before each.

        An earlier id of the fan, such as one that was merged, answers, too. A token of a store or an area sees what happened in its
        stores, without identifiers; of a fan who was never there nothing is known to it.
        """
        return await answered(request, fan, partial(history_object, most=last))

    return router


def _own(services: Services, request: Request) -> IsOwn | None:
    reach = reach_of_request(request)
    return None if reach is None else partial(services.estate.is_own, reach=reach)


async def _sent(request: Request, reading: Awaitable[bytes | None], fan: str) -> Response:
    try:
        body = await reading
    except Unreadable as error:
        return unreadable(request, "ledger", error)
    except ConfigError as error:
        return problem(400, "fan", str(error))
    if body is None:
        return problem(404, "fan", f"no fan {fan[:80]!r} is known here, as of the ledger's last checkpoint")
    return Response(body, media_type="application/json", headers=dict(HEADERS))
