"""What people decide about who is who, as facts: merged, split, distinct, linked, unlinked, taken back, consent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from footfall.errors import ConfigError, ContractError, Unreadable
from footfall.events import load_json
from gateway.fans import owners
from gateway.fans.decisions import Deciding
from gateway.fans.desk import Desk
from gateway.fans.desk_decisions import effect_object, effect_of_facts, facts_object
from serve.decision_bodies import DECISIONS, Decision, decision_of
from serve.guard import caller_of, unreadable
from serve.idempotency import Taken
from serve.openapi import POSTED, body, refusals
from serve.posting import answered_once
from serve.problems import answer, in_parameters
from serve.services import Services

HERE: str = "api"
"""Who decides, where neither the request nor a token has a name."""


def routes(services: Services) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["decisions"])
    for what, kind in DECISIONS.items():
        router.add_api_route(
            f"/api/decisions/{what}", _handler(services, what), methods=["POST"], summary=what.capitalize(), name=what,
            description=f"{kind.__doc__}\n\nThe answer has the facts that were stated, and what they change; with `dry_run` nothing is.",
            openapi_extra=body(kind.model_json_schema(ref_template="#/components/schemas/{model}"), {}),
            responses={**refusals(*POSTED)},
        )  # fmt: skip
    return router


def _handler(services: Services, what: str) -> Callable[[Request], Any]:
    async def decided(request: Request) -> Response:
        async def handle(given: bytes, taken: Taken) -> Response:
            decision = decision_of(what, load_json(given))
            try:
                return answer(
                    await services.review(lambda fans: decide(services.desk(fans.ledger), decision, caller_of(request).name, taken))
                )
            except Unreadable as error:
                return unreadable(request, "ledger", error)
            except (ConfigError, ValueError) as error:
                raise ContractError("decision", str(error)) from None

        return await answered_once(services, request, handle)

    return decided


def decide(files: Desk, decision: Decision, user: str, taken: Taken) -> dict[str, Any]:
    """State a decision unless it is a dry run; return its facts and what they change. Raise ConfigError, ValueError."""
    now = files.stamp(decision.actor or user or HERE, decision.reason)
    stamp = now if decision.dry_run else replace(now, learned_ns=taken.moment_ns(now.learned_ns))
    facts, notes = decision.decide(files, Deciding(stamp))
    effect, of_owners = effect_object(effect_of_facts(files, facts)), owners.changes(files.known(), facts)
    if not decision.dry_run:
        files.state(facts)
    return {
        "stated": not decision.dry_run,
        "facts": facts_object(facts),
        "effect": effect,
        "notes": [in_parameters(each) for each in (*notes, *of_owners)],
    }
