"""One fan: history, visits, purchases with the visits before each, profile, and why the id means whom it means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from footfall.errors import ConfigError, SinkUnavailable, Unreadable
from gateway.fans.reading import FanReader
from gateway.fans.review_answers import why_fan
from serve import fan_models
from serve.fan_answers import MOST, Whose, asked_ns, found, history_object, inferred_object, profile_object, purchases_object, visits_object
from serve.guard import reach_of_request, unreadable
from serve.openapi import refusals, shown
from serve.problems import HEADERS, as_json, problem
from serve.question_places import QuestionEnded
from serve.services import Services

LastQuery = Annotated[int, Query(ge=1, le=MOST, description="So many visits, touches and purchases, the last ones first.")]
VisitsQuery = Annotated[int, Query(ge=1, le=200, description="So many visits, the last ones.")]
AtQuery = Annotated[str, Query(max_length=64, examples=["2026-11-01"], description="As of this time; left out: now.")]
LimitQuery = Annotated[int, Query(ge=1, le=MOST, description="So many, the last ones first.")]
OffsetQuery = Annotated[int, Query(ge=0, le=10_000_000, description="From this one on; `total` has how many there are.")]
Find = Callable[[FanReader], Whose | None]
_REFUSALS: Final = refusals(400, 401, 403, 404, 429, 503)


def routes(services: Services) -> APIRouter:
    """Return the routes."""
    router, fans = APIRouter(tags=["fans"]), _Fans(services)
    for below, handler, summary, model in (
        ("/visits", fans.visits, "Visits", fan_models.Visits),
        ("/purchases", fans.purchases, "Purchases", fan_models.Purchases),
        ("/profile", fans.profile, "Profile", fan_models.Profile),
        ("/inferred", fans.inferred, "Inferred, not known", fan_models.Inferred),
        ("/why", fans.why, "Why this id means this fan", None),
        ("", fans.history, "History", fan_models.History),  # the last: an id may have slashes
    ):
        responses = {**_REFUSALS} if model is None else {200: shown(model), **_REFUSALS}
        router.add_api_route(f"/api/fans/{{fan:path}}{below}", handler, summary=summary, responses=responses)
    return router


class _Fans:
    """What answers: each handler's text stands in the document."""

    def __init__(self, services: Services) -> None:
        self._services: Final = services

    async def history(self, fan: str, request: Request, last: LastQuery = 20, at: AtQuery = "") -> Response:
        """Where a fan is now, and the last visits with zones and touches, touches, and purchases with the visits before each.

        An earlier id of the fan, such as one that was merged, answers, too. A token of a store or an area sees what happened in its
        stores, without identifiers; of a fan who was never there nothing is known to it.
        """
        return await self._answered(request, fan, partial(history_object, most=last), at)

    async def visits(self, fan: str, request: Request, limit: LimitQuery = 20, offset: OffsetQuery = 0, at: AtQuery = "") -> Response:
        """A page of a fan's visits with zones and touches, the last ones first."""
        return await self._answered(request, fan, partial(visits_object, limit=limit, offset=offset), at)

    async def purchases(self, fan: str, request: Request, limit: LimitQuery = 20, offset: OffsetQuery = 0, at: AtQuery = "") -> Response:
        """A page of a fan's purchases, the last ones first, each with the visits since the one before it."""
        return await self._answered(request, fan, partial(purchases_object, limit=limit, offset=offset), at)

    async def profile(self, fan: str, request: Request, at: AtQuery = "") -> Response:
        """Stage of life, value index with its parts, and what the brand proposes, as of a time or of the last checkpoint.

        A token of a store or an area sees the profile of what happened in its stores.
        """
        services, find = self._services, self._finding(request, fan)

        def read(fans: FanReader) -> bytes | None:
            if (whose := find(fans)) is None:
                return None
            return as_json(profile_object(whose, services.profile_settings, asked_ns(services.desk(fans.ledger), at)))

        return await _sent(request, services.read_fans(read), fan)

    async def inferred(self, fan: str, request: Request, last: VisitsQuery = 20) -> Response:
        """What a fan probably did in the last visits without being named: bought, or tried on, each with its confidence.

        Nobody stated it, it is part of no history, and it counts in no number.
        """
        try:
            return await _sent(request, self._inferred(request, self._finding(request, fan), last), fan)
        except QuestionEnded as error:
            return problem(error.status, error.reason, str(error))
        except SinkUnavailable as error:
            return unreadable(request, "database", error)

    async def why(self, fan: str, request: Request) -> Response:
        """The shortest path of facts by which an id means whom it means, and what was refused by which rule."""
        services = self._services

        def read(fans: FanReader) -> bytes | None:
            answer = why_fan(services.desk(fans.ledger), fan)
            return None if answer is None else as_json(answer)

        return await _sent(request, services.review(read), fan)

    async def _answered(self, request: Request, fan: str, spelled: Callable[[Whose], dict[str, Any]], at: str) -> Response:
        """Return what `spelled` makes of a fan at a time, or that nobody is known by this id there."""
        find = self._finding(request, fan, at)

        def read(fans: FanReader) -> bytes | None:
            whose = find(fans)
            return None if whose is None else as_json(spelled(whose))

        return await _sent(request, self._services.read_fans(read), fan)

    async def _inferred(self, request: Request, find: Find, last: int) -> bytes | None:
        """Return what is inferred of a fan, from the database; None where nobody is known. Raise SinkUnavailable."""
        if (whose := await self._services.read_fans(find)) is None:
            return None
        try:
            return as_json(await self._services.questions.answer(request, partial(inferred_object, whose, self._services.gateway, last)))
        except Unreadable as error:
            raise SinkUnavailable(str(error)) from None

    def _finding(self, request: Request, fan: str, at: str = "") -> Find:
        """Return what finds a fan as far as the token of a request sees, as of a time; "" is now."""
        services, reach = self._services, reach_of_request(request)
        is_own = None if reach is None else partial(services.estate.is_own, reach=reach)

        def find(fans: FanReader) -> Whose | None:
            at_ns = asked_ns(services.desk(fans.ledger), at)
            return found(fans, fan, is_own, services.roster, services.now_ns(), at_ns)

        return find


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
