"""Plain events in: of every kind, and of the kinds that people ask for by name, each with examples."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC
from functools import partial
from typing import Any, Final, Literal, NamedTuple, get_args

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from footfall.errors import ContractError
from footfall.event_facts import AnyFact
from gateway.fans.audit import FANS, SUBJECTS, Audited
from gateway.fans.show import moment
from serve.access_table import ROUTE_OF_KIND, roles_of_kind
from serve.guard import caller_of, reach_of_request
from serve.openapi import POSTED, body, one_or_several, refusals, shown
from serve.posting import answered_once, publish_events, sender_of
from serve.problems import answer, problem
from serve.roles import Caller, Role
from serve.sent_ids import Sender
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
    schemas: tuple[str, ...]
    """Their names in the document."""
    summary: str
    text: str
    examples: Mapping[str, Any]


class Refused(BaseModel):
    """Why an event lies in quarantine, and since when; `reason` is a stable word."""

    reason: str = Field(examples=["site.zone"])
    message: str = Field(examples=["store 'flagship' has no zone 'shoe': did you mean 'shoes'?"])
    time: str | None = Field(examples=["2026-11-21T02:02:03.500Z"])


class Correction(BaseModel):
    """What takes an event back or amends it; `source` is store and publisher."""

    kind: str = Field(examples=["amend"])
    id: str = Field(examples=["amend-0881"])
    time: str | None = Field(examples=["2026-11-21T03:10:00.000Z"])
    what: str = Field(examples=["event till-1-2026-11-21-0881 has amount = 12.5"])
    actor: str = Field(examples=["kim"])
    source: str = Field(examples=["flagship/till-1"])
    reason: str = Field(examples=["mistyped"])


class Outcome(BaseModel):
    """An event of a publisher. `taken` is null where it is not, and of one that an earlier release took."""

    id: str = Field(examples=["till-1-2026-11-21-0881"])
    store: str = Field(examples=["flagship"])
    agent: str = Field(examples=["till-1"])
    state: Literal["taken", "amended", "voided", "quarantine", "sent"]
    taken: str | None = Field(examples=["2026-11-21T02:02:03.500Z"])
    holds: dict[str, Any] = Field(
        examples=[{"kind": "touch", "what": "transaction", "amount": 129.5}],
        description="What it stated as it was sent, but identifiers: they are not stored. A token for headquarters reads their pseudonyms, "
        "`subjects`. Of a touch that was taken within the last two minutes there are `what`, `time`, `zone` and `amount` alone; of an "
        "amend what it replaces stands in the `corrections` of its event; of a fact there is what it is and who stated it. "
        "What is empty is left out. `corrections` say what changed since.",
    )
    corrections: list[Correction] = Field(description="By their own times, as of the ledger's last checkpoint: minutes old at most.")
    refused: Refused | None = Field(description="The last time that it was refused, also beside one that was taken before.")


_OF_FACT: Final = frozenset({"kind", "fact", "learned_ns", "source", "actor", "reason"})
"""What is shown here of a fact: what it states of fans has a route of its own."""
_FACTS: Final = tuple(kind.__name__ for kind in get_args(AnyFact))
_AUTHORITY: Final = "`may_correct` of site.toml decides whose events a publisher corrects, and for how long."
_CORRECTS: Final = f"Take events back, amend them, adjust a door. {_AUTHORITY}"
_EVERY: Final = "Events of every kind that the token may send to the route of that kind: facts are for headquarters and integrators."
_STATES: Final = "Who is who, as a CRM knows it; `kind` may be left out. The source `desk` is for headquarters."


def _kinds(path: str) -> tuple[str, ...]:
    return tuple(kind for kind, of in ROUTE_OF_KIND.items() if of == path)


SENT: Final[Mapping[str, _Sent]] = {
    "/api/events": _Sent((), ("Event",), "Send plain events", _EVERY, {"a sale": _SALE, "people at a door": [_COUNT]}),
    "/api/touches": _Sent(_kinds("/api/touches"), ("Touch",), "Send touches", "Scans, sales …; `kind` may be left out.", {"a sale": _SALE}),
    "/api/facts": _Sent(_kinds("/api/facts"), _FACTS, "State facts", _STATES, {"a link": _LINK, "a merge": _MERGE}),
    "/api/corrections": _Sent(
        _kinds("/api/corrections"),
        ("Void", "Amend", "Adjustment"),
        "Correct events",
        _CORRECTS,
        {"void": _VOID, "amend": _AMEND, "adjust": _ADJUST},
    ),
}
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
            openapi_extra={"parameters": SENDER, **body(one_or_several(*sent.schemas), dict(sent.examples))},
        )  # fmt: skip

    @router.get(
        "/api/events/{event:path}", summary="What became of an event",
        openapi_extra={"parameters": SENDER}, responses={200: shown(Outcome), **refusals(400, 401, 403, 404, 429)},
    )  # fmt: skip
    async def outcome(event: str, request: Request) -> Response:
        """What became of the event that a publisher sent under an id: `taken` by the gateway, and since then `amended` or `voided`, with
        who did that, when and why in `corrections`; in `quarantine`, for which `refused` has the reason; or `sent` by this server a moment
        ago. 404: it came otherwise, or never. A fact that was taken is `taken`, whoever sent it and whatever became of it, to whom may read
        it by `/api/facts/`: that has all that it states.
        """
        try:
            store, agent = sender_of(request)
            hidden = _hidden(request)
            found = await run_in_threadpool(_outcome, services, store, agent, event, hidden)
            found = found or await run_in_threadpool(_fact_taken, services, (store, agent), event, caller_of(request))
        except ContractError as error:
            return problem(400, error.reason, str(error))
        if found is None:
            missing = f"no event {event[:80]!r} of {agent} in store {store} has come so far, or it is on its way"
            return problem(404, "event", f"{missing}; facts are at /api/facts/ID")
        return answer({"id": event, "store": store, "agent": agent, **found})

    return router


def _hidden(request: Request) -> Collection[str]:
    """Return which values of amends are not for the caller: a machine learns no fans that somebody else names."""
    if caller_of(request).role is Role.INTEGRATOR:
        return SUBJECTS | FANS
    return () if reach_of_request(request) is None else SUBJECTS


def _outcome(services: Services, store: str, agent: str, event: str, hidden: Collection[str]) -> dict[str, Any] | None:
    """Return what became of an event; None if nothing is known of it. Raise ContractError: site.toml has no such publisher."""
    taken = services.known_events(store, agent, [event]).get(event)
    refused = services.refused_event(store, agent, event)
    if taken is None and refused is None and not services.sent.has((store, agent), event):
        return None
    corrections = services.corrections_of(store, agent, event, hidden) if taken else []
    return {
        "state": _state_of({each.kind for each in corrections if not each.unfit}) if taken else "quarantine" if refused else "sent",
        "taken": _moment(taken.taken_ns) if taken else None,
        "holds": _shown(services.as_sent(store, agent, event, taken), hidden) if taken else {},
        "corrections": list(map(_corrected, corrections)),
        "refused": {"reason": refused.reason, "message": refused.message, "time": _moment(refused.received_ns)} if refused else None,
    }


def _fact_taken(services: Services, sender: Sender, fact: str, caller: Caller) -> dict[str, Any] | None:
    """Return that a fact was taken, whose id is its own in the brand; None if none was, or not for the caller to read."""
    found = services.known_events(*sender, (), [fact]).get(fact) if caller.role in roles_of_kind("fact") else None
    if found is None or (caller.role is Role.INTEGRATOR and found.values.get("actor") not in caller.agents):
        return None
    holds = _shown({key: value for key, value in found.values.items() if key in _OF_FACT}, ())
    return {"state": "taken", "taken": _moment(found.taken_ns), "holds": holds, "corrections": [], "refused": None}


def _state_of(kinds: Collection[str]) -> str:
    """Return what a taken event is by the kinds of its corrections: a void wins over all amends."""
    return "voided" if "void" in kinds else "amended" if kinds else "taken"


def _corrected(each: Audited) -> dict[str, Any]:
    shown = {name: value for name, value in each._asdict().items() if name in Correction.model_fields}
    return {**shown, "time": _moment(each.time_ns)}


def _moment(time_ns: int) -> str | None:
    return moment(time_ns, UTC) if time_ns > 0 else None


def _shown(values: Mapping[str, Any], hidden: Collection[str]) -> dict[str, Any]:
    """Return what an event stated, with times as text, but what is hidden. Who sent a fan's id knows it."""
    left_out = {"subjects", "types"} if set(hidden) >= SUBJECTS else set()
    named = {"of_id": "of"} | {key: key.removesuffix("_ns") for key in values if key.endswith("_ns")}
    return {named.get(key, key): _moment(value) if key.endswith("_ns") else value for key, value in values.items() if key not in left_out}


def _handler(services: Services, kinds: tuple[str, ...]) -> Callable[[Request], Any]:
    async def events(request: Request) -> Response:
        response = await answered_once(services, request, partial(publish_events, services, request, kinds=kinds))
        if response.status_code >= 400:
            services.posted["refused" if response.status_code < 500 else "unavailable"] += 1
        return response

    return events
