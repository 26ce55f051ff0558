"""What the OpenAPI page says of all routes alike: refusals, and bodies that our own code reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, cast

from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from starlette.routing import BaseRoute

from footfall.event_schema import schema
from footfall.events import MAX_EVENTS
from serve.fan_models import Arrival
from serve.problems import MEDIA_TYPE

DESCRIPTION: Final = """
What Footfall knows of the stores and fans of a brand, and the way in for facts, touches and corrections.

A token is sent as `Authorization: Bearer ff_…`; `footfall user add` makes one. What it may see depends on its role: a *store* its own
stores, an *area* the stores of its path, *headquarters* everything; an *integrator* writes, and reads what became of that.
A refusal is a problem (RFC 9457) whose `reason` is a stable word. A POST may bear an `Idempotency-Key`: sent again, it is answered the
same and changes nothing twice.
"""
_COMPONENTS: Final = "#/components/schemas/"
_MEANS: Final = {
    400: "Something is wrong with the request; `message` states what.",
    401: "A token is needed, or this one has expired, or nobody has it.",
    403: "This token may not: its role is not answered here (`role`), or something is beyond its scope (`scope`).",
    404: "There is no such thing, or it is beyond this token.",
    408: "The body did not come in time.",
    409: "The same id or Idempotency-Key was sent before with other content.",
    413: "The body is too long.",
    415: "The body must be JSON, in UTF-8, and not compressed.",
    429: "More requests than this token may make: wait as long as `Retry-After` says.",
    503: "Something that is needed does not answer now: send the same again.",
}
POSTED: Final = (400, 401, 403, 408, 409, 413, 415, 429, 503)
"""How requests with a body may be refused."""


class Problem(BaseModel):
    """A refusal, as RFC 9457 has it. `reason` is a stable word, `message` states what to change."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:footfall:problem:scope", "title": "Forbidden", "status": 403,
                    "detail": "store 's9' is beyond this token, which is for s1", "reason": "scope",
                    "message": "store 's9' is beyond this token, which is for s1",
                }
            ]
        }
    )  # fmt: skip
    type: str
    title: str
    status: int
    detail: str
    reason: str
    message: str


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return how a route may refuse, as FastAPI's `responses` has it."""
    return {status: {"description": _MEANS[status], "content": {MEDIA_TYPE: {"schema": _SCHEMA}}} for status in statuses}


def shown(model: type[BaseModel]) -> dict[str, Any]:
    """Return the answer of a route, as FastAPI's `responses` has it."""
    return {"model": model}


_SCHEMA: Final = {"$ref": "#/components/schemas/Problem"}


def body(schema: dict[str, Any], examples: dict[str, Any]) -> dict[str, Any]:
    """Return the `openapi_extra` of a route whose body is JSON of a schema."""
    shown = {name: {"value": value} for name, value in examples.items()}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, "examples": shown}}}}


def one_or_several(*names: str) -> dict[str, Any]:
    """Return the schema of one event of some kinds, or an array of them; `PLAIN_EVENTS` has the kinds."""
    of: dict[str, Any] = {"anyOf": [{"$ref": f"{_COMPONENTS}{name}"} for name in names]}
    return {"anyOf": [of, {"type": "array", "items": of, "maxItems": MAX_EVENTS}]}


def taken_by(routes: Iterable[BaseRoute]) -> dict[tuple[str, str], frozenset[str]]:
    """Return by method and path the parameters that the document has of each route's query string."""
    found = {}
    for route in routes:
        if isinstance(route, APIRoute):
            stated = (route.openapi_extra or {}).get("parameters", ())
            names = {each.alias for each in route.dependant.query_params} | {each["name"] for each in stated if each["in"] == "query"}
            found.update({(method, route.path): frozenset(names) for method in route.methods or ()})
    return found


def streamed(model: type[BaseModel]) -> dict[str, Any]:
    """Return the answer of a route that streams events of a model, as FastAPI's `responses` has it."""
    return {"description": "Server-sent events.", "content": {"text/event-stream": {"schema": {"$ref": f"{_COMPONENTS}{model.__name__}"}}}}


def _of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a model by its name, and those of what it has."""
    schema = model.model_json_schema(ref_template=f"{_COMPONENTS}{{model}}")
    return {**schema.pop("$defs", {}), model.__name__: schema}


def _of_events() -> dict[str, Any]:
    """Return the schemas of plain events by name, as `footfall schema` prints them."""
    return cast("dict[str, Any]", _moved(schema()["$defs"]))


def _moved(value: Any) -> Any:
    """Return a schema whose references lead into this document. A discriminator says nothing that the kinds do not."""
    if isinstance(value, dict):
        return {
            key: each.replace("#/$defs/", _COMPONENTS) if key == "$ref" else _moved(each)
            for key, each in value.items()
            if not (key == "discriminator" and isinstance(each, dict) and "propertyName" in each)
        }
    return [_moved(each) for each in value] if isinstance(value, list) else value


def with_shared(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document of FastAPI with what all routes share: the schema of problems, and how tokens are sent."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    components["schemas"] = {**_of_events(), **schemas, **_of(Problem), **_of(Arrival)}
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"token": []}]
    return document
