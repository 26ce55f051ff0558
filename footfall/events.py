"""Plain events: JSON from people, tills and vendors, checked by pydantic before anything is kept.

    {"kind": "touch", "what": "transaction", "id": "pos-881", "time": "2026-11-21T10:02:03.5+08:00", "zone": "checkout",
     "identifiers": ["member:8613…"], "items": [{"sku": "A1", "n": 1}], "ref": "T-991", "amount": 129.0}

`id` makes an event idempotent: the same publisher and id again is dropped and counted. It is required wherever a repetition
would change a count or a sum.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, NoReturn, get_args

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from footfall.errors import ContractError
from footfall.event_base import Event as _Event
from footfall.event_base import Name as Name
from footfall.event_base import Reference
from footfall.event_base import Text as Text
from footfall.event_corrections import MAX_PEOPLE as MAX_PEOPLE
from footfall.event_corrections import Adjustment as Adjustment
from footfall.event_corrections import Amend as Amend
from footfall.event_corrections import Changes
from footfall.event_corrections import Void as Void
from footfall.event_facts import AnyFact, FactEvent
from footfall.event_mistakes import mistake, not_json
from footfall.event_touches import COUNTED as COUNTED
from footfall.event_touches import GIVES_BACK as GIVES_BACK
from footfall.event_touches import Item as Item
from footfall.event_touches import Touch as Touch
from footfall.event_touches import What as What
from footfall.identified import Identifier as Identifier

MAX_EVENTS_BYTES: Final = 1 << 20
MAX_EVENTS: Final = 1000
MAX_DEPTH: Final = 16
_GZIP: Final = b"\x1f\x8b"

MAX_SECONDS: Final = 86_400
"""Longest interval of a count."""


class Count(_Event):
    """People who passed a door, as a delta. They are stored in the minute of `time`, which begins the interval of `seconds`."""

    kind: Literal["count"]
    id: Reference
    door: Name
    entered: Annotated[int, Field(alias="in", ge=0, le=MAX_PEOPLE)] = 0
    left: Annotated[int, Field(alias="out", ge=0, le=MAX_PEOPLE)] = 0
    seconds: Annotated[int, Field(ge=1, le=MAX_SECONDS)] | None = None
    """Over how long they were counted, from `time` on or, without `time`, until arrival: then the door is known to have been observed."""

    @model_validator(mode="after")
    def _says_something(self) -> Count:
        if not {"entered", "left"} & self.model_fields_set:
            raise ValueError("a count needs `in`, `out` or both; 0 says that nobody passed")
        return self


class Occupancy(_Event):
    """How many people a sensor sees in a zone, or in the whole store, at `time`: an observation, not a change."""

    kind: Literal["occupancy"]
    zone: Name | None = None
    """None: the whole store."""
    sensor: Name | None = None
    """Which of several sensors of the publisher there."""
    people: Annotated[int, Field(ge=0, le=MAX_PEOPLE)] | None = None
    occupied: bool | None = None
    """What a sensor reports that does not count: whether somebody is there."""

    @model_validator(mode="after")
    def _says_something(self) -> Occupancy:
        if self.people is None and self.occupied is None:
            raise ValueError("an occupancy needs `people`, or `occupied` of a sensor that does not count; 0 says that nobody is there")
        if self.people is not None and self.occupied not in (None, self.people > 0):
            raise ValueError("`occupied` contradicts `people`: leave `occupied` out where people are counted")
        return self


_Others = Touch | Count | Occupancy | Void | Amend | Adjustment
AnyEvent = _Others | AnyFact
PlainEvent = Annotated[_Others | FactEvent, Field(discriminator="kind")]
_ADAPTER: Final[TypeAdapter[AnyEvent]] = TypeAdapter(PlainEvent)


def _keys(events: Any, tag: str) -> dict[str, list[str]]:
    """Return the keys that each event of a union may have, by its own value of `tag`."""
    fields = [each.model_fields for each in get_args(events)]
    return {get_args(each[tag].annotation)[0]: [field.alias or name for name, field in each.items()] for each in fields}


_KEYS: Final = _keys(_Others, "kind") | {"amend.set": [field.alias or name for name, field in Changes.model_fields.items()]}
"""By kind, the keys that it may have, and those within them."""
_FACT_KEYS: Final = _keys(AnyFact, "fact")


def parse_event(value: object) -> AnyEvent:
    """Return one checked plain event. Raise ContractError `event.invalid`, which names the wrong key."""
    try:
        return _ADAPTER.validate_python(value)
    except ValidationError as error:
        raise ContractError("event.invalid", mistake(value, error.errors(include_url=False)[0], _KEYS, _FACT_KEYS)[:300]) from None


def check_ids(values: Sequence[Any]) -> None:
    """Raise ContractError `event.id` if two events of one message have one id and differ: only the first could be stored."""
    known: dict[str, tuple[int, Any]] = {}
    for i, value in enumerate(values):
        event_id = value.get("id") if isinstance(value, dict) else None
        if not isinstance(event_id, str):
            continue
        before, first = known.setdefault(event_id, (i, value))
        if first != value:
            raise ContractError("event.id", f"event {i}: its id is that of event {before}, whose content is another: an id is used once")


def load_json(payload: bytes | str) -> list[Any]:
    """Return the objects in one payload (an object, or an array of at most 1,000), not yet checked.

    Raise ContractError for anything but strict JSON: NaN, infinities, numbers beyond a double, duplicate keys, deep nesting, bad UTF-8,
    half a surrogate pair.
    """
    if len(payload) > MAX_EVENTS_BYTES:
        raise ContractError("event.size", f"at most {MAX_EVENTS_BYTES} bytes of events, this has {len(payload)}")
    if payload[:2] == _GZIP:
        raise ContractError("event.json", "not JSON: it begins as gzip does: send the JSON as it is")
    try:
        text = payload if isinstance(payload, str) else payload.decode(_encoding(payload))
        value = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise ContractError("event.json", f"not JSON: {error}: JSON is UTF-8"[:300]) from None
    except ValueError as error:
        raise ContractError("event.json", f"not JSON: {not_json(str(error))}"[:300]) from None
    except RecursionError:
        raise ContractError("event.json", "not JSON: nested too deeply") from None
    if text.count("{") + text.count("[") > MAX_DEPTH:
        _check_depth(value)
    _check_text(value, text)
    events = value if isinstance(value, list) else [value]
    if len(events) > MAX_EVENTS:
        raise ContractError("event.rows", f"at most {MAX_EVENTS} events a message, this has {len(events)}", len(events))
    return events


def _encoding(payload: bytes) -> str:
    """Return what `json.detect_encoding` does, sooner for what nearly everybody sends: UTF-8 that begins with a bracket."""
    return "utf-8" if payload[:1] == b"{" and payload[1:2] != b"\0" else json.detect_encoding(payload)


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if number - number != 0.0:
        raise ValueError(f"{text} is beyond a double")
    return number


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has the same key twice")
    return found


_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_unique_keys)


def _check_text(value: object, text: str) -> None:
    """Raise for half a surrogate pair, which is JSON, but cannot be encoded as UTF-8."""
    if "\\u" in text and "\\ud" in text.lower():
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ContractError("event.json", "not JSON: half a surrogate pair") from None


def _check_depth(value: object, depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise ContractError("event.depth", f"nested deeper than {MAX_DEPTH}")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        _check_depth(item, depth + 1)
