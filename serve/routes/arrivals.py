"""Arrivals for guides: a stream of the fans who come into the stores of a token, with what a guide may know of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from footfall.errors import ConfigError
from footfall.mistakes import did_you_mean
from gateway.fans.history import History
from gateway.fans.reading import FanReader
from serve.fan_answers import IsOwn, found
from serve.fan_models import Arrival
from serve.guard import reach_of_request
from serve.guide import guide_arrival
from serve.live import Arrivals, EventStream
from serve.openapi import refusals, streamed
from serve.problems import problem
from serve.services import Services
from serve.single_flight import SingleFlight

_STORE: Final = {
    "name": "store", "in": "query", "required": False, "schema": {"type": "string"},
    "description": "In these stores, such as s1,s2; left out: in all of the token's.",
}  # fmt: skip


def routes(services: Services) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["fans"])
    flight: SingleFlight[str] = SingleFlight()

    @router.get(
        "/api/arrivals", summary="Arrivals", status_code=200, response_class=Response, openapi_extra={"parameters": [_STORE]},
        responses={200: streamed(Arrival), **refusals(400, 401, 403, 429, 503)},
    )  # fmt: skip
    async def arrivals(request: Request) -> Response:
        """Server-sent events: each is one line `data:` with an arrival, first the latest, then each as it comes, once per visit.

        The stream ends when the token expires or is taken back, or when its stores change: connect again, as browsers do by themselves.
        """
        reach = reach_of_request(request)
        asked = frozenset(name for name in request.query_params.get("store", "").split(",") if name)
        there = {store.name for store in site.stores} if (site := services.estate.site()) is not None else asked
        if missing := sorted(asked - there):
            near = did_you_mean(missing[0][:80], there if reach is None else there & reach)
            return problem(400, "arrivals", f"site.toml has no store {missing[0][:80]!r}{near}")
        stores = asked or reach
        is_own = None if reach is None else partial(services.estate.is_own, reach=reach)

        async def spelled(text: str) -> str:
            """Return an arrival as every stream with this reach has it: a store with ten guides reads its fan once."""
            return await flight.do((text, reach), partial(_spelled, services, is_own, text))

        return EventStream(services.feed, Arrivals(stores), spelled)

    return router


async def _spelled(services: Services, is_own: IsOwn | None, text: str) -> str:
    """Return an arrival with what the ledger has of its fan, as far as these stores know it; without that where it cannot be read now."""
    arrival: Mapping[str, Any] = json.loads(text)
    now_ns = services.now_ns()

    def read(fans: FanReader) -> History | None:
        whose = found(fans, str(arrival.get("fan")), is_own, services.roster, now_ns)
        return None if whose is None else whose.history

    try:
        told = guide_arrival(arrival, await services.read_fans(read), services.profile_settings, now_ns)
    except ConfigError:  # a ledger of another release, or none: whoever came came all the same
        told = dict(arrival)
    return json.dumps(told | services.feed.board.named(str(arrival["store"])), separators=(",", ":"), ensure_ascii=False)
