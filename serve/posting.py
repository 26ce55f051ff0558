"""Requests with a body: read within limits, answered once for each `Idempotency-Key`; and plain events, checked and published."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from footfall.errors import ConfigError, ContractError
from footfall.event_requests import head_problem, status_of
from footfall.events import MAX_EVENTS_BYTES, AnyEvent, check_ids, load_json, parse_event
from footfall.http_framing import content_length
from footfall.topics import check_name, topic_of
from gateway.fans.beyond import Beyond
from gateway.fans.desk_decisions import stated_by_desk
from gateway.fans.known_events import KnownEvent
from gateway.fans.reading import FanReader
from serve.access import Denial
from serve.authority import denied, needing_a_look, taken_back
from serve.broker_client import NotPublished
from serve.estate import Known
from serve.guard import caller_of, reach_of_request
from serve.idempotency import Answered, Asked, KeyRefused, Taken, check_key
from serve.problems import HEADERS, answer, problem
from serve.roles import Caller
from serve.sent_ids import Sender
from serve.services import Services

_TOO_LONG: Final = f"at most {MAX_EVENTS_BYTES} bytes a request: send several"
_CHANGES: Final = range(200, 300)
"""Answers to requests that changed something."""
Handle = Callable[[bytes, Taken], Awaitable[Response]]


async def answered_once(services: Services, request: Request, handle: Handle) -> Response:
    """Return the answer to a request with a body of JSON, which `handle` makes: once for each Idempotency-Key."""
    if wrong := head_problem(request.headers, is_type_needed=True):
        return problem(*wrong)
    if (content_length(request.headers.get("content-length", "")) or 0) > MAX_EVENTS_BYTES:  # before a byte of it is waited for
        return problem(413, "event.size", _TOO_LONG)
    try:
        async with asyncio.timeout(services.config.listen.request_s):
            body = await _body(request)
        key = request.headers.get("idempotency-key")
        return await (handle(body, Taken()) if key is None else _once(services, request, check_key(key), body, handle))
    except TimeoutError:
        return problem(408, "timeout", "the body did not come in time")
    except KeyRefused as error:
        return problem(error.status, error.reason, str(error))
    except ContractError as error:
        return problem(status_of(error.reason), error.reason, str(error))
    except NotPublished as error:
        return problem(503, "broker", f"{error}: send the same again, with the same ids")


async def _once(services: Services, request: Request, key: str, body: bytes, handle: Handle) -> Response:
    asked: Asked = (caller_of(request).name, request.method, request.url.path, request.url.query, key)
    answers = services.answers
    begun = await run_in_threadpool(answers.begin, asked, hashlib.sha256(body).digest(), time.time())
    if isinstance(begun, Answered):
        return Response(begun.body, begun.status, {**HEADERS, "Idempotency-Replayed": "true"}, "application/json")
    try:
        response = await handle(body, begun)
    except BaseException:
        answers.give_up(begun)
        raise
    if response.status_code in _CHANGES:
        await run_in_threadpool(answers.finish, begun, Answered(response.status_code, bytes(response.body)), time.time())
    else:
        await run_in_threadpool(answers.give_up, begun)
    return response


async def publish_events(services: Services, request: Request, body: bytes, _: Taken, kinds: Sequence[str] = ()) -> Response:
    """Publish the plain events of a body for the `store` and `agent` of the query string; answer once the broker has them.

    `kinds`: of which they must be; where it is one alone, it may be left out.
    """
    store, agent = sender_of(request)
    values = _of_kinds(load_json(body), kinds)
    events = _checked(values)
    if refusal := await _denied(services, request, (store, agent), events):
        return problem(*refusal)
    known = _known_to(services, caller_of(request))
    await run_in_threadpool(services.estate.check, store, agent, events, time.time_ns(), known)
    async with services.sent.alone((store, agent), events):
        if other := await _other_content(services, (store, agent), values, events):
            return problem(409, "event.id", f"{other}: its id was sent before with other content, which stays: give it an id of its own")
        await _publish(services, (store, agent), values, events)
    return answer({"accepted": len(values)}, 202)


def _known_to(services: Services, caller: Caller) -> Known:
    """Return what returns what a caller may read of events: of other publishers nothing, if it sends in the name of some alone."""

    def known(store: str, agent: str, ids: Iterable[str]) -> Mapping[str, KnownEvent]:
        return services.known_events(store, agent, ids) if not caller.agents or agent in caller.agents else {}

    return known


async def _publish(services: Services, sender: Sender, values: list[Any], events: list[AnyEvent]) -> None:
    """Return once the broker has events. Raise NotPublished."""
    topic, payload = topic_of(*sender, "events"), json.dumps(await services.sealed(values, events), ensure_ascii=False).encode()
    if values:  # an empty array has nothing to publish
        await run_in_threadpool(services.broker.publish, topic, payload)
    services.sent.keep(sender, events)
    services.posted["accepted"] += len(values)


async def _other_content(services: Services, sender: Sender, values: Sequence[Any], events: Sequence[AnyEvent]) -> str:
    """Return which event has the id of an earlier one with other content, as far as this server or the gateway's journal remembers it."""
    if (event := services.sent.contradicted(sender, events)) is not None:
        return f"event {events.index(event)}"
    by_id = {event.id or "": (i, value) for i, (event, value) in enumerate(zip(events, values, strict=True))}
    facts = {event.id or "" for event in events if event.kind == "fact"}
    known = await run_in_threadpool(services.known_events, *sender, by_id.keys() - facts, facts)
    sent = {each: by_id[each][1] for each in known}
    other = await run_in_threadpool(services.other_content, sender, known, sent)
    return "" if other is None else f"event {by_id[other][0]}"


