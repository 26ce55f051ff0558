"""Line protocol of ours read back: the inverse of `line_protocol.py`, for points that a database refused and that somebody mended.

read_line(b'door,agent=a,door=main,store=s in=1i,out=0i 1770000000000000000') -> Line("door", {…}, {"in": 1, "out": 0}, 1770…)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from footfall.errors import ContractError
from gateway.points.rows import POINT_ROWS, PointRow
from gateway.points.schema import ABSENT, SCHEMA

_KEY: Final = re.compile(r"(?:\\[,= ]|[^,= \\\n]|\\(?![,= ]))+")
_VALUE: Final = re.compile(
    r'"(?P<text>(?:[^"\\]|\\["\\])*)"|(?P<int>-?[0-9]+)i|(?P<bool>true|false|t|f)|(?P<float>-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)'
)
_TIME: Final = re.compile(r" (-?[0-9]{1,19})\Z")
_ESCAPED: Final = re.compile(r"\\([,= ])")
_EMPTY: Final[dict[str, Any]] = {"int": 0, "float": 0.0, "bool": False, "text": "", "subject": ""}


RAW: Final = ("presence", "door", "touch")
"""Measurements whose points stand for one row of the journal each; all others are derived."""


def count_raw(body: bytes) -> int:
    """Return how many rows of the balance the lines stand for."""
    return sum(1 for line in body.split(b"\n") if line.partition(b",")[0].decode(errors="replace") in RAW)


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """One point. Tags and fields are those of its measurement's schema, all of them."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, int | float | bool | str]
    time_ns: int

    def row(self) -> PointRow:
        values: tuple[Any, ...] = (self.time_ns, *self.tags.values(), *self.fields.values())
        return POINT_ROWS[self.measurement](*values)


def read_line(data: bytes) -> ParsedLine:
    """Return the point of a line. Raise ContractError `sink.line` for what is no line of a measurement of ours.

    Fields that its maker did not know are as ABSENT has them, else empty.
    """
    try:
        text = data.decode()
        measurement, tags, fields, time_ns = _parts(text)
        schema = SCHEMA[measurement]
        found = {name: fields.get(name, ABSENT.get((measurement, name), _EMPTY[kind])) for name, kind in schema.fields.items()}
    except (UnicodeDecodeError, LookupError, ValueError) as error:
        raise ContractError("sink.line", f"not a point of ours: {type(error).__name__}: {str(data)[:100]}") from None
    return ParsedLine(measurement, {name: tags.get(name, "") for name in schema.tags}, found, time_ns)


def _parts(text: str) -> tuple[str, dict[str, str], dict[str, int | float | bool | str], int]:
    measurement, at = _key(text, 0)
    tags: dict[str, str] = {}
    while text[at] == ",":
        key, at = _key(text, at + 1)
        tags[key], at = _key(text, at + 1)
    fields: dict[str, int | float | bool | str] = {}
    separator = " "
    while text[at] == separator and not _TIME.match(text, at):
        key, at = _key(text, at + 1)
        found = _VALUE.match(text, at + 1)
        if found is None:
            raise ValueError(key)
        fields[key], at, separator = _value(found), found.end(), ","
    time = _TIME.match(text, at)
    if time is None or not fields:
        raise ValueError("time")
    return measurement, tags, fields, int(time[1])


def _key(text: str, at: int) -> tuple[str, int]:
    found = _KEY.match(text, at)
    if found is None:
        raise ValueError(at)
    return _ESCAPED.sub(r"\1", found[0]), found.end()


def _value(found: re.Match[str]) -> int | float | bool | str:
    match found.lastgroup:
        case "text":
            return re.sub(r'\\(["\\])', r"\1", found["text"])
        case "int":
            return int(found["int"])
        case "bool":
            return found["bool"] in ("true", "t")
        case _:
            return float(found["float"])
