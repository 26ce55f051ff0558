"""Plain events in: of every kind, and of the kinds that people ask for by name, each with examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

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
_SALE: Final = {
    "kind": "touch", "what": "transaction", "id": "till-1-2026-11-21-0881", "zone": "checkout", "identifiers": ["member:8613"],
    "items": [{"sku": "A1", "n": 2}], "amount": 129.5, "ref": "T-881",
}  # fmt: skip
_LINK: Final = {
    "kind": "fact", "fact": "link", "id": "crm-881", "identifier": "member:8613", "fan": "f-1042", "learned": "2026-11-21T10:02:03+08:00",
    "source": "crm", "actor": "kim", "reason": "registration",
}  # fmt: skip
_MERGE: Final = {"kind": "fact", "fact": "merge", "id": "crm-merge-7", "fans": ["f-1042", "f-2001"], "reason": "registered twice"}
_VOID: Final = {"kind": "void", "id": "void-0881", "of": "till-1-2026-11-21-0881", "reason": "mistyped", "actor": "kim"}
_AMEND: Final = {
    "kind": "amend",
    "id": "amend-0881",
    "of": "till-1-2026-11-21-0881",
    "set": {"amount": 12.5},
    "reason": "mistyped",
    "actor": "kim",
}
_ADJUST: Final = {
    "kind": "adjustment",
    "id": "adj-7",
    "door": "main",
    "in": -40,
    "time": "2026-11-21T18:00:00+08:00",
    "reason": "class",
    "actor": "kim",
}
_COUNT: Final = {"kind": "count", "id": "main-7", "door": "main", "in": 7, "out": 0, "seconds": 60}


class _Sent(NamedTuple):
    """What is sent to a path. `kinds`: () for every kind."""

    kinds: tuple[str, ...]
    summary: str
    text: str
    examples: Mapping[str, Any]


_AUTHORITY: Final = "`may_correct` of site.toml decides whose events a publisher corrects, and for how long."
SENT: Final[Mapping[str, _Sent]] = {
    "/api/events": _Sent((), "Send plain events", "Events of every kind.", {"a sale": _SALE, "people at a door": [_COUNT]}),
    "/api/touches": _Sent(("touch",), "Send touches", "Scans, sales, returns …; `kind` may be left out.", {"a sale": _SALE}),
    "/api/facts": _Sent(
        ("fact",), "State facts", "Who is who, as a CRM or a desk knows it; `kind` may be left out.", {"a link": _LINK, "a merge": _MERGE}
    ),
    "/api/corrections": _Sent(
        ("void", "amend", "adjustment"), "Correct events", f"Take events back, amend them, adjust a door. {_AUTHORITY}",
        {"void": _VOID, "amend": _AMEND, "adjust": _ADJUST},
    ),
}  # fmt: skip
_ALIKE: Final = (
    "One event, or an array of at most 1,000 that is taken whole or not at all: `footfall schema` prints what an event may have.\n\n"
    "202 means that the broker has them. Each needs an `id`, so that sending it again counts once; the same id with other content is "
    "refused with 409 where that is known here, else it lies in quarantine."
)


def routes(services: Services) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["events"])
    for path, sent in SENT.items():
        router.add_api_route(
            path, _handler(services, sent.kinds), methods=["POST"], status_code=202, summary=sent.summary, name=path,
            description=f"{sent.text}\n\n{_ALIKE}", responses={**refusals(*POSTED)},
            openapi_extra={"parameters": SENDER, **body({"anyOf": [{"type": "object"}, {"type": "array"}]}, dict(sent.examples))},
        )  # fmt: skip
    return router


def _handler(services: Services, kinds: tuple[str, ...]) -> Callable[[Request], Any]:
    async def events(request: Request) -> Response:
        response = await answered_once(services, request, partial(publish_events, services, request, kinds=kinds))
        if response.status_code >= 400:
            services.posted["refused" if response.status_code < 500 else "unavailable"] += 1
        return response

    return events