def _of_kinds(values: list[Any], kinds: Sequence[str]) -> list[Any]:
    """Return events with their kind. Raise ContractError `event.invalid` for one of another."""
    if not kinds:
        return values
    if len(kinds) == 1:
        values = [{"kind": kinds[0], **value} if isinstance(value, dict) else value for value in values]
    for i, value in enumerate(values):
        if isinstance(value, dict) and value.get("kind") not in kinds:
            raise ContractError("event.invalid", f"event {i}: kind: it is {', '.join(kinds)} here; /api/events takes every kind")
    return values


def sender_of(request: Request) -> tuple[str, str]:
    """Return the store and the agent of the query string; of a token that has only one, that. Raise ContractError `name`."""
    caller = caller_of(request)
    return _named(request, "store", caller.stores), _named(request, "agent", caller.agents)


def _named(request: Request, what: str, own: frozenset[str]) -> str:
    """Return a name of the query string. Raise ContractError `name` if it is missing or no name."""
    value = request.query_params.get(what) or (next(iter(own)) if len(own) == 1 else "")
    if not value:
        raise ContractError("name", f"{what} is missing: add ?store=…&agent=…")
    return check_name(value, what)


async def _denied(services: Services, request: Request, sender: Sender, events: Sequence[AnyEvent]) -> Denial | None:
    """Return why not all of these events may be sent by who asks."""
    caller, reach = caller_of(request), reach_of_request(request)
    if (found := denied(events, caller, reach)) is not None or reach is None:
        return found
    if not (looked_up := needing_a_look(events)):
        return None
    is_own, places, now_ns = partial(services.estate.is_own, reach=reach), services.estate.places(), time.time_ns()

    def look(fans: FanReader) -> Denial | None:
        files = services.desk(fans.ledger)
        if stated := stated_by_desk(files, taken_back(events)):
            return Denial(403, "role", f"the desk stated fact {stated[:80]!r}: headquarters takes it back")
        beyond = Beyond(files, places, is_own, now_ns)
        whys = ((i, beyond.why(events[i], sender)) for i in looked_up)
        return next((Denial(403, "scope", f"event {i}: {why}") for i, why in whys if why), None)

    try:
        return await services.review(look)
    except ConfigError:  # this server cannot read the gateway's files
        return None


async def _body(request: Request) -> bytes:
    """Return the whole body. ContractError `event.size` as soon as it is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_EVENTS_BYTES:
            raise ContractError("event.size", _TOO_LONG)
    return bytes(body)


def _checked(values: list[Any]) -> list[AnyEvent]:
    """Return the events of a body. Raise ContractError, which names the first event that is wrong, and why.

    Each needs an `id`: the answer may be lost on its way, or be a 503 although the broker has the events. Sent again, they count once.
    """
    events = []
    for i, value in enumerate(values):
        try:
            event = parse_event(value)
        except ContractError as error:
            raise ContractError(error.reason, f"event {i}: {error}") from None
        if event.id is None:
            raise ContractError("event.invalid", f"event {i}: id: is needed here, so that sending it again counts once")
        events.append(event)
    check_ids(values)
    return events
