"""What is wrong with a plain event, in words that name the key to change. Pure: pydantic's first mistake in, text out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from footfall.mistakes import did_you_mean
from footfall.wording import with_article

FACT: Final = "fact"
"""The kind of events that have kinds of their own."""
NAME: Final = r"^[a-z0-9._-]{1,64}\z"
TEXT: Final = r"^[^\x00-\x1f\x7f]*\z"
_PATTERNS: Final = {
    NAME: "must be 1 to 64 of a-z, 0-9, '.', '_' and '-': no capitals, no blanks",
    TEXT: "must not have control characters, such as the end of a line",
}
"""What a text must be, by its pattern."""
_QUOTED: Final = re.compile(r"'([a-z_]+)'")
_KEY: Final = re.compile(r"[a-z_]{1,32}\Z|[0-9]{1,4}\Z", re.ASCII)
"""Keys and places as messages have them: what a stranger calls a key may be anything, an identifier too."""


def mistake(value: object, first: Any, keys: Mapping[str, Sequence[str]], fact_keys: Mapping[str, Sequence[str]]) -> str:
    """Return the first mistake that pydantic found in an event, with the key to change; `keys`: by kind, those that it may have."""
    if first["loc"][:1] == (FACT,):
        return _of_fact(first, fact_keys)
    where = _where(first["loc"])
    match first["type"]:
        case "union_tag_not_found":
            return f"kind: must be one of {', '.join(_kinds(keys))}" + _without_kind(value)
        case "union_tag_invalid":
            return f"kind: must be one of {', '.join(_kinds(keys))}" + _given_kind(first["ctx"].get("tag", ""))
        case "model_attributes_type" | "dict_type" if where == "event":
            return f"event: must be an object, not {_named(value)}"
        case "string_pattern_mismatch" if first["ctx"].get("pattern") in _PATTERNS:
            return f"{where}: {_PATTERNS[first['ctx']['pattern']]}"
        case "extra_forbidden":
            return _unknown_key(first, first["loc"], keys)
        case "literal_error":
            return (
                f"{where}: must be {first['ctx']['expected']}{did_you_mean(str(first['input']), _QUOTED.findall(first['ctx']['expected']))}"
            )
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"


def _kinds(keys: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the kinds of events; keys within an event are listed beside them."""
    return [*(kind for kind in keys if "." not in kind), FACT]


def _where(location: Sequence[object]) -> str:
    return ".".join(str(part) if _KEY.match(str(part)) else "…" for part in location) or "event"


def _of_fact(first: Any, keys: Mapping[str, Sequence[str]]) -> str:
    """Return the first mistake of a fact; its place has the kind, then which fact it is."""
    match first["type"]:
        case "union_tag_not_found" | "union_tag_invalid":
            return f"fact: must be one of {', '.join(keys)}" + _given_kind(first["ctx"].get("tag", ""))
        case "string_pattern_mismatch" if first["ctx"].get("pattern") in _PATTERNS:
            return f"{_where(first['loc'])}: {_PATTERNS[first['ctx']['pattern']]}"
        case "extra_forbidden":
            return _unknown_key(first, first["loc"][1:], keys)
    return f"{_where(first['loc'])}: {first['msg'].removeprefix('Value error, ')}"


def _unknown_key(first: Any, location: Sequence[Any], keys: Mapping[str, Sequence[str]]) -> str:
    allowed: Sequence[str]
    if isinstance(location[-2], int):
        allowed, named = ("sku", "n"), "an item has sku and n"
    else:
        within = ".".join(map(str, location[:-1]))
        allowed = keys.get(within, ())
        named = f"{with_article(within)} may have {', '.join(allowed)}"
    return f"{_where(first['loc'])}: {first['msg']}{did_you_mean(str(location[-1]), allowed)}; {named}"


def not_json(message: str) -> str:
    """Return why a text is no JSON, by the parser's message, with what its sender may have meant."""
    if message.startswith("Extra data: line 1 "):
        return f"{message}: one value is expected; several events are sent as one array"
    if message.startswith("Extra data"):
        return f"{message}: several lines of JSON are several values: send one array of them"
    return "a number has more than 4,300 digits" if "integer string conversion" in message else message


def _without_kind(value: object) -> str:
    """Return what may have been meant by an object without the key `kind`."""
    if not isinstance(value, dict):
        return ""
    if any(str(key).strip().lower() == "kind" for key in value):
        return ", under the key 'kind' in small letters"
    if len(value) == 1 and isinstance(next(iter(value.values())), list):
        return ": send the array of events by itself, without an object around it"
    return did_you_mean(next((str(key) for key in value if _KEY.match(str(key))), ""), ("kind",))


def _given_kind(tag: str) -> str:
    """Return the word that was given, if it looks like one: a value may be anything, an identifier too."""
    return f" (given: {tag!r})" if _KEY.match(tag) else ""


def _named(value: object) -> str:
    """Return what a value of JSON is called, with what may have gone wrong."""
    if isinstance(value, list):
        return "an array: send one array of objects"
    return "text: it was made JSON twice" if isinstance(value, str) else "null" if value is None else "a number"
