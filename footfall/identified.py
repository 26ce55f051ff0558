"""Which keys of a plain event hold identifiers of people. Every kind of event is looked at the same way. Pure.

identifier_keys(Touch) -> ("identifiers",)
stated_identifiers(event) -> ["member:8613800000000"]
sealed_keys(value, event) -> {"identifiers": […]}      # of the event as it was sent
sealed_event(value, event, public)                     # the same with `sealed` in their place
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Final, get_args

from pydantic import AfterValidator, BaseModel, StringConstraints

from footfall.sealing import seal


class _IdentifierMark:
    """Stands in the annotation of every text that is an identifier."""


_MARK: Final = _IdentifierMark()
Identifier = Annotated[str, StringConstraints(max_length=200, pattern=r"^[a-z0-9._-]{1,32}:[^\x00-\x1f\x7f]+\z"), _MARK]
"""`type:value`, such as `member:8613800000000`."""
_ID: Final = re.compile(r"[a-z0-9._-]{1,32}:[^\x00-\x1f\x7f]+")
_LINK_PARTS: Final = 2


def _of_link(value: list[str]) -> list[str]:
    if len(value) != _LINK_PARTS or not _ID.fullmatch(value[0]):
        raise ValueError('must be ["type:value", "fan"]')
    return value


OfLink = Annotated[list[str], AfterValidator(_of_link), _MARK]
"""An identifier and the fan whose it is: `["member:8613800000000", "f-1042"]`. It is sealed as one."""


@cache
def identifier_keys(kind: type[BaseModel]) -> tuple[str, ...]:
    """Return the keys of a kind of event whose values are identifiers, or hold some."""
    return tuple(
        field.alias or name
        for name, field in kind.model_fields.items()
        if any(each is _MARK for each in field.metadata) or _is_marked(field.annotation)
    )


def stated_identifiers(event: BaseModel) -> list[str]:
    """Return all identifiers that an event states, `type:value`, in the order of its keys."""
    return [text for name in _names(type(event)) for text in _texts(getattr(event, name))]


def sealed_keys(value: Mapping[str, Any], event: BaseModel) -> dict[str, Any]:
    """Return what of an event as it was sent holds identifiers."""
    stated = [name for name in _names(type(event)) if any(_texts(getattr(event, name)))]
    keys = {field.alias or name for name, field in type(event).model_fields.items() if name in stated}
    return {key: value[key] for key in identifier_keys(type(event)) if key in keys and value.get(key)}


def sealed_event(value: Mapping[str, Any], event: BaseModel, public: bytes) -> dict[str, Any]:
    """Return an event as it was sent with `sealed` in place of its identifiers, if it has any. Only the gateway of the key opens it."""
    stated = sealed_keys(value, event)
    if not stated:
        return dict(value)
    rest = {key: each for key, each in value.items() if key not in identifier_keys(type(event))}
    return rest | {"sealed": seal(public, json.dumps(stated, ensure_ascii=False, separators=(",", ":")).encode())}


def _is_marked(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return bool(identifier_keys(annotation))
    return annotation is _MARK or any(_is_marked(each) for each in get_args(annotation))


@cache
def _names(kind: type[BaseModel]) -> tuple[str, ...]:
    keys = identifier_keys(kind)
    return tuple(name for name, field in kind.model_fields.items() if (field.alias or name) in keys)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, BaseModel):
        yield from stated_identifiers(value) if identifier_keys(type(value)) else _texts(dict(value))
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
