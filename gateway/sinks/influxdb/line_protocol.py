"""Points as InfluxDB line protocol: bytes out, one line a point, whatever the texts hold, cut into the bodies of requests. Pure.

Texts are spelled as `stored_text` has them, and then escaped.

Large batches are made column by column, small ones by `%`. Both give the same bytes.
Source: https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final

import numpy as np

from gateway.points import SCHEMA, Coded, Column, FieldType, Points, concat
from gateway.sinks.influxdb.line_columns import Piece, Texts, floats, integers, squeeze, subjects, table, width
from gateway.sinks.stored_text import PLAIN_TEXT, check_finite, row_texts, stored_tag, stored_text

_FEW_ROWS: Final = 100
"""Below, filling tables costs more than formatting row by row."""
_WIDEST_ROW: Final = 4096
"""Bytes. A wider row is mostly padding: one long text would multiply by the rows."""


def encode(points: Points) -> bytes:
    """Return one line a point, separated by newlines: sorted tags without the empty ones, every field, time in ns.

    ValueError for NaN or infinity, which InfluxDB has no word for.
    """
    if len(points) < _FEW_ROWS:
        return _encode_few(points)
    pieces = list(_pieces(points))
    if sum(map(width, pieces)) > _WIDEST_ROW:
        return _encode_few(points)
    return squeeze(pieces, len(points))


def request_bodies(batch: Sequence[Points], most_lines: int) -> Iterator[bytes]:
    """Yield bodies of at most `most_lines` lines, in order.

    Points of one measurement that follow each other are encoded together: many small pieces cost more than one.
    """
    for parts in _shares(batch, most_lines):
        yield b"\n".join([encode(concat(list(alike))) for _, alike in groupby(parts, Points.columns)])


def _shares(batch: Sequence[Points], most_lines: int) -> Iterator[list[Points]]:
    parts: list[Points] = []
    free = most_lines
    for points in batch:
        start = 0
        while start < len(points):
            stop = min(start + free, len(points))
            parts.append(points.slice(start, stop))
            free -= stop - start
            start = stop
            if not free:
                yield parts
                parts, free = [], most_lines
    if parts:
        yield parts


# --- texts -------------------------------------------------------------------------------------------------------------------


class _TagSpellings(dict[str, str]):
    """Texts of a tag, as they stand in a line: a look-up each, as most come with every batch."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key: Final = key

    def __missing__(self, text: str) -> str:
        """An empty tag is none."""
        if len(self) >= _MOST_TEXTS:
            self.clear()
        spelled = self[text] = f",{self._key}={_DIVIDING.sub(_ESCAPED, stored_tag(text))}" if text else ""
        return spelled

    def spelled(self, texts: Sequence[str]) -> list[str]:
        return list(map(self.__getitem__, texts))


def _text(text: str) -> str:
    return f'"{text}"' if PLAIN_TEXT.fullmatch(text) else f'"{_QUOTED.sub(_ESCAPED, stored_text(text))}"'


def _texts(texts: Sequence[str]) -> list[str]:
    return [f'"{text}"' for text in texts] if PLAIN_TEXT.fullmatch("".join(texts)) else list(map(_text, texts))


_ESCAPED: Final = r"\\\1"
_QUOTED: Final = re.compile(r'(["\\])')
_DIVIDING: Final = re.compile("([,= ])")
_MOST_TEXTS: Final = 50_000
_TAGS: Final = {key: _TagSpellings(key) for measurement in SCHEMA.values() for key in measurement.tags}


# --- few rows ----------------------------------------------------------------------------------------------------------------

_BOOL: Final = ("false", "true")
_FORMAT: Final[dict[FieldType, str]] = {"int": "%di", "float": "%r", "subject": '"%016x"'}


def _encode_few(points: Points) -> bytes:
    schema = SCHEMA[points.measurement]
    columns = [row_texts(points.tags[tag], _TAGS[tag].__getitem__) for tag in schema.tags]
    columns += [_spelled(kind, points.fields[name]) for name, kind in schema.fields.items()]
    line = _line_format(points.measurement)
    return "\n".join([line % row for row in zip(*columns, points.time_ns.tolist(), strict=True)]).encode()


@lru_cache
def _line_format(measurement: str) -> str:
    schema = SCHEMA[measurement]
    return f"{measurement}{'%s' * len(schema.tags)} {','.join(f'{name}=%s' for name in schema.fields)} %d"


def _spelled(kind: FieldType, column: Column) -> list[str]:
    if isinstance(column, Coded):
        return row_texts(column, _text)
    values = column.tolist()
    if kind == "bool":
        return [_BOOL[value] for value in values]
    if kind == "float":
        check_finite(column)
    spelled = _FORMAT[kind]
    return [spelled % value for value in values]


# --- many rows ---------------------------------------------------------------------------------------------------------------


def _pieces(points: Points) -> Iterator[Piece]:
    """What a line consists of, in order."""
    schema = SCHEMA[points.measurement]
    yield points.measurement.encode()
    for tag in schema.tags:
        yield _looked_up(points.tags[tag], _TAGS[tag].spelled)
    before = " "
    for name, kind in schema.fields.items():
        yield f"{before}{name}=".encode()
        yield from _field(kind, points.fields[name])
        before = ","
    yield b" "
    yield from integers(points.time_ns)
    yield b"\n"


def _field(kind: FieldType, column: Column) -> Iterator[Piece]:
    if isinstance(column, Coded):
        yield _looked_up(column, _texts)
    elif kind == "float":
        check_finite(column)
        yield from floats(column)
    elif kind == "bool":
        yield _looked_up(Coded(column.astype(np.uint32), _BOOL), list)
    elif kind == "subject":
        yield b'"'
        yield subjects(column)
        yield b'"'
    else:
        yield from integers(column)
        yield b"i"


def _looked_up(column: Coded, spelled: Callable[[Sequence[str]], list[str]]) -> Piece:
    """Only names that occur are spelled, each once: a table may name every agent of the estate, or a zone once for each frame."""
    codes, names = column.codes, column.names
    if (codes == codes[0]).all():
        return spelled([names[codes[0]]])[0].encode()
    occurs = np.zeros(len(names), np.bool_)
    occurs[codes] = True
    found = occurs.nonzero()[0]
    present = list(map(names.__getitem__, found.tolist()))
    places = np.zeros(len(names), np.intp)
    at = dict.fromkeys(present, 0)
    if len(at) < len(present):
        at = dict(zip(at, range(len(at)), strict=True))
        places[found] = list(map(at.__getitem__, present))
    else:
        places[found] = np.arange(len(found))
    return Texts(table(spelled(tuple(at))), places.take(codes))
