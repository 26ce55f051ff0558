"""The contract of plain events as one JSON Schema (draft 2020-12), made of what checks them (footfall/events.py).

    schema() -> dict        one event, or an array of events
    footfall schema         prints it

What a schema cannot state is in its descriptions: the span in which `time` must lie, and that stores, zones, doors
and campaigns are in site.toml, and that `campaign` is the first of `campaigns`.
"""

from __future__ import annotations

import json
from itertools import combinations
from typing import Annotated, Any, Final

import typer
from pydantic import TypeAdapter

from footfall.event_corrections import OF_COUNTS, Changes
from footfall.events import COUNTED, GIVES_BACK, MAX_EVENTS, PlainEvent

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_TIME: Final = (
    "When it happened: ISO 8601 with an offset from UTC. At most 40 days before and 10 minutes after it is taken; "
    "any since 2000 with `history`. Left out: the time of arrival. Of a count with `seconds` the beginning of its interval."
)
_OF_PEOPLE: Final[dict[str, dict[str, Any]]] = {
    "identifiers": {"type": "array", "minItems": 1}, "subjects": {"type": "array", "minItems": 1}, "sealed": {"type": "string"},
}  # fmt: skip
"""The keys that name people, each in place of the others, and when they do."""
_OF_TOUCHES: Final = tuple(key for key in Changes.model_fields if key not in OF_COUNTS)
_MIXED: Final = [{"required": [count, touch]} for count in ("in", "out") for touch in _OF_TOUCHES]
"""Keys of a count beside keys of a touch: an amend is of one of them."""
_FAN: Final = "The brand's own id of a fan. What is written as an identifier (type:value, a phone number, an address) is refused."
_LEARNED: Final = (
    "When whoever states it learned it. Of two that contradict each other the later one counts, never the one that came later."
)
_FACT_ID: Final = "The fact's own throughout the brand: another fact under it is refused, whoever sends it."
_ID: Final = "Makes the event idempotent: the same publisher and id is stored once, for 400 days."


def schema() -> dict[str, Any]:
    """Return the schema of what one message or request may hold."""
    found = _in_ecmascript(TypeAdapter(PlainEvent).json_schema(by_alias=True, ref_template="#/$defs/{model}"))
    defs: dict[str, Any] = found.pop("$defs")
    for each in defs.values():
        _describe(each)
    for name in ("Touch", "Changes"):
        defs[name]["properties"]["campaigns"]["anyOf"][0]["uniqueItems"] = True
    defs["Touch"]["allOf"] = [
        _needs_id(),
        _needs_items(),
        _names_no_sharer(),
        _gives_nothing_back(),
        *map(_not_both, combinations(_OF_PEOPLE, 2)),
    ]
    defs["Count"]["anyOf"] = [{"required": ["in"]}, {"required": ["out"]}]
    defs["Occupancy"]["anyOf"] = [_stated("people", "integer"), _stated("occupied", "boolean")]
    defs["Occupancy"]["allOf"] = [_agrees({"minimum": 1}, True), _agrees({"maximum": 0}, False)]
    _add_fact_rules(defs)
    defs["Amend"]["oneOf"] = [_stated("set", "object"), _stated("sealed", "string")]
    defs["Changes"] |= {"minProperties": 1, "not": {"anyOf": _MIXED}}
    defs["Adjustment"]["anyOf"] = [{"properties": {key: {"not": {"const": 0}}}, "required": [key]} for key in ("in", "out")]
    defs["Event"] = found
    event = {"$ref": "#/$defs/Event"}
    return {
        "$schema": DRAFT,
        "title": "Footfall's plain events",
        "description": f"One event, or an array of at most {MAX_EVENTS}, which is taken whole or not at all.",
        "anyOf": [event, {"type": "array", "items": event, "maxItems": MAX_EVENTS}],
        "$defs": defs,
    }


