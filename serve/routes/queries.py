"""What `footfall query` answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from footfall.errors import ConfigError, SinkUnavailable, Unreadable
from footfall.mistakes import unknown
from gateway.query.day_pairs import ALIGNS
from gateway.query.intervals import DAYS, INTERVALS
from gateway.query.options import EXPLAINS, MEANINGS, MOST_TOP, OPTIONS
from serve.guard import reach_of_request, unreadable
from serve.openapi import refusals
from serve.problems import HEADERS, answer, in_parameters, problem
from serve.question_places import QuestionEnded
from serve.questions import MOST_ROWS, BeyondScope, listed, page, page_of
from serve.services import Services

_THERE: Final = (*MEANINGS, EXPLAINS)
_EXAMPLES: Final = {
    "store": "flagship", "from": "today", "to": "2026-11-21", "interval": "1h", "by": "weekday,hour", "measures": "in,conversion",
    "timezone": "Asia/Shanghai",
}  # fmt: skip

_SCHEMAS: Final[Mapping[str, dict[str, Any]]] = {
    "day": {"enum": list(DAYS)}, "align": {"enum": list(ALIGNS)}, "interval": {"enum": list(INTERVALS)},
    "top": {"type": "integer", "minimum": 1, "maximum": MOST_TOP},
}  # fmt: skip
"""Of options that take some words, or numbers, alone."""
MOST_NOTED: Final = 2_000
"""Characters of the header of notes."""
WhatPath = Annotated[str, Path(json_schema_extra={"enum": list(_THERE)})]


def _parameter(name: str, text: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": text, "schema": schema}


def _option(name: str) -> dict[str, Any]:
    example = {"examples": [_EXAMPLES[name]]} if name in _EXAMPLES else {}
    return _parameter(name, f"As --{name} of footfall query.", {"type": "string", **_SCHEMAS.get(name, {}), **example})


_PARAMETERS: Final = [
    *map(_option, OPTIONS),
    _parameter("limit", f"So many rows, at most {MOST_ROWS:,}.", {"type": "integer", "minimum": 1, "maximum": MOST_ROWS}),
    _parameter("offset", "From this row on. X-Total-Count has how many there are.", {"type": "integer", "minimum": 0}),
]


def _noted(notes: Sequence[str]) -> dict[str, str]:
    """Return the header of notes, a list of texts as JSON in ASCII: as many as fit, since clients and proxies refuse long headers."""
    notes = list(map(in_parameters, notes))
    while len(text := json.dumps(notes)) > MOST_NOTED:
        notes = notes[:-1]
    return {"X-Notes": text} if notes else {}


def routes(services: Services) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["measures"])

    @router.get("/api/query", summary="The questions", responses={**refusals(401, 403, 429)})
    async def questions() -> Response:
        """Every question with what it answers, the options that it takes, its measures and its groups."""
        return answer(listed())

    @router.get(
        "/api/query/{what}", summary="Ask a question", openapi_extra={"parameters": _PARAMETERS},
        responses={**refusals(400, 401, 403, 404, 429, 503)},
    )  # fmt: skip
    async def query(what: WhatPath, request: Request) -> Response:
        """What `footfall query WHAT --format json` prints, a list of records; /api/query lists the questions and their options.

        A token of a store or an area gets its own stores; `compare=group`, which has numbers of others, is refused.
        """
        if what not in _THERE:
            return problem(404, "query", unknown(f"there is no question {what[:80]!r}", what, _THERE, f"there is {', '.join(_THERE)}"))
        given = dict(request.query_params)
        try:
            wanted = page_of(given)
            sight, site = services.sight(reach_of_request(request)), services.estate.site()
            found = await services.questions.answer(request, lambda work: page(services.gateway, what, given, wanted, sight, work, site))
        except BeyondScope as error:
            return problem(403, "scope", str(error))
        except QuestionEnded as error:
            return problem(error.status, error.reason, str(error))
        except (SinkUnavailable, Unreadable) as error:
            return unreadable(request, "database", error)
        except ConfigError as error:
            return problem(400, "query", str(error))
        more = {"X-Total-Count": str(found.rows), **_noted(found.notes)}
        return Response(found.text, media_type="application/json", headers={**HEADERS, **more})

    return router
