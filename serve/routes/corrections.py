"""Who corrected or decided what, when and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from footfall.errors import ConfigError, Unreadable
from gateway.fans.audit import Audited, Filter
from gateway.fans.audit_entries import entries, hashes_of
from gateway.fans.desk import Desk
from gateway.fans.fact_text import when
from gateway.fans.reading import FanReader
from serve.guard import reach_of_request, unreadable
from serve.openapi import refusals
from serve.problems import answer, problem
from serve.services import Services

MOST: Final = 1_000
MOST_LOOKED_AT: Final = 100_000
"""Entries that may be looked through for a `text`, or for what waits."""
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
        reach = reach_of_request(request)
        stores = frozenset(name for name in store.split(",") if name) or reach

        def read(fans: FanReader) -> list[Mapping[str, Any]]:
            files = services.desk(fans.ledger)
            of_store = None if stores is None else partial(services.estate.is_own, reach=stores)
            wanted = replace(_filter(files, asked, waiting), of_store=of_store, shows_subjects=reach is None)
            return [each._asdict() for each in islice(filter(wanted.takes, _bounded(entries(files, wanted))), limit)]

        try:
            return answer(await services.review(read))
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


def _bounded(found: Iterator[Audited]) -> Iterator[Audited]:
    """Yield entries. Raise ConfigError where more would be looked at than MOST_LOOKED_AT."""
    for n, each in enumerate(found):
        if n == MOST_LOOKED_AT:
            since = f"the newest {n:,} reach back to {when(each.time_ns)}"
            raise ConfigError(
                f"too many entries are looked through: {since}: state kind, actor, source or since, or until for those before"
            )
        yield each
