"""An independent reader of InfluxDB line protocol, by the specification: what the encoder wrote must read back.

Source: https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Value = int | float | bool | str

_KEY = re.compile(r"(?:\\[,= ]|[^,= \\\n]|\\(?![,= ]))+")
_VALUE = re.compile(
    r'"(?P<text>(?:[^"\\]|\\["\\])*)"|(?P<int>-?[0-9]+)i|(?P<bool>true|false)|(?P<float>-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)'
)
_TIME = re.compile(r" (-?[0-9]+)\Z")


@dataclass(frozen=True)
class Line:
    measurement: str
    tags: dict[str, str]
    fields: dict[str, Value]
    time_ns: int


def parse(data: bytes) -> list[Line]:
    return [_line(line) for line in data.decode().split("\n")] if data else []


def _line(text: str) -> Line:
    assert text
    assert not text.startswith("#")
    measurement, at = _key(text, 0)
    tags: dict[str, str] = {}
    while text[at] == ",":
        key, at = _key(text, at + 1)
        assert text[at] == "="
        tags[key], at = _key(text, at + 1)
    assert list(tags) == sorted(tags)
    fields: dict[str, Value] = {}
    separator = " "
    while text[at] == separator:
        key, at = _key(text, at + 1)
        assert text[at] == "="
        found = _VALUE.match(text, at + 1)
        assert found is not None, text[at:]
        assert key not in fields
        fields[key], at, separator = _value(found), found.end(), ","
    time = _TIME.match(text, at)
    assert time is not None, text[at:]
    return Line(measurement, tags, fields, int(time[1]))


def _key(text: str, at: int) -> tuple[str, int]:
    found = _KEY.match(text, at)
    assert found is not None, text[at:]
    return re.sub(r"\\([,= ])", r"\1", found[0]), found.end()


def _value(found: re.Match[str]) -> Value:
    match found.lastgroup:
        case "text":
            return re.sub(r'\\(["\\])', r"\1", found["text"])
        case "int":
            return int(found["int"])
        case "bool":
            return found["bool"] == "true"
        case _:
            return float(found["float"])