def _add_fact_rules(defs: dict[str, dict[str, Any]]) -> None:
    """Add what of facts depends on several keys. Not stated: a fact takes back another, a span ends after it begins."""
    sealed, of, of_link = _stated("sealed", "string"), _stated("of", "string"), _stated("of_link", "array")
    several = {"properties": {"identifiers": {"type": "array", "minItems": 2}}, "required": ["identifiers"]}
    begins, ends = _stated("from", "string"), _stated("to", "string")
    defs["LinkFact"]["oneOf"] = [_stated("identifier", "string"), sealed]
    defs["SameFact"]["oneOf"] = [several, sealed]
    for name in ("MergeFact", "DistinctFact"):
        defs[name]["properties"]["fans"]["uniqueItems"] = True
    defs["RevokeFact"]["oneOf"] = [of, of_link, sealed]
    defs["RevokeFact"]["allOf"] = [{"not": begins}, {"not": {"allOf": [of, ends]}}]
    defs["RevokeFact"]["properties"]["of_link"]["anyOf"][0] |= {"minItems": 2, "maxItems": 2}
    defs["ConsentFact"]["not"] = ends
    defs["OwnerFact"]["anyOf"] = [_stated("staff_id", "string"), _stated("store", "string")]


def _in_ecmascript(value: Any) -> Any:
    """Return a schema whose patterns end as those of JSON Schema do."""
    if isinstance(value, dict):
        return {key: each.replace(r"\z", "$") if key == "pattern" else _in_ecmascript(each) for key, each in value.items()}
    return [_in_ecmascript(each) for each in value] if isinstance(value, list) else value


def _describe(event: dict[str, Any]) -> None:
    is_fact = "learned" in event.get("properties", {})
    for key, text in (("time", _TIME), ("id", _FACT_ID if is_fact else _ID), ("fan", _FAN), ("learned", _LEARNED)):
        if key in event.get("properties", {}):
            event["properties"][key]["description"] = text


def _needs_id() -> dict[str, Any]:
    return {"if": {"properties": {"what": {"enum": sorted(COUNTED)}}}, "then": _stated("id", "string")}


def _needs_items() -> dict[str, Any]:
    some = {"properties": {"items": {"type": "array", "minItems": 1}}, "required": ["items"]}
    return {"if": {"properties": {"what": {"const": "missed"}}}, "then": some}


def _names_no_sharer() -> dict[str, Any]:
    return {"if": {"properties": {"what": {"const": "share"}}}, "then": {"not": _stated("shared_by", "string")}}


def _stated(key: str, kind: str) -> dict[str, Any]:
    """Return the rule that a key is there, and not null."""
    return {"properties": {key: {"type": kind}}, "required": [key]}


def _not_both(keys: tuple[str, str]) -> dict[str, Any]:
    """Return the rule that people are named in one way."""
    return {"not": {"properties": {key: _OF_PEOPLE[key] for key in keys}, "required": list(keys)}}


def _agrees(people: dict[str, Any], occupied: bool) -> dict[str, Any]:
    """Return the rule that `occupied` does not contradict such numbers of people."""
    stated = {"properties": {"people": {"type": "integer", **people}}, "required": ["people"]}
    return {"if": stated, "then": {"properties": {"occupied": {"enum": [occupied, None]}}}}


def _gives_nothing_back() -> dict[str, Any]:
    item = {"properties": {"n": {"minimum": 1}}}
    return {
        "if": {"properties": {"what": {"not": {"enum": sorted(GIVES_BACK)}}}},
        "then": {"properties": {"amount": {"minimum": 0}, "items": {"items": item}}},
    }


def command(
    compact: Annotated[bool, typer.Option("--compact", help="On one line.")] = False,
) -> None:
    """Print the JSON Schema of plain events: what tills, counters and scripts may send."""
    typer.echo(json.dumps(schema(), indent=None if compact else 2, ensure_ascii=False))
