"""Who corrected or decided what, when and why."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from footfall.errors import ConfigError, Unreadable
from gateway.fans.audit import Audited, Filter
from gateway.fans.audit_entries import entries, hashes_of
from gateway.fans.desk import Desk
from gateway.fans.reading import FanReader
from serve.guard import reach_of_request, unreadable
from serve.openapi import refusals
from serve.problems import answer, problem
from serve.services import Services

MOST: Final = 1_000
OF_EVENTS: Final = frozenset({"void", "amend", "adjustment", "rebuild"})
"""Kinds of corrections of events, which are of a store; the others are facts about identity."""
_Text = Annotated[str, Query(max_length=256)]


def routes(services: Services) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["events"])

    @router.get("/api/corrections", summary="Who corrected or decided what", responses={**refusals(400, 401, 403, 429, 503)})
    async def audit(
        request: Request, actor: _Text = "", kind: _Text = "", source: _Text = "", text: _Text = "", since: _Text = "", until: _Text = "",
        store: _Text = "", waiting: bool = False, limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
    ) -> Response:  # fmt: skip
        """What `footfall audit --json` prints, the newest first: corrections of events, and facts about identity with actor and reason.

        A token of a store or an area sees the corrections of its stores. `store` takes several, with commas between.
        """
        asked = {"actor": actor, "kind": kind, "source": source, "text": text, "since": since, "until": until}
        stores = frozenset(name for name in store.split(",") if name) or reach_of_request(request)

        def read(fans: FanReader) -> list[Mapping[str, Any]]:
            files = services.desk(fans.ledger)
            wanted = _filter(files, asked, waiting)
            found = filter(wanted.takes, entries(files, wanted))
            return [each._asdict() for each in islice((each for each in found if _is_of(each, stores, services.estate.is_own)), limit)]

        try:
            return answer(await services.read_fans(read))
        except Unreadable as error:
            return unreadable(request, "ledger", error)
        except ConfigError as error:
            return problem(400, "audit", str(error))

    return router


def _filter(files: Desk, asked: Mapping[str, str], waiting: bool) -> Filter:
    since, until, text = asked["since"], asked["until"], asked["text"]
    return Filter(
        actor=asked["actor"], kind=asked["kind"], source=asked["source"], text=text, hashes=hashes_of(files, text) if text else (),
        from_ns=files.moment("since", since) if since else None, to_ns=files.moment("until", until) if until else None,
        only_waiting=waiting,
    )  # fmt: skip


def _is_of(each: Audited, stores: frozenset[str] | None, is_own: Any) -> bool:
    """Return whether an entry is of one of these stores; with None all are."""
    return stores is None or (each.kind in OF_EVENTS and is_own(each.source.partition("/")[0], stores))
