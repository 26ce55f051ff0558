"""Where a value lies in a vendor's message: a small language, so that a table in a profile can name it.

epc                               a key of the item
data.peakRssi                     a key in a key
items[direction=in].count         of a list, the first element with that value under that key, In or IN too; in|enter: with either
[type=Gateway].mac                the same, where the item itself is the list
^.name                            one level out: the item whose list this item was in; ^^ for two
$.sensor_info.serial_number       from the whole message
@node                             a level of the topic or path, as the profile's `topic` names it; @topic: all of it, @rest: what `#` is
macAddress or ipAddress           the first of them that is there, and no empty text

logics[].records[]                where items lie: every element of every list; what should be a list and is not is its one element
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

_STEP: Final = re.compile(r"([^.\[\]^$]*)(?:\[(?:([^=\[\]]+)=([^\[\]]+))?\])?")
_ANCHOR: Final = re.compile(r"(\$|\^+|@[a-z_]+)?(?:(?<=.)\.)?(.*)")


@dataclass(frozen=True, slots=True)
class PathScope:
    """An item and what contains it. `levels`: the named levels of the topic."""

    item: Any
    levels: Mapping[str, str]
    outer: PathScope | None = None


@dataclass(frozen=True, slots=True)
class _PathStep:
    key: str
    fans_out: bool = False
    chosen_by: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ValuePath:
    """`anchor`: "", "$", "^…" or "@level". `otherwise`: where to look if nothing is there."""

    anchor: str
    steps: tuple[_PathStep, ...]
    otherwise: ValuePath | None = None


@lru_cache(maxsize=4096)
def parse(text: str) -> ValuePath:
    """Return the parsed path. Raise ValueError for a text that is not in the language."""
    text, alternative, rest = text.partition(" or ")
    return replace(_parsed(text), otherwise=parse(rest) if alternative else None)


def _parsed(text: str) -> ValuePath:
    found = _ANCHOR.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no path")
    anchor, rest = found[1] or "", found[2]
    if rest and anchor.startswith("@"):
        raise ValueError(f"{text!r}: there is nothing in a level of the topic")
    return ValuePath(anchor, tuple(_step(part, text) for part in rest.split(".")) if rest else ())


def _step(part: str, text: str) -> _PathStep:
    found = _STEP.fullmatch(part)
    if found is None or not part:
        raise ValueError(f"{text!r}: {part!r} is no step of a path")
    if found[2] is not None:
        return _PathStep(found[1], chosen_by=(found[2], found[3]))
    return _PathStep(found[1], fans_out=part.endswith("[]"))


def find(path: ValuePath, scope: PathScope) -> Any:
    """Return the value at the path; None if there is none."""
    value = _found(path, scope)
    return find(path.otherwise, scope) if path.otherwise is not None and value in (None, "") else value


def _found(path: ValuePath, scope: PathScope) -> Any:
    if path.anchor.startswith("@"):
        level = scope.levels.get(path.anchor[1:])
        return level and level.replace("/", ".")
    value = _anchored(path.anchor, scope)
    for step in path.steps:
        value = _walk(value, step)
        if value is None:
            return None
    return value


def each(path: ValuePath, scope: PathScope) -> Iterator[PathScope]:
    """Yield the items at a path with `[]`, each with what contains it; without `[]`, the one value there."""
    found = [(scope, scope.item)]
    for step in path.steps:
        found = [inner for outer, value in found for inner in _spread(outer, value, step)]
    for outer, value in found:
        yield outer if outer.item is value else PathScope(value, outer.levels, outer)


def _spread(scope: PathScope, value: Any, step: _PathStep) -> Iterator[tuple[PathScope, Any]]:
    value = _walk(value, step)
    if value is None:
        return
    if not step.fans_out:
        yield scope, value
        return
    for item in value if isinstance(value, list) else (value,):
        yield PathScope(item, scope.levels, scope), item


def _anchored(anchor: str, scope: PathScope) -> Any:
    outer: PathScope | None = scope
    steps_out = len(anchor) if anchor.startswith("^") else -1 if anchor == "$" else 0
    while outer is not None and steps_out:
        if steps_out < 0 and outer.outer is None:
            break
        outer, steps_out = outer.outer, steps_out - 1
    return None if outer is None else outer.item


def _walk(value: Any, step: _PathStep) -> Any:
    if step.key:
        value = value.get(step.key) if isinstance(value, dict) else None
    if step.chosen_by is None:
        return value
    key, wanted = step.chosen_by
    elements = value if isinstance(value, list) else [value]
    return next((item for item in elements if isinstance(item, dict) and _is(item.get(key), wanted)), None)


def _is(value: Any, wanted: str) -> bool:
    return isinstance(value, str | int) and is_word(str(value), wanted)


def is_word(text: str, wanted: str) -> bool:
    """Return whether it is one of the words `a|b`, in capitals or not."""
    return text.lower() in wanted.lower().split("|")


def leads_somewhere(path: ValuePath, scope: PathScope) -> bool:
    """Return whether there is a value at the path; at one with `[]`, at least one."""
    if any(step.fans_out for step in path.steps) and not path.anchor:
        return any(each(path, scope))
    return find(path, scope) is not None
