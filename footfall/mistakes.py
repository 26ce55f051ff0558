"""What is wrong with a configuration, in words that name the key as the file has it and what is allowed.

    describe(item, model) -> "sources.0.sped: there is no such key; did you mean `speed`? Allowed are kind, name, path, speed"

`item` is one of pydantic's `ValidationError.errors()`. Its location also holds the tags of unions, which no file has as keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pydantic import BaseModel

JsonSchema = Mapping[str, Any]
_LONGEST_GIVEN: Final = 120
_SECRET: Final = re.compile(r"(password|secret|token|key)s?$")
_CREDENTIALS: Final = re.compile(r"^([\w+.-]*://)?.*@", re.DOTALL)
_QUERY: Final = re.compile(r"[?#].*", re.DOTALL)


def describe(item: Mapping[str, Any], model: type[BaseModel]) -> str:
    """Return one mistake as `key: what is wrong with it`."""
    schema = _schema(model)
    keys, parent, here = _walk(schema, item["loc"])
    match item["type"]:
        case "extra_forbidden":
            text = _unknown(keys[-1], sorted(parent.get("properties", {})))
        case "union_tag_not_found" | "union_tag_invalid":
            keys.append(item["ctx"]["discriminator"].strip("'"))
            tags = ", ".join(repr(tag) for tag in sorted(here.get("discriminator", {}).get("mapping", {})))
            text = f"must be one of {tags}" + (f" (given: {item['ctx']['tag']!r})" if "tag" in item["ctx"] else "")
        case "tuple_type" | "list_type" if isinstance(item.get("input"), str):
            text = f'write a list: ["{_shown(keys[-1] if keys else "", item["input"])}"]'[:_LONGEST_GIVEN]
        case _:
            text = f"{item['msg'].removeprefix('Value error, ')}{_given(keys[-1] if keys else '', item.get('input'))}"
    return f"{'.'.join(keys) or 'the file'}: {text}"


def did_you_mean(word: str, there: Iterable[str]) -> str:
    """Return `: did you mean 'x'?` for the nearest of the words there, in whatever case, or nothing."""
    from difflib import get_close_matches  # only now, as with pydantic: most questions make no mistake, and start sooner

    words = {each.casefold(): each for each in there}
    near = get_close_matches(word.casefold(), list(words), 1)
    return f": did you mean {words[near[0]]!r}?" if near else ""


def unknown(problem: str, word: str, there: Iterable[str], rest: str, joint: str = "; ") -> str:
    """Return `problem: did you mean 'x'? Rest`, with the nearest of the words there to a wrong one; `problem; rest` where none is near.

    `rest` is a clause, such as `it has a, b`; `joint` stands before it where there is no question.
    """
    meant = did_you_mean(word, there)
    return f"{problem}{meant} {rest[:1].upper()}{rest[1:]}" if meant else f"{problem}{joint}{rest}"


def _unknown(key: str, allowed: Sequence[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(key, allowed, n=1)
    meant = f"; did you mean `{close[0]}`?" if close else "."
    return f"there is no such key{meant} Allowed are {', '.join(allowed)}"


def _given(key: str, value: object) -> str:
    """Return what stands in the file, but for what is a secret, or holds one as a URL may, also one without its scheme."""
    if _SECRET.search(key) or not isinstance(value, str | int | float | bool):
        return ""
    shown = _shown(key, value) if isinstance(value, str) else value
    return f" (given: {shown!r})"[:_LONGEST_GIVEN]


def _shown(key: str, text: str) -> str:
    """Return a text without credentials before an `@`, and that of a URL without its query."""
    bare = _CREDENTIALS.sub(r"\1", text)
    return _QUERY.sub("", bare) if key.endswith("url") else bare


def _schema(model: type[BaseModel]) -> JsonSchema:
    from pydantic.errors import PydanticInvalidForJsonSchema

    try:
        return model.model_json_schema()
    except PydanticInvalidForJsonSchema:
        return {}


def _walk(root: JsonSchema, location: Sequence[int | str]) -> tuple[list[str], JsonSchema, JsonSchema]:
    """Return the keys of `location` without tags of unions; the schema that contains the last of them, and its own schema."""
    keys: list[str] = []
    parent, here = root, _resolved(root, root)
    for part in location:
        tags = here.get("discriminator", {}).get("mapping", {})
        if part in tags:
            here = _resolved(root, {"$ref": tags[part]})
            continue
        keys.append(str(part))
        below = here.get("items") if isinstance(part, int) else here.get("properties", {}).get(part, _of_any_key(here))
        parent, here = here, _resolved(root, below)
    return keys, parent, here


def _of_any_key(schema: JsonSchema) -> object:
    """Return the schema of a table's values, whatever their keys."""
    return next(iter(schema.get("patternProperties", {}).values()), schema.get("additionalProperties"))


def _resolved(root: JsonSchema, schema: object) -> JsonSchema:
    """Return the schema that a reference or an optional value stands for."""
    if not isinstance(schema, Mapping):
        return {}
    if "$ref" in schema:
        return _resolved(root, root["$defs"][schema["$ref"].rpartition("/")[2]])
    present = [option for option in schema.get("anyOf", ()) if option.get("type") != "null"]
    return _resolved(root, present[0]) if len(present) == 1 else schema
