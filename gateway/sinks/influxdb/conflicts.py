"""What a database reports of a field that has another type there, and the lines concerned. Pure.

conflict_in("… input field \"a\" on measurement \"m\" is type float, already exists as type integer …") -> Conflict("m", "a", "float")
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from footfall.units import NS_PER_HOUR

_WORDS: Final = re.compile(r'input field \\?"(?P<field>[^"\\]+)\\?" on measurement \\?"(?P<measurement>[^"\\]+)\\?" is type (?P<type>\w+)')
"""1.8 and 2.7 use the same words; inside JSON of JSON the quotes are escaped."""
LEAST_AN_HOUR: Final = 16
"""Of fewer lines an hour, halving asks as seldom."""


class Conflict(NamedTuple):
    """Lines write the field as `type`, and the shard has it as another."""

    measurement: str
    field: str
    type: str


def conflict_in(words: str) -> Conflict | None:
    """Return None if the server's message is about something else."""
    found = _WORDS.search(words)
    return None if found is None else Conflict(found["measurement"], found["field"], found["type"])


def alike_in(lines: Sequence[bytes], conflict: Conflict) -> list[list[bytes]]:
    """Return the lines that have the field with that type, by the hour of their time; [] where they are too few to be worth it."""
    by_hour: dict[int, list[bytes]] = {}
    for line in lines:
        if has_conflict(line, conflict):
            by_hour.setdefault(int(line[line.rindex(b" ") :]) // NS_PER_HOUR, []).append(line)
    found = sum(map(len, by_hour.values()))
    return list(by_hour.values()) if by_hour and found >= LEAST_AN_HOUR * len(by_hour) else []


def has_conflict(line: bytes, conflict: Conflict) -> bool:
    """Return whether a line of ours writes the field with that type. In texts quotes are escaped, so that no text looks like a field."""
    if not line.startswith((conflict.measurement + ",").encode()):
        return False
    for text in _TEXT.split(line):
        found = re.search(rb"[ ,]" + re.escape(conflict.field.encode()) + rb"=([^, ]*)", text)
        if found:
            return _type_of(found[1]) == conflict.type
    return False


_TEXT: Final = re.compile(rb'(?<==)"(?:[^"\\]|\\.)*"')


def _type_of(value: bytes) -> str:
    """Of a field's value as line protocol spells it; a text was cut out."""
    if not value:
        return "string"
    if value.endswith(b"i"):
        return "integer"
    return "boolean" if value in (b"t", b"f", b"true", b"false", b"T", b"F", b"True", b"False") else "float"
